"""Brings a history up to the present schema: each step whole, in a transaction of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatelaine.errors import HistoryEmpty, HistoryError, HistoryNewer
from chatelaine.store.migrations import (
    m0001_initial,
    m0002_keeping,
    m0003_search,
    m0004_outlines,
    m0005_plain_rows,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

APPLICATION_ID = 0x4348544C
"""What marks a database as a history of Chatelaine: "CHTL"."""
MIGRATIONS = (
    m0001_initial.migrate,
    m0002_keeping.migrate,
    m0003_search.migrate,
    m0004_outlines.migrate,
    m0005_plain_rows.migrate,
)
"""The first leads to version 1; versions are kept in `user_version`."""


def upgrade(
    connection: sqlite3.Connection,
    *,
    create: bool = False,
    before: Callable[[], None] | None = None,
) -> None:
    """Run the migrations that the database has not seen.

    Args:
        connection: In autocommit mode.
        create: Whether it may be empty.
        before: Called once before anything is changed, where there is anything to keep; what it
            raises leaves the database as it is.

    Raises:
        HistoryNewer: A newer version of the program made it.
        HistoryEmpty: It is empty and was not to be.
        HistoryError: The key fits, but it is no history.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if version == 0 and not create:
        raise HistoryEmpty("The file is encrypted with the right key, but there is nothing in it.")
    if version != 0 and application != APPLICATION_ID:
        raise HistoryError("The file is encrypted with the right key, but it is no history.")
    if version > len(MIGRATIONS):
        raise HistoryNewer(
            f"Its format is {version}, this version of Chatelaine knows formats up to "
            f"{len(MIGRATIONS)}. Install the newer version, then try again."
        )
    if before is not None and 0 < version < len(MIGRATIONS):
        before()
    for number, migrate in enumerate(MIGRATIONS[version:], version + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            migrate(connection)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
