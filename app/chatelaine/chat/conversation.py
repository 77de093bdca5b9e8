"""A conversation: send, stop, retry, undo, for one open thread.

It is the border between the library and the window. What goes down are words of the user; what
comes up are `ChatEvent`s, and only failures of `chatelaine.errors`. Stopping is cancelling the
task that reads the events: the connection is closed, what was said so far is on the disk, the turn
is marked as stopped, and only then does the cancellation go on.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from chatelaine.agents import events as run
from chatelaine.agents.errors import AgentsError
from chatelaine.agents.items import is_user_message, text_of
from chatelaine.agents.run_config import RunConfig
from chatelaine.agents.runner import Runner
from chatelaine.chat import compaction
from chatelaine.chat import events as chat
from chatelaine.errors import ChatelaineError, TurnFailed
from chatelaine.providers.failures import provider_error
from chatelaine.store.records import (
    History,
    Reverted,
    Thread,
    ThreadId,
    Turn,
    TurnId,
    TurnKind,
    TurnState,
)
from chatelaine.store.session import ThreadSession

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Collection, Iterator, Sequence

    from chatelaine.chat.assistants import Assistant
    from chatelaine.store.outline import Outline
    from chatelaine.store.records import TurnUsage
    from chatelaine.store.store import ConversationStore

CONTINUE = "Please continue exactly where you stopped."
DRAFT_INTERVAL = 0.5
"""Seconds between two writes of a running reply: half of what may be lost in a crash."""
MAX_STEPS = 25
_LAST = 4
"""Turns to look at for the last one that is no summary: two summaries never follow each other."""
RUN_CONFIG = RunConfig(
    # One turn at a time is what the window sees to; a run that waited could not be shown.
    on_busy="allow",
    # A person may say the same thing twice, and each is a turn of its own.
    on_failed_turn="keep",
)


@dataclass(frozen=True, slots=True)
class Question:
    """What the user said in a turn.

    Attributes:
        turn: The turn.
        text: The words.
    """

    turn: TurnId
    text: str


class AssistantSource(Protocol):
    """Who answers: `assistants.Assistants`."""

    async def current(self) -> Assistant:
        """Give the assistant for the next turn."""
        ...


class Conversation:
    """One thread and the turn that runs in it, if any.

    Attributes:
        thread_id: The thread's number in the store.
        is_stored: Whether the message that was sent last is on the disk.
    """

    def __init__(
        self, store: ConversationStore, thread: Thread, assistants: AssistantSource
    ) -> None:
        self.thread_id: ThreadId = thread.id
        self.is_stored = False
        self._store = store
        self._thread = thread
        self._assistants = assistants
        self._unsettled: tuple[TurnId, str, TurnState, ChatelaineError | None] | None = None

    async def turns(self, *, limit: int | None = None) -> list[Turn]:
        """Give the turns that are shown, oldest first."""
        return await self._store.turns(self.thread_id, limit=limit)

    async def outline(self, known: Outline | None = None) -> Outline:
        """Give what the thread consists of, without any text.

        Args:
            known: What it was before: only what differs is read then.
        """
        if known is None:
            return await self._store.outline(self.thread_id)
        return await self._store.outline(self.thread_id, known)

    async def turns_of(self, turns: Collection[TurnId]) -> list[Turn]:
        """Give turns by their numbers, oldest first."""
        return await self._store.turns_of(self.thread_id, turns)

    async def usage(self, turn: TurnId) -> TurnUsage:
        """Give what a turn has cost, with which models, and how long it took.

        Raises:
            HistoryError: There is no such turn.
        """
        return await self._store.turn_usage(turn)

    async def history(self) -> History:
        """Tell what can be taken back and what can be brought again."""
        return await self._store.history(self.thread_id)

    async def undo(self) -> Reverted | None:
        """Take back the last step; the running turn must have been stopped before."""
        await self.settle()
        return await self._store.undo(self.thread_id)

    async def redo(self) -> Reverted | None:
        """Bring the step again that was taken back last."""
        await self.settle()
        return await self._store.redo(self.thread_id)

    async def clear(self) -> None:
        """Begin anew: show and send nothing of what was said. It can be undone."""
        await self.settle()
        await self._store.clear(self.thread_id)

    async def delete_turn(self, turn: TurnId) -> None:
        """Neither show nor send a turn any more; those after it stay. It can be undone.

        Raises:
            HistoryError: It is still running, or no longer shown.
        """
        await self.settle()
        await self._store.delete_turn(self.thread_id, turn)

    async def compact(self) -> None:
        """Have the model sum up all but the latest turns, and see the summary in their place.

        It can be undone; being cancelled or failing changes nothing.

        Raises:
            NothingToSumUp: The thread is too short.
            ChatelaineError: There is no summary, or it could not be stored.
        """
        await self.settle()
        await compaction.compact(self._store, self._thread, await self._assistants.current())

    async def branches(self, turns: Sequence[TurnId]) -> dict[TurnId, tuple[TurnId, ...]]:
        """Give what else was said in the place of turns: of each that has such, all, in order."""
        return await self._store.all_branches(turns)

    async def switch_branch(self, turn: TurnId) -> None:
        """Show the branch that a turn belongs to; it can be undone."""
        await self.settle()
        await self._store.switch_branch(self.thread_id, turn)

    async def last_question(self) -> Question | None:
        """Give what the user said last, to ask it again; None where nothing was said."""
        # A thread that was compacted just now ends with the summary.
        for turn in reversed(await self._store.turns(self.thread_id, limit=_LAST)):
            if turn.kind is TurnKind.TURN:
                texts = [item.data for item in turn.items if is_user_message(item.data)]
                return Question(turn.id, "\n\n".join(text_of(data) for data in texts))
        return None

    async def send(
        self, text: str, *, instead_of: TurnId | None = None
    ) -> AsyncGenerator[chat.ChatEvent, None]:
        """Say something, and give the events of the turn that follows from it.

        A failure of the turn is told by `TurnEnded`. Whoever stops reading finds in `is_stored`
        whether the message is on the disk.

        Args:
            text: What the user says.
            instead_of: A turn that is shown, where this one is to take its place: what followed
                it is kept as another branch, and undo brings it back.

        Raises:
            ChatelaineError: The message could not be stored, and was not sent either; or, after
                `TurnStarted`, the turn could not be stored to its end (see `settle`).
        """
        self.is_stored = False
        await self.settle()
        assistant = await self._assistants.current()
        session = ThreadSession(
            self._store, self._thread, manage_turns=False, instead_of=instead_of
        )
        session.agent, session.model = assistant.agent.name, assistant.model
        turn = _RunningTurn(session, text)
        try:
            # The group's only task writes the draft; it lives as long as the turn runs.
            async with asyncio.TaskGroup() as group:
                writer = group.create_task(turn.keep_draft(), name="draft")
                try:
                    async with aclosing(self._run(assistant, text, session, turn)) as events:
                        async for event in events:
                            yield event
                finally:
                    writer.cancel()
        except BaseExceptionGroup as group_error:
            raise group_error.exceptions[0] from group_error
        finally:
            self.is_stored = turn.is_stored

    async def settle(self) -> None:
        """Store the end of a turn that could not be stored when it came, if there is one.

        Raises:
            ChatelaineError: It still cannot be.
        """
        if self._unsettled is not None:
            turn_id, text, state, error = self._unsettled
            await self._store.write_draft(turn_id, text)
            await self._store.end_turn(turn_id, state, error=error)
            self._unsettled = None

    async def _run(
        self, assistant: Assistant, text: str, session: ThreadSession, turn: _RunningTurn
    ) -> AsyncGenerator[chat.ChatEvent, None]:
        # A cancellation, or a reader that goes away, is the user's Stop.
        state, error = TurnState.STOPPED, None
        result = Runner.run_streamed(
            assistant.agent, text, session=session, max_turns=MAX_STEPS, run_config=RUN_CONFIG
        )
        try:
            async with aclosing(result.stream_events()) as events:
                async for event in events:
                    for told in turn.tell(event):
                        yield told
                    if isinstance(event, run.StepEnded):
                        await self._store.add_usage(turn.id, event.usage, model=session.model)
            state = TurnState.DONE
        except (AgentsError, ChatelaineError) as failure:
            state, error = TurnState.FAILED, _failure(failure)
            if not turn.is_stored:
                raise error from failure
        except Exception:
            state = TurnState.FAILED
            raise
        finally:
            if turn.is_stored:
                await self._end(turn, state, error)
        for told in turn.begin():
            yield told
        yield chat.TurnEnded(turn.id, state, error)

    async def _end(
        self, turn: _RunningTurn, state: TurnState, error: ChatelaineError | None
    ) -> None:
        # Kept here until it is on the disk: the disk may be full now and have room later.
        self._unsettled = (turn.id, turn.text_so_far, state, error)
        await self._store.end_turn(turn.id, state, error=error)
        self._unsettled = None


class _RunningTurn:
    """The turn while it runs: translates its events and keeps the draft of its reply."""

    def __init__(self, session: ThreadSession, text: str) -> None:
        self._session = session
        self._text = text
        self._begun = False
        self._pieces: list[str] = []
        self._changed = asyncio.Event()

    @property
    def is_stored(self) -> bool:
        """Whether the user's message is on the disk."""
        return self._session.current_turn is not None

    @property
    def id(self) -> TurnId:
        """The turn's number; it has one once it is stored."""
        return self._stored.id

    @property
    def text_so_far(self) -> str:
        """What the running step has said, and is no item yet."""
        return "".join(self._pieces)

    @property
    def _stored(self) -> Turn:
        turn = self._session.current_turn
        if turn is None:
            raise RuntimeError("a run speaks only after the message of the user is stored")
        return turn

    def begin(self) -> Iterator[chat.ChatEvent]:
        """Say that the turn has begun, where that was not said yet."""
        if not self._begun:
            self._begun = True
            yield chat.TurnStarted(self.id, self._text, self._stored.created)

    def tell(self, event: run.RunEvent) -> Iterator[chat.ChatEvent]:
        """Give what the window is told of an event of the run."""
        yield from self.begin()
        match event:
            case run.StepStarted():
                yield chat.ReplyStarted(self.id, event.agent, event.model)
            case run.TextDelta():
                self._pieces.append(event.delta)
                self._changed.set()
                yield chat.TextAdded(self.id, event.delta)
            case run.ReasoningDelta():
                yield chat.ReasoningAdded(self.id, event.delta)
            case run.StepRetried():
                self._pieces.clear()
                self._changed.set()
                yield chat.ReplyRestarted(self.id, event.reason, event.delay)
            case run.ToolCalled():
                yield chat.ToolStarted(self.id, event.call_id, event.name, event.arguments)
            case run.ToolReturned():
                yield chat.ToolFinished(self.id, event.call_id, event.output, event.failed)
            case run.StepEnded():
                self._pieces.clear()
            case run.HandedOff():
                # The reply that follows names its agent.
                pass

    async def keep_draft(self) -> None:
        """Write what was said so far, at once and then twice a second, until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            # What cannot be written now is written with the step; then the failure is told.
            with suppress(ChatelaineError):
                await self._session.write_draft(self.text_so_far)
            await asyncio.sleep(DRAFT_INTERVAL)


def _failure(error: AgentsError | ChatelaineError) -> ChatelaineError:
    from chatelaine.agents.errors import MissingCredentials, ModelError

    if isinstance(error, ChatelaineError):
        return error
    if isinstance(error, ModelError | MissingCredentials):
        return provider_error(error)
    return TurnFailed(error.message, title=error.title)
