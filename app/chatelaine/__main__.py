"""Starts the window: `python -m chatelaine`."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence
    from pathlib import Path

    from chatelaine.gui.opening import Wanted

NO_DISPLAY = """\
Chatelaine cannot open its window: there is no display, or it does not answer.

It is a desktop program and needs a graphical session (X11 or Wayland).
  - On the desktop itself: start it from a terminal of your graphical session.
  - Over SSH: connect with `ssh -X`.
  - Without any screen: with `xvfb-run`, which puts a screen into memory.
"""


NOT_ALL_INSTALLED = """\
Chatelaine cannot open its window: it was installed without what the window needs ({package}).

The library alone is there, for programs that use it. For the window, install the same
file again with the extra "desktop", by whatever it was installed with:
  pipx install --force "chatelaine[desktop] @ file:///PATH/TO/THE/WHEEL.whl"
  uv tool install --force "chatelaine[desktop] @ file:///PATH/TO/THE/WHEEL.whl"
  pip install "chatelaine[desktop] @ file:///PATH/TO/THE/WHEEL.whl"
"""
_WINDOW_PACKAGES = frozenset(
    {"PySide6", "aiosqlite", "cryptography", "filelock", "keyring", "markdown_it", "platformdirs"}
    | {"pygments", "qasync", "shiboken6", "sqlcipher3", "ziamath"}
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the arguments and show the window; give the exit code where there was none to show."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    # The usual start has none, and need not wait for what reads them.
    options = _read(given) if given else None
    try:
        return _start(options)
    except ModuleNotFoundError as error:
        # A part of this program that is missing is a broken build, and so is any in a bundle, into
        # which nobody can install one; that is another message.
        package = (error.name or "").partition(".")[0]
        if package not in _WINDOW_PACKAGES or getattr(sys, "frozen", False):
            raise
        _say(NOT_ALL_INSTALLED.format(package=package))
        return 1


def _start(options: Namespace | None) -> int:
    if options is not None and options.self_test:
        return _test_itself(options.report)
    if not _has_display():
        _say(NO_DISPLAY)
        return 1

    from chatelaine import paths
    from chatelaine.gui.qt_import import import_qt
    from chatelaine.gui.single_instance import Answer, ask_to_raise
    from chatelaine.vault.core_dumps import forbid_core_dumps

    forbid_core_dumps()
    wanted = None if options is None else _wanted(options.open)
    if ask_to_raise(paths.user_folders().data, wanted) is Answer.RAISED:
        return 0  # the window that is there already has come forward
    # The collector would go through what is imported fifty times, and find next to nothing. It
    # begins once the window takes typing.
    gc.disable()
    import_qt()
    from chatelaine.gui.application import run

    code = run(wanted)
    from chatelaine.gui.event_loop import leave

    return leave(code)


def _read(arguments: list[str]) -> Namespace:
    import argparse
    from importlib.metadata import version
    from pathlib import Path

    parser = argparse.ArgumentParser(
        prog="chatelaine", description="A window for talking with AI agents."
    )
    parser.add_argument(
        "--version", action="version", version=f"Chatelaine {version('chatelaine')}"
    )
    parser.add_argument(
        "open",
        nargs="?",
        metavar="FILE.chtlbak | chatelaine:thread/ID",
        help="a backup, to be asked how to restore it, or a link to a thread",
    )
    parser.add_argument(
        "--self-test",
        action="store_true",
        help="prove that this build works, touching nothing of yours, and end",
    )
    parser.add_argument(
        "--report", type=Path, metavar="FILE", help="where the self-test writes what it found"
    )
    options = parser.parse_args(arguments)
    if options.report is not None and not options.self_test:
        parser.error("--report goes with --self-test")
    return options


def _wanted(text: str | None) -> Wanted | None:
    if text is None:
        return None
    from pathlib import Path

    from chatelaine.gui.opening import parse

    return parse(text, Path.cwd())


def _test_itself(report: Path | None) -> int:
    from chatelaine import log
    from chatelaine.gui.qt_import import import_qt
    from chatelaine.vault.core_dumps import forbid_core_dumps

    forbid_core_dumps()
    import_qt()
    from chatelaine.gui.event_loop import leave
    from chatelaine.selftest.run import run

    log.configure()
    return leave(run(report, has_display=_has_display()))


def _say(text: str) -> None:
    """Say something before there is a window: on the console, or in a box where there is none."""
    if sys.stderr is not None:
        sys.stderr.write(text)
    elif sys.platform == "win32":
        import ctypes

        ctypes.windll.user32.MessageBoxW(None, text, "Chatelaine", 0x10)


def _has_display() -> bool:
    """Tell whether Qt will find a screen; without one it would abort."""
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM"):
        return True
    if os.environ.get("WAYLAND_DISPLAY"):
        return True
    return bool(os.environ.get("DISPLAY")) and _answers()


def _answers() -> bool:
    """Tell whether the X server that DISPLAY names can be talked to: it may be gone."""
    import ctypes

    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return True  # Qt says what it lacks
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(None, None))
    failed = bool(xcb.xcb_connection_has_error(connection))
    xcb.xcb_disconnect(connection)
    return not failed


if __name__ == "__main__":
    sys.exit(main())
