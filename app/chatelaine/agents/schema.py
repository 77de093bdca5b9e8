"""Python types as JSON Schema, and values read back from the JSON that a model wrote.

A type is first turned into a `Shape`, which knows both directions: how it is described to the
model, and how a value is checked and converted. Reading is patient with what models get slightly
wrong (5.0 or "5" for a whole number, null for an optional value) and precise about everything else,
because the message goes back to the model, which then tries again.

Strict mode is the part of JSON Schema to which a server can hold a model: every object closed,
every property required. What is optional in Python is there a union with null.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import json
import math
import types
import typing
from abc import ABC, abstractmethod
from collections import abc
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Union

from typing_extensions import override

from chatelaine.agents.errors import ToolError, UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

JsonSchema = dict[str, Any]

_QUOTED = 60
"""Characters of a wrong value that are repeated in a message."""

_MISSING: Any = object()


class Mismatch(Exception):
    """A value is not what the shape expects; says where and why."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}" if path else problem)


@dataclass(slots=True)
class Definitions:
    """The shapes that a schema names instead of repeating, because they contain themselves."""

    strict: bool
    schemas: dict[str, JsonSchema] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)


class Shape(ABC):
    """What a value looks like.

    Attributes:
        expected: What to expect, in the words of a message: "a whole number".
        nullable: Whether null is such a value.
        strict: Whether strict mode can describe it.
    """

    expected: str
    nullable = False
    strict = True

    @abstractmethod
    def schema(self, definitions: Definitions) -> JsonSchema:
        """Describe it."""

    @abstractmethod
    def read(self, value: Any, path: str, *, lax: bool) -> Any:
        """Check and convert a value of JSON.

        Args:
            value: As `json.loads` gives it.
            path: Where it stands, for the message.
            lax: Whether to convert what is only nearly right.

        Raises:
            Mismatch: It is something else.
        """

    def wrong(self, value: Any, path: str) -> Mismatch:
        """Make the error that says what was expected and what came."""
        return Mismatch(path, f"expected {self.expected}, got {_quoted(value)}")


# ---------------------------------------------------------------------------- single values


class _Anything(Shape):
    expected = "any value"
    nullable = True
    strict = False

    @override
    def schema(self, definitions: Definitions) -> JsonSchema:
        return {}

    @override
    def read(self, value: Any, path: str, *, lax: bool) -> Any:
        return value


class _Null(Shape):
    expected = "null"
    nullable = True

    @override
    def schema(self, definitions: Definitions) -> JsonSchema:
        return {"type": "null"}

    @override
    def read(self, value: Any, path: str, *, lax: bool) -> Any:
        if value is not None:
            raise self.wrong(value, path)


class _Text(Shape):
    expected = "a text"

    @override
    def schema(self, definitions: Definitions) -> JsonSchema:
        return {"type": "string"}

    @override
    def read(self, value: Any, path: str, *, lax: bool) -> Any:
        if not isinstance(value, str):
            raise self.wrong(value, path)
        return value


class _Truth(Shape):
    expected = "true or false"

    @override
    def schema(self, definitions: Definitions) -> JsonSchema:
        return {"type": "boolean"}

    @override
    def read(self, value: Any, path: str, *, lax: bool) -> Any:
        if isinstance(value, bool):
            return value
        if lax and isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        raise self.wrong(value, path)


class _Whole(Shape):
    expected = "a whole number"

    @override
    def schema(self, definitions: Definitions) -> JsonSchema:
        return {"type": "integer"}

    @override
    def read(self, value: Any, path: str, *, lax: bool) -> Any:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if lax:
            if isinstance(value, float) and value.is_integer():
                return int(value)
            if isinstance(value, str):
                try:
                    return int(value)
                except ValueError:
                    pass
        raise self.wrong(value, path)


class _Number(Shape):
    expected = "a number"

    @override
    def schema(self, definitions: Definitions) -> JsonSchema:
        return {"type": "number"}

    @override
    def read(self, value: Any, path: str, *, lax: bool) -> Any:
        if isinstance(value, float):
            return value
        if lax and isinstance(value, (int, str)) and not isinstance(value, bool):
            try:
                number = float(value)
            except (ValueError, OverflowError):
                number = math.nan
            if math.isfinite(number):
                return number
        raise self.wrong(value, path)


@dataclass(slots=True)
class _Moment(Shape):
    """A date or time: ISO 8601 on the wire."""

    form: str
    parse: Callable[[str], Any]
    expected: str

    @override
    def schema(self, definitions: Definitions) -> JsonSchema:
        return {"type": "string", "format": self.form}

    @override
    def read(self, value: Any, path: str, *, lax: bool) -> Any:
        try:
            return self.parse(value)
        except (TypeError, ValueError):
            raise self.wrong(value, path) from None


class _Choice(Shape):
    """One of some fixed values: a Literal, or an Enum by its values."""

    def __init__(self, options: Sequence[tuple[Any, Any]]) -> None:
        self._options = options
        self.expected = " or ".join(_quoted(value) for value, _ in options)
        self.nullable = any(value is None for value, _ in options)

    @override
    def schema(self, definitions: Definitions) -> JsonSchema:
        kinds: dict[str, list[Any]] = {}
        for value, _ in self._options:
            kinds.setdefault(_kind_of(value), []).append(value)
        return _any_of([{"type": kind, "enum": values} for kind, values in kinds.items()])

    @override
    def read(self, value: Any, path: str, *, lax: bool) -> Any:
        for option, result in self._options:
            # 1 is not True, and 1.0 is not 1.
            if type(option) is type(value) and option == value:
                return result
        raise self.wrong(value, path)


# ---------------------------------------------------------------------------- values of values


class _Series(Shape):
    expected = "a list"

    def __init__(self, part: Shape, build: Callable[[list[Any]], Any]) -> None:
        self._part = part
        self._build = build
        self.strict = part.strict

    @override
    def schema(self, definitions: Definitions) -> JsonSchema:
        return {"type": "array", "items": self._part.schema(definitions)}

    @override
    def read(self, value: Any, path: str, *, lax: bool) -> Any:
        if not isinstance(value, list):
            raise self.wrong(value, path)
        parts = enumerate(value)
        try:
            return self._build(
                [self._part.read(part, f"{path}[{index}]", lax=lax) for index, part in parts]
            )
        except TypeError as error:  # a set of what cannot be in a set
            raise Mismatch(path, str(error)) from error


class _Table(Shape):
    expected = "an object"
    strict = False  # strict objects are closed

    def __init__(self, part: Shape) -> None:
        self._part = part

    @override
    def schema(self, definitions: Definitions) -> JsonSchema:
        return {"type": "object", "additionalProperties": self._part.schema(definitions) or True}

    @override
    def read(self, value: Any, path: str, *, lax: bool) -> Any:
        if not isinstance(value, dict):
            raise self.wrong(value, path)
        return {
            key: self._part.read(part, f"{path}.{key}" if path else key, lax=lax)
            for key, part in value.items()
        }


class _Alternatives(Shape):
    def __init__(self, members: Sequence[Shape]) -> None:
        self._members = members
        self.expected = " or ".join(dict.fromkeys(member.expected for member in members))
        self.nullable = any(member.nullable for member in members)
        self.strict = all(member.strict for member in members)

    @override
    def schema(self, definitions: Definitions) -> JsonSchema:
        return _any_of([member.schema(definitions) for member in self._members])

    @override
    def read(self, value: Any, path: str, *, lax: bool) -> Any:
        problems: list[Mismatch] = []
        # What fits as it is goes before what would have to be converted: "5" is text in int | str.
        for patient in (False, True) if lax else (False,):
            problems.clear()
            for member in self._members:
                try:
                    return member.read(value, path, lax=patient)
                except Mismatch as mismatch:
                    problems.append(mismatch)
        beyond_null = [
            problem
            for problem, member in zip(problems, self._members, strict=True)
            if not isinstance(member, _Null)
        ]
        if len(beyond_null) == 1 and isinstance(value, (dict, list)):
            raise beyond_null[0]
        raise self.wrong(value, path)


@dataclass(slots=True)
class Property:
    """One named value of an object.

    Attributes:
        name: Its name in Python and in JSON.
        shape: What it looks like.
        description: What it means, for the model; may be empty.
        required: Whether it must be there.
        default: What it is when it is not there; for the description only.
    """

    name: str
    shape: Shape
    description: str = ""
    required: bool = True
    default: Any = _MISSING

    def schema(self, definitions: Definitions) -> JsonSchema:
        """Describe it, within its object."""
        schema = self.shape.schema(definitions)
        note = self.description
        if not self.required and definitions.strict and not self.shape.nullable:
            schema = _any_of([schema, {"type": "null"}])
        if self.default is not _MISSING and self.default is not None:
            try:
                text = json.dumps(self.default, ensure_ascii=False, allow_nan=False)
            except (TypeError, ValueError):
                text = ""
            if text and definitions.strict:
                note = f"{note} (default: {text})".lstrip()
            elif text:
                schema = {**schema, "default": json.loads(text)}
        if note:
            # Beside a $ref nothing else may stand.
            schema = {"anyOf": [schema]} if "$ref" in schema else schema
            schema = {**schema, "description": note}
        return schema


class Record(Shape):
    """An object with named properties: a dataclass, a TypedDict, or the arguments of a tool."""

    expected = "an object"

    def __init__(self, name: str, build: Callable[[dict[str, Any]], Any]) -> None:
        self._name = name
        self._build = build
        self._properties: dict[str, Property] = {}
        self.recursive = False

    def fill(self, properties: Sequence[Property]) -> None:
        """Say what it has, once; it may have itself."""
        self._properties = {each.name: each for each in properties}
        self.strict = all(each.shape.strict for each in properties)

    @override
    def schema(self, definitions: Definitions) -> JsonSchema:
        if not self.recursive:
            return self.closed_object(definitions)
        name = definitions.names.get(id(self))
        if name is None:
            name = self._name
            while name in definitions.schemas:
                name += "_"
            definitions.names[id(self)] = name
            definitions.schemas[name] = {}
            definitions.schemas[name] = self.closed_object(definitions)
        return {"$ref": f"#/$defs/{name}"}

    def closed_object(self, definitions: Definitions) -> JsonSchema:
        """Describe it in full."""
        return {
            "type": "object",
            "properties": {
                name: each.schema(definitions) for name, each in self._properties.items()
            },
            "required": [
                name
                for name, each in self._properties.items()
                if each.required or definitions.strict
            ],
            "additionalProperties": False,
        }

    @override
    def read(self, value: Any, path: str, *, lax: bool) -> Any:
        if not isinstance(value, dict):
            raise self.wrong(value, path)
        values: dict[str, Any] = {}
        problems: list[str] = []
        for name, each in self._properties.items():
            inner = f"{path}.{name}" if path else name
            given = value.get(name, _MISSING)
            if given is None and not each.required and not each.shape.nullable:
                given = _MISSING
            if given is _MISSING:
                if each.required:
                    problems.append(f"{inner}: is missing")
                continue
            try:
                values[name] = each.shape.read(given, inner, lax=lax)
            except Mismatch as mismatch:
                problems.append(str(mismatch))
        problems += [
            f"{path}.{name}: is not known" if path else f"{name}: is not known"
            for name in value
            if name not in self._properties
        ]
        if problems:
            raise Mismatch("", "; ".join(problems))
        try:
            return self._build(values)
        except (TypeError, ValueError) as error:  # the class's own checks
            raise Mismatch(path, str(error)) from error


class _Self(Shape):
    """A record within itself."""

    expected = "an object"

    def __init__(self, record: Record) -> None:
        self._record = record

    @override
    def schema(self, definitions: Definitions) -> JsonSchema:
        return self._record.schema(definitions)

    @override
    def read(self, value: Any, path: str, *, lax: bool) -> Any:
        return self._record.read(value, path, lax=lax)


# ---------------------------------------------------------------------------- from Python types

_SINGLE: Mapping[Any, Callable[[], Shape]] = {
    Any: _Anything,
    object: _Anything,
    None: _Null,
    type(None): _Null,
    str: _Text,
    bool: _Truth,
    int: _Whole,
    float: _Number,
    dt.datetime: lambda: _Moment(
        "date-time", dt.datetime.fromisoformat, "a date and time like 2030-01-31T18:00:00"
    ),
    dt.date: lambda: _Moment("date", dt.date.fromisoformat, "a date like 2030-01-31"),
    dt.time: lambda: _Moment("time", dt.time.fromisoformat, "a time like 18:00:00"),
}

_SERIES: Mapping[Any, Callable[[list[Any]], Any]] = {
    list: list,
    tuple: tuple,
    set: set,
    frozenset: frozenset,
    abc.Sequence: list,
    abc.MutableSequence: list,
    abc.Collection: list,
    abc.Iterable: list,
    abc.Set: set,
}

_TABLES = frozenset({dict, abc.Mapping, abc.MutableMapping})


class Shapes:
    """Finds the shape of a Python type.

    Args:
        describe: Gives the descriptions of a class's attributes by their names.
    """

    def __init__(self, describe: Callable[[type], Mapping[str, str]]) -> None:
        self._describe = describe
        self._open: dict[type, Record] = {}

    def of(self, hint: Any, place: str) -> Shape:
        """Find the shape of a type.

        Args:
            hint: The type, evaluated.
            place: Whose type it is, for the message.

        Raises:
            UserError: A model cannot be asked for such a value.
        """
        hint, _ = unwrapped(hint)
        if isinstance(hint, abc.Hashable) and hint in _SINGLE:
            return _SINGLE[hint]()
        origin, arguments = typing.get_origin(hint) or hint, typing.get_args(hint)
        shape: Shape | None = None
        if origin is Literal:
            shape = _Choice([(_plain(value), value) for value in arguments])
        elif origin in (Union, types.UnionType):
            shape = _Alternatives([self.of(each, place) for each in arguments])
        elif origin in _SERIES:
            shape = self._series(origin, arguments, place)
        elif origin in _TABLES:
            shape = self._table(arguments, place)
        elif isinstance(origin, type):
            shape = self._class(origin, place)
        if shape is not None:
            return shape
        raise UserError(
            f"{place} is of the type {_type_name(hint)}, for which a model cannot be asked. Use "
            "str, int, float, bool, a list, a dict, a Literal, an Enum, a TypedDict or a dataclass."
        )

    def _class(self, cls: type, place: str) -> Shape | None:
        if issubclass(cls, enum.Enum):
            return _choice_of(cls, place)
        if dataclasses.is_dataclass(cls):
            return self._record(cls, _dataclass_properties, lambda values: cls(**values))
        if issubclass(cls, dict) and hasattr(cls, "__total__"):
            return self._record(cls, _typed_dict_properties, lambda values: values)
        return None

    def _series(self, origin: Any, arguments: tuple[Any, ...], place: str) -> Shape:
        if origin is tuple and arguments:
            if len(arguments) != 2 or arguments[1] is not Ellipsis:  # noqa: PLR2004 - (T, ...)
                raise UserError(f"{place} is a tuple of a fixed length; use a dataclass instead.")
            arguments = arguments[:1]
        part = self.of(arguments[0], place) if arguments else _Anything()
        return _Series(part, _SERIES[origin])

    def _table(self, arguments: tuple[Any, ...], place: str) -> Shape:
        if not arguments:
            return _Table(_Anything())
        key, value = arguments
        if key not in (str, Any):
            raise UserError(f"{place} is a dict whose keys are not text; JSON has no other keys.")
        return _Table(self.of(value, place))

    def _record(
        self,
        cls: type,
        properties: Callable[[type, Mapping[str, Any]], list[tuple[str, Any, Any, bool]]],
        build: Callable[[dict[str, Any]], Any],
    ) -> Shape:
        if cls in self._open:
            self._open[cls].recursive = True
            return _Self(self._open[cls])
        record = self._open[cls] = Record(cls.__name__, build)
        try:
            hints = evaluated_hints(cls, cls.__qualname__)
            documented = self._describe(cls)
            record.fill(
                [
                    Property(
                        name,
                        self.of(hint, f"{cls.__qualname__}.{name}"),
                        unwrapped(hint)[1] or documented.get(name, ""),
                        required,
                        default,
                    )
                    for name, hint, default, required in properties(cls, hints)
                ]
            )
        finally:
            del self._open[cls]
        return record


class Parameters:
    """The arguments that a model is asked for.

    Args:
        properties: What the arguments are.
        strict: Whether to use strict mode where it can describe them.

    Attributes:
        schema: JSON Schema of an object.
        strict: Whether the schema is one that strict mode takes.
    """

    def __init__(self, properties: Sequence[Property], *, strict: bool) -> None:
        self._record = Record("Arguments", lambda values: values)
        self._record.fill(properties)
        self.strict = strict and self._record.strict
        definitions = Definitions(self.strict)
        self.schema = self._record.schema(definitions)
        if definitions.schemas:
            self.schema["$defs"] = definitions.schemas

    def read(self, arguments: str) -> dict[str, Any]:
        """Check and convert what a model wrote; what it left out is left out.

        Raises:
            ToolError: It cannot be used; the message says what is wrong with each argument.
        """
        try:
            # Servers send nothing at all for a tool without parameters.
            value = json.loads(arguments, parse_constant=_refuse) if arguments.strip() else {}
        except (ValueError, RecursionError) as error:
            raise ToolError(f"The arguments are not valid JSON: {error}.") from error
        try:
            values: dict[str, Any] = self._record.read(value, "", lax=True)
        except Mismatch as mismatch:
            raise ToolError(f"The arguments do not fit: {mismatch}.") from mismatch
        return values


def evaluated_hints(
    of: Any, name: str, globalns: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Give annotations as types.

    Args:
        of: A class, or anything that has `__annotations__`.
        name: What it is called, for the message.
        globalns: Where names are looked up; the class's own module if None.

    Raises:
        UserError: An annotation names what cannot be found.
    """
    try:
        return typing.get_type_hints(
            of, None if globalns is None else dict(globalns), include_extras=True
        )
    except (NameError, TypeError) as error:
        raise UserError(
            f"The annotations of {name} cannot be evaluated: {error}. What they name must be "
            "importable in its module when the program runs."
        ) from error


def unwrapped(hint: Any) -> tuple[Any, str]:
    """Take off what stands around a type (`Annotated`, `NotRequired`, a `NewType`, an alias).

    Returns:
        The type, and the first text that an `Annotated` carries, or ''.
    """
    note = ""
    while True:
        if hasattr(hint, "__metadata__"):
            texts = [each for each in hint.__metadata__ if isinstance(each, str)]
            note = note or (texts[0] if texts else "")
            hint = hint.__origin__
        elif _qualifier(hint) is not None:
            hint = typing.get_args(hint)[0]
        elif isinstance(hint, typing.NewType):
            hint = hint.__supertype__
        elif hasattr(hint, "__value__"):
            hint = hint.__value__
        else:
            return hint, note


def _qualifier(hint: Any) -> str | None:
    name = getattr(typing.get_origin(hint), "_name", None)
    return name if name in ("Required", "NotRequired", "ReadOnly") else None


def _dataclass_properties(cls: type, hints: Mapping[str, Any]) -> list[tuple[str, Any, Any, bool]]:
    properties = []
    for each in dataclasses.fields(cls):
        if each.init:
            default = _MISSING if each.default is dataclasses.MISSING else each.default
            required = default is _MISSING and each.default_factory is dataclasses.MISSING
            properties.append((each.name, hints[each.name], default, required))
    return properties


def _typed_dict_properties(cls: type, hints: Mapping[str, Any]) -> list[tuple[str, Any, Any, bool]]:
    usual: frozenset[str] = cls.__required_keys__  # type: ignore[attr-defined]  # a TypedDict
    properties = []
    for name, hint in hints.items():
        # With postponed annotations the class itself does not see the qualifiers.
        qualifiers = set()
        inner = hint
        while (qualifier := _qualifier(inner)) or hasattr(inner, "__metadata__"):
            qualifiers.add(qualifier)
            inner = typing.get_args(inner)[0]
        required = (name in usual or "Required" in qualifiers) and "NotRequired" not in qualifiers
        properties.append((name, hint, _MISSING, required))
    return properties


def _choice_of(cls: type[enum.Enum], place: str) -> Shape:
    options = [(_plain(member), member) for member in cls]
    if not options or any(_kind_of(value) == "" for value, _ in options):
        raise UserError(f"{place}: the values of {cls.__qualname__} are not texts or numbers.")
    return _Choice(options)


def _plain(value: Any) -> Any:
    """Give the value that stands for a member of an Enum on the wire."""
    if not isinstance(value, enum.Enum):
        return value
    # The value of a member that is itself a text or number may be of a subclass.
    for kind in (bool, int, float, str):
        if isinstance(value.value, kind):
            return kind(value.value)
    return value.value


def _kind_of(value: Any) -> str:
    if value is None:
        return "null"
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string"}
    return kinds.get(type(value), "")


def _any_of(schemas: Sequence[JsonSchema]) -> JsonSchema:
    flat: list[JsonSchema] = []
    for schema in schemas:
        for each in schema["anyOf"] if set(schema) == {"anyOf"} else [schema]:
            if each not in flat:
                flat.append(each)
    return flat[0] if len(flat) == 1 else {"anyOf": flat}


def _type_name(hint: Any) -> str:
    return hint.__qualname__ if isinstance(hint, type) else str(hint)


def _quoted(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _QUOTED else f"{text[:_QUOTED]}..."


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")
