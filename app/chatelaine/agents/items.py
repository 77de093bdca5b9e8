"""Items: what a conversation is made of, in the shape of the Responses API.

An item is a plain dict as the wire has it (https://platform.openai.com/docs/api-reference/responses,
"input"). Values read from a session are `Item`s: dicts, equal to the plain ones and serialised as
they are, that also allow `item.type` and `item.content`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

TResponseInputItem: TypeAlias = dict[str, Any]
"""One item of input, as the Responses API takes it."""


class Item(dict[str, Any]):
    """A wire-shaped dict whose keys can also be read as attributes.

    `type` of a message written without one (`{"role": ..., "content": ...}`) is `"message"`; an
    attribute the item does not have is None, since kinds of items differ in what they carry.
    """

    __slots__ = ()

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


def text_of(item: Mapping[str, Any]) -> str:
    """Give the readable text of a message, of a reasoning item or of a tool's output; else ''."""
    match kind_of(item):
        case "message":
            return _text_of_content(item.get("content"))
        case "reasoning":
            return _text_of_content(item.get("summary")) or _text_of_content(item.get("content"))
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


def function_call(call_id: str, name: str, arguments: str | Mapping[str, Any]) -> TResponseInputItem:
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


def as_input_items(value: str | Iterable[Mapping[str, Any]]) -> list[TResponseInputItem]:
    """Turn what a caller may pass as input, a text or items, into a fresh list of items."""
    if isinstance(value, str):
        return [user_message(value)]
    return [dict(item) for item in value]


def _text_of_content(content: object) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    texts = (part.get("text") or part.get("refusal") for part in content if isinstance(part, dict))
    return "".join(text for text in texts if isinstance(text, str))
