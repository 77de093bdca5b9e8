"""The engine, SQLCipher: this is the only place that knows it.

A file is opened with its key, and what the engine complains about is put into words.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from sqlcipher3 import dbapi2 as sqlcipher

from chatelaine.store.faults import damaged, history_error
from chatelaine.store.history_file import SALT_LENGTH

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from chatelaine.errors import HistoryDamaged

    SqlConnection: TypeAlias = sqlite3.Connection
    """SQLCipher's connections have the interface of the standard library's."""

KEY_LENGTH = 32
"""A raw key of any other length would be taken for a passphrase."""
ProgrammingError = sqlcipher.ProgrammingError
"""What the engine says of a connection that is closed."""
BUSY = 5.0
"""Seconds that are waited for another connection to finish."""
_PRAGMAS = (
    "journal_mode = wal",
    "synchronous = full",
    "fullfsync = on",
    "checkpoint_fullfsync = on",
    "temp_store = memory",
    "secure_delete = on",
    "cache_size = -16000",
    "trusted_schema = off",
    "cell_size_check = on",
)


def connect(path: Path, key: bytes, *, probe: bool = False) -> SqlConnection:
    """Open an encrypted file, in the thread that will use it.

    Args:
        path: The file.
        key: 32 bytes.
        probe: Open it to see whether it opens, without ever changing it.

    Raises:
        ValueError: The key is not a raw one.
        HistoryError: The file cannot be opened, or not with this key.
    """
    return _connect(path, key, options="?mode=ro" if probe else "", pragmas=not probe)


def connect_to_fill(path: Path, key: bytes, *, salt: bytes = b"") -> SqlConnection:
    """Open an empty file, to be filled as a whole; it keeps no log.

    Args:
        path: The file: empty, and private.
        key: 32 bytes.
        salt: What it is to begin with; empty for random bytes.

    Raises:
        ValueError: The key is not a raw one, or the salt has another length.
        HistoryError: The file cannot be opened.
    """
    return _connect(path, key, salt=salt)


def connect_to_damaged(path: Path, key: bytes, *, salt: bytes = b"") -> SqlConnection:
    """Open a file that may be damaged or cut off, for reading what can be read of it.

    Nothing of it is changed. After an error it must be opened anew.

    Args:
        path: The file.
        key: 32 bytes.
        salt: What it began with while it was whole; empty for what it begins with now.

    Raises:
        ValueError: The key is not a raw one, or the salt has another length.
        HistoryError: It does not open at all.
    """
    log = path.with_name(path.name + "-wal")
    options = "?mode=ro" if log.exists() and log.stat().st_size else "?mode=ro&immutable=1"
    return _connect(path, key, options=options, salt=salt, cut_off=True)


def _connect(
    path: Path,
    key: bytes,
    *,
    options: str = "",
    pragmas: bool = False,
    salt: bytes = b"",
    cut_off: bool = False,
) -> SqlConnection:
    if len(key) != KEY_LENGTH:
        raise ValueError(f"the key of a history has {KEY_LENGTH} bytes")
    if len(salt) not in {0, SALT_LENGTH}:
        raise ValueError(f"a history begins with {SALT_LENGTH} bytes of its own")
    # A plain path is absolute, so that it is never taken for a URI, which could carry options.
    target = path.absolute().as_uri() + options if options else str(path.absolute())
    with translated(path):
        connection: SqlConnection = sqlcipher.connect(
            target, timeout=BUSY, isolation_level=None, uri=bool(options)
        )
        try:
            connection.execute("PRAGMA cipher_log_level = NONE")
            connection.execute(f"PRAGMA key = \"x'{key.hex()}{salt.hex()}'\"")
            _check_encryption(connection)
            if cut_off:  # without it, a file that is shorter than it says is not looked into
                connection.execute("PRAGMA writable_schema = on")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            for pragma in _PRAGMAS if pragmas else ():
                connection.execute(f"PRAGMA {pragma}")
        except BaseException:
            connection.close()
            raise
    return connection


def _check_encryption(connection: SqlConnection) -> None:
    # A key pragma that is not understood is no error, and the file would be readable by everybody.
    if not _all_passed(connection):
        raise RuntimeError("the engine does not encrypt")


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what the engine complains about into errors of the application."""
    try:
        yield
    except sqlcipher.Error as error:
        failure = history_error(error, path)
        if failure is None:
            raise
        raise failure from error


@contextmanager
def only_checked_pages(connection: SqlConnection) -> Iterator[None]:
    """Let nothing of what is done within count if a page that it read did not pass its check.

    Inside of a long text such a page reads as zeros, without a complaint; the engine refuses only
    what it must fetch from the disk after that. But it remembers, until the file is opened anew.

    Raises:
        HistoryDamaged: There was such a page, whatever else went wrong because of it.
    """
    try:
        yield
    except Exception as error:
        if not _all_passed(connection):
            raise _damage(connection) from error
        raise
    if not _all_passed(connection):
        raise _damage(connection)


def _all_passed(connection: SqlConnection) -> bool:
    passed: bool = connection.execute("PRAGMA cipher_status").fetchone() == ("1",)
    return passed


def _damage(connection: SqlConnection) -> HistoryDamaged:
    (_, _, path) = connection.execute("PRAGMA database_list").fetchone()
    return damaged(Path(path))


def open_memory() -> SqlConnection:
    """Open an empty database that never touches the disk."""
    connection: SqlConnection = sqlcipher.connect(":memory:", isolation_level=None)
    connection.execute("PRAGMA temp_store = memory")
    return connection
