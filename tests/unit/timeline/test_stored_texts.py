"""Finding in a thread of a real history of which nothing was read but its outline."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from chatelaine.agents.items import (
    assistant_message,
    function_call,
    function_call_output,
    user_message,
)
from chatelaine.gui.chat.find import Section, ThreadFind
from chatelaine.gui.chat.outlined_rows import outlined_rows
from chatelaine.gui.chat.stored_texts import StoredTexts
from chatelaine.gui.chat.timeline_model import TimelineModel
from chatelaine.store.store import ConversationStore
from support.until import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from chatelaine.store.records import TurnId

KEY = bytes(range(32))
WORD = "a **needle**"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[ConversationStore]:
    path = tmp_path / "data" / "history.db"
    async with await ConversationStore.open(path, KEY, create=True) as store:
        yield store


async def say(store: ConversationStore, thread: int, question: str, answer: str) -> TurnId:
    turn = await store.begin_turn(thread, [user_message(question)])
    await store.extend_turn(turn.id, [assistant_message(answer)], ended=True)
    return turn.id


async def test_a_thread_that_was_not_read_is_searched_and_read_where_it_is_shown(store):
    thread = await store.create_thread()
    first = await say(store, thread.id, "**needle**", "A **nee**dle, a Néedle.")
    await say(store, thread.id, "Something else", "[a link](https://needle.example)")
    last = await say(store, thread.id, "?", "```\nneedle\n```")
    model = TimelineModel()
    model.load_outline(outlined_rows(await store.outline(thread.id)), [])
    tasks: list[asyncio.Task[None]] = []
    find = ThreadFind(
        lambda: model,
        lambda work: tasks.append(asyncio.get_running_loop().create_task(work)),
        lambda: None,
    )
    find.begin("needle", near=last, texts=StoredTexts(store, thread.id))
    await until(lambda: not find.is_counting)
    assert find.total == 4
    ref = find.first_after(Section(0))
    assert ref is not None
    assert ref.section == Section(first)
    assert await find.hits_of(ref.section) is None
    filled = model.fill(await store.turns_of(thread.id, [first]))
    find.rows_filled(filled)
    await until(lambda: not find.is_counting)
    hits = await find.hits_of(ref.section)
    assert hits is not None
    assert [(hit.row, hit.start) for hit in hits] == [(0, 2), (1, 2), (1, 12)]
    assert find.total == 4
    find.begin("**needle", near=last, texts=StoredTexts(store, thread.id))
    await until(lambda: not find.is_counting)
    assert find.total == 1
    await asyncio.gather(*tasks)


async def test_what_was_thought_and_what_tools_did_counts_the_same_read_or_not(store):
    thread = await store.create_thread()
    turn = await store.begin_turn(thread.id, [user_message("Look for it")])
    thought = {"type": "reasoning", "id": "r", "summary": [{"type": "summary_text", "text": WORD}]}
    await store.extend_turn(turn.id, [thought, function_call("a", "needle", {"where": WORD})])
    await store.extend_turn(turn.id, [function_call_output("a", "\n".join([WORD] * 4000))])
    await store.extend_turn(turn.id, [function_call("b", "look", {})])
    await store.extend_turn(turn.id, [function_call_output("b", '{"in":"a n\\u0065edle"}')])
    await store.extend_turn(turn.id, [assistant_message("No.")], ended=True)
    model = TimelineModel()
    model.load_outline(outlined_rows(await store.outline(thread.id)), [])
    tasks: list[asyncio.Task[None]] = []
    find = ThreadFind(
        lambda: model,
        lambda work: tasks.append(asyncio.get_running_loop().create_task(work)),
        lambda: None,
    )
    find.begin("needle", texts=StoredTexts(store, thread.id))
    await until(lambda: not find.is_counting)
    assert find.total == 4003
    find.rows_filled(model.fill(await store.turns_of(thread.id, [turn.id])))
    await until(lambda: not find.is_counting)
    assert find.total == 4003
    hits = await find.hits_of(Section(turn.id))
    assert hits is not None
    assert len(hits) == 4003
    find.begin("{}", texts=StoredTexts(store, thread.id))
    await until(lambda: not find.is_counting)
    assert find.total == 0
    await asyncio.gather(*tasks)
