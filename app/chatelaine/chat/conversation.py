"""A conversation: send, stop, retry, undo, for one open thread.

It is the border between the library and the window. What goes down are words of the user; what
comes up are `ChatEvent`s, and only failures of `chatelaine.errors`. Stopping is cancelling the
task that reads the events: the connection is closed, what was said so far is on the disk, the turn
is marked as stopped, and only then does the cancellation go on.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from chatelaine.agents.errors import AgentsError, MissingCredentials, ModelError
from chatelaine.agents.items import is_user_message, text_of
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

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Collection, Sequence

    from chatelaine.chat.assistant import Assistant
    from chatelaine.chat.running_turn import RunningTurn
    from chatelaine.store.outline import Outline
    from chatelaine.store.records import TurnUsage
    from chatelaine.store.store import ConversationStore

CONTINUE = "Please continue exactly where you stopped."
_LAST = 4
"""Turns to look at for the last one that is no summary: two summaries never follow each other."""


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
        assistant = await self._assistants.current()
        await asyncio.to_thread(import_module, "chatelaine.chat.compaction")
        from chatelaine.chat import compaction

        await compaction.compact(self._store, self._thread, assistant)

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
        # What runs an agent is there from the first message on: a window at rest needs none of it.
        await asyncio.to_thread(import_module, "chatelaine.chat.running_turn")
        from chatelaine.chat.running_turn import RunningTurn

        turn = RunningTurn(self._store, self._thread, assistant, text, instead_of=instead_of)
        try:
            # The group's only task writes the draft; it lives as long as the turn runs.
            async with asyncio.TaskGroup() as group:
                writer = group.create_task(turn.keep_draft(), name="draft")
                try:
                    async with aclosing(self._run(turn)) as events:
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

    async def _run(self, turn: RunningTurn) -> AsyncGenerator[chat.ChatEvent, None]:
        # A cancellation, or a reader that goes away, is the user's Stop.
        state, error = TurnState.STOPPED, None
        try:
            async with aclosing(turn.events()) as events:
                async for event in events:
                    yield event
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
        self, turn: RunningTurn, state: TurnState, error: ChatelaineError | None
    ) -> None:
        # Kept here until it is on the disk: the disk may be full now and have room later.
        self._unsettled = (turn.id, turn.text_so_far, state, error)
        await self._store.end_turn(turn.id, state, error=error)
        self._unsettled = None


def _failure(error: AgentsError | ChatelaineError) -> ChatelaineError:
    if isinstance(error, ChatelaineError):
        return error
    if isinstance(error, ModelError | MissingCredentials):
        return provider_error(error)
    return TurnFailed(error.message, title=error.title)
