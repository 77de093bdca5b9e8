"""What a session does when it is not told otherwise."""

from __future__ import annotations

import pytest

from chatelaine.agents.sessions.protocol import SessionSettings


def test_a_negative_limit_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        SessionSettings(limit=-1)


def test_an_override_wins_where_it_says_something() -> None:
    settings = SessionSettings(limit=5)
    assert settings.resolve(None) is settings
    assert settings.resolve(SessionSettings()) is settings
    assert settings.resolve(SessionSettings(limit=0)) == SessionSettings(limit=0)
