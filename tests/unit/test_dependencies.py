"""What the project asks for, and the exact versions that it is run with."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, version
from itertools import product
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
PLATFORMS = ("linux", "darwin", "win32")
QT = "pyside6-essentials"
BROKEN_QT = Version("6.12.0")
"""On a Python before 3.12 it loses a reference to None with every call that returns nothing: a
window that streams aborts after some seconds."""

NAMED_OTHERWISE = {"markdown-it": "markdown-it-py", "pyside6": QT}
"""Packages that are imported under another name than they are installed."""


def wanted() -> list[Requirement]:
    lists = [
        PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"].values(),
        *PROJECT["dependency-groups"].values(),
    ]
    return [
        Requirement(entry)
        for entries in lists
        for entry in entries
        if isinstance(entry, str) and not entry.startswith("chatelaine[")
    ]


def pinned() -> list[Requirement]:
    lines = (ROOT / "packaging" / "constraints.txt").read_text("utf-8").splitlines()
    return [Requirement(line) for line in lines]


def surroundings(python: str, platform: str) -> dict[str, str]:
    return {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": platform,
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }


def holds(requirement: Requirement, python: str, platform: str = "linux") -> bool:
    marker = requirement.marker
    return marker is None or marker.evaluate(surroundings(python, platform))


@pytest.mark.parametrize(("python", "platform"), list(product(PYTHONS, PLATFORMS)))
def test_each_requirement_has_one_exact_version(python: str, platform: str) -> None:
    for requirement in wanted():
        if not holds(requirement, python, platform):
            continue
        name = canonicalize_name(requirement.name)
        versions = [
            next(iter(pin.specifier)).version
            for pin in pinned()
            if canonicalize_name(pin.name) == name and holds(pin, python, platform)
        ]
        assert len(versions) == 1, requirement
        assert requirement.specifier.contains(versions[0]), requirement


def test_the_exact_versions_name_no_place_they_come_from() -> None:
    for pin in pinned():
        assert pin.url is None
        assert [part.operator for part in pin.specifier] == ["=="]


@pytest.mark.parametrize("python", PYTHONS)
def test_a_qt_that_loses_references_is_not_asked_for(python: str) -> None:
    allowed = [
        requirement.specifier.contains(BROKEN_QT)
        for requirement in wanted()
        if canonicalize_name(requirement.name) == QT and holds(requirement, python)
    ]
    assert allowed == [Version(python) >= Version("3.12")]


def test_a_qt_that_loses_references_is_not_installed() -> None:
    try:
        installed = Version(version(QT))
    except PackageNotFoundError:  # where the unit tests run without Qt
        return
    assert installed < BROKEN_QT or sys.version_info >= (3, 12)


def test_whatever_the_application_imports_is_asked_for() -> None:
    asked = {canonicalize_name(requirement.name) for requirement in wanted()}
    known = set(sys.stdlib_module_names) | {"chatelaine", "shiboken6"}  # shiboken6 comes with Qt
    for path in (ROOT / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            for top in {name.partition(".")[0] for name in names} - known:
                normal = canonicalize_name(top)
                assert NAMED_OTHERWISE.get(normal, normal) in asked, f"{path}: {top}"


def test_the_oldest_python_is_the_same_everywhere() -> None:
    oldest = PROJECT["project"]["requires-python"].removeprefix(">=")
    set_up = (ROOT / "packaging" / "set_up.py").read_text("utf-8")
    declared = re.search(r"^OLDEST = \((\d+), (\d+)\)$", set_up, re.MULTILINE)
    assert declared is not None
    assert oldest == PYTHONS[0]
    assert ".".join(declared.groups()) == oldest
    assert PROJECT["tool"]["mypy"]["python_version"] == oldest
    assert PROJECT["tool"]["ruff"]["target-version"] == "py" + oldest.replace(".", "")


def test_importing_the_library_imports_neither_its_clients_nor_the_application() -> None:
    heavy = ("openai", "pydantic", "httpx2", "cryptography", "sqlcipher3", "PySide6")
    program = (
        "import sys, chatelaine.agents\n"
        f"print([name for name in {heavy!r} if name in sys.modules])\n"
        "print([name for name in sys.modules if name.startswith('chatelaine.')\n"
        "       and not name.startswith(('chatelaine.agents', 'chatelaine.crypto'))])\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program],
        env={"PYTHONPATH": str(ROOT / "app")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == ["[]", "[]"]
