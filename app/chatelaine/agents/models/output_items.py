"""What a server produced, made ready to be input of the next request.

Servers differ in what they send; what is stored is one shape. Ids that only the server's own
memory could resolve are left out, unless it keeps the response.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from chatelaine.agents.errors import ModelError
from chatelaine.agents.events import Usage
from chatelaine.agents.items import kind_of

if TYPE_CHECKING:
    from chatelaine.agents.items import TResponseInputItem


class OutputItems:
    """Makes the items of one response.

    Attributes:
        incomplete: Why the server stopped before the end ("max_output_tokens", "content_filter"),
            where it did.
    """

    def __init__(
        self, history: Iterable[Mapping[str, Any]] = (), *, keep_ids: bool = False
    ) -> None:
        """Make it for one response.

        Args:
            history: What was asked with: some servers give all their calls the same id.
            keep_ids: Whether the server keeps the response, so that its ids can be resolved.
        """
        self.incomplete: str | None = None
        self._call_ids = {item.get("call_id") for item in history}
        self._keep_ids = keep_ids

    def made_from(self, raw: Iterable[Mapping[str, Any]]) -> tuple[TResponseInputItem, ...]:
        """Make the items ready.

        Args:
            raw: As the server sent them, or as they were put together from what it sent.

        Raises:
            ModelError: The server stopped before there was anything to be made ready.
        """
        made = [item for item in map(self._made, raw) if item is not None]
        if self.incomplete and all(kind_of(item) == "reasoning" for item in made):
            raise _stopped_too_soon(self.incomplete)
        return tuple(made)

    def _made(self, raw: Mapping[str, Any]) -> TResponseInputItem | None:
        match kind_of(raw):
            case "message":
                item = self._message(raw)
            case "function_call":
                item = self._call(raw)
            case "reasoning":
                item = _reasoning(raw)
            case _:  # of a tool that the server runs; its id is part of what it is
                return dict(raw)
        if item is not None and self._keep_ids and raw.get("id"):
            item["id"] = raw["id"]
        return item

    def _message(self, raw: Mapping[str, Any]) -> TResponseInputItem | None:
        content = raw.get("content")
        if isinstance(content, str):
            content = [{"type": "output_text", "text": content}]
        parts = [_part(part) for part in content or () if isinstance(part, Mapping)]
        parts = [part for part in parts if part.get("text") or part.get("refusal")]
        if not parts:
            return None
        status = "incomplete" if self.incomplete else "completed"
        item = {"type": "message", "role": "assistant", "status": status, "content": parts}
        if raw.get("phase"):
            item["phase"] = raw["phase"]
        return item

    def _call(self, raw: Mapping[str, Any]) -> TResponseInputItem | None:
        name, arguments = raw.get("name"), raw.get("arguments")
        if not isinstance(name, str) or not name:
            return None
        if not isinstance(arguments, str):
            arguments = json.dumps(arguments or {}, ensure_ascii=False)
        arguments = arguments if arguments.strip() else "{}"
        if self.incomplete and not _is_json(arguments):  # a call that was cut off is none
            return None
        return {
            "type": "function_call",
            "call_id": self._own_call_id(raw.get("call_id")),
            "name": name,
            "arguments": arguments,
        }

    def _own_call_id(self, wanted: object) -> str:
        call_id = wanted if isinstance(wanted, str) else ""
        while not call_id or call_id in self._call_ids:
            call_id = f"call_{uuid.uuid4().hex[:24]}"
        self._call_ids.add(call_id)
        return call_id


def usage_of(raw: object) -> Usage:
    """Read what a response cost, in the words of either API; what is not said is 0."""
    if not isinstance(raw, Mapping):
        return Usage(requests=1)
    read = raw.get("input_tokens_details") or raw.get("prompt_tokens_details")
    written = raw.get("output_tokens_details") or raw.get("completion_tokens_details")
    return Usage(
        requests=1,
        input_tokens=_number(raw, "input_tokens", "prompt_tokens"),
        cached_tokens=_number(read, "cached_tokens") or _number(raw, "prompt_cache_hit_tokens"),
        output_tokens=_number(raw, "output_tokens", "completion_tokens"),
        reasoning_tokens=_number(written, "reasoning_tokens"),
    )


def _number(raw: object, *names: str) -> int:
    values = (raw.get(name) for name in names) if isinstance(raw, Mapping) else ()
    return next((int(value) for value in values if isinstance(value, int | float) and value > 0), 0)


def _part(raw: Mapping[str, Any]) -> dict[str, Any]:
    if raw.get("refusal"):
        return {"type": "refusal", "refusal": raw["refusal"]}
    annotations = raw.get("annotations")
    return {
        "type": "output_text",
        "text": raw.get("text") or "",
        "annotations": annotations if isinstance(annotations, list) else [],
    }


def _reasoning(raw: Mapping[str, Any]) -> TResponseInputItem | None:
    summary, content = _texts(raw, "summary"), _texts(raw, "content")
    encrypted = raw.get("encrypted_content")
    if not (summary or content or encrypted):
        return None
    item: dict[str, Any] = {
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": text} for text in summary],
    }
    if content:
        item["content"] = [{"type": "reasoning_text", "text": text} for text in content]
    if encrypted:
        item["encrypted_content"] = encrypted
    return item


def _texts(raw: Mapping[str, Any], key: str) -> list[str]:
    parts = raw.get(key)
    if not isinstance(parts, list):
        return []
    texts = (part.get("text") for part in parts if isinstance(part, Mapping))
    return [text for text in texts if isinstance(text, str) and text]


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _stopped_too_soon(reason: str) -> ModelError:
    if reason == "content_filter":
        return ModelError(
            "The server's content filter stopped the answer before its first word.",
            title="The answer was withheld",
        )
    return ModelError(
        "The model used up the length it was allowed before it wrote a word of its answer."
        " Allow a longer answer, or ask for less.",
        title="The answer was cut off",
    )
