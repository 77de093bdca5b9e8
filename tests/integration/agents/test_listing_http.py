from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from chatelaine.agents.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    MissingCredentials,
    RateLimited,
    RequestRefused,
    RequestTimedOut,
    ResponseUnreadable,
    ServerFailed,
)
from chatelaine.agents.models.listing import list_models, supports_responses
from support.openai_replies import Raw, Refusal
from support.openai_server import ScriptedServer, Silence

if TYPE_CHECKING:
    from chatelaine.agents.errors import ModelError


def listed(document: object) -> Raw:
    return Raw((json.dumps(document).encode(),), "application/json")


async def test_models_are_listed_by_name(server: ScriptedServer) -> None:
    server.models = ["qwen", "Llama", "gpt", "gpt"]

    assert await list_models(server.base_url, "k") == ["gpt", "Llama", "qwen"]


@pytest.mark.parametrize(
    ("document", "names"),
    [
        ({"object": "list", "data": []}, []),
        ({"object": "list", "data": None}, []),
        ({"models": [{"name": "a", "model": "a"}]}, ["a"]),
        ([{"id": "a"}, "b"], ["a", "b"]),
        ({"data": [{"id": "a"}, {"id": None}, {}, 7]}, ["a"]),
        ({}, []),
        (7, []),
    ],
)
async def test_a_list_is_read_in_each_of_its_shapes(
    server: ScriptedServer, document: object, names: list[str]
) -> None:
    server.models_answer = listed(document)

    assert await list_models(server.base_url, "") == names


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Refusal(401), AuthenticationFailed),
        (Refusal(404), RequestRefused),
        (Refusal(400), RequestRefused),
        (Refusal(429), RateLimited),
        (Refusal(500), ServerFailed),
        (Raw((b"<html>",), "text/html"), ResponseUnreadable),
        (Raw((b"nonsense",), "text/plain"), ResponseUnreadable),
        (Silence(cut=True), ConnectionFailed),
    ],
)
async def test_why_there_is_no_list_is_told(
    server: ScriptedServer, answer: Refusal | Raw | Silence, error: type[ModelError]
) -> None:
    server.models_answer = answer

    with pytest.raises(error):
        await list_models(server.base_url, "k")


async def test_a_server_that_does_not_answer_is_given_up(server: ScriptedServer) -> None:
    server.models_answer = Silence()

    with pytest.raises(RequestTimedOut):
        await list_models(server.base_url, "k", timeout=0.2)


async def test_a_server_that_is_not_there_is_told(server: ScriptedServer) -> None:
    await server.stop()

    with pytest.raises(ConnectionFailed, match="Is the server running"):
        await list_models(server.base_url, "k")
    with pytest.raises(ConnectionFailed):
        await supports_responses(server.base_url, "k")


async def test_openais_own_server_is_not_asked_without_a_key() -> None:
    with pytest.raises(MissingCredentials):
        await list_models()


async def test_a_server_that_speaks_responses_is_known_without_asking_a_model(
    server: ScriptedServer,
) -> None:
    assert await supports_responses(server.base_url, "k")
    assert server.requests == []


async def test_a_server_that_does_not_is_known_too(server: ScriptedServer) -> None:
    server.has_responses = False

    assert not await supports_responses(server.base_url, "k")


@pytest.mark.parametrize(
    ("answer", "speaks"),
    [
        (Refusal(400, "Missing required parameter: 'model'."), True),
        (Refusal(422, "field required"), True),
        (Refusal(404, "model '' not found"), True),
        (Refusal(500, "KeyError: 'model'"), True),
        (Refusal(404, "Unknown request URL"), False),
        (Refusal(404, ""), False),
        (Refusal(405, ""), False),
        (Refusal(501, ""), False),
        (Raw((b"<html>",), "text/html"), False),
    ],
)
async def test_it_is_told_by_what_a_server_says_to_an_empty_request(
    server: ScriptedServer, answer: Refusal | Raw, speaks: bool
) -> None:
    server.empty_answer = answer

    assert await supports_responses(server.base_url, "k") is speaks


@pytest.mark.parametrize(
    ("answer", "error"),
    [(Refusal(401), AuthenticationFailed), (Refusal(503), ServerFailed)],
)
async def test_what_does_not_tell_is_an_error(
    server: ScriptedServer, answer: Refusal, error: type[ModelError]
) -> None:
    server.empty_answer = answer

    with pytest.raises(error):
        await supports_responses(server.base_url, "k")
