"""Where a registry keeps what it must remember: handed in by the workspace.

In the application both are tables of the encrypted file.
"""

from __future__ import annotations

from typing import Protocol


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
