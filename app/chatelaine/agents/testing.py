"""A model whose answers are written down beforehand, for tests of agents and of what uses them.

    model = ScriptedModel([
        [Call("weather", {"city": "Paris"})],
        "It rains in Paris.",
    ])
    with model:
        result = await Runner.run(Agent("Tester", model=model, tools=[weather]), "Weather?")
    assert model.requests[1].input[-1]["output"] == "rain"

Each step answers one request. A request for which there is no step fails, and so does leaving the
`with` while steps are left.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from chatelaine.agents.events import ReasoningDelta, StepRetried, TextDelta, Usage
from chatelaine.agents.items import TResponseInputItem, assistant_message, function_call
from chatelaine.agents.models.protocol import ModelEvent, ModelRequest, ModelResponse

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable


class ScriptError(AssertionError):
    """What happened is not what the script says."""


@dataclass(frozen=True, slots=True)
class Call:
    """The model calls a tool.

    Attributes:
        name: The tool's name.
        arguments: The values, or the JSON text as it is.
        call_id: What ties the call to its output; made up if None.
    """

    name: str
    arguments: str | Mapping[str, Any] = field(default_factory=dict)
    call_id: str | None = None


@dataclass(frozen=True, slots=True)
class Reasoning:
    """The model shows what it thinks."""

    text: str


@dataclass(frozen=True, slots=True)
class Retry:
    """The request fails and is made again: what was streamed of the step so far is void.

    Attributes:
        reason: What happened.
        delay: Seconds that are told to have been waited; the script does not wait.
    """

    reason: str = "The connection broke."
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class Pause:
    """The model takes its time.

    Attributes:
        seconds: How long.
    """

    seconds: float

    async def wait(self) -> None:
        """Let the time pass."""
        await asyncio.sleep(self.seconds)


class Gate:
    """A place in the script at which the model waits until the test opens it.

    `await gate.reached()` waits until the model has come there.
    """

    def __init__(self) -> None:
        self._reached = asyncio.Event()
        self._opened = asyncio.Event()

    async def reached(self) -> None:
        """Wait until the model has come here."""
        await self._reached.wait()

    def open(self) -> None:
        """Let the model go on, now or when it comes here."""
        self._opened.set()

    async def wait(self) -> None:
        """Say that the model has come here, and wait until it is opened."""
        self._reached.set()
        await self._opened.wait()


Part: TypeAlias = str | Call | Reasoning | Retry | Pause | Gate | asyncio.Event | Usage | Exception
"""A piece of a step: text, a call, reasoning; something to wait for; what it costs; a failure."""

Step: TypeAlias = Part | Sequence[Part] | Callable[[ModelRequest], "Part | Sequence[Part]"]
"""What a request is answered with: a part, parts in their order, or a function that gives them."""


class ScriptedModel:
    """A model that answers as it was told.

    Args:
        steps: One for each request.
        name: The model's name.

    Attributes:
        requests: What it was asked, in order.
        completed: How many answers were streamed to their end.
        interrupted: How many streams were closed or cancelled before their end.
        failed: How many streams ended with a failure of the script.
    """

    def __init__(self, steps: Iterable[Step], *, name: str = "scripted") -> None:
        self.requests: list[ModelRequest] = []
        self.completed = 0
        self.interrupted = 0
        self.failed = 0
        self._name = name
        self._steps = deque(steps)
        self._calls = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        # A failure within says more than the steps that it left over.
        if kind is None:
            self.assert_finished()

    @property
    def name(self) -> str:
        """The model's name."""
        return self._name

    def assert_finished(self) -> None:
        """Check that each step was asked for.

        Raises:
            ScriptError: Some were not.
        """
        if self._steps:
            raise ScriptError(f"{len(self._steps)} steps of the script were never asked for")

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """Answer with the next step.

        Raises:
            ScriptError: There is none.
            Exception: The one that the step has.
        """
        # The caller may go on with its list; what was asked stays.
        self.requests.append(replace(request, input=tuple(request.input)))
        if not self._steps:
            raise ScriptError(f"request {len(self.requests)} has no step in the script")
        step = self._steps.popleft()
        answer = _Answer(self._next_call_id)
        if callable(step) and not isinstance(step, Exception):
            step = step(request)
        try:
            for part in _parts_of(step):
                async for event in answer.say(part):
                    yield event
            yield answer.response()
        except (asyncio.CancelledError, GeneratorExit):
            self.interrupted += 1
            raise
        except Exception:
            self.failed += 1
            raise
        self.completed += 1

    async def aclose(self) -> None:
        """Do nothing: nothing is kept open."""

    def _next_call_id(self) -> str:
        self._calls += 1
        return f"call_{self._calls}"


class _Answer:
    """What one step has said so far."""

    def __init__(self, next_call_id: Callable[[], str]) -> None:
        self._next_call_id = next_call_id
        self._items: list[TResponseInputItem] = []
        self._text: list[str] = []
        self._usage = Usage(requests=1)

    async def say(self, part: Part) -> AsyncGenerator[ModelEvent, None]:
        match part:
            case str():
                self._text.append(part)
                for word in re.findall(r"\s*\S+\s*|\s+", part):
                    yield TextDelta(word)
            case Call(name, arguments, call_id):
                self._end_message()
                self._items.append(function_call(call_id or self._next_call_id(), name, arguments))
            case Reasoning(text):
                self._end_message()
                self._items.append(_reasoning(text, len(self._items)))
                yield ReasoningDelta(text)
            case Retry(reason, delay):
                self._items.clear()
                self._text.clear()
                yield StepRetried(reason, delay, attempt=2)
            case Pause() | Gate() | asyncio.Event():
                await part.wait()
            case Usage():
                self._usage = part
            case Exception():
                raise part

    def response(self) -> ModelResponse:
        self._end_message()
        return ModelResponse(tuple(self._items), self._usage)

    def _end_message(self) -> None:
        if self._text:
            self._items.append(assistant_message("".join(self._text)))
            self._text.clear()


def _reasoning(text: str, number: int) -> TResponseInputItem:
    return {
        "type": "reasoning",
        "id": f"rs_{number}",
        "summary": [{"type": "summary_text", "text": text}],
    }


def _parts_of(step: Part | Sequence[Part]) -> Sequence[Part]:
    return step if isinstance(step, Sequence) and not isinstance(step, str) else [step]
