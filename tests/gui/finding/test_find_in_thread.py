"""Ctrl+F in a real window with real keys: the bar, what is marked, and where the view goes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMainWindow, QVBoxLayout, QWidget

from chatelaine.chat.events import ReplyStarted, TextAdded, TurnEnded, TurnStarted
from chatelaine.gui.actions import ActionId, build_actions, fill_menu_bar
from chatelaine.gui.chat.blocks.layout import Marked, MarkKind
from chatelaine.gui.chat.composer import Composer
from chatelaine.gui.chat.find_bar import FindBar, count_words
from chatelaine.gui.chat.finding import Finding
from chatelaine.gui.chat.rows import (
    ReplyRow,
    RowKind,
    SummaryRow,
    ToolRow,
    ToolState,
    UnreadRow,
    UserRow,
)
from chatelaine.gui.chat.selection import TextPosition
from chatelaine.gui.chat.timeline_view import TimelineView
from chatelaine.gui.tasks import TaskScope
from chatelaine.gui.theme import palette
from chatelaine.gui.theme.appearance import Scheme
from chatelaine.gui.workspace_page import WorkspacePage
from chatelaine.store.records import TurnState
from support.until import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from chatelaine.gui.chat.blocks.layout import BlockLayout
    from chatelaine.gui.chat.row_layouts.base import Part

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
NONE = Qt.KeyboardModifier.NoModifier
CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
LONG = "\n\n".join(f"Paragraph {n} with some words in it." for n in range(60))


def user(turn: int, text: str) -> UserRow:
    return UserRow(turn, text, NOW)


def reply(turn: int, text: str, reasoning: str = "") -> ReplyRow:
    return ReplyRow(turn, "Ada", "gpt-5.2", NOW, text, reasoning)


def exchange(turn: int, text: str) -> list[Any]:
    return [user(turn, f"Question {turn}"), reply(turn, text)]


def thread(count: int, text: str = "A needle here.") -> list[Any]:
    return [row for turn in range(1, count + 1) for row in exchange(turn, text)]


class Window(QMainWindow):
    """The thread and the composer, under the commands of the program."""

    def __init__(self) -> None:
        super().__init__()
        self.errors: list[BaseException] = []
        self.scope = TaskScope(self.errors.append)
        self.view, self.composer = TimelineView(), Composer()
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.view, 1)
        column.addWidget(self.composer)
        self.setCentralWidget(inside)
        self.finding = Finding(self.view, inside, self.scope)
        self.bar = self.finding.bar
        actions = build_actions(self)
        fill_menu_bar(self.menuBar(), actions)
        actions[ActionId.FIND].triggered.connect(self._open)
        actions[ActionId.FIND_NEXT].triggered.connect(lambda: self.finding.go_on(1))
        actions[ActionId.FIND_PREVIOUS].triggered.connect(lambda: self.finding.go_on(-1))
        self.stops = 0
        actions[ActionId.STOP].triggered.connect(self._count_stop)

    def _open(self) -> None:
        self.finding.open()

    def _count_stop(self) -> None:
        self.stops += 1

    async def do(self, call: Callable[..., object], *arguments: Any) -> None:
        """Do what handles events by itself; within a task, others could not go on meanwhile."""
        done = asyncio.Event()

        def now() -> None:
            call(*arguments)
            done.set()

        QTimer.singleShot(0, now)
        await done.wait()

    async def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = NONE) -> None:
        await self.do(QTest.keyClick, self.windowHandle(), key, modifier)

    @property
    def said(self) -> str:
        label = self.bar.findChild(QLabel, "findCount")
        assert label is not None
        return label.text()

    async def says(self, words: str) -> None:
        await until(lambda: self.said == words, what=f"{words!r} instead of {self.said!r}")
        await until(lambda: self.view.is_settled and not self.scope._tasks)
        assert self.said == words

    async def look_for(self, words: str) -> None:
        await self.press(Qt.Key.Key_F, CONTROL)
        await self.do(QTest.keyClicks, self.bar.field, words)
        await until(lambda: self.finding.find.needle is not None)

    def _marks(self) -> Iterator[tuple[int, Part, int, BlockLayout, Marked]]:
        """Give what is marked in the rows that are seen, and where."""
        for row in self.view.visible_rows():
            layout = self.view.laid_out.layout(row)
            marks = self.view.painting.marks(row, layout)
            for part in layout.parts:
                for block in range(len(part.document.blocks)):
                    made = part.document.made_layout(block)
                    if made is not None:
                        for mark in marks(part.number, block):
                            yield row, part, block, made, mark

    def marked(self) -> list[tuple[int, str, MarkKind]]:
        """Give what is marked in the rows that are seen: the row, the words, and why."""
        return [
            (row, _slice(made.text, mark), mark.kind) for row, _, _, made, mark in self._marks()
        ]

    def current(self) -> tuple[int, float]:
        """Give the row of the current hit, and how far down the view it is."""
        for row, part, block, made, mark in self._marks():
            if mark.kind is MarkKind.CURRENT_HIT:
                rect = made.rects(mark.start, mark.end)[0]
                y = self.view.origin(row).y() + part.y + part.document.origin(block).y()
                return row, y + rect.top()
        raise AssertionError("no hit is the current one")


def _slice(text: str, mark: Marked) -> str:
    data = text.encode("utf-16-le")
    return data[2 * mark.start : 2 * mark.end].decode("utf-16-le")


@pytest.fixture
async def window(appearance, qtbot) -> AsyncIterator[Window]:
    made = Window()
    qtbot.addWidget(made)
    made.resize(800, 600)
    made.show()
    made.activateWindow()
    await until(made.isActiveWindow)
    made.composer.setFocus()
    yield made
    await made.scope.close()
    assert made.errors == []


# ---------------------------------------------------------------------------- the bar


def test_the_count_in_words():
    assert count_words(2, 128, is_counting=False) == "3 of 128"
    assert count_words(2, 128, is_counting=True) == "128+"
    assert count_words(None, 0, is_counting=True) == "…"
    assert count_words(None, 0, is_counting=False) == "No results"
    assert count_words(None, 1, is_counting=False) == "1 result"
    assert count_words(0, 1234, is_counting=False) == "1 of 1,234"


async def test_the_keys_of_the_bar(window):
    window.view.load(thread(3))
    assert window.bar.isHidden()
    await window.look_for("needle")
    assert window.bar.isVisible()
    assert window.bar.field.hasFocus()
    await window.says("3 of 3")
    for key, modifier, words in (
        (Qt.Key.Key_Return, NONE, "1 of 3, wrapped"),
        (Qt.Key.Key_F3, NONE, "2 of 3"),
        (Qt.Key.Key_G, CONTROL, "3 of 3"),
        (Qt.Key.Key_Return, SHIFT, "2 of 3"),
        (Qt.Key.Key_F3, SHIFT, "1 of 3"),
        (Qt.Key.Key_G, CONTROL | SHIFT, "3 of 3, wrapped"),
        (Qt.Key.Key_Enter, NONE, "1 of 3, wrapped"),
    ):
        await window.press(key, modifier)
        await window.says(words)
    await window.press(Qt.Key.Key_Escape)
    assert window.bar.isHidden()
    assert window.stops == 0
    assert window.marked() == []
    await window.press(Qt.Key.Key_F3)
    assert window.bar.isVisible()
    await until(lambda: window.said.endswith(" of 3"))


async def test_in_a_short_thread_the_bar_covers_no_hit(window):
    window.view.load([user(1, "A needle"), reply(1, "Nothing of it.")])
    first = window.view.origin(0).y()
    await window.look_for("needle")
    await window.says("1 of 1")
    assert window.current()[1] >= window.bar.geometry().bottom()
    await window.press(Qt.Key.Key_Escape)
    await until(lambda: window.view.origin(0).y() == first)


async def test_opening_the_bar_over_a_long_thread_moves_nothing(window):
    window.view.load(thread(40))
    window.view.scroll_by_page(-2)
    await until(lambda: window.view.is_settled)
    seen = window.view.visible_rows()
    before = [window.view.origin(row) for row in seen]
    await window.press(Qt.Key.Key_F, CONTROL)
    assert window.bar.isVisible()
    assert [window.view.origin(row) for row in seen] == before
    await window.press(Qt.Key.Key_Escape)
    assert [window.view.origin(row) for row in seen] == before


@pytest.mark.parametrize("in_answer", [False, True])
async def test_words_that_were_found_elsewhere_are_marked_where_they_were_found(window, in_answer):
    """Not the nearest hit is shown but that one, however far down its message it is."""
    rows = thread(8)
    rows[6:8] = [user(4, "The needle?"), reply(4, f"{LONG}\n\nOne **Need**le far down.")]
    window.view.load(rows)
    window.view.show_turn(4)
    await window.do(partial(window.finding.look_for, "needle", 4, in_answer=in_answer))
    await window.says(f"{5 if in_answer else 4} of 9")
    row, y = window.current()
    assert row == (7 if in_answer else 6)
    assert 0 < y < window.view.viewport().height()
    assert window.bar.field.text() == "needle"
    await window.press(Qt.Key.Key_Return)
    await window.says(f"{6 if in_answer else 5} of 9")
    await window.press(Qt.Key.Key_Escape)
    assert window.bar.isHidden()
    assert window.composer.hasFocus()
    assert window.marked() == []


async def test_words_that_were_found_in_a_thread_that_still_comes_are_marked_then(window):
    window.view.load([])
    await window.do(partial(window.finding.look_for, "needle", 2, in_answer=True))
    await until(lambda: not window.scope._tasks)
    window.view.load(thread(3))
    await window.says("2 of 3")
    assert window.current()[0] == 3


async def test_escape_gives_the_keyboard_back(window):
    window.view.load(thread(3))
    for widget in (window.composer.field, window.view):
        widget.setFocus()
        await window.look_for("needle")
        await window.says("3 of 3")
        await window.press(Qt.Key.Key_Tab)
        assert QApplication.focusWidget() is window.bar.previous
        await window.press(Qt.Key.Key_Tab)
        assert window.bar.isAncestorOf(QApplication.focusWidget())
        await window.press(Qt.Key.Key_Escape)
        assert QApplication.focusWidget() is widget
        assert window.stops == 0


async def test_the_buttons_step_and_close(window):
    window.view.load(thread(3))
    await window.look_for("needle")
    await window.says("3 of 3")
    await window.do(QTest.mouseClick, window.bar.previous, Qt.MouseButton.LeftButton)
    await window.says("2 of 3")
    await window.do(QTest.mouseClick, window.bar.next, Qt.MouseButton.LeftButton)
    await window.says("3 of 3")
    window.bar.field.setText("absent")
    await window.says("No results")
    assert not window.bar.next.isEnabled()
    assert not window.bar.previous.isEnabled()
    window.bar.field.setText("")
    await window.says("")
    assert window.marked() == []


async def test_everything_in_the_bar_has_a_name_and_the_count_is_told(window, monkeypatch):
    window.view.load(thread(3))
    told: list[str] = []
    monkeypatch.setattr(window.bar, "_announce", told.append)
    await window.look_for("needle")
    await window.says("3 of 3")
    await window.press(Qt.Key.Key_Return)
    await window.says("1 of 3, wrapped")
    assert told == ["3 of 3", "1 of 3, wrapped"]
    assert window.bar.accessibleName() == "Find in thread"
    names = [
        QAccessible.queryAccessibleInterface(child).text(QAccessible.Text.Name)
        for child in window.bar.findChildren(QWidget)
        if child.focusPolicy() is not Qt.FocusPolicy.NoFocus
    ]
    assert names == ["Find in this thread", "Previous result", "Next result", "Close"]


async def test_selected_words_are_looked_for(window):
    window.view.load(thread(2, "One **two** three.\n\nFour two."))
    await until(lambda: window.view.is_settled)
    window.view.select(TextPosition(3, 0, 0, 4), TextPosition(3, 0, 0, 7))
    await window.press(Qt.Key.Key_F, CONTROL)
    assert window.bar.field.text() == "two"
    await window.says("4 of 4")
    window.view.select(TextPosition(1, 0, 0, 0), TextPosition(3, 0, 0, 3))
    await window.press(Qt.Key.Key_F, CONTROL)
    assert window.bar.field.text() == "two"
    await window.says("4 of 4")


async def test_the_bar_keeps_to_its_corner(window):
    window.view.load(thread(2))
    await window.look_for("needle")
    await window.says("2 of 2")
    for width in (800, 500, 1200):
        window.resize(width, 600)
        await until(partial(lambda wanted: window.view.width() == wanted, width))
        over, bar = window.view.geometry(), window.bar.geometry()
        assert over.contains(bar)
        assert over.right() - bar.right() < 30
        assert window.bar.field.width() >= 100


# ---------------------------------------------------------------------------- marks


async def test_hits_are_marked_exactly_and_one_is_the_current_one(window):
    text = "😀 A **nee**dle, née, NEEDLE.\n\n| a | needle |\n|---|---|\n| 😀 needle | b |"
    window.view.load([user(1, "`needle`"), reply(1, text)])
    await window.look_for("needle")
    await window.says("5 of 5")
    hit, current = MarkKind.HIT, MarkKind.CURRENT_HIT
    assert window.marked() == [
        (0, "needle", hit),
        (1, "needle", hit),
        (1, "NEEDLE", hit),
        (1, "needle", hit),
        (1, "needle", current),
    ]
    await window.press(Qt.Key.Key_F3, SHIFT)
    await window.says("4 of 5")
    assert [kind for _, _, kind in window.marked()] == [hit, hit, hit, current, hit]
    window.bar.field.setText("nee")
    await window.says("5 of 6")
    assert [words for _, words, _ in window.marked()][1:4] == ["nee", "née", "NEE"]


async def test_marks_are_painted_in_their_colours(window, appearance):
    window.view.load([user(1, "Q"), reply(1, "needle and needle")])
    for scheme, colours in ((Scheme.LIGHT, palette.light()), (Scheme.DARK, palette.dark())):
        appearance.set_scheme(scheme)
        await window.look_for("needle")
        await window.says("2 of 2")
        image = window.view.viewport().grab().toImage()
        seen = {
            image.pixelColor(x, y).name()
            for x in range(800)
            for y in range(0, 400, 2)
            if image.rect().contains(x, y)
        }
        assert {colours.hit, colours.hit_current} <= seen
        await window.press(Qt.Key.Key_Escape)


async def test_hits_and_what_is_selected_are_both_seen(window):
    window.view.load([user(1, "Q"), reply(1, "one needle two")])
    await window.look_for("needle")
    await window.says("1 of 1")
    window.view.select(TextPosition(1, 0, 0, 0), TextPosition(1, 0, 0, 14))
    assert window.marked() == [
        (1, "one needle two", MarkKind.SELECTION),
        (1, "needle", MarkKind.CURRENT_HIT),
    ]
    window.view.select(TextPosition(1, 0, 0, 5), TextPosition(1, 0, 0, 7))
    assert [words for _, words, _ in window.marked()] == ["ee", "needle", "ee"]


async def test_what_is_not_what_anybody_said_is_not_marked(window):
    window.view.load([ToolRow(1, "Ada", "m", NOW, "c", "look", "{}", "Answered", ToolState.DONE)])
    window.view.unfold(0)
    await window.look_for("answered")
    await window.says("1 of 1")
    assert window.marked() == [(0, "Answered", MarkKind.CURRENT_HIT)]


# ---------------------------------------------------------------------------- going there


async def test_the_first_hit_is_the_nearest_above_what_is_seen(window):
    rows = [*exchange(1, "needle"), *exchange(2, LONG), *exchange(3, LONG), *exchange(4, "needle")]
    window.view.load(rows)
    window.view.scrolling.scroll_to_row(3)
    await window.look_for("needle")
    await window.says("1 of 2")
    row, y = window.current()
    assert row == 1
    assert 0 <= y <= window.view.viewport().height()


async def test_with_nothing_above_the_next_below_is_taken(window):
    window.view.load([*exchange(1, LONG), *exchange(2, LONG), *exchange(3, "needle needle")])
    window.view.scroll_to_edge(-1)
    await window.look_for("needle")
    await window.says("1 of 2")


async def test_a_hit_is_shown_a_third_down_the_view(window):
    lines = [f"Paragraph {n}." for n in range(400)]
    lines[200] = "The needle."
    window.view.load([*exchange(1, "\n\n".join(lines)), *exchange(2, LONG)])
    await window.look_for("needle")
    await window.says("1 of 1")
    row, y = window.current()
    height = window.view.viewport().height()
    assert row == 1
    assert abs(y - height / 3) < 40


async def test_a_hit_that_is_seen_already_does_not_scroll(window):
    window.view.load([*exchange(1, LONG), *exchange(2, "needle"), *exchange(3, "needle")])
    await until(lambda: window.view.is_settled)
    before = window.view.origin(5)
    await window.look_for("needle")
    await window.says("2 of 2")
    await window.press(Qt.Key.Key_F3, SHIFT)
    await window.says("1 of 2")
    assert window.view.origin(5) == before


async def test_what_is_folded_unfolds(window):
    window.view.load(
        [
            user(1, "\n".join([*(f"line {n}" for n in range(100)), "needle"])),
            ToolRow(1, "Ada", "m", NOW, "c", "look", '{"q":"x"}', "needle", ToolState.DONE),
            reply(1, "No.", "A needle?"),
            SummaryRow(9, "needle", NOW),
            user(2, "Q"),
        ]
    )
    await window.look_for("needle")
    await window.says("4 of 4")
    for words, row in (("3 of 4", 2), ("2 of 4", 1), ("1 of 4", 0)):
        assert window.current()[0] == row + 1
        await window.press(Qt.Key.Key_F3, SHIFT)
        await window.says(words)
        assert window.current()[0] == row
        assert window.view.laid_out.layout(row).is_open


async def test_the_last_hit_of_a_long_result_is_gone_to(window):
    result = "\n".join(f"needle {number}" for number in range(4000))
    window.view.load(
        [
            *thread(2, LONG),
            ToolRow(2, "Ada", "m", NOW, "c", "look", "{}", result, ToolState.DONE),
            reply(2, "Done."),
        ]
    )
    await window.look_for("needle")
    await window.says("4,000 of 4,000")
    row, y = window.current()
    assert row == 4
    assert 0 < y < window.view.viewport().height()
    assert window.marked()[-1] == (4, "needle", MarkKind.CURRENT_HIT)
    await window.press(Qt.Key.Key_F3)
    await window.says("1 of 4,000, wrapped")
    assert window.current()[0] == 4


async def test_in_code_a_word_from_right_to_left_is_gone_to(window):
    lines = [f"x{number} = {number}" for number in range(800)]
    lines[400] = "s = 'abc אחד שתיים שלוש def'"
    window.view.load([user(1, "Q"), reply(1, "```py\n" + "\n".join(lines) + "\n```")])
    for word in ("אחד", "שתיים", "שלוש"):
        window.view.scroll_to_end()
        await window.press(Qt.Key.Key_F, CONTROL)
        window.bar.field.setText(word)
        await window.says("1 of 1")
        assert 0 < window.current()[1] < window.view.viewport().height()
        await window.press(Qt.Key.Key_Escape)


async def test_code_is_scrolled_to_the_side(window):
    window.view.load([user(1, "Q"), reply(1, f"```\n{'x' * 300} needle {'y' * 300}\n```")])
    await window.look_for("needle")
    await window.says("1 of 1")
    layout = window.view.laid_out.layout(1)
    block = layout.parts[0].document.layout(0)
    assert block.sideways.offset > 0
    rect = block.rects(301, 307)[0]
    assert rect.left() >= 0
    assert rect.right() <= block.natural_width


async def test_a_long_reply_that_is_still_parsed_is_waited_for(window):
    text = "\n\n".join([*(f"Paragraph {n} of many." for n in range(900)), "The needle."])
    window.view.load([*exchange(1, text + LONG), *thread(6, LONG)[2:]])
    await window.look_for("the needle")
    await window.says("1 of 1")
    await until(lambda: window.view.visible_rows().start == 1 and window.marked())
    assert window.current()[0] == 1


async def test_the_arrow_keys_go_on_from_the_hit(window):
    window.view.load(thread(30))
    await window.look_for("needle")
    await window.says("30 of 30")
    await window.press(Qt.Key.Key_Return)
    await window.says("1 of 30, wrapped")
    assert window.view.keys.row == 1


# ---------------------------------------------------------------------------- rows not read


class Source:
    """Texts that were not read."""

    def __init__(self, texts: list[Any]) -> None:
        self.texts = texts

    async def find(self, words, *, first=None):
        yield self.texts


async def test_rows_that_were_not_read_are_read_before_they_are_shown(window):
    from chatelaine.gui.chat.find import SearchedText

    rows = thread(60, LONG)
    rows[2:4] = [UnreadRow(2, RowKind.USER, 10, 1), UnreadRow(2, RowKind.REPLY, 2500, 60)]
    window.finding._texts = lambda: Source([SearchedText(2, 21, "The needle.")])
    asked: list[int] = []
    window.view.texts_requested.connect(asked.extend)
    window.view.load(rows)
    await until(lambda: window.view.is_settled)
    await window.look_for("needle")
    await until(lambda: 2 in asked)
    window.view.laid_out.model.rows.replace(
        range(2, 4),
        [
            user(2, "Question"),
            ToolRow(2, "Ada", "m", NOW, "c", "look", "{}", "x", ToolState.DONE),
            reply(2, LONG + "\n\nThe needle."),
        ],
    )
    window.view.show_filled([(2, 2, 3)])
    await window.says("1 of 1")
    await until(lambda: 4 in window.view.visible_rows())
    await until(window.marked)
    assert window.current()[0] == 4


# ---------------------------------------------------------------------------- rows that change


async def test_hits_of_a_reply_come_as_it_is_written(window):
    window.view.load(thread(2))
    await window.look_for("needle")
    await window.says("2 of 2")
    window.view.apply(TurnStarted(3, "A needle?", NOW))
    window.view.apply(ReplyStarted(3, "Ada", "gpt-5.2"))
    await window.says("2 of 3")
    for number in range(4, 7):
        window.view.apply(TextAdded(3, "A **nee**dle. "))
        await window.says(f"2 of {number}")
    window.view.apply(TurnEnded(3, TurnState.DONE, None))
    await window.says("2 of 6")
    assert len(window.marked()) == 6


async def test_hits_that_come_later_do_not_move_the_view(window):
    window.view.load(thread(6, LONG))
    await window.look_for("needle")
    await window.says("No results")
    window.view.scroll_to_edge(-1)
    top = window.view.scrolling.top
    window.view.apply(TextAdded(6, "needle"))
    await window.says("1 result")
    assert window.view.scrolling.top == top
    await window.press(Qt.Key.Key_Return)
    await window.says("1 of 1")
    assert window.current()[0] == len(window.view.rows) - 1


async def test_turns_that_go_take_their_hits_along(window):
    window.view.load(thread(4))
    await window.look_for("needle")
    await window.says("4 of 4")
    window.view.load(thread(3))
    await window.says("3 of 3")
    assert [kind for _, _, kind in window.marked()].count(MarkKind.CURRENT_HIT) == 1
    window.view.load([*thread(2), *exchange(5, "needle needle")])
    await window.says("2 of 4")
    window.view.load(thread(2, "Nothing."))
    await window.says("No results")
    assert window.marked() == []


async def test_a_closed_bar_looks_for_nothing(window):
    window.view.load(thread(2))
    await window.look_for("needle")
    await window.says("2 of 2")
    window.finding.close()
    window.view.load(thread(3))
    assert window.finding.find.total == 0
    assert window.marked() == []
    window.finding.forget()
    assert window.bar.field.text() == ""


def test_a_bar_that_was_never_open_can_be_forgotten(appearance, qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    over = QWidget(parent)
    bar = FindBar(over, parent)
    bar.forget()
    assert bar.isHidden()


def marked_words(page: WorkspacePage) -> list[str]:
    window = cast("Window", SimpleNamespace(view=page.timeline))
    return [_slice(made.text, mark) for _, _, _, made, mark in Window._marks(window)]


async def test_the_page_of_a_history_has_the_bar_and_leaves_no_words(appearance, qtbot):
    errors: list[BaseException] = []
    scope = TaskScope(errors.append)
    page = WorkspacePage(scope)
    qtbot.addWidget(page.frame)
    page.frame.resize(1000, 600)
    page.frame.show()
    page.timeline.load(thread(3))
    page.place.display.finding.open()
    page.place.display.finding.bar.field.setText("needle")
    await until(lambda: page.place.display.finding.find.total == 3 and not scope._tasks)
    assert marked_words(page) == ["needle"] * 3
    page.forget()
    assert page.place.display.finding.bar.isHidden()
    assert page.place.display.finding.bar.field.text() == ""
    page.timeline.load(thread(3))
    assert marked_words(page) == []
    await scope.close()
    assert errors == []
