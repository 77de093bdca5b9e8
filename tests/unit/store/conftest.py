"""Real encrypted histories."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chatelaine.store.store import ConversationStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from chatelaine.store.records import Thread

KEY = bytes(range(32))


@pytest.fixture
def key() -> bytes:
    return KEY


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a history may be made; nothing is there."""
    return tmp_path / "data" / "history.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[ConversationStore]:
    async with await ConversationStore.open(path, KEY, create=True) as store:
        yield store


@pytest.fixture
async def thread(store: ConversationStore) -> Thread:
    return await store.create_thread()
