"""Agents, the runs they make, and the memory of what was said: a library of its own.

Everything public is listed here, and imported when it is first named: `import chatelaine.agents`
costs next to nothing, and the OpenAI client is not imported before one of its models is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chatelaine.agents.agent import Agent
    from chatelaine.agents.context import RunContext
    from chatelaine.agents.errors import (
        AgentsError,
        AuthenticationFailed,
        ConnectionFailed,
        DecryptionError,
        MaxTurnsExceeded,
        MissingCredentials,
        ModelError,
        RateLimited,
        RequestRefused,
        RequestTimedOut,
        ResponseUnreadable,
        ServerFailed,
        SessionBusy,
        SessionClosed,
        SessionError,
        SessionGone,
        SessionUnavailable,
        SessionUnreadable,
        ToolError,
        UserError,
    )
    from chatelaine.agents.events import (
        HandedOff,
        ReasoningDelta,
        RunEvent,
        StepEnded,
        StepRetried,
        StepStarted,
        TextDelta,
        ToolCalled,
        ToolReturned,
        Usage,
    )
    from chatelaine.agents.handoffs import Handoff, HandoffInputData, handoff
    from chatelaine.agents.items import Item, MessageInputItem, Origin, TResponseInputItem
    from chatelaine.agents.models.demo import DemoModel
    from chatelaine.agents.models.openai_chat import OpenAIChatCompletionsModel
    from chatelaine.agents.models.openai_responses import OpenAIResponsesModel
    from chatelaine.agents.models.protocol import Model, ModelSettings
    from chatelaine.agents.result import RunResult, RunResultStreaming
    from chatelaine.agents.run_config import RunConfig
    from chatelaine.agents.runner import Runner
    from chatelaine.agents.sessions.compaction import CompactionSession
    from chatelaine.agents.sessions.encrypted import EncryptedSession
    from chatelaine.agents.sessions.openai_conversations import (
        OpenAIConversationsSession,
        OpenAISession,
    )
    from chatelaine.agents.sessions.protocol import (
        Session,
        SessionABC,
        SessionInfo,
        SessionSettings,
        SessionStore,
    )
    from chatelaine.agents.sessions.redis import RedisSession
    from chatelaine.agents.sessions.redis_store import RedisSessionStore
    from chatelaine.agents.sessions.sqlalchemy import SQLAlchemySession
    from chatelaine.agents.sessions.sqlalchemy_store import SQLAlchemySessionStore
    from chatelaine.agents.sessions.sqlite import SQLiteSession
    from chatelaine.agents.sessions.sqlite_store import SQLiteSessionStore
    from chatelaine.agents.tools import FunctionTool, function_tool

__all__ = [
    "Agent",
    "AgentsError",
    "AuthenticationFailed",
    "CompactionSession",
    "ConnectionFailed",
    "DecryptionError",
    "DemoModel",
    "EncryptedSession",
    "FunctionTool",
    "HandedOff",
    "Handoff",
    "HandoffInputData",
    "Item",
    "MaxTurnsExceeded",
    "MessageInputItem",
    "MissingCredentials",
    "Model",
    "ModelError",
    "ModelSettings",
    "OpenAIChatCompletionsModel",
    "OpenAIConversationsSession",
    "OpenAIResponsesModel",
    "OpenAISession",
    "Origin",
    "RateLimited",
    "ReasoningDelta",
    "RedisSession",
    "RedisSessionStore",
    "RequestRefused",
    "RequestTimedOut",
    "ResponseUnreadable",
    "RunConfig",
    "RunContext",
    "RunEvent",
    "RunResult",
    "RunResultStreaming",
    "Runner",
    "SQLAlchemySession",
    "SQLAlchemySessionStore",
    "SQLiteSession",
    "SQLiteSessionStore",
    "ServerFailed",
    "Session",
    "SessionABC",
    "SessionBusy",
    "SessionClosed",
    "SessionError",
    "SessionGone",
    "SessionInfo",
    "SessionSettings",
    "SessionStore",
    "SessionUnavailable",
    "SessionUnreadable",
    "StepEnded",
    "StepRetried",
    "StepStarted",
    "TResponseInputItem",
    "TextDelta",
    "ToolCalled",
    "ToolError",
    "ToolReturned",
    "Usage",
    "UserError",
    "function_tool",
    "handoff",
]

_HOMES = {
    "agent": ("Agent",),
    "context": ("RunContext",),
    "errors": (
        "AgentsError",
        "AuthenticationFailed",
        "ConnectionFailed",
        "DecryptionError",
        "MaxTurnsExceeded",
        "MissingCredentials",
        "ModelError",
        "RateLimited",
        "RequestRefused",
        "RequestTimedOut",
        "ResponseUnreadable",
        "ServerFailed",
        "SessionBusy",
        "SessionClosed",
        "SessionError",
        "SessionGone",
        "SessionUnavailable",
        "SessionUnreadable",
        "ToolError",
        "UserError",
    ),
    "events": (
        "HandedOff",
        "ReasoningDelta",
        "RunEvent",
        "StepEnded",
        "StepRetried",
        "StepStarted",
        "TextDelta",
        "ToolCalled",
        "ToolReturned",
        "Usage",
    ),
    "handoffs": ("Handoff", "HandoffInputData", "handoff"),
    "items": ("Item", "MessageInputItem", "Origin", "TResponseInputItem"),
    "models.demo": ("DemoModel",),
    "models.openai_chat": ("OpenAIChatCompletionsModel",),
    "models.openai_responses": ("OpenAIResponsesModel",),
    "models.protocol": ("Model", "ModelSettings"),
    "result": ("RunResult", "RunResultStreaming"),
    "run_config": ("RunConfig",),
    "runner": ("Runner",),
    "sessions.compaction": ("CompactionSession",),
    "sessions.encrypted": ("EncryptedSession",),
    "sessions.openai_conversations": ("OpenAIConversationsSession", "OpenAISession"),
    "sessions.protocol": (
        "Session",
        "SessionABC",
        "SessionInfo",
        "SessionSettings",
        "SessionStore",
    ),
    "sessions.redis": ("RedisSession",),
    "sessions.redis_store": ("RedisSessionStore",),
    "sessions.sqlalchemy": ("SQLAlchemySession",),
    "sessions.sqlalchemy_store": ("SQLAlchemySessionStore",),
    "sessions.sqlite": ("SQLiteSession",),
    "sessions.sqlite_store": ("SQLiteSessionStore",),
    "tools": ("FunctionTool", "function_tool"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
