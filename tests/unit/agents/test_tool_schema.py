"""The schemas of tools, and what is read back from the JSON of a model."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import json
import math
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, NewType, NotRequired, Optional, TypedDict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typing_extensions import TypeAliasType
from typing_extensions import TypedDict as ExtendedTypedDict

from chatelaine.agents.errors import ToolError, UserError
from chatelaine.agents.schema.hints import Shapes
from chatelaine.agents.schema.records import Parameters, Property


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Size(enum.IntEnum):
    SMALL = 1
    LARGE = 2


class Mood(enum.StrEnum):
    GOOD = "good"


@dataclass
class Point:
    """A place on the map.

    Attributes:
        x: To the right.
        y: Upwards.
    """

    x: int
    y: int = 0


@dataclass
class Tree:
    value: int
    children: list[Tree] = field(default_factory=list)


@dataclass
class Positive:
    value: int

    def __post_init__(self) -> None:
        if self.value <= 0:
            raise ValueError("must be positive")


class Query(TypedDict):
    text: str
    limit: NotRequired[int]


class Options(ExtendedTypedDict, total=False):
    deep: bool


Name = NewType("Name", str)


def named(value: Any) -> str:
    return repr(value)[:50]


def shape_of(hint: Any) -> Any:
    return Shapes(lambda _cls: {}).of(hint, "The value")


def parameters(hint: Any, *, strict: bool = True, required: bool = True) -> Parameters:
    return Parameters([Property("value", shape_of(hint), required=required)], strict=strict)


def read(hint: Any, value: Any, **more: Any) -> Any:
    return parameters(hint, **more).read(json.dumps({"value": value}))["value"]


def refusal(hint: Any, value: Any, **more: Any) -> str:
    with pytest.raises(ToolError) as caught:
        read(hint, value, **more)
    return caught.value.message


def described(hint: Any, **more: Any) -> Any:
    return parameters(hint, **more).schema["properties"]["value"]


# ---------------------------------------------------------------------------- descriptions


@pytest.mark.parametrize(
    ("hint", "schema"),
    [
        (str, {"type": "string"}),
        (int, {"type": "integer"}),
        (float, {"type": "number"}),
        (bool, {"type": "boolean"}),
        (None, {"type": "null"}),
        (Any, {}),
        (list[int], {"type": "array", "items": {"type": "integer"}}),
        (list, {"type": "array", "items": {}}),
        (tuple[str, ...], {"type": "array", "items": {"type": "string"}}),
        (set[str], {"type": "array", "items": {"type": "string"}}),
        ("Sequence[int]", {"type": "array", "items": {"type": "integer"}}),
        ("Iterable[int]", {"type": "array", "items": {"type": "integer"}}),
        (dict, {"type": "object", "additionalProperties": True}),
        (dict[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}),
        ("Mapping[str, int]", {"type": "object", "additionalProperties": {"type": "integer"}}),
        (int | None, {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        (Optional[int], {"anyOf": [{"type": "integer"}, {"type": "null"}]}),  # noqa: UP045 - as people write it
        (
            int | list[str] | None,
            {
                "anyOf": [
                    {"type": "integer"},
                    {"type": "array", "items": {"type": "string"}},
                    {"type": "null"},
                ]
            },
        ),
        (Literal["a", "b"], {"type": "string", "enum": ["a", "b"]}),
        (
            Literal["a", 1] | None,
            {
                "anyOf": [
                    {"type": "string", "enum": ["a"]},
                    {"type": "integer", "enum": [1]},
                    {"type": "null"},
                ]
            },
        ),
        (Literal[Colour.RED], {"type": "string", "enum": ["red"]}),
        (
            Literal["a", None],  # noqa: PYI061 - as people write it
            {"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "null", "enum": [None]}]},
        ),
        (TypeAliasType("Names", list[str]), {"type": "array", "items": {"type": "string"}}),
        (Colour, {"type": "string", "enum": ["red", "blue"]}),
        (Size, {"type": "integer", "enum": [1, 2]}),
        (Mood, {"type": "string", "enum": ["good"]}),
        (Name, {"type": "string"}),
        (Annotated[int, "of what?"], {"type": "integer"}),
        (dt.date, {"type": "string", "format": "date"}),
        (dt.datetime, {"type": "string", "format": "date-time"}),
        (dt.time, {"type": "string", "format": "time"}),
    ],
    ids=named,
)
def test_how_a_type_is_described(hint: Any, schema: dict[str, Any]) -> None:
    if isinstance(hint, str):
        from collections import abc

        hint = eval(hint, vars(abc))  # noqa: S307 - one of the texts above
    assert described(hint) == schema


def test_a_dataclass_is_a_closed_object_with_its_words() -> None:
    shapes = Shapes(lambda _cls: {"x": "To the right."})
    made = Parameters([Property("at", shapes.of(Point, "at"))], strict=False)
    assert made.schema["properties"]["at"] == {
        "type": "object",
        "properties": {
            "x": {"type": "integer", "description": "To the right."},
            "y": {"type": "integer", "default": 0},
        },
        "required": ["x"],
        "additionalProperties": False,
    }


def test_a_typed_dict_knows_what_may_be_missing() -> None:
    assert described(Query, strict=False)["required"] == ["text"]
    assert described(Options, strict=False)["required"] == []
    assert read(Query, {"text": "a"}) == {"text": "a"}
    assert read(Query, {"text": "a", "limit": None}) == {"text": "a"}
    assert read(Options, {}) == {}


def test_in_strict_mode_everything_is_required_and_what_was_optional_may_be_null() -> None:
    assert described(Point) == {
        "type": "object",
        "properties": {
            "x": {"type": "integer"},
            "y": {
                "anyOf": [{"type": "integer"}, {"type": "null"}],
                "description": "(default: 0)",
            },
        },
        "required": ["x", "y"],
        "additionalProperties": False,
    }


@pytest.mark.parametrize(
    "hint", [dict, dict[str, int], Any, list[Any], list[dict[str, str]]], ids=named
)
def test_what_strict_mode_cannot_say_is_said_without_it(hint: Any) -> None:
    assert not parameters(hint).strict
    assert parameters(str).strict
    assert not parameters(str, strict=False).strict


def test_a_type_that_contains_itself_is_named() -> None:
    made = parameters(Tree)
    assert made.schema["properties"]["value"] == {"$ref": "#/$defs/Tree"}
    tree = made.schema["$defs"]["Tree"]
    assert tree["properties"]["children"]["anyOf"][0] == {
        "type": "array",
        "items": {"$ref": "#/$defs/Tree"},
    }
    assert made.strict
    value = {"value": 1, "children": [{"value": 2, "children": None}, {"value": 3}]}
    assert read(Tree, value) == Tree(1, [Tree(2), Tree(3)])
    assert "value.children[0].value: expected a whole number" in refusal(
        Tree, {"value": 1, "children": [{"value": "x"}]}
    )


def test_two_types_with_one_name_are_kept_apart() -> None:
    other = dataclasses.make_dataclass("Tree", [("label", str)])
    other.__annotations__["child"] = other
    other = dataclass(other)
    made = Parameters(
        [Property("one", shape_of(Tree)), Property("two", shape_of(other))], strict=False
    )
    assert set(made.schema["$defs"]) == {"Tree", "Tree_"}
    assert made.schema["properties"]["two"] == {"$ref": "#/$defs/Tree_"}


def test_nothing_stands_beside_a_reference() -> None:
    made = Parameters([Property("value", shape_of(Tree), "The root.")], strict=True)
    assert made.schema["properties"]["value"] == {
        "anyOf": [{"$ref": "#/$defs/Tree"}],
        "description": "The root.",
    }


def test_a_default_that_is_no_json_is_not_mentioned() -> None:
    made = Parameters(
        [Property("value", shape_of(str), required=False, default=object())], strict=False
    )
    assert made.schema["properties"]["value"] == {"type": "string"}


class Odd(enum.Enum):
    THING = object()


@pytest.mark.parametrize(
    ("hint", "problem"),
    [
        (bytes, "of the type bytes"),
        (complex, "of the type complex"),
        (object(), "of the type <object"),
        (tuple[int, str], "fixed length"),
        (dict[int, str], "keys are not text"),
        (list[bytes], "of the type bytes"),
        (Odd, "values of Odd"),
    ],
    ids=named,
)
def test_a_type_that_no_model_can_be_asked_for_is_refused(hint: Any, problem: str) -> None:
    with pytest.raises(UserError, match=f"The value.*{problem}"):
        shape_of(hint)


# ---------------------------------------------------------------------------- reading


@pytest.mark.parametrize(
    ("hint", "value", "expected"),
    [
        (str, "text", "text"),
        (int, 5, 5),
        (int, 5.0, 5),
        (int, "5", 5),
        (int, " -5 ", -5),
        (float, 5, 5.0),
        (float, "2.5", 2.5),
        (bool, True, True),
        (bool, "False", False),
        (int | str, "5", "5"),
        (str | int, 5, 5),
        (float | int, 5, 5),
        (int | float, 5.5, 5.5),
        (int | None, None, None),
        (int | None, "5", 5),
        (bool | int, 1, 1),
        (Literal["a", 1], 1, 1),
        (Literal[Colour.RED], "red", Colour.RED),
        (Colour, "blue", Colour.BLUE),
        (Size, 2, Size.LARGE),
        (Mood, "good", Mood.GOOD),
        (Any, {"a": [1, None]}, {"a": [1, None]}),
        (list[int], [1, "2", 3.0], [1, 2, 3]),
        (tuple[int, ...], [1, 2], (1, 2)),
        (set[int], [1, 1], {1}),
        (frozenset[str], ["a"], frozenset({"a"})),
        (dict[str, float], {"a": 1}, {"a": 1.0}),
        (Point, {"x": 1}, Point(1, 0)),
        (Point, {"x": 1, "y": None}, Point(1, 0)),
        (list[Point], [{"x": 1, "y": 2}], [Point(1, 2)]),
        (Point | None, None, None),
        (dt.date, "2030-01-31", dt.date(2030, 1, 31)),
        (
            dt.datetime,
            "2030-01-31T18:00:00+02:00",
            dt.datetime.fromisoformat("2030-01-31T18:00+02:00"),
        ),
        (dt.time, "18:00", dt.time(18)),
        (Name, "x", "x"),
        (Annotated[int, "what"], 1, 1),
    ],
    ids=named,
)
def test_what_is_read(hint: Any, value: Any, expected: Any) -> None:
    found = read(hint, value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("hint", "value", "message"),
    [
        (str, 5, "value: expected a text, got 5"),
        (str, None, "value: expected a text, got null"),
        (int, "many", 'value: expected a whole number, got "many"'),
        (int, True, "value: expected a whole number, got true"),
        (int, 1.5, "value: expected a whole number, got 1.5"),
        (int, "9" * 5000, "value: expected a whole number"),
        (float, "inf", 'value: expected a number, got "inf"'),
        (float, False, "value: expected a number, got false"),
        (float, 10**400, "value: expected a number"),
        (bool, 1, "value: expected true or false, got 1"),
        (bool, "yes", 'value: expected true or false, got "yes"'),
        (int | None, "x", 'value: expected a whole number or null, got "x"'),
        (Literal["a", "b"], "c", 'value: expected "a" or "b", got "c"'),
        (Literal[1], True, "value: expected 1, got true"),
        (Colour, "RED", 'value: expected "red" or "blue", got "RED"'),
        (list[int], "5", 'value: expected a list, got "5"'),
        (list[int], [1, "x"], 'value[1]: expected a whole number, got "x"'),
        (set[dict[str, int]], [{}], "value: unhashable type"),
        (dict[str, int], [], "value: expected an object, got []"),
        (dict[str, int], {"a": "x"}, 'value.a: expected a whole number, got "x"'),
        (Point, {"y": "x"}, 'value.x: is missing; value.y: expected a whole number, got "x"'),
        (Point, {"x": 1, "z": 2}, "value.z: is not known"),
        (Point, [], "value: expected an object, got []"),
        (Point | None, {"x": "a"}, 'value.x: expected a whole number, got "a"'),
        (Positive, {"value": -1}, "value: must be positive"),
        (dt.date, "tomorrow", "value: expected a date like 2030-01-31"),
        (dt.date, 5, "value: expected a date like 2030-01-31"),
        (str, "x" * 100, None),
        (list[int], "x" * 100, "..."),
    ],
    ids=named,
)
def test_what_is_refused_says_where_and_why(hint: Any, value: Any, message: str | None) -> None:
    if message is None:
        assert read(hint, value) == value
    else:
        assert message in refusal(hint, value)


def test_all_that_is_wrong_is_said_at_once() -> None:
    made = Parameters([Property("one", shape_of(int)), Property("two", shape_of(str))], strict=True)
    with pytest.raises(ToolError) as caught:
        made.read('{"two": 2, "three": 3}')
    assert caught.value.message == (
        "The arguments do not fit: one: is missing; two: expected a text, got 2; "
        "three: is not known."
    )


def test_what_may_be_missing_is_left_to_the_default() -> None:
    made = parameters(int, required=False)
    assert made.read("{}") == {}
    assert made.read("") == {}
    assert made.read('{"value": null}') == {}
    assert parameters(int | None, required=False).read('{"value": null}') == {"value": None}


@pytest.mark.parametrize(
    "text", ["{", "[1", "nonsense", '{"value": NaN}', '{"value": -Infinity}', "[" * 100_000]
)
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ToolError, match="not valid JSON"):
        parameters(float).read(text)


@pytest.mark.parametrize("text", ["[]", "5", '"text"', "null"])
def test_arguments_that_are_no_object_are_refused(text: str) -> None:
    with pytest.raises(ToolError, match="expected an object"):
        parameters(str, required=False).read(text)


# ---------------------------------------------------------------------------- any type at all

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)

finite = st.floats(allow_nan=False, allow_infinity=False)
singles: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (str, st.text()),
    (int, st.integers()),
    (float, finite),
    (bool, st.booleans()),
    (Colour, st.sampled_from([each.value for each in Colour])),
    (Size, st.sampled_from([1, 2])),
    (Literal["a", 1, True], st.sampled_from(["a", 1, True])),
    (Any, json_values),
]
Typed = tuple[Any, st.SearchStrategy[Any]]

patiently = settings(suppress_health_check=[HealthCheck.too_slow])
"""Making types takes its time on a busy machine."""


def records(parts: list[Typed]) -> st.SearchStrategy[Typed]:
    names = [f"field_{number}" for number in range(len(parts))]
    hints = [(name, hint) for name, (hint, _) in zip(names, parts, strict=True)]
    values = st.fixed_dictionaries(
        {name: value for name, (_, value) in zip(names, parts, strict=True)}
    )
    return st.sampled_from(
        [
            (dataclasses.make_dataclass("Made", hints), values),
            (TypedDict("Made", dict(hints)), values),  # type: ignore[operator]  # made on the fly
        ]
    )


def list_of(part: Typed) -> Typed:
    hint, values = part
    return list.__class_getitem__(hint), st.lists(values, max_size=3)


def table_of(part: Typed) -> Typed:
    hint, values = part
    return dict.__class_getitem__((str, hint)), st.dictionaries(st.text(), values, max_size=3)


def either(parts: tuple[Typed, Typed]) -> Typed:
    (one, its_values), (other, other_values) = parts
    # A union with Any is Any.
    if Any in (one, other):
        return Any, json_values
    return one | other, its_values | other_values


typed: st.SearchStrategy[Typed] = st.recursive(
    st.sampled_from(singles),
    lambda inner: st.one_of(
        inner.map(list_of),
        inner.map(table_of),
        st.tuples(inner, inner | st.just((None, st.none()))).map(either),
        st.lists(inner, min_size=1, max_size=3).flatmap(records),
    ),
    max_leaves=5,
)


def as_json(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: as_json(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, dict):
        return {key: as_json(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [as_json(each) for each in value]
    return value


def fits(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> bool:
    """Check a value against the part of JSON Schema that is used."""
    if "$ref" in schema:
        return fits(value, root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    if "anyOf" in schema:
        return any(fits(value, each, root) for each in schema["anyOf"])
    options = schema.get("enum", [value])
    fitting = any(type(each) is type(value) and each == value for each in options)
    match schema.get("type"):
        case "string":
            fitting &= isinstance(value, str)
        case "integer":
            fitting &= isinstance(value, int) and not isinstance(value, bool)
        case "number":
            fitting &= isinstance(value, (int, float)) and not isinstance(value, bool)
        case "boolean":
            fitting &= isinstance(value, bool)
        case "null":
            fitting &= value is None
        case "array":
            fitting &= isinstance(value, list)
            fitting = fitting and all(fits(each, schema["items"], root) for each in value)
        case "object":
            fitting &= isinstance(value, dict) and set(schema.get("required", ())) <= set(value)
            fitting = fitting and all(
                fits_property(name, each, schema, root) for name, each in value.items()
            )
        case _:
            pass
    return fitting


def fits_property(name: str, value: Any, schema: dict[str, Any], root: dict[str, Any]) -> bool:
    inner = schema.get("properties", {}).get(name, schema["additionalProperties"])
    return inner if isinstance(inner, bool) else fits(value, inner, root)


def objects_in(schema: Any) -> list[dict[str, Any]]:
    if isinstance(schema, list):
        return [found for each in schema for found in objects_in(each)]
    if not isinstance(schema, dict):
        return []
    inner = [found for each in schema.values() for found in objects_in(each)]
    return [schema, *inner] if schema.get("type") == "object" else inner


@patiently
@given(typed, st.booleans(), st.data())
def test_any_value_of_any_type_fits_its_schema_and_is_read_back(
    each: Typed, strict: bool, data: Any
) -> None:
    hint, values = each
    made = parameters(hint, strict=strict)
    value = data.draw(values)
    assert fits({"value": value}, made.schema, made.schema)
    found = made.read(json.dumps({"value": value}))["value"]
    assert as_json(found) == value
    assert repr(as_json(found)).count("True") == repr(value).count("True")


@patiently
@given(typed)
def test_strict_schemas_are_closed_and_require_everything(each: Typed) -> None:
    made = parameters(each[0], required=False)
    json.dumps(made.schema, allow_nan=False)
    if made.strict:
        for found in objects_in(made.schema):
            assert found["additionalProperties"] is False
            assert found["required"] == list(found["properties"])


def words_of(made: Parameters, text: str) -> str:
    try:
        made.read(text)
    except ToolError as error:
        return error.message
    return "read"


@patiently
@given(typed, json_values)
def test_whatever_a_model_writes_is_read_or_refused_in_words(each: Typed, value: Any) -> None:
    assert words_of(parameters(each[0]), json.dumps({"value": value})).startswith(
        ("read", "The arguments do not fit: value")
    )


@patiently
@given(typed, st.text())
def test_any_text_at_all_is_read_or_refused_in_words(each: Typed, text: str) -> None:
    assert words_of(parameters(each[0]), text).startswith(("read", "The arguments "))


def test_numbers_that_are_none_are_never_read() -> None:
    for text in ("NaN", "Infinity", '"nan"', '"1e999"'):
        try:
            value = parameters(float).read(f'{{"value": {text}}}')["value"]
        except ToolError:
            continue
        assert math.isfinite(value)
