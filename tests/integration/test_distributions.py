"""The wheel and the source distribution: what is in them, and that one makes the other."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def build(kind: str, source: Path, target: Path) -> Path:
    subprocess.run(
        [sys.executable, "-P", "-m", "hatchling", "build", "-t", kind, "-d", str(target)],
        cwd=source,
        check=True,
        capture_output=True,
    )
    (made,) = target.iterdir()
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution, unpacked."""
    archive = build("sdist", ROOT, tmp_path_factory.mktemp("sdist"))
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(archive) as source:
        # The first versions of Python 3.11 do not know it.
        source.extraction_filter = getattr(tarfile, "data_filter", None)
        source.extractall(folder)  # noqa: S202 - it was made a moment ago
    (tree,) = folder.iterdir()
    return tree


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def test_the_wheel_is_the_same_from_the_source_distribution(
    wheel: Path, sdist: Path, tmp_path: Path
):
    again = build("wheel", sdist, tmp_path / "again")
    assert contents(again).keys() == contents(wheel).keys()
    assert contents(again) == contents(wheel)


def test_the_wheel_has_all_code_and_all_resources(wheel: Path):
    names = contents(wheel).keys()
    package = ROOT / "app" / "chatelaine"
    code = {f"chatelaine/{path.relative_to(package).as_posix()}" for path in package.rglob("*.py")}
    assert code <= names
    folders = ("fonts", "icons", "licences")
    resources = {
        f"chatelaine/{path.relative_to(ROOT).as_posix()}"
        for folder in folders
        for path in (ROOT / "resources" / folder).rglob("*")
        if path.is_file()
    }
    assert resources <= names
    assert not [name for name in names if "test" in name.partition("/")[0] or ".pyc" in name]
    (entry_points,) = (name for name in names if name.endswith("/entry_points.txt"))
    assert b"chatelaine = chatelaine.__main__:main" in contents(wheel)[entry_points]


def test_the_source_distribution_has_every_file_of_the_project(sdist: Path):
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("only a checkout knows which files there are")
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    names = {name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()}
    assert names
    assert {name for name in names if not (sdist / name).is_file()} == set()
