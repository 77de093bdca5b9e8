"""What is taken out of the folder with the program, and what is said of the rest."""

from __future__ import annotations

import os
import runpy
import shutil
from typing import TYPE_CHECKING

import pytest

import project
from linux import bundle, copyrights
from linux.deb import _shlib

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = project.read()


def test_only_programs_and_libraries_count_as_such(tmp_path: Path):
    program = tmp_path / "program"
    shutil.copy("/bin/sh", program)
    (tmp_path / "text.so").write_text("no library")
    (tmp_path / "link").symlink_to(program)
    assert list(bundle.binaries(tmp_path)) == [program]


@pytest.mark.parametrize(
    ("soname", "line"),
    [("libQt6Core.so.6", "libQt6Core 6"), ("libpyside6.abi3.so.6.11", "libpyside6.abi3 6.11")],
)
def test_a_library_that_is_shipped_is_nobodys_dependency(soname: str, line: str):
    assert _shlib(soname) == line


def test_the_licence_of_each_part_is_named(tmp_path: Path):
    metadata = {
        "new": "Name: new\nVersion: 1\nLicense-Expression: MIT\nLicense: something else\n",
        "old": "Name: old\nVersion: 2\nClassifier: License :: OSI Approved :: BSD License\n",
        "plain": "Name: plain\nVersion: 3\nLicense: Apache-2.0\n",
        "silent": "Name: silent\nVersion: 4\n",
    }
    for name, text in metadata.items():
        folder = tmp_path / "_internal" / f"{name}.dist-info"
        folder.mkdir(parents=True)
        (folder / "METADATA").write_text(text)
    found = {part.name: part.licence for part in copyrights.parts(tmp_path)}
    assert found == {"new": "MIT", "old": "BSD License", "plain": "Apache-2.0", "silent": "unknown"}
    said = copyrights.debian(PROGRAM, tmp_path)
    assert said.startswith("Format: https://www.debian.org/doc/packaging-manuals/copyright-format")
    for name in metadata:
        assert f"/{name}.dist-info/*\n" in said
    assert "License: LGPL-3\n" in said


@pytest.mark.parametrize("before", [None, "/opt/lib"])
def test_other_programs_are_not_given_our_libraries(
    before: str | None, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("LD_LIBRARY_PATH", "/usr/lib/chatelaine/_internal")
    monkeypatch.delenv("LD_LIBRARY_PATH_ORIG", raising=False)
    if before is not None:
        monkeypatch.setenv("LD_LIBRARY_PATH_ORIG", before)
    runpy.run_path(str(project.ROOT / "packaging" / "system_environment.py"))
    assert os.environ.get("LD_LIBRARY_PATH") == before
    assert "LD_LIBRARY_PATH_ORIG" not in os.environ
