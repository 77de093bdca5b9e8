"""The calls of the Conversations API: made again where that is safe, and told in our words.

https://platform.openai.com/docs/api-reference/conversations
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import threading
import weakref
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from chatelaine.agents.errors import (
    ConnectionFailed,
    ModelError,
    RateLimited,
    ServerFailed,
    SessionClosed,
    SessionError,
    SessionGone,
    SessionUnavailable,
)
from chatelaine.agents.models.endpoint import OFFICIAL_URL, Endpoint, resolve_endpoint
from chatelaine.agents.models.failures import RefusalError, unreadable
from chatelaine.agents.models.retry import RetryPolicy, TemporaryError
from chatelaine.agents.models.transport import Transport
from chatelaine.agents.sessions.openai_connections import Lease
from chatelaine.agents.sessions.openai_items import incoming

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import openai

MOST_ITEMS = 20
"""Items that one call adds, at most."""
LONGEST_PAGE = 100
"""Items that one call gives, at most."""
DEFAULT_TIMEOUT = 30.0
"""Seconds: nobody thinks here, so an answer that takes longer will not come."""

_RETRIES = RetryPolicy(attempts=3, first_delay=0.2, longest_delay=2.0, longest_wait=20.0)
_NO_SUCH_CALL = {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED}
_INCLUDED = [
    "code_interpreter_call.outputs",
    "computer_call_output.output.image_url",
    "file_search_call.results",
    "message.input_image.image_url",
    "message.output_text.logprobs",
    "reasoning.encrypted_content",
    "web_search_call.action.sources",
]


class ConversationsServer:
    """A server that keeps conversations. Any loop and thread may use it.

    Nothing is looked up before the first call. Objects for one server share their connections; the
    last one that is closed or forgotten takes them with it.
    """

    def __init__(
        self,
        *,
        api_key: str | None,
        base_url: str | None,
        timeout: float,
        client: openai.AsyncOpenAI | None,
    ) -> None:
        """Name the server.

        Args:
            api_key: The key; None for that of OPENAI_API_KEY.
            base_url: The address; None for that of OPENAI_BASE_URL, else of OpenAI's own server.
            timeout: Seconds without a sign of life after which a call is given up.
            client: A client of the caller's instead: used as it is, never closed.

        Raises:
            ValueError: `timeout` is not above 0, or there is a client beside a key or an address.
        """
        if timeout <= 0:
            raise ValueError("the timeout of a session must be above 0")
        if client is not None and (api_key is not None or base_url is not None):
            raise ValueError("a client has its own key and address: pass it, or them")
        self._api_key = api_key
        self._base_url = base_url
        self._timeout = timeout
        self._given = client
        self._guard = threading.Lock()
        self._lease: Lease | None = None
        self._is_closed = False

    @property
    def address(self) -> str:
        """Where it is."""
        if self._given is not None:
            return str(self._given.base_url).rstrip("/")
        url = (self._base_url or os.environ.get("OPENAI_BASE_URL", "")).strip() or OFFICIAL_URL
        return url.rstrip("/")

    def check(self) -> None:
        """See that it is still in use.

        Raises:
            SessionClosed: It was closed.
        """
        if self._is_closed:
            raise SessionClosed("This session of a server's conversation was closed.")

    async def close(self) -> None:
        """End the use of it; done twice, it does nothing."""
        with self._guard:
            self._is_closed = True
            lease, self._lease = self._lease, None
        if lease is not None and lease.give_back():
            await lease.transport.aclose()

    # ------------------------------------------------------------------------ the calls

    async def create(self, metadata: Mapping[str, str]) -> str:
        """Begin a conversation; give its id.

        Raises:
            MissingCredentials: The server wants a key, and there is none.
            SessionError: It was not begun. So with all calls.
        """
        try:
            document = await self._asked("POST", "", {"metadata": dict(metadata)})
        except ModelError as error:
            if error.status in _NO_SUCH_CALL:
                raise SessionError(
                    f"The server at {self.address} has no Conversations API."
                    " Use another kind of session with it, such as SQLiteSession."
                ) from error
            raise _told(error) from error
        conversation = document.get("id")
        if not isinstance(conversation, str) or not conversation:
            raise SessionError(f"The server at {self.address} gave the conversation no id.")
        return conversation

    async def describe(self, conversation: str) -> dict[str, Any]:
        """Give what is known of a conversation: `created_at` and `metadata`."""
        return await self._told_of(conversation, "GET")

    async def update(self, conversation: str, metadata: Mapping[str, str]) -> None:
        """Replace the metadata of a conversation."""
        await self._told_of(conversation, "POST", "", {"metadata": dict(metadata)})

    async def delete(self, conversation: str) -> None:
        """Delete a conversation; one that is gone is deleted."""
        try:
            await self._told_of(conversation, "DELETE")
        except SessionGone:
            return

    async def page(
        self, conversation: str, limit: int, after: str | None = None
    ) -> list[dict[str, Any]]:
        """Give items as they are kept, the newest first.

        Args:
            conversation: Its id.
            limit: How many, 1 to `LONGEST_PAGE`.
            after: The id of the last item of the page before.
        """
        query: dict[str, object] = {"limit": limit, "order": "desc", "include": _INCLUDED}
        if after is not None:
            query["after"] = after
        document = await self._told_of(conversation, "GET", "/items", query=query)
        data = document.get("data")
        return [item for item in data if isinstance(item, dict)] if isinstance(data, list) else []

    async def add(self, conversation: str, items: Sequence[dict[str, Any]]) -> list[str]:
        """Add items, at most `MOST_ITEMS`: all of them or none. Give their ids.

        Where no answer comes, it is looked whether they are there before they are sent again. The
        same items at the very end, written shortly before, are then taken to be these.
        """
        path = f"{_path(conversation)}/items"
        for attempt in itertools.count(1):
            try:
                document = await self._once("POST", path, {"items": list(items)})
            except TemporaryError as failure:
                if not isinstance(failure.error, RateLimited):
                    found = await self._found(conversation, items, failure.error)
                    if found is not None:
                        return found
                try:
                    await _wait(attempt, failure)
                except ModelError as error:
                    raise _told(error, conversation) from error
            except ModelError as error:
                raise _told(error, conversation) from error
            else:
                return _ids(document.get("data"))
        raise AssertionError("the loop has no end")

    async def delete_item(self, conversation: str, item_id: str) -> bool:
        """Delete an item; tell whether it was there.

        Raises:
            SessionGone: The conversation is not there.
        """
        path = f"{_path(conversation)}/items/{quote(item_id, safe='')}"
        was_unsure = False
        for attempt in itertools.count(1):
            try:
                await self._once("DELETE", path)
            except TemporaryError as failure:
                was_unsure = was_unsure or not isinstance(failure.error, RateLimited)
                try:
                    await _wait(attempt, failure)
                except ModelError as error:
                    raise _told(error, conversation) from error
            except ModelError as error:
                if error.status != HTTPStatus.NOT_FOUND:
                    raise _told(error, conversation) from error
                await self.describe(conversation)
                # Of an attempt that nobody answered, this may be the effect.
                return was_unsure
            else:
                return True
        raise AssertionError("the loop has no end")

    # ------------------------------------------------------------------------ inside

    async def _found(
        self, conversation: str, items: Sequence[dict[str, Any]], failure: ModelError
    ) -> list[str] | None:
        try:
            newest = await self.page(conversation, len(items))
        except SessionUnavailable as error:
            raise SessionUnavailable(
                f"{failure.message} Whether {len(items)} items were stored is not known."
            ) from error
        newest.reverse()
        if list(map(incoming, newest)) == list(map(incoming, items)):
            return _ids(newest)
        return None

    async def _told_of(
        self,
        conversation: str,
        method: str,
        path: str = "",
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, object] | None = None,
    ) -> dict[str, Any]:
        try:
            return await self._asked(method, _path(conversation) + path, body, query)
        except ModelError as error:
            raise _told(error, conversation) from error

    async def _asked(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, object] | None = None,
    ) -> dict[str, Any]:
        """Make a call that may be made twice, as often as it takes."""
        for attempt in itertools.count(1):
            try:
                return await self._once(method, path, body, query)
            except TemporaryError as failure:
                await _wait(attempt, failure)
        raise AssertionError("the loop has no end")

    async def _once(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, object] | None = None,
    ) -> dict[str, Any]:
        transport, path = self._transport(), f"/conversations{path}"
        match method:
            case "POST":
                opened = transport.post(path, body or {})
            case "DELETE":
                opened = transport.delete(path)
            case _:
                opened = transport.get(path, query)
        try:
            async with opened as response:
                text = await response.aread()
        except RefusalError as refusal:
            raise refusal.error from None
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            raise unreadable(transport.endpoint, is_page=text.lstrip().startswith(b"<"))
        return document

    def _transport(self) -> Transport:
        with self._guard:
            self.check()
            if self._given is not None:
                endpoint = Endpoint(self.address, str(self._given.api_key or ""))
                return Transport(endpoint, client=self._given)
            if self._lease is None:
                endpoint = resolve_endpoint(self._base_url, self._api_key)
                self._lease = Lease(endpoint, self._timeout)
                weakref.finalize(self, self._lease.forget)
            return self._lease.transport


async def _wait(attempt: int, failure: TemporaryError) -> None:
    """Wait before the next attempt; raise what has failed where there is to be none."""
    delay = _RETRIES.delay_after(attempt, failure.retry_after, random.random())  # noqa: S311 - chance, not secrecy
    if delay is None:
        raise failure.error from None
    await asyncio.sleep(delay)


def _told(error: ModelError, conversation: str = "") -> SessionError:
    """Say of a session what was said of a model."""
    if error.status == HTTPStatus.NOT_FOUND and conversation:
        return SessionGone(
            f"The server has no conversation {conversation}: it was deleted, or belongs to another"
            " account or project. It cannot be brought back; begin another one."
        )
    if isinstance(error, ConnectionFailed | RateLimited | ServerFailed):
        return SessionUnavailable(error.message, title=error.title)
    return SessionError(error.message, title=error.title)


def _path(conversation: str) -> str:
    return f"/{quote(conversation, safe='')}"


def _ids(data: Any) -> list[str]:
    items = data if isinstance(data, list) else []
    return [str(item["id"]) for item in items if isinstance(item, dict) and "id" in item]
