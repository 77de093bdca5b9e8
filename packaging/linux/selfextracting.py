"""The installer for those who may not install packages: it puts everything below `~/.local`."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import project
from linux import files
from linux.bundle import binaries

if TYPE_CHECKING:
    from pathlib import Path

_WORK = project.BUILD / "run"


def build(program: project.Project, folder: Path) -> Path:
    """Build the installer from the folder with the program; give where it is.

    Raises:
        subprocess.CalledProcessError: One of the programs that do it has failed, and said why.
        LookupError: What the program needs of the system cannot be told.
    """
    tree = _WORK / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    shutil.copytree(folder, tree / "program", symlinks=True)
    # The real path is written when it is installed; the name stands in its place until then.
    files.write_share(tree / "share", program, program.command)
    glibc = oldest_glibc(folder)
    for name in ("install", "uninstall"):
        files.write(tree / name, files.fill(f"{name}.in", program, glibc=glibc), executable=True)
    project.DIST.mkdir(exist_ok=True)
    made = project.DIST / f"{program.command}-{program.version}-{platform.machine()}.run"
    made.unlink(missing_ok=True)
    subprocess.run(
        [
            # Everything that is needed to unpack it is on every system.
            *("makeself", "--quiet", "--gzip", "--complevel", "9", "--sha256"),
            *("--tar-quietly", "--tar-extra", _tar_options()),
            *("--packaging-date", files.built().strftime("%Y-%m-%d")),
            *(str(tree), str(made), f"{program.name} {program.version}", "./install"),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return made


def oldest_glibc(folder: Path) -> str:
    """Give the oldest version of glibc that has all that the programs and libraries ask of it."""
    asked = subprocess.run(
        ["readelf", "--version-info", "--wide", *map(str, binaries(folder))],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    found = re.findall(r"Name: GLIBC_(\d+)\.(\d+)", asked)
    if not found:
        raise LookupError(f"nothing in {folder} asks for a version of glibc")
    major, minor = max((int(major), int(minor)) for major, minor in found)
    return f"{major}.{minor}"


def _tar_options() -> str:
    when = os.environ["SOURCE_DATE_EPOCH"]
    return f"--sort=name --mtime=@{when} --owner=0 --group=0 --numeric-owner"
