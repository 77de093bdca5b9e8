"""What a message is made of once it is parsed: a flat list of blocks.

Lists and quotes are not blocks of their own. Each block says what it stands in (`Place`), so that
whoever draws, selects or copies walks one list and no tree. All are frozen values: a block that is
equal to the one drawn before need not be drawn anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias, assert_never


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a text that looks different. Spans do not overlap.

    Attributes:
        start: Where it begins, in characters.
        end: Where it ends: the first character that is not in it.
        bold: Strong emphasis.
        italic: Emphasis.
        struck: Crossed out.
        code: Code within a line.
        link: Where it leads; empty for no link. Only http, https and mailto.
        formula: The TeX of a formula within a line, without its marks; the stretch covers it as it
            was written, with them, and is code, too.
        picture: The address of a picture within a line; the stretch covers its description.
        raised: The number of a footnote.
    """

    start: int
    end: int
    bold: bool = False
    italic: bool = False
    struck: bool = False
    code: bool = False
    link: str = ""
    formula: str = ""
    picture: str = ""
    raised: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """A text with its spans. A line break within it is a newline."""

    plain: str
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Quote:
    """The inside of a quotation."""


@dataclass(frozen=True, slots=True)
class Item:
    """The inside of a list's item.

    Attributes:
        digits: How many the longest number of its list has; 0 in a list without numbers.
    """

    digits: int = 0


Container: TypeAlias = Quote | Item


class MarkerKind(StrEnum):
    """What stands before a list's item."""

    DISC = "disc"
    CIRCLE = "circle"
    SQUARE = "square"
    NUMBER = "number"
    OPEN = "open"  # a task that is not done
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Marker:
    """What stands before the first block of an item.

    Attributes:
        kind: How it looks.
        text: For a number, as it is written, with its dot.
    """

    kind: MarkerKind
    text: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a block stands.

    Attributes:
        inside: What it stands in, outermost first.
        marker: What stands before it, if it is the first of an item.
        tight: Whether it keeps close to the block before it, as in a list without empty lines.
    """

    inside: tuple[Container, ...] = ()
    marker: Marker | None = None
    tight: bool = False


TOP = Place()


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph, or a piece of a very long one.

    Attributes:
        text: Its words.
        place: Where it stands.
        continued: Whether it is the rest of the paragraph before it, which was too long to be laid
            out at once: nothing stands between the two, and copied they are one.
    """

    text: Text
    place: Place = TOP
    continued: bool = False


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; `level` is 1 to 6."""

    level: int
    text: Text
    place: Place = TOP


@dataclass(frozen=True, slots=True)
class Code:
    """A block of code, without its last newline.

    Attributes:
        code: The lines.
        language: As the author named it, e.g. "python"; may be empty.
        place: Where it stands.
    """

    code: str
    language: str = ""
    place: Place = TOP


class Align(StrEnum):
    """How the words of a column are set."""

    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Table:
    """A table. Each row has as many cells as `aligns` has columns."""

    aligns: tuple[Align, ...]
    head: tuple[Text, ...]
    rows: tuple[tuple[Text, ...], ...]
    place: Place = TOP


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across."""

    place: Place = TOP


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula on lines of its own: its TeX, without the marks around it."""

    tex: str
    place: Place = TOP


@dataclass(frozen=True, slots=True)
class Picture:
    """A paragraph that is nothing but one picture.

    Attributes:
        source: Where it is: http, https, `data:image/...`, or the name of a file of the thread,
            plain or as `attachment:...`. It is as the author of the text wrote it: whoever loads
            it decides whether to.
        description: What it shows, in words; may be empty.
        title: What its author wrote as its title; may be empty.
        place: Where it stands.
    """

    source: str
    description: str
    title: str = ""
    place: Place = TOP


Block: TypeAlias = Paragraph | Heading | Code | Table | Rule | Formula | Picture


def described(description: str) -> str:
    """Give the words that stand for a picture where it is not shown."""
    return f"Image: {description}" if description else "Image"


def plain_of(block: Block) -> str:
    """Give the text of one block without marks: cells between tabs, nothing for a rule."""
    match block:
        case Paragraph() | Heading():
            return block.text.plain
        case Code():
            return block.code
        case Table():
            rows = (block.head, *block.rows)
            return "\n".join("\t".join(cell.plain for cell in row) for row in rows)
        case Formula():
            return block.tex
        case Picture():
            return block.description
        case Rule():
            return ""
        case _:
            assert_never(block)


def plain_text(blocks: list[Block] | tuple[Block, ...]) -> str:
    """Give the words of blocks without marks, as one reads them aloud: a line for each block."""
    lines: list[str] = []
    for block in blocks:
        marker = block.place.marker
        before = f"{marker.text} " if marker is not None and marker.text else ""
        match block:
            case Paragraph(continued=True) if lines:
                lines[-1] += block.text.plain
            case Paragraph() | Heading():
                lines.append(before + block.text.plain)
            case Code():
                lines.append(before + block.code)
            case Formula():
                lines.append(before + block.tex)
            case Picture():
                lines.append(before + described(block.description))
            case Table():
                rows = (block.head, *block.rows)
                lines.extend("\t".join(cell.plain for cell in row) for row in rows)
            case Rule():
                pass
    return "\n".join(lines)
