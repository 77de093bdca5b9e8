"""The workflows name their actions truly, and what they run is there."""

from __future__ import annotations

import plistlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
SCRIPT = re.compile(r"(?<![\w./-])(?:packaging|\.ci)/[\w./-]+")
MODULE = re.compile(r"-m (windows\.\w+)")
ACTION = re.compile(r"uses: ([\w./-]+)@(\S+)")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_each_workflow_lists_its_actions_with_their_tags(path: Path):
    text = path.read_text("utf-8")
    used = {f"{name} {tag}" for name, tag in ACTION.findall(text)}
    heading = text[: text.index("\nname:")].replace("\n#", "")
    listed = re.search(r"The actions used, by tag: (.*?)\.(?: |$)", heading, re.DOTALL)
    assert listed is not None
    assert set(re.split(r",\s+", listed[1].strip())) == used


def test_the_readme_of_packaging_lists_all_actions():
    text = (ROOT / "packaging" / "README.md").read_text("utf-8")
    for path in WORKFLOWS:
        for name, tag in ACTION.findall(path.read_text("utf-8")):
            assert f"| `{name}` | {tag} |" in text


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_scripts_that_a_workflow_runs_are_there(path: Path):
    text = path.read_text("utf-8")
    named = {name.rstrip(".") for name in SCRIPT.findall(text)}
    named |= {f"packaging/{name.replace('.', '/')}.py" for name in MODULE.findall(text)}
    assert sorted(name for name in named if not (ROOT / name).is_file()) == []


def test_the_entitlements_can_be_read_and_exempt_no_library():
    with (ROOT / "packaging" / "macos" / "entitlements.plist").open("rb") as file:
        entitlements = plistlib.load(file)
    assert entitlements == {"com.apple.security.cs.allow-unsigned-executable-memory": True}
