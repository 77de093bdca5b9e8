from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatelaine.agents.items import (
    assistant_message,
    function_call,
    function_call_output,
    user_message,
)
from chatelaine.agents.models.chat_request import chat_body, messages_of
from chatelaine.agents.models.protocol import ModelRequest, ModelSettings, ToolDescription
from support.openai_rules import fault_in_chat


def body(
    *items: dict[str, Any],
    instructions: str | None = None,
    tools: tuple[ToolDescription, ...] = (),
    is_official: bool = False,
    offered: tuple[str, ...] = ("stream_options", "reasoning_content"),
    **settings: Any,
) -> dict[str, Any]:
    request = ModelRequest(instructions, items, tools, ModelSettings(**settings))
    return chat_body("m-1", request, is_official=is_official, offered=offered)


def test_a_request_says_only_what_was_chosen() -> None:
    assert body(user_message("Hi")) == {
        "model": "m-1",
        "stream": True,
        "stream_options": {"include_usage": True},
        "messages": [{"role": "user", "content": "Hi"}],
    }
    assert "stream_options" not in body(offered=())


def test_openais_own_server_is_told_not_to_keep_the_completion() -> None:
    assert body(is_official=True, offered=())["store"] is False
    assert body(store=True)["store"] is True


def test_settings_are_sent_in_the_words_of_the_api() -> None:
    tool = ToolDescription("f", "Does it.", {"type": "object"})

    written = body(
        instructions="Be kind.",
        tools=(tool,),
        temperature=0.0,
        top_p=0.5,
        max_tokens=9,
        reasoning_effort="low",
        tool_choice="f",
        parallel_tool_calls=False,
        extra_body={"top_k": 3, "stream": False},
    )

    function = {"name": "f", "description": "Does it.", "parameters": {"type": "object"}}
    assert written == {
        "model": "m-1",
        "stream": True,
        "stream_options": {"include_usage": True},
        "messages": [{"role": "system", "content": "Be kind."}],
        "temperature": 0.0,
        "top_p": 0.5,
        "max_tokens": 9,
        "reasoning_effort": "low",
        "tools": [{"type": "function", "function": function}],
        "tool_choice": {"type": "function", "function": {"name": "f"}},
        "parallel_tool_calls": False,
        "top_k": 3,
    }


def test_openais_own_server_has_another_word_for_the_length() -> None:
    written = body(is_official=True, max_tokens=9)

    assert written["max_completion_tokens"] == 9
    assert "max_tokens" not in written


@pytest.mark.parametrize("choice", ["auto", "required", "none"])
def test_the_choice_of_tools_may_be_left_open(choice: str) -> None:
    tool = ToolDescription("f", "", {})

    assert body(tools=(tool,), tool_choice=choice)["tool_choice"] == choice


def test_a_strict_tool_is_described_as_one() -> None:
    tool = ToolDescription("f", "", {}, strict=True)

    assert body(tools=(tool,))["tools"][0]["function"]["strict"] is True


def call(call_id: str, name: str = "f") -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": "{}"}}


def test_a_message_and_the_calls_after_it_are_one_message() -> None:
    messages = messages_of(
        [
            user_message("a"),
            assistant_message("Let me see."),
            function_call("1", "f", "{}"),
            function_call("2", "f", "{}"),
            function_call_output("1", "one"),
            function_call_output("2", "two"),
            assistant_message("Done."),
        ]
    )

    assert messages == [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "Let me see.", "tool_calls": [call("1"), call("2")]},
        {"role": "tool", "tool_call_id": "1", "content": "one"},
        {"role": "tool", "tool_call_id": "2", "content": "two"},
        {"role": "assistant", "content": "Done."},
    ]


def test_calls_of_two_steps_are_two_messages() -> None:
    messages = messages_of(
        [
            function_call("1", "f", "{}"),
            function_call_output("1", "one"),
            function_call("2", "f", "{}"),
            function_call_output("2", "two"),
        ]
    )

    assert [message["role"] for message in messages] == ["assistant", "tool"] * 2


def test_the_answers_of_tools_follow_their_calls_wherever_they_stood() -> None:
    messages = messages_of(
        [
            function_call("1", "f", "{}"),
            function_call("2", "f", "{}"),
            function_call_output("2", "two"),
            user_message("b"),
            function_call_output("1", "one"),
        ]
    )

    assert [message.get("content") for message in messages] == [None, "one", "two", "b"]


def test_half_pairs_are_not_sent() -> None:
    history = [function_call("1", "f", "{}"), function_call_output("2", "two"), user_message("b")]

    assert messages_of(history) == [{"role": "user", "content": "b"}]


def test_calls_that_share_an_id_keep_their_own_answers() -> None:
    history = []
    for answer in ("one", "two"):
        history += [function_call("x", "f", "{}"), function_call_output("x", answer)]

    messages = messages_of(history)

    assert [each["content"] for each in messages if each["role"] == "tool"] == ["one", "two"]


def test_developers_and_systems_speak_as_the_system() -> None:
    history = [{"role": "developer", "content": "a"}, {"role": "system", "content": "b"}]

    assert [message["role"] for message in messages_of(history)] == ["system", "system"]


def test_parts_are_sent_in_the_words_of_the_api() -> None:
    (message,) = messages_of(
        [
            {
                "type": "message",
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "Look:"},
                    {"type": "input_image", "image_url": "data:image/png;base64,AA=="},
                    {"type": "input_image", "image_url": "u", "detail": "low"},
                    {"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}},
                    {"type": "input_file", "filename": "a", "file_data": "AA==", "x": 1},
                    {"type": "input_image", "file_id": "nobody knows"},
                    "junk",
                ],
            }
        ]
    )

    assert message["content"] == [
        {"type": "text", "text": "Look:"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}},
        {"type": "image_url", "image_url": {"url": "u", "detail": "low"}},
        {"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}},
        {"type": "file", "file": {"file_data": "AA==", "filename": "a"}},
    ]


def test_parts_that_are_all_text_are_sent_as_one() -> None:
    parts = [{"type": "input_text", "text": "a"}, {"type": "input_text", "text": "b"}]

    assert messages_of([{"role": "user", "content": parts}]) == [
        {"role": "user", "content": "a\n\nb"}
    ]


def test_an_assistants_refusal_is_what_it_said() -> None:
    refusal = {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}

    assert messages_of([refusal]) == [{"role": "assistant", "content": "No."}]


def test_two_messages_of_an_assistant_stay_two() -> None:
    messages = messages_of([assistant_message("a"), assistant_message("b")])

    assert [message["content"] for message in messages] == ["a", "b"]


def thought(text: str) -> dict[str, Any]:
    return {"type": "reasoning", "content": [{"type": "reasoning_text", "text": text}]}


WITH_A_CALL = [
    user_message("a"),
    thought("idle"),
    assistant_message("Just so."),
    user_message("b"),
    thought("first"),
    function_call("1", "f", "{}"),
    function_call_output("1", "one"),
    thought("then"),
    assistant_message("Done."),
]


def test_thoughts_are_left_out() -> None:
    assert "reasoning_content" not in str(messages_of(WITH_A_CALL))


def test_a_server_that_insists_gets_the_thoughts_of_turns_with_calls() -> None:
    messages = messages_of(WITH_A_CALL, with_reasoning=True)

    assert [message.get("reasoning_content") for message in messages] == [
        None,
        None,
        None,
        "first",
        None,
        "then",
    ]


def test_thoughts_that_follow_each_other_are_both_given_back() -> None:
    history = [thought("a"), thought("b"), *WITH_A_CALL[5:7]]

    assert messages_of(history, with_reasoning=True)[0]["reasoning_content"] == "ab"


def test_the_history_is_not_changed() -> None:
    before = copy.deepcopy(WITH_A_CALL)

    messages_of(WITH_A_CALL, with_reasoning=True)

    assert before == WITH_A_CALL


texts = st.text(max_size=3)
call_ids = st.sampled_from(["1", "2", ""])
anything = st.one_of(
    st.none(), st.booleans(), st.integers(), texts, st.lists(st.dictionaries(texts, texts))
)
items = st.one_of(
    st.builds(user_message, texts),
    st.builds(assistant_message, texts),
    st.builds(function_call, call_ids, texts, st.just("{}")),
    st.builds(function_call_output, call_ids, texts),
    st.builds(thought, texts),
    st.fixed_dictionaries(
        {"role": st.sampled_from(["user", "assistant", "developer", "tool"]), "content": anything}
    ),
    st.fixed_dictionaries({"type": texts}),
    st.just({"type": "web_search_call", "id": "ws_1"}),
    st.just({}),
)


@given(history=st.lists(items, max_size=12), with_reasoning=st.booleans())
def test_every_history_becomes_messages_that_a_strict_server_accepts(
    history: list[dict[str, Any]], with_reasoning: bool
) -> None:
    messages = messages_of([*history, user_message("last")], with_reasoning=with_reasoning)

    assert fault_in_chat({"model": "m", "messages": messages}) is None


@pytest.mark.parametrize("content", [None, "", []])
def test_a_message_with_nothing_in_it_is_not_sent(content: object) -> None:
    assert messages_of([{"role": "user", "content": content}]) == []
