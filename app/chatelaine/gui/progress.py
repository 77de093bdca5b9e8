"""What the user sees of something that takes its time, and the button that stops it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from PySide6.QtCore import QLocale, QTimer, Signal
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from chatelaine.errors import HistoryInterrupted
from chatelaine.gui.overriding import override
from chatelaine.gui.widgets.note import Note
from chatelaine.gui.widgets.spinner import Spinner
from chatelaine.store.progress import Progress, Stage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")

PATIENCE_MS = 300
"""What is over sooner shows no dialog."""
_LOOK_MS: Final = 50
_PARTS: Final = 1000
_WIDTH: Final = 440
_STOPPING: Final = "Stopping… Nothing half-written is left behind."
_WORDS: Final = {
    Stage.STARTING: "Getting ready…",
    Stage.COPYING: "Copying: {done} of {total} pages",
    Stage.WRITING: "Writing: {done} of {total}",
    Stage.UNPACKING: "Unpacking: {done} of {total}",
    Stage.CHECKING: "Checking every page. How long that takes is not known.",
    Stage.COMPARING: "Comparing: {done} of {total}",
    Stage.READING: "Reading: {done} entries so far. How many there are is not known.",
    Stage.ARRANGING: "Putting everything in its place…",
    Stage.ADDING: "Adding threads: {done} of {total}",
}
_IN_BYTES: Final = frozenset({Stage.WRITING, Stage.UNPACKING})


class ProgressView(QWidget):
    """Says what is being done and how far it is: with a bar, or a turning ring if nobody knows.

    Signals:
        cancelled(): It is to stop.
    """

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._progress: Progress | None = None
        self._words = Note()
        self._words.setObjectName("progressWords")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Progress")
        self._bar.setRange(0, _PARTS)
        self._ring = Spinner()
        self._cancel = QPushButton("Cancel")
        self._cancel.setObjectName("cancelProgress")
        self._cancel.setAutoDefault(True)
        self._cancel.clicked.connect(self.stop)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self._ring)
        line.addWidget(self._words, 1)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self._cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addLayout(line)
        column.addWidget(self._bar)
        column.addLayout(buttons)
        self._timer = QTimer(self, interval=_LOOK_MS)
        self._timer.timeout.connect(self._look)

    def follow(self, progress: Progress) -> None:
        """Show how far something is from now on."""
        self._progress = progress
        self._cancel.setEnabled(True)
        self._look()
        self._timer.start()

    def leave(self) -> None:
        """Look no more: it is over."""
        self._timer.stop()
        self._progress = None

    def stop(self) -> None:
        """Have it end; it is followed until it has."""
        if self._progress is not None and not self._progress.stopped:
            self._progress.stop()
            self._look()
            self.cancelled.emit()

    def _look(self) -> None:
        if self._progress is None:
            return
        reached = self._progress.reached
        stopped = self._progress.stopped
        known = reached.total > 0 and not stopped
        self._cancel.setEnabled(not stopped)
        self._ring.setVisible(not known)
        self._bar.setVisible(known)
        if known:
            self._bar.setValue(round(_PARTS * reached.done / reached.total))
        locale = QLocale()
        shown = locale.formattedDataSize if reached.stage in _IN_BYTES else locale.toString
        words = _WORDS[reached.stage]
        if "{total}" in words and not known:
            words = _WORDS[Stage.STARTING]
        said = words.format(done=shown(reached.done), total=shown(reached.total))
        self._words.say(_STOPPING if stopped else said)


class ProgressDialog(QDialog):
    """A view of progress in a window of its own; it closes when the work has ended."""

    def __init__(self, title: str, progress: Progress, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("progressDialog")
        self.setWindowTitle("Chatelaine")
        heading = QLabel(title)
        heading.setProperty("role", "heading")
        self._view = ProgressView()
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 18)
        column.setSpacing(10)
        column.addWidget(heading)
        column.addWidget(self._view)
        self.setFixedWidth(_WIDTH)
        self._view.follow(progress)
        self._patience = QTimer(self, singleShot=True, interval=PATIENCE_MS)
        self._patience.timeout.connect(self.show)
        self._patience.start()

    def end(self) -> None:
        """Go: the work has ended."""
        self._patience.stop()
        self._view.leave()
        self.done(QDialog.DialogCode.Accepted)
        self.deleteLater()

    @override
    def reject(self) -> None:
        """Have the work stop; the dialog goes when it has."""
        self._view.stop()


async def with_progress(
    parent: QWidget,
    title: str,
    work: Callable[[Progress], Awaitable[T]],
    *,
    modal: bool = False,
) -> T | None:
    """Do something while it is shown how far it is.

    Args:
        parent: The window.
        title: What is being done.
        work: Does it; it stops when its progress is stopped.
        modal: Whether the window takes nothing meanwhile.

    Returns:
        What came of it; None where the user has stopped it.
    """
    progress = Progress()
    dialog = ProgressDialog(title, progress, parent)
    if modal:
        dialog.open()  # at once: what is below must not be asked for the same again
    try:
        return await work(progress)
    except HistoryInterrupted:
        if not progress.stopped:
            raise
        return None
    finally:
        progress.stop()  # where whoever waited has gone, a thread still works
        dialog.end()
