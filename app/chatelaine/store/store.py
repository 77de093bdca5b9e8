"""The conversation store: what was said, in one encrypted file.

Each call that changes something is one transaction on the database's thread, is on the disk when it
returns, and tells every subscriber what is different. A caller that is cancelled leaves either the
whole change or nothing, and subscribers hear of the change all the same.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from chatelaine.errors import HistoryDamaged
from chatelaine.store import (
    backup,
    drafts,
    threads,
    tree,
    turn_usage,
    turns,
    undo,
)
from chatelaine.store.attachments import StoredAttachments
from chatelaine.store.database import Database
from chatelaine.store.databases import Databases
from chatelaine.store.folders import StoredFolders
from chatelaine.store.items import encode, encode_all
from chatelaine.store.records import (
    Change,
    History,
    Moment,
    Reverted,
    ThreadCleared,
    ThreadId,
    Turn,
    TurnId,
    TurnState,
    TurnUsage,
)
from chatelaine.store.search import Search
from chatelaine.store.stored_file import StoredFile
from chatelaine.store.stored_turns import StoredTurns
from chatelaine.store.thread_shelf import StoredThreads
from chatelaine.store.transfer.conversations import StoredConversations
from chatelaine.store.values import StoredCredentials, StoredValues

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from chatelaine.agents.events import Usage
    from chatelaine.agents.items import Item
    from chatelaine.errors import ChatelaineError
    from chatelaine.store.backup import BackupPlace
    from chatelaine.store.database import SqlConnection

_log = logging.getLogger(__name__)


class ConversationStore(StoredThreads, StoredTurns, StoredFile):
    """An open history: threads, their turns, what can be undone; an async context manager.

    Attributes:
        values: Small texts that belong to this history.
        credentials: Secrets that belong to this history.
        folders: Folders of threads.
        attachments: Files that belong to messages, and pinned messages.
        search: Finds what was said.
        conversations: Goes out into documents, and comes in from them.
    """

    def __init__(self, database: Database) -> None:
        super().__init__(Databases(database))
        self.values = StoredValues(database)
        self.credentials = StoredCredentials(database)
        self.folders = StoredFolders(self._databases)
        self.attachments = StoredAttachments(self._databases)
        self.search = Search(self._databases)
        self.conversations = StoredConversations(self._databases)

    @classmethod
    async def open(
        cls,
        path: Path,
        key: bytes,
        *,
        create: bool = False,
        salt: bytes | None = None,
        backups: BackupPlace | None = None,
    ) -> Self:
        """Open a history. Turns that were running when the program ended become interrupted.

        Args:
            path: The file.
            key: 32 bytes.
            create: Make it where there is none.
            salt: `salt` of when it was opened last, where known: it tells a file of another key
                from a damaged one.
            backups: Where a verified backup is made before the schema is changed; without it,
                none is made.

        Raises:
            ValueError: The key has another length.
            HistoryError: The file cannot be opened, or not be backed up before an upgrade; it was
                left as it is.
            KeyOfAnotherHistory: The file at `path` is another one, with another key.
        """

        def back_up(connection: SqlConnection) -> None:
            if backups is not None:
                backup.before_upgrade(connection, path, backups)

        database = await Database.open(path, key, create=create, salt=salt, before_upgrade=back_up)
        try:
            await _recover(database)
        except BaseException:
            await database.close()
            raise
        return cls(database)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Finish what was asked for and close the file, within two seconds."""
        await self._databases.close()

    @property
    def salt(self) -> bytes:
        """The first 16 bytes of the file, which tell it from other histories."""
        return self._databases.file.salt

    def subscribe(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Have every change told, on the loop's thread; give what ends that."""
        return self._databases.subscribe(listener)

    # ------------------------------------------------------------------ turns

    async def begin_turn(
        self,
        thread_id: ThreadId,
        items: Sequence[Mapping[str, Any]],
        *,
        agent: str = "",
        model: str = "",
    ) -> Turn:
        """Begin a turn. One that still runs in the thread is ended first.

        Args:
            thread_id: The thread.
            items: What it begins with: the user's message.
            agent: The name of the agent that is going to answer.
            model: The name of its model.

        Raises:
            TypeError: An item holds what JSON cannot say.
            ThreadMissing: There is no such thread.
            HistoryError: It could not be stored.
        """
        encoded = encode_all(items)

        def unit(connection: SqlConnection) -> tuple[Turn, Change]:
            turn_id = turns.begin(connection, thread_id, encoded, agent=agent, model=model)
            return tree.turns(connection, turn_id, 1)[0], threads.changed(connection, thread_id)

        return await self._databases.write(self._of(thread_id), unit)

    async def extend_turn(
        self,
        turn_id: TurnId,
        items: Sequence[Mapping[str, Any]],
        *,
        agent: str = "",
        model: str = "",
        ended: bool = False,
    ) -> Change:
        """Add items to a running turn; they replace its draft.

        Args:
            turn_id: The turn.
            items: What it goes on with.
            agent: The name of the agent that they come from; '' leaves the turn's.
            model: The name of its model; '' leaves the turn's.
            ended: Whether the turn is done with them.

        Raises:
            TypeError: An item holds what JSON cannot say.
            HistoryError: It has ended already, or the items could not be stored.
        """
        encoded = encode_all(items)

        def unit(connection: SqlConnection) -> Change:
            thread_id = turns.extend(connection, turn_id, encoded, agent=agent, model=model)
            if ended:
                turns.end(connection, turn_id, TurnState.DONE)
            return threads.changed(connection, thread_id)

        return await self._databases.change(self._of(turn_id), unit)

    async def end_turn(
        self, turn_id: TurnId, state: TurnState, *, error: ChatelaineError | None = None
    ) -> Change:
        """End a turn; nothing happens to one that has ended.

        Unless it is done, the draft of its reply becomes part of it, as an incomplete message.

        Args:
            turn_id: The turn.
            state: How it ended.
            error: Why it failed.

        Raises:
            ValueError: RUNNING is no end.
            HistoryError: It could not be stored.
        """
        if state is TurnState.RUNNING:
            raise ValueError("a turn does not end running")

        def unit(connection: SqlConnection) -> Change:
            return threads.changed(connection, turns.end(connection, turn_id, state, error))

        return await self._databases.change(self._of(turn_id), unit)

    async def add_usage(self, turn_id: TurnId, usage: Usage, *, model: str = "") -> None:
        """Note what a step of a turn has cost.

        Raises:
            HistoryError: It could not be stored.
        """
        await self._of(turn_id).write(lambda c: turn_usage.add(c, turn_id, model, usage))

    async def usage(self, turn_id: TurnId) -> Usage:
        """Give what all steps of a turn have cost."""
        return await self._of(turn_id).read(lambda c: turn_usage.total(c, turn_id))

    async def turn_usage(self, turn_id: TurnId) -> TurnUsage:
        """Give what a turn has cost, with which models, and how long it took.

        Raises:
            HistoryError: There is no such turn.
        """
        return await self._of(turn_id).read(lambda c: turn_usage.told(c, turn_id))

    async def write_draft(self, turn_id: TurnId, text: str) -> None:
        """Keep what is known of the running reply of a turn; of one that has ended, nothing.

        Raises:
            HistoryError: It could not be stored.
        """

        def unit(connection: SqlConnection, *, beside: bool) -> None:
            turn = tree.turn_row(connection, turn_id)
            if turn is not None and turn.state is TurnState.RUNNING:
                drafts.write(connection, "reply", turn_id, text, beside=beside)

        await _write_draft(self._of(turn_id), unit)

    async def write_composer(self, thread_id: ThreadId, text: str) -> None:
        """Keep what is typed in a thread but not sent.

        Raises:
            ThreadMissing: There is no such thread.
            HistoryError: It could not be stored.
        """

        def unit(connection: SqlConnection, *, beside: bool) -> None:
            threads.get(connection, thread_id)
            drafts.write(connection, "composer", thread_id, text, beside=beside)

        await _write_draft(self._of(thread_id), unit)

    async def composer(self, thread_id: ThreadId) -> str:
        """Give what is typed in a thread but not sent."""
        return await self._of(thread_id).read(lambda c: drafts.read(c, "composer", thread_id))

    # ------------------------------------------------------------------ a thread as a session

    def post_items(
        self,
        thread_id: ThreadId,
        items: Sequence[Mapping[str, Any]],
        *,
        agent: str = "",
        model: str = "",
        end_answered: bool = True,
        instead_of: TurnId | None = None,
        since: Moment | None = None,
    ) -> asyncio.Future[Turn]:
        """Add items in the turns in which they belong: all of them, or none.

        A message of the user begins a turn, after ending a running one; all else extends the
        running turn, or begins one where none runs.

        Args:
            thread_id: The thread.
            items: One or more.
            agent: The name of the agent that they come from.
            model: The name of its model.
            end_answered: Whether a turn that has its answer is ended; else the caller ends it.
            instead_of: The last turn that is shown, where the first that begins is to take its
                place; undo brings it back.
            since: The moment from which on the thread must not have been cleared.

        Returns:
            A future of the turn of the last item (`database.settled` waits for it). It is done
            whether somebody waits or not.

        Raises:
            TypeError: An item holds what JSON cannot say.
            HistoryError: By the future: there is no such thread, or they could not be stored.
            ThreadCleared: By the future: it was cleared after that moment; nothing was added.
        """
        encoded = encode_all(items)

        def unit(connection: SqlConnection) -> tuple[Turn, Change]:
            if since is not None and undo.moment(connection, thread_id) != since:
                raise ThreadCleared
            turn_id = turns.add(
                connection,
                thread_id,
                encoded,
                agent=agent,
                model=model,
                end_answered=end_answered,
                instead_of=instead_of,
            )
            return tree.turns(connection, turn_id, 1)[0], threads.changed(connection, thread_id)

        return self._databases.post(self._of(thread_id), unit)

    async def pop_item(self, thread_id: ThreadId) -> Item | None:
        """Remove the last item that is shown, and give it; it can be undone.

        Raises:
            ThreadMissing: There is no such thread.
            HistoryError: It could not be stored.
        """

        def unit(connection: SqlConnection) -> tuple[Item | None, Change]:
            popped = turns.pop(connection, thread_id)
            return popped, threads.changed(connection, thread_id, turns=popped is not None)

        return await self._databases.write(self._of(thread_id), unit)

    async def clear(self, thread_id: ThreadId) -> Change:
        """Show and send nothing of what was said in a thread; it can be undone.

        Raises:
            ThreadMissing: There is no such thread.
            HistoryError: It could not be stored.
        """

        def unit(connection: SqlConnection) -> Change:
            turns.clear(connection, thread_id)
            return threads.changed(connection, thread_id, turns=True)

        return await self._databases.change(self._of(thread_id), unit)

    async def delete_turn(self, thread_id: ThreadId, turn_id: TurnId) -> Change:
        """Neither show nor send a turn any more; those after it stay. It can be undone.

        It is deleted from this thread, in all its branches. A thread that branched off before
        keeps it; one that branches off later has it deleted, too. A summary that was made of it
        stays as it is.

        Raises:
            ThreadMissing: There is no such thread.
            HistoryError: The turn is not shown or still running, or it could not be stored.
        """

        def unit(connection: SqlConnection) -> Change:
            turns.delete(connection, thread_id, turn_id)
            return threads.changed(connection, thread_id, turns=True)

        return await self._databases.change(self._of(thread_id), unit)

    async def compact(
        self,
        thread_id: ThreadId,
        cut: TurnId,
        summary: str,
        *,
        head: TurnId,
        agent: str = "",
        model: str = "",
    ) -> Change:
        """Have the model see a summary in place of the turns up to `cut`; it can be undone.

        All turns stay, and stay shown.

        Args:
            thread_id: The thread.
            cut: The last turn that is summed up; later than the last compaction.
            summary: What was in them.
            head: The last turn that was shown when the summary was made.
            agent: The name of the agent that made it.
            model: The name of its model.

        Raises:
            ThreadMissing: There is no such thread.
            HistoryError: The thread is no longer as it was, or it could not be stored.
        """
        encoded = encode({"role": "developer", "content": summary})

        def unit(connection: SqlConnection) -> Change:
            turns.compact(connection, thread_id, cut, encoded, head=head, agent=agent, model=model)
            return threads.changed(connection, thread_id, turns=True)

        return await self._databases.change(self._of(thread_id), unit)

    # ------------------------------------------------------------------ branches

    async def branches(self, turn_id: TurnId) -> list[TurnId]:
        """Give the turns that were said in the place of a turn, itself among them, in order."""
        return await self._of(turn_id).read(lambda c: tree.siblings(c, turn_id))

    async def all_branches(self, turns: Sequence[TurnId]) -> dict[TurnId, tuple[TurnId, ...]]:
        """Give what `branches` gives, for each of some turns of one thread that has others."""
        if not turns:
            return {}
        return await self._of(turns[0]).read(lambda c: tree.all_siblings(c, turns))

    async def switch_branch(self, thread_id: ThreadId, turn_id: TurnId) -> Change:
        """Show the branch that a turn belongs to, up to its end; it can be undone.

        Raises:
            ThreadMissing: There is no such thread.
            HistoryError: The turn is not one of the thread's, or it could not be stored.
        """

        def unit(connection: SqlConnection) -> Change:
            switched = turns.switch(connection, thread_id, turn_id)
            return threads.changed(connection, thread_id, turns=switched)

        return await self._databases.change(self._of(thread_id), unit)

    # ------------------------------------------------------------------ undo

    async def undo(self, thread_id: ThreadId) -> Reverted | None:
        """Take back the last step of a thread; None where there is none.

        Raises:
            ThreadMissing: There is no such thread.
            HistoryError: A turn runs in it: it must be stopped first.
        """
        return await self._revert(thread_id, lambda c: undo.undo(c, thread_id))

    async def redo(self, thread_id: ThreadId) -> Reverted | None:
        """Bring the step again that was taken back last; None where there is none.

        Raises:
            ThreadMissing: There is no such thread.
            HistoryError: A turn runs in it: it must be stopped first.
        """
        return await self._revert(thread_id, lambda c: undo.redo(c, thread_id))

    async def history(self, thread_id: ThreadId) -> History:
        """Tell what can be taken back in a thread and what can be brought again."""
        return await self._of(thread_id).read(lambda c: undo.history(c, thread_id))

    # ------------------------------------------------------------------ inside

    async def _revert(
        self, thread_id: ThreadId, unit: Callable[[SqlConnection], Reverted | None]
    ) -> Reverted | None:
        def told(connection: SqlConnection) -> tuple[Reverted | None, Change | None]:
            reverted = unit(connection)
            return reverted, None if reverted is None else reverted.change

        return await self._databases.write(self._of(thread_id), told)


async def _write_draft(database: Database, unit: Callable[..., None]) -> None:
    """Have a draft written; where the one before is damaged, beside it."""
    try:
        await database.write(partial(unit, beside=False))
    except HistoryDamaged:
        await database.write(partial(unit, beside=True))


async def _recover(database: Database) -> None:
    """End what was running when the program ended; a damaged draft costs its own turn only."""
    try:
        await database.write(turns.recover)
    except HistoryDamaged:
        running = await database.read(turns.running)
    else:
        return
    for turn_id in running:
        ended = partial(turns.end, turn_id=turn_id, state=TurnState.INTERRUPTED)
        try:
            await database.write(ended)
        except HistoryDamaged:
            try:
                await database.write(partial(turns.recover_without_draft, turn_id=turn_id))
            except HistoryDamaged:  # it goes on counting as running, and its thread says why
                _log.warning("a turn on a damaged part of the history was left as it is")
