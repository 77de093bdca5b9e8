"""Searching what was said: in the index, newest first, and best first where there is little.

The search runs on a connection of its own, so that it never keeps anything else waiting, and is
interrupted by the next one: only what was asked last is answered.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from chatelaine.agents.items import text_of
from chatelaine.errors import HistoryInterrupted
from chatelaine.store import deleted, threads, tree
from chatelaine.store.excerpts import BEGIN, END, Fragment, beginning, excerpt
from chatelaine.store.items import decode, time_from
from chatelaine.store.search_query import Having, SearchQuery, parse
from chatelaine.store.search_words import BETWEEN, TOKENIZER, split

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Collection, Iterator, Sequence
    from datetime import datetime

    from chatelaine.store.database import SqlConnection
    from chatelaine.store.databases import Databases
    from chatelaine.store.records import ItemId, Thread, ThreadId, TurnId

FEW = 1_000
"""So many hits are ordered by how well they fit; more than that by when they were written."""
AT_ONCE = 20
"""Hits that are looked up and told together."""


class HitState(StrEnum):
    """How a message that was found stands in its thread."""

    SHOWN = "shown"
    COMPACTED = "compacted"  # shown; the model sees a summary of it
    BRANCHED_OFF = (
        "branched-off"  # not shown: undone, edited, deleted, cleared, or of another branch
    )


@dataclass(frozen=True, slots=True)
class SearchHit:
    """Something that was found.

    Attributes:
        thread: The thread it is in.
        item: The message; None where it is the title of the thread that fits.
        turn: The turn of the message.
        speaker: "user", or the name of the agent that said it.
        created: When it was written.
        snippet: Where in its text it fits.
        state: How it stands.
    """

    thread: Thread
    item: ItemId | None
    turn: TurnId | None
    speaker: str
    created: datetime
    snippet: tuple[Fragment, ...]
    state: HitState

    @property
    def is_shown(self) -> bool:
        """Whether it is shown in its thread."""
        return self.state is not HitState.BRANCHED_OFF


class _Row(NamedTuple):
    item: ItemId
    thread: ThreadId
    role: str
    agent: str
    created: int
    data: str


class Search:
    """Looks for what was said in the threads of a store."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases
        self._asked = 0

    async def find(self, text: str, limit: int = 50) -> AsyncGenerator[list[SearchHit], None]:
        """Search, and give what is found in portions; threads with a title that fits come first.

        A search that begins ends the one before it: what that one had not found yet, it never
        finds. Threads in the trash are not searched.

        Args:
            text: What was typed: see `search_query`.
            limit: How many messages to find at the most.

        Raises:
            HistoryError: The history cannot be read.
        """
        self._asked += 1
        asked = self._asked
        query = parse(text)
        if query.is_empty:
            return
        await self._databases.file.stop_searching()
        for database in reversed(self._databases.every()):  # what is in memory is newer
            with suppress(HistoryInterrupted):
                finding = _Finding(query, limit)
                while asked == self._asked and not finding.done:
                    hits = await database.search(partial(_next, finding))
                    if hits and asked == self._asked:
                        yield hits
                limit -= finding.found


class _Finding:
    """How far a search has come."""

    def __init__(self, query: SearchQuery, limit: int) -> None:
        self.query = query
        self.left = limit
        self.found = 0
        self.done = False
        self.items: list[ItemId] | None = None
        self.titles_told = False
        self.told: set[tuple[ThreadId, str, str]] = set()
        self.shown: dict[ThreadId, tuple[frozenset[TurnId], TurnId]] = {}


def _next(finding: _Finding, connection: SqlConnection) -> list[SearchHit]:
    """Give the next portion."""
    if not finding.titles_told:
        finding.titles_told = True
        if hits := _titles(connection, finding.query):
            return hits
    if finding.items is None:
        finding.items = _matching(connection, finding.query, finding.left)
    portion, finding.items = finding.items[:AT_ONCE], finding.items[AT_ONCE:]
    finding.done = not finding.items
    hits = _hits(connection, finding, portion)
    finding.found += len(hits)
    return hits


def _titles(connection: SqlConnection, query: SearchQuery) -> list[SearchHit]:
    if not query.words or query.speakers or query.having:
        return []
    rows = connection.execute("SELECT id, title FROM thread WHERE trashed IS NULL AND title != ''")
    fitting = [
        number
        for number, title in rows
        if all(word in title.casefold() for word in (*query.words, *query.titles))
    ]
    hits = []
    for number in fitting:
        thread = threads.get(connection, number)
        if _in_time(query, thread.updated):
            title = tuple(_marked(thread.title, query.words))
            hits.append(SearchHit(thread, None, None, "", thread.updated, title, HitState.SHOWN))
    hits.sort(key=lambda hit: hit.created, reverse=True)
    return hits[:AT_ONCE]


def _in_time(query: SearchQuery, moment: datetime) -> bool:
    return (query.before is None or moment < query.before) and (
        query.after is None or moment >= query.after
    )


def _marked(text: str, words: Sequence[str]) -> Iterator[Fragment]:
    """Split a title where words are in it."""
    lower = text.casefold()
    if len(lower) != len(text):  # a letter that has become two: positions would not fit
        yield Fragment(text, highlighted=False)
        return
    marked = [False] * len(text)
    for word in words:
        start = lower.find(word)
        while start >= 0 and word:
            marked[start : start + len(word)] = [True] * len(word)
            start = lower.find(word, start + 1)
    begin = 0
    for place in range(1, len(text) + 1):
        if place == len(text) or marked[place] != marked[begin]:
            yield Fragment(text[begin:place], marked[begin])
            begin = place


# ---------------------------------------------------------------------------- messages


def _matching(connection: SqlConnection, query: SearchQuery, limit: int) -> list[ItemId]:
    conditions, values = _conditions(query)
    order = "item.id DESC"
    source = "item"
    if query.match:
        source = "message_index JOIN item ON item.id = message_index.rowid"
        conditions.insert(0, "message_index MATCH ?")
        values.insert(0, query.match)
        (count,) = connection.execute(
            "SELECT count(*) FROM"
            " (SELECT 1 FROM message_index WHERE message_index MATCH ? LIMIT ?)",
            (query.match, FEW + 1),
        ).fetchone()
        order = "rank, item.id DESC" if count <= FEW else "message_index.rowid DESC"
    else:
        conditions.append("item.kind = 'message' AND item.role IN ('user', 'assistant')")
    rows = connection.execute(
        f"SELECT item.id FROM {source} JOIN turn ON turn.id = item.id >> 16"  # noqa: S608 - ours
        " JOIN thread ON thread.id = turn.thread"
        f" WHERE {' AND '.join(conditions)} ORDER BY {order} LIMIT ?",
        (*values, limit),
    )
    return [number for (number,) in rows]


def _conditions(query: SearchQuery) -> tuple[list[str], list[Any]]:
    conditions = ["thread.trashed IS NULL", "turn.kind = 'turn'"]
    values: list[Any] = []
    for title in query.titles:
        conditions.append("instr(lower(thread.title), ?) > 0")
        values.append(title)
    if query.speakers:
        places = ", ".join("?" * len(query.speakers))
        conditions.append(f"(item.role IN ({places}) OR lower(item.agent) IN ({places}))")
        values += [*query.speakers, *query.speakers]
    if query.before is not None:
        conditions.append("item.created < ?")
        values.append(int(query.before.timestamp() * 1_000_000))
    if query.after is not None:
        conditions.append("item.created >= ?")
        values.append(int(query.after.timestamp() * 1_000_000))
    conditions += (_HAVING[each] for each in sorted(query.having))
    return conditions, values


_ATTACHED = (
    "EXISTS (SELECT 1 FROM attachment JOIN blob ON blob.id = attachment.blob"
    " WHERE attachment.item = item.id{more})"
)
_HAVING = {
    Having.CODE: "(instr(item.data, '```') > 0 OR instr(item.data, '~~~') > 0)",
    Having.LINK: "(instr(item.data, 'https://') > 0 OR instr(item.data, 'http://') > 0)",
    Having.IMAGE: (
        "(instr(item.data, '\"input_image\"') > 0 OR "
        + _ATTACHED.format(more=" AND blob.mime LIKE 'image/%'")
        + ")"
    ),
    Having.FILE: ("(instr(item.data, '\"input_file\"') > 0 OR " + _ATTACHED.format(more="") + ")"),
    Having.TOOL: (
        "EXISTS (SELECT 1 FROM item call WHERE call.id >= turn.id << 16"
        " AND call.id < (turn.id + 1) << 16 AND call.kind LIKE '%\\_call' ESCAPE '\\')"
    ),
}


def _hits(connection: SqlConnection, finding: _Finding, items: Sequence[ItemId]) -> list[SearchHit]:
    rows = [
        _Row(*row)
        for number in items
        for row in connection.execute(
            "SELECT item.id, turn.thread, item.role, item.agent, item.created, item.data"
            " FROM item JOIN turn ON turn.id = item.id >> 16 WHERE item.id = ?",
            (number,),
        )
    ]
    texts = {row.item: text_of(decode(row.data)) for row in rows}
    typed = {row.item for row in rows if row.role == "user"}
    snippets = _snippets(connection, finding.query.match, texts, typed)
    hits = []
    for row in sorted(rows, key=lambda row: items.index(row.item)):
        state = _state(connection, finding, row)
        # A turn that was shortened is there twice, whole and as it is shown.
        same = (row.thread, row.role, texts[row.item])
        if same in finding.told and state is HitState.BRANCHED_OFF:
            continue
        finding.told.add(same)
        hits.append(
            SearchHit(
                threads.get(connection, row.thread),
                row.item,
                row.item >> tree.POSITION_BITS,
                row.role if row.role == "user" else row.agent or row.role,
                time_from(row.created),
                snippets[row.item],
                state,
            )
        )
    return hits


def _state(connection: SqlConnection, finding: _Finding, row: _Row) -> HitState:
    if row.thread not in finding.shown:
        path = tree.path(connection, threads.get(connection, row.thread).head)
        cut = max((cut for _, cut in path if cut is not None), default=0)
        gone = deleted.turns_of(connection, row.thread)
        finding.shown[row.thread] = (frozenset(turn_id for turn_id, _ in path) - gone, cut)
    shown, cut = finding.shown[row.thread]
    turn_id = row.item >> tree.POSITION_BITS
    if turn_id not in shown:
        return HitState.BRANCHED_OFF
    return HitState.COMPACTED if turn_id <= cut else HitState.SHOWN


def _snippets(
    connection: SqlConnection, match: str, texts: dict[ItemId, str], typed: Collection[ItemId]
) -> dict[ItemId, tuple[Fragment, ...]]:
    """Cut from each text the piece that fits; the index itself has no texts to cut from.

    What was `typed` by the user is shown as it is, and so are its marks.
    """
    plain: dict[ItemId, tuple[Fragment, ...]] = {
        number: beginning(text, markdown=number not in typed) for number, text in texts.items()
    }
    if not match or not texts:
        return plain
    connection.execute(
        f"CREATE VIRTUAL TABLE IF NOT EXISTS temp.snippet USING fts5(body, tokenize='{TOKENIZER}')"
    )
    try:
        connection.executemany(
            "INSERT INTO temp.snippet (rowid, body) VALUES (?, ?)",
            ((number, split(_without_marks(text))) for number, text in texts.items()),
        )
        found = connection.execute(
            "SELECT rowid, highlight(snippet, 0, ?, ?) FROM temp.snippet WHERE snippet MATCH ?",
            (BEGIN, END, match),
        ).fetchall()
    finally:
        connection.execute("DROP TABLE temp.snippet")
    return plain | {
        number: excerpt(text, markdown=number not in typed) or plain[number]
        for number, text in found
    }


def _without_marks(text: str) -> str:
    return text.replace(BEGIN, " ").replace(END, " ").replace(BETWEEN, "")
