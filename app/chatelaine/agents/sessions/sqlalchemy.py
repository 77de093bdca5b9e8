"""Sessions in any database that SQLAlchemy speaks to: PostgreSQL, MySQL, MariaDB and SQLite.

    engine = create_engine("postgresql://user:password@localhost/db")
    session = SQLAlchemySession("user_123", engine)

    session = SQLAlchemySession("user_123", "postgresql://user:password@localhost/db")

A URL without a driver gets that of our extra: psycopg for PostgreSQL, PyMySQL for MySQL and
MariaDB. `create_engine` finds them as well once this module is imported, where the drivers that it
would take of itself are not installed.
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from typing_extensions import override

try:
    import sqlalchemy  # noqa: F401 - whether it can be
except ImportError as error:
    raise ImportError(
        'SQLAlchemySession needs SQLAlchemy: pip install "chatelaine[sql]", or one of the extras'
        " postgresql and mysql, which bring a driver as well",
        name=error.name,
    ) from error

from chatelaine.agents.errors import SessionError
from chatelaine.agents.sessions.encoding import encoded, report_unreadable
from chatelaine.agents.sessions.protocol import RunHistory, SessionInfo
from chatelaine.agents.sessions.sqlalchemy_access import Access
from chatelaine.agents.sessions.sqlalchemy_drivers import register_drivers
from chatelaine.agents.sessions.sqlalchemy_engines import engine_from
from chatelaine.agents.sessions.sqlalchemy_rows import Conversation, in_utc
from chatelaine.agents.sessions.sqlalchemy_tables import MESSAGES_TABLE, SESSIONS_TABLE
from chatelaine.agents.sessions.turns import checked_count, item_limit, within
from chatelaine.agents.sessions.validation import checked_id, checked_items

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import URL, Connection, Engine, Row
    from sqlalchemy.ext.asyncio import AsyncEngine

    from chatelaine.agents.items import Item, Origin, TResponseInputItem
    from chatelaine.agents.sessions.protocol import SessionSettings

register_drivers()


class SQLAlchemySession:
    """The memory of one conversation, in a database.

    The object is a handle that costs nothing, and holds a connection only within one call. It can
    be used in any loop and thread; only an asynchronous engine of yours belongs to the loop in
    which it was first used, as SQLAlchemy has it. Close it (`await session.close()`, or `async
    with`), or just forget it: an engine that was made from a URL is shared by all sessions with
    that URL and disposed of with the last of them; an engine of yours is never disposed of.

    Args:
        session_id: Which conversation: 1 to 512 characters, without NUL.
        engine: An `Engine` of any driver (it is worked on in threads), an `AsyncEngine`, or a URL.
            A SQLite that is in memory by its URL belongs to this object alone.
        url: The URL, if there is no engine.
        engine_kwargs: More for `create_engine`, with a URL.
        create_tables: Whether the tables are made where they are missing.
        sessions_table: The table of conversations; `schema.table` names one in a schema.
        messages_table: The table of items.
        session_settings: What to do when not told otherwise.
        validate: Whether to look at what items are before they are stored.

    Raises:
        ImportError: SQLAlchemy or the driver of the URL is not installed.
        TypeError: The id is no text, or there is neither an engine nor a URL.
        ValueError: The id, the URL or the kind of database cannot be used.
    """

    def __init__(
        self,
        session_id: str,
        engine: Engine | AsyncEngine | URL | str | Access | None = None,
        *,
        url: str | URL | None = None,
        engine_kwargs: Mapping[str, Any] | None = None,
        create_tables: bool = True,
        sessions_table: str = SESSIONS_TABLE,
        messages_table: str = MESSAGES_TABLE,
        session_settings: SessionSettings | None = None,
        validate: bool = True,
    ) -> None:
        self.session_id = checked_id(session_id)
        self.session_settings = session_settings
        self._validate = validate
        if isinstance(engine, Access):
            self._access = engine
        else:
            self._access = Access(
                engine_from(engine, url),
                engine_kwargs,
                sessions_table=sessions_table,
                messages_table=messages_table,
                create_tables=create_tables,
            )
        self._conversation = Conversation(self._access.statements, self.session_id)

    @classmethod
    def from_url(cls, session_id: str, *, url: str | URL, **more: Any) -> Self:
        """Make a session by the URL of its database, as openai-agents writes it."""
        return cls(session_id, url=url, **more)

    @classmethod
    def of(cls, session_id: str, access: Access) -> Self:
        """Make a session in a database that is used already, by a use of its own."""
        return cls(session_id, access.again())

    @override
    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.session_id!r}, {self._access.key[0]!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End the use of the session; done twice, it does nothing."""
        await self._access.close()

    # ------------------------------------------------------------------------ the four methods

    async def get_items(self, limit: int | None = None) -> list[TResponseInputItem]:
        """Give the latest items, oldest first. A row that cannot be read is left out, and stays.

        Args:
            limit: How many; None for what the settings say, else all. 0 gives none.

        Raises:
            SessionClosed: The session was closed.
            SessionUnavailable: The database cannot be reached.
            SessionError: It cannot be read.
            ValueError: The limit is negative.
        """
        return list((await self.begin_run(limit)).items)

    async def add_items(self, items: Sequence[TResponseInputItem]) -> None:
        """Add items at the end: all of them, or none. They are written also if this is cancelled.

        Raises:
            SessionClosed: The session was closed.
            SessionUnavailable: The database cannot be reached.
            SessionError: They cannot be stored.
        """
        texts = encoded(checked_items(items, validate=self._validate))
        if texts:
            await self._access.write(partial(self._conversation.add, texts=texts))
        else:
            self._access.check_open()

    async def pop_item(self) -> TResponseInputItem | None:
        """Remove the last item that can be read, and give it back; None where there is none.

        Raises:
            SessionClosed: The session was closed.
            SessionUnavailable: The database cannot be reached.
            SessionError: It cannot be written.
        """
        return await self._access.write(self._conversation.pop_item)

    async def clear_session(self) -> None:
        """Remove all items; title, metadata and the time when it was begun stay.

        Raises:
            SessionClosed: The session was closed.
            SessionUnavailable: The database cannot be reached.
            SessionError: It cannot be written.
        """
        await self._access.write(self._conversation.clear)

    # ------------------------------------------------------------------------ turns and runs

    async def pop_turn(self, n: int = 1) -> list[TResponseInputItem]:
        """Remove the last `n` turns. See `TurnSession.pop_turn`."""
        turns = checked_count(n, "turns")
        popped = await self._access.write(partial(self._conversation.pop_turn, turns=turns))
        return list[Any](popped)

    @property
    def run_key(self) -> tuple[str, ...]:
        """What the conversation is told apart by in this process."""
        return ("sql", *self._access.key, self.session_id)

    async def begin_run(self, limit: int | None = None) -> RunHistory:
        """Give the history for a run. See `RunSession.begin_run`."""
        most = item_limit(limit, self.session_settings)
        read = partial(self._conversation.read, limit=most)
        found, unreadable, generation = await self._access.read(read)
        report_unreadable(unreadable)
        items: list[Any] = found
        return RunHistory(within(items, limit, self.session_settings), generation)

    async def add_run_items(
        self, items: Sequence[TResponseInputItem], origin: Origin, mark: object
    ) -> bool:
        """Add what a run has produced. See `RunSession.add_run_items`."""
        texts = encoded(checked_items(items, validate=self._validate))
        if not texts:
            self._access.check_open()
            return True
        add = partial(self._conversation.add, texts=texts, origin=origin, mark=mark, is_run=True)
        return await self._access.write(add)

    # ------------------------------------------------------------------------ the whole of it

    async def rewrite_items(self, rewrite: Callable[[list[Item]], Sequence[Item]]) -> None:
        """Replace all items in one go. See `RewritableSession.rewrite_items`."""
        await self._access.write(
            partial(self._conversation.rewrite, rewrite=rewrite, validate=self._validate)
        )

    async def fork(self, session_id: str) -> Self:
        """Copy the conversation, with its title and its metadata. See `ForkableSession.fork`."""
        new_id = checked_id(session_id)
        await self._access.write(partial(self._conversation.fork, new_id=new_id))
        return type(self)(
            new_id,
            self._access.again(),
            session_settings=self.session_settings,
            validate=self._validate,
        )

    # ------------------------------------------------------------------------ what is known

    async def get_info(self) -> SessionInfo | None:
        """Give what is known about the conversation. See `DescribedSession.get_info`."""
        statement, values = self._access.statements.info, {"id": self.session_id}

        def read(connection: Connection) -> Row[Any] | None:
            return connection.execute(statement, values).one_or_none()

        row = await self._access.read(read)
        return None if row is None else info_of(row)

    async def set_title(self, title: str) -> None:
        """Name the conversation. See `DescribedSession.set_title`."""
        await self._access.write(partial(self._conversation.describe, title=title))

    async def set_metadata(self, metadata: Mapping[str, Any]) -> None:
        """Replace the metadata. See `DescribedSession.set_metadata`.

        Raises:
            SessionError: It cannot be stored as JSON.
        """
        try:
            text = json.dumps(dict(metadata), allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise SessionError(f"The metadata cannot be stored as JSON: {error}.") from None
        await self._access.write(partial(self._conversation.describe, metadata=text))


def info_of(row: Row[Any]) -> SessionInfo:
    """Make what is known about a conversation of its row."""
    try:
        metadata = json.loads(row.metadata)
    except (ValueError, RecursionError):
        metadata = {}
    return SessionInfo(
        session_id=row.session_id,
        title=row.title,
        metadata=metadata if isinstance(metadata, dict) else {},
        created=in_utc(row.created_at),
        updated=in_utc(row.updated_at),
        items=row.items,
        last_agent=row.last_agent or "",
    )
