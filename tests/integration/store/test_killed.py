"""A process is killed while it stores turns: nothing that it was told is stored is missing."""

from __future__ import annotations

import os

import pytest

from chatelaine.agents.items import assistant_message
from chatelaine.store.records import TurnState
from chatelaine.store.store import ConversationStore
from support.history_checks import check_kept, check_pages, check_whole

KILLS = int(os.environ.get("CHATELAINE_KILLS", "6"))
"""How often; a number of hundreds takes minutes."""


@pytest.mark.timeout(30 + 3 * KILLS)
async def test_what_was_acknowledged_survives_a_kill(path, key, program):
    for number in range(KILLS):
        lines = kill(program("talk", path), after=5 + 23 * number % 97)
        acknowledged = [(word, *map(int, numbers)) for word, *numbers in map(str.split, lines)]
        check_pages(path, key)
        await check_turns(path, key, acknowledged)


@pytest.mark.timeout(30 + 3 * KILLS)
async def test_what_was_changed_otherwise_survives_a_kill(path, key, program):
    for number in range(KILLS):
        lines = kill(program("tend", path), after=5 + 37 * number % 211)
        check_pages(path, key)
        await check_kept(path, key, lines)
        check_whole(path, key)


def kill(process, *, after):
    """Let it say so many lines, kill it wherever it is, and give all it has said."""
    said = [process.stdout.readline() for _ in range(after)]
    process.kill()
    # Not communicate(): it forgets what was read ahead.
    rest = process.stdout.read()
    with process:
        assert process.stderr.read() == ""
    return [*said, *rest[: rest.rfind("\n") + 1].splitlines()]  # the last line may be cut


async def check_turns(path, key, acknowledged):
    undone = {turn for word, turn, *_ in acknowledged if word == "undone"}
    asked = {turn for word, turn, *_ in acknowledged if word == "asked"}
    answered = {turn for word, turn, *_ in acknowledged if word == "answered"}
    drafted = {turn: length for word, turn, *length in acknowledged if word == "drafted"}
    async with await ConversationStore.open(path, key) as store:
        (thread,) = await store.threads()
        turns = {turn.id: turn for turn in await store.turns(thread.id)}
        missing = asked - undone - set(turns)
        if missing:  # taken back at the last moment, without the time to say so
            assert missing == {max(asked)} & answered
            assert await store.redo(thread.id)
            assert missing <= {turn.id for turn in await store.turns(thread.id)}
        for turn in turns.values():
            texts = [item.data for item in turn.items]
            assert turn.draft == ""
            if turn.id in answered or turn.state is TurnState.DONE:
                assert (turn.state, len(texts)) == (TurnState.DONE, 2)
            elif turn.id in drafted:
                (length,) = drafted[turn.id]
                assert turn.state is TurnState.INTERRUPTED
                said = texts[1]["content"][0]["text"]
                number = said.split()[1]
                assert said.count(f"answer {number} ") >= length
                if texts[1]["status"] == "incomplete":
                    half = assistant_message(said, status="incomplete")
                    assert texts[1:] == [half]
        begun_since = any(turn > max(asked) for turn in turns)
        if acknowledged[-1][0] == "undone" and not begun_since:
            assert await store.redo(thread.id)
