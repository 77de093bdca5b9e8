"""Which libraries a program for Windows needs, and that each of them is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pefile

if TYPE_CHECKING:
    from pathlib import Path

SUFFIXES = frozenset({".dll", ".exe", ".pyd"})

# What Windows 10 and newer bring. A name that is not here fails the build until somebody has looked
# whether it may be relied on.
_NAMES = """
advapi32 authz bcrypt bcryptprimitives cfgmgr32 combase comctl32 comdlg32 crypt32 d2d1 d3d11 d3d12
d3d9 dbghelp dcomp dnsapi dwmapi dwrite dxgi gdi32 icuuc imm32 iphlpapi kernel32 mpr mscms msvcrt
ncrypt netapi32 ntdll ole32 oleaut32 powrprof propsys psapi rpcrt4 secur32 setupapi shcore shell32
shlwapi ucrtbase uiautomationcore user32 userenv usp10 uxtheme version winhttp winmm ws2_32 wtsapi32
"""
OF_WINDOWS = frozenset({"winspool.drv", *(f"{name}.dll" for name in _NAMES.split())})
OF_WINDOWS_TOO = "api-ms-win-"
_IMPORTS = ("DIRECTORY_ENTRY_IMPORT", "DIRECTORY_ENTRY_DELAY_IMPORT")
_DIRECTORIES = [
    pefile.DIRECTORY_ENTRY[f"IMAGE_{name}"]
    for name in ("DIRECTORY_ENTRY_IMPORT", "DIRECTORY_ENTRY_DELAY_IMPORT")
]


def imported_by(path: Path) -> set[str]:
    """Give the libraries that a program or library names, in small letters."""
    with pefile.PE(str(path), fast_load=True) as parsed:
        parsed.parse_data_directories(directories=_DIRECTORIES)
        return {
            entry.dll.decode("ascii").lower()
            for kind in _IMPORTS
            for entry in getattr(parsed, kind, [])
        }


def needed_by(roots: list[Path], candidates: list[Path]) -> set[Path]:
    """Give those candidates that the roots need, and that these need in turn."""
    by_name = {path.name.lower(): path for path in candidates}
    needed: set[Path] = set()
    open_ones = list(roots)
    while open_ones:
        for name in imported_by(open_ones.pop()):
            path = by_name.get(name)
            if path and path not in needed:
                needed.add(path)
                open_ones.append(path)
    return needed


def missing(folder: Path) -> dict[str, list[str]]:
    """Give the libraries that are neither in a folder nor of Windows, and what needs each."""
    binaries = [path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES]
    here = {path.name.lower() for path in binaries}
    lacks: dict[str, list[str]] = {}
    for path in sorted(binaries):
        for name in imported_by(path) - here - OF_WINDOWS:
            if not name.startswith(OF_WINDOWS_TOO):
                lacks.setdefault(name, []).append(path.name)
    return lacks
