"""What a session does when it is not told otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from chatelaine.agents.errors import UserError
from chatelaine.agents.items import user_message
from chatelaine.agents.sessions.protocol import SessionSettings
from chatelaine.agents.sessions.sqlite import SQLiteSession
from chatelaine.agents.sessions.turns import as_settings


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


@pytest.mark.parametrize("name", ["limit", "turns", "max_tokens"])
def test_a_bound_is_a_whole_number(name: str) -> None:
    with pytest.raises(TypeError, match=f"{name} .* whole number, not '3'"):
        SessionSettings(**{name: "3"})  # type: ignore[arg-type]


class LimitOnly:
    """Settings as openai-agents has them."""

    limit = 3


def test_settings_may_be_a_mapping_or_those_of_others() -> None:
    settings = SessionSettings(limit=3)
    assert as_settings(settings) is settings
    assert as_settings({"limit": 3}) == as_settings(LimitOnly()) == settings
    assert as_settings(None) == SessionSettings()
    for wrong in (5, {"limits": 3}):
        with pytest.raises(UserError):
            as_settings(wrong)


async def test_a_session_takes_settings_as_a_mapping() -> None:
    settings: Any = {"turns": 1}
    async with SQLiteSession("one", session_settings=settings) as session:
        await session.add_items([user_message("1"), user_message("2")])
        assert await session.get_items() == [user_message("2")]
        session.session_settings = {"limit": 0}  # type: ignore[assignment]
        assert await session.get_items() == []
        session.session_settings = 5  # type: ignore[assignment]
        with pytest.raises(UserError, match="5 is no SessionSettings"):
            await session.get_items()


@pytest.mark.parametrize("limit", ["2", 2.5])
async def test_a_limit_that_is_no_whole_number_is_told_as_such(limit: Any) -> None:
    async with SQLiteSession("one") as session:
        with pytest.raises(TypeError, match=f"the limit .* whole number, not {limit!r}"):
            await session.get_items(limit)
