"""A dialog of pairs of words."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from chatelaine.gui.widgets.table_dialog import TableDialog


def test_every_pair_is_shown_and_esc_closes_it(qtbot):
    dialog = TableDialog("Keys", [("Send", "Enter"), ("Stop", "Esc")])
    qtbot.addWidget(dialog)
    dialog.show()
    shown = [label.text() for label in dialog.findChildren(QLabel)]
    assert shown.count("Send") == shown.count("Enter") == shown.count("Esc") == 1
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not dialog.isVisible())
