"""Taking items back from a session that has summaries among them.

A summary is never what was said last, and never keeps an item from being removed. Where it has to
be removed to get at one, it is put back as long as it holds: what can go wrong in between costs a
summary, never an item.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from chatelaine.agents.sessions.compaction_marker import is_summary, summary_in, unescaped
from chatelaine.agents.sessions.compaction_view import Compacted
from chatelaine.agents.sessions.protocol import EVERYTHING, TurnSession
from chatelaine.agents.sessions.running import as_run_session
from chatelaine.agents.sessions.turns import pop_turn

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from chatelaine.agents.items import TResponseInputItem
    from chatelaine.agents.sessions.protocol import Session

_log = logging.getLogger(__name__)


async def pop_said_item(base: Session) -> TResponseInputItem | None:
    """Remove the last item that was said, and give it back; None where there is none."""
    session = as_run_session(base)
    passed = []
    item = await session.pop_item()
    while item is not None and is_summary(item):
        passed.append(item)
        item = await session.pop_item()
    if item is None:
        return None
    if passed:
        await _despite_failures(_put_back(session, passed[::-1]))
    return unescaped(item)


async def pop_said_turns(base: Session, n: int) -> list[TResponseInputItem]:
    """Remove the last `n` turns, and give them back."""
    session = as_run_session(base)
    # For the session below a summary is a note, and notes stay.
    popped = await pop_turn(base if isinstance(base, TurnSession) else session, n)
    if popped:
        await _despite_failures(_remove_fallen(session))
    return popped


async def _put_back(session: Session, passed: list[TResponseInputItem]) -> None:
    """Add summaries again that were passed on the way to an item, as far as they hold."""
    items = Compacted.read(await session.get_items(EVERYTHING)).items
    read = (summary_in(item, len(items)) for item in passed)
    moved = (summary.moved_behind(items) for summary in read if summary is not None)
    back = [summary.as_item() for summary in moved if summary is not None]
    if back:
        await session.add_items(back)


async def _remove_fallen(session: Session) -> None:
    """Remove summaries from the end that no longer hold."""
    stored = list(await session.get_items(EVERYTHING))
    items = Compacted.read(stored).items
    while stored and is_summary(stored[-1]):
        summary = summary_in(stored.pop(), len(items))
        if summary is not None and summary.cut_in(items) is not None:
            return
        removed = await session.pop_item()
        if removed is not None and not is_summary(removed):
            # Somebody has added it meanwhile.
            await session.add_items([removed])
            return


async def _despite_failures(tidying: Coroutine[None, None, None]) -> None:
    """Do something about summaries after what was asked for was done."""
    try:
        await tidying
    except Exception as error:  # noqa: BLE001 - what was removed must be handed over
        _log.warning("a summary of a conversation was lost: %s", type(error).__name__)
