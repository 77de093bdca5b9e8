"""Finding in a thread: without a window, over rows that are here and texts that are not."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatelaine.gui.chat import find as module
from chatelaine.gui.chat.find import HitRef, SearchedText, Section, ThreadFind
from chatelaine.gui.chat.hits import Hit, PartKind, Searcher, spans_in
from chatelaine.gui.chat.needle import Needle
from chatelaine.gui.chat.rows import (
    NoticeKind,
    NoticeRow,
    ReplyRow,
    RowKind,
    SummaryRow,
    ToolRow,
    ToolState,
    UnreadRow,
    UserRow,
)
from chatelaine.markup.blocks import Paragraph, Text, plain_text
from chatelaine.markup.parser import parse
from chatelaine.markup.stream import StreamParser
from support.until import until

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Coroutine, Sequence

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


def user(turn: int, text: str) -> UserRow:
    return UserRow(turn, text, NOW)


def reply(turn: int, text: str, reasoning: str = "", *, running: bool = False) -> ReplyRow:
    return ReplyRow(turn, "Ada", "m", NOW, text, reasoning, running)


def tool(turn: int, arguments: str, result: str) -> ToolRow:
    return ToolRow(turn, "Ada", "m", NOW, "c", "look", arguments, result, ToolState.DONE)


def thread(count: int, text: str = "An answer.") -> list[Any]:
    return [row for turn in range(1, count + 1) for row in (user(turn, "Q"), reply(turn, text))]


class Thread:
    """Rows, as the model of a timeline has them, and a search over them."""

    def __init__(self, rows: list[Any]) -> None:
        self.rows = rows
        self.told: list[tuple[int, bool]] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.find = ThreadFind(lambda: self, self._start, self._changed)

    def index_of_turn(self, turn: int) -> int | None:
        return next((i for i, row in enumerate(self.rows) if row.turn == turn), None)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        if self.tasks:
            self.tasks[-1].cancel()
        self.tasks.append(asyncio.get_running_loop().create_task(work))

    def _changed(self) -> None:
        self.told.append((self.find.total, self.find.is_counting))

    async def search(self, words: str, **more: Any) -> int:
        self.find.begin(words, **more)
        return await self.total()

    async def total(self) -> int:
        await until(lambda: not self.find.is_counting)
        if self.tasks:
            await asyncio.wait(self.tasks)
        for task in self.tasks:
            if not task.cancelled():
                task.result()
        return self.find.total

    def refs(self) -> list[HitRef]:
        """Give all hits in order, by going from one to the next."""
        first = self.find.first_after(Section(-1))
        found: list[HitRef] = []
        ref, wrapped = first, False
        while ref is not None and not wrapped:
            found.append(ref)
            step = self.find.step(ref, 1)
            assert step is not None
            ref, wrapped = step
        assert not found or ref == first
        return found


class Texts:
    """Texts that were not read."""

    def __init__(self, *portions: Sequence[SearchedText]) -> None:
        self.portions = portions
        self.asked: list[tuple[str, int | None]] = []

    async def find(
        self, words: str, *, first: int | None = None
    ) -> AsyncGenerator[Sequence[SearchedText], None]:
        self.asked.append((words, first))
        for portion in self.portions:
            await asyncio.sleep(0)
            yield portion


# ---------------------------------------------------------------------------- in rows


def hits(row: Any, words: str) -> list[Hit]:
    return Searcher(Needle(words)).hits([row])


@pytest.mark.parametrize(
    ("row", "words", "parts"),
    [
        (reply(1, "**bo**ld and `bold`"), "bold", ["TEXT", "TEXT"]),
        (reply(1, "```python\nx = 'needle'\n```"), "needle", ["TEXT"]),
        (reply(1, "| a | needle |\n|---|---|\n| needle | b |"), "needle", ["TEXT", "TEXT"]),
        (reply(1, "$$\n\\frac{needle}{2}\n$$"), "frac{needle", ["TEXT"]),
        (reply(1, "No.", "A needle?"), "needle", ["REASONING"]),
        (reply(1, "[shown](https://hidden.example)"), "hidden", []),
        (user(1, "**needle** is typed"), "**needle**", ["TEXT"]),
        (tool(1, '{"a":"needle"}', "a needle\nneedle"), "needle", ["DETAILS"] * 3),
        (tool(1, "{}", "x"), "Answered", []),
        (SummaryRow(1, "A *nee*dle", NOW), "needle", ["SUMMARY"]),
        (NoticeRow(1, NoticeKind.STOPPED, "A needle"), "needle", []),
        (UnreadRow(1, RowKind.REPLY, 3, 1), "needle", []),
    ],
)
def test_words_are_found_where_they_are_read(row, words, parts):
    found = hits(row, words)
    assert [hit.part.name for hit in found] == parts
    assert Searcher(Needle(words)).count([row]) == len(parts)


def test_a_hit_says_the_block_and_the_place_in_it():
    assert hits(reply(1, "# One\n\nTwo **thr**ee three"), "three") == [
        Hit(0, PartKind.TEXT, 1, 4, 9),
        Hit(0, PartKind.TEXT, 1, 10, 15),
    ]


def test_a_paragraph_in_pieces_is_one_text():
    text = "x" * 19_998 + "needle" + "y" * 30_000 + "needle"
    found = hits(user(1, text), "needle")
    assert [(hit.block, hit.start) for hit in found] == [(0, 19_998), (2, 10_004)]
    pieces = [Paragraph(Text("one nee")), Paragraph(Text("dle needle"), continued=True)]
    needle = Needle("needle")
    assert spans_in(pieces, 0, "one nee", needle) == [(4, 7)]
    assert spans_in(pieces, 1, "dle needle", needle) == [(0, 3), (4, 10)]


def test_a_reply_that_grows_is_parsed_from_its_end_on(monkeypatch):
    searcher = Searcher(Needle("word"))
    parsed: list[int] = []
    original = StreamParser.grow

    def grow(parser, source):
        parsed.append(len(source) - parser._tail_start)
        return original(parser, source)

    monkeypatch.setattr(StreamParser, "grow", grow)
    text = ""
    for number in range(200):
        text += f"Paragraph {number} with a word.\n\n"
        assert searcher.count([reply(1, text, running=True)]) == number + 1
    assert max(parsed) < 200


MARKUP = st.text("ab*_`~[]()<>&;#|$\\\n -é.1!", max_size=60)


@given(MARKUP, st.text("abé*`[ &", min_size=1, max_size=3))
def test_hits_are_those_of_a_plain_search_in_what_is_read(source, words):
    needle = Needle(words)
    row = reply(1, source)
    blocks = parse(source) if source.strip() else []
    plain = [
        line
        for block in blocks
        for line in ([plain_text([replace(block, place=type(block.place)())])])
    ]
    expected = sum(needle.count(line) for line in plain) if needle else 0
    searcher = Searcher(needle)
    assert searcher.count([row]) == expected
    assert len(searcher.hits([row])) == expected
    assert searcher.count_in_text(source, RowKind.REPLY) == expected


@given(MARKUP, st.text("abé*`[ &", min_size=1, max_size=3))
def test_a_message_of_the_user_is_searched_as_it_was_typed(text, words):
    needle = Needle(words)
    searcher = Searcher(needle)
    expected = len(needle.spans(text.strip("\n")))
    assert searcher.count([user(1, text)]) == expected
    assert searcher.count_in_text(text, RowKind.USER) == expected


@pytest.mark.parametrize(
    "result",
    [
        "\n".join(f"needle {number}" for number in range(4000)),
        '{"a":"needle", "needle":[1, 2]}',
        '"' + "needle " * 20_000 + '"',
        '["needle", ' + "1, " * 60_000 + '"needle"]',
        '["n\\u0065edle", "*needle*"]',
    ],
    ids=["long", "JSON", "one long line", "long JSON", "escapes"],
)
@pytest.mark.parametrize("words", ["needle", '": "', '":"'])
def test_a_result_counts_the_same_read_or_not(result, words):
    row, searcher = tool(1, "{}", result), Searcher(Needle(words))
    count = searcher.count([row])
    assert len(hits(row, words)) == count == searcher.count_in_text(result, RowKind.TOOL)


def test_all_of_a_long_result_is_searched():
    found = hits(tool(1, "{}", "\n".join(f"needle {number}" for number in range(4000))), "needle")
    assert len(found) == 4000


# ---------------------------------------------------------------------------- in a thread


async def test_all_hits_are_counted_and_come_in_order():
    shown = Thread(
        [
            user(1, "needle"),
            reply(1, "A needle, a **nee**dle."),
            SummaryRow(9, "needle", NOW),
            user(2, "no"),
            tool(2, '{"q": "needle"}', "needle"),
            reply(2, "needle"),
            NoticeRow(2, NoticeKind.STOPPED, "needle"),
        ]
    )
    assert await shown.search("NEEDLE") == 7
    refs = shown.refs()
    assert [shown.find.number_of(ref) for ref in refs] == list(range(7))
    mark = Section(1, is_summary=True)
    assert [ref.section for ref in refs] == [Section(1)] * 3 + [mark] + [Section(2)] * 3
    assert shown.find.first_row(mark) == 2
    assert [hit.row for hit in await shown.find.hits_of(Section(2)) or []] == [1, 1, 2]
    assert shown.find.step(refs[0], -1) == (refs[-1], True)
    assert shown.find.step(refs[-1], -1) == (refs[-2], False)


async def test_what_is_near_comes_first_and_then_the_rest():
    shown = Thread(thread(600, "needle"))
    assert await shown.search("needle", near=300) == 600
    first = next(total for total, _ in shown.told if total)
    assert first < 600
    last: list[HitRef | None] = []
    shown.find._changed = lambda: last.append(shown.find.last_until(Section(10_000)))
    await shown.search("needle", near=300)
    assert next(ref for ref in last if ref is not None) == HitRef(Section(300), 0)
    assert [ref.section.turn for ref in shown.refs()] == list(range(1, 601))


async def test_nothing_and_blank_space_are_not_looked_for():
    shown = Thread(thread(3))
    for words in ("", "  "):
        assert await shown.search(words) == 0
        assert shown.find.needle is None
    assert shown.tasks == []


async def test_the_newest_words_win():
    shown = Thread(thread(2000, "one two"))
    shown.find.begin("one")
    await until(lambda: shown.find.total)
    shown.find.begin("absent")
    assert shown.find.total == 0
    assert await shown.total() == 0
    assert shown.tasks[0].cancelled()


async def test_a_long_thread_is_searched_in_slices():
    text = "some words in a line of a paragraph\n\n" * 25
    rows = thread(600, text)
    for number in range(0, 600, 2):
        rows[2 * number + 1] = reply(number + 1, text + "needle needle needle")
    shown = Thread(rows)
    slices: list[int] = []
    looked: list[int] = []
    original, walk = Searcher.count, ThreadFind._next_groups

    def count(searcher, some):
        slices[-1] += sum(len(row.text) for row in some)
        assert threading.current_thread() is not threading.main_thread()
        return original(searcher, some)

    def groups(find, query):
        found = walk(find, query)
        looked.append(sum(len(some) for _, some in found))
        slices.append(0)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Searcher, "count", count)
        patch.setattr(ThreadFind, "_next_groups", groups)
        assert await shown.search("needle") == 900
    assert max(looked) <= module.SLICE_ROWS + 2
    assert max(slices) < module.SLICE_CHARACTERS + 3 * len(text)
    assert len([total for total, _ in shown.told if 0 < total < 900]) > 10


# ---------------------------------------------------------------------------- rows that change


async def test_a_reply_is_counted_while_it_is_written():
    shown = Thread([user(1, "Q"), reply(1, "needle", running=True)])
    assert await shown.search("needle") == 1
    for number in range(2, 6):
        shown.rows[-1] = reply(1, " needle" * number, running=True)
        shown.find.rows_changed(1)
        assert await shown.total() == number
    shown.rows[-1] = reply(1, "**nee**dle")
    shown.find.rows_changed(1)
    assert await shown.total() == 1


async def test_what_is_no_longer_shown_does_not_count():
    shown = Thread(thread(5, "needle"))
    assert await shown.search("needle") == 5
    last = HitRef(Section(5), 0)
    del shown.rows[-2:]
    shown.find.rows_changed(8)
    assert shown.find.total == 4
    assert shown.find.number_of(last) is None
    assert await shown.total() == 4
    shown.rows[2:] = thread(9, "needle needle")[2:]
    shown.find.rows_changed(0)
    assert await shown.total() == 17
    shown.rows = thread(2, "other")
    shown.find.rows_changed(0)
    assert await shown.total() == 0


async def test_a_mark_that_comes_and_goes_is_counted():
    shown = Thread(thread(3, "no"))
    assert await shown.search("needle") == 0
    shown.rows.insert(2, SummaryRow(9, "needle", NOW))
    shown.find.rows_changed(2)
    assert await shown.total() == 1
    del shown.rows[2]
    shown.find.rows_changed(2)
    assert await shown.total() == 0


async def test_a_hit_of_a_turn_that_was_removed_leads_to_its_neighbours():
    shown = Thread(thread(3, "needle"))
    await shown.search("needle")
    gone = HitRef(Section(2), 0)
    del shown.rows[2:4]
    shown.find.rows_changed(2)
    assert shown.find.step(gone, 1) == (HitRef(Section(3), 0), False)
    assert shown.find.step(gone, -1) == (HitRef(Section(1), 0), False)
    await shown.total()


# ---------------------------------------------------------------------------- texts not read


def unread(turn: int) -> list[Any]:
    return [UnreadRow(turn, RowKind.USER, 1, 1), UnreadRow(turn, RowKind.REPLY, 9, 1)]


async def test_of_rows_that_were_not_read_the_source_gives_the_texts():
    rows = [*unread(1), *unread(2), user(3, "needle"), reply(3, "needle")]
    texts = Texts(
        [SearchedText(3, 31, "needle"), SearchedText(2, 21, "**nee**dle needle")],
        [
            SearchedText(1, 10, "**needle**", RowKind.USER),
            SearchedText(1, 11, "[a](https://needle.example)"),
            SearchedText(7, 71, "needle"),
        ],
        [SearchedText(2, 21, "**nee**dle needle")],
    )
    shown = Thread(rows)
    assert await shown.search("needle", near=3, texts=texts) == 5
    assert texts.asked == [("needle", 3)]
    assert [ref.section.turn for ref in shown.refs()] == [1, 2, 2, 3, 3]
    assert await shown.find.hits_of(Section(1)) is None


async def test_a_thread_that_is_here_is_not_asked_for():
    texts = Texts()
    shown = Thread(thread(3, "needle"))
    assert await shown.search("needle", texts=texts) == 3
    assert texts.asked == []


async def test_a_turn_that_was_read_is_counted_as_it_is_shown():
    shown = Thread([*unread(1), *thread(2, "needle")[2:]])
    texts = Texts([SearchedText(1, 11, "needle")])
    assert await shown.search("needle", texts=texts) == 2
    shown.rows[:2] = [user(1, "Q"), tool(1, '{"q": "needle"}', "needle"), reply(1, "needle")]
    shown.find.rows_filled([(0, 2, 3)])
    assert await shown.total() == 4
    assert len(await shown.find.hits_of(Section(1)) or []) == 3


async def test_hits_of_a_turn_correct_its_count():
    shown = Thread(thread(2, "needle"))
    await shown.search("needle")
    shown.rows[1] = reply(1, "needle needle needle")
    assert len(await shown.find.hits_of(Section(1)) or []) == 3
    assert shown.find.total == 4


async def test_a_search_that_ends_counts_nothing():
    shown = Thread(thread(2, "needle"))
    await shown.search("needle")
    shown.find.end()
    assert shown.find.total == 0
    assert shown.find.step(HitRef(Section(1), 0), 1) is None
    shown.find.rows_changed(0)
    shown.find.rows_filled([(0, 1, 1)])
    assert len(shown.tasks) == 1
