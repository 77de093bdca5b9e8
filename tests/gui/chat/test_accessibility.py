from __future__ import annotations

import gc
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QAccessibleEvent,
    QAccessibleInterface,
    QGuiApplication,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from shiboken6 import Shiboken

from chatelaine.chat.events import ReplyStarted, TextAdded, TurnEnded, TurnStarted
from chatelaine.errors import ChatelaineError
from chatelaine.gui.chat import accessibility, formula_setting
from chatelaine.gui.chat.accessible_item import AccessibleItem
from chatelaine.gui.chat.row_list import RowList
from chatelaine.gui.chat.rows import (
    NoticeKind,
    NoticeRow,
    ReplyRow,
    RowKind,
    SummaryRow,
    ToolRow,
    ToolState,
    UnreadRow,
    UserRow,
)
from chatelaine.gui.chat.timeline_model import TimelineModel
from chatelaine.gui.chat.timeline_view import TimelineView
from chatelaine.store.records import TurnId, TurnState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

    from chatelaine.gui.chat.rows import Row

# Its font is read here: beside a window that is waited for, that would take its time.
assert formula_setting.__doc__
NOW = datetime(2020, 1, 2, 3, 4, tzinfo=UTC)
NAME = QAccessible.Text.Name
Role = QAccessible.Role
MARKDOWN = """\
## Head

Words with [a link](https://example.org/a), **[another](https://example.org/b)** and $x^2$.

- one
  1. deep
- [x] done

> quoted

```python
print(1)
```

| a | b |
|---|---|
| 1 | [two](https://example.org/c) |

---
"""


@pytest.fixture
def view(dressed: object, qtbot: QtBot) -> Iterator[TimelineView]:
    window = QWidget()
    view = TimelineView(window)
    view.setGeometry(0, 0, 700, 900)
    window.resize(700, 900)
    window.show()
    window.activateWindow()
    assert QTest.qWaitForWindowActive(window)
    yield view
    # What works for it in other threads must not find it gone.
    qtbot.waitUntil(lambda: view.is_settled, timeout=10_000)
    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What the timeline tells: what kind of event, and of what or in which words."""
    heard: list[tuple[str, str]] = []

    def take(event: object) -> None:
        assert isinstance(event, QAccessibleEvent)
        if isinstance(event, QAccessibleAnnouncementEvent):
            heard.append(("Announcement", event.message()))
        else:
            heard.append((event.type().name, event.accessibleInterface().text(NAME)))

    monkeypatch.setattr(QAccessible, "isActive", lambda: True)
    monkeypatch.setattr(QAccessible, "updateAccessibility", take)
    return heard


def root(view: TimelineView) -> QAccessibleInterface:
    return QAccessible.queryAccessibleInterface(view)


def children(item: QAccessibleInterface) -> list[QAccessibleInterface]:
    return [item.child(index) for index in range(item.childCount())]


def walk(item: QAccessibleInterface) -> Iterator[QAccessibleInterface]:
    yield item
    for child in children(item):
        yield from walk(child)


def find(
    item: QAccessibleInterface, role: QAccessible.Role, name: str = ""
) -> QAccessibleInterface:
    return next(one for one in walk(item) if one.role() is role and name in {"", one.text(NAME)})


def deepest(item: QAccessibleInterface, point: QPoint) -> QAccessibleInterface:
    """Give what is at a point of the screen, as far down as can be asked."""
    below: QAccessibleInterface | None = item.childAt(point.x(), point.y())
    return item if below is None else deepest(below, point)


def reply(text: str, turn: int = 1, **more: object) -> ReplyRow:
    return ReplyRow(TurnId(turn), "Ada", "gpt", NOW, text, **more)  # type: ignore[arg-type]


def user(text: str, turn: int = 1) -> UserRow:
    return UserRow(TurnId(turn), text, NOW)


def tool(state: ToolState = ToolState.DONE) -> ToolRow:
    return ToolRow(TurnId(1), "Ada", "gpt", NOW, "c", "clock", '{"zone": "utc"}', "12:00", state)


@pytest.mark.parametrize(
    ("row", "name"),
    [
        (user("Hello\nthere"), "You: Hello\nthere"),
        (reply("Some **words**"), "Ada: Some words"),
        (reply("", running=True), "Ada: writing"),
        (reply("", reasoning="hm"), "Ada: reasoning"),
        (tool(), "Tool clock: done"),
        (tool(ToolState.FAILED), "Tool clock: failed"),
        (
            NoticeRow(TurnId(1), NoticeKind.FAILED, "No answer", "Try again."),
            "No answer. Try again.",
        ),
        (SummaryRow(TurnId(1), "All of it", NOW), "Summary: All of it"),
        (UnreadRow(TurnId(1), RowKind.REPLY, 10, 1), "Reply, not loaded yet"),
    ],
)
def test_a_row_says_who_speaks_and_what(view: TimelineView, row: Row, name: str) -> None:
    view.load([row])
    (item,) = children(root(view))
    assert (item.role(), item.text(NAME)) == (Role.ListItem, name)


def test_a_very_long_message_is_named_by_its_beginning_and_whole_in_its_parts(
    view: TimelineView, qtbot: QtBot
) -> None:
    text = "\n\n".join(f"Paragraph {number} of many." for number in range(500))
    view.load([reply(text)])
    qtbot.waitUntil(lambda: view.is_settled)
    item = root(view).child(0)
    assert len(item.text(NAME)) < 4100
    words = [one.text(NAME) for one in children(item) if one.role() is Role.Paragraph]
    assert "\n\n".join(words) == text


def test_the_description_says_when_and_with_which_model(view: TimelineView) -> None:
    view.load([reply("a")])
    described = root(view).child(0).text(QAccessible.Text.Description)
    assert described.startswith("gpt, ")
    assert "2020" in described


def test_the_description_says_which_agent_handed_over(view: TimelineView) -> None:
    view.load([reply("a"), replace(reply("b"), agent="Billing")])
    described = [one.text(QAccessible.Text.Description) for one in children(root(view))]
    assert not any("handed over" in words for words in described[:1])
    assert described[1].endswith(f"{reply('a').agent} handed over to Billing")


def test_the_parts_of_a_message_stand_in_reading_order(view: TimelineView) -> None:
    view.load([reply(MARKDOWN)])
    item = root(view).child(0)
    found = [(one.role(), one.text(NAME)) for one in children(item)]
    assert found[:9] == [
        (Role.Heading, "Head"),
        (Role.Paragraph, "Words with a link, another and $x^2$."),
        (Role.ListItem, "one"),
        (Role.ListItem, "1. deep"),
        (Role.ListItem, "Done: done"),
        (Role.BlockQuote, "quoted"),
        (Role.Grouping, "Code, python"),
        (Role.Table, "Table, 2 rows, 2 columns"),
        (Role.Separator, "Line"),
    ]
    assert found[9:] == [
        (Role.Button, name)
        for name in ("Copy reply", "Ask again", "Continue from here in a new thread", "More")
    ]
    description = QAccessible.Text.Description
    assert item.child(0).text(description) == "level 2"
    level = QAccessible.Attribute.Level
    assert item.child(0).attributesInterface().attributeValue(level) == 2
    assert item.child(1).attributesInterface().attributeKeys() == []
    assert item.child(0).textInterface() is None
    assert item.child(3).text(description) == "list level 2"
    assert item.child(6).text(QAccessible.Text.Value) == "print(1)"
    assert item.child(6).child(0).text(NAME) == "print(1)"


def test_cells_are_read_row_by_row_and_know_their_column(view: TimelineView) -> None:
    view.load([reply(MARKDOWN)])
    table = find(root(view), Role.Table)
    cells = [[(one.role(), one.text(NAME)) for one in children(row)] for row in children(table)]
    assert cells == [
        [(Role.ColumnHeader, "a"), (Role.ColumnHeader, "b")],
        [(Role.Cell, "1"), (Role.Cell, "two")],
    ]
    cell = find(table, Role.Cell, "two")
    assert cell.text(QAccessible.Text.Description) == "column b"
    assert find(cell, Role.Link).text(NAME) == "two"


def test_pictures_and_formulas_are_told_in_words(view: TimelineView) -> None:
    inline = "A ![dog](dog.png) and $x^2$"
    view.load([reply(f"{inline}\n\n![a cat](https://example.org/cat.png)\n\n$$y^2$$")])
    item = root(view).child(0)
    words = item.child(0)
    assert words.text(NAME).endswith("and $x^2$")
    assert [(one.role(), one.text(NAME)) for one in children(words)] == [
        (Role.Graphic, "Image: dog")
    ]
    assert (item.child(1).role(), item.child(1).text(NAME)) == (Role.Graphic, "Image: a cat")
    assert find(item.child(1), Role.Button).text(NAME).startswith("Load picture")
    assert (item.child(2).role(), item.child(2).text(NAME)) == (Role.Equation, "y^2")


def test_each_item_knows_where_it_is_in_what_it_is_in(view: TimelineView) -> None:
    view.load([user("Hello"), reply(MARKDOWN, reasoning="hm"), tool()])
    view.unfold(1)
    view.unfold(2)
    top = root(view)
    for item in walk(top):
        assert item.isValid()
        for index, child in enumerate(children(item)):
            assert item.indexOfChild(child) == index
            assert child.parent().text(NAME) == item.text(NAME)


def test_what_is_at_the_middle_of_an_item_is_that_item(view: TimelineView) -> None:
    view.load([user("Hello"), reply(MARKDOWN), tool()])
    view.scroll_to_edge(-1)
    top = root(view)
    for item in walk(top):
        if item.childCount() or item.state().offscreen:
            continue
        found = deepest(top, item.rect().center())
        assert (found.role(), found.text(NAME)) == (item.role(), item.text(NAME))


def test_what_is_out_of_sight_says_so(view: TimelineView) -> None:
    view.load([user(f"Number {number}", number) for number in range(1, 200)])
    top = root(view)
    assert not top.child(198).state().offscreen
    assert top.child(0).state().offscreen
    view.scroll_to_edge(-1)
    assert not top.child(0).state().offscreen
    assert top.child(198).state().offscreen


def test_a_link_is_opened_and_a_button_pressed(view: TimelineView, qtbot: QtBot) -> None:
    view.load([reply(MARKDOWN)])
    press = accessibility.TimelineItem.pressAction()
    for name, target in (("another", "b"), ("two", "c")):
        with qtbot.waitSignal(view.link_activated) as opened:
            find(root(view), Role.Link, name).actionInterface().doAction(press)
        assert opened.args == [f"https://example.org/{target}", name]
    with qtbot.waitSignal(view.retry_requested):
        find(root(view), Role.Button, "Ask again").actionInterface().doAction(press)


def test_what_unfolds_says_whether_it_is_unfolded(
    view: TimelineView, told: list[tuple[str, str]], qtbot: QtBot
) -> None:
    view.load([tool()])
    item = root(view).child(0)
    assert item.state().expandable
    assert item.state().collapsed
    item.actionInterface().doAction(accessibility.TimelineItem.toggleAction())
    qtbot.waitUntil(lambda: bool(item.state().expanded))
    assert told[-1] == ("StateChanged", "Tool clock: done")
    assert [one.text(NAME) for one in children(item) if one.role() is Role.Heading] == [
        "Asked with",
        "Answered",
    ]


def test_what_is_written_is_busy_until_it_is_done(
    view: TimelineView, told: list[tuple[str, str]], qtbot: QtBot
) -> None:
    turn = TurnId(1)
    view.apply(TurnStarted(turn, "Hello", NOW))
    view.apply(ReplyStarted(turn, "Ada", "gpt"))
    item = root(view).child(1)
    assert item.state().busy
    told.clear()
    for word in ("So ", "it ", "is."):
        view.apply(TextAdded(turn, word))
        qtbot.waitUntil(lambda: view.is_settled)
    assert told == []
    assert item.text(NAME) == "Ada: So it is."
    view.apply(TurnEnded(turn, TurnState.DONE))
    assert not item.state().busy
    assert ("StateChanged", "Ada: So it is.") in told
    assert told[-1] == ("Announcement", "The reply is complete")


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (TurnEnded(TurnId(1), TurnState.STOPPED), "The reply was stopped"),
        (
            TurnEnded(TurnId(1), TurnState.FAILED, ChatelaineError("No answer", title="No server")),
            "The reply failed: No server",
        ),
    ],
)
def test_how_a_reply_ended_is_announced(
    view: TimelineView, told: list[tuple[str, str]], end: TurnEnded, words: str
) -> None:
    view.apply(TurnStarted(TurnId(1), "Hello", NOW))
    view.apply(ReplyStarted(TurnId(1), "Ada", "gpt"))
    view.apply(TextAdded(TurnId(1), "So"))
    view.apply(end)
    assert ("Announcement", words) in told


def test_new_rows_are_told_and_rows_that_go_too(
    view: TimelineView, told: list[tuple[str, str]]
) -> None:
    turn = TurnId(1)
    view.load([])
    view.apply(TurnStarted(turn, "Hello", NOW))
    assert ("ObjectCreated", "You: Hello") in told
    view.apply(ReplyStarted(turn, "Ada", "gpt"))
    gone = root(view).child(1)
    assert gone.isValid()
    view.load([user("Hello")])
    assert [kind for kind, _ in told].count("ObjectDestroyed") == 1
    assert root(view).childCount() == 1


def test_the_focus_is_told_as_it_moves(
    view: TimelineView, told: list[tuple[str, str]], qtbot: QtBot
) -> None:
    view.load([user("Hello"), reply("Words with [a link](https://example.org)")])
    view.setFocus(Qt.FocusReason.TabFocusReason)

    def focused() -> str:
        return next((name for kind, name in reversed(told) if kind == "Focus"), "")

    qtbot.keyClick(view, Qt.Key.Key_Home)
    qtbot.waitUntil(lambda: focused() == "You: Hello")
    qtbot.keyClick(view, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: focused() == "Ada: Words with a link")
    assert root(view).child(1).state().focused
    qtbot.keyClick(view, Qt.Key.Key_Tab)
    qtbot.waitUntil(lambda: focused() == "a link")
    assert not root(view).child(1).state().focused
    assert find(root(view), Role.Link).state().focused
    assert root(view).focusChild().text(NAME) == "a link"


def test_copying_is_announced(
    view: TimelineView, told: list[tuple[str, str]], qtbot: QtBot
) -> None:
    view.load([reply("Words")])
    view.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(view, Qt.Key.Key_Home)
    qtbot.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "Words"
    assert ("Announcement", "Copied") in told


def test_an_item_stays_with_its_message_when_others_come_before_it(view: TimelineView) -> None:
    view.load([user("b", 2), reply("c", 2)])
    item = root(view).child(1)
    view.load([user("a", 1), user("b", 2), reply("c", 2)])
    assert item.text(NAME) == "Ada: c"
    assert root(view).indexOfChild(item) == 2
    assert root(view).child(2) is item


def test_reading_what_is_seen_of_a_long_thread_makes_few_items(view: TimelineView) -> None:
    view.load([user(f"Number {number}", number) for number in range(1, 100_001)])
    top = root(view)
    assert top.childCount() == 100_000
    assert view.accessible.made == 0
    laid_out = view.laid_out.laid_out
    for index in view.visible_rows():
        item = top.child(index)
        assert item.text(NAME) == f"You: Number {index + 1}"
        assert not item.state().offscreen
        list(walk(item))
    assert view.accessible.made <= 4 * len(view.visible_rows())
    assert view.laid_out.laid_out == laid_out


@pytest.mark.parametrize("is_read", [True, False], ids=["read", "not read"])
def test_what_is_read_of_a_long_thread_costs_as_much_as_of_a_short_one(
    view: TimelineView, monkeypatch: pytest.MonkeyPatch, is_read: bool
) -> None:
    rows = [user(f"Number {number}", number) for number in range(1, 100_001)]
    model = TimelineModel()
    model.load(rows)
    if not is_read:
        model.rows.forget(range(90_000))
    view.load(model)
    for index in (0, 50_000, 99_999):
        root(view).child(index)
    looked_at: list[int] = []
    real = RowList._row

    def row(self: RowList, place: int) -> Row:
        looked_at.append(place)
        return real(self, place)

    monkeypatch.setattr(RowList, "_row", row)
    view.accessible.rows_filled()
    view.accessible.rows_loaded(100_000)
    assert len(looked_at) < 40
    assert len(view.accessible) == 3
    monkeypatch.undo()
    model.rows.cut(50_001)
    view.load(model, 50_001)
    assert len(view.accessible) == 2


def test_whoever_reads_all_of_a_long_thread_leaves_few_items(
    view: TimelineView, qtbot: QtBot
) -> None:
    view.load([user(f"Number {number}", number) for number in range(1, 10_001)])
    top = root(view)
    qtbot.waitUntil(lambda: view.is_settled)
    seen = [top.child(index) for index in view.visible_rows()]
    before = view.scrolling.top, view.laid_out.laid_out
    for index in range(10_000):
        top.child(index).text(NAME)
    qtbot.waitUntil(lambda: len(view.accessible) <= accessibility.KEPT)
    gc.collect()
    assert [item.isValid() for item in seen] == [True] * len(seen)
    assert (view.scrolling.top, view.laid_out.laid_out) == before
    assert top.child(5000).text(NAME) == "You: Number 5001"


def test_reading_what_is_out_of_sight_moves_nothing_that_is_seen(
    view: TimelineView, qtbot: QtBot
) -> None:
    view.load([reply(MARKDOWN * 3, number) for number in range(1, 300)])
    view.scroll_by(-5000)
    qtbot.waitUntil(lambda: view.is_settled)
    seen = [(row, view.origin(row).y()) for row in view.visible_rows()]
    for index in range(0, 299, 10):
        list(walk(root(view).child(index)))
    assert [(row, view.origin(row).y()) for row in view.visible_rows()] == seen


def test_a_timeline_that_is_gone_takes_its_items_with_it(dressed: object, qtbot: QtBot) -> None:
    view = TimelineView()
    view.load([reply("A *quiet* reply\n\n- with a list")])
    items = list(walk(root(view)))
    tree = view.accessible
    assert len(tree) == len(items) - 1
    view.deleteLater()
    del view
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert len(tree) == 0
    del items, tree
    gc.collect()


class HeardTimeline(TimelineView):
    """A timeline with methods that nothing is connected to yet."""

    def hear(self) -> None: ...

    def hear_too(self) -> None: ...


def test_qt_is_given_no_list_twice(dressed: object) -> None:
    window = QWidget()
    view = HeardTimeline(window)
    view.load([user("Hello")])
    lists = [root(view)]
    for method in (view.hear, view.hear_too):
        known = view.metaObject().methodCount()
        view.copied.connect(method)
        assert view.metaObject().methodCount() > known, "it has another meta-object"
        lists.append(root(view))
    assert len({Shiboken.getCppPointer(one)[0] for one in lists}) == 3
    assert len({QAccessible.uniqueId(one) for one in lists}) == 3
    assert {one.role() for one in lists} == {Role.List}
    # Whoever knows the first reads on in it; what is told is told of the last.
    assert [one.child(0) for one in lists] == [lists[-1].child(0)] * 3
    assert root(view) is view.accessible.root() is lists[-1] is lists[0].child(0).parent()
    Shiboken.delete(window)
    assert not any(Shiboken.isValid(one) for one in lists)


def test_what_is_asked_of_a_timeline_that_is_gone_is_answered(
    dressed: object, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = QWidget()
    view = TimelineView(window)
    view.load([reply(MARKDOWN)])
    qtbot.waitUntil(lambda: view.is_settled, timeout=10_000)
    top, *items = list(walk(root(view)))
    delete, asked = QAccessible.deleteAccessibleInterface, 0

    def ask(number: int) -> None:
        # As Qt does, when the timeline is half destroyed.
        nonlocal asked
        item = QAccessible.accessibleInterface(number)
        asked += 1
        assert not item.isValid()
        assert item.state().invalid
        assert item.rect().isEmpty()
        assert isinstance(item, AccessibleItem)
        assert (item.text(NAME), item.actionNames()) == ("", [])
        assert item.parent() is None or not item.parent().isValid()
        assert isinstance(item.role(), Role)
        for one in (item, top):
            assert one.childCount() == 0
            nothing = {one.child(0), one.childAt(1, 1), one.focusChild(), item.window()}
            assert nothing == {None}
        assert top.indexOfChild(item) == -1
        delete(number)

    monkeypatch.setattr(QAccessible, "deleteAccessibleInterface", ask)
    Shiboken.delete(window)
    assert asked == len(items)
    assert not any(Shiboken.isValid(one) for one in (top, *items))


def test_the_texts_of_rows_that_are_asked_for_are_wanted(
    view: TimelineView, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    view.load([UnreadRow(TurnId(number), RowKind.USER, 40, 1) for number in range(1, 500)])
    model = view.laid_out.model
    monkeypatch.setattr(
        model, "unread", lambda first, last: [row.turn for row in model.rows[first:last]]
    )
    with qtbot.waitSignal(view.texts_requested) as asked:
        assert root(view).child(3).text(NAME) == "Your message, not loaded yet"
    assert asked.args == [[TurnId(4)]]


def test_an_empty_thread_offers_its_suggestions(view: TimelineView) -> None:
    view.load([])
    names = [one.text(NAME) for one in walk(root(view)) if one.role() is Role.Button]
    assert len(names) >= 2
    assert all(names)
