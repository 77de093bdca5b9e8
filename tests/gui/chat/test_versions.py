"""Messages that are edited, their versions, and the mark of a summary in the timeline."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt

from chatelaine.chat.events import TurnStarted
from chatelaine.gui.chat.rows import NoticeKind, NoticeRow, ReplyRow, SummaryRow, UserRow
from chatelaine.store.records import FIRST_TEMPORARY
from support.thread_rows import NOW, exchange
from support.timeline_driver import choose, names

if TYPE_CHECKING:
    from chatelaine.gui.chat.timeline_view import TimelineView
    from support.timeline_driver import TimelineDriver

LATE = FIRST_TEMPORARY + 3
FIRST, ANSWER, SUMMARY, SECOND, LAST = range(5)
ROWS: list[Any] = [
    UserRow(1, "First", NOW),
    ReplyRow(1, "Ada", "m", NOW, "One."),
    SummaryRow(9, "All about *one*.", NOW),
    UserRow(LATE, "Second", NOW, branches=(2, LATE, LATE + 1)),
    ReplyRow(LATE, "Ada", "m", NOW, "Two."),
]


@pytest.fixture
def talk(view: TimelineView, user: TimelineDriver) -> TimelineDriver:
    view.resize(700, 700)
    view.load(ROWS)
    user.settle()
    return user


def asked(view: TimelineView) -> list[tuple[str, int]]:
    heard: list[tuple[str, int]] = []
    view.edit_requested.connect(lambda turn: heard.append(("edit", turn)))
    view.branch_requested.connect(lambda turn: heard.append(("branch", turn)))
    view.fork_requested.connect(lambda turn: heard.append(("fork", turn)))
    return heard


def test_the_arrows_lead_to_the_versions_on_both_sides(talk: TimelineDriver) -> None:
    heard = asked(talk.view)
    assert talk.layout(SECOND)._count_words == "2/3"
    talk.press(SECOND, "previous")
    talk.press(SECOND, "next")
    assert heard == [("branch", 2), ("branch", LATE + 1)]


def stepping(view: TimelineView) -> dict[int, list[Any]]:
    """Let the rows be those of a version as soon as it is asked for."""
    versions = {
        turn: [
            *(row for number in range(1, 7) for row in exchange(number, "Before. " * 30)),
            UserRow(turn, words, NOW, branches=(21, 22, 23)),
            ReplyRow(turn, "Ada", "m", NOW, answer),
        ]
        for turn, words, answer in (
            (21, "One", "Short."),
            (22, "Two, which is longer than the first " * 6, "A very long answer.\n\n" * 90),
            (23, "Three", "A longer answer.\n\n" * 20),
        )
    }
    view.branch_requested.connect(lambda turn: view.load(versions[turn], 12))
    return versions


def test_one_steps_through_the_versions_by_key(view: TimelineView, user: TimelineDriver) -> None:
    versions = stepping(view)
    view.load(versions[21])
    user.settle()
    user.bring_into_view(12)
    user.settle()
    user.focus()
    view.keys.go_to(12, user.control(12, "next").key)
    shown = [21]
    view.branch_requested.connect(shown.append)
    for _ in range(3):
        before = user.control_rect(12, "next").center()
        user.key(Qt.Key.Key_Return)
        user.settle()
        assert abs(user.control_rect(12, "next").center().y() - before.y()) <= 1
    assert shown == [21, 22, 23, 22], "at the end the other arrow has the keyboard"
    assert view.hasFocus()


def test_one_steps_through_the_versions_with_a_mouse_that_does_not_move(
    view: TimelineView, user: TimelineDriver
) -> None:
    versions = stepping(view)
    view.load(versions[21])
    user.settle()
    user.bring_into_view(12)
    user.settle()
    point = user.control_rect(12, "next").center().toPoint()
    shown = [21]
    view.branch_requested.connect(shown.append)
    user.click(point)
    user.settle()
    user.click(point)
    user.settle()
    assert shown == [21, 22, 23]


def test_which_version_is_shown_is_painted(talk: TimelineDriver) -> None:
    pictures = []
    for branches in ((LATE, 2), (2, LATE), (2, LATE, LATE + 1)):
        talk.view.load([*ROWS[:3], replace(ROWS[3], branches=branches), ROWS[4]])
        talk.settle()
        pictures.append(talk.image().copy(talk.row_rect(SECOND)))
    assert pictures[0] != pictures[1] != pictures[2] != pictures[0]


def test_at_the_end_of_the_versions_there_is_no_arrow_to_press(talk: TimelineDriver) -> None:
    heard = asked(talk.view)
    talk.view.load([*ROWS[:3], replace(ROWS[3], branches=(2, LATE)), ROWS[4]])
    talk.settle()
    assert talk.control(SECOND, "previous").enabled
    assert not talk.control(SECOND, "next").enabled
    talk.press(SECOND, "next")
    assert heard == []


def test_a_message_without_other_versions_has_no_arrows(talk: TimelineDriver) -> None:
    assert talk.controls(FIRST) == ["more", "edit"]


def test_the_keyboard_comes_to_the_edit_button_and_the_versions(talk: TimelineDriver) -> None:
    heard = asked(talk.view)
    talk.focus()
    talk.key(Qt.Key.Key_Up)
    assert talk.view.keys.row == SECOND
    visited = []
    for _ in range(4):
        talk.key(Qt.Key.Key_Tab)
        control = talk.view.keys.control
        assert control is not None
        visited.append(control.name)
        if control.name != "more":
            talk.key(Qt.Key.Key_Space)
    assert visited == ["more", "edit", "previous", "next"]
    assert heard == [("edit", LATE), ("branch", 2), ("branch", LATE + 1)]


def test_the_mouse_presses_the_edit_button(talk: TimelineDriver) -> None:
    heard = asked(talk.view)
    talk.press(FIRST, "edit")
    assert heard == [("edit", 1)]


def test_the_menu_of_a_message_of_the_user_offers_to_edit_it(talk: TimelineDriver) -> None:
    heard = asked(talk.view)
    for row in range(len(ROWS)):
        menu = talk.view.menu.make(row, None)
        if "Edit message" in names(menu):
            choose(menu, "Edit message")
        menu.deleteLater()
    assert heard == [("edit", 1), ("edit", LATE)]


def test_the_menu_leads_to_the_versions_on_both_sides(talk: TimelineDriver) -> None:
    heard = asked(talk.view)
    menu = talk.view.menu.make(SECOND, None)
    choose(menu, "Previous version")
    choose(menu, "Next version")
    menu.deleteLater()
    assert heard == [("branch", 2), ("branch", LATE + 1)]
    menu = talk.view.menu.make(FIRST, None)
    assert not {"Previous version", "Next version"} & set(names(menu))
    menu.deleteLater()


def test_from_a_reply_one_can_go_on_elsewhere(talk: TimelineDriver) -> None:
    heard = asked(talk.view)
    talk.press(LAST, "fork")
    talk.press(ANSWER, "fork")
    assert heard == [("fork", LATE), ("fork", 1)]


def test_the_summary_is_unfolded_and_folded(talk: TimelineDriver) -> None:
    low = talk.layout(SUMMARY).height
    assert talk.text(SUMMARY) == ""
    talk.press(SUMMARY, "unfold")
    talk.settle()
    assert talk.layout(SUMMARY).height > low
    assert talk.text(SUMMARY) == "All about one."
    assert talk.layout(SUMMARY).source == "All about *one*."
    talk.press(SUMMARY, "unfold")
    assert talk.layout(SUMMARY).height == low


def test_what_is_said_of_no_turn_goes_with_the_next_one(talk: TimelineDriver) -> None:
    view = talk.view
    view.load([*ROWS, NoticeRow(LATE, NoticeKind.INFO, "Too short")])
    view.apply(TurnStarted(LATE + 5, "Third", NOW))
    assert not [row for row in view.rows if isinstance(row, NoticeRow)]
