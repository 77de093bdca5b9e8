"""Sessions: the memory of a conversation, and the places where it can be kept."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chatelaine.agents.sessions.compaction import CompactionSession
    from chatelaine.agents.sessions.encrypted import EncryptedSession
    from chatelaine.agents.sessions.openai_conversations import (
        OpenAIConversationsSession,
        OpenAISession,
    )
    from chatelaine.agents.sessions.protocol import (
        DescribedSession,
        ForkableSession,
        RunSession,
        Session,
        SessionABC,
        SessionInfo,
        SessionSettings,
        SessionStore,
        TurnSession,
    )
    from chatelaine.agents.sessions.redis import RedisSession
    from chatelaine.agents.sessions.redis_store import RedisSessionStore
    from chatelaine.agents.sessions.sqlalchemy import SQLAlchemySession
    from chatelaine.agents.sessions.sqlalchemy_store import SQLAlchemySessionStore
    from chatelaine.agents.sessions.sqlite import SQLiteSession
    from chatelaine.agents.sessions.sqlite_store import SQLiteSessionStore

__all__ = [
    "CompactionSession",
    "DescribedSession",
    "EncryptedSession",
    "ForkableSession",
    "OpenAIConversationsSession",
    "OpenAISession",
    "RedisSession",
    "RedisSessionStore",
    "RunSession",
    "SQLAlchemySession",
    "SQLAlchemySessionStore",
    "SQLiteSession",
    "SQLiteSessionStore",
    "Session",
    "SessionABC",
    "SessionInfo",
    "SessionSettings",
    "SessionStore",
    "TurnSession",
]

_HOMES = {
    "CompactionSession": "compaction",
    "DescribedSession": "protocol",
    "EncryptedSession": "encrypted",
    "ForkableSession": "protocol",
    "OpenAIConversationsSession": "openai_conversations",
    "OpenAISession": "openai_conversations",
    "RedisSession": "redis",
    "RedisSessionStore": "redis_store",
    "RunSession": "protocol",
    "SQLAlchemySession": "sqlalchemy",
    "SQLAlchemySessionStore": "sqlalchemy_store",
    "SQLiteSession": "sqlite",
    "SQLiteSessionStore": "sqlite_store",
    "Session": "protocol",
    "SessionABC": "protocol",
    "SessionInfo": "protocol",
    "SessionSettings": "protocol",
    "SessionStore": "protocol",
    "TurnSession": "protocol",
}


def __getattr__(name: str) -> object:
    # Each kind of session is imported when it is first named, so that none costs the others.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
