"""What turns have cost: noted step by step, and told. Each function is part of a unit of work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatelaine.agents.events import Usage
from chatelaine.errors import HistoryError
from chatelaine.store import threads, tree
from chatelaine.store.items import storable, time_from
from chatelaine.store.records import TurnState, TurnUsage

if TYPE_CHECKING:
    from chatelaine.store.database import SqlConnection
    from chatelaine.store.records import TurnId


def add(connection: SqlConnection, turn_id: TurnId, model: str, usage: Usage) -> None:
    """Note what a step of a turn has cost."""
    connection.execute(
        "INSERT INTO usage (id, model, requests, input, cached, output, reasoning, created) "
        "SELECT coalesce(max(id) + 1, ?), ?, ?, ?, ?, ?, ?, ? FROM usage WHERE id >= ? AND id < ?",
        (
            tree.item_range(turn_id)[0],
            storable(model),
            usage.requests,
            usage.input_tokens,
            usage.cached_tokens,
            usage.output_tokens,
            usage.reasoning_tokens,
            threads.now(),
            *tree.item_range(turn_id),
        ),
    )


def total(connection: SqlConnection, turn_id: TurnId) -> Usage:
    """Give what all steps of a turn have cost."""
    row = connection.execute(
        "SELECT coalesce(sum(requests), 0), coalesce(sum(input), 0), coalesce(sum(cached), 0), "
        "coalesce(sum(output), 0), coalesce(sum(reasoning), 0) FROM usage WHERE id >= ? AND id < ?",
        tree.item_range(turn_id),
    ).fetchone()
    return Usage(*row)


def told(connection: SqlConnection, turn_id: TurnId) -> TurnUsage:
    """Give what can be said of what a turn has cost, and how long it took.

    Raises:
        HistoryError: There is no such turn.
    """
    row = connection.execute(
        "SELECT state, model, created FROM turn WHERE id = ?", (turn_id,)
    ).fetchone()
    if row is None:
        raise HistoryError("There is no such turn any more.", title="This turn is gone")
    state, model, begun = row
    within = tree.item_range(turn_id)
    asked = connection.execute(
        "SELECT model, created FROM usage WHERE id >= ? AND id < ? ORDER BY id", within
    ).fetchall()
    answers = connection.execute(
        "SELECT created FROM item WHERE id >= ? AND id < ?"
        " AND NOT (kind = 'message' AND role = 'user') ORDER BY id",
        within,
    ).fetchall()
    moments = [moment for (moment,) in answers] + [moment for _, moment in asked]
    ended = max(moments) if moments and state != TurnState.RUNNING else None
    spent = total(connection, turn_id)
    return TurnUsage(
        turn_id,
        tuple(dict.fromkeys(filter(None, (*(name for name, _ in asked), model)))),
        spent.requests,
        spent.input_tokens,
        spent.cached_tokens,
        spent.output_tokens,
        spent.reasoning_tokens,
        time_from(begun),
        None if ended is None else time_from(ended),
    )
