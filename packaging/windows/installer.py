"""Packs a folder with the program into a setup for Windows, with NSIS.

    PYTHONPATH=packaging python -m windows.installer FOLDER

The folder is what PyInstaller has made on Windows, or `windows.preview` elsewhere. The setup needs
`makensis`: Debian's package `nsis`, or NSIS itself on Windows. It goes into `dist`.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path, PureWindowsPath

import project

SCRIPT = Path(__file__).with_name("setup.nsi")
WORK = project.BUILD / "windows"


def build(program: project.Project, folder: Path, *, target: str | None = None) -> Path:
    """Pack a folder; give where the setup is.

    Args:
        program: What it says of itself.
        folder: All that is installed; `COMMAND.exe` is in it.
        target: What kind of program the setup is, where it is not what NSIS makes by itself.

    Raises:
        FileNotFoundError: The program is not in the folder.
        subprocess.CalledProcessError: makensis has found something wrong.
    """
    start = folder / f"{program.command}.exe"
    if not start.is_file():
        raise FileNotFoundError(f"{start} is missing: that is no program for Windows")
    import icons  # it needs Qt, and the rest does not

    WORK.mkdir(parents=True, exist_ok=True)
    project.DIST.mkdir(exist_ok=True)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    listed = WORK / "uninstall.nsh"
    # NSIS takes a file for what the code page of the machine says without this mark.
    listed.write_text("\n".join(_removal(folder, files)), "utf-8-sig")
    setup = project.DIST / f"{program.name}-{program.version}-setup.exe"
    values = {
        "AUTHOR": program.author,
        "COMMAND": program.command,
        "FOLDER": str(folder),
        "ICON": str(icons.write_ico(WORK / f"{program.command}.ico")),
        "ID": program.id,
        "KILOBYTES": str(sum(path.stat().st_size for path in files) // 1024),
        "LICENCE": program.licence,
        "LIST": str(listed),
        "NAME": program.name,
        "NUMBERS": ".".join(map(str, version_numbers(program.version))),
        "OUT": str(setup),
        "SCHEME": program.link_scheme,
        "SLASH": "\\" if sys.platform == "win32" else "/",
        "SUFFIX": program.backup_suffix,
        "TYPE": program.backup_type,
        "VERSION": program.version,
        **({"TARGET": target} if target else {}),
    }
    defined = [f"-D{name}={value}" for name, value in values.items()]
    subprocess.run(
        ["makensis", "-V2", "-WX", "-INPUTCHARSET", "UTF8", *defined, str(SCRIPT)], check=True
    )
    return setup


def version_numbers(version: str) -> tuple[int, int, int, int]:
    """Give a version as Windows counts, which knows nothing but four numbers."""
    first, second, third, *_ = [*map(int, re.findall(r"\d+", version)), 0, 0, 0]
    return first, second, third, 0


def _removal(folder: Path, files: list[Path]) -> list[str]:
    """Name each file and each folder that was installed, the innermost ones first."""
    names = [PureWindowsPath(path.relative_to(folder)) for path in files]
    inside = {parent for name in names for parent in name.parents if parent.parts}
    folders = sorted(inside, key=lambda path: (-len(path.parts), path))
    return [
        *(f'Delete "$INSTDIR\\{_quoted(name)}"' for name in names),
        *(f'RMDir "$INSTDIR\\{_quoted(name)}"' for name in folders),
        "",
    ]


def _quoted(path: PureWindowsPath) -> str:
    return str(path).replace("$", "$$")


def main() -> int:
    """Pack the folder that was named, and tell where the setup is."""
    parser = argparse.ArgumentParser(description="Make a setup for Windows of a folder.")
    parser.add_argument("folder", type=Path)
    setup = build(project.read(), parser.parse_args().folder.resolve())
    print(f"{setup.relative_to(project.ROOT)}: {setup.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
