from __future__ import annotations

import copy
from typing import Any

import pytest

from chatelaine.agents.items import (
    assistant_message,
    function_call,
    function_call_output,
    user_message,
)
from chatelaine.agents.models.protocol import ModelRequest, ModelSettings, ToolDescription
from chatelaine.agents.models.responses_request import responses_body
from support.openai_rules import fault_in_responses

ENCRYPTED = "reasoning.encrypted_content"
SUMMARY = [{"type": "summary_text", "text": "Hm"}]
THOUGHT = [{"type": "reasoning_text", "text": "Hmm"}]


def body(
    *items: dict[str, Any],
    instructions: str | None = None,
    tools: tuple[ToolDescription, ...] = (),
    is_official: bool = False,
    offered: tuple[str, ...] = ("store", "include", "reasoning"),
    **settings: Any,
) -> dict[str, Any]:
    request = ModelRequest(instructions, items, tools, ModelSettings(**settings))
    return responses_body("m-1", request, is_official=is_official, offered=offered)


def sent(*items: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    return body(*items, **options)["input"]  # type: ignore[no-any-return]  # JSON


def test_the_server_is_told_not_to_keep_the_response() -> None:
    assert body()["store"] is False
    assert body(is_official=True, offered=())["store"] is False
    assert body(store=True)["store"] is True


def test_a_request_says_only_what_was_chosen() -> None:
    assert body(user_message("Hi")) == {
        "model": "m-1",
        "stream": True,
        "store": False,
        "input": [{"role": "user", "content": "Hi"}],
    }


def test_settings_are_sent_in_the_words_of_the_api() -> None:
    tool = ToolDescription("f", "Does it.", {"type": "object"}, strict=True)

    written = body(
        instructions="Be kind.",
        tools=(tool,),
        temperature=0.0,
        top_p=0.5,
        max_tokens=9,
        reasoning_effort="low",
        tool_choice="f",
        parallel_tool_calls=False,
        extra_body={"top_k": 3},
    )

    assert written | {"input": ..., "model": ..., "stream": ..., "store": ...} == {
        "model": ...,
        "stream": ...,
        "store": ...,
        "input": ...,
        "instructions": "Be kind.",
        "temperature": 0.0,
        "top_p": 0.5,
        "max_output_tokens": 9,
        "reasoning": {"effort": "low"},
        "tools": [
            {
                "type": "function",
                "name": "f",
                "description": "Does it.",
                "parameters": {"type": "object"},
                "strict": True,
            }
        ],
        "tool_choice": {"type": "function", "name": "f"},
        "parallel_tool_calls": False,
        "top_k": 3,
    }


def test_without_tools_nothing_is_said_of_their_choice() -> None:
    assert body(tool_choice="required", parallel_tool_calls=True).keys() == body().keys()


def test_what_is_added_cannot_take_the_stream_or_the_history_away() -> None:
    written = body(user_message("Hi"), extra_body={"stream": False, "input": []})

    assert written["stream"] is True
    assert written["input"] == [user_message("Hi")]


def test_sealed_thoughts_are_asked_for_where_they_are_known() -> None:
    assert body(is_official=True)["include"] == [ENCRYPTED]
    assert "include" not in body()
    assert "include" not in body(is_official=True, store=True)
    assert "include" not in body(is_official=True, offered=())


def test_items_that_are_fit_to_be_sent_are_not_copied() -> None:
    history = [
        user_message("Hi"),
        function_call("c", "f", "{}"),
        function_call_output("c", "out"),
    ]

    for mine, written in zip(history, sent(*history), strict=True):
        assert written is mine


def test_the_history_is_not_changed() -> None:
    history = [
        {**user_message("Hi"), "note": "ours"},
        {**assistant_message("Hey", status="incomplete"), "id": "msg_9"},
        {**function_call("c", "f", "{}"), "id": "fc_9", "status": "completed"},
    ]
    before = copy.deepcopy(history)

    sent(*history)

    assert history == before


def test_fields_of_ours_are_not_sent() -> None:
    written = sent(
        {"role": "user", "content": "Hi", "compaction": 7},
        {**function_call("c", "f", "{}"), "agent": "a", "status": "completed"},
        {**function_call_output("c", "out"), "took": 3},
        {"role": "user", "content": [{"type": "input_text", "text": "Hi", "mark": 1}]},
    )

    assert written == [
        {"role": "user", "content": "Hi"},
        function_call("c", "f", "{}"),
        function_call_output("c", "out"),
        {"role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
    ]


def test_an_assistants_message_has_the_whole_shape_that_strict_servers_want() -> None:
    assert sent(user_message("Hi"), assistant_message("Hey"))[1] == {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "output_text", "text": "Hey", "annotations": []}],
    }


def test_openais_own_server_is_given_no_id_that_it_did_not_make() -> None:
    written = sent({**assistant_message("Hey"), "id": "msg_elsewhere"}, is_official=True)

    assert "id" not in written[0]


def test_the_phase_of_a_message_is_sent_to_who_knows_of_it() -> None:
    message = {**assistant_message("Hey"), "phase": "commentary"}

    assert sent(message, is_official=True)[0]["phase"] == "commentary"
    assert "phase" not in sent(message)[0]


@pytest.mark.parametrize("choice", ["auto", "required", "none"])
def test_the_choice_of_tools_may_be_left_open(choice: str) -> None:
    tool = ToolDescription("f", "", {})

    assert body(tools=(tool,), tool_choice=choice)["tool_choice"] == choice


def test_ids_are_sent_back_to_a_server_that_keeps_responses() -> None:
    history = [
        {**assistant_message("Hey"), "id": "msg_1"},
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {**function_call("c", "f", "{}"), "id": "fc_1", "status": "completed"},
        function_call_output("c", "out"),
    ]

    written = sent(*history, is_official=True, store=True)

    assert [item.get("id") for item in written] == ["msg_1", "rs_1", "fc_1", None]


@pytest.mark.parametrize("is_official", [True, False])
@pytest.mark.parametrize(
    "message",
    [
        assistant_message("Half a", status="incomplete"),
        assistant_message("Half a", status="in_progress"),
        {**assistant_message("Half a"), "status": "cancelled by us"},
        {"role": "assistant", "content": "Half a"},
        {"role": "assistant", "content": [{"type": "output_text", "text": "Half a"}]},
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "Half a"}]},
    ],
)
def test_an_assistants_message_is_accepted_however_it_ended(
    message: dict[str, Any], is_official: bool
) -> None:
    (written,) = sent(message, is_official=is_official)

    assert written["status"] == "completed"
    assert written["content"] == [{"type": "output_text", "text": "Half a", "annotations": []}]


@pytest.mark.parametrize(
    "message",
    [
        {"role": "assistant", "content": ""},
        {"role": "assistant", "content": []},
        {"role": "user", "content": None},
        {"role": "user", "content": []},
    ],
)
def test_a_message_with_nothing_in_it_is_not_sent(message: dict[str, Any]) -> None:
    assert sent(message) == []


def test_parts_keep_what_the_api_knows_of_them() -> None:
    image = {"type": "input_image", "image_url": "data:image/png;base64,AA==", "width": 3}
    file = {"type": "input_file", "file_id": "f", "filename": "a.txt", "path": "/home"}

    ((written),) = sent({"role": "user", "content": [image, file]})

    assert written["content"] == [
        {"type": "input_image", "image_url": "data:image/png;base64,AA==", "detail": "auto"},
        {"type": "input_file", "file_id": "f", "filename": "a.txt"},
    ]


def test_the_output_of_a_tool_may_be_parts_or_nothing() -> None:
    parts = [{"type": "output_text", "text": "a"}, {"type": "input_image", "image_url": "u"}]

    listed, empty = sent(
        {"type": "function_call_output", "call_id": "c", "output": parts},
        {"type": "function_call_output", "call_id": "d", "output": None},
    )

    assert listed["output"] == [
        {"type": "input_text", "text": "a"},
        {"type": "input_image", "image_url": "u", "detail": "auto"},
    ]
    assert not empty["output"]


SEALED = {"type": "reasoning", "summary": SUMMARY, "encrypted_content": "x", "id": "rs_1"}
OPEN = {"type": "reasoning", "summary": [], "content": THOUGHT}


def test_sealed_thoughts_go_back_to_the_server_that_sealed_them() -> None:
    assert sent(SEALED, is_official=True) == [
        {"type": "reasoning", "summary": SUMMARY, "encrypted_content": "x"}
    ]
    assert sent(SEALED) == []
    assert sent(SEALED, is_official=True, offered=("reasoning",)) == []
    assert len(sent(SEALED, extra_body={"include": [ENCRYPTED]})) == 1


def test_open_thoughts_go_back_only_while_their_turn_runs() -> None:
    history = [user_message("a"), OPEN, user_message("b"), OPEN, function_call("c", "f", "{}")]

    written = sent(*history)

    assert [item.get("type") for item in written] == [None, None, "reasoning", "function_call"]
    assert written[2] == {"type": "reasoning", "id": "rs_3", "summary": [], "content": THOUGHT}
    assert sent(OPEN, is_official=True) == []
    assert sent(OPEN, offered=("store",)) == []


def test_thoughts_that_nobody_can_read_are_not_sent() -> None:
    assert sent({"type": "reasoning", "summary": SUMMARY}, is_official=True) == []
    assert sent({"type": "reasoning", "summary": SUMMARY}) == []


def test_items_of_a_kind_we_do_not_know_are_the_servers_own() -> None:
    search = {"type": "web_search_call", "id": "ws_1", "status": "completed"}

    assert sent(search) == [search]


def test_a_strict_server_accepts_what_any_model_has_left_in_a_history() -> None:
    history: list[dict[str, Any]] = [
        {"role": "system", "content": "Be brief.", "compaction": 3},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "a"}]},
        SEALED,
        OPEN,
        {**assistant_message("b", status="incomplete"), "id": "msg_x", "agent": "us"},
        {**function_call("c", "f", "{}"), "id": "fc_1", "status": "in_progress"},
        {**function_call_output("c", "out"), "id": "fco_1"},
        assistant_message(""),
    ]

    for is_official in (True, False):
        assert fault_in_responses(body(*history, is_official=is_official)) is None
