"""Messages that are edited, their versions, and the mark of a summary in the timeline."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from chatelaine.gui.chat.message_actions import BranchSwitch, EditButton
from chatelaine.gui.chat.message_text import MessageText
from chatelaine.gui.chat.rows import NoticeKind, NoticeRow, ReplyRow, SummaryRow, UserRow
from chatelaine.gui.chat.summary_mark import SummaryMark
from chatelaine.gui.chat.timeline_view import TimelineView
from chatelaine.store.records import FIRST_TEMPORARY

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
LATE = FIRST_TEMPORARY + 3
ROWS: list[Any] = [
    UserRow(1, "First", NOW),
    ReplyRow(1, "Ada", "m", NOW, "One."),
    SummaryRow(9, "All about *one*.", NOW),
    UserRow(LATE, "Second", NOW, branches=(2, LATE, LATE + 1)),
    ReplyRow(LATE, "Ada", "m", NOW, "Two."),
]


@pytest.fixture
def view(dressed, qtbot) -> TimelineView:
    view = TimelineView()
    qtbot.addWidget(view)
    view.resize(700, 700)
    view.show()
    view.activateWindow()
    assert QTest.qWaitForWindowActive(view)
    view.load(ROWS)
    qtbot.waitUntil(lambda: view.is_settled)
    return view


def asked(view: TimelineView) -> list[tuple[str, int]]:
    heard: list[tuple[str, int]] = []
    view.edit_requested.connect(lambda turn: heard.append(("edit", turn)))
    view.branch_requested.connect(lambda turn: heard.append(("branch", turn)))
    view.fork_requested.connect(lambda turn: heard.append(("fork", turn)))
    return heard


def test_the_arrows_lead_to_the_versions_on_both_sides(view: TimelineView) -> None:
    heard = asked(view)
    (switch,) = view.findChildren(BranchSwitch)
    assert "2/3" in [label.text() for label in switch.findChildren(type(switch._which))]
    switch.back.click()
    switch.forth.click()
    assert heard == [("branch", 2), ("branch", LATE + 1)]


def test_at_the_end_of_the_versions_there_is_no_arrow_to_press(view: TimelineView) -> None:
    view.load([*ROWS[:3], replace(ROWS[3], branches=(2, LATE)), ROWS[4]])
    (switch,) = view.findChildren(BranchSwitch)
    assert switch.back.isEnabled()
    assert not switch.forth.isEnabled()


def test_the_keyboard_comes_to_the_edit_button_and_the_versions(view: TimelineView) -> None:
    heard = asked(view)
    message = next(one for one in view.findChildren(MessageText) if one._source() == "Second")
    message.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(message, Qt.Key.Key_Tab)
    button = QApplication.focusWidget()
    assert isinstance(button, EditButton)
    QTest.keyClick(button, Qt.Key.Key_Space)
    QTest.keyClick(button, Qt.Key.Key_Tab)
    back = QApplication.focusWidget()
    assert back is not None
    assert back.accessibleName().startswith("Previous version")
    QTest.keyClick(back, Qt.Key.Key_Space)
    assert heard == [("edit", LATE), ("branch", 2)]


def test_the_menu_of_a_message_of_the_user_offers_to_edit_it(view: TimelineView) -> None:
    heard = asked(view)
    for message in view.findChildren(MessageText):
        menu = message.make_menu(QPointF(5, 5))
        for action in menu.actions():
            if action.text() == "Edit message":
                action.trigger()
        menu.deleteLater()
    assert sorted(heard) == [("edit", 1), ("edit", LATE)]


def test_a_reply_can_be_branched_off_from(view: TimelineView) -> None:
    heard = asked(view)
    buttons = [one for one in view._stops() if one.accessibleName() == "Branch off here"]
    QTest.mouseClick(buttons[-1], Qt.MouseButton.LeftButton)
    assert heard == [("fork", LATE)]


def test_the_summary_is_unfolded_and_folded(view: TimelineView, qtbot) -> None:
    (mark,) = view.findChildren(SummaryMark)
    low = mark.height()
    assert mark.toggle in view._stops()
    mark.toggle.click()
    qtbot.waitUntil(lambda: mark.height() > low)
    texts = [one for one in mark.findChildren(MessageText) if one.isVisible()]
    assert [text._source() for text in texts] == ["All about *one*."]
    mark.toggle.click()
    qtbot.waitUntil(lambda: mark.height() == low)


def test_what_is_said_of_no_turn_goes_with_the_next_one(view: TimelineView) -> None:
    from chatelaine.chat.events import TurnStarted

    view.load([*ROWS, NoticeRow(LATE, NoticeKind.INFO, "Too short")])
    view.apply(TurnStarted(LATE + 5, "Third", NOW))
    assert not [row for row in view.rows if isinstance(row, NoticeRow)]
