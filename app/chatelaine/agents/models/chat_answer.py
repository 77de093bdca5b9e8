"""Puts together an answer of the Chat Completions API: chunks become items.

Servers differ most in calls: they come in pieces or whole, with an index or without, under one id,
under several, or under none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chatelaine.agents.events import ReasoningDelta, TextDelta
from chatelaine.agents.models.failures import raise_for_event, unreadable
from chatelaine.agents.models.output_items import OutputItems, usage_of
from chatelaine.agents.models.protocol import ModelResponse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chatelaine.agents.items import TResponseInputItem
    from chatelaine.agents.models.endpoint import Endpoint

_REASONING_KEYS = ("reasoning_content", "reasoning", "thinking")
_CUT_OFF = {"length": "max_output_tokens", "content_filter": "content_filter"}


@dataclass(slots=True)
class _Call:
    """A call that is being written."""

    index: object = None
    call_id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)


class ChatAnswer:
    """Puts an answer together from the chunks of the Chat Completions API."""

    def __init__(self, items: OutputItems, endpoint: Endpoint, model: str) -> None:
        """Begin an answer.

        Args:
            items: Makes its items ready.
            endpoint: The server that was asked, for the words of an error.
            model: The model that was asked for, for the same.
        """
        self.is_whole = False
        self.is_over = False
        self._items = items
        self._endpoint = endpoint
        self._model = model
        self._has_choices = False
        self._text: list[str] = []
        self._refusal: list[str] = []
        self._thoughts: list[str] = []
        self._calls: list[_Call] = []
        self._usage: object = None
        self._id: object = None
        self._deltas: list[TextDelta | ReasoningDelta] = []
        self._made: tuple[TResponseInputItem, ...] = ()

    def feed(self, event: Mapping[str, Any]) -> Iterable[TextDelta | ReasoningDelta]:
        """Take in a chunk, and give what of it can be shown."""
        self._id = self._id or event.get("id")
        self._usage = event.get("usage") or self._usage
        choices = event.get("choices")
        if not isinstance(choices, list) or not choices or not isinstance(choices[0], Mapping):
            return ()
        choice = choices[0]
        self._has_choices = True
        # A server that does not stream may still wrap its one message as an event.
        message = choice.get("delta") or choice.get("message")
        if isinstance(message, Mapping):
            self._take(message)
        reason = choice.get("finish_reason")
        if reason == "error":
            raise_for_event(choice.get("error") or {}, self._endpoint, model=self._model)
        if reason:
            self.is_whole = True
            self._items.incomplete = _CUT_OFF.get(reason)
        deltas, self._deltas = self._deltas, []
        return deltas

    def feed_document(self, document: Mapping[str, Any]) -> None:
        """Take in a completion that comes in one piece."""
        self._deltas = list(self.feed(document))
        if not self._has_choices:
            raise unreadable(self._endpoint)
        self.is_whole = self.is_over = True

    def end(self) -> Iterable[TextDelta | ReasoningDelta]:
        """Make the items."""
        if not self._has_choices:
            raise unreadable(self._endpoint)
        self._made = self._items.made_from(self._raw_items())
        return self._deltas

    def response(self) -> ModelResponse:
        """Give the whole."""
        return ModelResponse(
            items=self._made,
            usage=usage_of(self._usage),
            response_id=self._id if isinstance(self._id, str) else None,
        )

    def _take(self, message: Mapping[str, Any]) -> None:
        thought = next((message[key] for key in _REASONING_KEYS if message.get(key)), None)
        if isinstance(thought, str):
            self._thoughts.append(thought)
            self._deltas.append(ReasoningDelta(thought))
        for key, pieces in (("content", self._text), ("refusal", self._refusal)):
            text = _text_of_content(message.get(key))
            if text:
                pieces.append(text)
                self._deltas.append(TextDelta(text))
        calls = message.get("tool_calls")
        for raw in calls if isinstance(calls, list) else ():
            if isinstance(raw, Mapping):
                self._take_call(raw)

    def _take_call(self, raw: Mapping[str, Any]) -> None:
        function = raw.get("function")
        function = function if isinstance(function, Mapping) else {}
        call = self._call_of(raw, function)
        call_id, name, arguments = raw.get("id"), function.get("name"), function.get("arguments")
        if isinstance(call_id, str) and not call.call_id:
            call.call_id = call_id
        if isinstance(name, str) and not call.name:
            call.name = name
        if isinstance(arguments, str):
            call.arguments.append(arguments)
        elif arguments:  # whole, and not yet written as text
            call.arguments.append(json.dumps(arguments, ensure_ascii=False))

    def _call_of(self, raw: Mapping[str, Any], function: Mapping[str, Any]) -> _Call:
        """Find the call that a piece belongs to."""
        index, call_id = raw.get("index"), raw.get("id")
        if index is not None:
            call = next((call for call in reversed(self._calls) if call.index == index), None)
            # Some servers number all their calls 0.
            is_other = call is not None and call_id and call.call_id not in {"", call_id}
            if call is not None and not is_other:
                return call
        elif call_id:
            call = next((call for call in self._calls if call.call_id == call_id), None)
            if call is not None:
                return call
        elif self._calls and not function.get("name"):
            return self._calls[-1]
        self._calls.append(_Call(index))
        return self._calls[-1]

    def _raw_items(self) -> Iterable[dict[str, Any]]:
        if self._thoughts:
            text = "".join(self._thoughts)
            yield {"type": "reasoning", "content": [{"type": "reasoning_text", "text": text}]}
        parts = [
            {"type": "output_text", "text": "".join(self._text)},
            {"type": "refusal", "refusal": "".join(self._refusal)},
        ]
        yield {"type": "message", "role": "assistant", "content": parts}
        for call in self._calls:
            yield {
                "type": "function_call",
                "call_id": call.call_id,
                "name": call.name,
                "arguments": "".join(call.arguments),
            }


def _text_of_content(content: object) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    texts = (part.get("text") for part in content if isinstance(part, Mapping))
    return "".join(text for text in texts if isinstance(text, str))
