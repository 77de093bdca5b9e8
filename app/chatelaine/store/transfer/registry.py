"""The formats a thread can be exported to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatelaine.store.transfer.markdown import thread_to_markdown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chatelaine.store.records import Thread, Turn


@dataclass(frozen=True, slots=True)
class Exporter:
    """One format.

    Attributes:
        name: What a person calls it.
        suffix: How its files end, with the dot.
        render: Writes a thread and those of its turns that are wanted, oldest first, as text.
    """

    name: str
    suffix: str
    render: Callable[[Thread, Sequence[Turn]], str]


EXPORTERS = (Exporter("Markdown", ".md", thread_to_markdown),)
"""The first is what a person gets who does not choose."""
