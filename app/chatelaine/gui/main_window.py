"""The main window, in two steps: first what takes typing, then all the rest.

The first step imports and makes as little as an honest window needs: at its size, in its colours,
with the composer in the place that it keeps. The second one fills the rest in around it. What the
user does in between is kept for what comes.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from PySide6.QtCore import QKeyCombination, Qt, Signal
from PySide6.QtWidgets import QMainWindow, QStackedWidget

from chatelaine.gui.menus import BAR
from chatelaine.gui.overriding import override
from chatelaine.gui.window_geometry import restore
from chatelaine.gui.workspace_frame import WorkspaceFrame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from PySide6.QtGui import QCloseEvent, QKeyEvent

    from chatelaine.gui.opening import Wanted
    from chatelaine.gui.window_contents import WindowContents
    from chatelaine.gui.workspace_page import WorkspacePage
    from chatelaine.settings.schema import Settings
    from chatelaine.workspace import Workspace

_IN_PORTIONS = (
    "chatelaine.gui.failures",
    "chatelaine.gui.actions",
    "chatelaine.store.records",
    "chatelaine.gui.sidebar.thread_list",
    "chatelaine.gui.workspace_page",
    "chatelaine.gui.window_contents",
)
"""What the rest of the window needs, in portions none of which is felt while one types."""


class MainWindow(QMainWindow):
    """The window of the program.

    Attributes:
        frame: The regions of the page with the threads.
        has_left: Whether the user, or the system, has left before there were any contents.

    Signals:
        settings_changed: Settings that are to be applied and kept.
        closed: Everything is saved and closed.
    """

    settings_changed = Signal(object)
    closed = Signal()

    def __init__(
        self, settings: Settings, usual_history: Path, save: Callable[[Settings], None]
    ) -> None:
        """Make what takes typing.

        Args:
            settings: What the user has chosen.
            usual_history: Where the history is unless another one was opened.
            save: Writes settings to the disk; it is called in a worker thread.
        """
        super().__init__()
        self.setObjectName("mainWindow")
        self.setWindowTitle("Chatelaine")
        self.setMinimumSize(480, 360)
        self._contents: WindowContents | None = None
        self.has_left = False
        self._settings = settings
        self._usual_history = usual_history
        self._save = save
        self._failures: list[BaseException] = []
        self._wanted: Wanted | None = None
        self.frame = WorkspaceFrame()
        self._pages = QStackedWidget()
        self._pages.addWidget(self.frame)
        self.setCentralWidget(self._pages)
        for menu in BAR:  # as the bar looks; what opens comes with the contents
            self.menuBar().addAction(menu)
        restore(self, self.frame.splitter, settings)
        self.frame.composer.setFocus()

    def furnish(self) -> None:
        """Make all the rest, at once."""
        for _ in self.furnish_in_portions():
            pass

    def furnish_in_portions(self) -> Iterator[None]:
        """Make all the rest; between its portions the user is to be heard."""
        for name in _IN_PORTIONS:
            import_module(name)
            yield
        from chatelaine.gui.tasks import TaskScope
        from chatelaine.gui.window_contents import WindowContents
        from chatelaine.gui.workspace_page import WorkspacePage

        scope = TaskScope(self.show_failure)
        page = WorkspacePage(scope, self.frame)
        yield
        contents = WindowContents(
            self,
            self._pages,
            page,
            scope=scope,
            settings=self._settings,
            usual_history=self._usual_history,
            save=self._save,
        )
        contents.settings_changed.connect(self.settings_changed)
        contents.closed.connect(self.closed)
        self._contents = contents

    def start(self) -> None:
        """Open the history; to be called in the running loop, after the window is shown."""
        self.contents.start()
        failures, self._failures = self._failures, []
        for failure in failures:
            self.show_failure(failure)
        if (wanted := self._wanted) is not None:
            self.open_wanted(wanted)

    # ------------------------------------------------------------------ what is in it

    @property
    def contents(self) -> WindowContents:
        """All that is in the window and what it does, once it is furnished."""
        assert self._contents is not None  # noqa: S101 - nobody else asks before
        return self._contents

    @property
    def is_furnished(self) -> bool:
        """Whether there is more than takes typing."""
        return self._contents is not None

    @property
    def workspace_page(self) -> WorkspacePage:
        """The page with the threads."""
        return self.contents.workspace_page

    @property
    def open_workspace(self) -> Workspace | None:
        """What is open; None once it is on its way out."""
        return None if self._contents is None else self._contents.open_workspace

    @property
    def ends(self) -> bool:
        """Whether everything is being closed, for good."""
        return self.has_left or (self._contents is not None and self._contents.ends)

    # ------------------------------------------------------------------ what may come at any time

    def open_wanted(self, wanted: Wanted) -> None:
        """Open what was asked for from outside, as soon as there is a history for it."""
        if self._contents is None:
            self._wanted = wanted
        else:
            self._contents.open_wanted(wanted)

    def show_failure(self, error: BaseException) -> None:
        """Tell the user of a failure, at once or as soon as that can be done."""
        if self._contents is None:
            self._failures.append(error)
        else:
            self._contents.show_failure(error)

    def leave(self) -> None:
        """Save and close everything; `closed` follows, unless there was nothing yet."""
        if self._contents is None:
            self.has_left = True
            self.hide()
        else:
            self._contents.leave()

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        event.ignore()
        if self._contents is None:
            self.leave()
        else:
            self._contents.ask_to_leave()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        quits = QKeyCombination(Qt.KeyboardModifier.ControlModifier, Qt.Key.Key_Q)
        # The menus have this key as soon as they are there.
        if self._contents is None and event.keyCombination() == quits:
            self.leave()
        else:
            super().keyPressEvent(event)
