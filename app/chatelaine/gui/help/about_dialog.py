"""What the program is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from chatelaine.gui.theme import icons
from chatelaine.gui.widgets.roomy import roomy

if TYPE_CHECKING:
    from collections.abc import Callable

_WIDTH = 460
_ICON = 72
_WHAT = (
    "A window for talking with AI agents. Everything that you write is kept in one encrypted file "
    "on this computer."
)
_LICENCE = (
    "Chatelaine is free software under the MIT licence. It is built with Python and with Qt, which "
    "is used under the GNU Lesser General Public License, version 3."
)


class AboutDialog(QDialog):
    """Says which version this is, what it is for and under which licence.

    Signals:
        licences_wanted: The texts of all licences are to be shown.
        diagnostics_wanted: What helps to find a fault is to be copied.
    """

    licences_wanted = Signal()
    diagnostics_wanted = Signal()

    def __init__(self, version: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("aboutDialog")
        self.setWindowTitle("About Chatelaine")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        picture = QLabel()
        picture.setPixmap(icons.app_icon().pixmap(_ICON, _ICON))
        picture.setAlignment(Qt.AlignmentFlag.AlignTop)
        title = QLabel("Chatelaine")
        title.setProperty("role", "title")
        self.version = QLabel(f"Version {version}")
        self.version.setObjectName("aboutVersion")
        self.version.setProperty("role", "muted")
        self.version.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(title)
        words.addWidget(self.version)
        words.addSpacing(10)
        words.addWidget(_paragraph(_WHAT))
        words.addSpacing(6)
        words.addWidget(_paragraph(_LICENCE))
        words.addStretch(1)
        head = QHBoxLayout()
        head.setSpacing(20)
        head.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        head.addLayout(words, 1)
        buttons = QHBoxLayout()
        buttons.addWidget(_button("&Licences…", "aboutLicences", self.licences_wanted.emit))
        buttons.addWidget(_button("Copy &diagnostics", "aboutDiagnostics", self._copy))
        buttons.addStretch(1)
        close = _button("&Close", "aboutClose", self.reject)
        close.setDefault(True)
        buttons.addWidget(close)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(24, 22, 24, 20)
        whole.setSpacing(18)
        whole.addLayout(head)
        whole.addLayout(buttons)
        self.resize(roomy(self, _WIDTH, self.sizeHint().height()))
        close.setFocus()

    def _copy(self) -> None:
        # What is said of it is said by the window, which this box would cover.
        self.accept()
        self.diagnostics_wanted.emit()


def _paragraph(text: str) -> QLabel:
    label = QLabel(text)
    label.setWordWrap(True)
    return label


def _button(text: str, name: str, do: Callable[[], object]) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    button.setAutoDefault(False)
    button.clicked.connect(lambda _checked: do())
    return button
