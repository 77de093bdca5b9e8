from __future__ import annotations

from contextlib import aclosing

import pytest

from chatelaine.chat.assistants import Assistants
from chatelaine.errors import CredentialsMissing, CredentialsRefused, ProviderError
from chatelaine.providers.records import Protocol, Provider


class SetUp:
    """A provider and its key, as they were saved."""

    def __init__(self, base_url: str, key: str | None, protocol: Protocol = Protocol.AUTO) -> None:
        self.provider = Provider(base_url, "some-model", protocol)
        self.key = key

    async def current(self) -> Provider | None:
        return self.provider

    async def api_key(self) -> str | None:
        return self.key


async def failure(saved: SetUp) -> ProviderError:
    async with aclosing(Assistants(saved)) as assistants:
        with pytest.raises(ProviderError) as caught:
            await assistants.current()
    return caught.value


@pytest.mark.parametrize("key", ["sk abc", "ключ"])
@pytest.mark.parametrize("protocol", Protocol)
async def test_a_saved_key_that_can_be_none_is_told_in_words(key, protocol):
    error = await failure(SetUp("https://example.org/v1", key, protocol))
    assert isinstance(error, CredentialsRefused)
    assert error.title == "This is not an API key"
    assert key not in error.message


@pytest.mark.parametrize("base_url", ["http://h/v 1", "nowhere"])
async def test_a_saved_address_that_is_none_is_told_in_words(base_url):
    error = await failure(SetUp(base_url, "sk-abc"))
    assert error.title == "This is not the address of a server"


@pytest.mark.parametrize("key", [None, "", "  "])
async def test_a_missing_key_is_asked_for_where_it_can_be_entered(key):
    error = await failure(SetUp("https://api.openai.com/v1", key))
    assert isinstance(error, CredentialsMissing)
    assert "File > Settings" in error.message


async def test_a_server_of_ones_own_needs_no_key():
    async with aclosing(Assistants(SetUp("http://localhost:11434/v1", None))) as assistants:
        assert (await assistants.current()).model == "some-model"
