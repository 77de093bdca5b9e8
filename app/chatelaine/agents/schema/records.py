"""Objects with named properties: dataclasses, TypedDicts, and the arguments of a tool.

What is optional in Python may be null where strict mode requires every property; null is then read
as if nothing had been said.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from chatelaine.agents.errors import ToolError
from chatelaine.agents.schema.shapes import Definitions, JsonSchema, Mismatch, Shape, any_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MISSING: Any = object()
"""Stands for a default that there is not."""


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
    default: Any = MISSING

    def schema(self, definitions: Definitions) -> JsonSchema:
        """Describe it, within its object."""
        schema = self.shape.schema(definitions)
        note = self.description
        if not self.required and definitions.strict and not self.shape.nullable:
            schema = any_of([schema, {"type": "null"}])
        if self.default is not MISSING and self.default is not None:
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
            given = value.get(name, MISSING)
            if given is None and not each.required and not each.shape.nullable:
                given = MISSING
            if given is MISSING:
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


class Within(Shape):
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


class Parameters:
    """The arguments that a model is asked for.

    Args:
        properties: What the arguments are; or the record that they are to make.
        strict: Whether to use strict mode where it can describe them.

    Attributes:
        schema: JSON Schema of an object.
        strict: Whether the schema is one that strict mode takes.
    """

    def __init__(self, properties: Sequence[Property] | Record, *, strict: bool) -> None:
        if isinstance(properties, Record):
            self._record = properties
        else:
            self._record = Record("Arguments", lambda values: values)
            self._record.fill(properties)
        self.strict = strict and self._record.strict
        definitions = Definitions(self.strict)
        # Described in full, also where it has itself: what is asked for is an object.
        self.schema = self._record.closed_object(definitions)
        if definitions.schemas:
            self.schema["$defs"] = definitions.schemas

    def read(self, arguments: str) -> Any:
        """Check and convert what a model wrote; what it left out is left out.

        Returns:
            The values by their names; or what the record makes of them.

        Raises:
            ToolError: It cannot be used; the message says what is wrong with each argument.
        """
        try:
            # Servers send nothing at all for a tool without parameters.
            value = json.loads(arguments, parse_constant=_refuse) if arguments.strip() else {}
        except (ValueError, RecursionError) as error:
            raise ToolError(f"The arguments are not valid JSON: {error}.") from error
        try:
            return self._record.read(value, "", lax=True)
        except Mismatch as mismatch:
            raise ToolError(f"The arguments do not fit: {mismatch}.") from mismatch


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")
