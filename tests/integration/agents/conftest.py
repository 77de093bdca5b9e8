from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest

from chatelaine.agents.models.openai_chat import OpenAIChatCompletionsModel
from chatelaine.agents.models.openai_responses import OpenAIResponsesModel
from support.mariadb_server import MariaDBServer
from support.openai_server import ScriptedServer
from support.postgresql_server import PostgreSQLServer
from support.redis_server import RedisServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from chatelaine.agents.models.openai_model import OpenAIModel


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    """A real server; each scripted reply must be used."""
    async with ScriptedServer() as server:
        yield server


@pytest.fixture(
    params=[OpenAIResponsesModel, OpenAIChatCompletionsModel], ids=["responses", "chat"]
)
async def make_model(
    request: pytest.FixtureRequest, server: ScriptedServer
) -> AsyncIterator[Callable[..., OpenAIModel]]:
    """Makes models of either API at the server; they are closed with the test."""
    async with AsyncExitStack() as stack:

        def make(**options: Any) -> OpenAIModel:
            options = {"api_key": "sk-test", "base_url": server.base_url, **options}
            model: OpenAIModel = request.param("scripted-model", **options)
            stack.push_async_callback(model.aclose)
            return model

        yield make


@pytest.fixture
def model(make_model: Callable[..., OpenAIModel]) -> OpenAIModel:
    """A model of either API."""
    return make_model()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQLServer]:
    """A real server, for all tests that ask for it; each makes databases of its own."""
    server = PostgreSQLServer()
    try:
        server.set_up()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDBServer]:
    """A real server, for all tests that ask for it; each makes databases of its own."""
    server = MariaDBServer()
    try:
        server.set_up()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A real server, for all tests that ask for it; each uses keys of its own."""
    with RedisServer() as server:
        yield server
