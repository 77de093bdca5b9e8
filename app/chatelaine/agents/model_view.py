"""What a model gets to see of a conversation: only what its server takes, and what is its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chatelaine.agents.items import MESSAGES_ONLY, kind_of, repaired, types_of
from chatelaine.agents.sessions.turns import is_note, turn_starts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chatelaine.agents.items import TResponseInputItem

_NAMED_BY_SERVERS = ("message", "function_call")
"""Kinds of items that need no id, and whose id says to a server which reasoning is theirs."""


def view_for(
    items: Sequence[TResponseInputItem], model: str, omitted: list[TResponseInputItem]
) -> Sequence[TResponseInputItem]:
    """Leave out what the model's server would refuse.

    That is half pairs of call and output, dangling reasoning, and the reasoning of another model:
    nobody else can make use of it. Nothing is changed in place.

    Args:
        items: The conversation.
        model: The name of the model.
        omitted: Gets what is left out, unless it has it.
    """
    types = types_of(items)
    if types <= MESSAGES_ONLY:
        return items
    foreign: set[int] = set()
    if "reasoning" in types:
        thoughts = (item for item in items if item.get("type") == "reasoning")
        foreign = {id(item) for item in thoughts if _is_foreign(item, model)}
    own = [item for item in items if id(item) not in foreign] if foreign else items
    view = repaired(own)
    if view is items:
        return items
    seen = {*map(id, view), *map(id, omitted)}
    omitted.extend(item for item in items if id(item) not in seen)
    if not foreign:
        return view
    # Where an item has an id, its server looks for the reasoning that led to it.
    return [
        _without_id(item)
        if "id" in item and kind_of(item) in _NAMED_BY_SERVERS and _is_foreign(item, model)
        else item
        for item in view
    ]


def from_first_turn(items: list[Any]) -> list[Any]:
    """Drop what is left of a turn at the beginning, where a turn begins later; notes stay."""
    starts = turn_starts(items)
    if not starts or not starts[0]:
        return items
    return [*filter(is_note, items[: starts[0]]), *items[starts[0] :]]


def _is_foreign(item: Mapping[str, Any], model: str) -> bool:
    origin = getattr(item, "origin", None)
    return origin is not None and bool(origin.model) and origin.model != model


def _without_id(item: TResponseInputItem) -> TResponseInputItem:
    return {key: value for key, value in item.items() if key != "id"}
