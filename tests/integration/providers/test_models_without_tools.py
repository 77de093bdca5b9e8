"""A server whose model takes no tools: the application's are left out, and the turn goes on."""

from __future__ import annotations

import pytest

from chatelaine.agents.errors import RequestRefused
from chatelaine.agents.runner import Runner
from chatelaine.chat.assistants import Assistants
from chatelaine.providers.records import Protocol, Provider
from support.openai_replies import Refusal, text
from support.openai_server import ScriptedServer


class Providers:
    def __init__(self, provider):
        self.provider = provider

    async def current(self):
        return self.provider

    async def api_key(self):
        return None


@pytest.mark.parametrize("protocol", [Protocol.RESPONSES, Protocol.CHAT_COMPLETIONS])
async def test_a_model_that_refuses_tools_is_asked_without_them(protocol):
    def answer(exchange):
        if exchange.body.get("tools"):
            return Refusal(400, "small:2b does not support tools")
        return text("Hello.")

    async with ScriptedServer(default=answer) as server:
        assistants = Assistants(Providers(Provider(server.base_url, "small:2b", protocol)))
        agent = (await assistants.current()).agent
        assert (await Runner.run(agent, "Hi")).final_output == "Hello."
        asked = len(server.requests)
        assert (await Runner.run(agent, "Hi")).final_output == "Hello."
        await assistants.aclose()
        assert len(server.requests) == asked + 1, "it is remembered"
        assert not server.last.body.get("tools")


async def test_another_refusal_is_told():
    async with ScriptedServer() as server:
        server.default = Refusal(400, "no such model")
        provider = Provider(server.base_url, "gone", Protocol.CHAT_COMPLETIONS)
        assistants = Assistants(Providers(provider))
        with pytest.raises(RequestRefused):
            await Runner.run((await assistants.current()).agent, "Hi")
        await assistants.aclose()
