"""What the user sees when something fails, and in what words.

A foreseen failure carries its own words. Anything else is a bug: of it only the kind and the place
in the code are shown, never its text, which may hold what somebody wrote.
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from chatelaine.errors import ChatelaineError
from chatelaine.gui.overriding import override
from chatelaine.gui.theme import icons
from chatelaine.gui.theme import palette as palettes
from chatelaine.gui.theme.palette import colour
from chatelaine.gui.widgets.icon_button import IconButton
from chatelaine.gui.widgets.line_breaks import breakable
from chatelaine.gui.widgets.message_box import MessageBox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_PACKAGE = PurePath(__file__).parents[1]
_ABOVE, _BESIDE = 12, 16
_SYMBOL = 20
_LARGE_SYMBOL = 40

_BUG_TITLE = "Something went wrong inside Chatelaine"
_BUG_MESSAGE = (
    "This is a mistake in the program, not something you did. What you have written is kept. "
    "If it happens again, please report it with the details: they contain nothing of your text."
)


@dataclass(frozen=True, slots=True)
class Failure:
    """A failure in words.

    Attributes:
        title: What happened, in a few words.
        message: What it means and what the user can do.
        details: For a bug: its kind and its places in the code, one per line.
    """

    title: str
    message: str
    details: str = ""


def describe(error: BaseException) -> Failure:
    """Put an error into words; of a group with foreseen failures, into those of the first."""
    foreseen = next((one for one in _leaves(error) if isinstance(one, ChatelaineError)), None)
    if foreseen is not None:
        return Failure(foreseen.title, foreseen.message)
    details = "\n".join(line for one in _leaves(error) for line in _outline(one))
    return Failure(_BUG_TITLE, _BUG_MESSAGE, details)


def kind_of(error: BaseException) -> str:
    """Give the kinds of an error and of what has caused it, without any of its words."""
    kinds = []
    for one in _leaves(error):
        cause = one.__cause__
        because = "" if cause is None else f" because of {type(cause).__name__}"
        kinds.append(type(one).__name__ + because)
    return " and ".join(kinds)


def show(parent: QWidget, failure: Failure) -> QMessageBox:
    """Open a message box and return at once.

    The same failure is not shown twice at a time: a box that says it already is brought to the
    front and returned.
    """
    message = breakable(failure.message)
    for shown in parent.findChildren(QMessageBox):
        if shown.isVisible() and (shown.text(), shown.informativeText()) == (
            failure.title,
            message,
        ):
            shown.raise_()
            return shown
    box = MessageBox(parent, failure.title, failure.message)
    box.setObjectName("failure")
    box.setIconPixmap(
        icons.pixmap("error", palettes.current().danger, _LARGE_SYMBOL, parent.devicePixelRatioF())
    )
    box.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    box.setDetailedText(failure.details)
    box.setStandardButtons(QMessageBox.StandardButton.Ok)
    box.open()
    return box


class Tone(StrEnum):
    """How grave a notice is."""

    INFO = "info"
    WARNING = "warning"
    DANGER = "danger"


@dataclass(frozen=True, slots=True)
class _Look:
    """How a tone looks: a symbol, and roles of the palette."""

    symbol: str
    colour: str
    ground: str


_LOOKS = {
    Tone.INFO: _Look("info", "accent", "accent_soft"),
    Tone.WARNING: _Look("warning", "warning", "warning_soft"),
    Tone.DANGER: _Look("error", "danger", "danger_soft"),
}


class FailureBanner(QWidget):
    """A failure or a notice that stops nothing, told in the window; hidden until there is one.

    Signals:
        dismissed(): The user closed it.
    """

    dismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("failureBanner")
        self._tone = Tone.DANGER
        self._symbol = QLabel()
        self._title = _label("failureTitle")
        self._title.setProperty("role", "heading")
        self._message = _label("failureMessage")
        self._buttons = QHBoxLayout()
        self._close = IconButton("close", "Close this notice")
        self._close.setObjectName("failureClose")
        self._close.clicked.connect(self._dismiss)

        words = QVBoxLayout()
        words.setSpacing(3)
        words.addWidget(self._title)
        words.addWidget(self._message)
        words.addSpacing(4)
        words.addLayout(self._buttons)
        row = QHBoxLayout(self)
        row.setContentsMargins(_BESIDE, _ABOVE, _BESIDE - 6, _ABOVE)
        row.setSpacing(10)
        row.addWidget(self._symbol, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        row.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    def show_failure(
        self,
        failure: Failure,
        actions: Mapping[str, Callable[[], object]],
        tone: Tone = Tone.DANGER,
    ) -> None:
        """Show a failure in place of the one before.

        Args:
            failure: What to say.
            actions: What the user can do about it: a button's text and what it calls.
            tone: How grave it is.
        """
        self._tone = tone
        self._paint_symbol()
        self.update()
        self._title.setText(failure.title)
        self._message.setText(failure.message)
        while (item := self._buttons.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for text, call in actions.items():
            button = QPushButton(text, self)
            button.clicked.connect(lambda _checked=False, call=call: call())
            self._buttons.addWidget(button)
        self._buttons.addStretch(1)
        self.setAccessibleName(failure.title)
        self.setAccessibleDescription(failure.message)
        self.show()

    def clear(self) -> None:
        """Take the notice away: its reason is gone."""
        self.hide()

    def _dismiss(self) -> None:
        self.hide()
        self.dismissed.emit()

    def _paint_symbol(self) -> None:
        look = _LOOKS[self._tone]
        role = getattr(palettes.current(), look.colour)
        picture = icons.pixmap(look.symbol, role, _SYMBOL, self.devicePixelRatioF())
        self._symbol.setPixmap(picture)

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self._paint_symbol()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        palette, look = palettes.current(), _LOOKS[self._tone]
        painter = QPainter(self)
        painter.fillRect(self.rect(), colour(getattr(palette, look.ground)))
        painter.fillRect(0, self.height() - 1, self.width(), 1, colour(palette.border))
        painter.end()


def _label(name: str) -> QLabel:
    label = QLabel()
    label.setObjectName(name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    # Its height comes from its width; what Qt would demand is the height for a narrow column.
    label.setMinimumHeight(1)
    return label


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _leaves(one)
    else:
        yield error


def _outline(error: BaseException) -> Iterator[str]:
    """Kinds and places alone: no message, no line of source, no folder of the user's."""
    yield type(error).__name__
    frames = list(traceback.walk_tb(error.__traceback__))
    for frame, line in frames:
        path = PurePath(frame.f_code.co_filename)
        if path.is_relative_to(_PACKAGE):
            yield f"  {path.relative_to(_PACKAGE).as_posix()}:{line} in {frame.f_code.co_name}"
        elif frame is frames[-1][0]:
            yield f"  {path.name}:{line} in {frame.f_code.co_name}"
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield "caused by"
        yield from _outline(before)
