"""What a session does when it is not told otherwise."""

from __future__ import annotations

import pytest

from chatelaine.agents.sessions.protocol import SessionSettings


@pytest.mark.parametrize("name", ["limit", "turns", "max_tokens"])
def test_a_negative_bound_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} .* negative"):
        SessionSettings(**{name: -1})


def test_an_override_wins_where_it_says_something() -> None:
    settings = SessionSettings(limit=5)
    assert settings.resolve(None) is settings
    assert settings.resolve(SessionSettings()) == settings
    assert settings.resolve(SessionSettings(limit=0)) == SessionSettings(limit=0)
    several = settings.resolve(SessionSettings(turns=3, max_tokens=100))
    assert several == SessionSettings(limit=5, turns=3, max_tokens=100)
