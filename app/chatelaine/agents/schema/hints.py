"""From Python types to shapes."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import types
import typing
from collections import abc
from typing import TYPE_CHECKING, Any, Literal, Union

from chatelaine.agents.errors import UserError
from chatelaine.agents.schema import shapes
from chatelaine.agents.schema.records import MISSING, Property, Record, Within

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chatelaine.agents.schema.shapes import Shape

_SINGLE: Mapping[Any, Callable[[], Shape]] = {
    Any: shapes.Anything,
    object: shapes.Anything,
    None: shapes.Null,
    type(None): shapes.Null,
    str: shapes.Text,
    bool: shapes.Truth,
    int: shapes.Whole,
    float: shapes.Number,
    dt.datetime: lambda: shapes.Moment(
        "date-time", dt.datetime.fromisoformat, "a date and time like 2030-01-31T18:00:00"
    ),
    dt.date: lambda: shapes.Moment("date", dt.date.fromisoformat, "a date like 2030-01-31"),
    dt.time: lambda: shapes.Moment("time", dt.time.fromisoformat, "a time like 18:00:00"),
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
            shape = shapes.Choice([(_plain(value), value) for value in arguments])
        elif origin in (Union, types.UnionType):
            shape = shapes.Alternatives([self.of(each, place) for each in arguments])
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
        part = self.of(arguments[0], place) if arguments else shapes.Anything()
        return shapes.Series(part, _SERIES[origin])

    def _table(self, arguments: tuple[Any, ...], place: str) -> Shape:
        if not arguments:
            return shapes.Table(shapes.Anything())
        key, value = arguments
        if key not in (str, Any):
            raise UserError(f"{place} is a dict whose keys are not text; JSON has no other keys.")
        return shapes.Table(self.of(value, place))

    def _record(
        self,
        cls: type,
        properties: Callable[[type, Mapping[str, Any]], list[tuple[str, Any, Any, bool]]],
        build: Callable[[dict[str, Any]], Any],
    ) -> Shape:
        if cls in self._open:
            self._open[cls].recursive = True
            return Within(self._open[cls])
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
            default = MISSING if each.default is dataclasses.MISSING else each.default
            required = default is MISSING and each.default_factory is dataclasses.MISSING
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
        properties.append((name, hint, MISSING, required))
    return properties


def _choice_of(cls: type[enum.Enum], place: str) -> Shape:
    options = [(_plain(member), member) for member in cls]
    if not options or any(shapes.json_type_of(value) == "" for value, _ in options):
        raise UserError(f"{place}: the values of {cls.__qualname__} are not texts or numbers.")
    return shapes.Choice(options)


def _plain(value: Any) -> Any:
    """Give the value that stands for a member of an Enum on the wire."""
    if not isinstance(value, enum.Enum):
        return value
    # The value of a member that is itself a text or number may be of a subclass.
    for kind in (bool, int, float, str):
        if isinstance(value.value, kind):
            return kind(value.value)
    return value.value


def _type_name(hint: Any) -> str:
    return hint.__qualname__ if isinstance(hint, type) else str(hint)
