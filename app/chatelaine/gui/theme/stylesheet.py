"""The one style sheet of the application.

Widgets choose between looks by properties, set before they are shown:

* `QPushButton`: `kind` is "primary" (the one thing to do here), "danger" (deletes), "quiet" (words
  without a frame) or not set.
* `QLabel`: `role` is "title" (of a page), "heading" (of a part), "muted", "error", "success" or
  "code".
* `QFrame`: `role` is "card" (raised, with a border) or "line" (a rule, 1 px).
* `QPlainTextEdit`: `role` is "bare" for a field whose frame is somebody else's.
* `QWidget`: `role` is "sidebar" for the ground of the sidebar.
* `QListView`, `QListWidget`: `role` is "sidebar" for roomy lines without a frame, "names" for
  short ones within one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chatelaine.gui import resources
from chatelaine.gui.theme.fonts import CODE_FAMILY, INTERFACE_PX, MESSAGE_PX

if TYPE_CHECKING:
    from chatelaine.gui.theme.palette import Palette

_SHEET: Final = """
QMainWindow, QDialog, QMessageBox {{ background: {p.window}; }}
QDialogButtonBox, QMessageBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
QWidget[role="sidebar"] {{ background: {p.sidebar}; }}
QToolTip {{
  background: {p.raised}; color: {p.text}; border: 1px solid {p.border}; padding: 4px 7px;
}}

QLabel {{ background: transparent; }}
QLabel[role="title"] {{ font-size: {title}px; font-weight: 600; }}
QLabel[role="heading"] {{ font-size: {heading}px; font-weight: 600; }}
QLabel[role="muted"] {{ color: {p.text_muted}; }}
QLabel[role="error"] {{ color: {p.danger}; }}
QLabel[role="success"] {{ color: {p.success}; }}
QLabel[role="code"] {{ font-family: "{code}"; }}

QFrame[role="card"] {{
  background: {p.raised}; border: 1px solid {p.border}; border-radius: 12px;
}}
QFrame[role="line"] {{
  background: {p.border}; border: none; min-height: 1px; max-height: 1px;
}}

QFrame#factPopover {{
  background: {p.raised}; border: 1px solid {p.border};
}}

QMenuBar {{ background: {p.sidebar}; border-bottom: 1px solid {p.border}; padding: 2px 4px; }}
QMenuBar::item {{ background: transparent; padding: 5px 9px; border-radius: 6px; }}
QMenuBar::item:selected {{ background: {p.hover}; }}
QMenuBar::item:pressed {{ background: {p.pressed}; }}
QMenu {{
  background: {p.raised}; border: 1px solid {p.border}; padding: 5px;
}}
QMenu::item {{ padding: 6px 28px 6px 10px; border-radius: 6px; }}
QMenu::icon {{ padding-left: 8px; }}
QMenu::item:selected {{ background: {p.hover}; color: {p.text}; }}
QMenu::item:disabled {{ color: {p.text_disabled}; background: transparent; }}
QMenu::separator {{ height: 1px; background: {p.border}; margin: 5px 6px; }}

QPushButton {{
  background: {p.raised}; color: {p.text}; border: 1px solid {p.border_strong};
  border-radius: 8px; padding: 6px 14px; min-height: 20px;
}}
QPushButton:hover {{ background: {p.hover}; }}
QPushButton:pressed {{ background: {p.pressed}; }}
QPushButton:focus {{ border: 2px solid {p.focus}; padding: 5px 13px; }}
QPushButton:disabled {{ color: {p.text_disabled}; border-color: {p.border}; }}
QPushButton[kind="primary"] {{
  background: {p.accent}; color: {p.on_accent}; border: 1px solid {p.accent}; font-weight: 600;
}}
QPushButton[kind="primary"]:hover {{
  background: {p.accent_hover}; border-color: {p.accent_hover};
}}
QPushButton[kind="primary"]:focus {{ border: 2px solid {p.focus}; }}
QPushButton[kind="primary"]:disabled {{
  background: {p.pressed}; color: {p.text_disabled}; border-color: {p.pressed};
}}
QPushButton[kind="danger"] {{
  background: transparent; color: {p.danger}; border: 1px solid {p.danger};
}}
QPushButton[kind="danger"]:hover {{ background: {p.danger_soft}; }}
QPushButton[kind="danger"]:focus {{ border: 2px solid {p.focus}; }}
QPushButton[kind="danger"]:disabled {{ color: {p.text_disabled}; border-color: {p.border}; }}
QPushButton[kind="quiet"] {{ background: transparent; border: 1px solid transparent; }}
QPushButton[kind="quiet"]:hover {{ background: {p.hover}; }}
QPushButton[kind="quiet"]:pressed {{ background: {p.pressed}; }}
QPushButton[kind="quiet"]:focus {{ border: 2px solid {p.focus}; }}

QToolButton {{
  background: transparent; color: {p.text}; border: 2px solid transparent; border-radius: 8px;
  padding: 3px;
}}
QToolButton:hover {{ background: {p.hover}; }}
QToolButton:pressed, QToolButton:checked {{ background: {p.pressed}; }}
QToolButton:focus {{ border-color: {p.focus}; }}
QToolButton:disabled {{ color: {p.text_disabled}; }}
QToolButton[role="muted"] {{ color: {p.text_muted}; }}
QToolButton[popupMode="2"]::menu-indicator {{ image: none; }}

QLineEdit, QPlainTextEdit, QTextEdit, QSpinBox, QDoubleSpinBox {{
  background: {p.raised}; color: {p.text}; border: 1px solid {p.border_strong};
  border-radius: 8px; padding: 6px 9px; placeholder-text-color: {p.text_muted};
  selection-background-color: {p.selection}; selection-color: {p.text};
}}
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus {{
  border: 2px solid {p.focus}; padding: 5px 8px;
}}
QLineEdit:disabled, QPlainTextEdit:disabled, QTextEdit:disabled, QSpinBox:disabled {{
  color: {p.text_disabled}; border-color: {p.border};
}}
QPlainTextEdit[role="bare"], QPlainTextEdit[role="bare"]:focus {{
  background: transparent; border: none; padding: 0; font-size: {message}px;
}}
QLineEdit[role="search"] {{ background: {p.hover}; border: 1px solid transparent; }}
QLineEdit[role="search"]:focus {{ background: {p.raised}; border: 2px solid {p.focus}; }}

QSpinBox::up-button, QDoubleSpinBox::up-button {{
  subcontrol-origin: border; subcontrol-position: top right; width: 26px; border: none;
  margin: 3px 3px 0 0;
}}
QSpinBox::down-button, QDoubleSpinBox::down-button {{
  subcontrol-origin: border; subcontrol-position: bottom right; width: 26px; border: none;
  margin: 0 3px 3px 0;
}}
QSpinBox::up-arrow, QDoubleSpinBox::up-arrow {{
  image: url("{controls}/up.svg"); width: 14px; height: 14px;
}}
QSpinBox::down-arrow, QDoubleSpinBox::down-arrow {{
  image: url("{controls}/down.svg"); width: 14px; height: 14px;
}}

QComboBox {{
  background: {p.raised}; color: {p.text}; border: 1px solid {p.border_strong};
  border-radius: 8px; padding: 6px 9px; min-height: 20px;
  selection-background-color: {p.selection}; selection-color: {p.text};
}}
QComboBox:focus {{ border: 2px solid {p.focus}; padding: 5px 8px; }}
QComboBox:disabled {{ color: {p.text_disabled}; border-color: {p.border}; }}
QComboBox::drop-down {{ border: none; width: 28px; }}
QComboBox::down-arrow {{ image: url("{controls}/down.svg"); width: 16px; height: 16px; }}
QComboBox QLineEdit, QComboBox QLineEdit:focus {{ border: none; padding: 0; }}
QAbstractSpinBox QLineEdit, QAbstractSpinBox QLineEdit:focus {{
  border: none; padding: 0 0 0 8px; background: transparent;
}}
QComboBox QAbstractItemView {{
  background: {p.raised}; border: 1px solid {p.border}; padding: 4px; outline: none;
  selection-background-color: {p.hover}; selection-color: {p.text};
}}

QCheckBox, QRadioButton {{ spacing: 8px; padding: 3px; border: 2px solid transparent; }}
QCheckBox:focus, QRadioButton:focus {{ border-color: {p.focus}; border-radius: 6px; }}
QCheckBox:disabled, QRadioButton:disabled {{ color: {p.text_disabled}; }}
QCheckBox::indicator, QRadioButton::indicator {{
  width: 16px; height: 16px; background: {p.raised}; border: 1px solid {p.border_strong};
}}
QCheckBox::indicator {{ border-radius: 5px; }}
QRadioButton::indicator {{ border-radius: 9px; }}
QCheckBox::indicator:hover, QRadioButton::indicator:hover {{ background: {p.hover}; }}
QCheckBox::indicator:checked {{
  background: {p.accent}; border-color: {p.accent}; image: url("{controls}/check-{p.name}.svg");
}}
QRadioButton::indicator:checked {{
  width: 8px; height: 8px; background: {p.on_accent}; border: 5px solid {p.accent};
}}

QAbstractScrollArea {{ background: transparent; border: none; }}
QAbstractScrollArea::corner {{ background: transparent; border: none; }}
QListView, QTreeView, QTableView {{
  background: {p.raised}; border: 1px solid {p.border}; border-radius: 8px; outline: none;
  selection-background-color: {p.selected}; selection-color: {p.text};
}}
QTreeView::item {{ padding: 0 6px; }}
QListView::item:selected, QTreeView::item:selected, QTableView::item:selected {{
  background: {p.selected}; color: {p.text};
}}
QHeaderView {{ background: {p.raised}; border: none; }}
QHeaderView::section {{
  background: {p.raised}; color: {p.text_muted}; border: none; padding: 5px 8px;
  border-bottom: 1px solid {p.border}; border-right: 1px solid {p.border};
}}
QHeaderView::section:last, QHeaderView::section:only-one {{ border-right: none; }}
QHeaderView::section:hover {{ background: {p.hover}; color: {p.text}; }}
QListView[role="names"]::item {{ padding: 5px 8px; }}
QListView[role="sidebar"] {{ background: transparent; border: none; padding: 0 8px; }}
QListView[role="sidebar"]::item {{ border-radius: 8px; padding: 7px 9px; }}
QListView[role="sidebar"]::item:hover {{ background: {p.hover}; }}
QListView[role="sidebar"]::item:selected {{ background: {p.selected}; color: {p.text}; }}

QScrollBar:vertical {{ background: transparent; width: 12px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 12px; margin: 0; }}
QScrollBar::handle {{ background: {p.scrollbar}; border-radius: 3px; }}
QScrollBar::handle:vertical {{ min-height: 36px; margin: 2px 3px; }}
QScrollBar::handle:horizontal {{ min-width: 36px; margin: 3px 2px; }}
QScrollBar::handle:hover, QScrollBar::handle:pressed {{ background: {p.scrollbar_hover}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}

QSplitter::handle {{ background: {p.border}; }}
QSplitter::handle:horizontal {{ width: 1px; }}
QSplitter::handle:vertical {{ height: 1px; }}
QStatusBar {{ background: {p.sidebar}; border-top: 1px solid {p.border}; color: {p.text_muted}; }}
QStatusBar::item {{ border: none; }}

QGroupBox {{
  border: 1px solid {p.border}; border-radius: 10px; margin-top: 22px; padding: 12px;
  font-weight: 600;
}}
QGroupBox::title {{ subcontrol-origin: margin; subcontrol-position: top left; padding: 0 2px; }}
QTabWidget::pane {{ border: 1px solid {p.border}; border-radius: 8px; }}
QTabBar::tab {{
  background: transparent; color: {p.text_muted}; padding: 7px 13px;
  border-bottom: 2px solid transparent;
}}
QTabBar::tab:selected {{ color: {p.text}; border-bottom-color: {p.accent}; }}
QTabBar::tab:focus {{ color: {p.text}; background: {p.hover}; }}
QProgressBar {{
  background: {p.pressed}; border: none; border-radius: 3px; max-height: 6px; text-align: center;
}}
QProgressBar::chunk {{ background: {p.accent}; border-radius: 3px; }}
"""


def stylesheet(palette: Palette, scale: float = 1.0) -> str:
    """Write the style sheet.

    Args:
        palette: The colours.
        scale: The user's text size; 1.0 is the usual.
    """
    normal = round(INTERFACE_PX * scale)
    return _SHEET.format(
        p=palette,
        message=round(MESSAGE_PX * scale),
        heading=round(normal * 1.2),
        title=round(normal * 1.7),
        code=CODE_FAMILY,
        controls=(resources.FOLDER / "icons" / "controls").as_posix(),
    )
