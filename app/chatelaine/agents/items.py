"""Items: what a conversation is made of, in the shape of the Responses API.

An item is a plain dict as the wire has it (https://platform.openai.com/docs/api-reference/responses,
"input"). Values read from a session are `Item`s: dicts, equal to the plain ones and serialised as
they are, that also allow `item.type` and `item.content`.
"""

from __future__ import annotations

import itertools
import json
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from chatelaine.agents.errors import UserError

TResponseInputItem: TypeAlias = dict[str, Any]
"""One item of input, as the Responses API takes it."""


class Origin(NamedTuple):
    """Where an item comes from, as far as a session knows.

    Attributes:
        agent: The name of the agent that was asked or that spoke.
        model: The name of its model.
        run_id: What the items of one run have in common.
    """

    agent: str = ""
    model: str = ""
    run_id: str = ""


class Item(dict[str, Any]):
    """A wire-shaped dict whose keys can also be read as attributes.

    `type` of a message written without one (`{"role": ..., "content": ...}`) is `"message"`; an
    attribute the item does not have is None, since kinds of items differ in what they carry.

    Attributes:
        origin: Where it comes from; None where the session does not know. It is no part of the
            dict, so that it never reaches a server, and does not count for equality.
    """

    __slots__ = ("origin",)

    origin: Origin | None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name == "type" and "type" not in self and "role" in self:
            return "message"
        return self.get(name)

    @property
    def text(self) -> str:
        """The readable text of the item."""
        return text_of(self)


_ROLES = ("user", "assistant", "system", "developer")


class MessageInputItem(Item):
    """A message to be put into a session or into an input.

    Args:
        role: "user", "assistant", "system" or "developer".
        content: A text, or a list of parts as the Responses API has them, such as
            `{"type": "input_text", "text": "Hello"}`.

    Raises:
        UserError: One of them is something else.
    """

    __slots__ = ()

    def __init__(self, *, role: str, content: str | Sequence[Mapping[str, Any]]) -> None:
        if role not in _ROLES:
            raise UserError(f"The role of a message is one of {', '.join(_ROLES)}; not {role!r}.")
        if not isinstance(content, str):
            content = _parts(content)
        super().__init__(role=role, content=content)


def _parts(content: object) -> list[dict[str, Any]]:
    if not isinstance(content, list | tuple):
        raise UserError(
            f"The content of a message is a text or a list of parts; not {type(content).__name__}."
        )
    for number, part in enumerate(content, 1):
        if not isinstance(part, Mapping) or not isinstance(part.get("type"), str):
            raise UserError(f"Part {number} of a message's content is not a mapping with a type.")
    return [dict(part) for part in content]


def text_of(item: Mapping[str, Any]) -> str:
    """Give the readable text of a message, of a reasoning item or of a tool's output; else ''."""
    match kind_of(item):
        case "message":
            return _text_of_content(item.get("content"))
        case "reasoning":
            # Its parts are paragraphs, each with a heading of its own.
            summary = _text_of_content(item.get("summary"), "\n\n")
            return summary or _text_of_content(item.get("content"), "\n\n")
        case "function_call_output":
            output = item.get("output")
            return output if isinstance(output, str) else _text_of_content(output)
        case _:
            return ""


def kind_of(item: Mapping[str, Any]) -> str:
    """Give the type of an item; a message may come without one."""
    kind = item.get("type")
    if isinstance(kind, str):
        return kind
    return "message" if "role" in item else ""


def is_user_message(item: Mapping[str, Any]) -> bool:
    """Tell whether a new turn starts with this item."""
    return item.get("role") == "user" and kind_of(item) == "message"


def user_message(text: str) -> TResponseInputItem:
    """Make the message of a user."""
    return {"role": "user", "content": text}


def assistant_message(text: str, *, status: str = "completed") -> TResponseInputItem:
    """Make a model's message as a server would have sent it.

    Args:
        text: What it says.
        status: "completed", or "incomplete" for one that was cut off.
    """
    content = [{"type": "output_text", "text": text, "annotations": []}]
    return {"type": "message", "role": "assistant", "status": status, "content": content}


def function_call(
    call_id: str, name: str, arguments: str | Mapping[str, Any]
) -> TResponseInputItem:
    """Make a model's call of a tool.

    Args:
        call_id: What ties the call to its output.
        name: The tool's name.
        arguments: JSON text, or the values to be written as such.
    """
    text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return {"type": "function_call", "call_id": call_id, "name": name, "arguments": text}


def function_call_output(call_id: str, output: str) -> TResponseInputItem:
    """Make the answer to a call of a tool."""
    return {"type": "function_call_output", "call_id": call_id, "output": output}


def as_input_items(
    value: str | Mapping[str, Any] | Iterable[Mapping[str, Any]],
) -> list[TResponseInputItem]:
    """Turn what a caller may pass as input (a text, an item, items) into a fresh list of items.

    Raises:
        UserError: It is something else.
    """
    if isinstance(value, str):
        return [user_message(value)]
    if (item := as_item(value)) is not None:
        return [dict(item)]
    if not isinstance(value, Sequence) or isinstance(value, bytes):
        raise UserError(
            "The input of a run is a text, an item, or a list of items; not "
            f"{type(value).__name__}."
        )
    items = list(map(as_item, value))
    if None in items:
        wrong = items.index(None)
        raise UserError(
            f"Item {wrong + 1} of the input is no mapping, but {type(value[wrong]).__name__}."
        )
    return [dict(item) for item in items if item is not None]


def as_item(value: object) -> dict[str, Any] | None:
    """Give a mapping as a dict, and an object of pydantic as what it says; None for all else."""
    if isinstance(value, dict):
        return value
    if isinstance(value, Mapping):
        return dict(value)
    dump = getattr(value, "model_dump", None)
    if dump is None or isinstance(value, type):
        return None
    # What was not set must not be sent back as null.
    dumped = dump(mode="json", exclude_unset=True)
    return dumped if isinstance(dumped, dict) else None


# ---------------------------------------------------------------------------- repair

_OUTPUT_OF = {
    "function_call": "function_call_output",
    "custom_tool_call": "custom_tool_call_output",
    "computer_call": "computer_call_output",
    "shell_call": "shell_call_output",
    "local_shell_call": "local_shell_call_output",
    "apply_patch_call": "apply_patch_call_output",
    "tool_search_call": "tool_search_output",
}
_OUTPUTS = frozenset(_OUTPUT_OF.values())
_MADE_BY_USER = _OUTPUTS | {"mcp_approval_response", "item_reference", ""}


MESSAGES_ONLY = frozenset({None, "message"})
"""What `types_of` gives of items with which nothing can be wrong."""


def types_of(items: Sequence[TResponseInputItem]) -> set[Any]:
    """Give the types that items say they have, None among them where one says nothing."""
    try:
        # A history has a thousand of them: a loop of ours would take three times as long.
        return {*map(dict.get, items, itertools.repeat("type"))}
    except TypeError:  # one is another mapping, or has a type that is none
        return {str(item.get("type")) for item in items}


def repaired(items: Sequence[TResponseInputItem]) -> Sequence[TResponseInputItem]:
    """Leave out what no server takes: half pairs of call and output, and dangling reasoning.

    A history gets such halves by a crash, a limit, or an item that was removed; they would make
    every later request fail. Nothing is changed in place: where nothing is to be left out, the
    very sequence that was passed is given back, else a new list with the same items.
    """
    # Most items of a history are messages, with which nothing can be wrong.
    if types_of(items) <= MESSAGES_ONLY:
        return items
    special = [
        index
        for index, item in enumerate(items)
        if (kind := item.get("type")) is not None and kind != "message"
    ]
    lost = _half_pairs(items, special)
    if any(items[index]["type"] == "reasoning" for index in special):
        lost |= _dangling_reasoning(items, lost)
    if not lost:
        return items
    return [item for index, item in enumerate(items) if index not in lost]


def _half_pairs(items: Sequence[TResponseInputItem], special: Iterable[int]) -> set[int]:
    lost: set[int] = set()
    unanswered: dict[tuple[str, str], deque[int]] = {}
    for index in special:
        item = items[index]
        kind = item["type"]
        if kind in _OUTPUT_OF:
            call_id = item.get("call_id")
            if isinstance(call_id, str):
                unanswered.setdefault((_OUTPUT_OF[kind], call_id), deque()).append(index)
            elif kind != "tool_search_call":  # the server's own searches have no id
                lost.add(index)
        elif kind in _OUTPUTS:
            call_id = item.get("call_id") or item.get("id")
            if isinstance(call_id, str):
                # A server that numbers its calls anew in each answer repeats ids: oldest first.
                waiting = unanswered.get((kind, call_id))
                if waiting:
                    waiting.popleft()
                else:
                    lost.add(index)
            elif kind != "tool_search_output":
                lost.add(index)
    for waiting in unanswered.values():
        lost.update(waiting)
    return lost


def _dangling_reasoning(items: Sequence[TResponseInputItem], half_pairs: set[int]) -> set[int]:
    """Find reasoning that nothing follows of what it led to.

    Reasoning belongs to the messages and calls after it, up to the next reasoning or the next item
    that no model made.
    """
    lost: set[int] = set()
    followed = after_reasoning = False
    for index in range(len(items) - 1, -1, -1):
        if index in half_pairs:
            # What follows later reasoning does not follow the reasoning before this lost item.
            followed = followed and not after_reasoning
            after_reasoning = False
            continue
        kind = kind_of(items[index])
        after_reasoning = kind == "reasoning"
        if after_reasoning:
            if not followed:
                lost.add(index)
        elif kind == "message":
            followed = items[index].get("role") == "assistant"
        else:
            followed = kind not in _MADE_BY_USER
    return lost


def _text_of_content(content: object, between: str = "") -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    texts = (part.get("text") or part.get("refusal") for part in content if isinstance(part, dict))
    return between.join(text for text in texts if isinstance(text, str))
