"""A program that writes to SQLite sessions: `python -m support.sqlite_writer what path ...`.

turns path name turns   turns with a session of its own and one that all writers share
batches path size       batches without end: to be killed
"""

from __future__ import annotations

import asyncio
import sys

from chatelaine.agents.items import (
    Origin,
    assistant_message,
    function_call,
    function_call_output,
    user_message,
)
from chatelaine.agents.sessions.sqlite import SQLiteSession

SHARED = "shared"


async def _turns(path: str, name: str, turns: int) -> None:
    async with SQLiteSession(name, path) as own, SQLiteSession(SHARED, path) as shared:
        for number in range(turns):
            for session in (own, shared):
                turn = f"{name} {number}"
                history = await session.begin_run(limit=5)
                origin = Origin(name, "model", turn)
                await session.add_run_items([user_message(turn)], origin, history.mark)
                step = [function_call(turn, "look", {}), function_call_output(turn, turn)]
                await session.add_run_items(step, origin, history.mark)
                await session.add_run_items([assistant_message(turn)], origin, history.mark)


async def _batches(path: str, size: int) -> None:
    async with SQLiteSession(SHARED, path) as session:
        number = len(await session.get_items()) // size
        while True:
            batch = [user_message(f"{number} {place} " + "x" * 300) for place in range(size)]
            await session.add_items(batch)
            print(number, flush=True)  # noqa: T201 - whoever kills this one waits for it
            number += 1


if __name__ == "__main__":
    what, path, *more = sys.argv[1:]
    if what == "turns":
        asyncio.run(_turns(path, more[0], int(more[1])))
    else:
        asyncio.run(_batches(path, int(more[0])))
