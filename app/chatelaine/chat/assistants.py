"""Assistants that the user can talk to.

There is one for now: it answers through the provider that was set up, or, until there is one,
through the demo model, which needs no network. What it is built of is imported with the first
message, in a worker thread.
"""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from chatelaine.agents.models.protocol import Model
    from chatelaine.chat.assistant import Assistant
    from chatelaine.providers import records


class ProviderSource(Protocol):
    """Where the provider in use is asked for: `providers.registry.ProviderRegistry`."""

    async def current(self) -> records.Provider | None:
        """Give the provider in use; None until one was set up."""
        ...

    async def api_key(self) -> str | None:
        """Give its API key; None where it has none."""
        ...


class Assistants:
    """Builds the assistant for the next turn, and keeps its client open between turns."""

    def __init__(self, providers: ProviderSource) -> None:
        self._providers = providers
        self._built: tuple[records.Provider | None, str | None] | None = None
        self._assistant: Assistant | None = None
        self._replaced: list[Model] = []

    async def current(self) -> Assistant:
        """Give the assistant for the next turn.

        Raises:
            CredentialsMissing: The provider is OpenAI's own and has no API key.
            ProviderError: What was saved is no address, or no API key.
        """
        provider = await self._providers.current()
        key = None if provider is None else await self._providers.api_key()
        if self._assistant is None or self._built != (provider, key):
            await asyncio.to_thread(import_module, "chatelaine.chat.building")
            from chatelaine.chat.building import build, model_of

            fresh = build(provider, key)
            if self._assistant is not None:
                # A turn may still be running on the old client: it is closed with the workspace.
                self._replaced.append(model_of(self._assistant))
            self._assistant, self._built = fresh, (provider, key)
        return self._assistant

    async def preload(self) -> None:
        """Import what the first request needs, in a worker thread; nothing for the demo model."""
        if await self._providers.current() is not None:
            for name in ("building", "running_turn"):
                await asyncio.to_thread(import_module, f"chatelaine.chat.{name}")
            from chatelaine.agents.models.transport import preload

            await preload()

    async def aclose(self) -> None:
        """Close the connections that are kept open."""
        models = self._replaced
        if self._assistant is not None:
            from chatelaine.chat.building import model_of

            models.append(model_of(self._assistant))
        self._replaced, self._assistant, self._built = [], None, None
        for model in models:
            await model.aclose()
