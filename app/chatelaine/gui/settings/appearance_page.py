"""How the window looks: its colours, how large its text is, and whether things move."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QRadioButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from chatelaine.gui.widgets.note import Note
from chatelaine.settings.schema import (
    LARGEST_TEXT,
    SMALLEST_TEXT,
    Contrast,
    Looks,
    Motion,
    Settings,
    Theme,
)

_THEMES = {
    Theme.SYSTEM: "&As the system is set",
    Theme.LIGHT: "&Light",
    Theme.DARK: "&Dark",
}
_CONTRASTS = {
    Contrast.SYSTEM: "As the system is set",
    Contrast.USUAL: "Usual",
    Contrast.HIGH: "High",
}
_MOTIONS = {
    Motion.SYSTEM: "As the system is set",
    Motion.FULL: "Things may move",
    Motion.REDUCED: "Things stand still",
}
_STEP = 10


class AppearancePage(QWidget):
    """Each choice is shown at once.

    Signals:
        changed(Looks): All that is chosen here.
    """

    changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._themes = QButtonGroup(self)
        self._buttons: dict[Theme, QRadioButton] = {}
        column = QVBoxLayout(self)
        column.setSpacing(6)
        heading = QLabel("Colours")
        heading.setProperty("role", "heading")
        column.addWidget(heading)
        for theme, text in _THEMES.items():
            button = QRadioButton(text)
            button.setObjectName(f"theme-{theme}")
            self._themes.addButton(button)
            self._buttons[theme] = button
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addSpacing(8)
        column.addLayout(self._build_boxes())
        column.addSpacing(14)
        column.addLayout(self._build_size())
        hint = Note()
        hint.say("Ctrl++ and Ctrl+- do the same in the window, Ctrl+0 puts it back to normal.")
        column.addWidget(hint)
        column.addStretch(1)
        self.load(Settings())
        self._themes.buttonToggled.connect(self._on_theme)
        self._contrast.currentIndexChanged.connect(self._tell)
        self._motion.currentIndexChanged.connect(self._tell)
        self._size.valueChanged.connect(self._on_size)
        self._normal.clicked.connect(lambda: self._size.setValue(Settings().text_size))

    def _build_boxes(self) -> QFormLayout:
        self._contrast = QComboBox()
        self._contrast.setObjectName("contrast")
        self._contrast.addItems(list(_CONTRASTS.values()))
        self._motion = QComboBox()
        self._motion.setObjectName("motion")
        self._motion.addItems(list(_MOTIONS.values()))
        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.addRow("&Contrast", self._contrast)
        form.addRow("&Movement", self._motion)
        return form

    def _build_size(self) -> QVBoxLayout:
        self._size = QSlider(Qt.Orientation.Horizontal)
        self._size.setObjectName("textSize")
        self._size.setAccessibleName("Text size in percent")
        self._size.setRange(SMALLEST_TEXT, LARGEST_TEXT)
        self._size.setSingleStep(_STEP)
        self._size.setPageStep(_STEP)
        self._shown_size = QLabel()
        self._shown_size.setMinimumWidth(self._shown_size.fontMetrics().horizontalAdvance("000 %"))
        self._normal = QPushButton("&Normal")
        self._normal.setObjectName("textNormal")
        self._normal.setAutoDefault(False)
        name = QLabel("Text &size")
        name.setProperty("role", "heading")
        name.setBuddy(self._size)
        row = QHBoxLayout()
        row.addWidget(self._size, 1)
        row.addWidget(self._shown_size)
        row.addWidget(self._normal)
        column = QVBoxLayout()
        column.addWidget(name)
        column.addLayout(row)
        return column

    def load(self, settings: Settings) -> None:
        """Show what is set, without saying so."""
        before = self.blockSignals(True)
        self._buttons[settings.theme].setChecked(True)
        self._contrast.setCurrentIndex(list(_CONTRASTS).index(settings.contrast))
        self._motion.setCurrentIndex(list(_MOTIONS).index(settings.motion))
        self._size.setValue(settings.text_size)
        self._show_size(settings.text_size)
        self.blockSignals(before)

    def _tell(self) -> None:
        theme = next(theme for theme, button in self._buttons.items() if button.isChecked())
        contrast = list(_CONTRASTS)[self._contrast.currentIndex()]
        motion = list(_MOTIONS)[self._motion.currentIndex()]
        self.changed.emit(Looks(theme, self._size.value(), contrast, motion))

    def _on_theme(self, _button: QRadioButton, chosen: bool) -> None:
        if chosen:
            self._tell()

    def _on_size(self, value: int) -> None:
        self._show_size(value)
        self._tell()

    def _show_size(self, value: int) -> None:
        self._shown_size.setText(f"{value} %")
        self._normal.setEnabled(value != Settings().text_size)
