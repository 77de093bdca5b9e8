"""Where in the rows of a thread something that is looked for is. No Qt here.

Everything is found in what is shown or would be shown if it was unfolded, not in the source: in the
blocks of each text, in reading order.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Final, NamedTuple, assert_never

from chatelaine.gui.chat.row_texts import call_blocks, call_code, message_blocks
from chatelaine.gui.chat.rows import (
    NoticeRow,
    ReplyRow,
    Row,
    RowKind,
    SummaryRow,
    ToolRow,
    UnreadRow,
    UserRow,
)
from chatelaine.markup.blocks import (
    Block,
    Heading,
    Paragraph,
    Picture,
    described,
    plain_of,
)
from chatelaine.markup.stream import StreamParser

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chatelaine.gui.chat.needle import Needle
    from chatelaine.store.records import TurnId


class PartKind(IntEnum):
    """Which text of a row it is, in the order in which they stand; `PART_NAMES` names them."""

    REASONING = 0
    TEXT = 1
    DETAILS = 2
    SUMMARY = 3


PART_NAMES: Final = {
    PartKind.REASONING: "reasoning",
    PartKind.TEXT: "text",
    PartKind.DETAILS: "details",
    PartKind.SUMMARY: "summary",
}
"""What the layouts of rows call these parts."""


class Hit(NamedTuple):
    """A place where it is; hits compare as they stand in the thread.

    Attributes:
        row: The number of the row among those that were searched together.
        part: Which text of it.
        block: The number of the block in that text.
        start: Where it begins in the block's text, in characters.
        end: Where it ends; in a long paragraph that is in pieces, perhaps in the next one.
    """

    row: int
    part: PartKind
    block: int
    start: int
    end: int


def text_of(block: Block) -> str:
    """Give the text of a block, as its layout has it."""
    return described(block.description) if isinstance(block, Picture) else plain_of(block)


def is_continued(blocks: Sequence[Block], index: int) -> bool:
    """Tell whether a block is the rest of the paragraph before it."""
    block = blocks[index] if 0 < index < len(blocks) else None
    return isinstance(block, Paragraph) and block.continued


def spans_in(
    blocks: Sequence[Block], index: int, text: str, needle: Needle
) -> list[tuple[int, int]]:
    """Give where it is in one block that is laid out, in characters.

    Args:
        blocks: All blocks of the text.
        index: Which of them.
        text: The text of that one, as its layout has it.
        needle: What is looked for.
    """
    if not is_continued(blocks, index) and not is_continued(blocks, index + 1):
        return needle.spans(text)
    first = last = index
    while is_continued(blocks, first):
        first -= 1
    while is_continued(blocks, last + 1):
        last += 1
    before = sum(len(text_of(block)) for block in blocks[first:index])
    whole = "".join(text_of(block) for block in blocks[first : last + 1])
    return [
        (max(start - before, 0), min(end - before, len(text)))
        for start, end in needle.spans(whole)
        if end > before and start < before + len(text)
    ]


class Searcher:
    """Looks for something in rows. It may be used in a worker thread, in one at a time.

    Attributes:
        needle: What is looked for.
    """

    def __init__(self, needle: Needle) -> None:
        self.needle = needle
        # Replies that are being written are parsed further, and never again as a whole.
        self._growing: dict[tuple[TurnId, int], StreamParser] = {}

    def count(self, rows: Sequence[Row]) -> int:
        """Tell how often it is in rows."""
        return sum(
            len(spans)
            for number, row in enumerate(rows)
            for _, blocks in self._parts(row, number)
            for _, _, spans in self._found(row, blocks)
        )

    def hits(self, rows: Sequence[Row]) -> list[Hit]:
        """Give where it is in rows, in reading order."""
        made: list[Hit] = []
        for number, row in enumerate(rows):
            for part, blocks in self._parts(row, number):
                for first, lengths, spans in self._found(row, blocks):
                    block, before = first, 0
                    for start, end in spans:
                        while start >= before + lengths[block - first] and (
                            block - first < len(lengths) - 1
                        ):
                            before += lengths[block - first]
                            block += 1
                        made.append(Hit(number, part, block, start - before, end - before))
        return made

    def count_in_text(self, text: str, kind: RowKind) -> int:
        """Tell how often it is in a message of which nothing but the source is known."""
        if kind is RowKind.USER:
            return self.needle.count(text.strip("\n"))
        if kind is RowKind.TOOL:
            return self.needle.count(plain_of(call_code(text)))
        if not self.needle.may_be_in(text):
            return 0
        return sum(len(spans) for _, _, spans in self._in_blocks(_parsed(text)))

    def _parts(self, row: Row, number: int) -> Iterator[tuple[PartKind, Sequence[Block]]]:
        """Give the texts of a row in which it may be."""
        may_be_in = self.needle.may_be_in
        match row:
            case UserRow():
                if may_be_in(row.text):
                    yield PartKind.TEXT, message_blocks(row.text.strip("\n"))
            case ReplyRow():
                if row.reasoning.strip() and may_be_in(row.reasoning):
                    yield PartKind.REASONING, StreamParser().grow(row.reasoning)
                if row.text.strip() and may_be_in(row.text):
                    yield PartKind.TEXT, self._reply(row, number)
            case ToolRow():
                yield PartKind.DETAILS, call_blocks(row)
            case SummaryRow():
                if may_be_in(row.text):
                    yield PartKind.SUMMARY, _parsed(row.text)
            case NoticeRow() | UnreadRow():
                pass  # nobody has said the one; the other is not here
            case _:
                assert_never(row)

    def _reply(self, row: ReplyRow, number: int) -> Sequence[Block]:
        if not row.running:
            self._growing.pop((row.turn, number), None)
            return _parsed(row.text)
        parser = self._growing.setdefault((row.turn, number), StreamParser())
        return parser.grow(row.text)

    def _found(
        self, row: Row, blocks: Sequence[Block]
    ) -> Iterator[tuple[int, list[int], list[tuple[int, int]]]]:
        for first, lengths, spans in self._in_blocks(blocks):
            # The headings of a tool call are our own words.
            if not (isinstance(row, ToolRow) and isinstance(blocks[first], Heading)):
                yield first, lengths, spans

    def _in_blocks(
        self, blocks: Sequence[Block]
    ) -> Iterator[tuple[int, list[int], list[tuple[int, int]]]]:
        """Give the first of blocks that are one text, their lengths, and where it is in them."""
        index = 0
        while index < len(blocks):
            first, texts = index, [text_of(blocks[index])]
            index += 1
            while is_continued(blocks, index):
                texts.append(text_of(blocks[index]))
                index += 1
            if spans := self.needle.spans("".join(texts)):
                yield first, [len(text) for text in texts], spans


def _parsed(text: str) -> list[Block]:
    """Parse a text as it is parsed to be shown."""
    parser = StreamParser()
    parser.grow(text)
    return parser.finish()
