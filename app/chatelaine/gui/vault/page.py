"""What the pages of the vault have in common: one column in the middle, under a symbol."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from chatelaine.gui.overriding import override
from chatelaine.gui.theme import icons
from chatelaine.gui.theme import palette as palettes
from chatelaine.gui.theme.palette import colour
from chatelaine.gui.widgets.line_breaks import breakable

_COLUMN = 560
_MARGIN = 24
_SEAL = 56
_SYMBOL = 28


class Page(QScrollArea):
    """A page with a symbol, a title and a message; more is added to `column`.

    Attributes:
        column: What is on the page, from top to bottom.
        seal: The symbol.
        title: The heading.
        message: What it means.
    """

    def __init__(self, symbol: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # The fields inside take the keys; the page itself has nothing to do with them.
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.title = words("title")
        self.title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.message = words("")
        self.message.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        inner = QWidget()
        middle = QWidget()
        middle.setMaximumWidth(_COLUMN)
        self.column = QVBoxLayout(middle)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(12)
        self.seal = Seal(symbol)
        self.column.addWidget(self.seal, 0, Qt.AlignmentFlag.AlignHCenter)
        self.column.addSpacing(4)
        self.column.addWidget(self.title)
        self.column.addWidget(self.message)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(middle, 1000)
        row.addStretch(1)
        outer = QVBoxLayout(inner)
        outer.setContentsMargins(_MARGIN, _MARGIN, _MARGIN, _MARGIN)
        outer.addStretch(1)
        outer.addLayout(row)
        outer.addStretch(2)
        self.setWidget(inner)

    def say(self, title: str, message: str) -> None:
        """Say something else; a message that is empty takes no room."""
        self.title.setText(title)
        self.message.setText(breakable(message))
        self.message.setVisible(bool(message))


class Seal(QWidget):
    """A symbol on a disc: in the colours of the house, or those of a warning."""

    def __init__(self, symbol: str) -> None:
        super().__init__()
        self._symbol = symbol
        self.setFixedSize(_SEAL, _SEAL)

    def show_symbol(self, symbol: str) -> None:
        """Show another one."""
        self._symbol = symbol
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(_SEAL, _SEAL)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        palette = palettes.current()
        ink, ground = palette.accent, palette.accent_soft
        if self._symbol == "warning":
            ink, ground = palette.warning, palette.warning_soft
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(ground))
        painter.drawEllipse(self.rect())
        edge = (_SEAL - _SYMBOL) / 2
        icons.paint(painter, self._symbol, ink, QRectF(edge, edge, _SYMBOL, _SYMBOL))
        painter.end()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self.update()


class BackButton(QPushButton):
    """Leads back to the history that was open before; hidden where there was none."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("back")
        self.setProperty("kind", "quiet")
        self.setAutoDefault(True)
        self.hide()

    def lead_to(self, name: str) -> None:
        """Name the history; '' for none."""
        self.setText(f"&Back to “{name.replace('&', '&&')}”")
        self.setVisible(bool(name))


def button(text: str, name: str, kind: str) -> QPushButton:
    """Make a button that Enter presses too; `kind` is one of the style sheet's."""
    made = QPushButton(text)
    made.setObjectName(name)
    made.setProperty("kind", kind)
    made.setAutoDefault(True)  # outside of dialogs Enter would do nothing
    return made


def set_kind(of: QPushButton, kind: str) -> None:
    """Let a button look like another one of the style sheet's kinds."""
    of.setProperty("kind", kind)
    of.style().unpolish(of)
    of.style().polish(of)


def buddy(text: str, field: QWidget) -> QLabel:
    """Make the name of a field; Alt and the marked letter lead into it."""
    label = QLabel(text)
    label.setBuddy(field)
    return label


def words(role: str) -> QLabel:
    """Make a label for words that are never markup; `role` is one of the style sheet's, or ''."""
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    # Its height comes from its width; what Qt would demand is the height for a narrow column.
    label.setMinimumHeight(1)
    if role:
        label.setProperty("role", role)
    return label
