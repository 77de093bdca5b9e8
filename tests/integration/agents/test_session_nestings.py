"""Sessions around sessions: in every order, over every kind, they do what each must do alone.

Over SQLite all tests are run; over a session of somebody else, all but those that try a thing a
hundred times; over servers, where each costs much more and which have tests of their own, those
about turns and about what a session can do beyond the four methods.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from chatelaine.agents.agent import Agent
from chatelaine.agents.items import assistant_message, user_message
from chatelaine.agents.runner import Runner
from chatelaine.agents.sessions import (
    CompactionSession,
    EncryptedSession,
    OpenAISession,
    RedisSession,
    SQLAlchemySession,
    SQLiteSession,
)
from chatelaine.agents.sessions.turns import pop_turn
from chatelaine.agents.testing import ScriptedModel
from contracts.session import SessionContract, SessionEssentials, SessionSelection, texts
from contracts.session_base import OpenSession, SessionTests
from contracts.third_party import Shelf, ShelfSession

if TYPE_CHECKING:
    from pathlib import Path

    from chatelaine.agents.sessions.protocol import Session
    from support.openai_server import ScriptedServer
    from support.postgresql_server import PostgreSQLServer
    from support.redis_server import RedisServer

KEY = bytes(range(32))
OUTER_KEY = bytes(range(32, 64))
SECRET = "nobody but us reads this"


# ---------------------------------------------------------------------------- what is inside


class Based(SessionTests):
    @abstractmethod
    async def make_base(self, session_id: str) -> Session:
        """Make the session that keeps the items."""


class OverSQLite(Based):
    @override
    async def make_base(self, session_id: str) -> Session:
        return SQLiteSession(session_id, "memory://nestings")


class OverSomebodyElses(Based):
    capabilities = frozenset({"turns", "runs"})
    recognised = False

    @pytest.fixture(autouse=True)
    def _shelf(self) -> None:
        self.shelf: Shelf = {}

    @override
    async def make_base(self, session_id: str) -> Session:
        return ShelfSession(session_id, self.shelf)


class OverRedis(Based):
    @pytest.fixture(autouse=True)
    def _redis(self, redis_server: RedisServer, request: pytest.FixtureRequest) -> None:
        self.url = redis_server.url
        self.prefix = request.node.nodeid

    @override
    async def make_base(self, session_id: str) -> Session:
        return RedisSession(session_id, redis_url=self.url, key_prefix=self.prefix)


class OverPostgreSQL(Based):
    @pytest.fixture(autouse=True)
    def _database(self, postgresql: PostgreSQLServer) -> None:
        self.url = postgresql.url(postgresql.make_database())

    @override
    async def make_base(self, session_id: str) -> Session:
        return SQLAlchemySession(session_id, self.url)


class OverConversations(Based):
    # Items there cannot be replaced, which a copy of what is encrypted needs.
    capabilities = frozenset({"turns", "runs", "info"})

    @pytest.fixture(autouse=True)
    def _server(self, server: ScriptedServer, tmp_path: Path) -> None:
        self.server = server
        self.map_path = tmp_path / "map.json"

    @override
    async def make_base(self, session_id: str) -> Session:
        return OpenAISession(
            session_id, map_path=self.map_path, api_key="sk-test", base_url=self.server.base_url
        )


# ---------------------------------------------------------------------------- what is around it


class Nested(Based):
    """The tests that are about the nesting itself."""

    @abstractmethod
    def around(self, base: Session, messages: int, model: ScriptedModel) -> Session:
        """Put sessions around another one.

        Args:
            base: The innermost one.
            messages: How many messages the model is shown at most.
            model: Who sums up.
        """

    @override
    async def make_session(self, session_id: str) -> Session:
        # So many messages that none are summed up: nobody is asked for it.
        return self.around(await self.make_base(session_id), 10**6, ScriptedModel([]))

    async def test_nothing_can_be_read_below(self, open_session: OpenSession) -> None:
        base = await self.make_base("secret")
        session = self.around(base, 10**6, ScriptedModel([]))
        await session.add_items([user_message(SECRET), assistant_message(f"Yes: {SECRET}")])
        assert SECRET in str(await session.get_items())
        below = await base.get_items()
        assert len(below) == 2
        assert "nobody" not in str(below)
        await closed(session)

    async def test_what_is_summed_up_is_neither_lost_nor_readable_below(self) -> None:
        base = await self.make_base("long")
        summary_model = ScriptedModel([f"They said: {SECRET}."] * 9)
        session = self.around(base, 6, summary_model)
        with ScriptedModel([f"Answer {number}." for number in range(8)]) as model:
            agent = Agent("Assistant", model=model)
            for number in range(8):
                await Runner.run(agent, f"Question {number}?", session=session)
            longest = max(len(request.input) for request in model.requests)
        assert 1 <= len(summary_model.requests) < 8
        assert longest <= 8
        assert SECRET in str(model.requests[-1].input)
        everything: Any = await self.everything(session)
        assert [text for text in texts(everything) if text.startswith("Question")] == [
            f"Question {number}?" for number in range(8)
        ]
        below = str(await base.get_items(limit=1000))
        assert SECRET not in below
        assert "Question" not in below
        # Taking back what was said takes the summary back as well.
        assert len(texts(await pop_turn(session, 8))) == 16
        assert await session.get_items() == []
        await closed(session)

    async def everything(self, session: Any) -> list[Any]:
        return list(await session.get_items(include_archived=True))


class EncryptedAroundCompaction(Nested):
    @override
    def around(self, base: Session, messages: int, model: ScriptedModel) -> Session:
        compacting = CompactionSession(base, max_messages=messages, summary_model=model)
        return EncryptedSession(compacting, encryption_key=KEY)


class CompactionAroundEncrypted(Nested):
    @override
    def around(self, base: Session, messages: int, model: ScriptedModel) -> Session:
        encrypted = EncryptedSession(base, encryption_key=KEY)
        return CompactionSession(encrypted, max_messages=messages, summary_model=model)


class EncryptedTwice(Nested):
    @override
    def around(self, base: Session, messages: int, model: ScriptedModel) -> Session:
        inner: Session = EncryptedSession(base, encryption_key=KEY)
        if messages < 10**6:
            inner = CompactionSession(inner, max_messages=messages, summary_model=model)
        return EncryptedSession(inner, encryption_key=OUTER_KEY)


async def closed(session: Any) -> None:
    await session.close()


# ---------------------------------------------------------------------------- in this process


class TestEncryptedAroundCompactionOverSQLite(
    EncryptedAroundCompaction, OverSQLite, SessionSelection
):
    """The whole contract is held by `TestEncryptedCompaction` of the unit tests."""


class TestCompactionAroundEncryptedOverSQLite(
    CompactionAroundEncrypted, OverSQLite, SessionContract
):
    pass


class TestEncryptedTwiceOverSQLite(EncryptedTwice, OverSQLite, SessionSelection):
    """The whole contract is held by `TestEncryptedTwice` of the unit tests."""


class TestEncryptedAroundCompactionOverSomebodyElses(
    EncryptedAroundCompaction, OverSomebodyElses, SessionEssentials
):
    refused = frozenset({"info", "forks", "rewrites"})


class TestCompactionAroundEncryptedOverSomebodyElses(
    CompactionAroundEncrypted, OverSomebodyElses, SessionEssentials
):
    refused = frozenset({"info", "forks", "rewrites"})


class TestEncryptedTwiceOverSomebodyElses(EncryptedTwice, OverSomebodyElses, SessionEssentials):
    pass


# ---------------------------------------------------------------------------- over servers


class TestEncryptedAroundCompactionOverRedis(
    EncryptedAroundCompaction, OverRedis, SessionSelection
):
    pass


class TestCompactionAroundEncryptedOverRedis(
    CompactionAroundEncrypted, OverRedis, SessionSelection
):
    pass


class TestEncryptedTwiceOverRedis(EncryptedTwice, OverRedis, SessionSelection):
    pass


class TestEncryptedAroundCompactionOverPostgreSQL(
    EncryptedAroundCompaction, OverPostgreSQL, SessionSelection
):
    pass


class TestCompactionAroundEncryptedOverPostgreSQL(
    CompactionAroundEncrypted, OverPostgreSQL, SessionSelection
):
    pass


class TestEncryptedTwiceOverPostgreSQL(EncryptedTwice, OverPostgreSQL, SessionSelection):
    pass


class TestEncryptedAroundCompactionOverConversations(
    EncryptedAroundCompaction, OverConversations, SessionSelection
):
    refused = frozenset({"forks", "rewrites"})


class TestCompactionAroundEncryptedOverConversations(
    CompactionAroundEncrypted, OverConversations, SessionSelection
):
    refused = frozenset({"forks", "rewrites"})


class TestEncryptedTwiceOverConversations(EncryptedTwice, OverConversations, SessionSelection):
    pass
