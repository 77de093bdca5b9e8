"""Writes a request of the Chat Completions API: items become messages.

Every kind of item has a place: what Chat Completions has no word for is left out. A message with
calls is followed at once by what the tools answered, as that API demands, wherever the
items had it.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chatelaine.agents.items import is_user_message, kind_of, text_of

if TYPE_CHECKING:
    from chatelaine.agents.items import TResponseInputItem
    from chatelaine.agents.models.protocol import ModelRequest, ToolDescription


def chat_body(
    model: str, request: ModelRequest, *, is_official: bool, offered: Collection[str]
) -> dict[str, Any]:
    """Write the request.

    Args:
        model: The model's name.
        request: What is asked.
        is_official: Whether the server is OpenAI's own.
        offered: Of what may be left out, what is not: "stream_options", "reasoning_content".
    """
    settings = request.settings
    body: dict[str, Any] = {"model": model, "stream": True}
    if is_official or "stream_options" in offered:
        body["stream_options"] = {"include_usage": True}
    if is_official or settings.store:  # others keep nothing, and some refuse the word
        body["store"] = settings.store
    chosen: dict[str, Any] = {
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "max_completion_tokens" if is_official else "max_tokens": settings.max_tokens,
        "reasoning_effort": settings.reasoning_effort,
    }
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
        chosen["tool_choice"] = settings.tool_choice and _tool_choice(settings.tool_choice)
        chosen["parallel_tool_calls"] = settings.parallel_tool_calls
    body.update((name, value) for name, value in chosen.items() if value is not None)
    body.update(settings.extra_body)
    messages = messages_of(request.input, with_reasoning="reasoning_content" in offered)
    if request.instructions:
        messages.insert(0, {"role": "system", "content": request.instructions})
    body["messages"] = messages
    body["stream"] = True
    return body


def messages_of(
    items: Sequence[TResponseInputItem], *, with_reasoning: bool = False
) -> list[dict[str, Any]]:
    """Turn items into messages.

    Args:
        items: Of any kind.
        with_reasoning: Whether the server gets back what its model thought in turns with calls;
            such servers insist on it.
    """
    writer = _MessageWriter(items, with_reasoning=with_reasoning)
    for item in items:
        writer.write(item)
    return writer.finished()


class _MessageWriter:
    def __init__(self, items: Sequence[TResponseInputItem], *, with_reasoning: bool) -> None:
        self._messages: list[dict[str, Any]] = []
        self._assistant: dict[str, Any] | None = None
        self._thoughts: list[str] = []
        # By call id, in order: some servers give all their calls the same one.
        self._outputs: defaultdict[object, deque[Mapping[str, Any]]] = defaultdict(deque)
        self._answers: list[dict[str, Any]] = []
        self._is_answered = False
        for item in items:
            if item.get("type") == "function_call_output":
                self._outputs[item.get("call_id")].append(item)
        self._thinks_aloud = _turns_with_calls(items) if with_reasoning else set()
        self._turn = 0

    def write(self, item: Mapping[str, Any]) -> None:
        """Add an item."""
        match kind_of(item):
            case "message" if item.get("role") == "assistant":
                self._say(item)
            case "message":
                self._turn += is_user_message(item)
                self._hear(item)
            case "function_call":
                self._call(item)
            case "function_call_output":
                self._is_answered = True
            case "reasoning":
                self._think(item)
            case _:  # what only the Responses API has a word for
                pass

    def finished(self) -> list[dict[str, Any]]:
        """Give the messages."""
        self._end_assistant()
        return self._messages

    def _say(self, item: Mapping[str, Any]) -> None:
        text = text_of(item)
        if not text:
            return
        if self._answers or (self._assistant and self._assistant["content"]):
            self._end_assistant()
        self._begin_assistant()["content"] = text

    def _hear(self, item: Mapping[str, Any]) -> None:
        self._end_assistant()
        role = "user" if item.get("role") == "user" else "system"
        content = _content(item.get("content"))
        if content:
            self._messages.append({"role": role, "content": content})

    def _call(self, item: Mapping[str, Any]) -> None:
        outputs = self._outputs[item.get("call_id")]
        if not outputs:  # a call that was never answered must not be sent
            return
        output = outputs.popleft()
        if self._is_answered:  # it was asked for with the answer to an earlier one in mind
            self._end_assistant()
        call = {
            "id": item.get("call_id"),
            "type": "function",
            "function": {"name": item.get("name"), "arguments": item.get("arguments") or "{}"},
        }
        self._begin_assistant().setdefault("tool_calls", []).append(call)
        self._answers.append(
            {"role": "tool", "tool_call_id": item.get("call_id"), "content": text_of(output)}
        )

    def _think(self, item: Mapping[str, Any]) -> None:
        if self._turn in self._thinks_aloud:
            if self._assistant is not None:  # it belongs to what comes next
                self._end_assistant()
            self._thoughts.append(text_of({"role": "", "content": item.get("content")}))

    def _begin_assistant(self) -> dict[str, Any]:
        if self._assistant is None:
            self._assistant = {"role": "assistant", "content": None}
            thoughts = "".join(self._thoughts)
            if thoughts:
                self._assistant["reasoning_content"] = thoughts
            self._thoughts.clear()
        return self._assistant

    def _end_assistant(self) -> None:
        if self._assistant is not None:
            self._messages.append(self._assistant)
            self._messages += self._answers
        self._assistant = None
        self._answers = []
        self._is_answered = False
        self._thoughts.clear()


def _turns_with_calls(items: Sequence[TResponseInputItem]) -> set[int]:
    turn, turns = 0, set()
    for item in items:
        turn += is_user_message(item)
        if item.get("type") == "function_call":
            turns.add(turn)
    return turns


def _content(content: object) -> str | list[dict[str, Any]]:
    if isinstance(content, str):
        return content
    raw = content if isinstance(content, list) else []
    parts = [part for part in map(_part, raw) if part is not None]
    if all(part["type"] == "text" for part in parts):  # not every server takes a list
        return "\n\n".join(part["text"] for part in parts)
    return parts


def _part(part: object) -> dict[str, Any] | None:
    if not isinstance(part, Mapping):
        return None
    match part.get("type"):
        case "input_image" if part.get("image_url"):
            image = {"url": part["image_url"]}
            if part.get("detail"):
                image["detail"] = part["detail"]
            return {"type": "image_url", "image_url": image}
        case "input_audio" if part.get("input_audio"):
            return {"type": "input_audio", "input_audio": part["input_audio"]}
        case "input_file" if part.get("file_data") or part.get("file_id"):
            keys = ("file_data", "file_id", "filename")
            return {"type": "file", "file": {key: part[key] for key in keys if part.get(key)}}
        case _:
            text = text_of({"role": "", "content": [part]})
            return {"type": "text", "text": text} if text else None


def _tool(tool: ToolDescription) -> dict[str, Any]:
    function: dict[str, Any] = {
        "name": tool.name,
        "description": tool.description,
        "parameters": dict(tool.parameters),
    }
    if tool.strict:
        function["strict"] = True
    return {"type": "function", "function": function}


def _tool_choice(choice: str) -> str | dict[str, Any]:
    if choice in {"auto", "required", "none"}:
        return choice
    return {"type": "function", "function": {"name": choice}}
