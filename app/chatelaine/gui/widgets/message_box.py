"""A message box that is wide enough to be read: Qt makes it as narrow as its title."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QGridLayout,
    QLabel,
    QMessageBox,
    QSizePolicy,
    QSpacerItem,
    QWidget,
)

from chatelaine.gui.overriding import override
from chatelaine.gui.widgets.line_breaks import breakable

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent

_WIDTH: Final = 400
_WITH: Final = (
    Qt.KeyboardModifier.AltModifier
    | Qt.KeyboardModifier.ControlModifier
    | Qt.KeyboardModifier.MetaModifier
)


class MessageBox(QMessageBox):
    """Says something under a heading; it is deleted when it closes."""

    def __init__(self, parent: QWidget, title: str, text: str) -> None:
        """Make it; `open` shows it.

        Args:
            parent: The window.
            title: The heading.
            text: The words under it.
        """
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Chatelaine")
        # Words of a server or of a page may be among them: they are text, never markup.
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(title)
        self.setInformativeText(breakable(text))
        heading = self.findChild(QLabel, "qt_msgbox_label")
        if heading is not None:
            heading.setProperty("role", "heading")
        # The labels keep a minimum of their own: with another, Qt would take any heading for one
        # that fits into a line, and cut it.
        grid = self.layout()
        if isinstance(grid, QGridLayout):
            wide = QSpacerItem(_WIDTH, 0, QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Minimum)
            grid.addItem(wide, grid.rowCount(), 0, 1, grid.columnCount())

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Qt's own boxes take a letter for Alt and that letter: whoever is still typing when one
        # opens would press its buttons.
        alone = not event.modifiers() & _WITH
        if alone and event.key() < Qt.Key.Key_Escape:
            event.accept()
        else:
            super().keyPressEvent(event)
