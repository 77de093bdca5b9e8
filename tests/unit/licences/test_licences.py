"""The licences of what is shipped: from the metadata, or from the file of a build."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from chatelaine.gui import resources
from chatelaine.gui.help import licences
from chatelaine.gui.help.licences import Component

ROOT = Path(__file__).resolve().parents[3]


def test_everything_that_is_shipped_has_a_licence_with_its_text():
    found = licences.components()
    assert [one.name for one in found if not (one.licence and all(one.texts) and one.texts)] == []
    names = {one.name for one in found}
    assert {"Chatelaine", "Qt", "Python", "SQLCipher", "OpenSSL", "Inter", "openai"} <= names
    assert {"libffi", "mdurl"} <= names
    assert {"cryptography", "keyring", "pydantic", "Pygments"} <= names
    assert names.isdisjoint({"pytest", "mypy", "ruff", "hypothesis", "openai-agents"})
    assert found[0].name == "Chatelaine"
    assert "MIT License" in found[0].texts[0]


def test_a_build_that_wrote_them_down_shows_what_it_wrote(tmp_path: Path):
    made = [Component("Thing", "1", "MIT", "https://example.com/", "A note.", ("one", "two"))]
    (tmp_path / licences.FILE).write_text(licences.to_json(made), "utf-8")
    assert licences.components(tmp_path) == made


def test_a_version_is_known_by_what_a_build_wrote_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(resources, "FOLDER", tmp_path)
    assert licences.written_version("some-thing") == ""
    (tmp_path / licences.FILE).write_text(licences.to_json([Component("Some_Thing", "1.2")]))
    assert licences.written_version("some-thing") == "1.2"
    assert licences.written_version("another") == ""


def test_the_script_of_a_build_writes_what_the_window_would_show(tmp_path: Path):
    target = tmp_path / "resources" / licences.FILE
    done = subprocess.run(
        [sys.executable, "-P", str(ROOT / "packaging" / "licences.py"), str(target), "pytest"],
        env={"PYTHONPATH": str(ROOT / "app")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    read = licences.components(target.parent)
    assert [one for one in read if one.name != "pytest"] == licences.components()
    (added,) = (one for one in read if one.name == "pytest")
    assert added.licence == "MIT"


def test_texts_that_are_missing_are_an_error(tmp_path: Path):
    with pytest.raises(OSError, match=r"\.txt"):
        licences.components(tmp_path)


def test_the_texts_are_whole():
    def text(name: str) -> str:
        return (resources.FOLDER / "licences" / name).read_text("utf-8")

    assert "END OF TERMS AND CONDITIONS" in text("GPL-3.0.txt")
    assert "version 3 of the GNU General Public License" in " ".join(text("LGPL-3.0.txt").split())
    assert "END OF TERMS AND CONDITIONS" in text("Apache-2.0.txt")
    assert "PYTHON SOFTWARE FOUNDATION LICENSE VERSION 2" in text("Python.txt")
