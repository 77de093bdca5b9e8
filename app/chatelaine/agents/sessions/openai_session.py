"""What sessions in conversations of a server have in common, however the conversation is named."""

from __future__ import annotations

import asyncio
import json
import threading
from abc import ABC, abstractmethod
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from typing_extensions import override

from chatelaine.agents.sessions import openai_metadata
from chatelaine.agents.sessions.encoding import encoded
from chatelaine.agents.sessions.openai_history import History, pairs_of
from chatelaine.agents.sessions.openai_metadata import TITLE
from chatelaine.agents.sessions.protocol import RunHistory, SessionInfo
from chatelaine.agents.sessions.settling import settled
from chatelaine.agents.sessions.turns import checked_count, item_limit, within
from chatelaine.agents.sessions.validation import checked_items

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chatelaine.agents.items import Origin, TResponseInputItem
    from chatelaine.agents.sessions.openai_wire import ConversationsServer
    from chatelaine.agents.sessions.protocol import SessionSettings


class Mark(NamedTuple):
    """What a run recognises the moment by at which it began."""

    conversation: str
    cleared: str


class ServerSession(ABC):
    """A session in a conversation of a server. How it is found and begun, a subclass says.

    Attributes:
        session_id: See the subclass.
        session_settings: What to do when not told otherwise.
    """

    session_id: str

    def __init__(
        self,
        server: ConversationsServer,
        session_settings: SessionSettings | None,
        validate: bool,
    ) -> None:
        self.session_settings = session_settings
        self._server = server
        self._validate = validate
        self._guard = threading.Lock()
        self._beginning: Future[str] | None = None

    @override
    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.session_id!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End the use of the session; done twice, it does nothing. The conversation stays."""
        await self._server.close()

    async def ensure(self) -> str:
        """Begin the conversation if there is none yet; give its id at the server.

        Raises:
            MissingCredentials: The server wants a key, and there is none.
            SessionError: It cannot be begun.
        """
        self._server.check()
        return await self._conversation()

    async def get_items(self, limit: int | None = None) -> list[TResponseInputItem]:
        """Give the latest items, oldest first: no more are asked for than are wanted.

        Args:
            limit: How many; None for what the settings say, else all. 0 gives none.

        Raises:
            SessionError: They cannot be read.
            ValueError: The limit is negative.
        """
        self._server.check()
        count = item_limit(limit, self.session_settings)
        conversation = None if count == 0 else await self._find()
        if conversation is None:
            return []
        items: list[TResponseInputItem] = [*await self._history(conversation).latest(count)]
        return within(items, limit, self.session_settings)

    async def add_items(self, items: Sequence[TResponseInputItem]) -> None:
        """Add items at the end: all of them, or none. They are written also if this is cancelled.

        More than 20 take several calls, between which others can write; where one fails, what the
        earlier ones added is taken back.

        Raises:
            SessionError: They cannot be stored. The message says what could not be taken back.
        """
        self._server.check()
        batch = self._checked(items)
        if batch:
            await settled(self._add(batch))

    async def pop_item(self) -> TResponseInputItem | None:
        """Remove the last item and give it back; None where there is none.

        Raises:
            SessionError: It cannot be removed.
        """
        self._server.check()
        return await settled(self._pop())

    async def pop_turn(self, n: int = 1) -> list[TResponseInputItem]:
        """Remove the last `n` turns; notes stay. It takes a call for each item, the last one first.

        Returns:
            What was removed, oldest first.

        Raises:
            SessionError: They cannot be removed, or not all of them.
            ValueError: `n` is negative.
        """
        self._server.check()
        turns = checked_count(n, "turns")
        return await settled(self._pop_turns(turns)) if turns else []

    async def clear_session(self) -> None:
        """Remove all items; the conversation stays, with its id, title and metadata.

        It takes a call for each item: to delete a conversation would leave its items at the server,
        and those who know its id without it.

        Raises:
            SessionError: They cannot be removed, or not all of them.
        """
        self._server.check()
        await settled(self._clear())

    # ------------------------------------------------------------------------ runs

    @property
    @abstractmethod
    def run_key(self) -> tuple[str, ...]:
        """What the conversation is told apart by in this process."""

    async def begin_run(self, limit: int | None = None) -> RunHistory:
        """Give the history for a run. Where its items come from, the server does not keep."""
        self._server.check()
        item_limit(limit, self.session_settings)
        conversation = await self._find()
        if conversation is None:
            return RunHistory([], Mark("", ""))
        # In this order: what is cleared in between is not taken for what is there.
        mark = Mark(conversation, await self._history(conversation).cleared())
        return RunHistory(await self.get_items(limit), mark)

    async def add_run_items(
        self,
        items: Sequence[TResponseInputItem],
        origin: Origin,  # noqa: ARG002 - the server has no place for it
        mark: object,
    ) -> bool:
        """Add items as `add_items` does; tell whether they were.

        Args:
            items: The items.
            origin: Who asked or spoke.
            mark: That of the history with which the run began.
        """
        self._server.check()
        return await settled(self._add_to_run(self._checked(items), mark))

    # ------------------------------------------------------------------------ what is known

    async def get_info(self) -> SessionInfo | None:
        """Give what is known about the conversation; None where there is none yet.

        The items are counted by reading them. When they were written the server does not tell:
        `updated` is when it was begun.

        Raises:
            SessionError: It cannot be read.
        """
        self._server.check()
        conversation = await self._find()
        if conversation is None:
            return None
        document = await self._server.describe(conversation)
        count = await self._history(conversation).count()
        created = datetime.fromtimestamp(float(document.get("created_at") or 0), UTC)
        pairs = pairs_of(document)
        return SessionInfo(
            session_id=self.session_id or conversation,
            title=pairs.get(TITLE, ""),
            metadata=openai_metadata.from_pairs(pairs),
            created=created,
            updated=created,
            items=count,
        )

    async def set_title(self, title: str) -> None:
        """Name the conversation; '' takes the name away. It is begun where it does not exist.

        Raises:
            SessionError: It is longer than 512 characters, or cannot be stored.
        """
        self._server.check()
        openai_metadata.checked({TITLE: title})
        await settled(self._describe({TITLE: title}, frozenset({TITLE})))

    async def set_metadata(self, metadata: Mapping[str, Any]) -> None:
        """Replace the metadata. It is begun where it does not exist.

        A conversation takes 16 pairs of texts, a few of which the session needs itself; values that
        are no texts are stored as JSON.

        Raises:
            SessionError: They do not fit, or cannot be stored.
        """
        self._server.check()
        pairs = openai_metadata.checked(openai_metadata.as_pairs(metadata))
        await settled(self._describe(pairs, None))

    # ------------------------------------------------------------------------ inside

    @abstractmethod
    async def _find(self) -> str | None:
        """Give the id of the conversation; None where there is none yet."""

    @abstractmethod
    async def _begin(self) -> str:
        """Begin the conversation, and give its id."""

    async def _conversation(self) -> str:
        """Give the id of the conversation, which is begun once, whoever asks meanwhile."""
        found = await self._find()
        if found is not None:
            return found
        begun: Future[str] = Future()
        with self._guard:
            beginning = self._beginning = self._beginning or begun
        if beginning is not begun:
            return await asyncio.shield(asyncio.wrap_future(beginning))
        return await settled(self._begun(begun))

    async def _begun(self, begun: Future[str]) -> str:
        try:
            conversation = await self._find() or await self._begin()
        except BaseException as error:
            self._beginning = None
            begun.set_exception(error)
            raise
        self._beginning = None
        begun.set_result(conversation)
        return conversation

    def _checked(self, items: Sequence[TResponseInputItem]) -> list[dict[str, Any]]:
        batch = checked_items(items, validate=self._validate)
        return [json.loads(text) for text in encoded(batch)]

    def _history(self, conversation: str) -> History:
        return History(self._server, conversation)

    async def _add(self, batch: list[dict[str, Any]]) -> None:
        await self._history(await self._conversation()).add(batch)

    async def _pop(self) -> TResponseInputItem | None:
        conversation = await self._find()
        return None if conversation is None else await self._history(conversation).pop()

    async def _pop_turns(self, turns: int) -> list[TResponseInputItem]:
        conversation = await self._find()
        if conversation is None:
            return []
        return [*await self._history(conversation).pop_turns(turns)]

    async def _clear(self) -> None:
        conversation = await self._find()
        if conversation is not None:
            await self._history(conversation).clear()

    async def _add_to_run(self, batch: list[dict[str, Any]], mark: object) -> bool:
        found = await self._find()
        if isinstance(mark, Mark) and mark.conversation and mark.conversation != found:
            return False
        if not batch:
            return True
        history = self._history(found or await self._conversation())
        added = await history.add(batch)
        # Afterwards: who clears says so before the items are deleted, these among them.
        if isinstance(mark, Mark) and await history.cleared() != mark.cleared:
            await history.delete(added)
            return False
        return True

    async def _describe(self, pairs: Mapping[str, str], replaced: frozenset[str] | None) -> None:
        """Put pairs in the place of those with certain keys; None: of all but our own."""
        history = self._history(await self._conversation())
        before = await history.pairs()
        gone = before.keys() - openai_metadata.OURS if replaced is None else replaced
        kept = {key: text for key, text in before.items() if key not in gone}
        after = {key: text for key, text in {**kept, **pairs}.items() if text or key != TITLE}
        await history.set_pairs(openai_metadata.checked(after))
