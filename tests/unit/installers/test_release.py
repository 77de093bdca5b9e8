"""What a release is checked for: files that are missing, of another kind or another version."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

import project
import release

if TYPE_CHECKING:
    from pathlib import Path

VERSION = project.read().version
DEB = f"chatelaine_{VERSION}_amd64.deb"
WHEEL = f"chatelaine-{VERSION}-py3-none-any.whl"
BILL = "linux.cdx.json"


def big(path: Path, begin: bytes, end: bytes = b"") -> None:
    with path.open("wb") as file:
        file.write(begin)
        file.truncate(release._SMALLEST)
        file.seek(0, 2)
        file.write(end)


def bill(path: Path, **changes: Any) -> None:
    described = {"name": "chatelaine", "version": VERSION} | changes
    content = {
        "bomFormat": "CycloneDX",
        "metadata": {"component": described},
        "components": [{"name": "qt"}],
    }
    path.write_text(json.dumps(content), "utf-8")


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    big(tmp_path / DEB, b"!<arch>\ndebian-binary   ")
    big(tmp_path / f"chatelaine-{VERSION}-1.x86_64.rpm", b"\xed\xab\xee\xdb\x03")
    big(tmp_path / f"chatelaine-{VERSION}-x86_64.run", b"#!/bin/sh\n")
    big(tmp_path / WHEEL, b"PK\x03\x04")
    big(tmp_path / f"chatelaine-{VERSION}.tar.gz", b"\x1f\x8b\x08")
    big(tmp_path / f"Chatelaine-{VERSION}-setup.exe", b"MZ\x90")
    for processor in ("arm64", "x86_64"):
        image = tmp_path / f"Chatelaine-{VERSION}-{processor}.dmg"
        big(image, b"\x78\xda", b"koly".ljust(512, b"\0"))
        bill(tmp_path / f"macos-{processor}.cdx.json")
    bill(tmp_path / BILL)
    bill(tmp_path / "windows.cdx.json")
    return tmp_path


def test_a_whole_release_has_the_sums_that_others_can_check(dist: Path):
    files = release.check(dist, {"linux": 1, "windows": 1, "macos": 2})
    assert len(files) == 12
    lines = release.write_checksums(dist, files).read_text("utf-8").splitlines()
    assert len(lines) == 12
    digest, name = lines[0].split("  ")
    assert digest == hashlib.sha256((dist / name).read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        (DEB, None, r"1 of \*\.deb expected, 0"),
        (DEB, b"!<arch>\ndebian-binary", "has 21 bytes"),
        (WHEEL, None, r"1 of \*\.whl expected, 0"),
        (WHEEL, b"PK\x03\x04", "has 4 bytes"),
        (f"chatelaine-{VERSION}.tar.gz", None, r"1 of \*\.tar\.gz expected, 0"),
        (BILL, None, "bills of materials for linux, 0"),
        (BILL, b"{}", "no bill of materials"),
    ],
)
def test_what_is_missing_or_cut_off_is_noticed(
    dist: Path, name: str, content: bytes | None, problem: str
):
    if content is None:
        (dist / name).unlink()
    else:
        (dist / name).write_bytes(content)
    with pytest.raises(release.NotReady, match=problem):
        release.check(dist, {"linux": 1})


def test_what_is_of_another_kind_or_version_is_noticed(dist: Path):
    big(dist / DEB, b"<html>")
    with pytest.raises(release.NotReady, match="not what its name says"):
        release.check(dist, {"linux": 1})
    (dist / DEB).unlink()
    big(dist / "chatelaine_99.0_amd64.deb", b"!<arch>\ndebian-binary")
    with pytest.raises(release.NotReady, match="not of version"):
        release.check(dist, {"linux": 1})


def test_an_app_image_may_be_missing_but_not_be_something_else(dist: Path):
    image = dist / f"Chatelaine-{VERSION}-x86_64.AppImage"
    big(image, b"\x7fELF")
    assert image in release.check(dist, {"linux": 1})
    big(image, b"hsqs")
    with pytest.raises(release.NotReady, match="not what its name says"):
        release.check(dist, {"linux": 1})


def test_a_bill_of_another_version_is_noticed(dist: Path):
    bill(dist / "windows.cdx.json", version="99.0")
    with pytest.raises(release.NotReady, match="another program or version"):
        release.check(dist, {"windows": 1})


def test_a_tag_of_another_version_is_refused():
    assert release.version("") == VERSION
    assert release.version(f"v{VERSION}") == VERSION
    with pytest.raises(release.NotReady, match=r"v99\.0"):
        release.version("v99.0")


def test_the_notes_are_what_the_changelog_says_of_the_version():
    changelog = (
        "# Changelog\n\n## [Unreleased]\n\n## [2.0.0] - 2026-01-01\n\n- new\n\n## [1.0.0]\n- old\n"
    )
    assert release.notes(changelog, "2.0.0") == "- new\n"
    assert release.notes(changelog, "1.0.0") == "- old\n"
    for missing in ("Unreleased", "3.0.0"):
        with pytest.raises(release.NotReady, match=missing):
            release.notes(changelog, missing)
