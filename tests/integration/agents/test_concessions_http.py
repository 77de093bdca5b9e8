"""Servers that know less of an API than others: what they refuse is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from chatelaine.agents.errors import RequestRefused
from chatelaine.agents.items import function_call, function_call_output, user_message
from chatelaine.agents.models.endpoint import Endpoint
from chatelaine.agents.models.openai_chat import OpenAIChatCompletionsModel
from chatelaine.agents.models.openai_responses import OpenAIResponsesModel
from support.asking import tell
from support.openai_replies import Refusal, text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from chatelaine.agents.models.openai_model import OpenAIModel
    from support.openai_server import ScriptedServer


@pytest.fixture
async def chat(server: ScriptedServer) -> AsyncIterator[OpenAIChatCompletionsModel]:
    model = OpenAIChatCompletionsModel("m", base_url=server.base_url)
    yield model
    await model.aclose()


@pytest.fixture
async def responses(server: ScriptedServer) -> AsyncIterator[OpenAIResponsesModel]:
    model = OpenAIResponsesModel("m", base_url=server.base_url)
    yield model
    await model.aclose()


@pytest.fixture
async def official(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[OpenAIResponsesModel]:
    """A model at a server that passes for OpenAI's own."""
    monkeypatch.setattr(Endpoint, "is_official", property(lambda _: True))
    model = OpenAIResponsesModel("m", base_url=server.base_url, api_key="k")
    yield model
    await model.aclose()


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize("words", ["Unrecognized field: stream_options", "bad request"])
async def test_a_server_that_refuses_to_count_is_asked_without_it(
    server: ScriptedServer, chat: OpenAIModel, status: int, words: str
) -> None:
    server.script(Refusal(status, words), text("Hi", usage=None), text("Ho", usage=None))

    told = await tell(chat)
    again = await tell(chat)

    assert (told.said, again.said) == ("Hi", "Ho")
    assert told.retries == []
    assert ["stream_options" in each.body for each in server.requests] == [True, False, False]


async def test_a_server_that_refuses_each_form_is_asked_no_more_than_twice(
    server: ScriptedServer, chat: OpenAIModel
) -> None:
    server.script(Refusal(400, "bad request"), Refusal(400, "still bad"), text("Hi"))

    with pytest.raises(RequestRefused, match="still bad"):
        await tell(chat)
    await tell(chat)

    assert "stream_options" in server.last.body


def thinking() -> list[dict[str, Any]]:
    thought = {"type": "reasoning", "content": [{"type": "reasoning_text", "text": "Hm"}]}
    pair = [function_call("1", "f", "{}"), function_call_output("1", "one")]
    return [user_message("Hi"), thought, *pair]


async def test_thoughts_are_given_back_to_a_chat_server_that_wants_them(
    server: ScriptedServer, chat: OpenAIModel
) -> None:
    await tell(chat, *thinking())

    assert server.last.body["messages"][2]["reasoning_content"] == "Hm"


async def test_thoughts_are_not_given_back_to_a_chat_server_that_refuses_them(
    server: ScriptedServer, chat: OpenAIModel
) -> None:
    server.script(Refusal(400, "messages.2: unknown field reasoning_content"), text("Hi"))

    await tell(chat, *thinking())

    assert "reasoning_content" not in str(server.last.body)
    assert "stream_options" in server.last.body


async def test_thoughts_are_not_given_back_to_a_responses_server_that_refuses_them(
    server: ScriptedServer, responses: OpenAIModel
) -> None:
    server.script(Refusal(400, "Unsupported input item type: reasoning"), text("Hi"))

    await tell(responses, *thinking())

    first, second = server.requests
    assert [item.get("type") for item in first.body["input"]][1] == "reasoning"
    assert "reasoning" not in str(second.body)
    assert second.body["store"] is False


async def test_a_server_is_told_not_to_keep_the_response(
    server: ScriptedServer, responses: OpenAIModel
) -> None:
    await tell(responses)

    assert server.last.body["store"] is False
    assert "include" not in server.last.body


async def test_a_model_that_does_not_reason_is_not_asked_for_its_thoughts(
    server: ScriptedServer, official: OpenAIModel
) -> None:
    server.script(
        Refusal(400, "Encrypted content is not supported with this model."), text("Hi"), text("Ho")
    )

    await tell(official)
    await tell(official)

    first, second, third = server.requests
    assert first.body["include"] == ["reasoning.encrypted_content"]
    assert "include" not in second.body
    assert "include" not in third.body
    assert {each.body["store"] for each in server.requests} == {False}


async def test_thoughts_that_another_model_sealed_are_left_out_when_they_are_refused(
    server: ScriptedServer, official: OpenAIModel
) -> None:
    sealed = {"type": "reasoning", "summary": [], "encrypted_content": "x"}
    server.script(
        Refusal(400, "The content could not be verified.", "invalid_encrypted_content"), text("Hi")
    )

    await tell(
        official,
        user_message("a"),
        sealed,
        function_call("1", "f", "{}"),
        function_call_output("1", "one"),
    )

    first, second = server.requests
    assert "encrypted_content" in first.body["input"][1]
    assert [item.get("type") for item in second.body["input"]] == [
        None,
        "function_call",
        "function_call_output",
    ]
    assert second.body["include"] == ["reasoning.encrypted_content"]


async def test_openais_own_chat_server_is_offered_all_it_knows(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Endpoint, "is_official", property(lambda _: True))
    model = OpenAIChatCompletionsModel("m", base_url=server.base_url, api_key="k")
    server.script(Refusal(400, "store is not for you"))

    with pytest.raises(RequestRefused):
        await tell(model)
    await model.aclose()

    assert server.last.body["store"] is False


async def test_a_plain_mistake_is_told_at_once_when_the_server_is_known(
    server: ScriptedServer, official: OpenAIModel
) -> None:
    await tell(official)
    server.script(Refusal(400, "Invalid schema for function"))

    with pytest.raises(RequestRefused, match="Invalid schema"):
        await tell(official)
