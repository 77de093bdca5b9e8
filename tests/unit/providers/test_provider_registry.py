from __future__ import annotations

import pytest

from chatelaine.providers.records import Protocol, Provider
from chatelaine.providers.registry import ProviderRegistry
from chatelaine.store.store import ConversationStore

KEY = bytes(range(32))
ONE = Provider("https://one.example/v1", "small", Protocol.RESPONSES)
SAME_SERVER = Provider("https://one.example/v2", "large", Protocol.CHAT_COMPLETIONS)
OTHER = Provider("https://other.example/v1", "small")


@pytest.fixture
async def store(tmp_path):
    async with await ConversationStore.open(tmp_path / "history.db", KEY, create=True) as store:
        yield store


@pytest.fixture
def registry(store):
    return ProviderRegistry(store.values, store.credentials)


async def test_there_is_no_provider_at_first(registry):
    assert await registry.current() is None
    assert await registry.api_key() is None
    assert await registry.api_key_for(ONE.base_url) is None


async def test_a_provider_and_its_key_survive_a_restart(registry, store, tmp_path):
    await registry.save(ONE, "sk-one")
    await store.aclose()
    async with await ConversationStore.open(tmp_path / "history.db", KEY) as again:
        registry = ProviderRegistry(again.values, again.credentials)
        assert await registry.current() == ONE
        assert await registry.api_key() == "sk-one"


async def test_a_key_that_is_not_entered_again_is_kept_for_its_server(registry):
    await registry.save(ONE, "sk-one")
    await registry.save(SAME_SERVER, None)
    assert await registry.current() == SAME_SERVER
    assert await registry.api_key() == "sk-one"
    assert await registry.api_key_for(ONE.base_url) == "sk-one"


async def test_a_key_never_goes_to_another_server(registry, store):
    await registry.save(ONE, "sk-one")
    assert await registry.api_key_for(OTHER.base_url) is None
    await registry.save(OTHER, None)
    assert await registry.api_key() is None
    await registry.save(ONE, None)
    assert await registry.api_key() is None


async def test_at_no_moment_does_a_key_stand_beside_another_server(registry, store):
    await registry.save(ONE, "sk-one")
    seen = []

    async def noted():
        seen.append((await registry.current(), await registry.api_key()))

    class Watched:
        def __init__(self, inner):
            self.get = inner.get
            self.inner = inner

        async def set(self, name, text, /):
            await self.inner.set(name, text)
            await noted()

        async def delete(self, name):
            await self.inner.delete(name)
            await noted()

    watched = ProviderRegistry(Watched(store.values), Watched(store.credentials))
    await watched.save(OTHER, "sk-other")
    assert seen == [(ONE, None), (OTHER, None), (OTHER, "sk-other")]


async def test_an_empty_key_means_none(registry):
    await registry.save(ONE, "sk-one")
    await registry.save(ONE, "")
    assert await registry.api_key() is None


async def test_what_is_removed_is_gone(registry):
    await registry.save(ONE, "sk-one")
    await registry.remove()
    assert await registry.current() is None
    assert await registry.api_key() is None


@pytest.mark.parametrize(
    "stored", ["", "nonsense", "[]", "{}", '{"base_url": "x", "model": "y", "protocol": "newer"}']
)
async def test_what_another_version_has_stored_is_as_good_as_nothing(registry, store, stored):
    await store.values.set("provider", stored)
    assert await registry.current() is None
