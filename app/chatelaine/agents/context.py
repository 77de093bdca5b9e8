"""What a run carries along for the tools and instructions of its caller."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from chatelaine.agents.events import Usage

T = TypeVar("T")


@dataclass(slots=True)
class RunContext(Generic[T]):
    """One run, as its tools and instructions see it.

    A tool gets it when its first parameter is annotated with it; the model never sees it.

    Attributes:
        context: What was passed to the run as `context=`: any object of the caller, or None.
        usage: The tokens that the run has spent so far.
    """

    context: T
    usage: Usage = field(default_factory=Usage)
