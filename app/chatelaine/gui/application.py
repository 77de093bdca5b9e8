"""The application: from the arguments to the last goodbye.

The order of the start is chosen for the first key: Qt and the window come first, everything that
costs (the vault, the store, later the clients of model servers) is imported in a worker thread once
the window is shown and takes typing.
"""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QLoggingCategory, Qt
from PySide6.QtWidgets import QApplication

from chatelaine import paths
from chatelaine.errors import SettingsUnreadable
from chatelaine.gui import event_loop
from chatelaine.gui.main_window import MainWindow
from chatelaine.gui.single_instance import Doorbell
from chatelaine.gui.tasks import TaskScope
from chatelaine.gui.theme.appearance import STYLE_ARGUMENTS, Appearance, Contrast, Scheme
from chatelaine.gui.theme.motion import Motion
from chatelaine.settings import storage
from chatelaine.settings.schema import Settings

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from chatelaine.gui.opening import Wanted

DESKTOP_FILE = "io.github.chatelaine.Chatelaine"
"""By this name desktops find the entry of the program: its icon, and where its windows belong."""


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
        application, Scheme(settings.theme), settings.text_size / 100, is_styled=True
    )
    _dress(appearance, settings)
    window = MainWindow(
        settings,
        folders.data / paths.HISTORY_NAME,
        save=partial(storage.save, folders.config),
    )
    window.settings_changed.connect(partial(_dress, appearance))
    window.settings_changed.connect(partial(_move, appearance))
    sys.excepthook = partial(_report, window)
    # The end of the session leaves no time for questions.
    application.commitDataRequest.connect(lambda _manager: window.leave())
    window.show()

    async def main() -> None:
        closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        window.closed.connect(partial(closed.set_result, None))
        listening = TaskScope(window.show_failure)
        # Neither is seen at the first moment.
        appearance.show_icon()
        _move(appearance, settings)
        if sys.platform == "darwin":  # elsewhere such wishes come as an argument
            from chatelaine.gui.open_events import hear_open_events

            hear_open_events(application, window.open_wanted)
        doorbell = Doorbell(folders.data, partial(_come_forward, window), wanted)
        try:
            if await doorbell.listen():
                if problem is not None:
                    window.show_failure(problem)
                window.start()
                if wanted is not None:
                    window.open_wanted(wanted)
                listening.start(appearance.listen(), name="listen")
            else:
                window.leave()
            await closed
        finally:
            await listening.close()
            await doorbell.aclose()

    event_loop.run(application, main, window.leave, window.show_failure)
    return 0


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
