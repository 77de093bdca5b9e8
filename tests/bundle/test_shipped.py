"""Everything that the application imports of Qt is on the list of what is shipped, and no more."""

from __future__ import annotations

import ast
from pathlib import Path, PurePath

import PySide6
import pytest

import project
import shipped

APP = project.ROOT / "app" / "chatelaine"
PLUGINS = Path(PySide6.__file__).parent / "Qt" / "plugins"


def imported_of_qt() -> set[str]:
    found: set[str] = set()
    for path in APP.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("PySide6."):
                found.add(str(node.module).split(".")[1])
            elif isinstance(node, ast.ImportFrom) and node.module == "PySide6":
                found.update(alias.name for alias in node.names)
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
                found.update(n.split(".")[1] for n in names if n.startswith("PySide6."))
    return found


def test_what_is_imported_of_qt_is_shipped_and_nothing_else():
    assert imported_of_qt() == set(shipped.QT_MODULES)


def test_no_module_that_the_application_asks_for_is_left_out():
    asked = {name.split(">")[0].split("[")[0].lower() for name in _requirements()}
    assert not asked & {name.lower() for name in shipped.EXCLUDED}


def _requirements() -> list[str]:
    import tomllib

    table = tomllib.loads((project.ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = table["optional-dependencies"]
    return [*table["dependencies"], *extras["core"], *extras["desktop"]]


@pytest.mark.skipif(not (PLUGINS / "platforms" / "libqxcb.so").exists(), reason="not Linux")
def test_each_plugin_that_is_kept_is_there_under_this_name():
    there = {(path.parent.name, path.name) for path in PLUGINS.rglob("*.so")}
    here = {"qcocoa", "qmacstyle", "qmodernwindowsstyle", "qwindows"}  # on the other systems
    for folder, names in shipped.QT_PLUGINS.items():
        for name in set(names) - here:
            assert (folder, f"lib{name}.so") in there


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("PySide6/Qt/plugins/platforms/libqxcb.so", True),
        ("PySide6/plugins/platforms/qwindows.dll", True),
        ("PySide6/Qt/plugins/platforms/libqcocoa.dylib", True),
        ("PySide6/Qt/plugins/platforms/libqvnc.so", False),
        ("PySide6/Qt/plugins/tls/libqopensslbackend.so", False),
        ("PySide6/Qt/plugins/imageformats/libqxcb.so", False),
    ],
)
def test_a_plugin_is_kept_by_its_name_and_its_folder(path: str, kept: bool):
    assert shipped.is_kept_plugin(PurePath(path)) is kept


def test_the_libraries_of_the_system_stay_with_it():
    assert shipped.is_shipped_library("libpython3.11.so.1.0")
    for name in ("libssl.so.3", "libglib-2.0.so.0", "libstdc++.so.6"):
        assert not shipped.is_shipped_library(name)


def test_the_self_test_looks_for_no_plugin_that_is_not_shipped():
    from chatelaine.selftest import qt_parts

    for system, kinds in qt_parts._PLUGINS.items():
        for folder, names in kinds.items():
            assert set(names) <= set(shipped.QT_PLUGINS[folder]), (system, folder)
