"""What every session must do, whatever it keeps its items in.

A kind of session is tested by a class that inherits `SessionContract`, makes such sessions, and
says what they can do beyond the four methods:

    class TestSQLiteInMemory(SessionContract):
        shares = False
        capabilities = frozenset({"turns", "runs", "info", "forks", "rewrites"})

        async def make_session(self, session_id: str) -> Session:
            return SQLiteSession(session_id)
"""

from __future__ import annotations

from contracts.session_base import (
    CAPABILITIES,
    EVERY_KIND,
    STRANGE_TEXTS,
    OpenSession,
    numbered,
    texts,
    turn,
)
from contracts.session_items import SessionItems
from contracts.session_optional import SessionCapabilities
from contracts.session_runs import SessionRuns
from contracts.session_stress import SessionUnderStress
from contracts.session_turns import SessionTurns

__all__ = [
    "CAPABILITIES",
    "EVERY_KIND",
    "STRANGE_TEXTS",
    "OpenSession",
    "SessionContract",
    "SessionEssentials",
    "SessionSelection",
    "numbered",
    "texts",
    "turn",
]


class SessionSelection(SessionTurns, SessionCapabilities):
    """What is most likely to differ where a session is put around one that is tested by itself."""


class SessionEssentials(SessionItems, SessionTurns, SessionCapabilities, SessionRuns):
    """All but the tests that do the same thing a hundred times, for where each time is dear."""


class SessionContract(SessionEssentials, SessionUnderStress):
    """All tests."""
