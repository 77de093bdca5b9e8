"""Function tools: what the model is told of a function, and how the function is called."""

from __future__ import annotations

import asyncio
import contextvars
import dataclasses
import enum
import functools
import threading
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pytest
from typing_extensions import override

from chatelaine.agents.context import RunContext
from chatelaine.agents.errors import ToolError, UserError
from chatelaine.agents.models.protocol import ToolDescription
from chatelaine.agents.tools import FunctionTool, as_tool, function_tool, output_text

if TYPE_CHECKING:
    from collections.abc import Callable


class Unit(enum.Enum):
    CELSIUS = "celsius"
    FAHRENHEIT = "fahrenheit"


@dataclass
class Place:
    """Where.

    Attributes:
        city: Its name.
        country: Two letters.
    """

    city: str
    country: str = "FR"


def weather(place: Place, unit: Unit = Unit.CELSIUS, days: Annotated[int, "How many."] = 1) -> str:
    """Tell the weather.

    It is always fine.

    Args:
        place: Where to
            look.
        unit: Of the temperature.
        days: Not this, but what stands beside the type.
    """
    return f"{place.city}, {place.country}: {days} x 20 {unit.value}"


async def invoke(tool: FunctionTool, arguments: str = "{}", context: Any = None) -> Any:
    return await tool.on_invoke_tool(RunContext(context), arguments)


# ---------------------------------------------------------------------------- what is told


def test_the_signature_and_the_docstring_are_what_the_model_is_told() -> None:
    tool = function_tool(weather, strict_mode=False)
    assert tool.name == "weather"
    assert tool.description == "Tell the weather.\n\nIt is always fine."
    assert tool.params_json_schema == {
        "type": "object",
        "properties": {
            "place": {
                "type": "object",
                "properties": {
                    "city": {"type": "string", "description": "Its name."},
                    "country": {"type": "string", "description": "Two letters.", "default": "FR"},
                },
                "required": ["city"],
                "additionalProperties": False,
                "description": "Where to look.",
            },
            "unit": {
                "type": "string",
                "enum": ["celsius", "fahrenheit"],
                "description": "Of the temperature.",
            },
            "days": {"type": "integer", "description": "How many.", "default": 1},
        },
        "required": ["place"],
        "additionalProperties": False,
    }
    assert not tool.strict_json_schema


def test_a_strict_schema_is_used_where_the_types_allow_one() -> None:
    tool = function_tool(weather)
    assert tool.strict_json_schema
    assert tool.params_json_schema["required"] == ["place", "unit", "days"]

    def loose(options: dict[str, Any]) -> None: ...

    assert not function_tool(loose).strict_json_schema


def test_other_styles_of_docstrings_are_read_too() -> None:
    def numpy(a: int) -> None:
        """Do it.

        Parameters
        ----------
        a : int
            The first.
        """

    def sphinx(a: int) -> None:
        """Do it.

        :param a: The first.
        """

    for function in (numpy, sphinx):
        tool = function_tool(function)
        assert tool.description == "Do it."
        assert tool.params_json_schema["properties"]["a"]["description"] == "The first."


def test_a_function_without_words_and_types_is_a_tool_all_the_same() -> None:
    def plain(anything):
        return anything

    tool = function_tool(plain)
    assert tool.description == ""
    assert tool.params_json_schema["properties"] == {"anything": {}}
    assert not tool.strict_json_schema


def test_a_broken_docstring_is_told_as_it_is() -> None:
    def broken() -> None:
        """Args:
        :param
        """

    assert isinstance(function_tool(broken).description, str)


def test_the_decorator_works_with_and_without_arguments() -> None:
    @function_tool
    def one() -> str:
        """One."""
        return "1"

    @function_tool(name_override="zwei", description_override="Two.", strict_mode=False)
    def two() -> str:
        return "2"

    assert (one.name, one.description) == ("one", "One.")
    assert (two.name, two.description, two.strict_json_schema) == ("zwei", "Two.", False)
    assert asyncio.run(invoke(one)) == "1"


def test_what_is_told_to_a_model() -> None:
    tool = function_tool(weather)
    assert tool.describe() == ToolDescription(
        "weather", tool.description, tool.params_json_schema, strict=True
    )


# ---------------------------------------------------------------------------- the context


def test_the_context_is_passed_and_not_told_to_the_model() -> None:
    def one(run: RunContext[str], a: int) -> str:
        return f"{run.context} {a}"

    def two(run: RunContext, a: int) -> str:  # type: ignore[type-arg]  # as people write it
        return f"{run.context} {a}"

    for function in (one, two):
        tool = function_tool(function)
        assert list(tool.params_json_schema["properties"]) == ["a"]
        assert asyncio.run(invoke(tool, '{"a": 1}', "Ann")) == "Ann 1"


def test_only_the_first_parameter_can_be_the_context() -> None:
    def wrong(a: int, run: RunContext[None]) -> None: ...

    with pytest.raises(UserError, match="only the first"):
        function_tool(wrong)


# ---------------------------------------------------------------------------- calling


async def test_the_arguments_are_converted_to_what_the_function_expects() -> None:
    tool = function_tool(weather)
    output = await invoke(
        tool, '{"place": {"city": "Nice", "country": null}, "unit": "fahrenheit", "days": "2"}'
    )
    assert output == "Nice, FR: 2 x 20 fahrenheit"
    assert await invoke(tool, '{"place": {"city": "Nice"}}') == "Nice, FR: 1 x 20 celsius"


async def test_arguments_that_do_not_fit_never_reach_the_function() -> None:
    called: list[int] = []
    tool = function_tool(_count_into(called))
    with pytest.raises(ToolError, match="n: expected a whole number"):
        await invoke(tool, '{"n": "many"}')
    with pytest.raises(ToolError, match="n: is missing"):
        await invoke(tool)
    assert called == []


def _count_into(called: list[int]) -> Any:
    def count(n: int) -> None:
        called.append(n)

    return count


async def test_parameters_by_position_and_by_name_are_both_filled() -> None:
    def mixed(a: int, b: int = 2, /, c: int = 3, *, d: int, e: int = 5) -> list[int]:
        return [a, b, c, d, e]

    tool = function_tool(mixed)
    assert await invoke(tool, '{"a": 1, "d": 4}') == [1, 2, 3, 4, 5]
    assert await invoke(tool, '{"a": 1, "b": 0, "c": 0, "d": 0, "e": 0}') == [1, 0, 0, 0, 0]


async def test_a_function_that_blocks_runs_in_a_thread_with_the_variables_of_the_run() -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")
    variable.set("of the run")

    def blocking() -> tuple[bool, str]:
        return threading.current_thread() is threading.main_thread(), variable.get()

    async def waiting() -> tuple[bool, str]:
        return threading.current_thread() is threading.main_thread(), variable.get()

    assert await invoke(function_tool(blocking)) == (False, "of the run")
    assert await invoke(function_tool(waiting)) == (True, "of the run")


async def test_whatever_can_be_called_can_be_a_tool() -> None:
    class Adder:
        """Adds."""

        def __init__(self, base: int) -> None:
            self.base = base

        def method(self, n: int) -> int:
            """Add."""
            return self.base + n

        async def waiting(self, n: int) -> int:
            return self.base + n

        def __call__(self, n: int) -> int:
            return self.base + n

    class Waiting:
        async def __call__(self, n: int) -> int:
            return n

    def add(base: int, n: int) -> int:
        """Add."""
        return base + n

    adder = Adder(10)
    tools: dict[str, Callable[..., Any]] = {
        "method": adder.method,
        "waiting": adder.waiting,
        "Adder": adder,
        "Waiting": Waiting(),
        "add": functools.partial(add, 10),
    }
    for name, function in tools.items():
        tool = function_tool(function)
        assert tool.name == name
        assert list(tool.params_json_schema["properties"]) == ["n"]
        assert await invoke(tool, '{"n": 5}') == (5 if name == "Waiting" else 15)


async def test_what_a_function_promises_is_awaited() -> None:
    async def later() -> str:
        return "later"

    def promise() -> Any:
        return later()

    assert await invoke(function_tool(promise)) == "later"


# ---------------------------------------------------------------------------- what is refused


def test_a_function_for_whose_arguments_no_model_can_be_asked_is_refused() -> None:
    def raw(data: bytes) -> None: ...

    def many(*values: int) -> None: ...

    def named(**values: int) -> None: ...

    with pytest.raises(UserError, match=r"The parameter data of the tool raw .* bytes"):
        function_tool(raw)
    for function in (many, named):
        with pytest.raises(UserError, match="must be told each name"):
            function_tool(function)


def test_what_a_function_returns_need_not_be_importable() -> None:
    def lost() -> Nowhere: ...  # type: ignore[name-defined]  # noqa: F821 - the case

    assert function_tool(lost).name == "lost"


def test_a_wrapped_function_is_told_as_the_one_inside() -> None:
    def wrap(function: Any) -> Any:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs)

        return wrapper

    tool = function_tool(wrap(weather))
    assert tool.params_json_schema == function_tool(weather).params_json_schema
    assert asyncio.run(invoke(tool, '{"place": {"city": "Nice"}}')) == "Nice, FR: 1 x 20 celsius"


def test_an_annotation_that_cannot_be_found_is_named() -> None:
    def lost(a: Nowhere) -> None: ...  # type: ignore[name-defined]  # noqa: F821 - the case

    with pytest.raises(UserError, match="Nowhere"):
        function_tool(lost)


@pytest.mark.parametrize("name", ["", "two words", "é", "x" * 65, "a.b"])
def test_a_name_that_servers_refuse_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="name of a tool"):
        FunctionTool(name, "", {}, weather)  # type: ignore[arg-type]  # the name comes first


def test_what_is_no_function_is_no_tool() -> None:
    tool = function_tool(weather)
    assert as_tool(tool) is tool
    assert as_tool(weather).name == "weather"
    with pytest.raises(UserError, match="not a tool"):
        as_tool("weather")  # type: ignore[arg-type]  # that is the case


# ---------------------------------------------------------------------------- outputs


class Pixel:
    @override
    def __str__(self) -> str:
        return "a pixel"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as it is", "as it is"),
        ("", ""),
        (None, "Done."),
        (5, "5"),
        (True, "true"),
        ([1, "é"], '[1, "é"]'),
        ({"a": None}, '{"a": null}'),
        ((1, 2), "[1, 2]"),
        ({1}, "[1]"),
        (Place("Nice"), '{"city": "Nice", "country": "FR"}'),
        ([Place("Nice")], '[{"city": "Nice", "country": "FR"}]'),
        (MappingProxyType({"a": Unit.CELSIUS}), '{"a": "celsius"}'),
        (Pixel(), '"a pixel"'),
    ],
    ids=str,
)
def test_the_text_that_the_model_reads(value: Any, text: str) -> None:
    assert output_text(value) == text


def test_a_tool_is_told_apart_from_its_twin() -> None:
    one, other = function_tool(weather), function_tool(weather)
    assert one != other
    assert dataclasses.replace(one, description="Else.").description == "Else."


def test_a_choice_is_told_with_its_values() -> None:
    def choose(colour: Literal["red", "blue"]) -> None: ...

    assert function_tool(choose).params_json_schema["properties"]["colour"] == {
        "type": "string",
        "enum": ["red", "blue"],
    }
