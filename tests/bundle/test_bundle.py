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


def _package(bundle: Path, name: str, said: str, **texts: str) -> None:
    folder = bundle / "_internal" / f"{name}-1.dist-info"
    (folder / "licenses").mkdir(parents=True)
    (folder / "METADATA").write_text(f"Name: {name}\nVersion: 1\n{said}\n")
    for file, text in texts.items():
        (folder / "licenses" / file).write_text(text)


BSD = "Classifier: License :: OSI Approved :: BSD License"
MIT = "Classifier: License :: OSI Approved :: MIT License"


@pytest.mark.parametrize(
    ("said", "licence"),
    [
        ("License-Expression: MIT\nLicense: something else", "MIT"),
        (BSD, "BSD License"),
        (f"{MIT}\nLicense: the text", "MIT"),
        (f"{MIT}\n{BSD}", "MIT OR BSD License"),
        ("License: Apache-2.0", "Apache-2.0"),
        ("", "unknown"),
    ],
)
def test_the_licence_of_each_part_is_named(tmp_path: Path, said: str, licence: str):
    _package(tmp_path, "some", said)
    (part,) = copyrights.parts(tmp_path)
    assert part.licence == licence


def test_the_licences_of_all_parts_are_one_expression(tmp_path: Path):
    _package(tmp_path, "one", "License-Expression: MPL-2.0 AND (Apache-2.0 OR MIT)")
    _package(tmp_path, "sqlcipher3", "")
    said = copyrights.expression(PROGRAM, tmp_path)
    # The choice is none, where both are there anyway.
    names = {"Apache-2.0", "BSD-3-Clause", "Bitstream-Vera", "LGPL-3.0-only", "MIT", "MPL-2.0"}
    assert set(said.split(" AND ")) == names | {
        "GPL-2.0-or-later WITH Bootloader-exception",
        "OFL-1.1",
        "PSF-2.0",
        "Zlib",
    }


@pytest.mark.parametrize("said", ["", BSD, "License-Expression: Planted-1.0"])
def test_a_part_of_an_unknown_licence_is_not_shipped(tmp_path: Path, said: str):
    _package(tmp_path, "some", said)
    with pytest.raises(LookupError, match="some: SPDX has no licence"):
        copyrights.expression(PROGRAM, tmp_path)


def test_the_licence_of_each_part_is_there_word_for_word(tmp_path: Path):
    apache = "   Apache License\n   Version 2.0, January 2004\n\n   TERMS"
    _package(tmp_path, "both", "License: Apache-2.0", LICENSE=apache, NOTICE="some\n\n\tnotice\n")
    _package(tmp_path, "named", "License-Expression: MIT")
    _package(tmp_path, "sqlcipher3", "", LICENSE="This software is provided 'as-is'.")
    said = copyrights.debian(PROGRAM, tmp_path)
    assert said.startswith("Format: https://www.debian.org/doc/packaging-manuals/copyright-format")
    both, named, third = (
        next(part for part in said.split("\nFiles: ") if f"/{name}-1.dist-info/*\n" in part)
        for name in ("both", "named", "sqlcipher3")
    )
    assert "/usr/share/common-licenses/Apache-2.0.\n .\n some\n .\n         notice\n" in both
    assert "TERMS" not in both
    assert " Permission is hereby granted, free of charge" in named
    assert "as-is" in third
    assert (
        "It contains SQLCipher, under BSD-3-Clause:\n .\n Copyright (c) 2008-2025, ZETETIC" in third
    )
    for text in (
        "PYTHON SOFTWARE FOUNDATION LICENSE",
        "SIL OPEN FONT LICENSE",
        "Bitstream Vera",
        "bootloader",
    ):
        assert text in said
    for block in said.split("\n\n"):
        assert all(line.startswith((" ", "F", "C", "L", "U")) for line in block.splitlines())


def test_a_part_without_the_text_of_its_licence_is_not_shipped(tmp_path: Path):
    _package(tmp_path, "some", "License-Expression: BSD-3-Clause")
    with pytest.raises(LookupError, match=r"some .* without the text"):
        copyrights.debian(PROGRAM, tmp_path)


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
