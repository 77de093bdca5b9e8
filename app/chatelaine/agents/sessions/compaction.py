"""A session whose older part is shown to the model as a summary. Nothing is ever removed for it."""

from __future__ import annotations

import inspect
import operator
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self, TypeAlias, get_args

from typing_extensions import override

from chatelaine.agents.errors import SessionClosed, SessionError
from chatelaine.agents.sessions.compaction_marker import escaped
from chatelaine.agents.sessions.compaction_progress import Background, Progress, is_for_summary
from chatelaine.agents.sessions.compaction_step import Compactor
from chatelaine.agents.sessions.compaction_summary import Summariser
from chatelaine.agents.sessions.compaction_undo import pop_said_item, pop_said_turns
from chatelaine.agents.sessions.compaction_view import Compacted, count_messages, ends_turn
from chatelaine.agents.sessions.encoding import encoded
from chatelaine.agents.sessions.protocol import (
    EVERYTHING,
    DescribedSession,
    ForkableSession,
    RewritableSession,
    RunHistory,
)
from chatelaine.agents.sessions.running import PlainSession, as_run_session
from chatelaine.agents.sessions.settling import settled
from chatelaine.agents.sessions.turns import checked_count, item_limit, within
from chatelaine.agents.sessions.validation import checked_items

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from chatelaine.agents.events import Usage
    from chatelaine.agents.items import Item, Origin, TResponseInputItem
    from chatelaine.agents.models.protocol import Model
    from chatelaine.agents.sessions.protocol import Session, SessionInfo, SessionSettings

When: TypeAlias = Literal["after_run", "background", "before_run"]
_METHODS = ("get_items", "add_items", "pop_item", "clear_session")


class _Mark(NamedTuple):
    """The moment at which a run began.

    Attributes:
        below: The mark of the session below.
        cleared: How often the conversation had been cleared, for a session that cannot tell.
    """

    below: object
    cleared: int


class CompactionSession:
    """A session around any other one, that shows the model a summary of what was said long ago.

    When the model would be shown more than `max_messages` messages, all turns but the latest are
    summarised by a model. The summary is added to the base session as one more item, a message of
    the developer that says up to where it replaces; everything that was said stays there, and
    counts again when the conversation is taken back beyond that point. `get_items()` gives what the
    model is shown: notes of the system and of the developer as they were said, the summary, and the
    latest turns as they were said. `get_items(include_archived=True)` gives everything that was
    said.

    A summary never makes a run fail: where it does not come about, the conversation is as before, a
    warning in the log says what kind of failure it was, and it is tried again after more messages.
    At most one is made at a time for a conversation, within a process. What is added meanwhile
    stays after it; where what it replaces is changed meanwhile, it is dropped. A summary lasts as
    long as the last items that it replaces: where they expire, it goes with them.

    What else the base session can do (see `sessions.protocol`) this one can do; where the base
    session cannot, it says so with a `SessionError`. `close()` closes the base session, too.

    Args:
        base_session: Where the conversation is kept. Encryption may stand on either side; see
            `LayeredSession`.
        max_messages: How many messages of the user and of the assistant the model is shown at most
            before the older ones are summarised; 2 or more. Calls of tools, their outputs,
            reasoning and notes are not counted.
        summary_model: Who writes summaries: a `Model`, or the name of one at the Responses API, or
            None for the name in OPENAI_DEFAULT_MODEL, else "gpt-5.2-mini".
        keep_recent: How many messages at least are always shown as they were said; below
            `max_messages`. None for half of it. Whole turns are kept.
        prompt: What the model is told in place of the library's own instructions for summaries.
        on: When summaries are made: "after_run", before the run returns; "background", while the
            program goes on, and what is read next waits for it; "before_run", when a run or
            `get_items()` would be given too much.
        session_settings: What to do when not told otherwise: they bound what the model is shown.
            None for those of the base session.
        validate: Whether to refuse what is no item.

    Attributes:
        base_session: The session below. It has the summaries among its items.

    Raises:
        TypeError: The base session is none, or the model, or the prompt no text.
        ValueError: A number is out of its range, or `on` is none of the three.
    """

    def __init__(
        self,
        base_session: Session,
        max_messages: int = 20,
        summary_model: Model | str | None = None,
        *,
        keep_recent: int | None = None,
        prompt: str | None = None,
        on: When = "after_run",
        session_settings: SessionSettings | None = None,
        validate: bool = True,
    ) -> None:
        if not all(callable(getattr(base_session, name, None)) for name in _METHODS):
            raise TypeError(f"{type(base_session).__name__} is no session: it lacks a method")
        most = operator.index(max_messages)
        if most < 2:  # noqa: PLR2004 - a question and an answer
            raise ValueError("max_messages must be 2 or more")
        recent = most // 2 if keep_recent is None else operator.index(keep_recent)
        if not 1 <= recent < most:
            raise ValueError("keep_recent must be 1 or more, and less than max_messages")
        asks = isinstance(summary_model, str | None) or callable(
            getattr(summary_model, "stream", None)
        )
        if not asks:
            raise TypeError(f"{summary_model!r} is neither a model nor the name of one")
        if not isinstance(prompt, str | None):
            raise TypeError(f"a prompt is a text, not {type(prompt).__name__}")
        if on not in get_args(When):
            raise ValueError(f"on must be one of {', '.join(get_args(When))}")
        self.base_session = base_session
        self._base = as_run_session(base_session)
        self.session_id: str = self._base.session_id
        self.session_settings = session_settings or self._base.session_settings
        self._compactor = Compactor(self._base, Summariser(summary_model, prompt), most, recent)
        self._on = on
        self._validate = validate
        self._known_progress: Progress | None = None
        self._background: Background | None = None
        # How many messages the model would be shown, as far as this object knows.
        self._messages: int | None = None
        self._closed = False

    @override
    def __repr__(self) -> str:
        base = type(self.base_session).__name__
        return f"{type(self).__name__}({base} {self.session_id!r}, {self._compactor.max_messages})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # ------------------------------------------------------------------------ the four methods

    async def get_items(
        self, limit: int | None = None, *, include_archived: bool = False
    ) -> list[TResponseInputItem]:
        """Give what the model is shown, oldest first; or everything that was said.

        Args:
            limit: How many of the latest; None for what the settings say, else all. 0 gives none.
            include_archived: Give everything that was said, without the summaries. The settings do
                not bound it.

        Raises:
            SessionClosed: The session was closed.
            SessionError: They cannot be read.
            ValueError: The limit is negative.
        """
        if include_archived:
            limit = None if limit is None else checked_count(limit, "limit")
            conversation = await self._read()
            return list(_latest(conversation.items, limit))
        checked = item_limit(limit, self.session_settings)
        await self._before_reading()
        conversation = await self._read()
        return list(self._shown(conversation, checked, limit))

    async def add_items(self, items: Sequence[TResponseInputItem]) -> None:
        """Add items at the end: all of them, or none.

        Raises:
            SessionClosed: The session was closed.
            SessionError: They cannot be stored.
        """
        checked = self._checked(items)
        await self._base.add_items(list(map(escaped, checked)))
        await self._after_adding(checked)

    async def pop_item(self) -> TResponseInputItem | None:
        """Remove the last item that was said and give it back; None where there is none.

        It is never a summary. Where a summary replaces it, the items before it count again.

        Raises:
            SessionClosed: The session was closed.
            SessionError: The base session cannot be changed.
        """
        self._check_open()
        self._messages = None
        return await settled(pop_said_item(self.base_session))

    async def clear_session(self) -> None:
        """Remove all items, and the summaries. The session can be used again after it.

        Raises:
            SessionClosed: The session was closed.
            SessionError: The base session cannot be changed.
        """
        self._check_open()
        self._messages = None
        self._progress.clear()
        await self._base.clear_session()
        # Again, for a run that has begun meanwhile with what was there.
        self._progress.clear()

    # ------------------------------------------------------------------------ summaries

    async def compact(self, force: bool = False) -> bool:
        """Summarise the older part of the conversation now.

        Args:
            force: Also where there are no more than `max_messages` messages. At least
                `keep_recent` messages stay as they were said in any case.

        Returns:
            Whether a summary was added. Not where nothing can be summarised, where one is being
            made by others, or where the model has failed; the log says so then.

        Raises:
            SessionClosed: The session was closed.
            SessionError: The base session cannot be read or written.
        """
        self._check_open()
        if not is_for_summary():
            await self._progress.settle()
        self._messages = None
        return await self._compactor.compact(self._progress, force=force, tries_again=True)

    @property
    def compaction_usage(self) -> Usage:
        """What summaries of the conversation have cost, since this process has a session on it."""
        return self._progress.usage

    def over(self, wrap: Callable[[Session], Session]) -> CompactionSession:
        """Give a session like this one around what `wrap` makes of the base session.

        See `LayeredSession`. What summaries cost is told by both.
        """
        return self._like(wrap(self.base_session))

    async def _compact_if_due(self) -> None:
        await self._compactor.compact_if_due(self._progress)
        self._messages = None

    async def _before_reading(self) -> None:
        self._check_open()
        if is_for_summary():
            return
        await self._progress.settle()
        if self._on == "before_run":
            await self._compact_if_due()

    async def _after_adding(self, items: Sequence[TResponseInputItem]) -> None:
        if self._messages is not None:
            self._messages += count_messages(items)
        if self._on == "before_run" or is_for_summary() or not ends_turn(items):
            return
        if self._messages is not None and self._messages <= self._compactor.max_messages:
            return
        if self._on == "after_run":
            await self._compact_if_due()
            return
        progress = self._progress
        if progress.background is None or not progress.background.is_going_on:
            progress.background = self._background = Background(self._compact_if_due())

    # ------------------------------------------------------------------------ runs

    @property
    def run_key(self) -> tuple[str, ...]:
        """That of the base session."""
        return self._base.run_key

    async def begin_run(self, limit: int | None = None) -> RunHistory:
        """Give what the model is shown in a run. See `RunSession.begin_run`."""
        checked = item_limit(limit, self.session_settings)
        await self._before_reading()
        cleared = self._progress.cleared
        history = await self._base.begin_run(EVERYTHING)
        conversation = Compacted.read(history.items)
        self._messages = conversation.messages
        return RunHistory(self._shown(conversation, checked, limit), _Mark(history.mark, cleared))

    async def add_run_items(
        self, items: Sequence[TResponseInputItem], origin: Origin, mark: object
    ) -> bool:
        """Add items of a run. See `RunSession.add_run_items`."""
        checked = self._checked(items)
        if isinstance(mark, _Mark):
            if isinstance(self._base, PlainSession) and mark.cleared != self._progress.cleared:
                return False
            mark = mark.below
        added = await self._base.add_run_items(list(map(escaped, checked)), origin, mark)
        if added:
            await self._after_adding(checked)
        return added

    # ------------------------------------------------------------------------ what a base can do

    async def pop_turn(self, n: int = 1) -> list[TResponseInputItem]:
        """Remove the last `n` turns. See `TurnSession.pop_turn`.

        Where a summary replaces one of them, the items before it count again.
        """
        self._check_open()
        n = checked_count(n, "turns")
        self._messages = None
        return await settled(pop_said_turns(self.base_session, n))

    async def rewrite_items(self, rewrite: Callable[[list[Item]], Sequence[Item]]) -> None:
        """Replace everything that was said. See `RewritableSession.rewrite_items`.

        The summary stays where what it replaces is not changed.
        """
        self._check_open()
        base = self.base_session
        if not isinstance(base, RewritableSession):
            raise self._cannot("have its items replaced")
        self._messages = None
        await base.rewrite_items(lambda stored: Compacted.read(stored).rewritten(rewrite))

    async def fork(self, session_id: str) -> Self:
        """Copy the conversation with its summaries. See `ForkableSession.fork`."""
        self._check_open()
        base = self.base_session
        if not isinstance(base, ForkableSession):
            raise self._cannot("be copied")
        return self._like(await base.fork(session_id))

    async def get_info(self) -> SessionInfo | None:
        """Give what the base session knows; the summaries are among the items it counts."""
        return await self._described().get_info()

    async def set_title(self, title: str) -> None:
        """Name the conversation. See `DescribedSession.set_title`."""
        await self._described().set_title(title)

    async def set_metadata(self, metadata: Mapping[str, Any]) -> None:
        """Replace the metadata. See `DescribedSession.set_metadata`."""
        await self._described().set_metadata(metadata)

    async def close(self) -> None:
        """End the use of the session and of the base session; done twice, it does nothing.

        A summary that is being made in the background of this loop is waited for.
        """
        if self._closed:
            return
        try:
            if self._background is not None:
                await self._background.settle()
        finally:
            self._closed = True
            await settled(self._close())

    # ------------------------------------------------------------------------ inside

    @property
    def _progress(self) -> Progress:
        if self._known_progress is None:
            self._known_progress = Progress.of(self.run_key)
        return self._known_progress

    def _like(self, base: Any) -> Self:
        summariser = self._compactor.summariser
        return type(self)(
            base,
            self._compactor.max_messages,
            summariser.model,
            prompt=summariser.prompt,
            keep_recent=self._compactor.keep_recent,
            on=self._on,
            session_settings=self.session_settings,
            validate=self._validate,
        )

    async def _read(self) -> Compacted:
        self._check_open()
        conversation = Compacted.read(await self._base.get_items(EVERYTHING))
        self._messages = conversation.messages
        return conversation

    def _shown(self, conversation: Compacted, checked: int | None, limit: int | None) -> list[Item]:
        return within(_latest(conversation.view(), checked), limit, self.session_settings)

    def _checked(self, items: Sequence[TResponseInputItem]) -> list[dict[str, Any]]:
        self._check_open()
        checked = checked_items(items, validate=self._validate)
        if self._validate and isinstance(self._base, PlainSession):
            # Ours look themselves whether JSON can say it; others may find out when it is sent.
            encoded(checked)
        return checked

    def _described(self) -> DescribedSession:
        self._check_open()
        if isinstance(self.base_session, DescribedSession):
            return self.base_session
        raise self._cannot("be described")

    def _cannot(self, what: str) -> SessionError:
        base = type(self.base_session).__name__
        return SessionError(f"The session {self.session_id!r} cannot {what}: {base} cannot.")

    def _check_open(self) -> None:
        if self._closed:
            raise SessionClosed(f"The session {self.session_id!r} was closed.")

    async def _close(self) -> None:
        if self._background is not None:
            await self._background.stop()
        close = getattr(self.base_session, "close", None)
        if close is not None:
            closing = close()
            if inspect.isawaitable(closing):
                await closing


def _latest(items: list[Item], limit: int | None) -> list[Item]:
    return items if limit is None else items[max(0, len(items) - limit) :]
