"""Who answers: an assistant as the rest of the chat knows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chatelaine.agents.agent import Agent


@dataclass(frozen=True, slots=True)
class Assistant:
    """An agent that is ready to be run.

    Attributes:
        agent: What the runner takes.
        model: The name of its model, for the heading of a reply.
    """

    agent: Agent
    model: str
