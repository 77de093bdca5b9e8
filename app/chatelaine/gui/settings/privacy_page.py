"""How long what was thrown away is kept."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QLabel, QRadioButton, QVBoxLayout, QWidget

from chatelaine.gui.widgets.note import Note
from chatelaine.settings.schema import TRASH_DAYS, Settings

_FOR_EVER = "For &ever"


class PrivacyPage(QWidget):
    """What is chosen here counts when the settings are saved."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._group = QButtonGroup(self)
        self._buttons: dict[int, QRadioButton] = {}
        column = QVBoxLayout(self)
        column.setSpacing(6)
        heading = QLabel("Keep threads in the trash")
        heading.setProperty("role", "heading")
        column.addWidget(heading)
        for days in (*filter(None, TRASH_DAYS), 0):
            button = QRadioButton(f"For &{days} days" if days else _FOR_EVER)
            button.setObjectName(f"trash-{days}")
            self._group.addButton(button)
            self._buttons[days] = button
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        note = Note()
        note.say(
            "After that they are deleted for good: from the history file, the search index and "
            "the undo history. Backups keep what they have until they are replaced or deleted."
        )
        column.addWidget(note)
        column.addStretch(1)
        self.load(Settings())

    def load(self, settings: Settings) -> None:
        """Show what is set."""
        self._buttons[settings.trash_days].setChecked(True)

    def trash_days(self) -> int:
        """Give what is chosen: days, or 0 for ever."""
        return next(days for days, button in self._buttons.items() if button.isChecked())
