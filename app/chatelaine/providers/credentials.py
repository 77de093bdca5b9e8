"""API keys: what can be one, and where a registry keeps it and what else it must remember.

The stores are handed in by the workspace: in the application they are tables of the encrypted file.
"""

from __future__ import annotations

from typing import Protocol

from chatelaine.agents.errors import AgentsError
from chatelaine.agents.models.endpoint import resolve_endpoint
from chatelaine.providers.failures import provider_error


def check_api_key(base_url: str, api_key: str) -> None:
    """Make sure that a key can be sent at all; nobody is asked whether it is the right one.

    Args:
        base_url: As `address.base_url_from` gives it.
        api_key: What was entered; not empty.

    Raises:
        ProviderError: It cannot, or the address is none.
    """
    try:
        resolve_endpoint(base_url, api_key)
    except AgentsError as error:
        raise provider_error(error) from error


class ValueStore(Protocol):
    """Small texts by name."""

    async def get(self, name: str) -> str | None:
        """Give a text; None where there is none."""
        ...

    async def set(self, name: str, text: str, /) -> None:
        """Keep a text in place of the one before."""
        ...

    async def delete(self, name: str) -> None:
        """Erase a text, if there is one."""
        ...


class CredentialStore(Protocol):
    """Secrets by name; they are kept encrypted, and nowhere else."""

    async def get(self, name: str) -> str | None:
        """Give a secret; None where there is none."""
        ...

    async def set(self, name: str, secret: str, /) -> None:
        """Keep a secret in place of the one before."""
        ...

    async def delete(self, name: str) -> None:
        """Erase a secret, if there is one."""
        ...
