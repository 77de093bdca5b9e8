"""Texts by name, in memory."""

from __future__ import annotations


class TextsByName:
    """Texts by name, as the encrypted file keeps them."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.failure: Exception | None = None

    async def get(self, name: str) -> str | None:
        return self.texts.get(name)

    async def set(self, name: str, text: str, /) -> None:
        if self.failure is not None:
            raise self.failure
        self.texts[name] = text

    async def delete(self, name: str) -> None:
        self.texts.pop(name, None)
