"""What the Conversations API minds in what it is given, and how it keeps an item.

What may be in an item is read off the types of the openai package
(https://platform.openai.com/docs/api-reference/conversations/create-items).
"""

from __future__ import annotations

import functools
import typing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

MOST_ITEMS = 20
"""Items of one request."""
MOST_PAIRS, LONGEST_KEY, LONGEST_VALUE = 16, 64, 512
"""What metadata may have."""

_PREFIXES = {"message": "msg", "function_call": "fc", "function_call_output": "fco"} | {
    "reasoning": "rs"
}
_PARTS_OF_A_MODEL = {"output_text", "refusal"}
_PARTS_OF_OTHERS = {"input_text", "input_image", "input_file"}
_INCLUDABLE = {
    "reasoning": ("encrypted_content", "reasoning.encrypted_content"),
    "input_image": ("image_url", "message.input_image.image_url"),
    "output_text": ("logprobs", "message.output_text.logprobs"),
}
"""What is given back only to who asks for it."""


@dataclass(frozen=True)
class _Shape:
    """One form that a type of item may have."""

    fields: frozenset[str]
    required: frozenset[str]
    adapter: Any


def fault_in_items(items: Any, taken: frozenset[str]) -> str | None:
    """Tell why items are refused; None where they are not.

    Args:
        items: What was sent as such.
        taken: The ids that items have already.
    """
    if not isinstance(items, list):
        return "Missing required parameter: 'items'."
    if len(items) > MOST_ITEMS:
        return (
            f"Invalid 'items': array too long. Expected an array with maximum length {MOST_ITEMS},"
            f" but got an array with length {len(items)} instead."
        )
    return next(_faults_in_items(items, taken), None)


def fault_in_metadata(metadata: Any) -> str | None:
    """Tell why metadata are refused; None where they are not."""
    if metadata is None:
        return None
    if not isinstance(metadata, dict) or len(metadata) > MOST_PAIRS:
        return f"Invalid 'metadata': an object with at most {MOST_PAIRS} properties is expected."
    for key, value in metadata.items():
        if len(key) > LONGEST_KEY:
            return f"Invalid 'metadata': a key is longer than {LONGEST_KEY}."
        if not isinstance(value, str) or len(value) > LONGEST_VALUE:
            return f"Invalid 'metadata.{key}': a string of at most {LONGEST_VALUE} is expected."
    return None


def kept(item: Mapping[str, Any], number: int) -> dict[str, Any]:
    """Write down an item as the API keeps it: with an id, a status, and all parts as such.

    Args:
        item: One that is not refused.
        number: What no other item has.
    """
    kind = _kind(item)
    made = {"type": kind, **item}
    keeps_its_id = kind == "reasoning" or any("id" in shape.required for shape in _shapes()[kind])
    if kind == "message" or not keeps_its_id or not item.get("id"):
        made["id"] = f"{_PREFIXES.get(kind, kind)}_{number:032x}"
    if any("status" in shape.fields for shape in _shapes()[kind]) and kind != "reasoning":
        made["status"] = item.get("status") or "completed"
    if kind == "message":
        made["content"] = _parts(item)
    return made


def shown(item: Mapping[str, Any], include: Sequence[str]) -> dict[str, Any]:
    """Give an item as it is handed out, with what was asked for."""
    made = _stripped(item, include)
    if made["type"] == "message":
        made["content"] = [_stripped(part, include) for part in made["content"]]
    return made


def _stripped(thing: Mapping[str, Any], include: Sequence[str]) -> dict[str, Any]:
    field, name = _INCLUDABLE.get(thing["type"], ("", ""))
    return {key: value for key, value in thing.items() if key != field or name in include}


def _parts(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    content = item["content"]
    if isinstance(content, str):
        kind = "output_text" if item["role"] == "assistant" else "input_text"
        content = [{"type": kind, "text": content}]
    made = []
    for part in content:
        match part["type"]:
            case "output_text":
                made.append({"annotations": [], "logprobs": [], **part})
            case "input_image":
                made.append({"detail": "auto", "file_id": None, "image_url": None, **part})
            case _:
                made.append(dict(part))
    return made


def _kind(item: Mapping[str, Any]) -> str:
    return str(item.get("type", "message" if "role" in item else None))


def _faults_in_items(items: Sequence[Any], taken: frozenset[str]) -> Iterator[str]:
    for place, item in enumerate(items):
        if not isinstance(item, dict):
            yield f"Invalid type for 'items[{place}]': expected an object."
            return
        yield from _faults_in_item(item, f"items[{place}]")
        others = {other.get("id") for other in items[:place] if isinstance(other, dict)}
        if item.get("id") is not None and (item["id"] in taken or item["id"] in others):
            yield f"Duplicate item found with id {item['id']}."


def _faults_in_item(item: Mapping[str, Any], where: str) -> Iterator[str]:
    kind = _kind(item)
    shapes = _shapes().get(kind)
    if shapes is None:
        yield f"Invalid value: '{kind}'. Supported values are known types of items."
        return
    unknown = [item.keys() - shape.fields for shape in shapes]
    if all(unknown):
        yield f"Unknown parameter: '{where}.{min(unknown[0])}'."
    missing = [shape.required - item.keys() for shape in shapes]
    if _needs_no_id(item):
        missing = [names - {"id"} for names in missing]
    if all(missing):
        yield f"Missing required parameter: '{where}.{min(missing[0])}'."
        return
    prefix = _PREFIXES.get(kind)
    given = item.get("id")
    if given is not None and prefix and not str(given).startswith(f"{prefix}_"):
        yield f"Invalid '{where}.id': '{given}'. Expected an ID that begins with '{prefix}'."
    if not _can_be_stored(item):
        yield f"Invalid '{where}': it has characters that cannot be stored."
    elif not any(_fits(shape, item) for shape in shapes):
        yield f"Invalid '{where}': a value is not of the type that is expected."
    elif kind == "message":
        yield from _faults_in_content(item, where)


def _faults_in_content(item: Mapping[str, Any], where: str) -> Iterator[str]:
    content = item["content"]
    if not content:
        yield f"Invalid '{where}.content': there is nothing in it."
    known = _PARTS_OF_A_MODEL if item["role"] == "assistant" else _PARTS_OF_OTHERS
    for part in content if isinstance(content, list) else ():
        if part.get("type") not in known:
            yield f"Invalid value: '{part.get('type')}'. Supported values are {sorted(known)}."


def _needs_no_id(item: Mapping[str, Any]) -> bool:
    """Tell whether an item is taken without an id, whatever the types say."""
    return _kind(item) == "message" or bool(item.get("encrypted_content"))


def _can_be_stored(value: Any) -> bool:
    """Tell whether no text has NUL or half a character."""
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= each <= "\udfff" for each in value)
    if isinstance(value, dict):
        return all(map(_can_be_stored, value.values()))
    return not isinstance(value, list) or all(map(_can_be_stored, value))


def _fits(shape: _Shape, item: Mapping[str, Any]) -> bool:
    import pydantic

    whole = {"id": "", **item} if _needs_no_id(item) and "id" in shape.required else item
    try:
        shape.adapter.validate_python(whole)
    except pydantic.ValidationError:
        return False
    return item.keys() <= shape.fields and shape.required <= whole.keys()


@functools.cache
def _shapes() -> dict[str, list[_Shape]]:
    # The package is large; most who host the server do not ask for conversations.
    import pydantic
    from openai.types.responses.response_input_item_param import ResponseInputItemParam

    shapes: dict[str, list[_Shape]] = {}
    for form in typing.get_args(ResponseInputItemParam):
        hints = typing.get_type_hints(form, include_extras=True)
        required = {
            name for name, hint in hints.items() if typing.get_origin(hint) is typing.Required
        }
        kind = typing.get_args(typing.get_type_hints(form)["type"])[0]
        if not isinstance(kind, str) or kind in {"compaction_trigger", "item_reference"}:
            continue
        adapter = pydantic.TypeAdapter(form)
        # A message may do without its type.
        shape = _Shape(frozenset(hints), frozenset(required - {"type"}), adapter)
        shapes.setdefault(kind, []).append(shape)
    return shapes
