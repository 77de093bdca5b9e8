"""One step of a compaction: what is to be summarised is read, summarised, and the summary added."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatelaine.agents.errors import UserError
from chatelaine.agents.sessions.compaction_marker import Summary
from chatelaine.agents.sessions.compaction_view import Compacted
from chatelaine.agents.sessions.protocol import EVERYTHING
from chatelaine.agents.sessions.settling import settled

if TYPE_CHECKING:
    from chatelaine.agents.sessions.compaction_progress import Progress
    from chatelaine.agents.sessions.compaction_summary import Summariser
    from chatelaine.agents.sessions.protocol import RunSession

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Compactor:
    """Makes the summaries of one conversation.

    Attributes:
        base: Where the conversation is kept.
        summariser: Who writes them.
        max_messages: How many messages a model is shown at most.
        keep_recent: How many messages at least stay as they were said.
    """

    base: RunSession
    summariser: Summariser
    max_messages: int
    keep_recent: int

    async def compact(
        self, progress: Progress, *, force: bool = False, tries_again: bool = False
    ) -> bool:
        """Summarise what is due, if anything; tell whether a summary was added.

        Args:
            progress: That of the conversation.
            force: Also where there are no more than `max_messages`.
            tries_again: Also where the model has failed and no message came since.

        Raises:
            SessionError: The session cannot be read or written.
        """
        with progress.claimed() as is_mine:
            if not is_mine:
                return False
            cleared = progress.cleared
            history = await self.base.begin_run(EVERYTHING)
            conversation = Compacted.read(history.items)
            is_due = force or conversation.messages > self.max_messages
            may_try = tries_again or conversation.all_messages > progress.failed_at
            cut = conversation.next_cut(self.keep_recent) if is_due and may_try else None
            if cut is None:
                return False
            text = await self._summary(conversation, cut, progress)
            if text is None or cleared != progress.cleared:
                return False
            return await settled(self._add(conversation, cut, text, history.mark))

    async def compact_if_due(self, progress: Progress) -> None:
        """Summarise what is due. Nothing but being cancelled is ever raised."""
        try:
            await self.compact(progress)
        except Exception as error:  # noqa: BLE001 - a run must not fail for a summary
            _warn(error)

    async def _summary(self, conversation: Compacted, cut: int, progress: Progress) -> str | None:
        before = None if conversation.summary is None else conversation.summary.text
        # Until it has succeeded it has failed, also where it is cancelled.
        progress.failed_at = conversation.all_messages
        try:
            text = await self.summariser.summary(
                before, conversation.since_summary(cut), progress.spend
            )
        except Exception as error:  # noqa: BLE001 - a model of somebody else may raise anything
            _warn(error)
            return None
        progress.failed_at = -1
        return text

    async def _add(self, before: Compacted, cut: int, text: str, mark: object) -> bool:
        """Add a summary, unless what it replaces has changed since."""
        now = Compacted.read((await self.base.begin_run(EVERYTHING)).items)
        if now.items[:cut] != before.items[:cut] or now.cut != before.cut:
            return False
        item = Summary.of(now.items, cut, text).as_item()
        # The session below sees to it that it was not cleared meanwhile. It wants to know who
        # speaks, and remembers who spoke last, which is to stay.
        origin = next((each.origin for each in reversed(now.items) if each.origin), None)
        if origin is not None:
            return await self.base.add_run_items([item], origin, mark)
        await self.base.add_items([item])
        return True


def _warn(error: Exception) -> None:
    # What others say may have words of the conversation in it.
    what = error.message if isinstance(error, UserError) else type(error).__name__
    _log.warning("a conversation could not be summarised: %s", what)
