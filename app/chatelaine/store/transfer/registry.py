"""The formats a thread can be exported to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chatelaine.store import deleted, threads, tree
from chatelaine.store.transfer import conversations
from chatelaine.store.transfer.markdown import thread_to_markdown

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatelaine.store.database import SqlConnection
    from chatelaine.store.records import ThreadId


def _shown(connection: SqlConnection, thread_id: ThreadId) -> tuple[Any, ...]:
    thread = threads.get(connection, thread_id)
    gone = deleted.turns_of(connection, thread_id)
    return thread, tree.turns(connection, thread.head, None, gone)


@dataclass(frozen=True, slots=True)
class Exporter:
    """One format.

    Attributes:
        name: What a person calls it.
        suffix: How its files end, with the dot.
        render: Writes what `gather` has read, as text; in a worker thread.
        gather: Reads what is wanted of a thread, as part of a unit of work: by itself the thread
            and those of its turns that are shown, oldest first.
    """

    name: str
    suffix: str
    render: Callable[..., str]
    gather: Callable[[SqlConnection, ThreadId], tuple[Any, ...]] = _shown


EXPORTERS = (
    Exporter("Markdown", ".md", thread_to_markdown),
    Exporter("Chatelaine JSON", ".json", conversations.to_text, conversations.gather),
)
"""The first is what a person gets who does not choose."""
