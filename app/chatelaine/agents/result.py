"""What a run gives back."""

from __future__ import annotations

import copy
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chatelaine.agents.errors import UserError
from chatelaine.agents.events import RunEvent, Usage
from chatelaine.agents.items import TResponseInputItem, as_input_items

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping, Sequence

    from chatelaine.agents.agent import Agent


@dataclass(slots=True)
class RunResult:
    """What came of a run.

    Attributes:
        input: What was passed to the run.
        last_agent: The agent that spoke last, or to which the conversation was handed over.
        new_items: What the run produced: reasoning, messages, calls and their outputs, in order.
        final_output: The text of the last message; '' where there is none.
        usage: The tokens that the run spent.
        omitted_items: What the models did not get of the conversation, although neither a limit nor
            a callback left it out, because no server would take it: half pairs of call and output,
            dangling reasoning, and the reasoning of another model.
        session_cleared: Whether the session was cleared while the run went on. What the run
            produced after that is not stored.
    """

    input: str | Mapping[str, Any] | Sequence[Mapping[str, Any]]
    last_agent: Agent
    new_items: list[TResponseInputItem] = field(default_factory=list)
    final_output: str = ""
    usage: Usage = field(default_factory=Usage)
    omitted_items: list[TResponseInputItem] = field(default_factory=list)
    session_cleared: bool = False

    def to_input_list(self) -> list[TResponseInputItem]:
        """Give the input and what came of it as input for another run: a copy that is yours.

        What the session had before the run is not in it.
        """
        return [
            copy.deepcopy(dict(item)) for item in (*as_input_items(self.input), *self.new_items)
        ]


@dataclass(slots=True)
class RunResultStreaming(RunResult):
    """A run that is read while it goes on.

    The attributes of `RunResult` grow while the events are read, and are whole when the last one
    was read. Where the run was stopped or failed, they hold what was kept of it.

    Attributes:
        is_complete: Whether the run came to its end by itself.
    """

    is_complete: bool = False
    _start: Callable[[RunResult], AsyncGenerator[RunEvent, None]] | None = field(
        default=None, repr=False
    )

    async def stream_events(self) -> AsyncGenerator[RunEvent, None]:
        """Run, and give the events of the run as they come. Nothing happens before it is read.

        Cancelling the task that waits for the next event stops the run, and so does closing the
        generator. Either closes the model's connection and stores what is finished before it
        returns. A loop that is left early does not close the generator by itself: read it within
        `contextlib.aclosing`.

        Raises:
            AgentsError: The run failed.
            UserError: It was read before.
        """
        start, self._start = self._start, None
        if start is None:
            raise UserError("The events of a run can be read only once.")
        async with aclosing(start(self)) as events:
            async for event in events:
                yield event
        self.is_complete = True
