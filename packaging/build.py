"""Builds the program and its installers for Linux, into `dist`.

    .venv-package/bin/python packaging/build.py STAGE...

`make bundle` makes the environment first and then builds all. The stages:

    bundle           the folder with the program, which the others pack: build/package/chatelaine;
                     each of the others makes it where it is missing
    deb, rpm, run    one of the installers
    wheel            the wheel, and the source distribution it is made of
    all              all of the above
    appdir           what `packaging/linux/appimage.sh` packs
    measured         what `make bench ARGS=bundle` compares: a bare window and the program, each of
                     which types into itself

Windows and macOS use the same description of the program, `packaging/chatelaine.spec`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import distributions
import project
from linux import appimage, bundle, deb, rpm, selfextracting

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

INSTALLERS: dict[str, Callable[[project.Project, Path], Path]] = {
    "deb": deb.build,
    "rpm": rpm.build,
    "run": selfextracting.build,
}


def main() -> int:
    """Build what was asked for, and tell the size of it."""
    parser = argparse.ArgumentParser(description="Build the program and its installers.")
    parser.add_argument(
        "stages", nargs="+", choices=["bundle", *INSTALLERS, "wheel", "all", "appdir", "measured"]
    )
    asked: list[str] = parser.parse_args().stages
    stages = ["bundle", *INSTALLERS, "wheel"] if "all" in asked else asked
    os.environ.setdefault("SOURCE_DATE_EPOCH", _last_change())
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    program = project.read()
    if "measured" in stages:
        bundle.build_measured()
    if "wheel" in stages:
        for made in distributions.build(project.DIST):
            _tell(made, made.stat().st_size)
    if not set(stages) - {"measured", "wheel"}:
        return 0
    folder = project.BUILD / program.command
    if "bundle" in stages or not folder.is_dir():
        folder = bundle.build(program)
        _tell(folder, sum(path.lstat().st_size for path in folder.rglob("*")))
    if "appdir" in stages:
        appimage.build(program, folder)
    for stage, build in INSTALLERS.items():
        if stage in stages:
            made = build(program, folder)
            _tell(made, made.stat().st_size)
    return 0


def _last_change() -> str:
    """Give when the project last changed: what is built from one state is built alike."""
    asked = subprocess.run(
        ["git", "log", "-1", "--format=%ct"],
        cwd=project.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode == 0 and asked.stdout.strip():
        return asked.stdout.strip()
    return str(int((project.ROOT / "pyproject.toml").stat().st_mtime))


def _tell(path: Path, size: int) -> None:
    print(f"{path.relative_to(project.ROOT)}: {size / 1e6:.1f} MB", flush=True)


if __name__ == "__main__":
    sys.exit(main())
