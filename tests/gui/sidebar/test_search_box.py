"""Searching in the sidebar: what is asked, and what is shown of what was found."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFontMetrics
from PySide6.QtTest import QTest

from chatelaine.gui.sidebar.thread_list import ThreadList
from chatelaine.gui.theme.palette import current
from chatelaine.store.excerpts import Fragment
from chatelaine.store.records import Thread
from chatelaine.store.search import HitState, SearchHit

if TYPE_CHECKING:
    from PySide6.QtCore import QRect
    from pytestqt.qtbot import QtBot

    from chatelaine.gui.sidebar.search_results import SearchResults

NOW = datetime.now(UTC)


def hit(number: int, *, state: HitState = HitState.SHOWN, title: str = "") -> SearchHit:
    thread = Thread(number, f"t{number}", title or f"Thread {number}", "", NOW, NOW)
    words = (Fragment("before ", highlighted=False), Fragment("pear", highlighted=True))
    return SearchHit(thread, number << 16, number, "user", NOW, words, state)


@pytest.fixture
def sidebar(qtbot: QtBot) -> ThreadList:
    sidebar = ThreadList()
    qtbot.addWidget(sidebar)
    sidebar.resize(260, 600)
    sidebar.set_threads([hit(number).thread for number in range(1, 4)])
    sidebar.show()
    sidebar.search.setFocus()
    return sidebar


def search(qtbot: QtBot, sidebar: ThreadList, text: str) -> None:
    with qtbot.waitSignal(sidebar.search_wanted) as wanted:
        QTest.keyClicks(sidebar.search, text)
    assert wanted.args == [text.strip()]


def test_rows_are_as_high_as_their_words_and_show_what_was_found(
    qtbot: QtBot, sidebar: ThreadList
) -> None:
    lead = Fragment("…to the middle and to the ri", highlighted=False)
    found = Fragment("Ganymede", highlighted=True)
    rest = Fragment(" was found by Galileo Galilei, who made his telescope", highlighted=False)
    long = replace(hit(1), snippet=(lead, found, rest), speaker="A helper with quite a long name")
    short = replace(hit(2), snippet=(found,))
    search(qtbot, sidebar, "ganymede")
    sidebar.add_hits("ganymede", [long, short])
    view = sidebar.results
    qtbot.waitUntil(view.isVisible)
    high, low = (view.visualRect(view.found.index(row)).height() for row in (0, 1))
    line = QFontMetrics(view.font()).height()
    assert line / 2 < high - low <= line
    for width, height in ((240, high), (320, high), (900, low)):
        sidebar.resize(width, 600)
        qtbot.waitUntil(partial(is_second_at, view, height))
        first, second = (view.visualRect(view.found.index(row)) for row in (0, 1))
        assert marked_pixels(view, first) > 300, width
        assert marked_pixels(view, second) > 300, width


def is_second_at(view: SearchResults, top: int) -> bool:
    return view.visualRect(view.found.index(1)).top() == top


def marked_pixels(view: SearchResults, rect: QRect) -> int:
    """Count what is seen of marks in a row."""
    picture = view.viewport().grab(rect).toImage()
    wanted = QColor(current().selection).rgb()
    points = ((x, y) for x in range(picture.width()) for y in range(picture.height()))
    return sum(picture.pixel(x, y) == wanted for x, y in points)


def test_typing_asks_once_for_what_was_typed(qtbot: QtBot, sidebar: ThreadList) -> None:
    asked: list[str] = []
    sidebar.search_wanted.connect(asked.append)
    search(qtbot, sidebar, "two pears ")
    assert asked == ["two pears"]


def test_what_is_found_takes_the_place_of_the_threads(qtbot: QtBot, sidebar: ThreadList) -> None:
    search(qtbot, sidebar, "pear")
    sidebar.add_hits("pear", [hit(1), hit(2, state=HitState.BRANCHED_OFF)])
    assert sidebar.results.isVisible()
    spoken = [sidebar.results.found.index(row).data() for row in range(2)]
    assert spoken[0].startswith("Thread 1, You, before pear, ")
    assert spoken[1].endswith("not shown")
    QTest.keyClick(sidebar.search, Qt.Key.Key_Escape)
    assert (sidebar.view.isVisible(), sidebar.results.isVisible()) == (True, False)
    assert sidebar.search.text() == ""


def test_what_comes_late_for_an_earlier_search_is_not_shown(
    qtbot: QtBot, sidebar: ThreadList
) -> None:
    search(qtbot, sidebar, "pear")
    sidebar.search.setText("apple")
    qtbot.waitSignal(sidebar.search_wanted).wait()
    sidebar.add_hits("pear", [hit(1)])
    assert sidebar.results.found.hits == []


def test_nothing_found_is_said_only_when_the_search_is_over(
    qtbot: QtBot, sidebar: ThreadList
) -> None:
    search(qtbot, sidebar, "pear")
    assert sidebar.note == ""
    sidebar.end_search("pear")
    assert sidebar.note == "Nothing found for “pear”."


def test_the_keyboard_leads_to_a_hit_and_back(qtbot: QtBot, sidebar: ThreadList) -> None:
    search(qtbot, sidebar, "pear")
    sidebar.add_hits("pear", [hit(1), hit(2)])
    QTest.keyClick(sidebar.search, Qt.Key.Key_Down)
    assert sidebar.results.hasFocus()
    QTest.keyClick(sidebar.results, Qt.Key.Key_Down)
    with qtbot.waitSignal(sidebar.hit_chosen) as chosen:
        QTest.keyClick(sidebar.results, Qt.Key.Key_Return)
    assert chosen.args == [hit(2)]
    QTest.keyClick(sidebar.results, Qt.Key.Key_Up)
    QTest.keyClick(sidebar.results, Qt.Key.Key_Up)
    assert sidebar.search.hasFocus()


def test_a_click_chooses_a_hit(qtbot: QtBot, sidebar: ThreadList) -> None:
    search(qtbot, sidebar, "pear")
    sidebar.add_hits("pear", [hit(1), hit(2, title="A title that is much too long " * 5)])
    place = sidebar.results.visualRect(sidebar.results.found.index(1)).center()
    with qtbot.waitSignal(sidebar.hit_chosen) as chosen:
        QTest.mouseClick(sidebar.results.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert chosen.args[0].thread.id == 2
