"""A dialog that shows a text line by line, as it is, to be read and copied from."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from chatelaine.gui.theme import fonts
from chatelaine.gui.widgets.roomy import roomy

_WIDTH, _HEIGHT = 620, 560


class TextDialog(QDialog):
    """Shows a text under a heading and some words about it."""

    def __init__(self, title: str, about: str, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        heading = QLabel(title)
        heading.setProperty("role", "title")
        explanation = QLabel(about)
        explanation.setWordWrap(True)
        self.text = code_view(text)
        self.text.setAccessibleName(title)
        close = QPushButton("&Close")
        close.clicked.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 22, 24, 20)
        column.setSpacing(12)
        column.addWidget(heading)
        column.addWidget(explanation)
        column.addWidget(self.text, 1)
        column.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
        self.resize(roomy(self, _WIDTH, _HEIGHT))
        close.setFocus()


def code_view(text: str) -> QPlainTextEdit:
    """Make a field that shows a text in the font of code, and that nobody can write into."""
    view = QPlainTextEdit()
    view.setProperty("role", "card")
    view.setReadOnly(True)
    view.document().setDocumentMargin(10)
    view.setFont(fonts.code_font(fonts.CODE_PX * fonts.current_scale() * 0.92))
    view.setPlainText(text)
    return view
