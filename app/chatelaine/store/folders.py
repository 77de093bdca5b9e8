"""Folders of threads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatelaine.errors import HistoryError
from chatelaine.store.items import one_line
from chatelaine.store.records import Change, Folder
from chatelaine.store.threads import now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatelaine.store.database import SqlConnection
    from chatelaine.store.databases import Databases
    from chatelaine.store.records import FolderId


class StoredFolders:
    """The folders of a store."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    async def all(self) -> Sequence[Folder]:
        """Give the folders in their order."""
        return await self._databases.file.read(_every)

    async def create(self, name: str) -> Folder:
        """Make a folder.

        Raises:
            HistoryError: It has no name, or it could not be stored.
        """

        def unit(connection: SqlConnection) -> tuple[Folder, Change]:
            return create(connection, name), Change(folders_changed=True)

        return await self._databases.write(self._databases.file, unit)

    async def rename(self, folder_id: FolderId, name: str) -> None:
        """Give a folder another name.

        Raises:
            HistoryError: There is none, it has no name, or it could not be stored.
        """

        def unit(connection: SqlConnection) -> tuple[None, Change]:
            _rename(connection, folder_id, name)
            return None, Change(folders_changed=True)

        await self._databases.write(self._databases.file, unit)

    async def delete(self, folder_id: FolderId) -> None:
        """Delete a folder; the threads that are in it stay, in no folder.

        Raises:
            HistoryError: It could not be stored.
        """

        def unit(connection: SqlConnection) -> tuple[None, Change]:
            _delete(connection, folder_id)
            return None, Change(folders_changed=True)

        await self._databases.write(self._databases.file, unit)


# ---------------------------------------------------------------------------- units of work


def _every(connection: SqlConnection) -> list[Folder]:
    """Read all folders in their order."""
    rows = connection.execute("SELECT id, name FROM folder ORDER BY position, id")
    return [Folder(number, name) for number, name in rows]


def create(connection: SqlConnection, name: str) -> Folder:
    """Make a folder after the others.

    Raises:
        HistoryError: It has no name.
    """
    name = _checked(name)
    (number,) = connection.execute(
        "INSERT INTO folder (name, position, created)"
        " SELECT ?, coalesce(max(position) + 1, 0), ? FROM folder RETURNING id",
        (name, now()),
    ).fetchone()
    return Folder(number, name)


def _rename(connection: SqlConnection, folder_id: FolderId, name: str) -> None:
    """Give a folder another name.

    Raises:
        HistoryError: There is no such folder, or the name is empty.
    """
    require(connection, folder_id)
    connection.execute("UPDATE folder SET name = ? WHERE id = ?", (_checked(name), folder_id))


def _delete(connection: SqlConnection, folder_id: FolderId) -> None:
    """Delete a folder; what is in it stays, in no folder."""
    connection.execute("UPDATE thread SET folder = NULL WHERE folder = ?", (folder_id,))
    connection.execute("DELETE FROM folder WHERE id = ?", (folder_id,))


def require(connection: SqlConnection, folder_id: FolderId) -> None:
    """Make sure that there is a folder.

    Raises:
        HistoryError: There is none.
    """
    if connection.execute("SELECT 1 FROM folder WHERE id = ?", (folder_id,)).fetchone() is None:
        raise HistoryError("It was deleted. Choose another one.", title="This folder is gone")


def _checked(name: str) -> str:
    name = one_line(name)
    if not name:
        raise HistoryError("Give it at least one letter.", title="A folder needs a name")
    return name
