"""The provider that is set up, and its API key."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from chatelaine.providers.address import same_server
from chatelaine.providers.records import Protocol, Provider

if TYPE_CHECKING:
    from chatelaine.providers.credentials import CredentialStore, ValueStore

_PROVIDER = "provider"
_API_KEY = "provider/api-key"


class ProviderRegistry:
    """Remembers one provider. Its API key is only ever given for the server it was entered for."""

    def __init__(self, values: ValueStore, credentials: CredentialStore) -> None:
        self._values = values
        self._credentials = credentials

    async def current(self) -> Provider | None:
        """Give the provider in use; None until one was set up."""
        text = await self._values.get(_PROVIDER)
        return None if text is None else _read(text)

    async def api_key(self) -> str | None:
        """Give the API key of the provider in use; None where it has none."""
        return await self._credentials.get(_API_KEY)

    async def api_key_for(self, base_url: str) -> str | None:
        """Give the API key, if it was entered for the server with this base URL."""
        provider = await self.current()
        if provider is None or not same_server(provider.base_url, base_url):
            return None
        return await self.api_key()

    async def save(self, provider: Provider, api_key: str | None) -> None:
        """Use a provider from now on.

        Args:
            provider: The provider.
            api_key: Its key; '' for none; None for the one there is, unless that was entered for
                another server: then it is erased.
        """
        if api_key is None:
            api_key = await self.api_key_for(provider.base_url)
        # In this order no key ever stands beside a server that it was not entered for.
        await self._credentials.delete(_API_KEY)
        await self._values.set(_PROVIDER, json.dumps(asdict(provider)))
        if api_key:
            await self._credentials.set(_API_KEY, api_key)

    async def remove(self) -> None:
        """Forget the provider and its API key."""
        await self._credentials.delete(_API_KEY)
        await self._values.delete(_PROVIDER)


def _read(text: str) -> Provider | None:
    """Read a stored provider; None for one that says what this version does not know."""
    try:
        stored = json.loads(text)
        return Provider(stored["base_url"], stored["model"], Protocol(stored["protocol"]))
    except (ValueError, KeyError, TypeError):
        return None
