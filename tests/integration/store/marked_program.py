"""Fills a history with markers and ends in a given way: `python marked_program.py <JSON>`.

The JSON says the path, the pragmas that are other than the product's, how it ends and the umask.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from chatelaine.agents.items import assistant_message, user_message
from chatelaine.store import engine
from chatelaine.store.store import ConversationStore

if TYPE_CHECKING:
    from chatelaine.store.engine import SqlConnection

KEY = bytes(range(32))
WHERE = (
    *("title", "uid", "message", "answer", "folder", "attached", "content", "pinned", "typed"),
    *("draft", "composer", "temporary", "secret", "purged", "word", "summary"),
)
MARKERS = {where: f"Quagmire{where}Zeppelin{where}" for where in WHERE}
ENDS = ("closed", "in the middle", "before the commit", "after the commit", "after a vacuum")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def use(pragmas: dict[str, str]) -> None:
    """Have every connection opened with other pragmas, in the place of those it has."""
    kept = [each for each in engine._PRAGMAS if each.partition(" = ")[0] not in pragmas]
    mine = [f"{name} = {value}" for name, value in pragmas.items()]
    setattr(engine, "_PRAGMAS", (*mine, *kept))  # noqa: B010 - it is final for the product


async def fill(store: ConversationStore) -> int:
    """Put a marker into all that can be stored, more than the memory takes; give the thread."""
    thread = await store.create_thread(title=MARKERS["title"], uid=MARKERS["uid"])
    folder = await store.folders.create(MARKERS["folder"])
    await store.move_thread(thread.id, folder.id)
    turns = []
    for number in range(60):
        said = [
            user_message(f"{MARKERS['message']} {number} " * 60),
            assistant_message(f"{MARKERS['answer']} {MARKERS['word']}{number} " * 60),
        ]
        turns.append(await store.post_items(thread.id, said))
    item = turns[3].items[0].id
    await store.attachments.add(item, MARKERS["attached"], "a/b", MARKERS["content"].encode() * 999)
    await store.begin_turn(thread.id, [user_message(MARKERS["pinned"])])
    last = (await store.turns(thread.id))[-1]
    await store.attachments.pin(thread.id, last.items[0].id)
    await store.write_draft(last.id, MARKERS["draft"] * 99)
    await store.write_composer(thread.id, MARKERS["composer"] * 99)
    await store.credentials.set("provider", MARKERS["secret"])
    for text in (MARKERS["typed"], MARKERS["message"], MARKERS["answer"]):
        async for _ in store.search.find(text):
            pass
    passing = await store.create_thread(title=MARKERS["temporary"], temporary=True)
    await store.begin_turn(passing.id, [user_message(MARKERS["temporary"] * 99)])
    doomed = await store.create_thread()
    await store.post_items(doomed.id, [user_message(MARKERS["purged"] * 999)])
    await store.purge_threads([doomed.id])
    return thread.id


def sort(connection: SqlConnection) -> None:
    """Have the engine sort more than fits into its cache."""
    connection.execute("SELECT data FROM item ORDER BY data || id").fetchall()
    connection.execute("CREATE INDEX IF NOT EXISTS passing ON item (data)")
    connection.execute("DROP INDEX passing")


async def end(store: ConversationStore, thread: int, how: str) -> None:
    def write(connection: SqlConnection) -> None:
        sort(connection)
        connection.execute("SAVEPOINT inside")
        for name in range(400):
            connection.execute(
                "INSERT INTO setting (name, value) VALUES (?, ?)",
                (f"{name}", MARKERS["summary"] * 60),
            )
            if name == 300 and how == "in the middle":
                die()
        connection.execute("RELEASE inside")
        connection.execute("UPDATE thread SET preview = ? WHERE id = ?", (MARKERS["word"], thread))
        if how == "before the commit":
            die()

    file = store._databases.file
    await file.write(write)
    if how == "after the commit":
        die()
    await file._writer.post(lambda connection: connection.execute("VACUUM").fetchall())
    if how == "after a vacuum":
        die()
    await store.aclose()


async def main() -> None:
    wanted = json.loads(sys.argv[1])
    os.umask(wanted["umask"])
    use(wanted["pragmas"])
    store = await ConversationStore.open(Path(wanted["path"]), KEY, create=True)
    await end(store, await fill(store), wanted["end"])


if __name__ == "__main__":
    asyncio.run(main())
