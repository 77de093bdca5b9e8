"""What is logged while somebody talks to a server: neither what is said nor any key."""

from __future__ import annotations

import asyncio
import io
import logging

import pytest
from typing_extensions import override

from chatelaine.chat.assistants import Assistants
from chatelaine.chat.conversation import Conversation
from chatelaine.chat.events import TurnEnded
from chatelaine.errors import CredentialsRefused
from chatelaine.log import configure
from chatelaine.providers.records import Provider
from chatelaine.providers.registry import ProviderRegistry
from chatelaine.store.store import ConversationStore
from support.openai_replies import Refusal
from support.openai_server import ScriptedServer

API_KEY = "sk-Plumbago7marker9key"
MARKERS = {
    where: f"Quagmire{where}Zeppelin"
    for where in ("message", "title", "typed", "draft", "folder", "temporary", "refused")
}


class Everything(logging.Handler):
    """Keeps all that any logger says, whole."""

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.said = []

    @override
    def emit(self, record):
        self.said.append(logging.Formatter().format(record) + repr(record.args))


@pytest.fixture(name="printed")
def printing():
    """What the program would print when asked for all it has to say."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    stream = io.StringIO()
    configure(logging.DEBUG, stream)
    yield stream
    root.handlers, root.level = handlers, level


@pytest.fixture(name="everything")
def hearing(printed):
    heard = Everything()
    logging.getLogger().addHandler(heard)
    return heard


@pytest.fixture
async def server():
    async with ScriptedServer(api_key=API_KEY) as server:
        yield server


async def test_no_text_and_no_key_is_in_the_log(path, key, server, everything, printed):
    loop = asyncio.get_running_loop()
    loop.set_debug(enabled=True)
    loop.slow_callback_duration = 60
    async with await ConversationStore.open(path, key) as store:
        providers = ProviderRegistry(store.values, store.credentials)
        await providers.save(Provider(server.base_url, server.models[0]), API_KEY)
        assistants = Assistants(providers)
        folder = await store.folders.create(MARKERS["folder"])
        thread = await store.create_thread(title=MARKERS["title"])
        await store.move_thread(thread.id, folder.id)
        passing = await store.create_thread(title=MARKERS["title"], temporary=True)
        conversation = Conversation(store, thread, assistants)
        [event async for event in conversation.send(MARKERS["message"])]
        [e async for e in Conversation(store, passing, assistants).send(MARKERS["temporary"])]
        await store.write_composer(thread.id, MARKERS["draft"])
        [hits async for hits in store.search.find(f'"{MARKERS["typed"]}')]
        server.script(Refusal(401))
        *_, last = [event async for event in conversation.send(MARKERS["refused"])]
        assert isinstance(last, TurnEnded)
        assert isinstance(last.error, CredentialsRefused)
        logging.getLogger("chatelaine").debug("it failed", exc_info=last.error)
        await store.purge_threads([thread.id])
        await assistants.aclose()
    assert "it failed" in printed.getvalue()
    for text in (*everything.said, printed.getvalue()):
        for marker in (*MARKERS.values(), API_KEY, key.hex()):
            assert marker not in text
