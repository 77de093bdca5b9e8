"""The outline of a thread says which rows it has: those that its turns are shown as when read."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from chatelaine.agents.items import (
    assistant_message,
    function_call,
    function_call_output,
    user_message,
)
from chatelaine.errors import HistoryError
from chatelaine.gui.chat import timeline_model
from chatelaine.gui.chat.outlined_rows import outlined_rows
from chatelaine.gui.chat.row_list import RowList
from chatelaine.gui.chat.rows import UnreadRow, kind_of, size_of
from chatelaine.gui.chat.stored_rows import rows_of
from chatelaine.gui.chat.timeline_model import TimelineModel
from chatelaine.store.outline import NOTHING
from chatelaine.store.records import TurnKind, TurnState
from chatelaine.store.store import ConversationStore

TEXTS = st.sampled_from(["", " ", "\n\t", "a", " two\nlines ", "\u2028", "\u00a0", "long " * 40])
REASONING = TEXTS.map(
    lambda text: {"type": "reasoning", "summary": [{"type": "summary_text", "text": text}]}
)
ITEMS = st.lists(
    st.one_of(
        TEXTS.map(assistant_message),
        REASONING,
        st.sampled_from("ab").map(lambda call: function_call(call, "transfer_to_ben", {})),
        st.sampled_from("ab").map(lambda call: function_call_output(call, "out\nput")),
        TEXTS.map(lambda text: {"role": "developer", "content": text}),
        st.just({"type": "web_search_call", "id": "ws_1", "status": "completed"}),
    ),
    max_size=5,
)
STATES = st.sampled_from(list(TurnState))
PLACES = st.integers(0, 7)
DEEDS = st.one_of(
    st.tuples(st.just("turn"), TEXTS, ITEMS, STATES),
    st.tuples(st.just("edit"), PLACES, TEXTS, ITEMS),
    st.tuples(st.sampled_from(["delete", "compact", "switch", "fill", "forget"]), PLACES),
    st.tuples(st.sampled_from(["undo", "redo", "undo", "clear", "draft"])),
)


class Thread:
    """A thread in a real store, the model that shows it, and what may be done with both."""

    def __init__(self, store, thread):
        self.store = store
        self.id = thread.id
        self.outlined = None
        self.edits = 0
        self.model = TimelineModel()

    async def do(self, what, *more):  # noqa: C901, PLR0912 -- all that can be done
        turns = await self.store.turns(self.id)
        running = turns and turns[-1].state is TurnState.RUNNING
        said = [turn.id for turn in turns if turn.kind is TurnKind.TURN]
        deed: Any = (what, *more)
        match deed:
            case "turn", text, items, state:
                turn = await self.store.begin_turn(self.id, [user_message(text)], agent="Ada")
                await self.store.extend_turn(turn.id, items)
                if state is not TurnState.RUNNING:
                    await self.store.end_turn(turn.id, state)
            case "edit", place, text, items if said:
                turn = said[place % len(said)]
                self.edits += 1  # the same words would be an answer that is asked for again
                said_instead = user_message(f"{text} edited {self.edits}")
                await self.store.post_items(self.id, [said_instead, *items], instead_of=turn)
            case "draft" if running:
                await self.store.write_draft(turns[-1].id, "so far")
            case "compact", place if said and not running:
                cut = said[place % len(said)]
                summaries = [turn.cut for turn in turns if turn.kind is TurnKind.COMPACTION]
                if not summaries or summaries[-1] < cut:
                    # A summary never reaches below an earlier one.
                    try:
                        await self.store.compact(self.id, cut, "Sum\nmed up", head=turns[-1].id)
                    except HistoryError:
                        assert summaries
            case "delete", place if said and not running:
                await self.store.delete_turn(self.id, said[place % len(said)])
            case "switch", place if said:
                others = await self.store.branches(said[place % len(said)])
                await self.store.switch_branch(self.id, others[0])
            case (("undo" | "redo"),) if not running:
                await (self.store.undo if what == "undo" else self.store.redo)(self.id)
            case ("clear",):
                await self.store.clear(self.id)
            case "fill", place:
                await self.read(self.model.unread(place, place + 3))
            case "forget", place:
                self.model.forget(range(place, place + 2))
            case _:
                pass  # there is nothing yet to do it with

    async def read(self, turns):
        before = list(self.model.rows)
        told = self.model.fill(await self.store.turns_of(self.id, turns))
        after = list(self.model.rows)
        for first, count, now in told:  # what was told makes the one of the other
            before[first : first + count] = after[first : first + now]
        assert before == after

    async def look(self):
        """Show what is there now, and compare it with what reading all of it gives."""
        known = self.outlined.outline if self.outlined else NOTHING
        outline = await self.store.outline(self.id, known)
        fresh = await self.store.outline(self.id)
        self.outlined = outlined_rows(outline, self.outlined)
        turns = await self.store.turns(self.id)
        rows = rows_of(turns)
        for seen in (self.outlined, outlined_rows(fresh)):
            listed = [row for row in RowList.unread(seen) if isinstance(row, UnreadRow)]
            assert [row.kind for row in listed] == [kind_of(row) for row in rows]
            assert [row.turn for row in listed] == [row.turn for row in rows]
            assert all(
                (row.chars, row.lines) == size_of(read)
                for row, read in zip(listed, rows, strict=True)
                if not getattr(read, "running", False)
            )
        before = list(self.model.rows)
        page = [turn for turn in turns[-2:] if turn.kind is TurnKind.TURN]
        first = self.model.load_outline(self.outlined, page)
        assert all(map(same, before[:first], self.model.rows[:first]))
        assert first <= min(len(before), len(self.model.rows))
        for place, (row, read) in enumerate(zip(self.model.rows, rows, strict=True)):
            assert row == read or not self.model.rows.is_read(place)
            if row.turn in {turn.id for turn in page}:
                assert self.model.rows.is_read(place)
        for place, read in enumerate(rows):
            if self.model.index_of_turn(read.turn) == place:
                assert place == [row.turn for row in rows].index(read.turn)

    async def read_all(self):
        await self.read(self.model.unread(0, len(self.model.rows)))
        assert not self.model.unread(0, len(self.model.rows))
        assert self.model.rows == rows_of(await self.store.turns(self.id))


def same(before, after):
    """Tell whether two rows are the same, as far as they were read."""
    if isinstance(before, UnreadRow) or isinstance(after, UnreadRow):
        return (kind_of(before), before.turn) == (kind_of(after), after.turn)
    return before == after


@pytest.fixture
def world():
    with asyncio.Runner() as runner, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "history.db"
        store = runner.run(ConversationStore.open(path, bytes(range(32)), create=True))
        yield runner, store
        runner.run(store.aclose())


@settings(max_examples=200, suppress_health_check=list(HealthCheck))
@given(deeds=st.lists(DEEDS, min_size=2, max_size=14))
@example(
    deeds=[
        *[("turn", "a", [assistant_message("b")], TurnState.DONE)] * 4,
        ("compact", 1),
        ("delete", 1),
        ("delete", 1),
        ("undo",),
        ("delete", 3),
        ("turn", "a", [assistant_message("b")], TurnState.STOPPED),
        ("undo",),
        ("undo",),
        ("redo",),
    ]
)
@example(
    deeds=[
        ("turn", "", [], TurnState.DONE),
        ("turn", "", [], TurnState.DONE),
        ("compact", 0),
        ("edit", 1, "", []),
    ]
)
def test_an_outline_says_which_rows_there_are(world, monkeypatch, deeds):
    runner, store = world
    monkeypatch.setattr(timeline_model, "KEPT_ROWS", 3)

    async def live():
        thread = Thread(store, await store.create_thread(temporary=True))
        for deed in deeds:
            await thread.do(*deed)
            await thread.look()
        await thread.read_all()

    runner.run(live())
