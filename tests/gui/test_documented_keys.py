"""The keys that the README tells of are those that the program listens to."""

from __future__ import annotations

import re
from pathlib import Path

from chatelaine.gui.actions import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
OF_FIELDS = {"Enter", "Shift+Enter"}
"""Keys of the place to write, which are no commands of the menus."""


def test_the_keys_of_the_readme_are_those_of_the_program() -> None:
    table = (ROOT / "README.md").read_text("utf-8").split("| keys | what |")[1].split("\n\n")[0]
    cells = re.findall(r"^\| ([^|-][^|]*?) \|", table, re.MULTILINE)
    told = {keys for cell in cells for keys in cell.split(", ")}
    listened = {keys for command in COMMANDS for keys in command.shortcuts}
    assert "Ctrl+Alt+Z" in told
    assert told - OF_FIELDS <= listened
