"""Summing up the older part of a thread, so that the model is sent less of it.

The thread's own model writes the summary, by the instructions of the library. All that was said
stays, and stays shown; the model is sent the summary in its place. A failure or a Stop on the way
changes nothing, and what was done can be taken back like any other step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from chatelaine.agents.errors import AgentsError
from chatelaine.agents.models.protocol import Model
from chatelaine.agents.sessions.compaction_summary import Summariser
from chatelaine.chat.summaries import PREFACE, summary_of
from chatelaine.errors import NothingToSumUp, ProviderUnreachable
from chatelaine.providers.failures import provider_error
from chatelaine.store.records import TurnKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatelaine.agents.events import Usage
    from chatelaine.agents.items import TResponseInputItem
    from chatelaine.chat.assistant import Assistant
    from chatelaine.store.records import Thread, Turn, TurnId
    from chatelaine.store.store import ConversationStore

KEPT_TURNS = 4
"""The latest turns, which are never summed up."""


class Older(NamedTuple):
    """The part of a thread that can be summed up.

    Attributes:
        cut: Its last turn.
        head: The last turn of the thread.
        summary: What an earlier summary says of its beginning; None where there is none.
        items: What was said since.
    """

    cut: TurnId
    head: TurnId
    summary: str | None
    items: list[TResponseInputItem]


def older_part(turns: Sequence[Turn]) -> Older | None:
    """Find what can be summed up of a thread; None where that is nothing.

    Args:
        turns: All turns that are shown, oldest first.
    """
    last = next((turn for turn in reversed(turns) if turn.kind is TurnKind.COMPACTION), None)
    said = [turn for turn in turns if turn.kind is TurnKind.TURN]
    if last is not None and last.cut is not None:
        cut = last.cut
        said = [turn for turn in said if turn.id > cut]
    old = said[:-KEPT_TURNS]
    # A second summary that says no more than the first would only cost.
    if not old or (last is not None and old[-1].id < last.id):
        return None
    items = [dict(item.data) for turn in old for item in turn.items]
    summary = None if last is None else summary_of(last)
    return Older(old[-1].id, turns[-1].id, summary, items)


async def compact(store: ConversationStore, thread: Thread, assistant: Assistant) -> None:
    """Have the model of an assistant sum up all but the latest turns of a thread.

    Raises:
        NothingToSumUp: The thread is too short.
        ProviderError: The model wrote no summary; nothing was changed.
        HistoryError: The thread is no longer as it was, or it could not be stored.
    """
    older = older_part(await store.turns(thread.id))
    if older is None:
        raise NothingToSumUp(
            f"The latest {KEPT_TURNS} messages with their answers are always sent as they are. "
            "There is nothing else before them that could be summed up."
        )
    spent: list[Usage] = []
    text = await _summary(older, assistant, spent)
    change = await store.compact(
        thread.id,
        older.cut,
        f"{PREFACE}{text}",
        head=older.head,
        agent=assistant.agent.name,
        model=assistant.model,
    )
    made = change.threads[0].head
    if made is not None:
        for usage in spent:
            await store.add_usage(made, usage, model=assistant.model)


async def _summary(older: Older, assistant: Assistant, spent: list[Usage]) -> str:
    model = assistant.agent.model
    if not isinstance(model, Model):
        raise TypeError("an assistant is always built with a model")
    try:
        return await Summariser(model, None).summary(older.summary, older.items, spent.append)
    except AgentsError as error:
        raise provider_error(error) from error
    except TimeoutError as error:
        raise ProviderUnreachable(
            "It took too long. Nothing was changed; try again later.",
            title="The model wrote no summary",
        ) from error
