from __future__ import annotations

import json
from typing import Any

import pytest

from chatelaine.agents.errors import ModelError, ResponseUnreadable
from chatelaine.agents.events import ReasoningDelta, TextDelta, Usage
from chatelaine.agents.items import text_of
from chatelaine.agents.models.chat_answer import ChatAnswer
from chatelaine.agents.models.endpoint import Endpoint
from chatelaine.agents.models.output_items import OutputItems
from chatelaine.agents.models.retry import TemporaryError
from support.openai_replies import Reasoning, Reply, Text, call_part, chat_document, chat_stream

SERVER = Endpoint("http://models.test/v1", "k")


class Heard:
    """What an answer has shown, and what it came to."""

    def __init__(self, *chunks: dict[str, Any], document: dict[str, Any] | None = None) -> None:
        self.answer = ChatAnswer(OutputItems(), SERVER, "m-1")
        self.deltas: list[TextDelta | ReasoningDelta] = []
        for chunk in chunks:
            self.deltas += self.answer.feed(chunk)
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
    def calls(self) -> list[tuple[str, str, str]]:
        items = [item for item in self.response.items if item["type"] == "function_call"]
        return [(item["call_id"], item["name"], item["arguments"]) for item in items]


def chunk(delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}


def piece(**fields: Any) -> dict[str, Any]:
    function = {key: fields.pop(key) for key in ("name", "arguments") if key in fields}
    return chunk({"tool_calls": [{**fields, "function": function}]})


STOP = chunk({}, "stop")
FULL = Reply(
    (
        Reasoning(("Let me ", "think.")),
        Text(("Hel", "lo")),
        call_part("f", {"a": 1}, "c1"),
        call_part("g", {"b": [2]}, "c2"),
    )
)


def streamed(reply: Reply) -> list[dict[str, Any]]:
    pieces = [each for each in chat_stream(reply, with_usage=True) if isinstance(each, bytes)]
    return [json.loads(each.split(b"data: ")[1]) for each in pieces[:-1]]


def check(heard: Heard) -> None:
    assert heard.text == "Hello"
    assert heard.thoughts == "Let me think."
    assert heard.kinds == ["reasoning", "message", "function_call", "function_call"]
    assert [text_of(item) for item in heard.response.items[:2]] == ["Let me think.", "Hello"]
    assert heard.calls == [("c1", "f", '{"a": 1}'), ("c2", "g", '{"b": [2]}')]
    assert heard.response.usage == Usage(1, 10, 4, 5, 2)
    assert heard.response.response_id == "chatcmpl_1"


def test_an_answer_is_put_together_from_its_chunks() -> None:
    heard = Heard(*streamed(FULL))

    check(heard)
    assert heard.answer.is_whole


def test_an_answer_may_come_in_one_piece() -> None:
    heard = Heard(document=chat_document(FULL))

    check(heard)
    assert heard.answer.is_over


def test_an_answer_is_whole_only_with_a_reason_to_end() -> None:
    heard = Heard(chunk({"content": "Hi"}))

    assert not heard.answer.is_whole


@pytest.mark.parametrize("key", ["reasoning_content", "reasoning", "thinking"])
def test_thoughts_are_heard_under_each_of_their_names(key: str) -> None:
    heard = Heard(chunk({key: "Hm"}), chunk({"content": "Hi"}), STOP)

    assert heard.thoughts == "Hm"
    assert heard.kinds == ["reasoning", "message"]


@pytest.mark.parametrize(
    "pieces",
    [
        [
            piece(index=0, id="c1", name="f", arguments=""),
            piece(index=0, arguments='{"a"'),
            piece(index=0, arguments=": 1}"),
        ],
        [piece(index=0, id="c1", name="f", arguments='{"a": 1}')],
        [piece(id="c1", name="f", arguments='{"a": 1}')],
        [piece(id="c1", name="f", arguments={"a": 1})],
        [piece(id="c1", name="f"), piece(arguments='{"a"'), piece(arguments=": 1}")],
        [
            piece(id="c1", name="f", arguments='{"a"'),
            piece(id="c1", name="f", arguments=": 1}"),
        ],
        [
            piece(index=0, id="c1", name="f", arguments='{"a"'),
            piece(index=0, id="c1", name="f", arguments=": 1}"),
        ],
        [
            piece(index=0, id="c1", name="f", arguments='{"a"'),
            piece(index=0, id="", name=None, arguments=": 1}"),
        ],
        [
            piece(index=None, id="c1", name="f", arguments='{"a"'),
            piece(index=None, id=None, name=None, arguments=": 1}"),
        ],
    ],
)
def test_a_call_is_put_together_however_it_comes(pieces: list[dict[str, Any]]) -> None:
    assert Heard(*pieces, STOP).calls == [("c1", "f", '{"a": 1}')]


@pytest.mark.parametrize(
    "pieces",
    [
        [
            piece(index=0, id="c1", name="f", arguments="{"),
            piece(index=1, id="c2", name="g", arguments="["),
            piece(index=0, arguments="}"),
            piece(index=1, arguments="]"),
        ],
        [
            piece(index=0, id="c1", name="f", arguments="{}"),
            piece(index=0, id="c2", name="g", arguments="[]"),
        ],
        [piece(id="c1", name="f", arguments="{}"), piece(id="c2", name="g", arguments="[]")],
        [
            chunk(
                {
                    "tool_calls": [
                        {"id": "c1", "function": {"name": "f", "arguments": "{}"}},
                        {"id": "c2", "function": {"name": "g", "arguments": "[]"}},
                    ]
                }
            )
        ],
    ],
)
def test_two_calls_are_told_apart_however_they_come(pieces: list[dict[str, Any]]) -> None:
    assert Heard(*pieces, STOP).calls == [("c1", "f", "{}"), ("c2", "g", "[]")]


def test_calls_without_ids_get_their_own() -> None:
    first, second = Heard(
        piece(name="f", arguments="{}"), piece(name="f", arguments="{}"), STOP
    ).calls

    assert first[0] != second[0]
    assert first[1:] == second[1:] == ("f", "{}")


def test_a_refusal_is_shown_and_kept() -> None:
    heard = Heard(chunk({"refusal": "I will "}), chunk({"refusal": "not."}), STOP)

    assert heard.text == "I will not."
    assert heard.response.items[0]["content"] == [{"type": "refusal", "refusal": "I will not."}]


def test_content_may_be_parts() -> None:
    heard = Heard(chunk({"content": [{"type": "text", "text": "Hi"}, "junk"]}), STOP)

    assert heard.text == "Hi"


def test_an_answer_that_was_cut_off_says_so() -> None:
    heard = Heard(chunk({"content": "Half a"}), chunk({}, "length"))

    assert heard.response.items[0]["status"] == "incomplete"


def test_an_answer_that_was_cut_off_before_its_first_word_is_an_error() -> None:
    with pytest.raises(ModelError, match="length"):
        Heard(chunk({"reasoning_content": "Hm"}), chunk({}, "length"))
    with pytest.raises(ModelError, match="filter"):
        Heard(chunk({}, "content_filter"))


def test_a_failure_of_the_server_may_be_a_reason_to_end() -> None:
    failed = {"choices": [{"delta": {}, "finish_reason": "error", "error": {"code": 502}}]}

    with pytest.raises(TemporaryError):
        Heard(chunk({"content": "Hi"}), failed)


@pytest.mark.parametrize(
    "junk",
    [
        {},
        {"choices": None},
        {"choices": []},
        {"choices": ["junk"]},
        {"choices": [{}]},
        {"choices": [{"delta": None}]},
        {"choices": [{"delta": {"tool_calls": "junk", "content": 7}}]},
        {"choices": [{"delta": {"tool_calls": ["junk", {"function": None}]}}]},
        {"usage": "junk"},
    ],
)
def test_chunks_that_mean_nothing_do_no_harm(junk: dict[str, Any]) -> None:
    check(Heard(junk, *streamed(FULL)))


def test_what_is_no_completion_is_told() -> None:
    with pytest.raises(ResponseUnreadable):
        Heard(document={"output": []})
    with pytest.raises(ResponseUnreadable):
        Heard({"type": "response.created"})


def test_an_answer_without_words_has_no_items() -> None:
    assert Heard(chunk({"content": ""}), STOP).response.items == ()
