"""Where turns begin and end in a list of items, and what is left of it within bounds.

A turn is a message of the user with everything it caused. Messages of the system and of the
developer are notes: they belong to no turn.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, TypeVar

from chatelaine.agents.items import is_user_message, kind_of
from chatelaine.agents.sessions.protocol import EVERYTHING, TurnSession

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chatelaine.agents.items import TResponseInputItem
    from chatelaine.agents.sessions.protocol import Session, SessionSettings

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
    count = operator.index(count)
    if count < 0:
        raise ValueError(f"the {name} of a session cannot be negative")
    return count


def item_limit(limit: int | None, settings: SessionSettings | None) -> int | None:
    """Give how many of the latest items are wanted: what was passed, else what the settings say.

    Raises:
        TypeError: The limit is no whole number.
        ValueError: The limit is negative.
    """
    if limit is not None:
        return checked_count(limit, "limit")
    return None if settings is None else settings.limit


def within(items: list[I], limit: int | None, settings: SessionSettings | None) -> list[I]:
    """Keep of items what the settings allow in turns and in tokens.

    Notes count as no turn and stay, as long as there are tokens for them.

    Args:
        items: The latest ones, already cut to the limit of items.
        limit: What was passed to `get_items`: where it is given, it wins over the settings.
        settings: Those of the session. Those of openai-agents have nothing but a limit.
    """
    if limit is not None or settings is None or not items:
        return items
    turns = getattr(settings, "turns", None)
    if turns is not None:
        last = start_of_last(items, turns)
        start = len(items) if turns == 0 else last or 0
        items = [*filter(is_note, items[:start]), *items[start:]] if start else items
    max_tokens = getattr(settings, "max_tokens", None)
    if max_tokens is not None:
        start = _start_within(items, max_tokens)
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
