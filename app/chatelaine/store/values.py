"""Small texts in the encrypted file: settings that belong to a history, and credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from chatelaine.store.items import storable

if TYPE_CHECKING:
    from chatelaine.store.database import Database, SqlConnection


class _NamedTexts:
    """Texts by name, in a table of their own."""

    _get: ClassVar[str]
    _set: ClassVar[str]
    _delete: ClassVar[str]

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, name: str) -> str | None:
        """Give a text; None where there is none.

        Raises:
            HistoryError: The file cannot be read.
        """

        def read(connection: SqlConnection) -> str | None:
            row = connection.execute(self._get, (name,)).fetchone()
            return None if row is None else row[0]

        return await self._database.read(read)

    async def set(self, name: str, text: str) -> None:
        """Keep a text in place of the one before, which is overwritten.

        Raises:
            HistoryError: It could not be stored; the one before is kept.
        """

        def write(connection: SqlConnection) -> None:
            connection.execute(self._set, (name, storable(text)))

        await self._database.write(write)

    async def delete(self, name: str) -> None:
        """Erase a text, if there is one.

        Raises:
            HistoryError: It could not be erased.
        """

        def write(connection: SqlConnection) -> None:
            connection.execute(self._delete, (name,))

        await self._database.write(write)


class StoredValues(_NamedTexts):
    """What belongs to a history rather than to a computer, as texts by name."""

    _get = "SELECT value FROM setting WHERE name = ?"
    _set = "INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)"
    _delete = "DELETE FROM setting WHERE name = ?"


class StoredCredentials(_NamedTexts):
    """API keys and passwords of servers, by name. They are in this file and nowhere else."""

    _get = "SELECT secret FROM credential WHERE name = ?"
    _set = "INSERT OR REPLACE INTO credential (name, secret) VALUES (?, ?)"
    _delete = "DELETE FROM credential WHERE name = ?"
