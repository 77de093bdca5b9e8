"""Writes a request of the Responses API, such that as many servers as possible take it.

History may have been made by any model at any server, or by hand. What is sent of it is what each
server that speaks this API has been seen to accept; where OpenAI's own and the others differ,
the others get the whole shape that they themselves send.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from chatelaine.agents.items import is_user_message, kind_of, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chatelaine.agents.items import TResponseInputItem
    from chatelaine.agents.models.protocol import ModelRequest, ToolDescription

ENCRYPTED_REASONING = "reasoning.encrypted_content"

_MESSAGE_KEYS = frozenset({"type", "role", "content"})
_CALL_KEYS = frozenset({"type", "call_id", "name", "arguments", "namespace"})
_OUTPUT_KEYS = frozenset({"type", "call_id", "output"})
_PART_KEYS = {
    "input_text": frozenset({"type", "text"}),
    "input_image": frozenset({"type", "detail", "file_id", "image_url"}),
    "input_file": frozenset({"type", "file_data", "file_id", "file_url", "filename"}),
    "input_audio": frozenset({"type", "input_audio"}),
}


def responses_body(
    model: str, request: ModelRequest, *, is_official: bool, offered: Collection[str]
) -> dict[str, Any]:
    """Write the request.

    Args:
        model: The model's name.
        request: What is asked.
        is_official: Whether the server is OpenAI's own.
        offered: Of what may be left out, what is not: "store", "include", "reasoning".
    """
    settings = request.settings
    body: dict[str, Any] = {"model": model, "stream": True}
    if request.instructions:
        body["instructions"] = request.instructions
    if is_official or "store" in offered:
        body["store"] = settings.store
    if "include" in offered and is_official and not settings.store:
        body["include"] = [ENCRYPTED_REASONING]
    chosen: dict[str, Any] = {
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "max_output_tokens": settings.max_tokens,
        "reasoning": settings.reasoning_effort and {"effort": settings.reasoning_effort},
    }
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
        chosen["tool_choice"] = settings.tool_choice and _tool_choice(settings.tool_choice)
        chosen["parallel_tool_calls"] = settings.parallel_tool_calls
    body.update((name, value) for name, value in chosen.items() if value is not None)
    body.update(settings.extra_body)
    include = body.get("include")
    writer = _InputWriter(
        keeps_ids=settings.store,
        is_official=is_official,
        takes_encrypted=isinstance(include, list) and ENCRYPTED_REASONING in include,
        takes_reasoning="reasoning" in offered,
    )
    body["input"] = writer.written(request.input)
    body["stream"] = True
    return body


class _InputWriter:
    """Writes items as one server takes them."""

    def __init__(
        self, *, keeps_ids: bool, is_official: bool, takes_encrypted: bool, takes_reasoning: bool
    ) -> None:
        self._keeps_ids = keeps_ids
        self._is_official = is_official
        self._takes_encrypted = takes_encrypted
        self._takes_reasoning = takes_reasoning
        self._running_turn = 0

    def written(self, items: Sequence[TResponseInputItem]) -> list[Mapping[str, Any]]:
        """Write them; an item that is fit to be sent is sent as it is, not copied."""
        backwards = range(len(items) - 1, -1, -1)
        self._running_turn = next((at for at in backwards if is_user_message(items[at])), 0)
        writers: dict[str, Callable[[Mapping[str, Any], int], Mapping[str, Any] | None]] = {
            "message": self._message,
            "function_call": self._call,
            "function_call_output": self._output,
            "reasoning": self._reasoning,
        }
        written: list[Mapping[str, Any]] = []
        for place, item in enumerate(items):
            write = writers.get(kind_of(item))
            made = item if write is None else write(item, place)
            if made is not None:
                written.append(made)
        return written

    def _message(self, item: Mapping[str, Any], place: int) -> Mapping[str, Any] | None:
        if item.get("role") == "assistant":
            return self._assistant(item, place)
        content = item.get("content")
        if not isinstance(content, str):
            content = [_part(part) for part in content or () if isinstance(part, Mapping)]
        elif item.keys() <= _MESSAGE_KEYS:
            return item
        return {"role": item.get("role"), "content": content} if content else None

    def _assistant(self, item: Mapping[str, Any], place: int) -> Mapping[str, Any] | None:
        # A status other than "completed" makes some servers write on where the text ends, and a
        # message without id or annotations is none to those that check it.
        text = _only_text(item) or text_of(item)
        if not text:
            return None
        made: dict[str, Any] = {
            "type": "message",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": text, "annotations": []}],
        }
        if self._keeps_ids and item.get("id"):
            made["id"] = item["id"]
        elif not self._is_official:
            made["id"] = f"msg_{place}"
        if self._is_official and item.get("phase"):
            made["phase"] = item["phase"]
        return made

    def _call(self, item: Mapping[str, Any], _: int) -> Mapping[str, Any]:
        if item.keys() <= _CALL_KEYS:
            return item
        keys = _CALL_KEYS | {"id"} if self._keeps_ids else _CALL_KEYS
        return {key: value for key, value in item.items() if key in keys}

    def _output(self, item: Mapping[str, Any], _: int) -> Mapping[str, Any]:
        output = item.get("output")
        if item.keys() <= _OUTPUT_KEYS and isinstance(output, str):
            return item
        if isinstance(output, list):
            output = [_part(part) for part in output if isinstance(part, Mapping)]
        return {
            "type": "function_call_output",
            "call_id": item.get("call_id"),
            "output": "" if output is None else output,
        }

    def _reasoning(self, item: Mapping[str, Any], place: int) -> Mapping[str, Any] | None:
        """Give back what a model thought, where its server can tell that it is its own."""
        if not self._takes_reasoning:
            return None
        made = {"type": "reasoning", "summary": item.get("summary") or []}
        if self._keeps_ids and item.get("id"):
            return made | {"id": item["id"]}
        if item.get("encrypted_content"):
            encrypted = {"encrypted_content": item["encrypted_content"]}
            return made | encrypted if self._takes_encrypted else None
        # Others think in the clear, and read it only until the turn is over.
        content = item.get("content")
        if self._is_official or not content or place < self._running_turn:
            return None
        return made | {"id": f"rs_{place}", "content": content}


def _only_text(item: Mapping[str, Any]) -> str | None:
    """Give the text of a message that is all in one part, as nearly all are."""
    content = item.get("content")
    if not isinstance(content, list) or len(content) != 1 or not isinstance(content[0], dict):
        return None
    text = content[0].get("text")
    return text if isinstance(text, str) else None


def _part(part: Mapping[str, Any]) -> Mapping[str, Any]:
    keys = _PART_KEYS.get(part.get("type", ""))
    if keys is None:  # as an assistant's or a tool's part may be put into another message
        return {"type": "input_text", "text": text_of({"role": "", "content": [part]})}
    made = {key: value for key, value in part.items() if key in keys}
    if part["type"] == "input_image":
        made.setdefault("detail", "auto")
    return made


def _tool(tool: ToolDescription) -> dict[str, Any]:
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": dict(tool.parameters),
        "strict": tool.strict,
    }


def _tool_choice(choice: str) -> str | dict[str, str]:
    if choice in {"auto", "required", "none"}:
        return choice
    return {"type": "function", "name": choice}
