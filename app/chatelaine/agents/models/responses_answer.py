"""Puts together an answer of the Responses API.

Everything but the deltas is optional here: servers differ in which indices, ids and events they
leave out. What they say at the end binds, unless it is less than what they said before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chatelaine.agents.events import ReasoningDelta, TextDelta
from chatelaine.agents.items import kind_of, text_of
from chatelaine.agents.models.failures import raise_for_event, unreadable
from chatelaine.agents.models.output_items import OutputItems, usage_of
from chatelaine.agents.models.protocol import ModelResponse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chatelaine.agents.items import TResponseInputItem
    from chatelaine.agents.models.endpoint import Endpoint

# What a delta adds to: the kind of its item, the list in it, and the kind of part in that list.
_DELTAS = {
    "response.output_text": ("message", "content", "output_text"),
    "response.refusal": ("message", "content", "refusal"),
    "response.reasoning_summary_text": ("reasoning", "summary", "summary_text"),
    "response.reasoning_text": ("reasoning", "content", "reasoning_text"),
    "response.reasoning": ("reasoning", "content", "reasoning_text"),
    "response.function_call_arguments": ("function_call", "arguments", ""),
}


@dataclass(slots=True)
class _Slot:
    """An item that is being written."""

    kind: str
    raw: dict[str, Any] = field(default_factory=dict)
    parts: dict[tuple[str, str, int], list[str]] = field(default_factory=dict)
    is_done: bool = False

    def item(self) -> dict[str, Any]:
        """Give it as far as it is known."""
        if self.is_done:
            return self.raw
        item = {**self.raw, "type": self.kind}
        if self.kind == "message":
            item.setdefault("role", "assistant")
        for (place, kind, _), pieces in self.parts.items():
            text = "".join(pieces)
            if not kind:
                item[place] = text
                continue
            if place not in item or item[place] is self.raw.get(place):
                item[place] = []
            key = "refusal" if kind == "refusal" else "text"
            item[place].append({"type": kind, key: text})
        return item


class ResponsesAnswer:
    """Puts an answer together from the events of the Responses API."""

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
        self._slots: list[_Slot] = []
        self._by_name: dict[object, _Slot] = {}
        self._final: Mapping[str, Any] = {}
        self._shown: list[str] = []
        self._last_text: list[str] | None = None
        self._last_address: tuple[object, object, object] | None = None
        self._last_thought: tuple[int, str, int] | None = None
        self._made: tuple[TResponseInputItem, ...] = ()

    def feed(self, event: Mapping[str, Any]) -> Iterable[TextDelta | ReasoningDelta]:
        """Take in an event, and give what of it can be shown."""
        kind = event.get("type")
        if kind == "response.output_text.delta" and self._last_text is not None:
            # Nearly all events are of this kind, and about the same part as the one before.
            delta = event.get("delta")
            if _address(event) == self._last_address and isinstance(delta, str) and delta:
                self._last_text.append(delta)
                self._shown.append(delta)
                return (TextDelta(delta),)
        if not isinstance(kind, str):
            return ()
        place, _, what = kind.rpartition(".")
        if what in {"delta", "done"} and place in _DELTAS:
            return self._feed_text(event, what, *_DELTAS[place])
        match kind:
            case "response.output_item.added" | "response.output_item.done":
                return self._feed_item(event, is_done=what == "done")
            case "response.completed" | "response.incomplete":
                self._finish(event.get("response"), is_incomplete=what == "incomplete")
            case "response.failed" | "error":
                response = event.get("response")
                error = response.get("error") if isinstance(response, Mapping) else event
                raise_for_event(error, self._endpoint, model=self._model)
            case _:  # of what goes on at the server, or news of a later API
                pass
        return ()

    def feed_document(self, document: Mapping[str, Any]) -> None:
        """Take in a response that comes in one piece."""
        if not isinstance(document.get("output"), list):
            raise unreadable(self._endpoint)
        self._finish(document, is_incomplete=document.get("status") == "incomplete")

    def end(self) -> Iterable[TextDelta | ReasoningDelta]:
        """Choose what binds, and give what of it has not been shown."""
        if not self._final and not self._slots:
            raise unreadable(self._endpoint)
        written = [slot.item() for slot in self._slots]
        output = self._final.get("output")
        final = [item for item in output or () if isinstance(item, Mapping)]
        is_less = _calls_in(final) < _calls_in(written) or (
            len(_text_of_all(final)) < len("".join(self._shown))
        )
        self._made = self._items.made_from(written if is_less and written else final)
        return self._unshown(_text_of_all(self._made))

    def response(self) -> ModelResponse:
        """Give the whole."""
        response_id = self._final.get("id")
        return ModelResponse(
            items=self._made,
            usage=usage_of(self._final.get("usage")),
            response_id=response_id if isinstance(response_id, str) else None,
        )

    def _finish(self, response: object, *, is_incomplete: bool) -> None:
        self.is_whole = self.is_over = True
        self._final = response if isinstance(response, Mapping) else {}
        if is_incomplete or self._final.get("status") == "incomplete":
            details = self._final.get("incomplete_details")
            reason = details.get("reason") if isinstance(details, Mapping) else None
            self._items.incomplete = str(reason or "max_output_tokens")

    def _feed_item(
        self, event: Mapping[str, Any], *, is_done: bool
    ) -> Iterable[TextDelta | ReasoningDelta]:
        raw = event.get("item")
        if not isinstance(raw, Mapping):
            return ()
        self._last_text = None
        slot = self._slot(event, kind_of(raw), raw.get("id"), is_new=not is_done)
        if not is_done:
            slot.raw = dict(raw)
            return ()
        written = slot.item()
        if len(text_of(raw)) < len(text_of(written)):  # it says less than it streamed
            return ()
        if slot.kind == "function_call" and not raw.get("arguments"):
            raw = {**raw, "arguments": written.get("arguments")}
        slot.raw, slot.is_done = dict(raw), True
        return self._unshown(_text_of_all(other.item() for other in self._slots))

    def _feed_text(
        self, event: Mapping[str, Any], what: str, kind: str, place: str, part: str
    ) -> Iterable[TextDelta | ReasoningDelta]:
        slot = self._slot(event, kind, event.get("item_id"))
        index = event.get("summary_index" if place == "summary" else "content_index")
        key = (place, part, index if isinstance(index, int) else 0)
        pieces = slot.parts.setdefault(key, [])
        if what == "delta":
            piece = event.get("delta")
        else:  # all of it once more: news only where the deltas did not come
            piece = event.get("text") or event.get("refusal") or event.get("arguments")
            if pieces:
                return ()
        if not isinstance(piece, str) or not piece:
            return ()
        pieces.append(piece)
        if kind == "message":
            self._last_text = pieces if part == "output_text" else None
            self._last_address = _address(event)
            self._shown.append(piece)
            return (TextDelta(piece),)
        if kind == "reasoning":
            return (ReasoningDelta(self._gap(slot, key) + piece),)
        return ()

    def _gap(self, slot: _Slot, key: tuple[str, str, int]) -> str:
        """Keep the parts of a reasoning apart."""
        thought = (id(slot), key[0], key[2])
        is_next = self._last_thought not in {None, thought}
        self._last_thought = thought
        return "\n\n" if is_next else ""

    def _slot(
        self, event: Mapping[str, Any], kind: str, item_id: object, *, is_new: bool = False
    ) -> _Slot:
        """Find the item that an event is about by its index, its id, or as the last of its kind."""
        index = event.get("output_index")
        names = [name for name in (index, item_id) if isinstance(name, int | str)]
        slot: _Slot | None = None
        if not is_new:
            known = (self._by_name.get(name) for name in names)
            slot = next((slot for slot in known if slot and slot.kind == kind), None)
        if slot is None and not is_new and index is None:
            last = next((slot for slot in reversed(self._slots) if slot.kind == kind), None)
            slot = None if last is None or last.is_done else last
        if slot is None:
            slot = _Slot(kind)
            self._slots.append(slot)
        self._by_name.update(dict.fromkeys(names, slot))
        return slot

    def _unshown(self, text: str) -> Iterable[TextDelta]:
        shown = "".join(self._shown)
        if len(text) <= len(shown) or not text.startswith(shown):
            return ()
        rest = text[len(shown) :]
        self._shown.append(rest)
        return (TextDelta(rest),)


def _address(event: Mapping[str, Any]) -> tuple[object, object, object]:
    return event.get("output_index"), event.get("item_id"), event.get("content_index")


def _calls_in(items: Iterable[Mapping[str, Any]]) -> int:
    return sum(kind_of(item) == "function_call" for item in items)


def _text_of_all(items: Iterable[Mapping[str, Any]]) -> str:
    return "".join(text_of(item) for item in items if kind_of(item) == "message")
