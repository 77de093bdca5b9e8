"""What the scripted server can be told to reply, and how that looks on the wire of either API."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

MODEL = "scripted-model"


class Gate:
    """Holds a reply back until it is opened. Both sides may be in any thread.

    Attributes:
        reached: Set once the server stands before it: all that comes earlier has been sent.
    """

    def __init__(self) -> None:
        self.reached = threading.Event()
        self._opened = threading.Event()

    def open(self) -> None:
        """Let the reply go on."""
        self._opened.set()

    @property
    def is_open(self) -> bool:
        """Whether the reply goes on."""
        return self._opened.is_set()


@dataclass(frozen=True)
class Pause:
    """Nothing is sent for a while."""

    seconds: float


@dataclass(frozen=True)
class Cut:
    """The connection ends here, politely or with a reset."""

    reset: bool = False


Control: TypeAlias = Gate | Pause | Cut


@dataclass(frozen=True)
class Text:
    """A message, in the pieces in which it is streamed."""

    pieces: tuple[str | Control, ...]


@dataclass(frozen=True)
class Reasoning:
    """What the model thinks, in pieces; with `encrypted` it is handed out sealed as well."""

    pieces: tuple[str | Control, ...]
    encrypted: str | None = None


@dataclass(frozen=True)
class Call:
    """A call of a tool, its arguments in pieces."""

    name: str
    pieces: tuple[str | Control, ...]
    call_id: str = "call_1"


@dataclass(frozen=True)
class Reply:
    """An answer of a model.

    Attributes:
        parts: What it consists of, in order.
        finish: "stop", "length" or "content_filter"; calls are a reason of their own.
        usage: Input, cached, output and reasoning tokens; None to send none.
    """

    parts: tuple[Text | Reasoning | Call | Control, ...]
    finish: str = "stop"
    usage: tuple[int, int, int, int] | None = (10, 4, 5, 2)


@dataclass(frozen=True)
class Refusal:
    """A status other than success."""

    status: int
    message: str = "scripted refusal"
    code: str | None = None
    kind: str = "scripted_error"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Raw:
    """Bytes as they are: for whatever a real server would not, but some do send."""

    pieces: tuple[bytes | Control, ...]
    content_type: str = "text/event-stream"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def text(*pieces: str | Control, **options: Any) -> Reply:
    """Make a reply of one message."""
    return Reply((Text(pieces),), **options)


def call(name: str, arguments: Mapping[str, Any], call_id: str = "call_1") -> Reply:
    """Make a reply of one call."""
    return Reply((call_part(name, arguments, call_id),))


def call_part(name: str, arguments: Mapping[str, Any], call_id: str = "call_1") -> Call:
    """Make a call whose arguments are streamed in two pieces."""
    written = json.dumps(arguments)
    middle = len(written) // 2
    return Call(name, (written[:middle], written[middle:]), call_id)


def events(
    *data: Mapping[str, Any] | str | Control, line_end: str = "\n", named: bool = False
) -> Raw:
    """Write events by hand.

    Args:
        data: Of each event; a text is sent as it is, a `Control` acts between two.
        line_end: What ends a line.
        named: Whether each event has its type as its name too.
    """
    pieces: list[bytes | Control] = []
    for one in data:
        if isinstance(one, Gate | Pause | Cut):
            pieces.append(one)
        else:
            name = one.get("type") if named and isinstance(one, Mapping) else None
            pieces.append(event(one, name, line_end))
    return Raw(tuple(pieces))


def event(data: Mapping[str, Any] | str, name: str | None = None, line_end: str = "\n") -> bytes:
    """Write one event."""
    written = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    lines = [f"event: {name}"] if name else []
    return line_end.join([*lines, f"data: {written}", "", ""]).encode()


# ---------------------------------------------------------------------------- the Responses API


def responses_stream(reply: Reply) -> Iterator[bytes | Control]:
    """Write a reply as the Responses API streams it."""
    number = 0

    def written(kind: str, **more: Any) -> bytes:
        nonlocal number
        number += 1
        return event({"type": kind, "sequence_number": number, **more}, kind)

    running = {"id": "resp_1", "object": "response", "status": "in_progress", "output": []}
    yield written("response.created", response=running)
    yield written("response.in_progress", response=running)
    index = 0
    for part in reply.parts:
        if isinstance(part, Gate | Pause | Cut):
            yield part
            continue
        for made in _item_events(part, index, _responses_item(part, index, reply)):
            yield made if isinstance(made, Gate | Pause | Cut) else written(**made)
        index += 1
    document = responses_document(reply)
    last = "response.completed" if document["status"] == "completed" else "response.incomplete"
    yield written(last, response=document)


def responses_document(reply: Reply) -> dict[str, Any]:
    """Write a reply as the Responses API gives it in one piece."""
    parts = [part for part in reply.parts if isinstance(part, Text | Reasoning | Call)]
    document: dict[str, Any] = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": MODEL,
        "status": "completed" if reply.finish == "stop" else "incomplete",
        "error": None,
        "incomplete_details": None,
        "output": [_responses_item(part, place, reply) for place, part in enumerate(parts)],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }
    if reply.finish != "stop":
        reason = "max_output_tokens" if reply.finish == "length" else reply.finish
        document["incomplete_details"] = {"reason": reason}
    if reply.usage is not None:
        read, cached, wrote, thought = reply.usage
        document["usage"] = {
            "input_tokens": read,
            "input_tokens_details": {"cached_tokens": cached},
            "output_tokens": wrote,
            "output_tokens_details": {"reasoning_tokens": thought},
            "total_tokens": read + wrote,
        }
    return document


def _responses_item(part: Text | Reasoning | Call, place: int, reply: Reply) -> dict[str, Any]:
    said = _said(part)
    match part:
        case Text():
            content = [{"type": "output_text", "text": said, "annotations": [], "logprobs": []}]
            status = "completed" if reply.finish == "stop" else "incomplete"
            head = {"id": f"msg_{place}", "type": "message", "role": "assistant"}
            return {**head, "status": status, "content": content}
        case Reasoning(encrypted=encrypted):
            summary = [{"type": "summary_text", "text": said}] if said else []
            item = {"id": f"rs_{place}", "type": "reasoning", "summary": summary}
            return {**item, "encrypted_content": encrypted} if encrypted else item
        case Call(name=name, call_id=call_id):
            head = {"id": f"fc_{place}", "type": "function_call", "status": "completed"}
            return {**head, "call_id": call_id, "name": name, "arguments": said}


def _item_events(
    part: Text | Reasoning | Call, index: int, item: dict[str, Any]
) -> Iterator[dict[str, Any] | Control]:
    place = {"item_id": item["id"], "output_index": index}
    kind, key, place_within, empty = _BEGINNINGS[type(part)]
    place |= place_within
    begun = {**item, **empty}
    yield {"kind": "response.output_item.added", "output_index": index, "item": begun}
    for piece in part.pieces:
        if isinstance(piece, str):
            yield {"kind": f"{kind}.delta", "delta": piece, **place}
        else:
            yield piece
    yield {"kind": f"{kind}.done", key: _said(part), **place}
    yield {"kind": "response.output_item.done", "output_index": index, "item": item}


# The event of a piece, what the whole is called, where in the item it stands, and the item before.
_BEGINNINGS: Mapping[type, tuple[str, str, Mapping[str, Any], Mapping[str, Any]]] = {
    Text: (
        "response.output_text",
        "text",
        {"content_index": 0, "logprobs": []},
        {"status": "in_progress", "content": []},
    ),
    Reasoning: ("response.reasoning_summary_text", "text", {"summary_index": 0}, {"summary": []}),
    Call: ("response.function_call_arguments", "arguments", {}, {"arguments": ""}),
}


def _said(part: Text | Reasoning | Call) -> str:
    return "".join(piece for piece in part.pieces if isinstance(piece, str))


# ---------------------------------------------------------------------------- Chat Completions


def chat_stream(reply: Reply, *, with_usage: bool) -> Iterator[bytes | Control]:
    """Write a reply as the Chat Completions API streams it."""
    head = {"id": "chatcmpl_1", "object": "chat.completion.chunk", "created": 1, "model": MODEL}

    def written(delta: Mapping[str, Any], reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return event({**head, "choices": [choice]})

    yield written({"role": "assistant", "content": ""})
    index = -1
    for part in reply.parts:
        if isinstance(part, Gate | Pause | Cut):
            yield part
            continue
        if isinstance(part, Call):
            index += 1
            function = {"name": part.name, "arguments": ""}
            opening = {"index": index, "id": part.call_id, "type": "function"}
            yield written({"tool_calls": [{**opening, "function": function}]})
        for piece in part.pieces:
            if isinstance(piece, Gate | Pause | Cut):
                yield piece
            elif isinstance(part, Call):
                yield written({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
            else:
                key = "content" if isinstance(part, Text) else "reasoning_content"
                yield written({key: piece})
    yield written({}, _finish_reason(reply))
    if with_usage and reply.usage is not None:
        yield event({**head, "choices": [], "usage": _chat_usage(reply.usage)})
    yield event("[DONE]")


def chat_document(reply: Reply) -> dict[str, Any]:
    """Write a reply as the Chat Completions API gives it in one piece."""
    message: dict[str, Any] = {"role": "assistant", "content": None}
    calls = []
    for part in reply.parts:
        match part:
            case Text():
                message["content"] = _said(part)
            case Reasoning():
                message["reasoning_content"] = _said(part)
            case Call(name=name, call_id=call_id):
                function = {"name": name, "arguments": _said(part)}
                calls.append({"id": call_id, "type": "function", "function": function})
            case _:
                pass
    if calls:
        message["tool_calls"] = calls
    choice = {"index": 0, "message": message, "finish_reason": _finish_reason(reply)}
    head = {"id": "chatcmpl_1", "object": "chat.completion", "created": 1, "model": MODEL}
    document: dict[str, Any] = {**head, "choices": [choice]}
    if reply.usage is not None:
        document["usage"] = _chat_usage(reply.usage)
    return document


def _finish_reason(reply: Reply) -> str:
    has_calls = any(isinstance(part, Call) for part in reply.parts)
    return "tool_calls" if has_calls and reply.finish == "stop" else reply.finish


def _chat_usage(usage: tuple[int, int, int, int]) -> dict[str, Any]:
    read, cached, wrote, thought = usage
    return {
        "prompt_tokens": read,
        "prompt_tokens_details": {"cached_tokens": cached},
        "completion_tokens": wrote,
        "completion_tokens_details": {"reasoning_tokens": thought},
        "total_tokens": read + wrote,
    }
