"""What the encrypted file is read and written with: for reports that somebody sends."""

from __future__ import annotations

from dataclasses import dataclass

from chatelaine.store.engine import open_memory
from chatelaine.store.migrations.upgrade import MIGRATIONS


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """The engine of this build.

    Attributes:
        sqlcipher: Its version, "4.6.1 community" for example; empty for an engine without any
            encryption.
        cipher: What encrypts: a library, and its version.
        sqlite: The version of SQLite that it is made of.
        schema: The newest form of a history that is known.
    """

    sqlcipher: str
    cipher: str
    sqlite: str
    schema: int


def engine_facts() -> EngineFacts:
    """Ask the engine what it is; no file is opened."""
    connection = open_memory()
    try:
        # A key, or the engine does not say what it encrypts with.
        connection.execute("PRAGMA key = 'facts'")

        def ask(question: str) -> str:
            row = connection.execute(question).fetchone()
            return "" if row is None or row[0] is None else str(row[0])

        provider = f"{ask('PRAGMA cipher_provider')} {ask('PRAGMA cipher_provider_version')}"
        return EngineFacts(
            sqlcipher=ask("PRAGMA cipher_version"),
            cipher=provider.strip(),
            sqlite=ask("SELECT sqlite_version()"),
            schema=len(MIGRATIONS),
        )
    finally:
        connection.close()
