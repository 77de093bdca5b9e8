"""Fills the history that the program would open with threads.

python -m bench.startup_history 10000      so many, of ten messages each
python -m bench.startup_history 1 5000     one of so many turns, each of two messages
"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from chatelaine import paths
from chatelaine.agents.items import assistant_message, user_message
from chatelaine.history_access import HistoryAccess
from chatelaine.store import threads, turns
from chatelaine.store.items import encode_all
from chatelaine.store.records import TurnState

if TYPE_CHECKING:
    from chatelaine.store.database import SqlConnection

TURNS = 5


async def main(count: int, length: int = TURNS) -> None:
    history = paths.user_folders().data / paths.HISTORY_NAME
    async with await HistoryAccess(history).open(may_create=True) as workspace:
        await workspace.store._databases.file.write(
            lambda connection: fill(connection, count, length)
        )


def fill(connection: SqlConnection, count: int, length: int) -> None:
    for number in range(count):
        thread = threads.create(connection, f"thread_{number}", f"About the matter {number}")
        for turn in range(length):
            question, answer = encode_all(
                [
                    user_message(f"Question {turn}: " + "what about it, and why? " * 6),
                    assistant_message(f"Answer {turn}: " + "it is so because it is. " * 20),
                ]
            )
            turn_id = turns.begin(connection, thread.id, [question], agent="Ada", model="m")
            turns.extend(connection, turn_id, [answer], agent="", model="")
            turns.end(connection, turn_id, TurnState.DONE)


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:])))
