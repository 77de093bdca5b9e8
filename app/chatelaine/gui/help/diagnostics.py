"""What helps to find a fault, and says nothing of its user.

Only numbers, versions and names of this program's own are in it: no text, no title, no path, no
address of a server, no key. What comes from the environment is one of a few known words, or is
left out.
"""

from __future__ import annotations

import asyncio
import os
import platform
import ssl
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, qVersion
from PySide6.QtGui import QGuiApplication

from chatelaine.errors import ChatelaineError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from chatelaine.workspace import Workspace

_PACKAGES = (
    "PySide6-Essentials",
    "qasync",
    "cryptography",
    "keyring",
    "openai",
    "httpx2",
    "aiosqlite",
    "sqlcipher3",
)
_DESKTOPS = frozenset(
    {"budgie", "cinnamon", "cosmic", "gnome", "kde", "lxqt", "mate", "pantheon", "sway", "ubuntu"}
    | {"unity", "x-cinnamon", "xfce"}
)
_SESSIONS = frozenset({"x11", "wayland", "tty"})
_NAME_WIDTH = 22

_Lines = list[tuple[str, str]]


async def diagnostics(workspace: Workspace | None, errors: Sequence[str]) -> str:
    """Put together what can be said.

    Args:
        workspace: The open history; None where none is open.
        errors: The kinds of the latest errors, oldest first.
    """
    lines = await asyncio.to_thread(_of_the_system)
    lines += _of_the_window()
    if workspace is None:
        lines.append(("History", "none is open"))
    else:
        lines += await _of_the_history(workspace)
    lines.append(("Latest errors", ", ".join(errors) or "none"))
    return "\n".join(f"{name + ':':<{_NAME_WIDTH}}{value}" for name, value in lines) + "\n"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        # A bundle has no metadata, but a list of what is in it.
        from chatelaine.gui.help.licences import written_version

        return written_version(package) or "not to be told"


def _of_the_system() -> _Lines:
    from chatelaine.store.engine_facts import engine_facts
    from chatelaine.vault.keyring import usable_keyrings

    facts = engine_facts()
    kind = "bundle" if getattr(sys, "frozen", False) else "Python package"
    desktop = os.environ.get("XDG_CURRENT_DESKTOP", "").lower().split(":")
    session = os.environ.get("XDG_SESSION_TYPE", "")
    return [
        ("Chatelaine", _version("chatelaine")),
        ("Installed as", kind),
        ("System", f"{platform.system()} {platform.release()}, {platform.machine()}"),
        ("Desktop", ", ".join(one for one in desktop if one in _DESKTOPS) or "another"),
        ("Session", session if session in _SESSIONS else "another"),
        ("Python", f"{platform.python_implementation()} {platform.python_version()}"),
        ("OpenSSL of Python", ssl.OPENSSL_VERSION),
        ("SQLCipher", f"{facts.sqlcipher}, {facts.cipher}, SQLite {facts.sqlite}"),
        ("Newest schema", str(facts.schema)),
        ("Keyring", ", ".join(usable_keyrings()) or "none that can be used"),
        *((name, _version(name)) for name in _PACKAGES),
    ]


def _of_the_window() -> _Lines:
    screens = [
        f"{screen.size().width()} x {screen.size().height()} at {screen.devicePixelRatio():g}"
        for screen in QGuiApplication.screens()
    ]
    return [
        ("Qt", qVersion()),
        ("Qt platform", QGuiApplication.platformName()),
        ("Screens", "; ".join(screens)),
        ("Language", QLocale().bcp47Name()),
    ]


async def _of_the_history(workspace: Workspace) -> _Lines:
    try:
        counts = await workspace.store.counts()
    except ChatelaineError as error:
        return [("History", f"cannot be counted: {type(error).__name__}")]
    lines = [
        ("Threads", str(counts.threads)),
        ("Turns", str(counts.turns)),
        ("Messages", str(counts.items)),
    ]
    lines += await asyncio.to_thread(lambda: list(_sizes(workspace.history)))
    try:
        kinds = sorted(kind.value for kind in await workspace.slot_kinds())
    except ChatelaineError as error:
        kinds = [f"not to be told: {type(error).__name__}"]
    lines.append(("Opens with", ", ".join(kinds)))
    provider = await workspace.providers.current()
    lines.append(("Provider", "demo model" if provider is None else provider.protocol.value))
    return lines


def _sizes(history: Path) -> Iterator[tuple[str, str]]:
    """Give how large the files are, without what they are called."""
    yield "History file", _size(history)
    yield "Its journal", _size(history.with_name(f"{history.name}-wal"))
    from chatelaine.store.backup import folder_of

    backups = [path for path in folder_of(history).glob("*.chtlbak") if path.is_file()]
    sizes = sum(path.stat().st_size for path in backups)
    yield "Backups", f"{len(backups)}, {sizes} bytes"


def _size(path: Path) -> str:
    try:
        return f"{path.stat().st_size} bytes"
    except OSError as error:
        return f"none ({type(error).__name__})"
