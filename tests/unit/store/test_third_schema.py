"""A file with the third schema, as it lies on disks: it opens, and nothing of it is missing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from chatelaine.agents.events import Usage
from chatelaine.store.outline import OutlinedKind, Summary
from chatelaine.store.records import History, StepKind, TurnKind, TurnState
from chatelaine.store.store import ConversationStore

ORIGINAL = Path(__file__).resolve().parents[2] / "data" / "third-schema"


@pytest.fixture
async def opened(tmp_path, key):
    path = tmp_path / "history.db"
    shutil.copyfile(ORIGINAL / "history.db", path)
    async with await ConversationStore.open(path, key) as store:
        yield store


async def test_everything_in_it_is_there(opened):
    (thread,) = await opened.threads()
    assert (thread.uid, thread.title) == ("thread_harbour", "The harbour")
    assert [folder.name for folder in await opened.folders.all()] == ["Travels"]
    one, two, summary, other, blank = await opened.turns(thread.id)
    assert [item.text for item in one.items][-1] == "At nine and at noon.\n"
    assert await opened.usage(one.id) == Usage(2, 150, 20, 40, 10)
    assert (summary.kind, summary.cut, two.state) == (TurnKind.COMPACTION, one.id, TurnState.DONE)
    assert await opened.branches(other.id) == [other.id - 1, other.id]
    assert await opened.history(thread.id) == History(StepKind.MOVE, StepKind.TURN)
    assert blank.items[1].text == "   "
    assert (await opened.check()).whole


async def test_it_has_an_outline(opened):
    (thread,) = await opened.threads()
    outline = await opened.outline(thread.id)
    assert list(outline.turns) == [1, 2, 5, 6]
    assert outline.summaries == (Summary(3, 1, 27, 1),)
    assert list(outline.kinds[outline.ends[2] :]) == [OutlinedKind.USER, OutlinedKind.ASSISTANT]
    # It counts blank space, as it was written then.
    assert list(outline.chars[outline.ends[2] :]) == [len("Thank you."), 3]


async def test_a_message_in_it_can_be_deleted(opened):
    (thread,) = await opened.threads()
    await opened.delete_turn(thread.id, 2)
    assert [turn.id for turn in await opened.turns(thread.id)] == [1, 3, 5, 6]
    await opened.undo(thread.id)
    assert [turn.id for turn in await opened.turns(thread.id)] == [1, 2, 3, 5, 6]
    await opened.redo(thread.id)
    assert (await opened.history(thread.id)).redo is StepKind.TURN
