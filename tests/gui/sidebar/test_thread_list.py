from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QAccessible, QContextMenuEvent, QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QMenu, QPushButton, QToolButton

from chatelaine.gui.actions import ActionId
from chatelaine.gui.sidebar.thread_list import ThreadList
from chatelaine.gui.sidebar.thread_model import Listed, Role
from chatelaine.gui.sidebar.thread_view import ThreadView
from chatelaine.gui.theme.palette import current
from chatelaine.store.records import FIRST_TEMPORARY, Change, Thread

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

NOW = datetime.now(UTC)
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
NONE = Qt.KeyboardModifier.NoModifier
Key = Qt.Key


def thread(number: int, *, trashed: bool = False) -> Thread:
    """Threads with a higher number are older."""
    return Thread(
        id=number,
        uid=f"session-{number}",
        title=f"Thread {number}",
        preview="",
        created=NOW,
        updated=NOW - timedelta(minutes=number),
        trashed=NOW - timedelta(minutes=number) if trashed else None,
    )


class Asked(list[tuple[Any, ...]]):
    """What the list asks its window for, in order."""

    def __init__(self, threads: ThreadList) -> None:
        super().__init__()
        for name in (
            "selected",
            "activated",
            "new_requested",
            "rename_requested",
            "command_chosen",
            "left",
        ):
            signal = getattr(threads, name)
            signal.connect(lambda *values, name=name: self.append((name, *values)))


@pytest.fixture
def threads(qtbot: QtBot) -> ThreadList:
    threads = ThreadList()
    qtbot.addWidget(threads)
    threads.resize(280, 400)
    threads.set_threads([thread(number) for number in range(1, 6)])
    threads.show()
    threads.activateWindow()
    qtbot.waitUntil(threads.isActiveWindow)
    return threads


@pytest.fixture
def asked(threads: ThreadList) -> Asked:
    return Asked(threads)


def place_of(threads: ThreadList, number: int) -> QPoint:
    view = threads.view
    for row in range(view.model().rowCount()):
        index = view.model().index(row, 0)
        if index.data(Role.ID) == number:
            return view.visualRect(index).center()
    raise AssertionError(f"thread {number} is not listed")


def click(threads: ThreadList, number: int, button: Qt.MouseButton = LEFT) -> None:
    QTest.mouseClick(threads.view.viewport(), button, NONE, place_of(threads, number))


def focus_list(qtbot: QtBot, threads: ThreadList) -> None:
    threads.view.setFocus()
    qtbot.waitUntil(threads.view.hasFocus)


def listed(threads: ThreadList) -> list[int]:
    model = threads.view.model()
    return [model.index(row, 0).data(Role.ID) for row in range(model.rowCount())]


def button(threads: ThreadList, name: str) -> QPushButton | QToolButton:
    found = threads.findChild(QPushButton, name) or threads.findChild(QToolButton, name)
    assert isinstance(found, QPushButton | QToolButton)
    return found


def visible_words(threads: ThreadList) -> list[str]:
    return [one.text() for one in threads.findChildren(QLabel) if one.isVisible() and one.text()]


# ---------------------------------------------------------------------------- choosing


def test_a_click_chooses_a_thread(threads: ThreadList, asked: Asked) -> None:
    click(threads, 3)
    assert asked == [("selected", 3)]
    assert threads.current() == 3


def test_the_arrow_keys_choose(qtbot: QtBot, threads: ThreadList, asked: Asked) -> None:
    threads.select(2)
    focus_list(qtbot, threads)
    QTest.keyClick(threads.view, Key.Key_Down)
    QTest.keyClick(threads.view, Key.Key_Down)
    QTest.keyClick(threads.view, Key.Key_Up)
    assert asked == [("selected", 3), ("selected", 4), ("selected", 3)]


def test_home_and_end_and_pages_stay_within_the_list(
    qtbot: QtBot, threads: ThreadList, asked: Asked
) -> None:
    threads.set_threads([thread(number) for number in range(1, 101)])
    threads.select(1)
    focus_list(qtbot, threads)
    QTest.keyClick(threads.view, Key.Key_Up)
    QTest.keyClick(threads.view, Key.Key_End)
    QTest.keyClick(threads.view, Key.Key_Down)
    QTest.keyClick(threads.view, Key.Key_PageDown)
    assert asked == [("selected", 100)]
    assert threads.view.visualRect(threads.view.currentIndex()).bottom() < threads.view.height()
    QTest.keyClick(threads.view, Key.Key_PageUp)
    page = threads.view.viewport().height() // threads.view.row_height() - 1
    assert asked[-1] == ("selected", 100 - page)
    QTest.keyClick(threads.view, Key.Key_Home)
    assert asked[-1] == ("selected", 1)
    assert threads.view.visualRect(threads.view.currentIndex()).top() == 0


def test_typing_goes_to_the_thread_that_begins_so(
    qtbot: QtBot, threads: ThreadList, asked: Asked
) -> None:
    threads.apply(Change(threads=(replace(thread(4), title="Bread"),)))
    focus_list(qtbot, threads)
    QTest.keyClicks(threads.view, "bre")
    assert asked == [("selected", 4)]


def test_enter_and_a_double_click_go_on_to_the_thread(
    qtbot: QtBot, threads: ThreadList, asked: Asked
) -> None:
    click(threads, 2)
    focus_list(qtbot, threads)
    QTest.keyClick(threads.view, Key.Key_Return)
    assert asked == [("selected", 2), ("activated", 2)]
    QTest.mouseDClick(threads.view.viewport(), LEFT, NONE, place_of(threads, 2))
    assert asked[2:] == [("activated", 2)]


def test_what_the_window_chooses_is_not_told_to_it(threads: ThreadList, asked: Asked) -> None:
    threads.select(4)
    assert threads.current() == 4
    threads.select(None)
    assert threads.current() is None
    threads.select(99)
    assert threads.current() is None
    assert asked == []


def test_a_click_beside_the_rows_chooses_nothing(threads: ThreadList, asked: Asked) -> None:
    threads.select(2)
    below = QPoint(20, 5 * threads.view.row_height() + 10)
    QTest.mouseClick(threads.view.viewport(), LEFT, NONE, below)
    QTest.mouseClick(threads.view.viewport(), RIGHT, NONE, below)
    assert asked == []
    assert threads.current() == 2


def test_dragging_over_rows_chooses_only_the_one_pressed(threads: ThreadList, asked: Asked) -> None:
    viewport = threads.view.viewport()
    QTest.mousePress(viewport, LEFT, NONE, place_of(threads, 1))
    for number in (2, 3, 4):
        QTest.mouseMove(viewport, place_of(threads, number))
    QTest.mouseRelease(viewport, LEFT, NONE, place_of(threads, 4))
    assert asked == [("selected", 1)]


# ---------------------------------------------------------------------------- following changes


def test_the_chosen_thread_stays_chosen_when_the_list_changes_around_it(
    threads: ThreadList, asked: Asked
) -> None:
    threads.select(4)
    threads.apply(Change(threads=(replace(thread(5), updated=NOW + timedelta(minutes=1)),)))
    threads.apply(Change(threads=(replace(thread(4), updated=NOW + timedelta(minutes=2)),)))
    threads.apply(Change(threads=(thread(0),)))
    assert listed(threads) == [4, 5, 0, 1, 2, 3]
    assert threads.current() == 4
    threads.set_threads([thread(number) for number in (8, 4, 2)])
    assert listed(threads) == [2, 4, 8]
    assert threads.current() == 4
    assert asked == []


def test_when_the_chosen_thread_goes_none_is_chosen_until_the_window_says_which(
    threads: ThreadList, asked: Asked
) -> None:
    threads.select(3)
    assert threads.neighbour(3) == 4
    assert threads.neighbour(5) == 4
    assert threads.neighbour(99) is None
    threads.apply(Change(threads=(thread(3, trashed=True),)))
    assert listed(threads) == [1, 2, 4, 5]
    assert threads.current() is None
    assert asked == []


def test_a_scrolled_list_stays_where_it_is_when_a_thread_far_above_is_spoken_in(
    threads: ThreadList,
) -> None:
    threads.set_threads([thread(number) for number in range(1, 501)])
    bar = threads.view.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    value = bar.value()
    threads.apply(Change(threads=(replace(thread(2), updated=NOW + timedelta(minutes=1)),)))
    assert bar.value() == value


def test_the_scroll_bar_reaches_the_last_row_and_no_further(
    qtbot: QtBot, threads: ThreadList
) -> None:
    threads.set_threads([thread(number) for number in range(1, 51)])
    view, bar = threads.view, threads.view.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    bar.setValue(bar.maximum())
    last = view.visualRect(view.model().index(49, 0))
    assert last.bottom() + 1 == view.viewport().height()
    threads.set_threads([thread(number) for number in range(1, 4)])
    qtbot.waitUntil(lambda: bar.maximum() == 0)


# ---------------------------------------------------------------------------- renaming


def editor(threads: ThreadList) -> QLineEdit:
    found = threads.view.findChild(QLineEdit)
    assert isinstance(found, QLineEdit)
    return found


def no_editor(threads: ThreadList) -> bool:
    return threads.view.findChild(QLineEdit) is None


def test_f2_edits_the_title_and_enter_asks_for_it(
    qtbot: QtBot, threads: ThreadList, asked: Asked
) -> None:
    threads.select(2)
    focus_list(qtbot, threads)
    QTest.keyClick(threads.view, Key.Key_F2)
    field = editor(threads)
    assert field.text() == "Thread 2"
    assert field.selectedText() == "Thread 2"
    assert field.accessibleName()
    QTest.keyClicks(field, "Bread")
    QTest.keyClick(field, Key.Key_Return)
    qtbot.waitUntil(lambda: no_editor(threads))
    assert asked == [("rename_requested", 2, "Bread")]
    assert threads.view.currentIndex().data() == "Thread 2"  # until the store says otherwise
    qtbot.waitUntil(threads.view.hasFocus)


def test_escape_leaves_the_title_as_it_is(qtbot: QtBot, threads: ThreadList, asked: Asked) -> None:
    threads.edit_title(3)
    field = editor(threads)
    QTest.keyClicks(field, "Never mind")
    QTest.keyClick(field, Key.Key_Escape)
    qtbot.waitUntil(lambda: no_editor(threads))
    assert asked == []


def test_the_editor_follows_its_row_when_the_list_changes(
    qtbot: QtBot, threads: ThreadList, asked: Asked
) -> None:
    threads.edit_title(3)
    field = editor(threads)
    QTest.keyClicks(field, "Half wri")
    threads.apply(Change(threads=(replace(thread(3), updated=NOW + timedelta(minutes=1)),)))
    place = threads.view.visualRect(threads.view.model().index(0, 0))
    qtbot.waitUntil(lambda: place.contains(field.geometry()))
    assert field.text() == "Half wri"


def test_what_cannot_be_renamed_is_not_edited(threads: ThreadList) -> None:
    threads.edit_title(99)
    assert no_editor(threads)
    threads.show_list(Listed.TRASH)
    threads.set_threads([thread(7, trashed=True)])
    threads.edit_title(7)
    assert no_editor(threads)


# ---------------------------------------------------------------------------- asking for more


def test_the_button_asks_for_a_new_thread(threads: ThreadList, asked: Asked) -> None:
    QTest.mouseClick(button(threads, "newThread"), LEFT)
    assert asked == [("new_requested",)]


def test_delete_asks_for_the_trash(qtbot: QtBot, threads: ThreadList, asked: Asked) -> None:
    focus_list(qtbot, threads)
    threads.select(None)
    QTest.keyClick(threads.view, Key.Key_Delete)
    assert asked == []
    threads.select(2)
    QTest.keyClick(threads.view, Key.Key_Delete)
    assert asked == [("command_chosen", ActionId.TRASH, 2)]


def open_menu(qtbot: QtBot, threads: ThreadList, number: int) -> QMenu:
    viewport, place = threads.view.viewport(), place_of(threads, number)
    click(threads, number, RIGHT)
    event = QContextMenuEvent(
        QContextMenuEvent.Reason.Mouse, place, viewport.mapToGlobal(place), NONE
    )
    QApplication.sendEvent(viewport, event)
    return the_menu(qtbot, threads)


def the_menu(qtbot: QtBot, threads: ThreadList) -> QMenu:
    qtbot.waitUntil(lambda: threads.findChild(QMenu, "threadMenu") is not None)
    menu = threads.findChild(QMenu, "threadMenu")
    assert isinstance(menu, QMenu)
    qtbot.waitUntil(menu.isVisible)
    return menu


def texts(menu: QMenu) -> list[str]:
    return [action.text().replace("&", "") for action in menu.actions() if action.text()]


@pytest.mark.parametrize(
    ("key", "request_made"),
    [
        (Key.Key_T, ("command_chosen", ActionId.TRASH, 3)),
        (Key.Key_I, ("command_chosen", ActionId.COPY_ID, 3)),
        (Key.Key_K, ("command_chosen", ActionId.COPY_LINK, 3)),
        (Key.Key_P, ("command_chosen", ActionId.PIN, 3)),
        (Key.Key_B, ("command_chosen", ActionId.FORK, 3)),
        (Key.Key_X, ("command_chosen", ActionId.EXPIRY, 3)),
        (Key.Key_A, ("command_chosen", ActionId.ARCHIVE, 3)),
    ],
)
def test_the_menu_of_a_thread_works_on_it_without_choosing_it(
    qtbot: QtBot, threads: ThreadList, asked: Asked, key: Qt.Key, request_made: tuple[Any, ...]
) -> None:
    threads.select(1)
    menu = open_menu(qtbot, threads, 3)
    assert texts(menu) == [
        "Rename",
        "Pin to the top",
        "Branch off",
        "Copy session ID",
        "Copy link to this thread",
        "Expires…",
        "Archive",
        "Move to trash",
    ]
    QTest.keyClick(menu, key)
    assert asked == [request_made]
    assert threads.current() == 1
    qtbot.waitUntil(lambda: threads.findChild(QMenu, "threadMenu") is None)


def test_rename_in_the_menu_opens_the_editor(qtbot: QtBot, threads: ThreadList) -> None:
    menu = open_menu(qtbot, threads, 4)
    QTest.keyClick(menu, Key.Key_N)
    qtbot.waitUntil(lambda: not no_editor(threads))
    assert editor(threads).text() == "Thread 4"


def test_the_menu_key_opens_the_menu_of_the_chosen_thread(
    qtbot: QtBot, threads: ThreadList, asked: Asked
) -> None:
    threads.select(2)
    focus_list(qtbot, threads)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(), QPoint(), NONE)
    QApplication.sendEvent(threads.view.viewport(), event)
    QTest.keyClick(the_menu(qtbot, threads), Key.Key_I)
    assert asked == [("command_chosen", ActionId.COPY_ID, 2)]


def test_the_tool_tip_shows_the_whole_title_and_the_session_id(
    qtbot: QtBot, threads: ThreadList
) -> None:
    from PySide6.QtWidgets import QToolTip

    viewport, place = threads.view.viewport(), place_of(threads, 2)
    event = QHelpEvent(QHelpEvent.Type.ToolTip, place, viewport.mapToGlobal(place))
    QApplication.sendEvent(viewport, event)
    assert QToolTip.text() == "<qt>Thread 2<br>Session ID: session-2</qt>"
    QToolTip.hideText()
    qtbot.waitUntil(lambda: not QToolTip.isVisible())


# ---------------------------------------------------------------------------- empty, and the trash


def test_before_anything_was_read_the_list_claims_nothing(qtbot: QtBot) -> None:
    threads = ThreadList()
    qtbot.addWidget(threads)
    threads.show()
    assert visible_words(threads) == []
    threads.set_threads([])
    assert visible_words(threads) == ["No threads yet. What you write starts the first one."]
    threads.apply(Change(threads=(thread(1),)))
    assert visible_words(threads) == []
    assert threads.view.isVisible()


def test_the_trash_offers_to_restore_and_the_way_back(
    qtbot: QtBot, threads: ThreadList, asked: Asked
) -> None:
    threads.select(2)
    threads.show_list(Listed.TRASH)
    threads.set_threads([])
    assert "The trash is empty." in visible_words(threads)
    assert not button(threads, "newThread").isVisible()
    assert not button(threads, "restoreThread").isEnabled()
    threads.apply(Change(threads=(thread(2, trashed=True), thread(3, trashed=True))))
    assert listed(threads) == [2, 3]
    click(threads, 3)
    QTest.mouseClick(button(threads, "restoreThread"), LEFT)
    focus_list(qtbot, threads)
    QTest.keyClick(threads.view, Key.Key_Delete)
    QTest.mouseClick(button(threads, "leaveList"), LEFT)
    assert asked == [
        ("selected", 3),
        ("command_chosen", ActionId.RESTORE, 3),
        ("command_chosen", ActionId.PURGE, 3),
        ("left",),
    ]
    assert button(threads, "leaveList").accessibleName()


def test_what_happens_among_the_threads_can_leave_the_trash(
    threads: ThreadList, asked: Asked
) -> None:
    threads.leave()
    assert asked == []
    threads.show_list(Listed.TRASH)
    threads.leave()
    assert asked == [("left",)]


def test_the_menu_in_the_trash_restores(qtbot: QtBot, threads: ThreadList, asked: Asked) -> None:
    threads.show_list(Listed.TRASH)
    threads.set_threads([thread(2, trashed=True)])
    menu = open_menu(qtbot, threads, 2)
    assert texts(menu) == ["Restore", "Copy session ID", "Delete for good…", "Empty trash…"]
    QTest.keyClick(menu, Key.Key_R)
    assert asked == [("command_chosen", ActionId.RESTORE, 2)]


def test_while_the_trash_is_shown_the_threads_are_kept_up_to_date(threads: ThreadList) -> None:
    threads.show_list(Listed.TRASH)
    threads.set_threads([thread(7, trashed=True)])
    threads.apply(Change(threads=(thread(7), thread(2, trashed=True))))
    assert listed(threads) == [2]
    threads.show_list(Listed.THREADS)
    assert listed(threads) == [1, 3, 4, 5, 7]
    assert button(threads, "newThread").isVisible()


def test_the_archive_offers_to_bring_back(threads: ThreadList, asked: Asked) -> None:
    threads.show_list(Listed.ARCHIVE)
    threads.set_threads([])
    assert "The archive is empty." in visible_words(threads)
    threads.apply(Change(threads=(replace(thread(2), archived=NOW), thread(3))))
    assert listed(threads) == [2]
    click(threads, 2)
    assert button(threads, "restoreThread").text() == "Unarchive"
    QTest.mouseClick(button(threads, "restoreThread"), LEFT)
    assert asked == [("selected", 2), ("command_chosen", ActionId.ARCHIVE, 2)]
    threads.show_list(Listed.THREADS)
    assert listed(threads) == [1, 3, 4, 5]


def test_the_menu_says_what_pinning_and_archiving_do_now(qtbot: QtBot, threads: ThreadList) -> None:
    threads.apply(Change(threads=(replace(thread(3), pinned=NOW),)))
    assert listed(threads)[0] == 3
    assert "Unpin" in texts(open_menu(qtbot, threads, 3))


def test_a_temporary_thread_is_chosen_like_any_other_and_marked(
    qtbot: QtBot, threads: ThreadList, asked: Asked
) -> None:
    number = FIRST_TEMPORARY + 7
    threads.apply(Change(threads=(replace(thread(1), id=number),)))
    click(threads, number)
    assert asked == [("selected", number)]
    index = threads.view.currentIndex()
    assert index.data(Role.MARKS) == ("temporary",)
    assert index.data(Qt.ItemDataRole.AccessibleTextRole).endswith(", temporary")
    assert "Expires…" not in texts(open_menu(qtbot, threads, number))


def test_a_thread_that_expires_says_when(threads: ThreadList) -> None:
    last = datetime(2026, 5, 3, 12, tzinfo=UTC)
    expiring = replace(thread(2), updated=last, lifetime=timedelta(days=30))
    threads.apply(Change(threads=(expiring,)))
    index = threads.view.model().index(4, 0)
    assert index.data(Role.ID) == 2
    assert index.data(Role.MARKS) == ("clock",)
    assert "Deleted for good on 2 Jun 2026" in index.data(Qt.ItemDataRole.ToolTipRole)


# ---------------------------------------------------------------------------- looks


def test_a_screen_reader_finds_a_list_with_all_its_lines(threads: ThreadList) -> None:
    threads.set_running({2})
    list_ = QAccessible.queryAccessibleInterface(threads.view)
    assert list_.role() is QAccessible.Role.List
    assert list_.text(QAccessible.Text.Name) == "Threads"
    assert list_.childCount() == 5
    second = list_.child(1)
    assert second.role() is QAccessible.Role.ListItem
    spoken = second.text(QAccessible.Text.Name)
    assert spoken.startswith("Thread 2, ")
    assert spoken.endswith(", being answered")


def test_a_running_thread_is_marked_in_the_colour_of_the_house(threads: ThreadList) -> None:
    def marked(number: int) -> bool:
        view = threads.view
        rect = view.visualRect(view.model().index(number - 1, 0))
        image = view.viewport().grab(rect).toImage()
        accent = current().accent
        return any(
            image.pixelColor(x, y).name() == accent
            for x in range(image.width())
            for y in range(image.height())
        )

    assert not marked(2)
    threads.set_running({2})
    assert marked(2)
    assert not marked(3)


def ground(threads: ThreadList, number: int) -> str:
    view = threads.view
    rect = view.visualRect(view.model().index(number - 1, 0))
    return view.viewport().grab(rect).toImage().pixelColor(5, rect.height() // 2).name()


def test_the_row_under_the_mouse_is_lit_until_the_mouse_goes(
    qtbot: QtBot, threads: ThreadList
) -> None:
    usual, hover = ground(threads, 3), current().hover
    assert usual != hover
    QTest.mouseMove(threads.view.viewport(), place_of(threads, 2))
    QTest.mouseMove(threads.view.viewport(), place_of(threads, 3))
    qtbot.waitUntil(lambda: ground(threads, 3) == hover)
    assert ground(threads, 2) == usual
    QApplication.sendEvent(threads.view.viewport(), QEvent(QEvent.Type.Leave))
    assert ground(threads, 3) == usual


def test_the_row_whose_menu_is_open_is_lit(qtbot: QtBot, threads: ThreadList) -> None:
    menu = open_menu(qtbot, threads, 4)
    assert ground(threads, 4) == current().hover
    menu.close()
    qtbot.waitUntil(lambda: ground(threads, 4) != current().hover)


def test_the_chosen_row_is_lit_and_framed_for_those_who_come_by_key(
    qtbot: QtBot, threads: ThreadList
) -> None:
    def edge() -> str:
        rect = threads.view.visualRect(threads.view.currentIndex())
        return threads.view.viewport().grab(rect).toImage().pixelColor(100, 2).name()

    threads.select(2)
    assert ground(threads, 2) == current().selected
    assert edge() != current().focus
    button(threads, "newThread").setFocus()
    QTest.keyClick(button(threads, "newThread"), Key.Key_Tab)
    qtbot.waitUntil(threads.search.hasFocus)
    QTest.keyClick(threads.search, Key.Key_Tab)
    qtbot.waitUntil(threads.view.hasFocus)
    assert edge() == current().focus


def test_painting_asks_only_for_the_rows_that_are_seen(
    qtbot: QtBot, threads: ThreadList, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chatelaine.gui.sidebar.thread_row import RowPainter

    painted: list[str] = []
    paint = RowPainter.paint

    def count(self: RowPainter, painter: Any, rect: Any, row: Any, palette: Any) -> None:
        painted.append(row.title)
        paint(self, painter, rect, row, palette)

    monkeypatch.setattr(RowPainter, "paint", count)
    threads.set_threads([thread(number) for number in range(1, 10_001)])
    qtbot.waitUntil(lambda: len(painted) > 0)
    seen = threads.view.viewport().height() // threads.view.row_height() + 2
    assert len(set(painted)) <= seen
    painted.clear()
    threads.apply(Change(threads=(replace(thread(3), title="Another"),)))
    qtbot.waitUntil(lambda: painted == ["Another"])


def test_rows_grow_with_the_text(qtbot: QtBot, threads: ThreadList) -> None:
    before = threads.view.row_height()
    font = threads.font()
    font.setPixelSize(30)
    threads.view.setFont(font)
    assert threads.view.row_height() > before
    click(threads, 4)
    assert threads.current() == 4


def test_the_view_never_shows_as_a_window_of_its_own(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown_as_window: list[bool] = []
    monkeypatch.setattr(
        ThreadView,
        "showEvent",
        lambda view, _event: shown_as_window.append(view.isWindow()),
        raising=False,
    )
    sidebar = ThreadList()
    qtbot.addWidget(sidebar)
    sidebar.show()
    assert shown_as_window == [False]
