"""Attached files and pinned messages.

Contents are kept once, however often a file is attached, in parts that are read one by one.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from chatelaine.errors import HistoryError
from chatelaine.store import threads, tree
from chatelaine.store.items import one_line
from chatelaine.store.records import Attachment
from chatelaine.store.threads import now

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatelaine.store.database import SqlConnection
    from chatelaine.store.databases import Databases
    from chatelaine.store.records import ItemId, ThreadId, TurnId

PART = 256 * 1024
"""Bytes of a part."""
_PART_BITS = 20
LARGEST = PART << _PART_BITS
"""Bytes of a file, at most."""


class StoredAttachments:
    """The files that belong to messages of a store, and the messages that are pinned."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    async def add(self, item: ItemId, name: str, mime: str, content: bytes) -> Attachment:
        """Attach a file to a message.

        Args:
            item: The message.
            name: What the file is called.
            mime: Its media type.
            content: What is in it.

        Raises:
            HistoryError: There is no such message, or it could not be stored.
        """
        database = self._databases.of(item >> tree.POSITION_BITS)
        return await database.write(lambda c: _attach(c, item, name, mime, content))

    async def of_turn(self, turn_id: TurnId) -> list[Attachment]:
        """Give what is attached to the messages of a turn."""
        return await self._databases.of(turn_id).read(lambda c: _of_turn(c, turn_id))

    async def named(self, thread_id: ThreadId, name: str) -> Attachment | None:
        """Find a file of a thread by its name: the one attached last, if there are several.

        Raises:
            ThreadMissing: There is no such thread.
        """
        return await self._databases.of(thread_id).read(lambda c: _named(c, thread_id, name))

    async def content(self, attachment: Attachment) -> bytes:
        """Read what is in an attached file.

        Raises:
            HistoryError: It is gone or damaged.
        """
        database = self._databases.of(attachment.item >> tree.POSITION_BITS)
        return await database.read(lambda c: read(c, attachment.sha256))

    async def pin(self, thread_id: ThreadId, item: ItemId, *, pinned: bool = True) -> None:
        """Pin a message in a thread, or take its pin away.

        Raises:
            HistoryError: It could not be stored.
        """

        def unit(connection: SqlConnection) -> None:
            if pinned:
                _pin(connection, thread_id, item)
            else:
                _unpin(connection, item)

        await self._databases.of(thread_id).write(unit)

    async def pinned(self, thread_id: ThreadId) -> list[ItemId]:
        """Give the pinned messages of a thread, the one pinned last first."""
        return await self._databases.of(thread_id).read(lambda c: _pinned(c, thread_id))


# ---------------------------------------------------------------------------- units of work


def _attach(
    connection: SqlConnection, item: ItemId, name: str, mime: str, content: bytes
) -> Attachment:
    """Attach a file to a message.

    Raises:
        HistoryError: There is no such message.
    """
    if connection.execute("SELECT 1 FROM item WHERE id = ?", (item,)).fetchone() is None:
        raise HistoryError("It was deleted meanwhile.", title="This message is gone")
    digest = sha256(content).digest()
    blob = keep(connection, digest, mime, lambda: content)
    (position,) = connection.execute(
        "INSERT INTO attachment (item, position, blob, name)"
        " SELECT ?, coalesce(max(position) + 1, 0), ?, ? FROM attachment WHERE item = ?"
        " RETURNING position",
        (item, blob, one_line(name), item),
    ).fetchone()
    return Attachment(item, position, one_line(name), mime, len(content), digest)


def _of_turn(connection: SqlConnection, turn_id: TurnId) -> list[Attachment]:
    """Read what is attached to the messages of a turn; not the contents."""
    rows = connection.execute(
        "SELECT item, position, name, mime, size, sha256"
        " FROM attachment JOIN blob ON blob.id = attachment.blob"
        " WHERE item >= ? AND item < ? ORDER BY item, position",
        tree.item_range(turn_id),
    )
    return [Attachment(*row) for row in rows]


def _named(connection: SqlConnection, thread_id: ThreadId, name: str) -> Attachment | None:
    head = threads.get(connection, thread_id).head
    rows = connection.execute(
        "SELECT item, position, name, mime, size, sha256"
        " FROM attachment JOIN blob ON blob.id = attachment.blob"
        " WHERE name = ? ORDER BY item DESC, position DESC",
        (name,),
    )
    for row in rows:
        attachment = Attachment(*row)
        if tree.is_on_path(connection, head, attachment.item >> tree.POSITION_BITS):
            return attachment
    return None


def read(connection: SqlConnection, digest: bytes) -> bytes:
    """Read the contents of an attached file.

    Raises:
        HistoryError: They are not there, or are not what was attached.
    """
    row = connection.execute("SELECT id FROM blob WHERE sha256 = ?", (digest,)).fetchone()
    if row is None:
        raise HistoryError("It was deleted meanwhile.", title="This attachment is gone")
    first = row[0] << _PART_BITS
    parts = connection.execute(
        "SELECT data FROM blob_part WHERE id >= ? AND id < ? ORDER BY id",
        (first, first + (1 << _PART_BITS)),
    )
    whole = b"".join(part for (part,) in parts)
    if sha256(whole).digest() != digest:
        raise HistoryError(
            "A part of it is missing. Check and repair your history.",
            title="This attachment is damaged",
        )
    return whole


def keep(connection: SqlConnection, digest: bytes, mime: str, content: Callable[[], bytes]) -> int:
    """Give the number under which contents are kept; they are asked for where they are not yet.

    Raises:
        HistoryError: They are larger than can be kept.
    """
    row = connection.execute("SELECT id FROM blob WHERE sha256 = ?", (digest,)).fetchone()
    return row[0] if row else _store(connection, digest, mime, content())


def drop_unused(connection: SqlConnection) -> None:
    """Delete contents that are attached to nothing any more."""
    unused = connection.execute(
        "SELECT id FROM blob WHERE NOT EXISTS"
        " (SELECT 1 FROM attachment WHERE attachment.blob = blob.id)"
    ).fetchall()
    for (blob,) in unused:
        first = blob << _PART_BITS
        connection.execute(
            "DELETE FROM blob_part WHERE id >= ? AND id < ?", (first, first + (1 << _PART_BITS))
        )
        connection.execute("DELETE FROM blob WHERE id = ?", (blob,))


def _pin(connection: SqlConnection, thread_id: ThreadId, item: ItemId) -> None:
    """Pin a message in a thread; done twice, it stays as it was."""
    connection.execute(
        "INSERT INTO pin (item, thread, created) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (item, thread_id, now()),
    )


def _unpin(connection: SqlConnection, item: ItemId) -> None:
    """Take a pin away."""
    connection.execute("DELETE FROM pin WHERE item = ?", (item,))


def _pinned(connection: SqlConnection, thread_id: ThreadId) -> list[ItemId]:
    """Give the pinned messages of a thread, the one pinned last first."""
    rows = connection.execute(
        "SELECT item FROM pin WHERE thread = ? ORDER BY created DESC, item DESC", (thread_id,)
    )
    return [item for (item,) in rows]


def _store(connection: SqlConnection, digest: bytes, mime: str, content: bytes) -> int:
    if len(content) > LARGEST:
        raise HistoryError("It is larger than a history can keep.", title="The file is too large")
    blob: int = connection.execute(
        "INSERT INTO blob (sha256, mime, size) VALUES (?, ?, ?) RETURNING id",
        (digest, one_line(mime), len(content)),
    ).fetchone()[0]
    connection.executemany(
        "INSERT INTO blob_part (id, data) VALUES (?, ?)",
        (
            ((blob << _PART_BITS) + number, content[start : start + PART])
            for number, start in enumerate(range(0, len(content), PART))
        ),
    )
    return blob
