"""Where turns begin and end in a list of items, and what is left of it within bounds.

A turn is a message of the user with everything it caused. Messages of the system and of the
developer are notes: they belong to no turn.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

from chatelaine.agents.errors import UserError
from chatelaine.agents.items import is_user_message, kind_of
from chatelaine.agents.sessions.protocol import EVERYTHING, SessionSettings, TurnSession

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatelaine.agents.items import TResponseInputItem
    from chatelaine.agents.sessions.protocol import Session

I = TypeVar("I", bound="dict[str, Any]")  # noqa: E741 - an item

_CHARACTERS_OF_A_TOKEN = 4
"""In English text, on average (https://platform.openai.com/tokenizer)."""


def is_note(item: Mapping[str, Any]) -> bool:
    """Tell whether an item is a message of the system or of the developer."""
    return item.get("role") in ("system", "developer") and kind_of(item) == "message"


def turn_starts(items: Sequence[Mapping[str, Any]]) -> list[int]:
    """Give the positions at which a turn begins."""
    return [index for index, item in enumerate(items) if is_user_message(item)]


def start_of_last(items: Sequence[Mapping[str, Any]], turns: int) -> int | None:
    """Give where the last `turns` turns begin; None where there is no turn, or none was asked for.

    Where there are fewer, it is where the first one begins.
    """
    start = None
    for index in range(len(items) - 1, -1, -1):
        if turns == 0:
            break
        if is_user_message(items[index]):
            start = index
            turns -= 1
    return start


def split_off(items: Sequence[I], turns: int) -> tuple[list[I], list[I]]:
    """Part what stays from the last `turns` turns. Notes stay.

    Returns:
        What stays, and what was in the turns; both in order.
    """
    start = start_of_last(items, turns)
    if start is None:
        return list(items), []
    removed = [item for item in items[start:] if not is_note(item)]
    return [*items[:start], *filter(is_note, items[start:])], removed


def checked_count(count: int, name: str) -> int:
    """Give a count of items or turns as a plain number.

    Raises:
        TypeError: It is no whole number.
        ValueError: It is negative.
    """
    try:
        count = operator.index(count)
    except TypeError:
        raise TypeError(f"the {name} of a session is a whole number, not {count!r}") from None
    if count < 0:
        raise ValueError(f"the {name} of a session cannot be negative")
    return count


def as_settings(value: object) -> SessionSettings:
    """Give settings of a session as ours: they may be a mapping, or those of openai-agents.

    Raises:
        UserError: It is something else.
        ValueError: They are negative.
    """
    if isinstance(value, SessionSettings):
        return value
    if value is None:
        return SessionSettings()
    if isinstance(value, Mapping):
        known = {each.name for each in fields(SessionSettings)}
        if unknown := value.keys() - known:
            raise UserError(
                f"A session has no setting called {', '.join(sorted(map(str, unknown)))}; there "
                f"are {', '.join(sorted(known))}."
            )
        return SessionSettings(**value)
    if hasattr(value, "limit"):
        return SessionSettings(limit=value.limit)
    raise UserError(f"{value!r} is no SessionSettings.")


def item_limit(limit: int | None, settings: SessionSettings | None) -> int | None:
    """Give how many of the latest items are wanted: what was passed, else what the settings say.

    Raises:
        TypeError: The limit is no whole number.
        UserError: The settings are something else.
        ValueError: The limit is negative.
    """
    if limit is not None:
        return checked_count(limit, "limit")
    return None if settings is None else as_settings(settings).limit


def within(items: list[I], limit: int | None, settings: SessionSettings | None) -> list[I]:
    """Keep of items what the settings allow in turns and in tokens.

    Notes count as no turn and stay, as long as there are tokens for them.

    Args:
        items: The latest ones, already cut to the limit of items.
        limit: What was passed to `get_items`: where it is given, it wins over the settings.
        settings: Those of the session.
    """
    if limit is not None or settings is None or not items:
        return items
    settings = as_settings(settings)
    if settings.turns is not None:
        last = start_of_last(items, settings.turns)
        start = len(items) if settings.turns == 0 else last or 0
        items = [*filter(is_note, items[:start]), *items[start:]] if start else items
    if settings.max_tokens is not None:
        start = _start_within(items, settings.max_tokens)
        items = items[start:] if start else items
    return items


def estimated_tokens(item: Mapping[str, Any]) -> int:
    """Estimate how many tokens an item takes: a quarter of the characters it has."""
    return _characters(item) // _CHARACTERS_OF_A_TOKEN + 1


async def pop_turn(session: Session, n: int = 1) -> list[TResponseInputItem]:
    """Remove the last `n` turns of any session, also of one that only has the four methods.

    Returns:
        What was removed, oldest first. Notes stay.

    Raises:
        ValueError: `n` is negative.
    """
    n = checked_count(n, "turns")
    if isinstance(session, TurnSession):
        return await session.pop_turn(n)
    items = await session.get_items(limit=EVERYTHING)
    start = start_of_last(items, n)
    if start is None:
        return []
    popped: list[TResponseInputItem] = []
    for _ in range(start, len(items)):
        item = await session.pop_item()
        if item is None:
            break
        popped.insert(0, item)
    notes = [item for item in popped if is_note(item)]
    if notes:
        await session.add_items(notes)
    return [item for item in popped if not is_note(item)]


def _start_within(items: Sequence[Mapping[str, Any]], max_tokens: int) -> int:
    """Give where the earliest turn begins from which all that follows is within the bound."""
    start = len(items)
    left = max_tokens
    for index in range(len(items) - 1, -1, -1):
        left -= estimated_tokens(items[index])
        if left < 0:
            return start
        if is_user_message(items[index]):
            start = index
    return 0


def _characters(value: object) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(map(_characters, value.values()))
    if isinstance(value, list):
        return sum(map(_characters, value))
    return 1
