"""Running an agent: at once, in a plain program, or event by event."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, TypeAlias

from chatelaine.agents.agent import Agent
from chatelaine.agents.context import RunContext
from chatelaine.agents.errors import UserError
from chatelaine.agents.items import as_input_items
from chatelaine.agents.result import RunResult, RunResultStreaming
from chatelaine.agents.run_config import RunConfig
from chatelaine.agents.run_loop import Run
from chatelaine.agents.sessions.running import as_run_session

if TYPE_CHECKING:
    from chatelaine.agents.sessions.protocol import Session

DEFAULT_MAX_TURNS = 10

_METHODS = ("get_items", "add_items", "pop_item", "clear_session")

RunInput: TypeAlias = str | Mapping[str, Any] | Sequence[Mapping[str, Any]]
"""What a run begins with: what the user says, or an item, or items.

Nothing at all (`[]`) is allowed where there is a session: the model is asked again with what the
session has.
"""


class Runner:
    """Runs agents. All three ways do the same; they differ in how one waits."""

    @staticmethod
    async def run(
        agent: Agent,
        input: RunInput,  # noqa: A002 - the name that people know
        *,
        session: Session | None = None,
        context: Any = None,
        max_turns: int = DEFAULT_MAX_TURNS,
        run_config: RunConfig | None = None,
    ) -> RunResult:
        """Run an agent until it has answered.

        Args:
            agent: Who answers.
            input: What the user says.
            session: The memory of the conversation: it is read before the run, and each step is
                added to it.
            context: Any object, for tools and instructions.
            max_turns: How many steps the models may take, over all agents; each call of tools and
                each handoff is followed by one.
            run_config: What else can be chosen.

        Raises:
            MaxTurnsExceeded: It took more steps than allowed. What it did is in the session.
            MissingCredentials: The agent's model is only named, and there is no API key.
            ModelError: The model did not answer.
            SessionBusy: Another run is going on in the session, and this one is not to wait.
            SessionError: The session could not be read or written.
            UserError: What was passed cannot work.
        """
        run = _run(
            agent,
            input,
            session=session,
            context=context,
            max_turns=max_turns,
            run_config=run_config,
        )
        return await _ended(run, agent, input)

    @staticmethod
    def run_sync(
        agent: Agent,
        input: RunInput,  # noqa: A002 - the name that people know
        *,
        session: Session | None = None,
        context: Any = None,
        max_turns: int = DEFAULT_MAX_TURNS,
        run_config: RunConfig | None = None,
    ) -> RunResult:
        """Run an agent from a program that has no event loop. See `run`.

        Raises:
            UserError: There is a running loop; `await Runner.run(...)` instead.
        """
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            pass
        else:
            raise UserError("A loop is running here: use `await Runner.run(...)`.")

        run = _run(
            agent,
            input,
            session=session,
            context=context,
            max_turns=max_turns,
            run_config=run_config,
        )

        async def to_its_end() -> RunResult:
            try:
                return await _ended(run, agent, input)
            finally:
                # Connections belong to this loop, which ends here.
                for model in run.asked:
                    await model.aclose()

        return asyncio.run(to_its_end())

    @staticmethod
    def run_streamed(
        agent: Agent,
        input: RunInput,  # noqa: A002 - the name that people know
        *,
        session: Session | None = None,
        context: Any = None,
        max_turns: int = DEFAULT_MAX_TURNS,
        run_config: RunConfig | None = None,
    ) -> RunResultStreaming:
        """Prepare a run whose events are read one by one. See `run`.

        The run begins when `stream_events()` of the result is first read, and raises from there.

        Raises:
            UserError: What was passed cannot work.
        """
        run = _run(
            agent,
            input,
            session=session,
            context=context,
            max_turns=max_turns,
            run_config=run_config,
        )
        return RunResultStreaming(input, agent, _start=run.events)


def _run(
    agent: Agent,
    given: RunInput,
    *,
    session: Session | None,
    context: Any,
    max_turns: int,
    run_config: RunConfig | None,
) -> Run:
    """Check what was passed, and prepare the run."""
    if not isinstance(agent, Agent):
        raise UserError(f"{agent!r} is not an Agent.")
    if max_turns < 1:
        raise UserError("A run needs at least one step: max_turns must be 1 or more.")
    if not isinstance(run_config, RunConfig | None):
        raise UserError(f"{run_config!r} is not a RunConfig.")
    if session is None and not given:
        raise UserError("A run without a session needs an input.")
    as_input_items(given)
    if session is not None:
        if isinstance(session, type):
            raise UserError(
                f"{session.__name__} is a class: pass a session made with it, such as "
                f"{session.__name__}('user_123')."
            )
        lacking = [name for name in _METHODS if not callable(getattr(session, name, None))]
        if lacking:
            raise UserError(f"{session!r} is not a session: it has no {', '.join(lacking)}.")
    return Run(
        None if session is None else as_run_session(session),
        RunContext(context),
        max_turns,
        run_config or _USUAL,
    )


async def _ended(run: Run, agent: Agent, given: RunInput) -> RunResult:
    """Run to the end."""
    result = RunResult(given, agent)
    async with aclosing(run.events(result)) as events:
        async for _ in events:
            pass
    return result


_USUAL = RunConfig()
