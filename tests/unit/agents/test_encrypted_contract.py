"""Encrypted sessions keep the contract of sessions, over what is ours and over what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from typing_extensions import override

from chatelaine.agents.items import assistant_message, user_message
from chatelaine.agents.sessions.compaction import CompactionSession
from chatelaine.agents.sessions.encrypted import EncryptedSession
from chatelaine.agents.sessions.sqlite import SQLiteSession
from chatelaine.agents.testing import ScriptedModel
from contracts.session import SessionContract, texts
from contracts.third_party import PlainShelfSession, ShelfSession

if TYPE_CHECKING:
    from pathlib import Path

    from chatelaine.agents.sessions.protocol import Session
    from contracts.third_party import Shelf

KEY = bytes(range(32))


class TestEncryptedInMemory(SessionContract):
    @override
    async def make_session(self, session_id: str) -> Session:
        return EncryptedSession(SQLiteSession(session_id, "memory://encrypted"), KEY)


class TestEncryptedInAFile(SessionContract):
    @pytest.fixture(autouse=True)
    def _file(self, tmp_path: Path) -> None:
        self.path = tmp_path / "sessions.db"

    @override
    async def make_session(self, session_id: str) -> Session:
        return EncryptedSession(SQLiteSession(session_id, self.path), KEY, 3600)


class TestEncryptedTwice(SessionContract):
    @override
    async def make_session(self, session_id: str) -> Session:
        inner = EncryptedSession(SQLiteSession(session_id, "memory://twice"), KEY)
        return EncryptedSession(inner, KEY[::-1])


class TestEncryptedShelf(SessionContract):
    capabilities: ClassVar[frozenset[str]] = frozenset({"turns", "runs"})

    @pytest.fixture(autouse=True)
    def _shelf(self) -> None:
        self.shelf: Shelf = {}
        self.bases: dict[str, Session] = {}

    def make_base(self, session_id: str) -> Session:
        return ShelfSession(session_id, self.shelf)

    @override
    async def make_session(self, session_id: str) -> Session:
        # Such a session does not know which conversation it is; the object alone tells.
        if session_id not in self.bases:
            self.bases[session_id] = self.make_base(session_id)
        return EncryptedSession(self.bases[session_id], KEY)


class TestEncryptedPlainShelf(TestEncryptedShelf):
    @override
    def make_base(self, session_id: str) -> Session:
        return PlainShelfSession(session_id, self.shelf)  # type: ignore[return-value]  # plain methods


class TestEncryptedCompaction(SessionContract):
    """Encryption that is put around a compaction goes below it."""

    @override
    async def make_session(self, session_id: str) -> Session:
        base = SQLiteSession(session_id, "memory://layers")
        return EncryptedSession(CompactionSession(base, 100_000), KEY)


async def test_a_summary_is_made_of_what_was_said_and_stored_encrypted() -> None:
    base = SQLiteSession("conversation", "memory://summary")
    with ScriptedModel(["They talked about the weather."]) as model:
        compaction = CompactionSession(base, 4, model, on="before_run")
        session: Any = EncryptedSession(compaction, KEY)
        for number in range(4):
            await session.add_items([user_message(f"question {number}")])
            await session.add_items([assistant_message(f"answer {number}")])
        shown = await session.get_items()
    assert "question 0" in str(model.requests[0].input)
    assert "talked about the weather" in str(shown)
    assert texts(shown)[-1] == "answer 3"
    assert len(await session.get_items(include_archived=True)) == 8
    stored = await base.get_items()
    assert len(stored) == 9
    assert all(item["content"].startswith("chE1") for item in stored)
    assert await session.rotate(KEY[::-1])
    assert await session.purge() == 0
    assert await session.get_items() == shown
    copy = await session.fork("copy")
    await copy.add_items([user_message("question 4")])
    assert len(await copy.get_items(include_archived=True)) == 9
    assert len(await session.get_items(include_archived=True)) == 8
    async with SQLiteSession("copy", "memory://summary") as below:
        copied = await below.get_items()
    assert all(item["content"].startswith("chE1") for item in copied)
    await copy.close()
    await session.close()
