"""The tables in which conversations are kept in a database, and the statements on them.

One row for each conversation, one for each item. The order of a conversation is that of the
numbers in `seq`, which are given out under the lock of the conversation's row: neither a clock nor
the order in which transactions end has a part in it. The tables are not those of openai-agents,
which orders items by their time; they have other names, so that both can be in one database.

Ids are told apart to the letter: MySQL compares texts by collations that take `a`, `A` and `a ` for
the same, and differ between versions, so ids are bytes there. Items are JSON in ASCII characters:
a NUL character or half a surrogate pair, which PostgreSQL refuses, stands there as an escape.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    MetaData,
    String,
    Table,
    Text,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateTable
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator
from typing_extensions import override

from chatelaine.agents.sessions.validation import LONGEST_ID

if TYPE_CHECKING:
    from sqlalchemy import BindParameter, ColumnElement, Dialect, Executable, Select
    from sqlalchemy.sql.compiler import SQLCompiler
    from sqlalchemy.types import TypeEngine

SESSIONS_TABLE = "chatelaine_sessions"
MESSAGES_TABLE = "chatelaine_messages"

NO_METADATA = "{}"

_MYSQL = ("mysql", "mariadb")
_BYTES_OF_AN_ID = 4 * LONGEST_ID
"""With the number of an item within the 3,072 bytes that an index of InnoDB takes."""


class _Varbinary(mysql.VARBINARY):
    """Bytes that are told to the driver as text: see `_Bytes`."""

    @override
    def bind_processor(self, dialect: Dialect) -> None:
        return None


class _Id(TypeDecorator[str]):
    """The id of a session."""

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = String(LONGEST_ID)
    cache_ok: bool | None = True

    @override
    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name in _MYSQL:
            return dialect.type_descriptor(_Varbinary(_BYTES_OF_AN_ID))
        return dialect.type_descriptor(String(LONGEST_ID))

    @override
    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return value.encode().hex() if dialect.name in _MYSQL else value

    @override
    def bind_expression(self, bindvalue: BindParameter[str]) -> ColumnElement[str]:
        return _Bytes(bindvalue)

    @override
    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return value.decode() if dialect.name in _MYSQL else value


class _Bytes(FunctionElement[str]):
    """The bytes that an id is, where it is bytes. Not every driver of MySQL can say bytes."""

    name = "bytes"
    inherit_cache: bool | None = True


@compiles(_Bytes)
def _compile_bytes(element: _Bytes, compiler: SQLCompiler, **more: Any) -> str:
    inner = compiler.process(element.clauses, **more)
    return f"UNHEX({inner})" if compiler.dialect.name in _MYSQL else inner


def _text() -> Text:
    # A plain TEXT of MySQL ends after 64 kB.
    return Text().with_variant(mysql.LONGTEXT(), *_MYSQL)


def _moment() -> DateTime:
    return DateTime().with_variant(mysql.DATETIME(fsp=6), *_MYSQL)


_OF_MYSQL: dict[str, Any] = {
    f"{dialect}_{option}": value
    for dialect in _MYSQL
    for option, value in (
        ("engine", "InnoDB"),
        ("charset", "utf8mb4"),
        ("collate", "utf8mb4_bin"),
        ("row_format", "DYNAMIC"),
    )
}


class Statements:
    """What is said to the database. The words depend on its kind.

    Attributes:
        sessions: The table of conversations.
        items: The table of items.
    """

    def __init__(self, sessions_table: str, messages_table: str, dialect: str) -> None:
        self.metadata = MetaData()
        self.sessions = sessions = Table(
            _name_of(sessions_table),
            self.metadata,
            Column("session_id", _Id(), primary_key=True),
            Column("created_at", _moment(), nullable=False),
            # No index: it would be written with each item, and read for a list only.
            Column("updated_at", _moment(), nullable=False),
            Column("next_seq", BigInteger(), nullable=False),
            Column("generation", BigInteger(), nullable=False),
            Column("title", _text(), nullable=False),
            Column("metadata", _text(), nullable=False),
            schema=_schema_of(sessions_table),
            sqlite_with_rowid=False,
            **_OF_MYSQL,
        )
        self.items = items = Table(
            _name_of(messages_table),
            self.metadata,
            Column("session_id", _Id(), primary_key=True),
            Column("seq", BigInteger(), primary_key=True, autoincrement=False),
            Column("message_data", _text(), nullable=False),
            Column("agent", _text()),
            Column("model", _text()),
            Column("run_id", _text()),
            Column("batch", String(32)),
            Column("created_at", _moment(), nullable=False),
            schema=_schema_of(messages_table),
            **_OF_MYSQL,
        )
        session_id = bindparam("id", type_=_Id())
        now = bindparam("now", type_=_moment())
        grown = case((sessions.c.updated_at < now, now), else_=sessions.c.updated_at)
        of_session = sessions.c.session_id == session_id
        of_items = items.c.session_id == session_id

        # ------------------------------------------------------------ one conversation

        self.reserve, self.reserved = _reserve(sessions, dialect)
        """Make or lock the row, and take numbers; where the first cannot tell, the second does."""
        self.touch = update(sessions).where(of_session).values(updated_at=grown)
        self.lock = update(sessions).where(of_session).values(next_seq=sessions.c.next_seq)
        self.cleared = (
            update(sessions)
            .where(of_session)
            .values(generation=bindparam("fresh", type_=BigInteger()), updated_at=grown)
        )
        self.set_title = (
            update(sessions).where(of_session).values(title=bindparam("text"), updated_at=grown)
        )
        self.set_metadata = (
            update(sessions).where(of_session).values(metadata=bindparam("text"), updated_at=grown)
        )
        self.insert = insert(items)
        self.state = select(sessions.c.next_seq, sessions.c.generation).where(of_session)
        self.batch_at = select(items.c.batch).where(
            of_items, items.c.seq == bindparam("at", type_=BigInteger())
        )
        self.read_all = _history(sessions, items, None)
        self.read_last = _history(sessions, items, bindparam("most", type_=BigInteger()))
        rows = select(
            items.c.seq,
            items.c.message_data,
            items.c.agent,
            items.c.model,
            items.c.run_id,
            items.c.created_at,
        ).where(of_items)
        self.rows = rows.order_by(items.c.seq)
        self.rows_before = (
            rows.where(items.c.seq < bindparam("before", type_=BigInteger()))
            .order_by(items.c.seq.desc())
            .limit(bindparam("most", type_=BigInteger()))
        )
        self.remove = delete(items).where(
            of_items, items.c.seq.in_(bindparam("seqs", expanding=True))
        )
        self.remove_all = delete(items).where(of_items)

        # ------------------------------------------------------------ many of them

        self.latest = select(func.max(sessions.c.updated_at))
        self.unused = and_(
            sessions.c.next_seq == 0,
            sessions.c.title == "",
            sessions.c.metadata == NO_METADATA,
        )
        self.forget = delete(sessions).where(of_session)
        self.forget_unused = delete(sessions).where(of_session, self.unused)
        new_id = bindparam("new", type_=_Id())
        self.rename = update(sessions).where(of_session).values(session_id=new_id, updated_at=grown)
        self.rename_items = update(items).where(of_items).values(session_id=new_id)
        self.copy = _copy(
            sessions,
            sessions.select().where(of_session),
            session_id=new_id,
            created_at=now,
            updated_at=now,
            generation=bindparam("fresh", type_=BigInteger()),
        )
        self.copy_items = _copy(items, items.select().where(of_items), session_id=new_id)
        self.info = self._infos(sessions).where(of_session, ~self.unused)

    def page(self, before: tuple[Any, str] | None, limit: int) -> Select[Any]:
        """Select what is known about conversations, the one written to last first."""
        sessions = self.sessions
        page = (
            sessions.select()
            .where(~self.unused)
            .order_by(sessions.c.updated_at.desc(), sessions.c.session_id.desc())
            .limit(limit)
        )
        if before is not None:
            updated, session_id = before
            page = page.where(
                or_(
                    sessions.c.updated_at < updated,
                    and_(sessions.c.updated_at == updated, sessions.c.session_id < session_id),
                )
            )
        # Counted is only what is on the page.
        found = page.subquery()
        return self._infos(found).order_by(found.c.updated_at.desc(), found.c.session_id.desc())

    def _infos(self, sessions: Any) -> Select[Any]:
        items = self.items
        of_it = items.c.session_id == sessions.c.session_id
        count = select(func.count()).select_from(items).where(of_it).scalar_subquery()
        last_agent = (
            select(items.c.agent)
            .where(of_it, items.c.agent.is_not(None))
            .order_by(items.c.seq.desc())
            .limit(1)
            .scalar_subquery()
        )
        return select(
            sessions.c.session_id,
            sessions.c.title,
            sessions.c.metadata,
            sessions.c.created_at,
            sessions.c.updated_at,
            count.label("items"),
            last_agent.label("last_agent"),
        )

    def texts_of(self, ids: list[str], pattern: str | None) -> Select[Any]:
        """Select the items of some conversations that may contain what is searched for."""
        items = self.items
        found = select(items.c.session_id, items.c.message_data).where(items.c.session_id.in_(ids))
        if pattern is None:
            return found
        return found.where(func.lower(items.c.message_data).like(pattern, escape="!"))

    def ddl(self, dialect: Dialect) -> str:
        """Give the text that makes the tables."""
        tables = (CreateTable(self.sessions), CreateTable(self.items))
        return "\n".join(f"{str(each.compile(dialect=dialect)).strip()};" for each in tables)


@lru_cache(maxsize=64)
def statements_for(sessions_table: str, messages_table: str, dialect: str) -> Statements:
    """Give the statements on tables with these names, which may be `schema.table`.

    Args:
        sessions_table: Of the conversations.
        messages_table: Of the items.
        dialect: The kind of database, as SQLAlchemy calls it.

    Raises:
        ValueError: The kind of database is not supported, or both tables are one.
    """
    if dialect not in ("postgresql", "sqlite", *_MYSQL):
        raise ValueError(
            f"sessions are kept in PostgreSQL, MySQL, MariaDB or SQLite, not {dialect}"
        )
    if sessions_table == messages_table:
        raise ValueError("the two tables of sessions cannot be one")
    return Statements(sessions_table, messages_table, dialect)


def _name_of(name: str) -> str:
    return name.rpartition(".")[2]


def _schema_of(name: str) -> str | None:
    return name.rpartition(".")[0] or None


def _reserve(sessions: Table, dialect: str) -> tuple[Executable, Executable | None]:
    now, more = bindparam("now", type_=_moment()), bindparam("more", type_=BigInteger())
    new = {
        "session_id": bindparam("id", type_=_Id()),
        "created_at": now,
        "updated_at": now,
        "next_seq": more,
        "generation": bindparam("fresh", type_=BigInteger()),
        "title": "",
        "metadata": NO_METADATA,
    }
    changed: dict[str, ColumnElement[Any]] = {
        "updated_at": case((sessions.c.updated_at < now, now), else_=sessions.c.updated_at),
        "next_seq": sessions.c.next_seq + more,
    }
    state = (sessions.c.next_seq, sessions.c.generation)
    if dialect in _MYSQL:
        upsert = mysql.insert(sessions).values(new).on_duplicate_key_update(changed)
        return upsert, select(*state).where(sessions.c.session_id == new["session_id"])
    kind = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = kind(sessions).values(new)
    return (
        statement.on_conflict_do_update(index_elements=["session_id"], set_=changed).returning(
            *state
        ),
        None,
    )


def _history(sessions: Table, items: Table, most: Any) -> Select[Any]:
    """Select a conversation together with its generation, so that both are of one moment."""
    session_id = bindparam("id", type_=_Id())
    columns = ("seq", "message_data", "agent", "model", "run_id")
    if most is None:
        source: Any = items
        joined = sessions.outerjoin(items, items.c.session_id == sessions.c.session_id)
    else:
        source = (
            select(*(items.c[name] for name in columns))
            .where(items.c.session_id == session_id)
            .order_by(items.c.seq.desc())
            .limit(most)
            .subquery()
        )
        joined = sessions.outerjoin(source, true())
    return (
        select(sessions.c.generation, *(source.c[name] for name in columns[1:]))
        .select_from(joined)
        .where(sessions.c.session_id == session_id)
        .order_by(source.c.seq)
    )


def _copy(table: Table, rows: Select[Any], **changed: Any) -> Executable:
    names = [column.name for column in table.columns]
    source = [changed.get(name, table.c[name]) for name in names]
    return insert(table).from_select(names, rows.with_only_columns(*source))
