"""The controller of a thread over a real store: it opens an outline, and reads what is seen."""

from __future__ import annotations

import asyncio
import secrets
from datetime import timedelta

import pytest
from PySide6.QtWidgets import QWidget

from chatelaine.agents.agent import Agent
from chatelaine.agents.events import Usage
from chatelaine.agents.items import assistant_message, user_message
from chatelaine.agents.testing import Gate, ScriptedModel
from chatelaine.chat.assistant import Assistant
from chatelaine.chat.conversation import Conversation
from chatelaine.errors import HistoryDamaged, HistoryError
from chatelaine.gui.chat.controller import PAGE, ChatController
from chatelaine.gui.chat.copying import PartOfRow, taken_rows
from chatelaine.gui.chat.rows import RowKind, UnreadRow, UserRow, source_of
from chatelaine.gui.chat.stored_rows import rows_of
from chatelaine.gui.message_deletion import DELETED, MessageDeletion
from chatelaine.gui.tasks import TaskScope
from chatelaine.gui.widgets.toast import Toast
from chatelaine.store import threads, turns
from chatelaine.store.items import encode_all
from chatelaine.store.records import StepKind, TurnState
from chatelaine.store.store import ConversationStore
from support.until import until

COUNT = 250


class Cast:
    """Always the same assistant, who speaks with a scripted model."""

    def __init__(self, *steps):
        self.agent = Agent("Tester", model=ScriptedModel(steps))

    async def current(self):
        return Assistant(self.agent, "scripted")


class Heard:
    """What a controller has told, and what was read for it."""

    def __init__(self, controller, conversation):
        self.loaded: list[int] = []
        self.filled: list[list[tuple[int, int, int]]] = []
        self.events: list[int] = []
        self.read: list[list[int]] = []
        controller.loaded.connect(self.loaded.append)
        controller.filled.connect(self.filled.append)
        controller.event_arrived.connect(lambda _, first: self.events.append(first))
        self._turns_of = conversation.turns_of
        conversation.turns_of = self.turns_of

    async def turns_of(self, numbers):
        self.read.append(sorted(numbers))
        return await self._turns_of(numbers)


@pytest.fixture
async def store(tmp_path):
    path, key = tmp_path / "history.db", secrets.token_bytes(32)
    async with await ConversationStore.open(path, key, create=True) as store:
        yield store


@pytest.fixture
async def thread(store):
    def fill(connection):
        made = threads.create(connection, "thread_long", "Long")
        question, answer = encode_all([user_message("Well?"), assistant_message("So\nit is.")])
        for _ in range(COUNT):
            turn = turns.begin(connection, made.id, [question], agent="Ada", model="m")
            turns.extend(connection, turn, [answer], agent="", model="")
            turns.end(connection, turn, TurnState.DONE)
        return threads.get(connection, made.id)

    return await store._databases.file.write(fill)


@pytest.fixture
async def scope():
    problems: list[BaseException] = []
    scope = TaskScope(problems.append)
    yield scope
    await scope.close()
    assert problems == []


@pytest.fixture
def opened(store, thread, scope, qapp):
    made = []

    async def opened(*steps):
        conversation = Conversation(store, thread, Cast(*steps))
        controller = ChatController(conversation, scope)
        made.append(controller)
        heard = Heard(controller, conversation)
        controller.load()
        await until(lambda: heard.loaded)
        await idle(controller)
        del heard.loaded[:-1]  # the end of a long thread was shown before
        return controller, heard

    yield opened
    for controller in made:
        controller.deleteLater()


async def idle(controller):
    """Wait until nothing is being done: Qt's events go on between a test and its end."""
    await until(lambda: not controller.running and not controller._scope._tasks)


def read(controller):
    rows = controller.model.rows
    return [place for place in range(len(rows)) if rows.is_read(place)]


async def test_it_opens_with_an_outline_and_the_last_page(opened):
    controller, heard = await opened()
    assert heard.loaded == [0]
    assert len(controller.model.rows) == 2 * COUNT
    assert read(controller) == list(range(2 * (COUNT - PAGE), 2 * COUNT))
    assert controller.model.rows[0] == UnreadRow(1, RowKind.USER, 5, 1)
    assert len(heard.read) == 1
    assert controller.steps.undo is StepKind.TURN


async def test_the_end_of_a_long_thread_is_there_before_its_outline(store, thread, scope, qapp):
    controller = ChatController(Conversation(store, thread, Cast()), scope)
    shown: list[list[int]] = []
    controller.loaded.connect(
        lambda first: shown.append(
            [first, len(controller.model.rows), controller.model.rows[-1].turn]
        )
    )
    controller.load()
    await until(lambda: len(shown) == 2)
    await idle(controller)
    assert shown == [[0, 40, COUNT], [0, 2 * COUNT, COUNT]]
    controller.deleteLater()


async def test_what_is_needed_is_read_once(opened, store, thread):
    controller, heard = await opened()
    controller.need(controller.model.unread(0, 6))
    await until(lambda: heard.filled)
    assert heard.filled == [[(0, 6, 6)]]
    assert controller.model.rows[:6] == rows_of(await store.turns(thread.id))[:6]
    controller.need([1, 2, 3, 4711, COUNT])
    await idle(controller)
    assert len(heard.filled) == 1
    assert heard.read[1:] == [[1, 2, 3]]


async def test_a_turn_that_is_damaged_costs_only_itself(opened, monkeypatch):
    controller, heard = await opened()
    told: list[object] = []
    controller.failed.connect(told.append)
    conversation, read_turns = controller._conversation, controller._conversation.turns_of

    async def damaged(numbers):
        if {3, 4, COUNT} & set(numbers):
            raise HistoryDamaged("It cannot be read.")
        return await read_turns(numbers)

    async def damaged_end(*, limit=None):
        raise HistoryDamaged("It cannot be read.")

    monkeypatch.setattr(conversation, "turns_of", damaged)
    monkeypatch.setattr(conversation, "turns", damaged_end)
    controller.need(range(1, 51))
    await idle(controller)
    rows = controller.model.rows
    assert [turn for turn in range(1, 51) if controller.model.has_unread(turn)] == [3, 4]
    assert [type(error) for error in told] == [HistoryDamaged]
    asked = len(heard.read)
    controller.need([3, 4])
    await idle(controller)
    assert len(heard.read) == asked, "what cannot be read was asked for again"
    # A thread of which the end is damaged opens all the same.
    other = ChatController(conversation, controller._scope)
    other.failed.connect(told.append)
    other.load()
    await until(lambda: len(other.model.rows) == len(rows))
    await idle(other)
    assert other.model.has_unread(COUNT)
    assert not other.model.has_unread(COUNT - 1)
    assert len(told) == 2
    other.deleteLater()


async def test_the_newest_need_wins(opened):
    controller, heard = await opened()
    for first in (0, 40, 80):
        controller.need(controller.model.unread(first, first + 4))
    await until(lambda: len(heard.filled) == 1)
    await idle(controller)
    assert heard.read[1:] == [[41, 42]]
    controller.need(controller.model.unread(0, 4))
    await until(lambda: len(heard.read) == 3)  # this one is being read
    for first in (40, 20):
        controller.need(controller.model.unread(first, first + 4))
    await idle(controller)
    assert heard.read[2:] == [[1, 2], [11, 12]]


async def test_a_turn_that_runs_goes_on_while_others_are_read(opened):
    gate = Gate()
    controller, heard = await opened(["One ", gate, "two"])
    controller.send("And now?")
    await until(lambda: heard.events and controller.model.rows.chars[-1] == 4)
    controller.need(controller.model.unread(0, 4))
    await until(lambda: heard.filled)
    assert heard.filled == [[(0, 4, 4)]]
    assert set(heard.events) <= {2 * COUNT, 2 * COUNT + 1}
    gate.open()
    await until(lambda: not controller.running)
    await idle(controller)
    assert controller.model.rows[-1].text == "One two"
    # Loading anew while it runs would know less than the events: they win.
    assert len(controller.model.rows) == 2 * COUNT + 2


async def test_loading_anew_leaves_a_running_turn_alone(opened):
    gate = Gate()
    controller, heard = await opened(["One ", gate, "two"])
    controller.send("And now?")
    await until(lambda: heard.events and controller.model.rows.chars[-1] == 4)
    controller.load()
    await until(lambda: len(heard.loaded) == 2)
    assert controller.model.rows[-1].text == "One "
    gate.open()
    await idle(controller)
    assert controller.model.rows[-1].text == "One two"
    assert len(controller.model.rows) == 2 * COUNT + 2


async def test_a_turn_that_ends_while_the_thread_is_read_is_shown(opened, monkeypatch):
    controller, heard = await opened("So.")
    conversation = controller._conversation
    read, begun, go_on = conversation.outline, asyncio.Event(), asyncio.Event()

    async def slow(known=None):
        outline = await read(known)
        begun.set()
        await go_on.wait()
        return outline

    monkeypatch.setattr(conversation, "outline", slow)
    controller.load()
    await begun.wait()
    controller.send("And now?")
    await until(lambda: not controller.running)
    go_on.set()
    await until(lambda: len(heard.loaded) == 2)
    await idle(controller)
    assert [row.text for row in controller.model.rows[-2:]] == ["And now?", "So."]


async def test_what_is_copied_is_read_first(opened, store, thread):
    controller, heard = await opened("And **this**.")
    controller.send("And now?")
    await idle(controller)
    rows = controller.model.rows
    heard.read.clear()
    taken = taken_rows(rows, range(len(rows)))
    assert not taken.is_here
    words = await controller.read_texts(taken)
    assert words == "\n\n".join(source_of(row) for row in rows_of(await store.turns(thread.id)))
    assert words.endswith("So\nit is.\n\nAnd now?\n\nAnd **this**.")
    assert [len(numbers) for numbers in heard.read] == [100, COUNT - 200]
    assert not rows.is_read(0), "it is copied, not shown"


async def test_parts_of_turns_are_copied_without_the_rest_of_them(opened):
    controller, _ = await opened()
    taken = taken_rows(
        controller.model.rows, range(1, 3), begin=PartOfRow("of before"), end=PartOfRow("of after")
    )
    words = await controller.read_texts(taken)
    assert words == "of before\n\nSo\nit is.\n\nWell?\n\nof after"
    assert await controller.read_texts(taken_rows(controller.model.rows, range(5, 6))) == (
        "So\nit is."
    )


async def test_what_is_copied_is_what_was_there_when_it_was_asked_for(opened):
    controller, heard = await opened()
    taken = taken_rows(controller.model.rows, range(4))
    controller.delete(1)
    await until(lambda: len(heard.loaded) == 2)
    await idle(controller)
    assert (await controller.read_texts(taken)).count("Well?") == 2


async def test_undo_and_redo_change_the_end_alone(opened):
    controller, heard = await opened(["So."])
    controller.need([1])
    await until(lambda: heard.filled)
    controller.send("And now?")
    await idle(controller)
    assert len(controller.model.rows) == 2 * COUNT + 2
    before = controller.model.rows[:]
    controller.undo()
    await until(lambda: len(heard.loaded) == 2)
    await idle(controller)
    assert heard.loaded[1:] == [2 * COUNT]
    assert controller.model.rows[:] == before[: 2 * COUNT]
    controller.redo()
    await until(lambda: len(heard.loaded) == 3)
    await idle(controller)
    assert heard.loaded[2:] == [2 * COUNT]
    assert controller.model.rows.is_read(0)
    assert len(controller.model.rows) == 2 * COUNT + 2


async def test_a_message_is_deleted_and_comes_back(opened, store, thread):
    controller, heard = await opened()
    controller.delete(3)  # nobody has read it
    await until(lambda: len(heard.loaded) == 2)
    await idle(controller)
    assert heard.loaded[1:] == [4]
    assert len(controller.model.rows) == 2 * COUNT - 2
    assert controller.model.index_of_turn(3) is None
    assert controller.steps.undo is StepKind.DELETE
    controller.undo()
    await until(lambda: len(heard.loaded) == 3)
    await idle(controller)
    assert heard.loaded[2:] == [4]
    assert controller.model.index_of_turn(3) == 4
    assert read(controller) == list(range(2 * (COUNT - PAGE), 2 * COUNT))


@pytest.fixture
def toast(qapp):
    ground = QWidget()
    above = QWidget(ground)
    yield Toast(above, ground)
    ground.deleteLater()


async def test_a_deleted_message_is_offered_back_as_long_as_it_is_the_last_step(opened, toast):
    controller, heard = await opened("So.")
    deletion = MessageDeletion(toast, toast, controller={controller.thread_id: controller}.get)
    deletion.listen(controller)
    controller.delete(3)
    await until(lambda: len(heard.loaded) == 2)
    await idle(controller)
    assert not toast.isHidden()
    assert toast.words == DELETED
    toast.button.click()
    await until(lambda: len(heard.loaded) == 3)
    await idle(controller)
    assert controller.model.index_of_turn(3) == 4
    controller.delete(3)
    await until(lambda: len(heard.loaded) == 4)
    await idle(controller)
    controller.send("And now?")
    await idle(controller)
    assert toast.isHidden(), "it offers to take back what was said since"
    toast.button.click()
    await idle(controller)
    assert controller.model.index_of_turn(COUNT + 1) is not None
    assert controller.model.index_of_turn(3) is None


async def test_what_could_not_be_deleted_is_not_said_to_be(store, thread, toast):
    problems: list[BaseException] = []
    scope = TaskScope(problems.append)
    controller = ChatController(Conversation(store, thread, Cast()), scope)
    MessageDeletion(toast, toast, controller={thread.id: controller}.get).listen(controller)
    controller.delete(4711)
    await until(lambda: bool(problems))
    assert isinstance(problems[0], HistoryError)
    assert toast.isHidden()
    await scope.close()
    controller.deleteLater()


async def test_a_message_is_deleted_while_another_turn_runs(opened, store, thread):
    gate = Gate()
    controller, heard = await opened(["One ", gate, "two"])
    controller.send("And now?")
    await until(lambda: heard.events and controller.model.rows.chars[-1] == 4)
    controller.delete(COUNT)
    await until(lambda: len(heard.loaded) == 2)
    assert heard.loaded[1:] == [2 * COUNT - 2]
    assert controller.running
    gate.open()
    await idle(controller)
    assert controller.model.rows[-1].text == "One two"
    assert [turn.id for turn in await store.turns(thread.id, limit=2)] == [COUNT - 1, COUNT + 1]
    assert controller.steps.undo is StepKind.DELETE


async def test_the_running_turn_is_stopped_before_it_is_deleted(opened, store, thread):
    gate = Gate()
    controller, heard = await opened(["One ", gate, "two"])
    controller.send("And now?")
    await until(lambda: heard.events and controller.model.rows.chars[-1] == 4)
    controller.delete(COUNT + 1)
    await until(lambda: len(heard.loaded) == 2)
    await idle(controller)
    assert len(controller.model.rows) == 2 * COUNT
    assert (await store.turns(thread.id, limit=1))[0].id == COUNT


async def test_versions_are_read_with_what_is_seen(opened, store, thread):
    other = await store.post_items(
        thread.id, [user_message("Other?"), assistant_message("Yes.")], instead_of=2
    )
    await store.end_turn(other.id, TurnState.DONE)
    await store.switch_branch(thread.id, 2)
    controller, heard = await opened("Third.")
    assert len(controller.model.rows) == 2 * COUNT
    controller.need([2])
    await until(lambda: heard.filled)
    row = controller.model.rows[2]
    assert isinstance(row, UserRow)
    assert row.branches == (2, other.id)
    controller.show_branch(other.id)
    await until(lambda: len(heard.loaded) == 2)
    await idle(controller)
    assert heard.loaded[1:] == [2]
    assert [row.turn for row in controller.model.rows] == [1, 1, other.id, other.id]
    controller.edit("Third?", other.id)
    await until(lambda: len(heard.loaded) == 3)
    assert heard.loaded[2] == 2
    await idle(controller)
    assert controller.model.rows[-1].text == "Third."
    assert controller.model.rows[2].branches == (2, other.id, other.id + 1)


@pytest.mark.parametrize("runs", [False, True])
async def test_the_same_is_asked_again_in_the_place_of_an_earlier_turn(opened, store, runs):
    gate = Gate()
    controller, _ = await opened(*([["One ", gate]] if runs else []), "Another answer.")
    controller.need([2])
    await idle(controller)
    if runs:
        controller.send("And now?")
        await until(lambda: controller.running and controller.model.rows.chars[-1] == 4)
    controller.ask_again("Well?", 2)
    await until(lambda: getattr(controller.model.rows[-1], "text", "") == "Another answer.")
    await idle(controller)
    rows = controller.model.rows
    assert [row.text for row in rows[2:]] == ["Well?", "Another answer."]
    assert rows[2].branches == (2, rows[2].turn)
    controller.show_branch(2)
    await until(lambda: len(controller.model.rows) >= 2 * COUNT)
    await idle(controller)


async def test_any_turn_can_be_branched_off_from_read_or_not(opened, store, thread):
    controller, _ = await opened()
    for turn in (1, 100, COUNT):
        fork = await store.fork_thread(thread.id, turn)
        assert (fork.head, len(await store.turns(fork.id))) == (turn, turn)
    assert not controller.model.rows.is_read(0)


async def test_what_a_turn_has_cost_can_be_asked(opened, store):
    controller, _ = await opened()
    await store.add_usage(7, Usage(2, 100, 20, 30, 10), model="m")
    told = await controller.read_usage(7)
    assert (told.models, told.requests, told.input, told.cached) == (("m",), 2, 100, 20)
    assert (told.output, told.reasoning) == (30, 10)
    took = told.took
    assert took is not None
    assert timedelta() < took < timedelta(minutes=5)
    with pytest.raises(HistoryError):
        await controller.read_usage(4711)
