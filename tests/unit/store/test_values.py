from __future__ import annotations

import pytest

from chatelaine.store.store import ConversationStore


@pytest.fixture(params=["values", "credentials"])
def named(request):
    return request.param


async def test_a_text_is_kept_under_its_name(store, path, key, named):
    texts = getattr(store, named)
    assert await texts.get("one") is None
    await texts.set("one", "first")
    await texts.set("one", "second")
    await texts.set("other", "")
    await texts.set("gone", "x")
    await texts.delete("gone")
    await texts.delete("never there")
    await store.aclose()
    async with await ConversationStore.open(path, key) as again:
        texts = getattr(again, named)
        assert await texts.get("one") == "second"
        assert await texts.get("other") == ""
        assert await texts.get("gone") is None


async def test_settings_and_secrets_do_not_mix(store):
    await store.values.set("name", "a setting")
    assert await store.credentials.get("name") is None
    await store.credentials.set("name", "a secret")
    assert await store.values.get("name") == "a setting"


async def test_half_a_character_does_no_harm(store, named):
    texts = getattr(store, named)
    await texts.set("x", "a\ud83d")
    assert await texts.get("x") == "a\N{REPLACEMENT CHARACTER}"
