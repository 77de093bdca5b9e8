"""Encrypted sessions keep the contract of sessions, over what is ours and over what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pytest
from typing_extensions import override

from chatelaine.agents.sessions.encrypted import EncryptedSession
from chatelaine.agents.sessions.sqlite import SQLiteSession
from contracts.session import SessionContract
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
