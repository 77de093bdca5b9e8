"""The application: from the arguments to the last goodbye.

The order of the start is chosen for the first key. First comes what takes it: Qt, and a window in
which there is the composer and plain ground. While that is shown and takes typing, the rest of the
window is imported and made, with asyncio and its loop, in portions between which keys are heard.
Everything else that costs (the vault, the store, later the clients of model servers) is imported
in a worker thread after that. So nothing is imported at the top here that the first step can do
without.
"""

from __future__ import annotations

import gc
import sys
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEventLoop, QLoggingCategory, Qt, QTimer
from PySide6.QtWidgets import QApplication

from chatelaine import paths
from chatelaine.errors import SettingsUnreadable
from chatelaine.gui.main_window import MainWindow
from chatelaine.gui.theme.appearance import STYLE_ARGUMENTS, Appearance, Contrast, Scheme
from chatelaine.settings import storage
from chatelaine.settings.schema import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from chatelaine.gui.opening import Wanted

DESKTOP_FILE = "io.github.chatelaine.Chatelaine"
"""By this name desktops find the entry of the program: its icon, and where its windows belong."""
_DONE: Final = object()


def run(wanted: Wanted | None = None) -> int:
    """Show the window and stay until it is closed; give the exit code.

    Args:
        wanted: What is to be opened as soon as the history is.
    """
    # Fonts that lack a script are made up for by others: nothing that anybody could do about it.
    QLoggingCategory.setFilterRules("qt.text.font.db=false")
    application = QApplication([*sys.argv[:1], *STYLE_ARGUMENTS])
    application.setApplicationName("chatelaine")
    application.setApplicationDisplayName("Chatelaine")
    application.setDesktopFileName(DESKTOP_FILE)
    # The window hides before everything is saved; only then may the loop end.
    application.setQuitOnLastWindowClosed(False)
    folders = paths.user_folders()
    settings, problem = _load_settings(folders.config)
    appearance = Appearance(
        application,
        Scheme(settings.theme),
        settings.text_size / 100,
        contrast=Contrast(settings.contrast),
        is_styled=True,
        fonts_later=True,
    )
    window = MainWindow(
        settings,
        folders.data / paths.HISTORY_NAME,
        save=partial(storage.save, folders.config),
    )
    window.settings_changed.connect(partial(_dress, appearance))
    sys.excepthook = partial(_report, window)
    # The end of the session leaves no time for questions.
    application.commitDataRequest.connect(lambda _manager: window.leave())
    if sys.platform == "darwin":  # elsewhere such wishes come as an argument
        from chatelaine.gui.open_events import hear_open_events

        hear_open_events(application, window.open_wanted)
    if wanted is not None:
        window.open_wanted(wanted)
    if problem is not None:
        window.show_failure(problem)
    window.show()
    if _furnish(window, _portions(window, appearance, settings)):
        _run(application, window, appearance, folders.data, wanted)
    return 0


def _furnish(window: MainWindow, portions: Iterator[None]) -> bool:
    """Make the rest, portion by portion, while the window takes typing.

    Returns:
        Whether it is wanted: it is not, where the window was left meanwhile.
    """
    # No asyncio yet, so Qt's own loop; it has ended before the other one begins.
    loop = QEventLoop()
    failed: list[BaseException] = []

    def go_on() -> None:
        try:
            if window.has_left or next(portions, _DONE) is _DONE:
                loop.quit()
        except BaseException as error:  # noqa: BLE001 - whoever runs the loop is to have it
            failed.append(error)
            loop.quit()

    # One that waits no time fires when all that the user has done has been heard.
    timer = QTimer(interval=0)
    timer.timeout.connect(go_on)
    timer.start()
    loop.exec()
    timer.stop()
    if failed:
        sys.excepthook = sys.__excepthook__  # no window will ever tell of it
        raise failed[0]
    return not window.has_left


def _portions(window: MainWindow, appearance: Appearance, settings: Settings) -> Iterator[None]:
    """Import and make all that comes after the first key, in portions too small to be felt."""
    from chatelaine import log

    # What was made so far stays; from here on there may be garbage.
    gc.freeze()
    gc.enable()
    log.configure()
    yield
    appearance.show_fonts()
    yield
    appearance.show_icon()
    yield
    window.settings_changed.connect(partial(_move, appearance))
    _move(appearance, settings)
    yield
    from chatelaine.deferred import defer

    defer()  # before anything imports asyncio
    import chatelaine.gui.event_loop  # noqa: F401 - it is run after this

    yield
    # Last: what is in the window does its work in asyncio's loop, and that comes right after.
    yield from window.furnish_in_portions()


def _run(
    application: QApplication,
    window: MainWindow,
    appearance: Appearance,
    data: Path,
    wanted: Wanted | None,
) -> None:
    """Open the history, and stay until the window is closed."""
    import asyncio

    from chatelaine.gui import event_loop
    from chatelaine.gui.single_instance import Doorbell
    from chatelaine.gui.tasks import TaskScope

    async def main() -> None:
        closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        window.closed.connect(partial(closed.set_result, None))
        listening = TaskScope(window.show_failure)
        doorbell = Doorbell(data, partial(_come_forward, window), wanted)
        try:
            if await doorbell.listen():
                window.start()
                listening.start(appearance.listen(), name="listen")
            else:
                window.leave()
            await closed
        finally:
            await listening.close()
            await doorbell.aclose()

    event_loop.run(application, main, window.leave, window.show_failure)


def _load_settings(folder: Path) -> tuple[Settings, SettingsUnreadable | None]:
    """Read the settings: a small file, and the window cannot be shown as it was without it."""
    try:
        return storage.load(folder).settings, None
    except SettingsUnreadable as error:
        return Settings(), error


def _come_forward(window: MainWindow, wanted: Wanted | None) -> bool:
    """Show the window to whoever has started the program again; tell whether it still can be."""
    if window.ends or not window.isVisible():
        return False  # everything is being saved; nobody comes back from there
    window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
    window.raise_()
    window.activateWindow()
    if wanted is not None:
        window.open_wanted(wanted)
    return True


def _dress(appearance: Appearance, settings: Settings) -> None:
    appearance.set_scheme(Scheme(settings.theme))
    appearance.set_contrast(Contrast(settings.contrast))
    appearance.set_scale(settings.text_size / 100)


def _move(appearance: Appearance, settings: Settings) -> None:
    from chatelaine.gui.theme.motion import Motion

    appearance.set_motion(Motion(settings.motion))


def _report(
    window: MainWindow,
    kind: type[BaseException],
    error: BaseException,
    traceback: TracebackType | None,
) -> None:
    """Tell of what no slot has caught; without the words of the user it may hold."""
    del kind, traceback
    window.show_failure(error)
