"""Makes what pip, pipx and uv install: a source distribution, and of that a wheel.

It needs an environment with hatchling, and nothing else; `build.py` and `test_wheel.py` call it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def build(target: Path) -> tuple[Path, Path]:
    """Make both; give where the source distribution and the wheel are.

    The wheel is made of the source distribution: what is forgotten there is missed at once.

    Args:
        target: Where to put them. What is there stays, unless it has the same name.

    Raises:
        subprocess.CalledProcessError: hatchling has failed, and said why.
    """
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="distributions-") as folder:
        made = Path(folder) / "dist"
        _hatchling("sdist", ROOT, made)
        (archive,) = made.glob("*.tar.gz")
        _hatchling("wheel", unpack(archive, Path(folder) / "source"), made)
        (wheel,) = made.glob("*.whl")
        return Path(shutil.copy(archive, target)), Path(shutil.copy(wheel, target))


def unpack(archive: Path, target: Path) -> Path:
    """Unpack a source distribution that was made here; give its folder."""
    with tarfile.open(archive) as source:
        # The first versions of Python 3.11 do not know it.
        source.extraction_filter = getattr(tarfile, "data_filter", None)
        source.extractall(target)  # noqa: S202 - it was made a moment ago
    (folder,) = target.iterdir()
    return folder


def _hatchling(kind: str, folder: Path, target: Path) -> None:
    command = [sys.executable, "-P", "-m", "hatchling", "build", "-t", kind, "-d", str(target)]
    subprocess.run(command, check=True, cwd=folder, stdin=subprocess.DEVNULL)
