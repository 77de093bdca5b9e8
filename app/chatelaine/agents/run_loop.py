"""The loop of a run: ask the model, call the tools it wants, until it wants none.

What holds at each moment, also under cancellation:

* The input is in the session before the first request leaves.
* The session is read once, and what was read is handed to the model by reference.
* The items of a step reach the session in one `add_items`, calls always with their outputs.
* A step that does not end leaves what is finished of it: the text so far as an incomplete message,
  and the calls that have their output.
* A write that was begun is waited for, however often the run is cancelled meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from chatelaine.agents.errors import MaxTurnsExceeded, ResponseUnreadable, ToolError
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
    TResponseInputItem,
    as_input_items,
    assistant_message,
    function_call_output,
    kind_of,
    repaired,
    text_of,
)
from chatelaine.agents.models.protocol import Model, ModelEvent, ModelRequest, ModelResponse
from chatelaine.agents.sessions.settling import ended, settled
from chatelaine.agents.tools import FunctionTool, output_text

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from chatelaine.agents.agent import Agent
    from chatelaine.agents.context import RunContext
    from chatelaine.agents.result import RunResult
    from chatelaine.agents.sessions.protocol import Session

_log = logging.getLogger(__name__)


async def run_loop(
    result: RunResult, session: Session | None, context: RunContext[Any], max_turns: int
) -> AsyncGenerator[RunEvent, None]:
    """Run an agent, and give the events of the run; the result is filled meanwhile.

    Args:
        result: Has the input and the agent.
        session: Where the conversation is remembered, if anywhere.
        context: What tools and instructions see of the run.
        max_turns: How many steps the run may take.

    Raises:
        AgentsError: The run failed.
    """
    agent = result.last_agent
    model = agent.get_model()
    items = as_input_items(result.input)
    if session is not None:
        history = await session.get_items()
        if items:
            await settled(session.add_items(items))
        items = [*history, *items]
    for number in range(1, max_turns + 1):
        step = _Step(agent, model, session, context, result)
        async with aclosing(step.events(number, repaired(items))) as events:
            async for event in events:
                yield event
        if not step.calls:
            return
        items = [*items, *step.items]
    raise MaxTurnsExceeded(
        f"The model asked for tools {max_turns} times in a row and came to no answer."
    )


@dataclass(slots=True)
class _Step:
    """One call of the model, and of the tools it asks for.

    Attributes:
        items: What the step has produced; whole once it has ended.
        calls: The tools that the model asked for.
    """

    agent: Agent
    model: Model
    session: Session | None
    context: RunContext[Any]
    result: RunResult
    items: list[TResponseInputItem] = field(default_factory=list)
    calls: list[TResponseInputItem] = field(default_factory=list)
    _text: list[str] = field(default_factory=list)
    _response: ModelResponse | None = None
    _usage: Usage = field(default_factory=Usage)
    _outputs: dict[int, TResponseInputItem] = field(default_factory=dict)
    _kept: bool = False

    async def events(
        self, number: int, view: Sequence[TResponseInputItem]
    ) -> AsyncGenerator[RunEvent, None]:
        """Take the step."""
        settings = self.agent.model_settings
        if number > 1 and settings.tool_choice not in (None, "auto", "none"):
            # A tool that must be called in each step would be called for ever.
            settings = replace(settings, tool_choice=None)
        request = ModelRequest(
            await self.agent.get_instructions(self.context),
            view,
            [tool.describe() for tool in self.agent.get_tools()],
            settings,
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
        tools = {tool.name: tool for tool in self.agent.get_tools()}
        try:
            async with asyncio.TaskGroup() as group:
                for position, call in enumerate(self.calls):
                    group.create_task(self._call(position, call, tools, returned))
        finally:
            returned.put_nowait(None)

    async def _call(
        self,
        position: int,
        call: TResponseInputItem,
        tools: dict[str, FunctionTool],
        returned: asyncio.Queue[ToolReturned | None],
    ) -> None:
        call_id, name = _part(call, "call_id"), _part(call, "name")
        output, failed = await self._output(tools.get(name), name, _part(call, "arguments"))
        self._outputs[position] = function_call_output(call_id, output)
        returned.put_nowait(ToolReturned(call_id, name, output, failed))

    async def _output(
        self, tool: FunctionTool | None, name: str, arguments: str
    ) -> tuple[str, bool]:
        if tool is None:
            known = ", ".join(tool.name for tool in self.agent.get_tools()) or "none"
            return f"There is no tool called {name!r}. The tools are: {known}.", True
        try:
            return output_text(await tool.on_invoke_tool(self.context, arguments)), False
        except ToolError as error:
            return error.message, True
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            return "The tool was cancelled.", True
        except Exception as error:  # noqa: BLE001 - tools are code of others; the model is told
            return f"The tool failed: {type(error).__name__}: {error}", True

    # ------------------------------------------------------------------------ the session

    def _finished(self) -> list[TResponseInputItem]:
        """Give what can be kept of the step as it stands: everything, once it has ended."""
        if self._response is None:
            text = "".join(self._text)
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
        self.items = items
        self.result.new_items.extend(items)
        if self.session is not None and items:
            await settled(self.session.add_items(items))

    async def _keep_what_is_there(self) -> None:
        if self._kept:
            return
        try:
            await self._keep(self._finished())
        except Exception as error:  # noqa: BLE001 - what ended the step matters more, and goes on
            _log.warning("a session did not take what was left of a step: %s", type(error).__name__)


def _part(call: TResponseInputItem, name: str) -> str:
    value = call.get(name)
    if not isinstance(value, str):
        raise ResponseUnreadable(f"The model called a tool in a form without {name!r}.")
    return value
