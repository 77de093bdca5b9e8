"""A turn while it runs: the run of an agent, told as what happens in a chat.

It is imported with the first message, in a worker thread.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING

from chatelaine.agents import events as run
from chatelaine.agents.run_config import RunConfig
from chatelaine.agents.runner import Runner
from chatelaine.chat import events as chat
from chatelaine.errors import ChatelaineError
from chatelaine.store.session import ThreadSession

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

    from chatelaine.chat.assistant import Assistant
    from chatelaine.store.records import Thread, Turn, TurnId
    from chatelaine.store.store import ConversationStore

DRAFT_INTERVAL = 0.5
"""Seconds between two writes of a running reply: half of what may be lost in a crash."""
MAX_STEPS = 25
RUN_CONFIG = RunConfig(
    # One turn at a time is what the window sees to; a run that waited could not be shown.
    on_busy="allow",
    # A person may say the same thing twice, and each is a turn of its own.
    on_failed_turn="keep",
)


class RunningTurn:
    """Runs the agent, translates what it tells, and keeps the draft of its reply."""

    def __init__(
        self,
        store: ConversationStore,
        thread: Thread,
        assistant: Assistant,
        text: str,
        *,
        instead_of: TurnId | None,
    ) -> None:
        """Make it; nothing is stored or sent yet.

        Args:
            store: Where the thread is.
            thread: The thread.
            assistant: Who answers.
            text: What the user says.
            instead_of: A turn in whose place it is said.
        """
        self._store = store
        self._assistant = assistant
        self._text = text
        session = ThreadSession(store, thread, manage_turns=False, instead_of=instead_of)
        session.agent, session.model = assistant.agent.name, assistant.model
        self._session = session
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

    async def events(self) -> AsyncGenerator[chat.ChatEvent, None]:
        """Run the agent, and give what the window is told.

        Raises:
            AgentsError: It has failed.
            ChatelaineError: What was said could not be read or stored.
        """
        result = Runner.run_streamed(
            self._assistant.agent,
            self._text,
            session=self._session,
            max_turns=MAX_STEPS,
            run_config=RUN_CONFIG,
        )
        async with aclosing(result.stream_events()) as events:
            async for event in events:
                for told in self._tell(event):
                    yield told
                if isinstance(event, run.StepEnded):
                    model = self._session.model
                    await self._store.add_usage(self.id, event.usage, model=model)

    def begin(self) -> Iterator[chat.ChatEvent]:
        """Say that the turn has begun, where that was not said yet."""
        if not self._begun:
            self._begun = True
            yield chat.TurnStarted(self.id, self._text, self._stored.created)

    def _tell(self, event: run.RunEvent) -> Iterator[chat.ChatEvent]:
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
