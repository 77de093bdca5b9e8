"""One conversation on a Redis server: its keys, its rows, and what can be done with them."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import redis
from redis.exceptions import NoScriptError, RedisClusterException

from chatelaine.agents.errors import SessionError
from chatelaine.agents.items import Origin
from chatelaine.agents.sessions import redis_scripts as scripts
from chatelaine.agents.sessions.encoding import decoded, decoded_each, report_unreadable
from chatelaine.agents.sessions.protocol import SessionInfo
from chatelaine.agents.sessions.redis_failures import told
from chatelaine.agents.sessions.settling import settled
from chatelaine.agents.sessions.turns import is_note, start_of_last

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chatelaine.agents.items import Item
    from chatelaine.agents.sessions.redis_connections import Server
    from chatelaine.agents.sessions.redis_scripts import Script

R = TypeVar("R")
T = TypeVar("T")

DEFAULT_PREFIX = "chatelaine:session"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
FAILURES = (redis.RedisError, RedisClusterException, OSError, RuntimeError)
_PARTS = ("info", "items", "origins", "writes", "popped")
_MOST = 2**53
"""Up to here, each whole number is one for Lua, too."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Expiry:
    """When a conversation disappears.

    Attributes:
        milliseconds: So long after it was used; None for never.
        refresh: What counts as use: "write", "access" for reading as well, "never" for the
            beginning only.

    Raises:
        ValueError: One of them cannot be.
    """

    milliseconds: int | None = None
    refresh: str = "write"

    def __post_init__(self) -> None:
        if self.refresh not in ("write", "access", "never"):
            raise ValueError('the ttl_refresh of a session is "write", "access" or "never"')

    @classmethod
    def after(cls, ttl: float | None, refresh: str) -> Expiry:
        """Make it of seconds.

        Raises:
            TypeError: It is no number.
            ValueError: It is not above 0, too long, or no whole number of milliseconds.
        """
        if ttl is None:
            return cls(None, refresh)
        if isinstance(ttl, bool) or not isinstance(ttl, int | float):
            raise TypeError(f"the ttl of a session is a number of seconds, not {ttl!r}")
        if not 0 < ttl < _MOST / 1_000_000:
            raise ValueError("the ttl of a session is more than 0 seconds, and finite")
        milliseconds = round(ttl * 1000)
        if milliseconds / 1000 != ttl:
            raise ValueError("the ttl of a session is a whole number of milliseconds")
        return cls(milliseconds, refresh)


@dataclass(frozen=True, slots=True)
class Row:
    """An item as it is stored.

    Attributes:
        text: What is stored.
        item: What it says; None where it cannot be read.
        origin: Where it comes from.
    """

    text: bytes
    item: Item | None
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class State:
    """A conversation at one moment.

    Attributes:
        texts: The latest rows, or all.
        items: What each of them says; None where it cannot be read.
        is_all: Whether no earlier ones were left out.
        generation: What it was last cleared by.
        last: What it was last changed by.
        until: When it expires, as the server says it; empty for never.
    """

    texts: list[bytes]
    items: list[Item | None]
    is_all: bool
    generation: str
    last: str
    until: str

    @property
    def rows(self) -> list[Row]:
        """The rows, each with its item."""
        pairs = zip(self.texts, self.items, strict=True)
        return [Row(text, item, _origin_of(item)) for text, item in pairs]


class Conversation:
    """The keys of one session.

    Args:
        server: Where they are.
        prefix: What the keys of all sessions begin with.
        session_id: Its id.
        expiry: When it disappears.
    """

    def __init__(self, server: Server, prefix: str, session_id: str, expiry: Expiry) -> None:
        self.server = server
        self.prefix = prefix
        self.session_id = session_id
        self.expiry = expiry
        # The braces make a cluster keep them together; quoted, no id can look like another's key.
        base = f"{prefix}:{{{quote(session_id, safe='')}}}"
        self._index = index_of(prefix)
        keys = [f"{base}:{part}" for part in _PARTS]
        if not server.is_cluster:
            keys.append(self._index)
        ttl = "" if expiry.milliseconds is None else str(expiry.milliseconds)
        # As bytes, so that they are made into them only once.
        self._before = tuple(map(str.encode, (str(len(keys)), *keys)))
        self._settings = tuple(map(str.encode, (session_id, ttl, expiry.refresh)))

    def sibling(self, session_id: str) -> Conversation:
        """Give another conversation on the same server."""
        return Conversation(self.server, self.prefix, session_id, self.expiry)

    # ------------------------------------------------------------------------ reading

    async def items(self, limit: int | None) -> tuple[list[Item], int, str]:
        """Give the latest items, how many could not be read, and the generation."""
        window = _MOST if limit is None else min(limit, _MOST)
        while True:
            state = await self._read(window, "joined")
            found = [item for item in state.items if item is not None]
            unreadable = len(state.items) - len(found)
            # What cannot be read must not take the place of what can.
            if not unreadable or limit is None or len(found) >= limit or state.is_all:
                surplus = 0 if limit is None else max(len(found) - limit, 0)
                return found[surplus:], unreadable, state.generation
            window *= 2

    async def state(self) -> State:
        """Give everything."""
        return await self._read(_MOST, "apart")

    async def _read(self, limit: int, how: str) -> State:
        answer = await self._do(scripts.READ, limit, how)
        generation, last, until, first, count, rows, spoken = answer
        if how == "joined":
            rows = rows.split(scripts.BETWEEN) if rows else []
            if len(rows) != count - first:
                # Somebody else has written here what cannot be told apart.
                return await self._read(limit, "apart")
        items = decoded_each([row.decode(errors="surrogateescape") for row in rows])
        for start, end, origin in _ranges(spoken):
            for item in items[max(start - first, 0) : max(end - first, 0)]:
                if item is not None:
                    item.origin = origin
        return State(rows, items, not first, generation.decode(), last.decode(), until.decode())

    async def info(self) -> SessionInfo | None:
        """Give what is known about it; None where nothing is stored."""
        answer = await self._do(scripts.DESCRIBE)
        if answer is None:
            return None
        created, updated, title, metadata, count, speaker = answer
        spoken = list(_ranges(speaker))
        return SessionInfo(
            session_id=self.session_id,
            title=_json(title, ""),
            metadata=_json(metadata, {}),
            created=time_of(created),
            updated=time_of(updated),
            items=count,
            last_agent=spoken[-1][2].agent if spoken else "",
        )

    # ------------------------------------------------------------------------ changing

    async def add(
        self, rows: Sequence[bytes], origin: Origin | None = None, mark: str | None = None
    ) -> bool:
        """Add rows; tell whether it was done: not where the generation is another one.

        Args:
            rows: The rows.
            origin: Who spoke.
            mark: The generation; None for any.
        """
        checked = ("", "") if mark is None else ("run", mark)
        answer = await self._do(scripts.ADD, *checked, _encoded(origin), *rows)
        return await self._indexed(answer)

    async def pop(self, turns: int | None) -> list[Item]:
        """Remove the last turns, or None for the last item; give what was removed."""
        answer = await self._do(scripts.POP, "" if turns is None else turns)
        how = answer[0].decode()
        if how == "done":
            await self._indexed([1, answer[1]])
            items, unreadable = decoded([text.decode(errors="replace") for text in answer[2]])
            report_unreadable(unreadable)
            return items
        if how == "lost":
            raise SessionError("Items were removed, but the connection broke before they arrived.")
        return [] if how == "none" else await self._pop_here(turns)

    async def clear(self) -> None:
        """Remove all rows."""
        await self._indexed(await self._do(scripts.CLEAR))

    async def name(self, field: str, value: str) -> None:
        """Set the title or the metadata."""
        await self._indexed(await self._do(scripts.NAME, field, value))

    async def change(self, change: Callable[[list[Row]], tuple[list[Row] | None, R]]) -> R:
        """Replace all rows by what a function makes of them; it may be called several times.

        Args:
            change: Gives the rows to be kept, None to change nothing, and what is to be returned.
        """
        while True:
            state = await self.state()
            rows, result = change(state.rows)
            if rows is None:
                return result
            content = _content(rows)
            if await self._indexed(await self._do(scripts.REPLACE, state.last, *content)):
                return result

    async def create(
        self, state: State, info: SessionInfo | None, *, is_same: bool = False
    ) -> bool:
        """Begin it as a copy; tell whether there was none.

        Args:
            state: What is in it.
            info: What is known about it.
            is_same: Whether it is another name for the same one, as old as that is.
        """
        title = metadata = created = ""
        if info is not None:
            title, metadata = as_text(info.title), as_text(dict(info.metadata))
            created = str(microseconds(info.created)) if is_same else ""
        fields = (title, metadata, created, state.until)
        return await self._indexed(await self._do(scripts.CREATE, *fields, *_content(state.rows)))

    async def delete(self, last: str = "") -> bool | None:
        """Delete it; tell whether it was there, or None where it was written to since `last`."""
        (done,) = await self._do(scripts.DELETE, last)
        if done == 1 and self.server.is_cluster:
            await self._aside("ZREM", self._index, self.session_id)
        return None if done < 0 else bool(done)

    # ------------------------------------------------------------------------ inside

    async def _pop_here(self, turns: int | None) -> list[Item]:
        """Remove items where there are rows of which the server does not know what they are."""

        def change(rows: list[Row]) -> tuple[list[Row] | None, list[Item]]:
            readable = [number for number, row in enumerate(rows) if row.item is not None]
            items = [row.item for row in rows if row.item is not None]
            if turns is None:
                gone = readable[-1:]
            else:
                start = start_of_last(items, turns)
                last = [] if start is None else list(zip(readable, items, strict=True))[start:]
                gone = [number for number, item in last if not is_note(item)]
            if not gone:
                return None, []
            removed = {*gone}
            kept = [row for number, row in enumerate(rows) if number not in removed]
            return kept, [item for n, item in zip(readable, items, strict=True) if n in removed]

        return await self.change(change)

    async def _do(self, script: Script, *arguments: Any) -> Any:
        # By it, a write that is sent again is known.
        operation = secrets.token_hex(8)
        command = (*self._before, operation, *self._settings, *arguments)
        try:
            return await self._asked(script, command)
        except asyncio.CancelledError as cancelled:
            if script.writes:
                # Whether it was done cannot be seen; sent once more, it is. To do each write in a
                # task of its own for this would cost more than all the rest of it.
                try:
                    await settled(self._asked(script, command))
                except SessionError as error:
                    raise cancelled from error
            raise

    async def _asked(self, script: Script, command: Sequence[Any]) -> Any:
        try:
            try:
                return await self.server.execute("EVALSHA", script.name, *command)
            except NoScriptError:
                return await self.server.execute("EVAL", script.text, *command)
        except FAILURES as error:
            raise told(error, self.server.shown, writing=script.writes) from error

    async def _indexed(self, answer: Sequence[Any]) -> bool:
        """Note in the index when it was written to, where the script could not; tell if it was."""
        if not answer[0]:
            return False
        if self.server.is_cluster:
            await self._aside("ZADD", self._index, "GT", answer[1], self.session_id)
        return True

    async def _aside(self, *command: Any) -> None:
        try:
            await self.server.execute(*command)
        except FAILURES:
            # What was asked for is done; the next write brings the list up to date.
            _log.warning("the list of sessions could not be brought up to date")


def checked_prefix(prefix: str) -> str:
    """Give a prefix of keys back.

    Raises:
        TypeError: It is no text.
        ValueError: It is empty, or has half characters.
    """
    if not isinstance(prefix, str):
        raise TypeError(f"a key_prefix is a text, not {type(prefix).__name__}")
    if not prefix or any("\ud800" <= character <= "\udfff" for character in prefix):
        raise ValueError("a key_prefix has characters, and no half ones")
    return prefix


def as_text(value: str | dict[str, Any]) -> str:
    """Write a title or metadata.

    Raises:
        SessionError: JSON cannot say it.
    """
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise SessionError(f"The metadata cannot be stored as JSON: {error}.") from None


def index_of(prefix: str) -> str:
    """Give the key of the list of sessions."""
    return f"{prefix}:index"


def time_of(text: bytes) -> datetime:
    """Read a time as the scripts write it."""
    return _EPOCH + int(text) * _MICROSECOND


def microseconds(time: datetime) -> int:
    """Give a time as the scripts write it."""
    return (time - _EPOCH) // _MICROSECOND


def rows_of(items: Sequence[dict[str, Any]], texts: Sequence[str]) -> list[Row]:
    """Give the rows of items with these JSON texts."""
    pairs = zip(items, texts, strict=True)
    return [Row(scripts.row_of(item, text), None, _origin_of(item)) for item, text in pairs]


def _content(rows: Sequence[Row]) -> list[bytes | str | int]:
    """Give rows as arguments of a script: how many ranges of origins, these, and the texts."""
    ranges: list[tuple[int, int, Origin]] = []
    for number, row in enumerate(rows):
        if row.origin is None:
            continue
        if ranges and ranges[-1][1:] == (number, row.origin):
            ranges[-1] = (ranges[-1][0], number + 1, row.origin)
        else:
            ranges.append((number, number + 1, row.origin))
    spoken = [f"{start} {end} {_encoded(origin)}" for start, end, origin in ranges]
    return [len(spoken), *spoken, *(row.text for row in rows)]


def _encoded(origin: Origin | None) -> str:
    return "" if origin is None else json.dumps(origin, separators=(",", ":"))


def _ranges(spoken: bytes) -> list[tuple[int, int, Origin]]:
    """Read who spoke in which items."""
    found = []
    for line in spoken.split(b"\n") if spoken else ():
        try:
            start, end, origin = line.split(b" ", 2)
            agent, model, run_id = json.loads(origin)
            found.append((int(start), int(end), Origin(agent, model, run_id)))
        except (ValueError, TypeError):
            continue  # somebody else has written here; that nobody is known to have spoken is true
    return found


def _origin_of(item: object) -> Origin | None:
    origin = getattr(item, "origin", None)
    return origin if isinstance(origin, Origin) else None


def _json(text: bytes, default: T) -> T:
    """Read a title or metadata; the default where there are none, or somebody else wrote there."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return default
    return value if isinstance(value, type(default)) else default
