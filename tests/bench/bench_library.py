"""The library next to openai-agents: importing it, a run, and a turn over HTTP.

Both are measured in turns in one process, by the CPU time of all its threads; the server has a
process of its own. What is compared is what a user of either would write.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from bench.measuring import history, measured
from chatelaine.agents.agent import Agent
from chatelaine.agents.items import assistant_message, user_message
from chatelaine.agents.models.openai_responses import OpenAIResponsesModel
from chatelaine.agents.models.protocol import ModelResponse
from chatelaine.agents.runner import Runner
from chatelaine.agents.sessions.sqlite import SQLiteSession

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    import agents

    from bench.report import Report
    from chatelaine.agents.models.protocol import ModelEvent, ModelRequest

TESTS = Path(__file__).resolve().parents[1]
APP = TESTS.parent / "app"
AREA = "library"
PIECES = 20
"""Pieces in which a reply over HTTP is streamed."""


def run(report: Report) -> None:
    """Measure the library."""
    _imports(report)
    asyncio.run(_runs(report))
    with _server() as base_url:
        asyncio.run(_turns(report, base_url))


# ---------------------------------------------------------------------------- the import


def _imports(report: Report) -> None:
    ours, theirs = [], []
    for _ in range(5):
        ours.append(_cost_of_import("chatelaine.agents", "Agent", "Runner", "OpenAIResponsesModel"))
        theirs.append(_cost_of_import("agents", "Agent", "Runner", "OpenAIResponsesModel"))
    report.compare(AREA, "import", ours, theirs, budget=0.1)
    loaded = _printed("import sys, chatelaine.agents; print(int('openai' in sys.modules))")
    report.count(AREA, "openai is imported with it", int(loaded), budget=0)


def _cost_of_import(module: str, *names: str) -> float:
    program = (
        "import time; begun = time.process_time(); "
        f"from {module} import {', '.join(names)}; print(time.process_time() - begun)"
    )
    return float(_printed(program))


def _printed(program: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(APP)}
    command = [sys.executable, "-c", program]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True
    ).stdout


# ---------------------------------------------------------------------------- a run


class _InstantModel:
    """A model of ours that answers at once."""

    name = "instant"

    async def stream(self, request: ModelRequest) -> AsyncIterator[ModelEvent]:
        assert request.input
        yield ModelResponse((assistant_message("Yes."),))

    async def aclose(self) -> None:
        """Nothing is open."""


async def _runs(report: Report) -> None:
    ours = Agent("bench", "Be brief.", _InstantModel())
    theirs = _their_agent(_their_instant_model())
    await _compare_runs(report, "a run, no session", ours, theirs, None, budget=0.3)
    for length, budget in ((0, 0.3), (100, 0.2), (1000, 0.1)):
        name = f"a run, SQLite session of {length:,} items"
        await _compare_runs(report, name, ours, theirs, length, budget=budget)


async def _compare_runs(
    report: Report,
    name: str,
    ours: Agent,
    theirs: agents.Agent[Any],
    length: int | None,
    *,
    budget: float,
) -> None:
    import agents

    my_session = their_session = None
    if length is not None:
        my_session, their_session = SQLiteSession("bench"), agents.SQLiteSession("bench")
        await my_session.add_items(history(length))
        await their_session.add_items(history(length))  # type: ignore[arg-type]  # plain dicts

    async def my_run() -> None:
        await Runner.run(ours, "Is it so?", session=my_session)

    async def their_run() -> None:
        await agents.Runner.run(theirs, "Is it so?", session=their_session)

    times = 40 if (length or 0) < 1000 else 15
    report.compare(AREA, name, *await measured(my_run, their_run, times), budget=budget)
    if my_session is not None and their_session is not None:
        await my_session.close()
        their_session.close()


# ---------------------------------------------------------------------------- a turn over HTTP


async def _turns(report: Report, base_url: str) -> None:
    import agents
    import openai

    model = OpenAIResponsesModel("m", base_url=base_url, api_key="k")
    client = openai.AsyncOpenAI(base_url=base_url, api_key="k")
    ours = Agent("bench", "Be brief.", model)
    theirs = _their_agent(agents.OpenAIResponsesModel("m", client))
    for length, budget, times in ((0, 0.3, 40), (100, 0.06, 20), (1000, 0.02, 7)):
        items = [*history(length), user_message("Is it so?")]

        async def my_turn(items: list[dict[str, Any]] = items) -> None:
            result = Runner.run_streamed(ours, items)
            async with aclosing(result.stream_events()) as events:
                async for _ in events:
                    pass
            assert result.final_output

        async def their_turn(items: list[Any] = items) -> None:
            result = agents.Runner.run_streamed(theirs, items)
            async for _ in result.stream_events():
                pass
            assert result.final_output

        name = f"a streamed turn over HTTP, history of {length:,} items"
        report.compare(AREA, name, *await measured(my_turn, their_turn, times), budget=budget)
    await model.aclose()
    await client.close()


@contextmanager
def _server() -> Iterator[str]:
    command = [sys.executable, "-m", "support.openai_server", "--pieces", str(PIECES)]
    with subprocess.Popen(command, cwd=TESTS, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


# ---------------------------------------------------------------------------- theirs


def _their_agent(model: agents.Model) -> agents.Agent[Any]:
    import agents

    agents.set_tracing_disabled(disabled=True)
    return agents.Agent(name="bench", instructions="Be brief.", model=model)


def _their_instant_model() -> agents.Model:
    import agents
    from openai.types.responses import ResponseOutputMessage, ResponseOutputText

    class Instant(agents.Model):
        @override
        async def get_response(self, *_: Any, **__: Any) -> agents.ModelResponse:
            text = ResponseOutputText(type="output_text", text="Yes.", annotations=[])
            message = ResponseOutputMessage(
                id="msg_1", type="message", role="assistant", status="completed", content=[text]
            )
            return agents.ModelResponse(output=[message], usage=agents.Usage(), response_id=None)

        @override
        def stream_response(self, *_: Any, **__: Any) -> Any:
            raise NotImplementedError

    return Instant()
