"""The loop of a run: ask the model, call the tools it wants, until it wants none.

What holds at each moment, also under cancellation:

* Nobody else runs on the session, from before it is read until after it was written to last.
* The input is in the session before the first request leaves.
* The session is read once, and what was read is handed to the model by reference.
* The items of a step reach the session in one batch, calls always with their outputs.
* A step that does not end leaves what is finished of it: the text so far as an incomplete message,
  and the calls that have their output.
* A write that was begun is waited for, however often the run is cancelled meanwhile.
"""

from __future__ import annotations

import copy
import inspect
import os
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from chatelaine.agents.errors import MaxTurnsExceeded, UserError
from chatelaine.agents.events import HandedOff, RunEvent
from chatelaine.agents.handoffs import Handoff, HandoffInputData
from chatelaine.agents.items import Origin, TResponseInputItem, as_input_items
from chatelaine.agents.last_agent import last_agent
from chatelaine.agents.model_view import view_for
from chatelaine.agents.run_memory import RunMemory
from chatelaine.agents.run_step import Step

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from chatelaine.agents.agent import Agent
    from chatelaine.agents.context import RunContext
    from chatelaine.agents.models.protocol import Model, ModelSettings
    from chatelaine.agents.result import RunResult
    from chatelaine.agents.run_config import RunConfig
    from chatelaine.agents.sessions.protocol import RunSession


@dataclass(slots=True)
class Run:
    """One run.

    Attributes:
        session: Where the conversation is remembered, if anywhere.
        context: What tools and instructions see of the run.
        max_turns: How many steps the run may take, over all agents.
        config: What was chosen for it.
        asked: The models that were asked, each once.
    """

    session: RunSession | None
    context: RunContext[Any]
    max_turns: int
    config: RunConfig
    asked: list[Model] = field(default_factory=list)
    _id: str = field(default_factory=lambda: os.urandom(16).hex())
    _with_tools: list[Agent] = field(default_factory=list)

    async def events(self, result: RunResult) -> AsyncGenerator[RunEvent, None]:
        """Run, and give the events of the run; the result is filled meanwhile.

        Args:
            result: Has the input and the agent.

        Raises:
            AgentsError: The run failed.
        """
        memory = RunMemory(self.session, self.config)
        try:
            await memory.begin()
            async with aclosing(self._steps(result, memory)) as steps:
                async for event in steps:
                    yield event
        except BaseException:
            await memory.take_input_back()
            raise
        finally:
            result.session_cleared = memory.was_cleared
            memory.end()

    async def _steps(self, result: RunResult, memory: RunMemory) -> AsyncGenerator[RunEvent, None]:
        before = await self._beginning(result, memory)
        made: list[TResponseInputItem] = []
        for number in range(1, self.max_turns + 1):
            agent = result.last_agent
            model = self._model_of(agent)
            view = view_for([*before, *made], model.name, result.omitted_items)
            step = Step(
                agent,
                model,
                self._settings_of(agent),
                memory,
                self.context,
                result,
                Origin(agent.name, model.name, self._id),
                self.config.keep_partial,
            )
            async with aclosing(step.events(number, view)) as events:
                async for event in events:
                    yield event
            if not step.calls:
                return
            self._with_tools.append(agent)
            if step.handoff is None:
                made += step.items
            else:
                handoff, following = step.handoff
                yield HandedOff(agent.name, following.name)
                before, made = await self._handed_over(handoff, before, made, step.items)
        raise MaxTurnsExceeded(
            f"The model asked for tools {self.max_turns} times in a row and came to no answer."
        )

    async def _beginning(self, result: RunResult, memory: RunMemory) -> list[TResponseInputItem]:
        """Read the session, store the input, and give what the first model is asked with."""
        given = as_input_items(result.input)
        is_list = not isinstance(result.input, str | Mapping)
        agent = result.last_agent
        if not self.config.start_with_last_agent:
            # What is missing is told before anything is read or waited for.
            self._model_of(agent)
        items = given
        for _ in range(2):
            history = await memory.read()
            items = await memory.input_of(given, history, is_list=is_list)
            if self.config.start_with_last_agent:
                result.last_agent = last_agent(agent, history)
            model = self._model_of(result.last_agent)
            origin = Origin(result.last_agent.name, model.name, self._id)
            # A session that was cleared between the two is read once more.
            if await memory.add_input(origin):
                break
        return items

    async def _handed_over(
        self,
        handoff: Handoff[Agent],
        before: list[TResponseInputItem],
        made: list[TResponseInputItem],
        new: list[TResponseInputItem],
    ) -> tuple[list[TResponseInputItem], list[TResponseInputItem]]:
        """Give what the next agent sees: of what was before the run, and of what it made."""
        choose = handoff.input_filter or self.config.handoff_input_filter
        if choose is None:
            return before, [*made, *new]
        history, earlier, latest = (tuple(copy.deepcopy(each)) for each in (before, made, new))
        chosen: Any = choose(HandoffInputData(history, earlier, latest, self.context))
        if inspect.isawaitable(chosen):
            chosen = await chosen
        if not isinstance(chosen, HandoffInputData):
            raise UserError(
                "The input filter of a handoff gives HandoffInputData; not "
                f"{type(chosen).__name__}."
            )
        seen = chosen.new_items if chosen.input_items is None else chosen.input_items
        return as_input_items(chosen.input_history), [*chosen.pre_handoff_items, *seen]

    def _model_of(self, agent: Agent) -> Model:
        model = self.config.model_for(agent)
        if not any(each is model for each in self.asked):
            self.asked.append(model)
        return model

    def _settings_of(self, agent: Agent) -> ModelSettings:
        settings = self.config.model_settings_for(agent)
        if settings.tool_choice in (None, "auto", "none"):
            return settings
        if not any(each is agent for each in self._with_tools):
            return settings
        # A tool that must be called in each step would be called for ever.
        return replace(settings, tool_choice=None)
