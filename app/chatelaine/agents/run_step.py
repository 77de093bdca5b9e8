"""A step of a run: one call of the model, and of the tools and the handoff that it asks for."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from chatelaine.agents.agent import Agent
from chatelaine.agents.errors import ResponseUnreadable, ToolError, UserError
from chatelaine.agents.events import (
    ReasoningDelta,
    RunEvent,
    StepEnded,
    StepRetried,
    StepStarted,
    TextDelta,
    ToolCalled,
    ToolReturned,
    Usage,
)
from chatelaine.agents.items import (
    Item,
    Origin,
    TResponseInputItem,
    assistant_message,
    function_call_output,
    kind_of,
    repaired,
    text_of,
)
from chatelaine.agents.models.protocol import ModelEvent, ModelRequest, ModelResponse
from chatelaine.agents.sessions.settling import ended
from chatelaine.agents.tools import FunctionTool, output_text

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Coroutine, Mapping, Sequence

    from chatelaine.agents.context import RunContext
    from chatelaine.agents.handoffs import Handoff
    from chatelaine.agents.models.protocol import Model, ModelSettings
    from chatelaine.agents.result import RunResult
    from chatelaine.agents.run_memory import RunMemory

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Step:
    """One call of the model, and of what it asks for.

    Attributes:
        agent: Who asks.
        model: Who answers.
        settings: How.
        memory: Where what was produced is stored.
        context: What tools and instructions see of the run.
        result: What is filled meanwhile.
        origin: Who the items come from.
        keeps_partial: Whether text that was cut off is stored.
        items: What the step has produced; whole once it has ended.
        calls: The tools that the model asked for.
        handoff: The handoff that happened, and the agent that goes on; None where none did.
    """

    agent: Agent
    model: Model
    settings: ModelSettings
    memory: RunMemory
    context: RunContext[Any]
    result: RunResult
    origin: Origin
    keeps_partial: bool = True
    items: list[TResponseInputItem] = field(default_factory=list)
    calls: list[TResponseInputItem] = field(default_factory=list)
    handoff: tuple[Handoff[Agent], Agent] | None = None
    _tools: dict[str, FunctionTool] = field(default_factory=dict)
    _handoffs: dict[str, Handoff[Agent]] = field(default_factory=dict)
    _text: list[str] = field(default_factory=list)
    _response: ModelResponse | None = None
    _usage: Usage = field(default_factory=Usage)
    _outputs: dict[int, TResponseInputItem] = field(default_factory=dict)
    _kept: bool = False

    async def events(
        self, number: int, view: Sequence[TResponseInputItem]
    ) -> AsyncGenerator[RunEvent, None]:
        """Take the step.

        Args:
            number: Which step of the run it is, counted from 1.
            view: What the model is to see.
        """
        self._tools = {tool.name: tool for tool in self.agent.get_tools()}
        self._handoffs = {
            each.tool_name: each
            for each in self.agent.get_handoffs()
            if await each.is_offered(self.context, self.agent)
        }
        offered: list[FunctionTool | Handoff[Agent]] = [
            *self._tools.values(),
            *self._handoffs.values(),
        ]
        request = ModelRequest(
            await self.agent.get_instructions(self.context),
            view,
            [each.describe() for each in offered],
            self.settings,
        )
        yield StepStarted(self.agent.name, self.model.name, number)
        try:
            async with aclosing(self._asking(request)) as asking:
                async for event in asking:
                    yield event
            async with aclosing(self._calling()) as calling:
                async for event in calling:
                    yield event
            await self._keep(self._finished())
        except BaseException:
            await self._keep_what_is_there()
            raise
        if not self.calls:
            messages = [item for item in self.items if kind_of(item) == "message"]
            self.result.final_output = text_of(messages[-1]) if messages else ""
            # Nothing more is written: whoever is told of the end may begin the next run.
            self.memory.end()
        yield StepEnded(tuple(self.items), self._usage)

    async def _asking(self, request: ModelRequest) -> AsyncGenerator[RunEvent, None]:
        # The protocol says that it is a generator, which can be closed.
        stream = cast("AsyncGenerator[ModelEvent, None]", self.model.stream(request))
        async with aclosing(stream):
            async for event in stream:
                match event:
                    case TextDelta(delta):
                        self._text.append(delta)
                        yield event
                    case ReasoningDelta():
                        yield event
                    case StepRetried():
                        self._text.clear()
                        yield event
                    case ModelResponse():
                        self._response = event
        if self._response is None:
            raise ResponseUnreadable("The answer of the model ended before it was complete.")
        self._usage = self._response.usage
        self.context.usage += self._usage
        self.result.usage = self.context.usage
        self.calls = [item for item in self._response.items if kind_of(item) == "function_call"]

    # ------------------------------------------------------------------------ tools

    async def _calling(self) -> AsyncGenerator[RunEvent, None]:
        if not self.calls:
            return
        for call in self.calls:
            yield ToolCalled(_part(call, "call_id"), _part(call, "name"), _part(call, "arguments"))
        returned: asyncio.Queue[ToolReturned | None] = asyncio.Queue()
        # A generator must not yield within a TaskGroup: it may be closed by another task than the
        # one that entered the group. So the group has a task of its own.
        working = asyncio.gather(self._call_all(returned))
        try:
            while (event := await returned.get()) is not None:
                yield event
            await working
        finally:
            working.cancel()
            await ended(working)

    async def _call_all(self, returned: asyncio.Queue[ToolReturned | None]) -> None:
        if self.memory.lease is not None:
            # This task has a context of its own, which the tools inherit.
            self.memory.lease.enter()
        names = [_part(call, "name") for call in self.calls]
        first = next((at for at, name in enumerate(names) if name in self._handoffs), None)
        try:
            async with asyncio.TaskGroup() as group:
                for position, call in enumerate(self.calls):
                    hands_over = position == first
                    group.create_task(self._call(position, call, returned, hands_over=hands_over))
        finally:
            returned.put_nowait(None)

    async def _call(
        self,
        position: int,
        call: TResponseInputItem,
        returned: asyncio.Queue[ToolReturned | None],
        *,
        hands_over: bool,
    ) -> None:
        call_id, name, arguments = (_part(call, each) for each in ("call_id", "name", "arguments"))
        if name not in self._handoffs:
            calling = self._call_tool(name, arguments)
        elif hands_over:
            calling = self._hand_over(self._handoffs[name], arguments)
        else:
            calling = _not_handed_over()
        output, failed = await _outcome(calling)
        self._outputs[position] = function_call_output(call_id, output)
        returned.put_nowait(ToolReturned(call_id, name, output, failed))

    async def _call_tool(self, name: str, arguments: str) -> str:
        tool = self._tools.get(name)
        if tool is None:
            known = ", ".join([*self._tools, *self._handoffs]) or "none"
            raise ToolError(f"There is no tool called {name!r}. The tools are: {known}.")
        return output_text(await tool.on_invoke_tool(self.context, arguments))

    async def _hand_over(self, handoff: Handoff[Agent], arguments: str) -> str:
        agent = await handoff.on_invoke_handoff(self.context, arguments)
        if not isinstance(agent, Agent):
            raise UserError(f"The handoff {handoff.tool_name} gave {agent!r}, which is no Agent.")
        self.handoff = handoff, agent
        return handoff.get_transfer_message(agent)

    # ------------------------------------------------------------------------ the session

    def _finished(self) -> list[TResponseInputItem]:
        """Give what can be kept of the step as it stands: everything, once it has ended."""
        if self._response is None:
            text = "".join(self._text) if self.keeps_partial else ""
            return [assistant_message(text, status="incomplete")] if text.strip() else []
        items = list(self._response.items)
        if len(self._outputs) < len(self.calls):
            # The step is cut off, and so are the words that announced what it was doing.
            items = [
                {**item, "status": "incomplete"} if kind_of(item) == "message" else item
                for item in items
            ]
        return list(repaired([*items, *(self._outputs[each] for each in sorted(self._outputs))]))

    async def _keep(self, items: list[TResponseInputItem]) -> None:
        self._kept = True
        self.items = [self._signed(item) for item in items]
        self.result.new_items.extend(self.items)
        if self.handoff is not None:
            self.result.last_agent = self.handoff[1]
        await self.memory.keep(self.items, self.origin)

    def _signed(self, item: Mapping[str, Any]) -> Item:
        signed = Item(item)
        signed.origin = self.origin
        return signed

    async def _keep_what_is_there(self) -> None:
        if self._kept:
            return
        try:
            await self._keep(self._finished())
        except Exception as error:  # noqa: BLE001 - what ended the step matters more, and goes on
            _log.warning("a session did not take what was left of a step: %s", type(error).__name__)


async def _not_handed_over() -> str:
    raise ToolError(
        "This handoff did not happen: only one can in a step, and another one was asked for first."
    )


async def _outcome(calling: Coroutine[Any, Any, str]) -> tuple[str, bool]:
    """Give what the model is told of a call, and whether it failed."""
    try:
        return await calling, False
    except ToolError as error:
        return error.message, True
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        return "The tool was cancelled.", True
    except Exception as error:  # noqa: BLE001 - tools are code of others; the model is told
        return f"The tool failed: {type(error).__name__}: {error}", True


def _part(call: TResponseInputItem, name: str) -> str:
    value = call.get(name)
    if not isinstance(value, str):
        raise ResponseUnreadable(f"The model called a tool in a form without {name!r}.")
    return value
