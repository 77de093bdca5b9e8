"""What a release is checked for: `.github/workflows/release.yml` runs these.

    python packaging/release.py version       print it; with TAG set, that has to agree
    python packaging/release.py check SYSTEM  see that all is in dist that it is released with
    python packaging/release.py checksums     the same for all; write SHA256SUMS and the notes

It needs nothing but Python.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import project

if TYPE_CHECKING:
    from pathlib import Path

CHECKSUMS = "SHA256SUMS"
NOTES = project.ROOT / "build" / "notes.md"
_LARGEST = 250_000_000
_SMALLEST = 10_000_000
_SMALLEST_WITHOUT_QT = 1_000_000


class NotReady(Exception):
    """Something cannot be released; the text says what."""


@dataclass(frozen=True)
class Kind:
    """One kind of file that is released.

    Attributes:
        pattern: How its name looks.
        magic: What it begins with; with `trailer`, what its last part of that size begins with.
        trailer: The size of that part; 0 where it is the beginning.
        smallest: How many bytes it has at least, if it is whole.
        may_be_missing: Whether a release can do without it.
    """

    pattern: str
    magic: bytes
    trailer: int = 0
    smallest: int = _SMALLEST
    may_be_missing: bool = False


SYSTEMS: dict[str, tuple[Kind, ...]] = {
    "linux": (
        Kind("*.deb", b"!<arch>\ndebian-binary"),
        Kind("*.rpm", b"\xed\xab\xee\xdb"),
        Kind("*.run", b"#!/bin/sh"),
        # The same for all systems; they are built with the others.
        Kind("*.whl", b"PK\x03\x04", smallest=_SMALLEST_WITHOUT_QT),
        Kind("*.tar.gz", b"\x1f\x8b\x08", smallest=_SMALLEST_WITHOUT_QT),
        # What it begins with comes from elsewhere, and may not be at hand.
        Kind("*.AppImage", b"\x7fELF", may_be_missing=True),
    ),
    "windows": (Kind("*-setup.exe", b"MZ"),),
    "macos": (Kind("*.dmg", b"koly", trailer=512),),
}
ONE_FOR_EACH_PROCESSOR = {"macos": 2}


def version(tag: str) -> str:
    """Give the version of the project.

    Args:
        tag: The tag that is released; empty where none is.

    Raises:
        NotReady: The tag is of another version.
    """
    own = project.read().version
    if tag and tag != f"v{own}":
        raise NotReady(f"the tag is {tag}, and pyproject.toml has version {own}")
    return own


def check(dist: Path, systems: dict[str, int]) -> list[Path]:
    """See that all is there, and that each file is of its kind and of this version.

    Args:
        dist: Where it lies.
        systems: Which systems, and for how many processors each.

    Returns:
        All that is to be released, in order.

    Raises:
        NotReady: Something is missing, or is not what its name says.
    """
    found: list[Path] = []
    for system, processors in systems.items():
        for kind in SYSTEMS[system]:
            files = sorted(dist.glob(kind.pattern))
            if len(files) != processors and (files or not kind.may_be_missing):
                raise NotReady(f"{processors} of {kind.pattern} expected, {len(files)} are there")
            for path in files:
                _check_kind(path, kind)
            found += files
        bills = sorted(dist.glob(f"{system}*.cdx.json"))
        if len(bills) != processors:
            raise NotReady(f"{processors} bills of materials for {system}, {len(bills)} are there")
        for path in bills:
            _check_bill(path)
        found += bills
    return found


def _check_kind(path: Path, kind: Kind) -> None:
    size = path.stat().st_size
    if not kind.smallest <= size <= _LARGEST:
        raise NotReady(f"{path.name} has {size} bytes")
    with path.open("rb") as file:
        file.seek(size - kind.trailer if kind.trailer else 0)
        if file.read(len(kind.magic)) != kind.magic:
            raise NotReady(f"{path.name} is not what its name says")
    if project.read().version not in path.name.replace("~", ""):
        raise NotReady(f"{path.name} is not of version {project.read().version}")


def _check_bill(path: Path) -> None:
    bill = json.loads(path.read_text("utf-8"))
    described = bill.get("metadata", {}).get("component", {})
    program = project.read()
    if bill.get("bomFormat") != "CycloneDX" or not bill.get("components"):
        raise NotReady(f"{path.name} is no bill of materials")
    if (described.get("name"), described.get("version")) != (program.command, program.version):
        raise NotReady(f"{path.name} is of another program or version")


def write_checksums(dist: Path, files: list[Path]) -> Path:
    """Write by what each file is known, in the form that `sha256sum --check` reads."""
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}" for path in files]
    target = dist / CHECKSUMS
    target.write_text("\n".join(lines) + "\n", "utf-8")
    return target


def notes(changelog: str, wanted: str) -> str:
    """Give what the changelog says of a version.

    Raises:
        NotReady: It says nothing.
    """
    parts = re.split(r"^## \[([^\]]+)\].*$", changelog, flags=re.MULTILINE)
    for name, text in zip(parts[1::2], parts[2::2], strict=True):
        if name == wanted and text.strip():
            return str(text.strip()) + "\n"
    raise NotReady(f"CHANGELOG.md has nothing about version {wanted}")


def main() -> int:
    """Do what was asked for."""
    parser = argparse.ArgumentParser(description="Check what is released.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("version")
    commands.add_parser("check").add_argument("system", choices=SYSTEMS)
    commands.add_parser("checksums")
    asked = parser.parse_args()
    try:
        own = version(os.environ.get("TAG", ""))
        if asked.command == "version":
            print(own)
        elif asked.command == "check":
            for path in check(project.DIST, {asked.system: 1}):
                print(path.name)
        else:
            everything = {system: ONE_FOR_EACH_PROCESSOR.get(system, 1) for system in SYSTEMS}
            files = check(project.DIST, everything)
            # The text first: without it there is nothing to publish.
            text = notes((project.ROOT / "CHANGELOG.md").read_text("utf-8"), own)
            NOTES.parent.mkdir(exist_ok=True)
            NOTES.write_text(text, "utf-8")
            print(write_checksums(project.DIST, files).read_text("utf-8"), end="")
    except NotReady as problem:
        print(f"This cannot be released: {problem}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
