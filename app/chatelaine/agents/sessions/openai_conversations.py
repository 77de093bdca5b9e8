"""Sessions that a server keeps: the Conversations API of OpenAI.

https://platform.openai.com/docs/guides/conversation-state
"""

from __future__ import annotations

import asyncio
import itertools
import threading
import weakref
from typing import TYPE_CHECKING, Any, Self

from typing_extensions import override

from chatelaine.agents.errors import SessionError
from chatelaine.agents.sessions.openai_map import ConversationMap
from chatelaine.agents.sessions.openai_metadata import CLEARED, SESSION_ID
from chatelaine.agents.sessions.openai_session import ServerSession
from chatelaine.agents.sessions.openai_wire import DEFAULT_TIMEOUT, ConversationsServer
from chatelaine.agents.sessions.settling import settled
from chatelaine.agents.sessions.validation import checked_id

if TYPE_CHECKING:
    import os

    import openai

    from chatelaine.agents.items import Item
    from chatelaine.agents.sessions.protocol import SessionSettings


class _Key:
    """What all sessions of the process on one conversation have in common."""

    def __init__(self, name: str) -> None:
        self.name = name


_numbers = itertools.count(1)
_keys: weakref.WeakValueDictionary[str, _Key] = weakref.WeakValueDictionary()
_keys_lock = threading.Lock()


class OpenAIConversationsSession(ServerSession):
    """The memory of one conversation, kept by OpenAI's Conversations API.

    The conversation is begun when something is first stored; `await session.ensure()` does it at
    once. The object can be used in any loop and thread. Close it (`await session.close()`, or
    `async with`), or just forget it.

    The API writes items in its own way, so they come back equal in meaning rather than in form: a
    message of the user, the system or the developer with nothing but a text as
    `{"role": ..., "content": "text"}`; one of the assistant in full; no ids of messages, calls and
    outputs, nor of sealed reasoning; no fields that are null. What the API does not know comes back
    as it was.

    Attributes:
        session_id: The id of the conversation, "conv_..."; "" as long as there is none.
        session_settings: What to do when not told otherwise.
    """

    def __init__(
        self,
        *,
        conversation_id: str | None = None,
        openai_client: openai.AsyncOpenAI | None = None,
        session_settings: SessionSettings | None = None,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        validate: bool = True,
    ) -> None:
        """Name the conversation; nothing is looked up, and no key needed, before the first call.

        Args:
            conversation_id: One that exists; None to begin one.
            openai_client: A client to be used as it is; it is never closed.
            session_settings: What to do when not told otherwise.
            api_key: The key; None for that of OPENAI_API_KEY.
            base_url: The address; None for that of OPENAI_BASE_URL, else of OpenAI's own server.
            timeout: Seconds without a sign of life after which a call is given up.
            validate: Whether to refuse what is no item.

        Raises:
            TypeError: The id is no text.
            ValueError: The id or the timeout cannot be used, or there is a client beside a key or
                an address.
        """
        server = ConversationsServer(
            api_key=api_key, base_url=base_url, timeout=timeout, client=openai_client
        )
        super().__init__(server, session_settings, validate)
        self.session_id = "" if conversation_id is None else checked_id(conversation_id)
        self._key = _key_of(self.session_id) if self.session_id else _Key(f"new {next(_numbers)}")

    @property
    @override
    def run_key(self) -> tuple[str, ...]:
        """What the conversation is told apart by in this process, also before it is begun."""
        return ("openai", self._key.name)

    @override
    async def _find(self) -> str | None:
        return self.session_id or None

    @override
    async def _begin(self) -> str:
        conversation = await self._server.create({})
        with _keys_lock:
            _keys[conversation] = self._key
        self.session_id = conversation
        return conversation


class OpenAISession(ServerSession):
    """The memory of one conversation at OpenAI, under an id of one's own.

    The API gives ids itself. Which of them belongs to an id of one's own is noted in a file, so
    that another process, or the same one tomorrow, goes on with the conversation; the id is also in
    the metadata of the conversation, for who looks there. For all else see
    `OpenAIConversationsSession`.

    Attributes:
        session_id: The id; "conv_..." is one of the API's, and needs no file.
        session_settings: What to do when not told otherwise.
    """

    def __init__(
        self,
        session_id: str,
        *,
        map_path: str | os.PathLike[str] | None = None,
        openai_client: openai.AsyncOpenAI | None = None,
        session_settings: SessionSettings | None = None,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        validate: bool = True,
    ) -> None:
        """Name the session; nothing is looked up, and no key needed, before the first call.

        Args:
            session_id: Its id: 1 to 512 characters, without NUL.
            map_path: The file in which ids are noted; None for one in the user's folder for data.
                It is read by every call, and made by the first that stores something.
            openai_client: See `OpenAIConversationsSession`; so with the others.
            session_settings: The same.
            api_key: The same.
            base_url: The same.
            timeout: The same.
            validate: The same.

        Raises:
            TypeError: The id is no text.
            ValueError: The id or the timeout cannot be used, or there is a client beside a key or
                an address.
        """
        server = ConversationsServer(
            api_key=api_key, base_url=base_url, timeout=timeout, client=openai_client
        )
        super().__init__(server, session_settings, validate)
        self._options: dict[str, Any] = {
            "map_path": map_path,
            "openai_client": openai_client,
            "session_settings": session_settings,
            "api_key": api_key,
            "base_url": base_url,
            "timeout": timeout,
            "validate": validate,
        }
        self.session_id = checked_id(session_id)
        self._map = ConversationMap(map_path)
        self._is_the_apis = session_id.startswith("conv_")
        self._key = _key_of(session_id) if self._is_the_apis else None

    @property
    @override
    def run_key(self) -> tuple[str, ...]:
        """What the conversation is told apart by in this process."""
        if self._key is not None:
            return ("openai", self._key.name)
        return ("openai", self._server.address, str(self._map.path), self.session_id)

    async def forget(self) -> None:
        """Forget which conversation belongs to the id: the next use begins another one.

        The conversation itself stays at the server.

        Raises:
            SessionError: The file cannot be written, or the id is one of the API's.
        """
        if self._is_the_apis:
            raise SessionError(f"{self.session_id} is the conversation's own id.")
        await settled(asyncio.to_thread(self._map.forget, self._server.address, self.session_id))

    async def fork(self, session_id: str) -> Self:
        """Copy the conversation as it is now; both go on independently.

        Args:
            session_id: The id of the copy, in the same file.

        Raises:
            SessionError: There is a conversation with this id already, or it cannot be copied.
        """
        self._server.check()
        if checked_id(session_id).startswith("conv_"):
            raise SessionError("The API gives ids that begin with conv_ itself; use another one.")
        await settled(self._copy(session_id))
        return type(self)(session_id, **self._options)

    @override
    async def _find(self) -> str | None:
        if self._is_the_apis:
            return self.session_id
        return await asyncio.to_thread(self._map.find, self._server.address, self.session_id)

    @override
    async def _begin(self) -> str:
        conversation = await self._server.create({SESSION_ID: self.session_id})
        return await self._claimed(self.session_id, conversation)

    async def _claimed(self, session_id: str, conversation: str) -> str:
        """Note a conversation under an id; where another one was noted meanwhile, give that."""
        try:
            noted = await asyncio.to_thread(
                self._map.claim, self._server.address, session_id, conversation
            )
        except SessionError:
            await self._server.delete(conversation)
            raise
        if noted != conversation:
            await self._server.delete(conversation)
        return noted

    async def _copy(self, session_id: str) -> None:
        if await asyncio.to_thread(self._map.find, self._server.address, session_id) is not None:
            raise _taken(session_id)
        pairs: dict[str, str] = {}
        items: list[Item] = []
        source = await self._find()
        if source is not None:
            pairs = await self._history(source).pairs()
            pairs.pop(CLEARED, None)
            items = await self._history(source).latest()
        copy = await self._server.create(pairs | {SESSION_ID: session_id})
        try:
            await self._history(copy).add(items)
        except SessionError:
            await self._server.delete(copy)
            raise
        if await self._claimed(session_id, copy) != copy:
            raise _taken(session_id)


def _taken(session_id: str) -> SessionError:
    return SessionError(f"There is a session {session_id!r} already.")


def _key_of(conversation: str) -> _Key:
    with _keys_lock:
        key = _keys.get(conversation)
        if key is None:
            key = _keys[conversation] = _Key(conversation)
        return key
