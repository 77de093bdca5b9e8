"""Rules of this project that no tool knows.

Each is a past mistake, here or elsewhere, with the reason it is one; each is also shown to find a
planted offence.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "app" / "chatelaine"
LONGEST = 600
"""Lines after which a module is two."""

DIALOG_CALLS = {
    "QColorDialog": ("getColor",),
    "QFileDialog": (
        "getExistingDirectory",
        "getOpenFileName",
        "getOpenFileNames",
        "getSaveFileName",
    ),
    "QFontDialog": ("getFont",),
    "QInputDialog": ("getDouble", "getInt", "getItem", "getMultiLineText", "getText"),
    "QMessageBox": ("about", "aboutQt", "critical", "information", "question", "warning"),
}
PUBLIC_PACKAGES = {"agents", "agents/sessions"}
"""Packages whose `__init__.py` lists names; every other one is a docstring."""

TEXTS = {
    ".cfg",
    ".css",
    ".in",
    ".json",
    ".md",
    ".py",
    ".sh",
    ".svg",
    ".toml",
    ".txt",
    ".yaml",
    ".yml",
}
TOP_LEVEL = ("app", "packaging", "resources", "tests", ".github", ".ci")


@dataclass(frozen=True)
class Rule:
    """A rule about the text of a module of the application.

    Attributes:
        name: What it forbids.
        find: Gives the lines that offend it.
        offences: Texts that do.
    """

    name: str
    find: Callable[[ast.Module], Iterator[int]]
    offences: tuple[str, ...]


def calls(tree: ast.Module) -> Iterator[tuple[ast.Call, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node, node.func.attr


def drags(tree: ast.Module) -> set[ast.Call]:
    """Give the calls that begin to drag something out of a plain function that made the QDrag."""
    found: set[ast.Call] = set()
    if not any(isinstance(node, ast.Name) and node.id == "QDrag" for node in ast.walk(tree)):
        return found
    for function in ast.walk(tree):
        # Never in a coroutine: the loop of a drag would stop every other task.
        if not isinstance(function, ast.FunctionDef):
            continue
        made = {
            target.id
            for node in ast.walk(function)
            if isinstance(node, ast.Assign) and ast.unparse(node.value).startswith("QDrag(")
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(function):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "exec"
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id in made
            ):
                found.add(node)
    return found


def first_loops(tree: ast.Module) -> set[ast.Call]:
    """Give the calls that run a loop which a plain function of the module has made for itself."""
    return {
        node
        for function in tree.body
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
        and ast.unparse(node) == "loop.exec()"
        and "loop = QEventLoop()" in map(ast.unparse, function.body)
    }


def nested_loops(tree: ast.Module) -> Iterator[int]:
    # A drag has no other way to begin. It begins in a mouse event, between the steps of all tasks,
    # and lasts as long as the button is held down: meanwhile they go on.
    # And before there is any asyncio, nothing else brings the window its first keys.
    allowed = drags(tree) | first_loops(tree)
    # A nested loop of Qt entered in a coroutine stops every other task that becomes ready
    # meanwhile, for ever: open() and the signal finished, instead.
    for call, name in calls(tree):
        assert isinstance(call.func, ast.Attribute)
        owner = call.func.value
        static = isinstance(owner, ast.Name) and name in DIALOG_CALLS.get(owner.id, ())
        if call not in allowed and (name in {"exec", "exec_"} or static):
            yield call.lineno


def pumped_events(tree: ast.Module) -> Iterator[int]:
    # Whatever is delivered in the middle of a function meets a half-changed world.
    yield from (call.lineno for call, name in calls(tree) if name == "processEvents")


def managers(tree: ast.Module) -> Iterator[int]:
    # A name that fits anything collects everything.
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name.endswith(("Manager", "Helper", "Util")):
            yield node.lineno


def stand_ins(tree: ast.Module) -> Iterator[int]:
    # What is not there cannot be relied on. A method that says what its subclasses must do is
    # something else: Qt's classes cannot have abstract ones.
    abstract = {
        node.body[1]
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and len(node.body) == 2 and ast.get_docstring(node)
    }
    raised = (node for node in ast.walk(tree) if isinstance(node, ast.Raise))
    for node in raised:
        if "NotImplementedError" in ast.dump(node) and node not in abstract:
            yield node.lineno


RULES = [
    Rule(
        "dialogs with a loop of their own",
        nested_loops,
        (
            "dialog.exec()",
            "QMessageBox.question(None)",
            "QFileDialog.getSaveFileName()",
            "def f(self):\n drag = QDrag(self)\n dialog.exec()",
            "def f(self):\n self.drag.exec()",
            "async def f(self):\n drag = QDrag(self)\n drag.exec()",
            "async def f():\n loop = QEventLoop()\n loop.exec()",
            "class C:\n def f(self):\n  loop = QEventLoop()\n  loop.exec()",
        ),
    ),
    Rule("calls of processEvents", pumped_events, ("app.processEvents()",)),
    Rule("classes named for anything", managers, ("class ThreadManager: ...",)),
    Rule(
        "parts that are not there",
        stand_ins,
        ("raise NotImplementedError", "raise NotImplementedError('later')"),
    ),
]


def modules() -> list[Path]:
    found = sorted(APP.rglob("*.py"))
    assert found
    return found


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def texts() -> Iterator[tuple[Path, str]]:
    named = [path for folder in TOP_LEVEL for path in (ROOT / folder).rglob("*")]
    for path in [*ROOT.iterdir(), *named]:
        if path.is_file() and (path.suffix in TEXTS or path.name in {"Makefile", "run"}):
            yield path.relative_to(ROOT), path.read_text("utf-8")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_finds_what_offends_it(rule: Rule) -> None:
    for offence in rule.offences:
        assert list(rule.find(ast.parse(offence))), offence


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_no_module_of_the_application_has(rule: Rule) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}" for path in modules() for line in rule.find(parsed(path))
    ]
    assert found == []


def test_a_drag_may_have_its_loop() -> None:
    drag = "def f(self):\n drag = QDrag(self)\n drag.exec(Qt.DropAction.CopyAction)"
    assert not list(nested_loops(ast.parse(drag)))


def test_no_module_is_a_drawer_for_leftovers() -> None:
    drawers = {"common", "helpers", "misc", "shared", "util", "utils"}
    folders = [path for path in APP.rglob("*") if path.is_dir()]
    assert [p.relative_to(ROOT) for p in [*modules(), *folders] if p.stem in drawers] == []


def test_no_module_is_too_long_to_be_read() -> None:
    assert [
        f"{path.relative_to(ROOT)}: {length}"
        for path in modules()
        if (length := len(path.read_text("utf-8").splitlines())) > LONGEST
    ] == []


def test_every_folder_of_modules_is_a_package_that_says_what_it_is_for() -> None:
    for folder in {path.parent for path in modules()}:
        assert ast.get_docstring(parsed(folder / "__init__.py")), folder


def test_only_public_packages_hold_more_than_a_docstring() -> None:
    holding = {
        path.parent.relative_to(APP).as_posix()
        for path in modules()
        if path.name == "__init__.py" and len(parsed(path).body) > 1
    }
    assert holding <= PUBLIC_PACKAGES


def test_no_file_names_a_registry_or_a_place_on_somebodys_machine() -> None:
    # Where packages come from is for each machine to say; written down, it breaks the others.
    hosts = ["pypi" + ".org", "python" + "hosted.org", "npmjs" + ".org", "debian" + ".org/debian"]
    places = ["/" + "root/", "/" + "work/", "/" + "Users/"]
    unwanted = re.compile("|".join(re.escape(text) for text in [*hosts, *places]))
    assert unwanted.search("--index-url https://" + hosts[0])
    found = {path: hit.group() for path, text in texts() if (hit := unwanted.search(text))}
    assert found == {}


def test_nothing_is_left_for_later() -> None:
    later = re.compile(r"\b(TO" + "DO|FIX" + r"ME)\b")
    found = {path: hit.group() for path, text in texts() if (hit := later.search(text))}
    assert found == {}


def test_no_two_test_modules_have_one_name() -> None:
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))
