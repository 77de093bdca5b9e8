"""Function tools: Python functions that a model may call.

The model is told what the signature, the type hints and the docstring of the function say. What it
writes as arguments is checked against the type hints before the function sees it.
"""

from __future__ import annotations

import asyncio
import dataclasses
import enum
import functools
import inspect
import json
import re
import types
import typing
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, overload

from chatelaine.agents.context import RunContext
from chatelaine.agents.errors import UserError
from chatelaine.agents.models.protocol import ToolDescription
from chatelaine.agents.schema.hints import Shapes, evaluated_hints, unwrapped
from chatelaine.agents.schema.records import Parameters, Property

if TYPE_CHECKING:
    from docstring_parser import Docstring

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


@dataclass(frozen=True, eq=False)
class FunctionTool:
    """Something that a model may call.

    `function_tool` makes one from a function; made by hand, it can be anything.

    Attributes:
        name: 1 to 64 letters, digits, `_` or `-`.
        description: What it is for, in words for the model.
        params_json_schema: JSON Schema of an object: the arguments.
        on_invoke_tool: Called with the run's context and the arguments as JSON text. What it
            returns is given to the model: text as it is, anything else as JSON. What it raises is
            told to the model as a failure, and the run goes on.
        strict_json_schema: Whether the server must keep to the schema.

    Raises:
        UserError: The name is not allowed.
    """

    name: str
    description: str
    params_json_schema: Mapping[str, Any]
    on_invoke_tool: Callable[[RunContext[Any], str], Awaitable[Any]] = field(repr=False)
    strict_json_schema: bool = True

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise UserError(
                f"{self.name!r} cannot be the name of a tool: use 1 to 64 letters, digits, _ or -."
            )

    def describe(self) -> ToolDescription:
        """Give what the model is told about it."""
        return ToolDescription(
            self.name, self.description, self.params_json_schema, self.strict_json_schema
        )


@overload
def function_tool(
    func: Callable[..., Any],
    *,
    name_override: str | None = None,
    description_override: str | None = None,
    strict_mode: bool = True,
) -> FunctionTool: ...


@overload
def function_tool(
    func: None = None,
    *,
    name_override: str | None = None,
    description_override: str | None = None,
    strict_mode: bool = True,
) -> Callable[[Callable[..., Any]], FunctionTool]: ...


def function_tool(
    func: Callable[..., Any] | None = None,
    *,
    name_override: str | None = None,
    description_override: str | None = None,
    strict_mode: bool = True,
) -> FunctionTool | Callable[[Callable[..., Any]], FunctionTool]:
    """Make a tool of a function: `@function_tool`, `@function_tool(...)` or `function_tool(f)`.

    An async function runs in the loop of the run; any other one in a thread, so that it may block.
    A thread cannot be stopped: where the run is cancelled, such a function goes on to its end, and
    what it returns is dropped. Where the first parameter is annotated with `RunContext`, the
    context is passed to it, and the model is not told about it.

    Args:
        func: The function.
        name_override: The tool's name, instead of the function's.
        description_override: What it is for, instead of what the docstring says.
        strict_mode: Whether to use a strict schema. Where the types do not allow one (a dict, Any),
            an ordinary one is used anyway.

    Raises:
        UserError: A model cannot be asked for what the function takes.
    """
    if func is None:
        return functools.partial(
            _tool_of,
            name=name_override,
            description=description_override,
            strict=strict_mode,
        )
    return _tool_of(func, name=name_override, description=description_override, strict=strict_mode)


def as_tool(value: FunctionTool | Callable[..., Any]) -> FunctionTool:
    """Give what an agent was given as a tool as a `FunctionTool`.

    Raises:
        UserError: It is neither a tool nor a function of which one can be made.
    """
    if isinstance(value, FunctionTool):
        return value
    if not callable(value):
        raise UserError(f"{value!r} is not a tool: pass a function or a FunctionTool.")
    return function_tool(value)


def output_text(value: object) -> str:
    """Give the text that a model reads as the output of a tool which returned this."""
    if isinstance(value, str):
        return value
    if value is None:
        return "Done."
    return json.dumps(value, ensure_ascii=False, default=_jsonable)


def described_shapes() -> Shapes:
    """Give what finds the shapes of types, with the descriptions that docstrings have."""
    return Shapes(lambda cls: _descriptions(_document_of(cls)))


# ---------------------------------------------------------------------------- from a function


def _tool_of(
    func: Callable[..., Any], *, name: str | None, description: str | None, strict: bool
) -> FunctionTool:
    # A partial or an object that can be called has its name and its words elsewhere.
    named = func
    while isinstance(named, functools.partial):
        named = named.func
    if not hasattr(named, "__name__"):
        named = type(named)
    name = name or named.__name__
    parameters = list(inspect.signature(func).parameters.values())
    hints = _hints_of(func, name)
    takes_context = bool(parameters) and _is_context(hints.get(parameters[0].name))
    asked = parameters[1:] if takes_context else parameters
    document = _document_of(named)
    described = _descriptions(document)
    shapes = described_shapes()
    arguments = Parameters(
        [_property(each, hints.get(each.name, Any), described, shapes, name) for each in asked],
        strict=strict,
    )
    by_position = tuple(each.name for each in asked if each.kind is each.POSITIONAL_ONLY)
    defaults = {each.name: each.default for each in parameters}
    runs_in_loop = inspect.iscoroutinefunction(func) or inspect.iscoroutinefunction(
        getattr(func, "__call__", None)  # noqa: B004 - whether calling gives a coroutine
    )

    async def invoke(context: RunContext[Any], text: str) -> Any:
        values = arguments.read(text)
        positional: list[Any] = [context] if takes_context else []
        positional += [values.pop(each, defaults[each]) for each in by_position]
        if runs_in_loop:
            return await func(*positional, **values)
        result = await asyncio.to_thread(func, *positional, **values)
        return await result if inspect.isawaitable(result) else result

    return FunctionTool(
        name,
        description if description is not None else _purpose(document),
        arguments.schema,
        invoke,
        arguments.strict,
    )


def _property(
    parameter: inspect.Parameter,
    hint: Any,
    described: Mapping[str, str],
    shapes: Shapes,
    tool: str,
) -> Property:
    if parameter.kind in _VARIADIC:
        raise UserError(f"The tool {tool} takes *args or **kwargs; a model must be told each name.")
    place = f"The parameter {parameter.name} of the tool {tool}"
    if _is_context(hint):
        raise UserError(f"{place} is a RunContext; only the first parameter can be.")
    required = parameter.default is parameter.empty
    return Property(
        parameter.name,
        shapes.of(hint, place),
        unwrapped(hint)[1] or described.get(parameter.name, ""),
        required,
        **({} if required else {"default": parameter.default}),
    )


def _hints_of(func: Callable[..., Any], name: str) -> dict[str, Any]:
    while isinstance(func, functools.partial):
        func = func.func
    if not (inspect.isroutine(func) or inspect.isclass(func)):
        func = type(func).__call__
    func = inspect.unwrap(func)
    annotations = inspect.get_annotations(func)
    # What it returns is nobody's business here, and need not be importable.
    annotations.pop("return", None)
    # Nor need the context be, which many import for type checkers only.
    known = {RunContext.__name__: RunContext, **getattr(func, "__globals__", {})}
    annotated = types.SimpleNamespace(__annotations__=annotations)
    return evaluated_hints(annotated, f"the tool {name}", known)


def _is_context(hint: Any) -> bool:
    return hint is RunContext or typing.get_origin(hint) is RunContext


def _document_of(documented: Any) -> Docstring:
    # Reading docstrings costs a tenth of the library's import, so it waits for the first tool.
    from docstring_parser import parse

    text = documented.__doc__ or ""
    if inspect.isclass(documented) and dataclasses.is_dataclass(documented):
        # A dataclass without words gets its signature as docstring.
        text = "" if text.startswith(f"{documented.__name__}(") else text
    return parse(text)


def _descriptions(document: Docstring) -> dict[str, str]:
    return {each.arg_name: " ".join((each.description or "").split()) for each in document.params}


def _purpose(document: Docstring) -> str:
    parts = (document.short_description, document.long_description)
    return "\n\n".join(part for part in parts if part)


def _jsonable(value: object) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    if isinstance(value, Mapping):
        return dict(value)
    return value.value if isinstance(value, enum.Enum) else str(value)
