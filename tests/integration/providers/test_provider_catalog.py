"""Trying a server, against a real one."""

from __future__ import annotations

import pytest

from chatelaine import errors
from chatelaine.providers import catalog
from chatelaine.providers.records import ConnectionReport, Protocol
from support.openai_replies import Raw, Refusal
from support.openai_server import ScriptedServer, Silence


@pytest.fixture
async def server():
    async with ScriptedServer(api_key="sk-right") as server:
        server.models = ["zeta", "alpha"]
        yield server


async def attempt(address, key="sk-right", protocol=Protocol.AUTO):
    return await catalog.test_connection(address, key, protocol)


async def test_a_server_tells_its_models_and_how_it_wants_to_be_asked(server):
    report = ConnectionReport(("alpha", "zeta"), Protocol.RESPONSES, server.base_url)
    assert await attempt(server.base_url) == report
    server.has_responses = False
    assert (await attempt(server.base_url)).protocol is Protocol.CHAT_COMPLETIONS


async def test_a_protocol_that_is_chosen_is_not_tried(server):
    report = await attempt(server.base_url, protocol=Protocol.CHAT_COMPLETIONS)
    assert report.protocol is Protocol.CHAT_COMPLETIONS
    assert server.requests == []


async def test_the_path_that_most_servers_have_is_found(server):
    host = server.base_url.removeprefix("http://").removesuffix("/v1")
    assert (await attempt(host)).base_url == server.base_url
    assert (await attempt(f"{host}/v1/chat/completions")).base_url == server.base_url


async def test_a_server_that_knows_neither_path_is_a_failure(server):
    server.models_answer = Refusal(404)
    with pytest.raises(errors.ProviderFailed):
        await attempt(server.base_url.removesuffix("/v1"))


async def test_a_wrong_path_is_a_failure(server):
    with pytest.raises(errors.ProviderFailed, match="v1"):
        await attempt(server.base_url.replace("/v1", "/v7"))


async def test_the_key_is_refused(server):
    with pytest.raises(errors.CredentialsRefused) as caught:
        await attempt(server.base_url, "sk-wrong-and-secret")
    assert "sk-wrong-and-secret" not in caught.value.message


@pytest.mark.parametrize("key", [None, ""])
async def test_no_key_is_taken_from_the_environment(server, key, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-right")
    with pytest.raises(errors.CredentialsRefused):
        await attempt(server.base_url, key)


async def test_openai_itself_wants_a_key():
    with pytest.raises(errors.CredentialsMissing):
        await attempt("", None)


async def test_a_server_without_a_key_is_asked_without_one():
    async with ScriptedServer() as server:
        assert (await attempt(server.base_url, None)).models


async def test_nobody_answers(server, unused_tcp_port):
    with pytest.raises(errors.ProviderUnreachable):
        await attempt(f"localhost:{unused_tcp_port}/v1")


async def test_nothing_is_waited_for_for_ever(server, monkeypatch):
    monkeypatch.setattr(catalog, "PATIENCE", 0.2)
    server.models_answer = Silence()
    with pytest.raises(errors.ProviderUnreachable) as caught:
        await attempt(server.base_url)
    assert "in time" in caught.value.title


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Refusal(429), errors.ProviderBusy),
        (Refusal(500), errors.ProviderFailed),
        (Raw((b"<html>Welcome</html>",), content_type="text/html"), errors.ProviderFailed),
        (Raw((b"nonsense",)), errors.ProviderFailed),
    ],
)
async def test_each_failure_of_a_server_has_its_words(server, answer, kind):
    server.models_answer = answer
    with pytest.raises(kind):
        await attempt(server.base_url)


async def test_what_is_no_address_is_not_tried():
    with pytest.raises(errors.ProviderUnreachable) as caught:
        await attempt("not an address")
    assert "address" in caught.value.title
