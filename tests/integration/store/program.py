"""What the tests of this folder do in a process of its own: `python program.py <name> <path>`."""

from __future__ import annotations

import asyncio
import concurrent.futures.thread  # noqa: F401 -- another user cannot import it later
import os
import resource
import signal
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from chatelaine.agents.items import assistant_message, user_message
from chatelaine.errors import ChatelaineError
from chatelaine.store.database import Database
from chatelaine.store.records import TurnState
from chatelaine.store.store import ConversationStore

if TYPE_CHECKING:
    from chatelaine.store.engine import SqlConnection

KEY = bytes(range(32))
NEW_KEY = bytes(range(50, 82))
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


async def tend(path: Path, generations: int = 1_000_000, synchronous: str = "full") -> None:
    """Do everything that changes threads, and say of each step when it begins and is on the disk.

    Each generation has a thread of its own; the one before the last is deleted for good.
    """
    store = await ConversationStore.open(path, KEY)
    # The file is written to often, and not only when much has come together.
    for pragma in ("wal_autocheckpoint = 50", f"synchronous = {synchronous}"):
        await store._databases.file._writer.post(partial(set_pragma, pragma))
    say("ready")
    former: list[int] = []
    for generation in range(generations):
        thread = (await store.create_thread()).id
        say("made", thread)
        for number in range(3):
            await one_turn(store, thread, generation * 10 + number)
        await edit(store, thread, generation * 10 + 8)
        await one_turn(store, thread, generation * 10 + 3)
        shown = [turn.id for turn in await store.turns(thread)]
        say("will", "add", 0)
        await store.compact(thread, shown[1], f"summary of {generation}", head=shown[-1])
        say("summed", thread, (await store.thread(thread)).head)
        await one_turn(store, thread, generation * 10 + 4)
        say("will", "undo", 0)
        await store.undo(thread)
        say("undone", thread)
        found = [
            hit async for hits in store.search.find(f"question {generation * 10}x") for hit in hits
        ]
        say("found", len(found))
        await one_turn(store, thread, generation * 10 + 5)
        item = (await store.turns(thread))[-1].items[0].id
        await store.attachments.add(item, "a.bin", "text/plain", f"{generation}".encode() * 3_000)
        say("attached", item, len(f"{generation}") * 3_000)
        await store.rename_thread(thread, f"title {generation}")
        say("named", thread, generation)
        await store.archive_thread(thread)
        say("archived", thread)
        former.append(thread)
        if len(former) > 2:
            doomed = former.pop(0)
            await store.trash_thread(doomed)
            say("doomed", doomed)
            await store.purge_threads([doomed])
            say("purged", doomed)
    say("done")
    await store.aclose()


def set_pragma(pragma: str, connection: SqlConnection) -> None:
    connection.execute(f"PRAGMA {pragma}").fetchone()


async def one_turn(store: ConversationStore, thread: int, number: int) -> None:
    say("will", "add", 0)
    turn = await store.begin_turn(thread, [user_message(f"question {number}x " * 20)])
    say("asked", thread, turn.id)
    await store.write_draft(turn.id, f"answer {number}x " * 3)
    say("drafted", thread, turn.id)
    await store.extend_turn(turn.id, [assistant_message(f"answer {number}x " * 50)], ended=True)
    say("answered", thread, turn.id, number)


async def edit(store: ConversationStore, thread: int, number: int) -> None:
    """Say something else in place of the last message."""
    before = (await store.turns(thread))[-1].id
    say("will", "edit", 0)
    said = [user_message(f"question {number}x " * 20), assistant_message(f"answer {number}x " * 50)]
    turn = await store.post_items(thread, said, instead_of=before)
    say("edited", thread, turn.id, number)


async def tend_awhile(path: Path) -> None:
    await tend(path, 8)


async def tend_carelessly(path: Path) -> None:
    await tend(path, 2, "off")


async def change_key(path: Path) -> None:
    store = await ConversationStore.open(path, KEY)
    say("ready")
    await store.rekey(NEW_KEY)
    say("changed")
    await store.aclose()


async def bring_up(path: Path) -> None:
    """Open a history of an earlier version."""
    say("ready")
    store = await ConversationStore.open(path, KEY)
    say("opened")
    await store.aclose()


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


async def leave_everything_running(path: Path) -> None:
    """Close the loop while each connection has a query that never ends."""
    database = await Database.open(path, KEY)
    memory = await Database.open_in_memory()
    await database.search(lambda c: c.execute("SELECT 1").fetchone())
    globals()["forgotten"] = (database, memory)
    endless = (
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    )
    searcher = database._searcher
    assert searcher is not None
    globals()["unheard"] = [
        connection.post(lambda c: c.execute(endless).fetchone())
        for connection in (database._writer, database._reader, searcher, memory._writer)
    ]


async def fill_disk(path: Path) -> None:
    """Fill the disk, and see of every kind of change that it fails; make room, and go on."""
    store = await ConversationStore.open(path, KEY)
    (thread,) = await store.threads()
    kept = await store.post_items(thread.id, [user_message("kept"), assistant_message("kept")])
    doomed = await store.create_thread()
    await store.post_items(doomed.id, [user_message("x " * 40_000), assistant_message("x")])
    ballast = path.parent.parent / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass
    for name, change in {
        "turn": lambda: store.begin_turn(thread.id, [user_message("y" * 50_000)]),
        "compact": lambda: store.compact(thread.id, kept.id, "z" * 50_000, head=kept.id),
        "attach": lambda: store.attachments.add(kept.items[0].id, "a", "b/c", b"w" * 500_000),
        "purge": lambda: store.purge_threads([doomed.id]),
    }.items():
        try:
            await change()
        except ChatelaineError as error:
            say(name, type(error).__name__)
        else:
            say(name, "done")
    found = [hit async for hits in store.search.find("kept") for hit in hits]
    say("found", len(found), "read", len(await store.items(thread.id)))
    ballast.unlink()
    await store.begin_turn(thread.id, [user_message("y" * 50_000)])
    say("stored", len(await store.items(thread.id)))
    await store.aclose()


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
        tend,
        tend_awhile,
        tend_carelessly,
        change_key,
        bring_up,
        leave_open,
        leave,
        crash,
        leave_while_writing,
        leave_everything_running,
        fill_disk,
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
