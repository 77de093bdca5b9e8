"""The workflows name their actions truly, and what they run is there."""

from __future__ import annotations

import plistlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
SCRIPT = re.compile(r"(?<![\w./-])(?:packaging|\.ci)/[\w./-]+")
MODULE = re.compile(r"-m (windows\.\w+)")
ACTION = re.compile(r"uses: ([\w./-]+)@(\S+)")
STEP = re.compile(r"^ {6}- (.*?)(?=^ {6}- |^ {0,4}\w|\Z)", re.MULTILINE | re.DOTALL)
SCRIPT_OF_STEP = re.compile(r"^ {8}run: \|\n((?: {10}.*\n)+)", re.MULTILINE)


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


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_display_is_made_with_all_that_makes_it(path: Path):
    # `xvfb` only recommends what `xvfb-run` calls.
    for step in STEP.findall(path.read_text("utf-8")):
        if "xvfb-run" in step:
            (line,) = re.findall(r"apt-get install .*", step)
            assert {"xvfb", "xauth"} <= set(line.split())


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_what_is_fetched_is_fetched_in_one_version(path: Path):
    for line in re.findall(r"\bchoco .*", path.read_text("utf-8")):
        assert "--version=" in line


def test_what_is_published_is_what_was_checked(tmp_path: Path):
    text = (ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8")
    (step,) = (one for one in STEP.findall(text) if "gh release create" in one)
    script = SCRIPT_OF_STEP.search(step)
    assert script is not None
    (tmp_path / "SHA256SUMS").write_text(f"{'0' * 64}  one.deb\n{'1' * 64}  two words.run\n")
    for name in ("one.deb", "two words.run", "nobody has looked at it"):
        (tmp_path / name).touch()
    told = tmp_path / "told"
    command = tmp_path / "bin" / "gh"
    command.parent.mkdir()
    command.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" >'{told}'\n")
    command.chmod(0o755)
    bash = shutil.which("bash")
    assert bash is not None
    path = f"{command.parent}:{Path(bash).parent}"
    environment = {"PATH": path, "TAG": "v1.0"}
    subprocess.run([bash, "-e", "-c", script[1]], cwd=tmp_path, env=environment, check=True)
    arguments = told.read_text().splitlines()
    assert arguments[:3] == ["release", "create", "v1.0"]
    assert arguments[-3:] == ["SHA256SUMS", "one.deb", "two words.run"]
    assert arguments[-4] == "../build/notes.md"


def test_the_entitlements_can_be_read_and_exempt_no_library():
    with (ROOT / "packaging" / "macos" / "entitlements.plist").open("rb") as file:
        entitlements = plistlib.load(file)
    assert entitlements == {"com.apple.security.cs.allow-unsigned-executable-memory": True}
