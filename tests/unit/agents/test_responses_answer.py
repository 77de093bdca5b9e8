from __future__ import annotations

import json
from typing import Any

import pytest

from chatelaine.agents.errors import ModelError, ResponseUnreadable
from chatelaine.agents.events import ReasoningDelta, TextDelta, Usage
from chatelaine.agents.items import text_of
from chatelaine.agents.models.endpoint import Endpoint
from chatelaine.agents.models.output_items import OutputItems
from chatelaine.agents.models.responses_answer import ResponsesAnswer
from chatelaine.agents.models.retry import TemporaryError
from support.openai_replies import (
    Reasoning,
    Reply,
    Text,
    call_part,
    responses_document,
    responses_stream,
)

SERVER = Endpoint("http://models.test/v1", "k")
DONE = {"type": "response.completed", "response": {"status": "completed", "output": []}}


class Heard:
    """What an answer has shown, and what it came to."""

    def __init__(self, *events: dict[str, Any], document: dict[str, Any] | None = None) -> None:
        self.answer = ResponsesAnswer(OutputItems(), SERVER, "m-1")
        self.deltas: list[TextDelta | ReasoningDelta] = []
        for event in events:
            self.deltas += self.answer.feed(event)
        if document is not None:
            self.answer.feed_document(document)
        self.deltas += self.answer.end()
        self.response = self.answer.response()

    @property
    def text(self) -> str:
        return "".join(each.delta for each in self.deltas if isinstance(each, TextDelta))

    @property
    def thoughts(self) -> str:
        return "".join(each.delta for each in self.deltas if isinstance(each, ReasoningDelta))

    @property
    def kinds(self) -> list[str]:
        return [item["type"] for item in self.response.items]

    @property
    def said(self) -> str:
        return "".join(text_of(item) for item in self.response.items if "role" in item)


def streamed(reply: Reply) -> list[dict[str, Any]]:
    written = [piece for piece in responses_stream(reply) if isinstance(piece, bytes)]
    return [json.loads(piece.split(b"data: ")[1]) for piece in written]


FULL = Reply(
    (
        Reasoning(("Let me ", "think."), encrypted="x"),
        Text(("Hel", "lo")),
        call_part("f", {"a": 1}, "c1"),
        call_part("g", {"b": [2]}, "c2"),
    )
)


def without(events: list[dict[str, Any]], *keys: str) -> list[dict[str, Any]]:
    return [{key: value for key, value in event.items() if key not in keys} for event in events]


def check(heard: Heard) -> None:
    assert heard.text == heard.said == "Hello"
    assert heard.thoughts == "Let me think."
    assert heard.kinds == ["reasoning", "message", "function_call", "function_call"]
    calls = [item for item in heard.response.items if item["type"] == "function_call"]
    assert [json.loads(item["arguments"]) for item in calls] == [{"a": 1}, {"b": [2]}]
    assert [item["name"] for item in calls] == ["f", "g"]


def test_an_answer_is_put_together_from_its_events() -> None:
    heard = Heard(*streamed(FULL))

    check(heard)
    assert heard.response.usage == Usage(1, 10, 4, 5, 2)
    assert heard.response.response_id == "resp_1"
    assert heard.response.items[0]["encrypted_content"] == "x"
    assert heard.answer.is_over


@pytest.mark.parametrize(
    "missing",
    [
        ("output_index",),
        ("item_id",),
        ("content_index", "summary_index"),
        ("sequence_number",),
        ("output_index", "item_id", "content_index", "summary_index", "sequence_number"),
    ],
)
@pytest.mark.parametrize("with_end", [True, False])
def test_indices_and_ids_may_be_missing(missing: tuple[str, ...], with_end: bool) -> None:
    events = without(streamed(FULL), *missing)
    if not with_end:
        events = [*events[:-1], DONE]

    check(Heard(*events))


@pytest.mark.parametrize(
    "kind",
    [
        "response.output_item.added",
        "response.output_item.done",
        "response.output_text.done",
        "response.function_call_arguments.done",
    ],
)
def test_a_kind_of_event_may_be_missing(kind: str) -> None:
    check(Heard(*(event for event in streamed(FULL) if event["type"] != kind)))


def test_deltas_may_be_missing() -> None:
    events = [event for event in streamed(FULL) if not event["type"].endswith(".delta")]
    heard = Heard(*events)

    assert heard.text == heard.said == "Hello"


def test_only_the_end_may_come() -> None:
    heard = Heard(streamed(FULL)[-1])

    assert heard.text == heard.said == "Hello"
    assert heard.kinds == ["reasoning", "message", "function_call", "function_call"]


def test_an_answer_may_come_in_one_piece() -> None:
    heard = Heard(document=responses_document(FULL))

    assert heard.text == heard.said == "Hello"
    assert heard.response.usage.output_tokens == 5


@pytest.mark.parametrize(
    "end",
    [
        DONE,
        {"type": "response.completed", "response": {}},
        {"type": "response.completed", "response": None},
        {"type": "response.completed"},
        {"type": "response.completed", "response": {"output": None, "usage": None}},
    ],
)
def test_an_end_that_says_less_than_was_streamed_takes_nothing_away(end: dict[str, Any]) -> None:
    check(Heard(*streamed(FULL)[:-1], end))


def test_an_item_that_ends_with_less_than_was_streamed_keeps_it() -> None:
    events = [
        {**event, "item": {**event["item"], "content": []}}
        if event["type"] == "response.output_item.done" and event["item"]["type"] == "message"
        else event
        for event in streamed(FULL)[:-1]
    ]

    check(Heard(*events, DONE))


def test_calls_without_anything_around_them_are_told_apart() -> None:
    added = "response.output_item.added"
    delta = "response.function_call_arguments.delta"
    events: list[dict[str, Any]] = [
        {"type": added, "item": {"type": "function_call", "name": "f", "call_id": "1"}},
        {"type": delta, "delta": "{}"},
        {"type": added, "item": {"type": "function_call", "name": "g", "call_id": "2"}},
        {"type": delta, "delta": '{"b"'},
        {"type": delta, "delta": ": 1}"},
    ]

    items = Heard(*events, DONE).response.items

    assert [(item["name"], item["arguments"]) for item in items] == [("f", "{}"), ("g", '{"b": 1}')]


def test_calls_that_are_written_at_once_are_kept_apart_by_index() -> None:
    added = "response.output_item.added"
    delta = "response.function_call_arguments.delta"
    events: list[dict[str, Any]] = [
        {"type": added, "output_index": 0, "item": {"type": "function_call", "name": "f"}},
        {"type": added, "output_index": 1, "item": {"type": "function_call", "name": "g"}},
        {"type": delta, "output_index": 0, "delta": '{"a"'},
        {"type": delta, "output_index": 1, "delta": '{"b"'},
        {"type": delta, "output_index": 0, "delta": ": 1}"},
        {"type": delta, "output_index": 1, "delta": ": 2}"},
    ]

    items = Heard(*events, DONE).response.items

    assert [(item["name"], item["arguments"]) for item in items] == [
        ("f", '{"a": 1}'),
        ("g", '{"b": 2}'),
    ]


def test_text_alone_is_a_message() -> None:
    heard = Heard({"type": "response.output_text.delta", "delta": "Hi"}, DONE)

    assert heard.said == "Hi"


def test_ids_that_change_with_each_event_do_not_tear_a_message_apart() -> None:
    deltas = [
        {"type": "response.output_text.delta", "output_index": 0, "item_id": f"msg_{n}", "delta": t}
        for n, t in enumerate(["Hel", "lo"])
    ]

    heard = Heard(*deltas, DONE)

    assert heard.kinds == ["message"]
    assert heard.said == "Hello"


def test_a_refusal_is_shown_and_kept() -> None:
    heard = Heard({"type": "response.refusal.delta", "delta": "I will not."}, DONE)

    assert heard.text == heard.said == "I will not."
    assert heard.response.items[0]["content"][0]["type"] == "refusal"


def test_the_parts_of_a_summary_are_kept_apart() -> None:
    kind = "response.reasoning_summary_text.delta"
    heard = Heard(
        {"type": kind, "summary_index": 0, "delta": "First"},
        {"type": kind, "summary_index": 0, "delta": "ly."},
        {"type": kind, "summary_index": 1, "delta": "Then."},
        {"type": "response.output_text.delta", "delta": "Hi"},
        DONE,
    )

    assert heard.thoughts == "Firstly.\n\nThen."
    assert [part["text"] for part in heard.response.items[0]["summary"]] == ["Firstly.", "Then."]


@pytest.mark.parametrize("kind", ["response.reasoning_text.delta", "response.reasoning.delta"])
def test_thoughts_in_the_clear_are_shown_and_kept(kind: str) -> None:
    heard = Heard(
        {"type": kind, "delta": "Hm"}, {"type": "response.output_text.delta", "delta": "Hi"}, DONE
    )

    assert heard.thoughts == "Hm"
    assert heard.response.items[0]["content"] == [{"type": "reasoning_text", "text": "Hm"}]


def test_an_answer_that_was_cut_off_says_so() -> None:
    heard = Heard(*streamed(Reply((Text(("Half a",)),), finish="length")))

    assert heard.response.items[0]["status"] == "incomplete"
    assert heard.text == "Half a"


def test_an_answer_that_was_cut_off_before_its_first_word_is_an_error() -> None:
    with pytest.raises(ModelError, match="length"):
        Heard(*streamed(Reply((Reasoning(("Hm",)),), finish="length")))


@pytest.mark.parametrize(
    "event",
    [
        {"type": "response.failed", "response": {"error": {"code": "server_error"}}},
        {"type": "response.failed", "response": None},
        {"type": "response.failed"},
        {"type": "error", "code": "server_error", "message": "oops"},
    ],
)
def test_a_failure_of_the_server_may_come_as_an_event(event: dict[str, Any]) -> None:
    with pytest.raises(TemporaryError):
        Heard(event)


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"type": None},
        {"type": "response.web_search_call.searching", "output_index": 0},
        {"type": "response.output_text.delta"},
        {"type": "response.output_text.delta", "delta": 7},
        {"type": "response.output_text.delta", "delta": "", "output_index": [], "item_id": {}},
        {"type": "response.output_item.added", "item": "junk"},
        {"type": "response.output_item.done"},
        {"type": "response.output_text.annotation.added", "annotation": {}},
    ],
)
def test_events_that_mean_nothing_to_us_do_no_harm(event: dict[str, Any]) -> None:
    check(Heard(event, *streamed(FULL)))


def test_what_is_no_response_is_told() -> None:
    with pytest.raises(ResponseUnreadable):
        Heard(document={"choices": []})
    with pytest.raises(ResponseUnreadable):
        Heard({"object": "chat.completion.chunk"})


def test_calls_get_ids_of_their_own_where_the_server_gives_none() -> None:
    added = {"type": "response.output_item.done", "item": {"type": "function_call", "name": "f"}}

    first, second = Heard(added, added, DONE).response.items

    assert first["call_id"] != second["call_id"]
