"""A message box that is wide enough to be read: Qt makes it as narrow as its title."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QMessageBox, QWidget

from chatelaine.gui.widgets.line_breaks import breakable

_WIDTH: Final = 400


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
            heading.setWordWrap(True)
        for name in ("qt_msgbox_label", "qt_msgbox_informativelabel"):
            label = self.findChild(QLabel, name)
            if label is not None:
                label.setMinimumWidth(_WIDTH)
