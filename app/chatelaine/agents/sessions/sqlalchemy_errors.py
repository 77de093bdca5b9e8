"""What databases and their drivers say when something does not work, in the library's words.

Neither the password nor what was to be stored is repeated: SQLAlchemy's own errors show both the
statement and its values, which is switched off here for the error that stays as the cause.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from chatelaine.agents.errors import SessionError, SessionUnavailable, SessionUnreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import URL


class Failure(Enum):
    """What kind of failure it is, as far as the next step depends on it."""

    LOST = auto()
    """The connection was lost; a new one may do."""
    CONFLICT = auto()
    """Another transaction was in the way; it may work in a moment."""
    NO_TABLE = auto()
    """The tables are not there."""
    OTHER = auto()


class NotConnected(Exception):
    """No connection could be made. The cause says why."""


def failure_of(error: BaseException) -> Failure:
    """Tell what kind of failure it is."""
    if isinstance(error, DBAPIError):
        if error.connection_invalidated:
            return Failure.LOST
        code = _code(error)
        if code in _CONFLICTS:
            return Failure.CONFLICT
        if code in _NO_TABLE or str(error.orig).startswith("no such table"):
            return Failure.NO_TABLE
    return Failure.LOST if isinstance(error, ConnectionError) else Failure.OTHER


def is_not_allowed(error: BaseException) -> bool:
    """Tell whether it is not for this user, or for nobody, to do what was asked."""
    known = _known(_code(error)) if isinstance(error, DBAPIError) else None
    return known in (_NOT_ALLOWED, _READ_ONLY)


def told(error: BaseException, url: URL) -> SessionError:
    """Say what happened in the library's words."""
    if isinstance(error, NotConnected):
        return _not_connected(error.__cause__ or error, url)
    if isinstance(error, StatementError):
        error.hide_parameters = True
    orig = getattr(error, "orig", None) or error
    code = _code_of(orig)
    known = _known(code)
    if isinstance(error, PoolTimeout):
        known = _POOL
    elif failure_of(error) is Failure.LOST:
        known = _LOST
    elif failure_of(error) is Failure.CONFLICT:
        known = _BUSY
    elif "no such column" in str(orig) or "has no column" in str(orig):
        known = _OTHER_TABLES
    # What drivers say otherwise may repeat what was to be stored.
    kind, words = known or (
        SessionError,
        f"cannot do what was asked: {type(orig).__name__}, code {code}",
    )
    return kind(f"The database {shown(url)} {words}.")


def shown(url: URL) -> str:
    """Give the address of a database without the user, the password and the options."""
    return url._replace(username=None, password=None, query=type(url.query)()).render_as_string()


def _not_connected(error: BaseException, url: URL) -> SessionError:
    if isinstance(error, PoolTimeout):
        return told(error, url)
    orig = getattr(error, "orig", None) or error
    said = re.sub(r"\s+", " ", str(orig)).strip()
    for secret in _secrets(url):
        said = said.replace(secret, "***")
    known = _known(_code_of(orig)) or next(
        (told for pattern, told in _SAID_BY_LIBPQ if re.search(pattern, said)), None
    )
    kind, words = known or (SessionUnavailable, f"cannot be reached: {said[:300]}")
    return kind(f"The database {shown(url)} {words}.")


def _secrets(url: URL) -> list[str]:
    values = [url.password, *(url.query.get(name) for name in ("password", "passwd"))]
    return [str(value) for value in values if value]


def _known(code: str | int | None) -> tuple[type[SessionError], str] | None:
    found = _TOLD.get(code) if code is not None else None
    if found is None and isinstance(code, str):
        found = _TOLD_BY_CLASS.get(code[:2])
    return found


def _code(error: DBAPIError) -> str | int | None:
    return None if error.orig is None else _code_of(error.orig)


def _code_of(orig: BaseException) -> str | int | None:
    """Give PostgreSQL's SQLSTATE, MySQL's number, or SQLite's name of a failure."""
    first = orig.args[0] if orig.args else None
    if isinstance(first, int):
        return first
    state = getattr(orig, "sqlstate", None) or getattr(orig, "pgcode", None)
    if isinstance(state, str):
        return state
    name = getattr(orig, "sqlite_errorname", None)
    if isinstance(name, str):
        # Its second word is the failure; what follows says where it was seen.
        return "_".join(name.split("_")[:2])
    return None


# The numbers: https://www.postgresql.org/docs/current/errcodes-appendix.html,
# https://mariadb.com/kb/en/mariadb-error-code-reference/ and https://www.sqlite.org/rescode.html

_CONFLICTS = frozenset(
    {"40001", "40P01", "55P03", 1020, 1205, 1213, "SQLITE_BUSY", "SQLITE_LOCKED"}
)
_NO_TABLE = frozenset({"42P01", 1146})

_LOST = (SessionUnavailable, "was reached, but the connection was lost")
_POOL = (SessionUnavailable, "cannot be reached: all connections of the pool are in use")
_AUTH = (SessionError, "does not accept the user or the password")
_NOT_ALLOWED = (SessionError, "does not allow this user to do what sessions need")
_NO_DATABASE = (SessionError, "does not exist")
_READ_ONLY = (SessionError, "takes no changes: it is read-only")
_FULL = (SessionError, "cannot grow: there is no space left")
_TOO_MANY = (SessionUnavailable, "has no connection to spare")
_DOWN = (SessionUnavailable, "cannot be reached: the server is being started or stopped")
_BUSY = (SessionUnavailable, "is in use by others, again and again")
_OTHER_TABLES = (SessionError, "has tables with the names of ours that are not ours")
_DAMAGED = (SessionUnreadable, "is damaged, or is no SQLite database")
_TOO_LARGE = (
    SessionError,
    "takes no item of this size: the server's max_allowed_packet is smaller",
)
_GAVE_UP = (SessionUnavailable, "took too long: the server gave up")

_TOLD: Mapping[str | int, tuple[type[SessionError], str]] = {
    "3D000": _NO_DATABASE,
    "3F000": (SessionError, "has no schema of this name"),
    "42501": _NOT_ALLOWED,
    "42703": _OTHER_TABLES,
    "25006": _READ_ONLY,
    "53100": _FULL,
    "53300": _TOO_MANY,
    "57014": _GAVE_UP,
    "57P01": _DOWN,
    "57P02": _DOWN,
    "57P03": _DOWN,
    1021: _FULL,
    1040: _TOO_MANY,
    1044: _NOT_ALLOWED,
    1045: _AUTH,
    1049: _NO_DATABASE,
    1053: _DOWN,
    1054: _OTHER_TABLES,
    1114: _FULL,
    1142: _NOT_ALLOWED,
    1143: _NOT_ALLOWED,
    1153: _TOO_LARGE,
    1203: _TOO_MANY,
    1226: _TOO_MANY,
    1227: _NOT_ALLOWED,
    1290: _READ_ONLY,
    1698: _AUTH,
    1792: _READ_ONLY,
    1836: _READ_ONLY,
    1969: _GAVE_UP,
    3024: _GAVE_UP,
    "SQLITE_BUSY": _BUSY,
    "SQLITE_LOCKED": _BUSY,
    "SQLITE_READONLY": _READ_ONLY,
    "SQLITE_PERM": _READ_ONLY,
    "SQLITE_CANTOPEN": (SessionError, "cannot be opened"),
    "SQLITE_FULL": _FULL,
    "SQLITE_NOTADB": _DAMAGED,
    "SQLITE_CORRUPT": _DAMAGED,
}
_TOLD_BY_CLASS: Mapping[str, tuple[type[SessionError], str]] = {"28": _AUTH}

# libpq gives no code for what happens before there is a connection.
_SAID_BY_LIBPQ = (
    (r"authentication failed|no password supplied|role \"[^\"]*\" does not exist", _AUTH),
    (r"database \"[^\"]*\" does not exist", _NO_DATABASE),
    (r"too many (clients|connections)|remaining connection slots", _TOO_MANY),
    (r"database system is (starting up|shutting down)", _DOWN),
)
