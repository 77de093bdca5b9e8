"""Everything that is shipped, and its licence word for word."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from chatelaine.gui.help.licences import components
from chatelaine.gui.widgets.roomy import roomy
from chatelaine.gui.widgets.text_dialog import code_view

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatelaine.gui.help.licences import Component
    from chatelaine.gui.tasks import TaskScope

_WIDTH, _HEIGHT, _NAMES = 980, 640, 220
_BETWEEN = "\n\n" + "-" * 24 + "\n\n"
_READING = "licences"


class LicencesDialog(QDialog):
    """Names on the left, the licence of the chosen one on the right."""

    def __init__(self, scope: TaskScope, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("licencesDialog")
        self.setWindowTitle("Licences")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._found: Sequence[Component] = ()
        title = QLabel("Licences")
        title.setProperty("role", "title")
        explanation = QLabel(
            "Chatelaine consists of these parts, each with the licence under which it is passed on."
        )
        explanation.setWordWrap(True)
        self.names = QListWidget()
        self.names.setObjectName("licenceNames")
        self.names.setAccessibleName("Parts")
        self.names.setProperty("role", "names")
        self.names.setFixedWidth(roomy(self, _NAMES, _NAMES).width())
        self.text = code_view("Looking for the licences…")
        self.text.setObjectName("licenceText")
        self.text.setAccessibleName("Licence")
        both = QHBoxLayout()
        both.setSpacing(12)
        both.addWidget(self.names)
        both.addWidget(self.text, 1)
        close = QPushButton("&Close")
        close.clicked.connect(self.reject)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(24, 22, 24, 20)
        whole.setSpacing(12)
        whole.addWidget(title)
        whole.addWidget(explanation)
        whole.addLayout(both, 1)
        whole.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
        self.resize(roomy(self, _WIDTH, _HEIGHT))
        self.names.currentRowChanged.connect(self._show)
        self.names.setFocus()
        # It may be closed before all is read.
        self.finished.connect(lambda _result: scope.cancel(_READING))
        scope.start(self._fill(), name=_READING, replace=_READING)

    async def _fill(self) -> None:
        try:
            found = await asyncio.to_thread(components)
        except (OSError, ValueError) as error:
            self.text.setPlainText(
                "The licences were not found: this build of Chatelaine is not complete. "
                f"({type(error).__name__})"
            )
            return
        self._found = found
        self.names.addItems([one.name for one in found])
        self.names.setCurrentRow(0)

    def _show(self, row: int) -> None:
        if 0 <= row < len(self._found):
            self.text.setPlainText(_words(self._found[row]))


def _words(one: Component) -> str:
    head = [f"{one.name} {one.version}".rstrip(), one.licence, one.homepage]
    parts = ["\n".join(line for line in head if line)]
    if one.note:
        parts.append(one.note)
    return "\n\n".join(parts) + _BETWEEN + _BETWEEN.join(text.strip("\n") for text in one.texts)
