"""Who goes on with a conversation: the agent that answered last in it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from chatelaine.agents.items import is_user_message

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chatelaine.agents.agent import Agent
    from chatelaine.agents.items import Origin, TResponseInputItem


def last_agent(first: Agent, history: Sequence[TResponseInputItem]) -> Agent:
    """Give the agent that answered last, or was handed the conversation and did not answer yet.

    Args:
        first: Who begins where that cannot be known, or where it cannot hand over to that agent,
            directly or through others.
        history: The conversation.
    """
    signed = [item for item in history if _origin(item) is not None and not is_user_message(item)]
    if not signed:
        return first
    origin = _origin(signed[-1])
    reached = _reached_from(first)
    found = next((each for each in reached if origin and each.name == origin.agent), None)
    if found is None:
        return first
    own = itertools.takewhile(lambda item: _origin(item) == origin, reversed(signed))
    following = _handed_over(found, own)
    return found if following is None else following


def _origin(item: TResponseInputItem) -> Origin | None:
    origin: Origin | None = getattr(item, "origin", None)
    return origin if origin is not None and origin.agent else None


def _reached_from(first: Agent) -> list[Agent]:
    """Give each agent once, nearest first; they may hand over in circles."""
    reached = [first]
    for agent in reached:
        for handoff in agent.get_handoffs():
            following = handoff.agent
            if following is None or handoff.is_enabled is False:
                continue
            if not any(each is following for each in reached):
                reached.append(following)
    return reached


def _handed_over(agent: Agent, backwards: Iterable[TResponseInputItem]) -> Agent | None:
    """Give whom an agent handed the conversation over to as the last thing that it did."""
    ways = {each.tool_name: each for each in agent.get_handoffs()}
    outputs: dict[object, object] = {}
    for item in backwards:
        match item.get("type"):
            case "function_call_output":
                outputs[item.get("call_id")] = item.get("output")
            case "function_call":
                way = ways.get(item.get("name", ""))
                output = outputs.get(item.get("call_id"))
                if way is None or way.agent is None:
                    continue
                if output == way.get_transfer_message(way.agent):
                    return way.agent
            case _:
                return None
    return None
