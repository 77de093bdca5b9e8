"""Sessions in SQLite: in memory, or in a file that openai-agents can open too.

The tables are those of openai-agents' `SQLiteSession`: one row for each session, one for each item
with its JSON text. What it does not know is in tables beside them: see `sqlite_side_tables.py`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Self

from typing_extensions import override

from chatelaine.agents.errors import SessionError
from chatelaine.agents.sessions import sqlite_catalog, sqlite_items
from chatelaine.agents.sessions.encoding import encoded
from chatelaine.agents.sessions.run_lock import RunKeyInFile
from chatelaine.agents.sessions.sqlite_connection import place_of
from chatelaine.agents.sessions.sqlite_handle import SQLiteHandle
from chatelaine.agents.sessions.turns import checked_count, item_limit
from chatelaine.agents.sessions.validation import checked_id, checked_items, checked_title

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    from chatelaine.agents.items import Item, Origin, TResponseInputItem
    from chatelaine.agents.sessions.protocol import RunHistory, SessionInfo, SessionSettings
    from chatelaine.agents.sessions.sqlite_connection import Place


class SQLiteSession(SQLiteHandle):
    """The memory of one conversation, in a SQLite database.

    The object is a handle that costs nothing: the database is opened by its first use and shared by
    all sessions of the process that are on the same file. It can be used in any loop and thread.
    Close it (`await session.close()`, or `async with`), or just forget it.

    Writing is whole or not done, and done also if its caller is cancelled meanwhile. Each method
    raises SessionClosed after `close()`, and SessionError where the database cannot be used.

    Args:
        session_id: Which conversation of the database: 1 to 512 characters, without NUL.
        db_path: The file; `~` is expanded, folders that are missing are made. `:memory:` is a
            memory of this object alone, `memory://name` one that is shared within the process as
            long as a session on it is open, `file:...` a URI as SQLite knows them
            (https://www.sqlite.org/uri.html).
        session_settings: What to do when not told otherwise.
        validate: Whether items are looked at before they are stored.

    Raises:
        TypeError: The id is no text.
        ValueError: The id or the path cannot be used.
    """

    def __init__(
        self,
        session_id: str,
        db_path: str | os.PathLike[str] | Place = ":memory:",
        *,
        session_settings: SessionSettings | None = None,
        validate: bool = True,
    ) -> None:
        self.session_id = checked_id(session_id)
        self.session_settings = session_settings
        self._validate = validate
        super().__init__(place_of(db_path), f"The session {session_id!r}")

    @override
    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.session_id!r}, {self._place.target!r})"

    # ------------------------------------------------------------------------ items

    async def get_items(self, limit: int | None = None) -> list[TResponseInputItem]:
        """Give the latest items, oldest first. A row that cannot be read is left out, and stays.

        Args:
            limit: How many; None for what the settings say, else all. 0 gives none.

        Raises:
            ValueError: The limit is negative.
        """
        # A list of items is a list of dicts: nobody else has it.
        items: list[Any] = await self._read(
            partial(sqlite_items.latest, self.session_id, *self._bounds(limit))
        )
        return items

    async def add_items(self, items: Sequence[TResponseInputItem]) -> None:
        """Add items at the end: all of them, or none.

        Raises:
            SessionError: They cannot be stored; the message says which, and why.
        """
        texts = self._encoded(items)
        if not texts and not self._closed:
            return
        alone = None
        if len(texts) == 1:
            alone = partial(sqlite_items.insert_one, self.session_id, texts[0])
        await self._write(partial(sqlite_items.insert, self.session_id, texts), alone)

    async def pop_item(self) -> TResponseInputItem | None:
        """Remove the last item that can be read, and give it back; None where there is none."""
        return await self._write(partial(sqlite_items.pop, self.session_id))

    async def clear_session(self) -> None:
        """Remove all items. The session can be used again; its title and metadata stay."""
        await self._write(partial(sqlite_items.clear, self.session_id))

    async def pop_turn(self, n: int = 1) -> list[TResponseInputItem]:
        """Remove the last `n` turns, each a message of the user with everything it caused.

        Messages of the system and of the developer belong to no turn and stay.

        Returns:
            What was removed, oldest first; empty where there was no turn.

        Raises:
            ValueError: `n` is negative.
        """
        turns = checked_count(n, "turns")
        popped: list[Any] = await self._write(
            partial(sqlite_items.pop_turns, self.session_id, turns)
        )
        return popped

    async def rewrite_items(self, rewrite: Callable[[list[Item]], Sequence[Item]]) -> None:
        """Replace all items by what a function makes of them: whole, or not at all.

        What is as it was keeps its origin and its date; where as many items come back as there
        were, each stands for the one in its place. A row that cannot be read stays.

        Args:
            rewrite: Gets all items, oldest first, and gives those to be kept, as they are to be.
                It is called on another thread, and may be called several times. What it raises
                goes on to the caller, and nothing is changed.
        """
        try:
            await self._write(
                partial(sqlite_items.rewrite, self.session_id, _Rewriting(rewrite), self._validate)
            )
        except _RewritingFailed as failed:
            raise failed.error from None

    async def fork(self, session_id: str) -> Self:
        """Copy the conversation as it is now, with its title; both go on independently.

        Args:
            session_id: The id of the copy, in the same database.

        Raises:
            SessionError: A conversation with this id exists already.
        """
        copy = type(self)(
            session_id,
            self._place,
            session_settings=self.session_settings,
            validate=self._validate,
        )
        # A memory that loses its last user is gone: from now on this is one.
        copy._leased()  # noqa: SLF001 - of the same class
        await self._write(partial(sqlite_items.fork, self.session_id, copy.session_id))
        return copy

    # ------------------------------------------------------------------------ runs

    @property
    def run_key(self) -> tuple[str, ...]:
        """What the conversation is told apart by; in a file, other processes wait for it too."""
        parts = ("sqlite", self._place.key, self.session_id)
        path = self._place.path
        return parts if path is None else RunKeyInFile.of(parts, path, self.session_id)

    async def begin_run(self, limit: int | None = None) -> RunHistory:
        """Give the history for a run, as `get_items` does."""
        return await self._read(partial(sqlite_items.begin, self.session_id, *self._bounds(limit)))

    async def add_run_items(
        self, items: Sequence[TResponseInputItem], origin: Origin, mark: object
    ) -> bool:
        """Add items as `add_items` does, with who they came from.

        Args:
            items: The items.
            origin: Who asked or spoke.
            mark: That of the history with which the run began.

        Returns:
            Whether they were added: not where the session was cleared or deleted since.

        Raises:
            TypeError: The mark is not one of this kind of session.
            SessionError: They cannot be stored; the message says which, and why.
        """
        if not isinstance(mark, sqlite_items.Mark):
            raise TypeError("the mark comes from the history with which the run began")
        texts = self._encoded(items)
        created = await self._write(
            partial(sqlite_items.insert_of_run, self.session_id, texts, origin, mark)
        )
        if created is not None and texts:
            # From now on the session exists: where it no longer does, it was deleted.
            mark.created = created
        return created is not None

    # ------------------------------------------------------------------------ what is known

    async def get_info(self) -> SessionInfo | None:
        """Give what is known about the conversation; None where nothing was ever stored."""
        return await self._read(partial(sqlite_catalog.info, self.session_id))

    async def set_title(self, title: str) -> None:
        """Name the conversation; '' takes the name away. It is created where it does not exist.

        Raises:
            SessionError: It is no text, or has half characters.
        """
        title = checked_title(title)
        await self._write(partial(sqlite_catalog.describe, self.session_id, title, None))

    async def set_metadata(self, metadata: Mapping[str, Any]) -> None:
        """Replace the metadata: a JSON object. It is created where it does not exist.

        Raises:
            SessionError: It cannot be stored as JSON.
        """
        try:
            (text,) = encoded([dict(metadata)])
        except (SessionError, TypeError, ValueError):
            raise SessionError("The metadata cannot be stored: it is no JSON object.") from None
        await self._write(partial(sqlite_catalog.describe, self.session_id, None, text))

    # ------------------------------------------------------------------------ inside

    def _bounds(self, limit: int | None) -> tuple[int | None, SessionSettings | None]:
        """Give how many items are wanted, and the settings where they have more to say."""
        settings = self.session_settings
        return item_limit(limit, settings), settings if limit is None else None

    def _encoded(self, items: Sequence[TResponseInputItem]) -> list[str]:
        return encoded(checked_items(items, validate=self._validate))


class _Rewriting:
    """A function of the caller; what it raises is told from what the database raises."""

    def __init__(self, rewrite: Callable[[list[Item]], Sequence[Item]]) -> None:
        self._rewrite = rewrite

    def __call__(self, items: list[Item]) -> Sequence[Item]:
        try:
            return self._rewrite(items)
        except Exception as error:
            raise _RewritingFailed(error) from error


class _RewritingFailed(Exception):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error
