"""Makes the environment in which Chatelaine runs, is tested and is checked.

    python3 packaging/set_up.py PURPOSE        run, test, core, check, dev, package, windows

`make` calls this whenever an environment is missing or older than what it is made from, so there is
seldom a reason to call it by hand. It needs nothing but Python and works in this order:

1. Look for the system's own packages that the purpose needs (Qt's libraries, `venv`, and for the
   tests a display server and a keyring). Those that are missing are installed where that is
   allowed (root on Debian and its like); else the command to run is printed, and nothing is done.
2. Make the virtual environment, with uv where it is installed, else with `venv` and pip.
3. Install into it what pyproject.toml asks for, in the versions of packaging/constraints.txt.
4. Leave a stamp in it, so that the next start finds all this done.

This file must be readable for Python 3.7, so that an old Python can say that it is one.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CONSTRAINTS = ROOT / "packaging" / "constraints.txt"
OLDEST = (3, 11)
CANDIDATES = ("python3", "python3.14", "python3.13", "python3.12", "python3.11")

# Which package of Debian and its like brings what. Qt's libraries are bound when they are loaded:
# a single one that is missing keeps the window from opening.
QT = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11.so.6": "libx11-6",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libzstd.so.1": "libzstd1",
}
QT_ON_A_SCREEN = {
    "libX11-xcb.so.1": "libx11-xcb1",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxcb.so.1": "libxcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
TEST_PROGRAMS = {
    "/usr/include/dlfcn.h": "libc6-dev",
    "/usr/lib/*/girepository-1.0/Atspi-2.0.typelib": "gir1.2-atspi-2.0",
    "/usr/lib/python3/dist-packages/gi/__init__.py": "python3-gi",
    "/usr/libexec/at-spi-bus-launcher": "at-spi2-core",
    "Xvfb": "xvfb",
    "appstreamcli": "appstream",
    "cc": "gcc",
    "dbus-daemon": "dbus",
    "desktop-file-validate": "desktop-file-utils",
    "gnome-keyring-daemon": "gnome-keyring",
    "mariadbd": "mariadb-server-core",
    "openbox": "openbox",
    "strace": "strace",
    "xdotool": "xdotool",
    "xprop": "x11-utils",
}

PACKAGE_PROGRAMS = {
    "appstreamcli": "appstream",
    "desktop-file-validate": "desktop-file-utils",
    "dpkg-shlibdeps": "dpkg-dev",
    "makeself": "makeself",
    "patchelf": "patchelf",
    "rpmbuild": "rpm",
    "strip": "binutils",
}
WINDOWS_PROGRAMS = {
    "/usr/lib/wine/wine64": "wine64",
    "Xvfb": "xvfb",
    "makensis": "nsis",
    "osslsigncode": "osslsigncode",
    "x86_64-w64-mingw32-gcc": "gcc-mingw-w64-x86-64-win32",
    "xdotool": "xdotool",
}


class SetUpFailed(Exception):
    """The environment cannot be made; the text says why, and what to do."""


@dataclass(frozen=True)
class Purpose:
    """What an environment is for.

    Attributes:
        folder: Where it lies.
        extra: The extra of the project that is installed.
        groups: The dependency groups that are installed.
        libraries: The shared libraries that must load, and the packages they come in.
        programs: The programs that must be there, and the packages they come in.
    """

    folder: str
    extra: str
    groups: tuple[str, ...] = ()
    libraries: dict[str, str] = field(default_factory=dict)
    programs: dict[str, str] = field(default_factory=dict)


_TESTS = ("test", "test-desktop", "test-servers", "peer", "build")
_ALL_OF_QT = {**QT, **QT_ON_A_SCREEN}
PURPOSES = {
    "run": Purpose(".venv", "desktop", libraries=_ALL_OF_QT),
    "test": Purpose(".venv", "desktop", _TESTS, _ALL_OF_QT, TEST_PROGRAMS),
    "core": Purpose(".venv-core", "core", ("test",)),
    "package": Purpose(
        ".venv-package", "desktop", ("package", "build"), _ALL_OF_QT, PACKAGE_PROGRAMS
    ),
    "windows": Purpose(
        ".venv-package", "desktop", ("package-windows",), _ALL_OF_QT, WINDOWS_PROGRAMS
    ),
    "check": Purpose(".venv", "desktop", ("lint", *_TESTS)),
    "dev": Purpose(".venv", "desktop", ("dev",)),
}


def main(arguments: list[str]) -> int:
    """Make the environment for one purpose, and tell the exit code."""
    if sys.version_info < OLDEST:
        return _with_a_newer_python(arguments)
    if len(arguments) != 1 or arguments[0] not in PURPOSES:
        print("usage: set_up.py " + "|".join(PURPOSES), file=sys.stderr)
        return 2
    try:
        _make(arguments[0], PURPOSES[arguments[0]])
    except SetUpFailed as failure:
        print(f"\n{failure}\n", file=sys.stderr)
        return 1
    return 0


def _with_a_newer_python(arguments: list[str]) -> int:
    for name in CANDIDATES[1:]:
        path = shutil.which(name)
        # A version manager may have a command for a Python that it does not have.
        if (
            path
            and subprocess.run([path, "-c", ""], check=False, capture_output=True).returncode == 0
        ):
            os.execv(path, [path, __file__, *arguments])  # noqa: S606 - no shell is wanted
    found = ".".join(str(part) for part in sys.version_info[:3])
    print(
        f"\nChatelaine needs Python 3.11 or newer; {sys.executable} is {found}, and none of "
        f"{', '.join(CANDIDATES[1:])} is on the PATH.\n",
        file=sys.stderr,
    )
    return 1


def _make(name: str, purpose: Purpose) -> None:
    folder = ROOT / purpose.folder
    python = folder / "bin" / "python"
    uv = shutil.which("uv")
    has_environment = python.exists() and not _has_moved(folder)
    packages, others = missing(purpose, needs_venv=not uv and not has_environment)
    if packages or others:
        install_system_packages(packages, others)
        packages, others = missing(purpose, needs_venv=not uv and not has_environment)
        if packages or others:
            raise SetUpFailed(f"still missing: {', '.join([*packages, *others])}")
    if not has_environment:
        _say(f"making {purpose.folder} with {'uv' if uv else 'venv'}")
        _make_environment(folder, uv)
    _say(f"installing into {purpose.folder} what is needed to {name}")
    _install(python, uv, [f"--editable={ROOT}[{purpose.extra}]", *requirements(purpose.groups)])
    (folder / f".ready-{name}").touch()


def missing(purpose: Purpose, *, needs_venv: bool) -> tuple[list[str], list[str]]:
    """Tell what the system lacks.

    Args:
        purpose: What it is needed for.
        needs_venv: Whether the virtual environment is to be made by Python itself.

    Returns:
        The packages to install, as Debian names them, and for a system that is not like Debian
        what is missing in them.
    """
    lacks: dict[str, str] = {}
    if sys.platform.startswith("linux"):
        lacks.update({name: p for name, p in purpose.libraries.items() if not _loads(name)})
        lacks.update({name: p for name, p in purpose.programs.items() if not _finds(name)})
    if needs_venv and find_spec("ensurepip") is None:
        lacks["Python's module ensurepip"] = (
            f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        )
    return sorted(set(lacks.values())), sorted(lacks)


def _finds(program: str) -> bool:
    if program.startswith("/"):
        return any(Path("/").glob(program[1:]))
    # Servers lie where the PATH of an ordinary user does not lead.
    return bool(shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin"))


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def install_system_packages(packages: list[str], lacks: list[str]) -> None:
    """Install packages of the system where that is allowed.

    Args:
        packages: Their names in Debian.
        lacks: What is missing, for a system that is not like Debian.

    Raises:
        SetUpFailed: It is not allowed; the text is the command that does it.
    """
    if not shutil.which("apt-get"):
        raise SetUpFailed(
            f"This system lacks {', '.join(lacks)}.\nInstall the packages that bring them (in "
            f"Debian: {' '.join(packages)}), then run make again."
        )
    options = ["--yes", "--no-install-recommends"]
    if os.geteuid() != 0:
        command = f"apt-get update && apt-get install {' '.join([*options, *packages])}"
        as_root = f"sudo sh -c '{command}'" if shutil.which("sudo") else f"su -c '{command}'"
        raise SetUpFailed(
            f"This system lacks {', '.join(lacks)}.\nInstall them with this command, then run make "
            f"again:\n\n    {as_root}"
        )
    _say(f"installing packages of the system: {' '.join(packages)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    _run(["apt-get", "update", "--quiet"], environment)
    _run(["apt-get", "install", "--quiet", *options, *packages], environment)


def _has_moved(folder: Path) -> bool:
    # The scripts of an environment and the project inside it are found by their full path.
    made_in = folder / ".made-in"
    return made_in.exists() and made_in.read_text("utf-8").strip() != str(ROOT)


def _make_environment(folder: Path, uv: str | None) -> None:
    if sys.prefix == str(folder):
        raise SetUpFailed(f"{folder} cannot be made anew from inside: run deactivate, then make.")
    if uv:
        _run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)])
    else:
        _run([sys.executable, "-m", "venv", "--clear", str(folder)])
    (folder / ".made-in").write_text(f"{ROOT}\n", "utf-8")


def requirements(groups: tuple[str, ...]) -> list[str]:
    """Read what dependency groups ask for; a pip of 2023 cannot do it by itself."""
    import tomllib

    table = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["dependency-groups"]
    wanted: dict[str, None] = {}
    for group in groups:
        for entry in table[group]:
            names = requirements((entry["include-group"],)) if isinstance(entry, dict) else [entry]
            wanted.update(dict.fromkeys(names))
    return list(wanted)


def _install(python: Path, uv: str | None, wanted: list[str]) -> None:
    constraints = str(CONSTRAINTS)
    environment = {
        **os.environ,
        # What builds the project is fixed as well, in the words of each installer.
        "PIP_CONSTRAINT": constraints,
        "PIP_BUILD_CONSTRAINT": constraints,
        "PIP_USE_PEP517": "1",
        "UV_BUILD_CONSTRAINT": constraints,
        "UV_COMPILE_BYTECODE": "1",
        "UV_PYTHON_DOWNLOADS": "never",
    }
    # Without bytecode the first answer takes half a second longer.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    if uv:
        _run(
            [uv, "pip", "install", "--python", str(python), "--constraints", constraints, *wanted],
            environment,
        )
        return
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    if not _works([*pip, "--version"]):
        _run([str(python), "-m", "ensurepip"], environment)
    _run([*pip, "install", "--constraint", constraints, *wanted], environment)


def _run(command: list[str], environment: dict[str, str] | None = None) -> None:
    sys.stdout.flush()
    try:
        subprocess.run(command, check=True, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL)
    except subprocess.CalledProcessError as failure:
        raise SetUpFailed(
            f"This failed, as said above, with exit code {failure.returncode}:\n{' '.join(command)}"
        ) from failure


def _works(command: list[str]) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def _say(text: str) -> None:
    print(f"Chatelaine: {text}", flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
