"""Shapes: what a value looks like, described to a model, and read back from what it wrote.

Reading is patient with what models get slightly wrong (5.0 or "5" for a whole number) and precise
about everything else, because the message goes back to the model, which then tries again.

Strict mode is the part of JSON Schema to which a server can hold a model: every object closed,
every property required.
"""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

JsonSchema = dict[str, Any]

_QUOTED = 60
"""Characters of a wrong value that are repeated in a message."""


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
        return Mismatch(path, f"expected {self.expected}, got {quoted(value)}")


# ---------------------------------------------------------------------------- single values


class Anything(Shape):
    """Any value of JSON."""

    expected = "any value"
    nullable = True
    strict = False

    @override
    def schema(self, definitions: Definitions) -> JsonSchema:
        return {}

    @override
    def read(self, value: Any, path: str, *, lax: bool) -> Any:
        return value


class Null(Shape):
    """Nothing, and nothing else."""

    expected = "null"
    nullable = True

    @override
    def schema(self, definitions: Definitions) -> JsonSchema:
        return {"type": "null"}

    @override
    def read(self, value: Any, path: str, *, lax: bool) -> Any:
        if value is not None:
            raise self.wrong(value, path)


class Text(Shape):
    """A str."""

    expected = "a text"

    @override
    def schema(self, definitions: Definitions) -> JsonSchema:
        return {"type": "string"}

    @override
    def read(self, value: Any, path: str, *, lax: bool) -> Any:
        if not isinstance(value, str):
            raise self.wrong(value, path)
        return value


class Truth(Shape):
    """A bool."""

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


class Whole(Shape):
    """An int."""

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


class Number(Shape):
    """A float."""

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
class Moment(Shape):
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


class Choice(Shape):
    """One of some fixed values: a Literal, or an Enum by its values."""

    def __init__(self, options: Sequence[tuple[Any, Any]]) -> None:
        self._options = options
        self.expected = " or ".join(quoted(value) for value, _ in options)
        self.nullable = any(value is None for value, _ in options)

    @override
    def schema(self, definitions: Definitions) -> JsonSchema:
        kinds: dict[str, list[Any]] = {}
        for value, _ in self._options:
            kinds.setdefault(json_type_of(value), []).append(value)
        return any_of([{"type": kind, "enum": values} for kind, values in kinds.items()])

    @override
    def read(self, value: Any, path: str, *, lax: bool) -> Any:
        for option, result in self._options:
            # 1 is not True, and 1.0 is not 1.
            if type(option) is type(value) and option == value:
                return result
        raise self.wrong(value, path)


# ---------------------------------------------------------------------------- values of values


class Series(Shape):
    """A list, or what is built of one."""

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


class Table(Shape):
    """A dict with text as keys."""

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


class Alternatives(Shape):
    """A union: the first member that fits."""

    def __init__(self, members: Sequence[Shape]) -> None:
        self._members = members
        self.expected = " or ".join(dict.fromkeys(member.expected for member in members))
        self.nullable = any(member.nullable for member in members)
        self.strict = all(member.strict for member in members)

    @override
    def schema(self, definitions: Definitions) -> JsonSchema:
        return any_of([member.schema(definitions) for member in self._members])

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
            if not isinstance(member, Null)
        ]
        if len(beyond_null) == 1 and isinstance(value, (dict, list)):
            raise beyond_null[0]
        raise self.wrong(value, path)


# ---------------------------------------------------------------------------- words


def json_type_of(value: Any) -> str:
    """Give the type of a single value in JSON Schema; '' where it has none."""
    if value is None:
        return "null"
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string"}
    return kinds.get(type(value), "")


def any_of(schemas: Sequence[JsonSchema]) -> JsonSchema:
    """Describe what is one of several things."""
    flat: list[JsonSchema] = []
    for schema in schemas:
        for each in schema["anyOf"] if set(schema) == {"anyOf"} else [schema]:
            if each not in flat:
                flat.append(each)
    return flat[0] if len(flat) == 1 else {"anyOf": flat}


def quoted(value: Any) -> str:
    """Repeat a value in a message, shortened."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _QUOTED else f"{text[:_QUOTED]}..."
