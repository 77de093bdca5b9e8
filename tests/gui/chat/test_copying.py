"""Copying from a thread of which only what is seen is read: all of it comes into the clipboard."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDrag, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from chatelaine.agents.items import assistant_message, user_message
from chatelaine.chat.conversation import Conversation
from chatelaine.gui.chat.controller import ChatController
from chatelaine.gui.chat.selection import TextPosition
from chatelaine.gui.chat.timeline_view import TimelineView
from chatelaine.gui.tasks import TaskScope
from chatelaine.gui.thread_reading import ThreadReading
from chatelaine.store import threads, turns
from chatelaine.store.items import encode_all
from chatelaine.store.records import TurnState
from chatelaine.store.store import ConversationStore
from support.thread_rows import exchange
from support.timeline_driver import CONTROL, clipboard
from support.until import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from chatelaine.gui.theme.appearance import Appearance
    from support.timeline_driver import TimelineDriver

COUNT = 5_000


def words(first: int, last: int) -> str:
    return "\n\n".join(f"Question {n}\n\nAnswer *{n}*." for n in range(first, last + 1))


class Talk:
    """A long thread in a window, with what reads its texts."""

    def __init__(self, view: TimelineView, scope: TaskScope, controller: ChatController) -> None:
        self.view = view
        self.controller = controller
        self.page = QWidget()
        self.reading = ThreadReading(view, scope, self.page, controller=lambda: controller)
        self.reading.listen(controller, lambda: True)
        self.said: list[str] = []
        self.reading.said.connect(self.said.append)
        controller.loaded.connect(lambda first: view.load(controller.model, first))

    async def shown(self) -> None:
        await until(lambda: self.view.is_settled and not self.controller._scope._tasks)

    async def copied(self) -> str:
        await until(lambda: bool(self.said))
        return clipboard()

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = CONTROL) -> None:
        QTest.keyClick(self.view, key, modifiers)

    def scroll_through(self) -> None:
        """Look at so much that what was looked at first is let go of."""
        height = self.view.viewport().height()
        for _ in range(10):
            self.view.scroll_by(-height)


@pytest.fixture
async def talk(tmp_path: Path, dressed: Appearance) -> AsyncIterator[Talk]:
    problems: list[BaseException] = []
    scope = TaskScope(problems.append)
    key = secrets.token_bytes(32)
    async with await ConversationStore.open(tmp_path / "history.db", key, create=True) as store:

        def fill(connection):
            made = threads.create(connection, "thread_long", "Long")
            for number in range(1, COUNT + 1):
                said = [
                    user_message(f"Question {number}"),
                    assistant_message(f"Answer *{number}*."),
                ]
                question, answer = encode_all(said)
                turn = turns.begin(connection, made.id, [question], agent="Ada", model="m")
                turns.extend(connection, turn, [answer], agent="", model="")
                turns.end(connection, turn, TurnState.DONE)
            return threads.get(connection, made.id)

        thread = await store._databases.file.write(fill)
        view = TimelineView()
        view.resize(700, 500)
        view.show()
        conversation = Conversation(store, thread, None)  # type: ignore[arg-type]  # nothing is asked
        controller = ChatController(conversation, scope, view)
        made = Talk(view, scope, controller)
        controller.load()
        await until(lambda: len(view.rows) == 2 * COUNT)
        await made.shown()
        yield made
        await made.shown()
        view.hide()
        view.deleteLater()
        made.page.deleteLater()
    await scope.close()
    assert problems == []


async def test_all_of_a_long_thread_is_copied(talk: Talk) -> None:
    QGuiApplication.clipboard().clear()
    talk.key(Qt.Key.Key_A)
    talk.key(Qt.Key.Key_C)
    assert await talk.copied() == words(1, COUNT)
    assert talk.said == ["Copied"]
    assert not talk.view.laid_out.model.rows.is_read(0)


async def test_what_is_selected_over_what_was_let_go_of_is_copied(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    view, last = talk.view, 2 * COUNT - 1
    view.scrolling.scroll_to_row(4)
    view._show_all()
    await talk.shown()
    begin = TextPosition(3, 0, 0, len("Answer "))
    view.select(begin, TextPosition(last, 0, 0, len("Answer")))
    view.scroll_to_end()
    await talk.shown()
    # As if so much had been looked at meanwhile that nothing out of sight is kept.
    monkeypatch.setattr("chatelaine.gui.chat.timeline_model.KEPT_ROWS", 0)
    talk.scroll_through()
    await talk.shown()
    rows = view.laid_out.model.rows
    assert rows.is_read(begin.row)
    assert not rows.is_read(begin.row + 2)
    view.copy()
    assert await talk.copied() == f"2.\n\n{words(3, COUNT - 1)}\n\nQuestion {COUNT}\n\nAnswer"


async def test_the_current_message_is_copied_although_it_was_let_go_of(talk: Talk) -> None:
    talk.view.keys.row = 7
    talk.key(Qt.Key.Key_C)
    assert await talk.copied() == "Answer *4*."


async def test_what_is_copied_later_stays_in_the_clipboard(talk: Talk) -> None:
    talk.key(Qt.Key.Key_A)
    talk.key(Qt.Key.Key_C)
    talk.view.select(TextPosition(0, 0, 0, 0), TextPosition(0, 0, 0, 0))
    talk.view.keys.row = 2 * COUNT - 1
    talk.key(Qt.Key.Key_C)
    await talk.shown()
    assert clipboard() == f"Answer *{COUNT}*."
    assert talk.said == []


async def test_half_of_a_selection_is_never_dragged_out_and_it_is_said_what_to_do(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    dragged: list[str] = []
    monkeypatch.setattr(QDrag, "exec", lambda drag, *_: dragged.append(drag.mimeData().text()))
    talk.view.selectAll()
    row = talk.view.visible_rows()[-1]
    inside = talk.view.origin(row).toPoint()
    talk.view.mouse._may_drag = True
    talk.view.mouse._drag_out(talk.view.mouse._pressed_at + inside)
    assert dragged == []
    (said,) = talk.said
    assert said.startswith("This is too much to be dragged")
    assert "Copy it" in said


def test_the_keyboard_stays_at_its_message_when_rows_above_turn_out_to_be_more(
    view: TimelineView, user: TimelineDriver
) -> None:
    rows = [row for turn in range(1, 9) for row in exchange(turn)]
    view.load(rows)
    user.settle()
    view.keys.go_to(5)
    user.move(user.row_rect(5).center())
    model = view.laid_out.model
    turn = model.rows[5].turn
    model.rows.replace(range(1, 2), [rows[1], rows[1]])
    view.show_filled([(0, 2, 3)])
    row = view.keys.row
    assert row is not None
    assert model.rows[row] == rows[5]
    assert model.rows[row].turn == turn
