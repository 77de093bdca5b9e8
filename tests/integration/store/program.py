"""What the tests of this folder do in a process of its own: `python program.py <name> <path>`."""

from __future__ import annotations

import asyncio
import concurrent.futures.thread  # noqa: F401 -- another user cannot import it later
import os
import resource
import signal
import sys
import time
from pathlib import Path

from chatelaine.agents.items import assistant_message, user_message
from chatelaine.errors import ChatelaineError
from chatelaine.store.database import Database
from chatelaine.store.records import TurnState
from chatelaine.store.store import ConversationStore

KEY = bytes(range(32))
NOBODY = 65534


def say(*words: object) -> None:
    print(*words, flush=True)  # noqa: T201 -- this is how it talks to the test


async def talk(path: Path) -> None:
    """Store turn after turn, and say of each when it is on the disk, until killed."""
    store = await ConversationStore.open(path, KEY)
    thread = (await store.threads())[0]
    number = 0
    while True:
        turn = await store.begin_turn(thread.id, [user_message(f"question {number} " * 20)])
        say("asked", turn.id)
        for length in range(1, 4):
            await store.write_draft(turn.id, f"answer {number} " * length)
            say("drafted", turn.id, length)
        await store.extend_turn(turn.id, [assistant_message(f"answer {number} " * 50)])
        await store.end_turn(turn.id, TurnState.DONE)
        say("answered", turn.id)
        if number % 7 == 3:
            await store.undo(thread.id)
            say("undone", turn.id)
        number += 1


async def leave_open(path: Path) -> None:
    """Forget to close."""
    store = await ConversationStore.open(path, KEY)
    await store.create_thread(title="kept")
    globals()["forgotten"] = store


async def leave(path: Path) -> None:
    await leave_open(path)
    sys.exit(3)


async def crash(path: Path) -> None:
    await leave_open(path)
    raise RuntimeError("on purpose")


async def leave_while_writing(path: Path) -> None:
    """Close the loop while a unit of work is under way."""
    database = await Database.open(path, KEY)
    globals()["forgotten"] = database
    endless = (
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    )
    # And a short one, whose end finds the loop closed.
    short = "SELECT count(*) FROM sqlite_master"
    globals()["unheard"] = (
        database.post_write(lambda c: c.execute(endless).fetchone()),
        database._reader.post(lambda c: c.execute(short).fetchone()),
    )


async def read_only(path: Path) -> None:
    """Open what may not be written, as somebody who may not."""
    if os.geteuid() == 0:
        os.setuid(NOBODY)
    try:
        await ConversationStore.open(path, KEY)
    except ChatelaineError as error:
        say(type(error).__name__)


async def no_space(path: Path) -> None:
    """Write until no more fits, then make room and go on with the same connection."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    store = await ConversationStore.open(path, KEY)
    thread = await store.create_thread(title="before")
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    stored = 0
    try:
        while True:
            await store.begin_turn(thread.id, [user_message("x" * 20_000)])
            stored += 1
    except ChatelaineError as error:
        say(type(error).__name__, error.title)
    say("read", len(await store.turns(thread.id)) - stored)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    await store.begin_turn(thread.id, [user_message("after")])
    say("stored", len(await store.turns(thread.id)) - stored)
    await store.aclose()


async def take_over(path: Path) -> None:
    """Try to get the file for oneself, although another process has it open."""
    from sqlcipher3 import dbapi2

    connection = dbapi2.connect(str(path), timeout=0, isolation_level=None)
    connection.execute(f"PRAGMA key = \"x'{KEY.hex()}'\"")
    try:
        connection.execute("PRAGMA journal_mode = delete")
    except dbapi2.Error as error:
        say(error.sqlite_errorname)
    else:
        say("taken")
    connection.close()


PROGRAMS = {
    program.__name__: program
    for program in (
        talk,
        leave_open,
        leave,
        crash,
        leave_while_writing,
        read_only,
        no_space,
        take_over,
    )
}


def main() -> None:
    name, path = sys.argv[1:]
    try:
        asyncio.run(PROGRAMS[name](Path(path)))
    finally:
        say("ends", time.monotonic())


if __name__ == "__main__":
    main()
