"""Runs all checks: those that need no window, those that need Qt, those within the event loop."""

from __future__ import annotations

import asyncio
import os
import platform
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from chatelaine.selftest.report import Check, CheckFailed, Report, console

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from PySide6.QtWidgets import QApplication

_PRIVATE = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
"""Where Qt and what it uses would write something down."""


def run(file: Path | None, *, has_display: bool) -> int:
    """Run all checks, and show what they find.

    Nothing of the user is read or written: neither settings, nor histories, nor the keyring.

    Args:
        file: Where the report is written as well: a program without console has only that.
        has_display: Whether there is a display; without one the window is drawn off the screen.

    Returns:
        The exit code: 0 if all checks passed.
    """
    if not has_display:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    try:
        report = Report(_heading(has_display), stream=console(), file=file)
    except OSError as error:
        if sys.stderr is not None:
            sys.stderr.write(f"The report cannot be written to {file}: {error.strerror}.\n")
        return 1
    folder = Path(tempfile.mkdtemp(prefix="chatelaine-self-test-"))
    with Check(report, "leftovers") as leftovers:
        try:
            with _private_places(folder):
                _run_checks(report, folder)
        finally:
            _remove(folder)
        if folder.exists():
            raise CheckFailed(f"{folder} could not be removed.")
        leftovers.found("nothing is left behind")
    report.close()
    return 0 if report.passed else 1


def _run_checks(report: Report, folder: Path) -> None:
    from chatelaine.selftest import encryption, licence_texts, own_modules, system_parts

    for name, check in (
        ("modules", own_modules.check),
        ("primitives", encryption.check_primitives),
        ("engine", encryption.check_engine),
        ("vault", lambda: asyncio.run(encryption.check_vault(_made(folder / "vault")))),
        ("keyrings", system_parts.check_keyrings),
        ("certificates", system_parts.check_certificates),
        ("highlighting", system_parts.check_highlighting),
        ("licences", licence_texts.check_licences),
    ):
        _hold(report, name, check)
    _run_qt_checks(report, folder)


def _run_qt_checks(report: Report, folder: Path) -> None:
    from chatelaine.selftest import qt_parts

    chosen = os.environ.get("QT_QPA_PLATFORM", "")
    passed = _hold(report, "plug-ins", lambda: qt_parts.check_plugins(chosen))
    application: list[QApplication] = []

    def start() -> str:
        if not passed:
            raise CheckFailed("It is not tried: without its plug-ins Qt would end the process.")
        application.append(_application())
        screen = application[0].primaryScreen().size()
        return f"{application[0].platformName()}, {screen.width()} x {screen.height()} pixels"

    if not _hold(report, "application", start):
        return
    for name, check in (
        ("fonts", qt_parts.check_fonts),
        ("symbols", qt_parts.check_symbols),
        ("pictures", qt_parts.check_pictures),
    ):
        _hold(report, name, check)
    _hold(report, "event loop", lambda: _run_in_loop(report, folder, application[0]))


def _run_in_loop(report: Report, folder: Path, application: QApplication) -> str:
    from chatelaine.gui import event_loop
    from chatelaine.selftest import conversation

    raised: list[BaseException] = []
    passed: list[str] = []

    async def main() -> None:
        await asyncio.sleep(0)
        if await asyncio.to_thread(os.getpid) != os.getpid():
            raise CheckFailed("Worker threads do not work.")
        bell, talk = _made(folder / "bell"), _made(folder / "talk")
        await _hold_async(report, "second start", lambda: conversation.check_second_start(bell))
        await _hold_async(report, "conversation", lambda: conversation.check_conversation(talk))
        passed.append("asyncio runs within Qt, with worker threads")

    event_loop.run(application, main, application.quit, raised.append)
    if raised:
        raise raised[0]
    return passed[0]


def _hold(report: Report, name: str, check: Callable[[], str]) -> bool:
    with Check(report, name) as held:
        held.found(check())
    return held.passed


async def _hold_async(report: Report, name: str, check: Callable[[], Awaitable[str]]) -> None:
    with Check(report, name) as held:
        held.found(await check())


def _application() -> QApplication:
    """Make Qt's application as the program does."""
    from PySide6.QtCore import QLoggingCategory
    from PySide6.QtWidgets import QApplication

    from chatelaine.gui.theme.appearance import STYLE_ARGUMENTS, Appearance

    # The answer has words in many scripts; for which of them a machine has fonts is not the point.
    QLoggingCategory.setFilterRules("qt.text.font.db=false")
    application = QApplication([*sys.argv[:1], *STYLE_ARGUMENTS])
    application.setApplicationName("chatelaine")
    application.setApplicationDisplayName("Chatelaine")
    application.setQuitOnLastWindowClosed(False)
    Appearance(application, is_styled=True)
    return application


# ---------------------------------------------------------------------------- surroundings


def _heading(has_display: bool) -> list[str]:
    from importlib.metadata import PackageNotFoundError, version

    def of(name: str) -> str:
        try:
            return version(name)
        except PackageNotFoundError:
            return "(unknown)"

    kind = "bundle" if getattr(sys, "frozen", False) else "Python package"
    where = "" if has_display else ", off the screen, since there is no display"
    system = f"{platform.system()} {platform.release()} on {platform.machine()}"
    try:
        import PySide6

        qt = f"Qt for Python {PySide6.__version__}"
    except ImportError:
        qt = "no Qt for Python"
    return [
        f"Self-test of Chatelaine {of('chatelaine')}, a {kind}{where}",
        f"Python {platform.python_version()}, {qt}, {system}",
    ]


def _made(folder: Path) -> Path:
    folder.mkdir(mode=0o700)
    return folder


@contextmanager
def _private_places(folder: Path) -> Iterator[None]:
    """Have whatever would write something down for this user do so in a folder of its own."""
    before = {name: os.environ.get(name) for name in _PRIVATE}
    for name in _PRIVATE:
        os.environ[name] = str(_made(folder / name.lower()))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
