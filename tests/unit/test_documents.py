"""What the documents name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = (
    "README.md",
    "CHANGELOG.md",
    "app/ARCHITECTURE.md",
    ".github/CONTRIBUTING.md",
    ".github/SECURITY.md",
    "resources/README.md",
)
LINK = re.compile(r"\]\((?!https?://)([^)#]+)\)")
MAPPED = re.compile(r"^(?P<indent> +)(?P<names>[\w./ ]+?)(?:  +\S.*)?$")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_to_files_that_are_there(name: str) -> None:
    document = ROOT / name
    links = LINK.findall(document.read_text("utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_the_readme_has_links_that_could_be_broken() -> None:
    assert len(LINK.findall((ROOT / "README.md").read_text("utf-8"))) > 5


def test_whatever_the_map_names_is_there() -> None:
    text = (ROOT / "app" / "ARCHITECTURE.md").read_text("utf-8")
    drawn = text.split("```\nchatelaine/\n")[1].split("```")[0]
    package = ROOT / "app" / "chatelaine"
    folders = {2: package}
    named = 0
    for line in drawn.splitlines():
        match = MAPPED.match(line)
        assert match is not None, line
        indent = len(match["indent"])
        for name in match["names"].split():
            path = folders[indent] / name
            assert path.exists(), path
            named += 1
            if name.endswith("/"):
                folders[indent + 2] = path
    assert named > 30


def test_whatever_command_is_told_of_is_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    # In running prose a command stands between backticks, in a block at the start of a line.
    command = re.compile(r"(?:^|`)make (?:--[a-z-]+ )*([a-z][a-z-]*)", re.MULTILINE)
    told = {
        name: set(command.findall((ROOT / name).read_text("utf-8")))
        for name in (*DOCUMENTS, ".ci/run", ".pre-commit-config.yaml")
    }
    assert told[".ci/run"] == {"check", "test"}
    assert {name for names in told.values() for name in names} <= targets


def test_every_test_that_the_document_on_security_names_is_there() -> None:
    text = (ROOT / ".github" / "SECURITY.md").read_text("utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", text)
    assert len(named) > 40
    missing = [
        f"{path}::{test}"
        for path, test in named
        if not re.search(
            rf"^(async )?def {test + '[(]' if test else 'test_'}", _read(path), re.MULTILINE
        )
    ]
    assert missing == []


def test_every_claim_about_security_names_a_test() -> None:
    text = (ROOT / ".github" / "SECURITY.md").read_text("utf-8")
    rows = text.split("## The tests that show it")[1].strip().splitlines()[2:]
    assert len(rows) > 25
    assert [
        row for row in rows if not re.fullmatch(r"\| [^|`]+ \|( `tests/[^`]+`,?)+ \|", row)
    ] == []


def _read(path: str) -> str:
    found = ROOT / path
    return found.read_text("utf-8") if found.exists() else ""
