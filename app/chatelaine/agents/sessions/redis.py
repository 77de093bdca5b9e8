"""Sessions in Redis, for programs that run on several machines (https://redis.io).

A conversation is a list of JSON texts with a little beside it, all under keys with one hash tag. A
write is one script on the server: it is done as a whole or not at all, in one question and answer.
The order of a conversation is that of its list, never that of a clock.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, Literal, Self

from typing_extensions import override

try:
    import redis
except ImportError as error:
    raise ImportError(
        'RedisSession needs redis: pip install "chatelaine[redis]"', name=error.name
    ) from error

from chatelaine.agents.errors import SessionClosed, SessionError
from chatelaine.agents.sessions.encoding import encoded, report_unreadable
from chatelaine.agents.sessions.protocol import RunHistory
from chatelaine.agents.sessions.redis_connections import DEFAULT_URL, server_at
from chatelaine.agents.sessions.redis_conversation import (
    DEFAULT_PREFIX,
    Conversation,
    Expiry,
    Row,
    as_text,
    checked_prefix,
    rows_of,
)
from chatelaine.agents.sessions.redis_scripts import row_of
from chatelaine.agents.sessions.settling import settled
from chatelaine.agents.sessions.turns import checked_count, item_limit, within
from chatelaine.agents.sessions.validation import checked_id, checked_items, checked_title

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from chatelaine.agents.items import Item, Origin, TResponseInputItem
    from chatelaine.agents.sessions.protocol import SessionInfo, SessionSettings


class RedisSession:
    """The memory of one conversation, on a Redis or Valkey server (Redis 6.2 at least).

    The object is a handle that costs nothing: the connection is made by its first use, and shared
    by all sessions of the event loop on the same server. It can be used in any loop and thread.
    Close it (`await session.close()`, or `async with`), or just forget it.

    Args:
        session_id: Which conversation: 1 to 512 characters, without NUL.
        redis_url: The server: `redis://`, `rediss://` for TLS, or `unix://`; with user, password
            and number of the database as in
            https://redis.readthedocs.io/en/stable/connections.html.
        redis_client: A client of `redis.asyncio` instead, also a `RedisCluster`; it stays yours to
            close, and can be used in one loop only.
        key_prefix: What all keys begin with.
        ttl: Seconds after which the conversation disappears, all of it at once; None for never.
        ttl_refresh: When the seconds begin anew: with each "write", with each "access" (reading
            too), or "never".
        session_settings: What to do when not told otherwise.
        validate: Whether to look at items before they are stored.
        redis_kwargs: More for the connection, as `redis.asyncio.from_url` takes it: certificates,
            `socket_timeout` in seconds (5), `max_connections` of a loop (20).

    Raises:
        TypeError: The id is no text, the ttl no number, or the client none that can be awaited.
        ValueError: One of the arguments cannot be used.
    """

    def __init__(
        self,
        session_id: str,
        redis_url: str = DEFAULT_URL,
        *,
        redis_client: Any = None,
        key_prefix: str = DEFAULT_PREFIX,
        ttl: float | None = None,
        ttl_refresh: Literal["write", "access", "never"] = "write",
        session_settings: SessionSettings | None = None,
        validate: bool = True,
        redis_kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        self.session_id = checked_id(session_id)
        self.session_settings = session_settings
        self._validate = validate
        self._made_with: dict[str, Any] = {
            "redis_url": redis_url,
            "redis_client": redis_client,
            "key_prefix": key_prefix,
            "ttl": ttl,
            "ttl_refresh": ttl_refresh,
            "validate": validate,
            "redis_kwargs": redis_kwargs,
        }
        server = server_at(redis_url, redis_client, redis_kwargs)
        expiry = Expiry.after(ttl, ttl_refresh)
        self._conversation = Conversation(
            server, checked_prefix(key_prefix), self.session_id, expiry
        )
        self._closed = False
        self._forgotten = weakref.finalize(self, server.forget)
        self._forgotten.atexit = False

    @classmethod
    def from_url(
        cls,
        session_id: str,
        *,
        url: str,
        redis_kwargs: Mapping[str, Any] | None = None,
        session_settings: SessionSettings | None = None,
        **more: Any,
    ) -> Self:
        """Make a session as that of openai-agents is made.

        Args:
            session_id: See the class.
            url: `redis_url` of the class.
            redis_kwargs: See the class.
            session_settings: See the class.
            more: The other arguments of the class.
        """
        return cls(
            session_id, url, redis_kwargs=redis_kwargs, session_settings=session_settings, **more
        )

    @override
    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.session_id!r}, {self._conversation.server.shown!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # ------------------------------------------------------------------------ the four methods

    async def get_items(self, limit: int | None = None) -> list[TResponseInputItem]:
        """Give the latest items, oldest first. What cannot be read is left out, and stays.

        Args:
            limit: How many; None for what the settings say, else all. 0 gives none.

        Raises:
            SessionClosed: The session was closed.
            SessionUnavailable: The server cannot be reached.
            SessionError: The server refuses.
            ValueError: The limit is negative.
        """
        return list((await self.begin_run(limit)).items)

    async def add_items(self, items: Sequence[TResponseInputItem]) -> None:
        """Add items at the end: all of them, or none.

        Cancelled, it is first brought to its end.

        Raises:
            SessionClosed: The session was closed.
            SessionUnavailable: The server cannot be reached.
            SessionError: They cannot be stored.
        """
        rows = self._rows(items)
        conversation = self._open()
        if rows:
            await conversation.add(rows)

    async def pop_item(self) -> TResponseInputItem | None:
        """Remove the last item that can be read, and give it back; None where there is none.

        Raises:
            SessionClosed: The session was closed.
            SessionUnavailable: The server cannot be reached.
            SessionError: The server refuses.
        """
        removed = await self._open().pop(None)
        return removed[0] if removed else None

    async def clear_session(self) -> None:
        """Remove all items; title, metadata and the time of the beginning stay.

        Raises:
            SessionClosed: The session was closed.
            SessionUnavailable: The server cannot be reached.
            SessionError: The server refuses.
        """
        await self._open().clear()

    # ------------------------------------------------------------------------ turns and runs

    async def pop_turn(self, n: int = 1) -> list[TResponseInputItem]:
        """Remove the last `n` turns, each a message of the user with everything it caused.

        Notes of the system and of the developer stay.

        Returns:
            What was removed, oldest first.

        Raises:
            SessionClosed: The session was closed.
            SessionUnavailable: The server cannot be reached.
            SessionError: The server refuses.
            ValueError: `n` is negative.
        """
        n = checked_count(n, "turns")
        conversation = self._open()
        return [*await conversation.pop(n)] if n else []

    @property
    def run_key(self) -> tuple[str, ...]:
        """See `RunSession`."""
        conversation = self._conversation
        return ("redis", conversation.server.key, conversation.prefix, self.session_id)

    async def begin_run(self, limit: int | None = None) -> RunHistory:
        """See `RunSession`; it raises what `get_items` raises."""
        settings = self.session_settings
        count = item_limit(limit, settings)
        items, unreadable, generation = await self._open().items(count)
        report_unreadable(unreadable)
        return RunHistory(within(list(items), limit, settings), generation)

    async def add_run_items(
        self, items: Sequence[TResponseInputItem], origin: Origin, mark: object
    ) -> bool:
        """See `RunSession`; it raises what `add_items` raises."""
        rows = self._rows(items)
        return await self._open().add(rows, origin, str(mark)) if rows else True

    # ------------------------------------------------------------------------ more

    async def rewrite_items(self, rewrite: Callable[[list[Item]], Sequence[Item]]) -> None:
        """See `RewritableSession`. What cannot be read is kept, before all others.

        Raises:
            SessionClosed: The session was closed.
            SessionUnavailable: The server cannot be reached.
            SessionError: The items cannot be stored.
        """

        def change(rows: list[Row]) -> tuple[list[Row], None]:
            kept = [row for row in rows if row.item is None]
            given = list(rewrite([row.item for row in rows if row.item is not None]))
            items = checked_items(given, validate=self._validate)
            return [*kept, *rows_of(items, encoded(items))], None

        await settled(self._open().change(change))

    async def fork(self, session_id: str) -> Self:
        """Copy the conversation as it is now, with title and metadata.

        Raises:
            SessionClosed: The session was closed.
            SessionUnavailable: The server cannot be reached.
            SessionError: A conversation with this id exists already.
            TypeError: The id is no text.
            ValueError: It cannot be used.
        """
        mine = self._open()
        await settled(_copied(mine, mine.sibling(checked_id(session_id))))
        settings = self.session_settings
        return type(self)(session_id, **self._made_with, session_settings=settings)

    async def get_info(self) -> SessionInfo | None:
        """See `DescribedSession`; it raises what `get_items` raises."""
        return await self._open().info()

    async def set_title(self, title: str) -> None:
        """See `DescribedSession`.

        Raises:
            SessionClosed: The session was closed.
            SessionUnavailable: The server cannot be reached.
            SessionError: It cannot be stored.
        """
        await self._open().name("title", as_text(checked_title(title)))

    async def set_metadata(self, metadata: Mapping[str, Any]) -> None:
        """See `DescribedSession`.

        Raises:
            SessionClosed: The session was closed.
            SessionUnavailable: The server cannot be reached.
            SessionError: It cannot be stored as JSON.
        """
        await self._open().name("metadata", as_text(dict(metadata)))

    async def ping(self) -> bool:
        """Tell whether the server answers.

        Raises:
            SessionClosed: The session was closed.
        """
        try:
            await self._open().server.execute("PING")
        except (redis.RedisError, OSError):
            return False
        return True

    async def close(self) -> None:
        """End the use of the session; done twice, it does nothing.

        The last session of a loop on a server closes the connections there.
        """
        self._closed = True
        self._forgotten.detach()
        await settled(self._conversation.server.close())

    # ------------------------------------------------------------------------ inside

    def _open(self) -> Conversation:
        if self._closed:
            raise SessionClosed(f"The session {self.session_id!r} was closed.")
        return self._conversation

    def _rows(self, items: Sequence[Any]) -> list[bytes]:
        checked = checked_items(items, validate=self._validate)
        return list(map(row_of, checked, encoded(checked)))


async def _copied(conversation: Conversation, other: Conversation) -> None:
    info = await conversation.info()
    if not await other.create(await conversation.state(), info):
        raise SessionError(f"There is a session {other.session_id!r} already.")
