from __future__ import annotations

from typing import Any

import pytest

from chatelaine.agents.errors import ModelError
from chatelaine.agents.events import Usage
from chatelaine.agents.models.output_items import OutputItems, usage_of


def made(*raw: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    incomplete = options.pop("incomplete", None)
    items = OutputItems(**options)
    items.incomplete = incomplete
    return list(items.made_from(raw))


MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "status": "completed",
    "content": [{"type": "output_text", "text": "Hi", "annotations": [], "logprobs": []}],
}
CALL = {
    "id": "fc_1",
    "type": "function_call",
    "status": "completed",
    "call_id": "call_1",
    "name": "f",
    "arguments": "{}",
}


def test_ids_that_only_the_server_could_resolve_are_left_out() -> None:
    message, call, reasoning = made(
        MESSAGE, CALL, {"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": "x"}
    )

    assert message == {
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "output_text", "text": "Hi", "annotations": []}],
    }
    assert call == {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"}
    assert reasoning == {"type": "reasoning", "summary": [], "encrypted_content": "x"}


def test_ids_are_kept_where_the_server_keeps_the_response() -> None:
    assert [item["id"] for item in made(MESSAGE, CALL, keep_ids=True)] == ["msg_1", "fc_1"]


def test_what_a_tool_of_the_server_did_stays_as_it_is() -> None:
    search = {"type": "web_search_call", "id": "ws_1", "status": "completed"}

    assert made(search) == [search]


@pytest.mark.parametrize(
    "raw",
    [
        {"role": "assistant", "content": "Hi"},
        {"type": "message", "content": [{"type": "text", "text": "Hi"}]},
        {"type": "message", "content": [{"text": "Hi"}, {"text": ""}, "junk"]},
    ],
)
def test_a_message_has_one_shape_however_it_came(raw: dict[str, Any]) -> None:
    (message,) = made(raw)

    assert message["content"] == [{"type": "output_text", "text": "Hi", "annotations": []}]
    assert message["role"] == "assistant"


def test_the_phase_of_a_message_is_kept() -> None:
    assert made({**MESSAGE, "phase": "commentary"})[0]["phase"] == "commentary"


def test_a_refusal_is_part_of_the_message() -> None:
    (message,) = made({"type": "message", "content": [{"type": "refusal", "refusal": "No."}]})

    assert message["content"] == [{"type": "refusal", "refusal": "No."}]


@pytest.mark.parametrize(
    "raw",
    [
        {"type": "message", "role": "assistant", "content": []},
        {"type": "message", "role": "assistant", "content": None},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": ""}]},
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "function_call", "call_id": "c", "arguments": "{}"},
        {"type": "function_call", "call_id": "c", "name": "", "arguments": "{}"},
    ],
)
def test_what_has_nothing_in_it_is_no_item(raw: dict[str, Any]) -> None:
    assert made(raw) == []


@pytest.mark.parametrize(
    ("arguments", "written"),
    [
        ("", "{}"),
        (None, "{}"),
        ({"a": "é"}, '{"a": "é"}'),
        ('{"a":1}', '{"a":1}'),
        ("junk", "junk"),
    ],
)
def test_arguments_are_text_however_they_came(arguments: object, written: str) -> None:
    (call,) = made({**CALL, "arguments": arguments})

    assert call["arguments"] == written


@pytest.mark.parametrize("call_id", ["", None, "call_1", 7])
def test_no_two_calls_of_a_conversation_have_one_id(call_id: object) -> None:
    first, second = made(
        {**CALL, "call_id": call_id},
        {**CALL, "call_id": call_id},
        history=[{"type": "function_call", "call_id": "call_1"}],
    )

    assert len({first["call_id"], second["call_id"], "call_1", ""}) == 4


def test_a_message_that_was_cut_off_says_so() -> None:
    (message,) = made(MESSAGE, incomplete="max_output_tokens")

    assert message["status"] == "incomplete"


def test_a_call_that_was_cut_off_is_none() -> None:
    whole = {**CALL, "arguments": '{"a": 1}'}
    half = {**CALL, "call_id": "call_2", "arguments": '{"a": '}

    assert [item["call_id"] for item in made(whole, half, incomplete="length")] == ["call_1"]


@pytest.mark.parametrize(
    ("reason", "title"),
    [
        ("max_output_tokens", "The answer was cut off"),
        ("content_filter", "The answer was withheld"),
    ],
)
def test_an_answer_that_stopped_before_its_first_word_is_an_error(reason: str, title: str) -> None:
    thought = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm"}]}

    with pytest.raises(ModelError) as caught:
        made(thought, incomplete=reason)

    assert caught.value.title == title


@pytest.mark.parametrize(
    ("raw", "usage"),
    [
        (
            {
                "input_tokens": 10,
                "input_tokens_details": {"cached_tokens": 4},
                "output_tokens": 5,
                "output_tokens_details": {"reasoning_tokens": 2},
            },
            Usage(1, 10, 4, 5, 2),
        ),
        (
            {
                "prompt_tokens": 10,
                "prompt_tokens_details": {"cached_tokens": 4},
                "completion_tokens": 5,
                "completion_tokens_details": {"reasoning_tokens": 2},
            },
            Usage(1, 10, 4, 5, 2),
        ),
        ({"prompt_tokens": 10, "prompt_cache_hit_tokens": 4}, Usage(1, 10, 4, 0, 0)),
        ({"input_tokens": None, "output_tokens": "many", "x": -1}, Usage(1)),
        ({"input_tokens_details": None, "input_tokens": -5}, Usage(1)),
        (None, Usage(1)),
        ([], Usage(1)),
    ],
)
def test_usage_is_read_in_the_words_of_either_api(raw: object, usage: Usage) -> None:
    assert usage_of(raw) == usage
