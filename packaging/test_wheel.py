"""Tests what is installed instead of the checkout.

    python3 packaging/test_wheel.py [ARGUMENTS OF PYTEST]

`make test-wheel` calls it. The source distribution is made, and the wheel from that; the wheel is
installed, in the versions of packaging/constraints.txt, into an environment of its own somewhere
else. There the program has to pass its self-test, and the tests that the source distribution has
are run with the package that is installed: the folder with the code is taken away first.
"""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[1]
CONSTRAINTS = ROOT / "packaging" / "constraints.txt"
GROUPS = ("test", "test-desktop", "test-servers", "peer", "build")
USUAL = ("tests/unit", "tests/gui", "tests/integration", "tests/e2e")
OF_THE_CODE = (
    "tests/unit/installers",
    "tests/unit/test_dependencies.py",
    "tests/unit/test_documents.py",
    "tests/unit/test_source.py",
    "tests/integration/test_distributions.py",
)
"""Tests that read the code as it lies in a checkout, or what builds from it."""


def main(arguments: list[str]) -> int:
    """Build, install and test; give the exit code of the first step that fails."""
    with tempfile.TemporaryDirectory(prefix="chatelaine-wheel-") as folder:
        try:
            _test(Path(folder), arguments)
        except subprocess.CalledProcessError as failure:
            print(f"\nThis failed: {' '.join(map(str, failure.cmd))}", file=sys.stderr)
            return failure.returncode
    return 0


def _test(folder: Path, arguments: list[str]) -> None:
    tree, wheel = _build(folder)
    python = _install(folder / "environment", wheel)
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    _say("the self-test of what was installed")
    _run([python.with_name("chatelaine"), "--self-test"], elsewhere)
    site = _output([python, "-P", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"])
    shutil.rmtree(tree / "app" / "chatelaine")
    _say("the tests of what was installed")
    ignored = [f"--ignore={tree / path}" for path in OF_THE_CODE]
    _run(
        [python, "-P", "-m", "pytest", "-o", "pythonpath=tests", *ignored, *(arguments or USUAL)],
        tree,
        # `tests/conftest.py` refuses to run with a package that lies anywhere else.
        {**os.environ, "CHATELAINE_TESTED_IN": site},
    )


def _build(folder: Path) -> tuple[Path, Path]:
    """Make the source distribution and the wheel from it; give its folder, and the wheel."""
    _say("building")
    distributions = runpy.run_path(str(ROOT / "packaging" / "distributions.py"))
    archive, wheel = distributions["build"](folder / "dist")
    return distributions["unpack"](archive, folder / "source"), wheel


def _install(environment: Path, wheel: Path) -> Path:
    """Make an environment with the wheel and what the tests need; give its Python."""
    _say("installing")
    wanted: list[str] = runpy.run_path(str(ROOT / "packaging" / "set_up.py"))["requirements"](
        GROUPS
    )
    what = [f"chatelaine[desktop] @ {wheel.as_uri()}", *wanted]
    python = environment / "bin" / "python"
    if uv := shutil.which("uv"):
        _run([uv, "venv", "--quiet", "--python", sys.executable, environment], ROOT)
        into = ["--quiet", "--python", str(python), "--constraints", str(CONSTRAINTS)]
        _run([uv, "pip", "install", *into, *what], ROOT)
    else:
        _run([sys.executable, "-m", "venv", environment], ROOT)
        into = ["--quiet", "--disable-pip-version-check", "--constraint", str(CONSTRAINTS)]
        fixed = {**os.environ, "PIP_CONSTRAINT": str(CONSTRAINTS)}
        _run([python, "-m", "pip", "install", *into, *what], ROOT, fixed)
    return python


def _run(
    command: list[str | Path], folder: Path, environment: dict[str, str] | None = None
) -> None:
    sys.stdout.flush()
    subprocess.run(command, check=True, cwd=folder, env=environment, stdin=subprocess.DEVNULL)


def _output(command: Sequence[str | Path]) -> str:
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def _say(text: str) -> None:
    print(f"Chatelaine: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
