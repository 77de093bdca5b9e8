"""Many sessions on one Redis server: which there are, and what they are called."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, Literal, Self

from typing_extensions import override

from chatelaine.agents.errors import SessionError
from chatelaine.agents.items import text_of
from chatelaine.agents.sessions.redis import RedisSession
from chatelaine.agents.sessions.redis_connections import DEFAULT_URL, server_at
from chatelaine.agents.sessions.redis_conversation import (
    DEFAULT_PREFIX,
    Conversation,
    Expiry,
    checked_prefix,
    microseconds,
)
from chatelaine.agents.sessions.redis_index import Index
from chatelaine.agents.sessions.settling import settled
from chatelaine.agents.sessions.turns import checked_count
from chatelaine.agents.sessions.validation import checked_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chatelaine.agents.sessions.protocol import SessionInfo, SessionSettings

_PAGE = 50


class RedisSessionStore:
    """The conversations with one key prefix on a Redis or Valkey server.

    Conversations that have expired leave the list when it is read. Where a server is part of a
    cluster, the list is brought up to date after each write, not in the same step.

    Args:
        redis_url: See `RedisSession`, as for all that follow.
        redis_client: A client instead.
        key_prefix: What all keys begin with.
        ttl: Of the sessions that this store gives, in seconds.
        ttl_refresh: Of the same.
        session_settings: Of the same.
        validate: Of the same.
        redis_kwargs: More for the connection.

    Raises:
        TypeError: One of the arguments is of the wrong kind.
        ValueError: One of them cannot be used.
    """

    def __init__(
        self,
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
        self._sessions: dict[str, Any] = {
            "redis_url": redis_url,
            "redis_client": redis_client,
            "key_prefix": checked_prefix(key_prefix),
            "ttl": ttl,
            "ttl_refresh": ttl_refresh,
            "session_settings": session_settings,
            "validate": validate,
            "redis_kwargs": redis_kwargs,
        }
        self._expiry = Expiry.after(ttl, ttl_refresh)
        self._server = server_at(redis_url, redis_client, redis_kwargs)
        self._index = Index(self._server, key_prefix)
        self._forgotten = weakref.finalize(self, self._server.forget)
        self._forgotten.atexit = False

    @override
    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._server.shown!r}, {self._index.prefix!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def session(self, session_id: str) -> RedisSession:
        """Give the session with this id; it need not exist yet.

        Raises:
            TypeError: The id is no text.
            ValueError: It cannot be used.
        """
        return RedisSession(session_id, **self._sessions)

    async def list_sessions(
        self, limit: int = 50, *, before: SessionInfo | None = None, query: str = ""
    ) -> list[SessionInfo]:
        """See `SessionStore`. With a query, messages are read one session after the other.

        Raises:
            SessionUnavailable: The server cannot be reached.
            SessionError: The server refuses.
            ValueError: The limit is negative.
        """
        limit = checked_count(limit, "limit")
        found: list[SessionInfo] = []
        after = None if before is None else (microseconds(before.updated), before.session_id)
        while len(found) < limit:
            wanted = _PAGE if query else limit - len(found)
            page = await self._index.page(wanted, after)
            if not page:
                break
            after = page[-1]
            for info in await self._infos(page):
                if len(found) < limit and (not query or await self._has(info, query.casefold())):
                    found.append(info)
        return found

    async def rename(self, session_id: str, new_id: str) -> None:
        """See `SessionStore`. A run that is going on under the old id adds nothing any more.

        Raises:
            SessionUnavailable: The server cannot be reached.
            SessionError: There is none with the old id, or one with the new.
            TypeError: An id is no text.
            ValueError: An id cannot be used.
        """
        old, new = self._conversation(session_id), self._conversation(new_id)
        await settled(_renamed(old, new))

    async def delete(self, session_id: str) -> bool:
        """See `SessionStore`. A run that is going on in it adds nothing any more.

        Raises:
            SessionUnavailable: The server cannot be reached.
            SessionError: The server refuses.
            TypeError: The id is no text.
            ValueError: It cannot be used.
        """
        return bool(await settled(self._conversation(session_id).delete()))

    async def close(self) -> None:
        """End the use of the store; its sessions are to be closed by themselves."""
        await settled(self._server.close())

    # ------------------------------------------------------------------------ inside

    def _conversation(self, session_id: str) -> Conversation:
        prefix = self._index.prefix
        return Conversation(self._server, prefix, checked_id(session_id), self._expiry)

    async def _infos(self, page: list[tuple[int, str]]) -> list[SessionInfo]:
        infos = []
        for score, session_id in page:
            info = await self._conversation(session_id).info()
            if info is None:
                await self._index.forget(score, session_id)
            else:
                infos.append(info)
        return infos

    async def _has(self, info: SessionInfo, text: str) -> bool:
        if text in info.session_id.casefold() or text in info.title.casefold():
            return True
        items, _, _ = await self._conversation(info.session_id).items(None)
        return any(text in text_of(item).casefold() for item in items)


async def _renamed(old: Conversation, new: Conversation) -> None:
    # The two may lie on different servers. What is there is copied before it is deleted, and
    # deleted only as it was copied: at no moment can anything be lost.
    while True:
        info = await old.info()
        state = await old.state()
        if info is None:
            raise SessionError(f"There is no session {old.session_id!r}.")
        if not await new.create(state, info, is_same=True):
            raise SessionError(f"There is a session {new.session_id!r} already.")
        if await old.delete(state.last):
            return
        await new.delete()
