"""What a person types to search, and what it asks of the index.

    invoice june            both words, the last one also as the beginning of a longer one
    "paid in full"          these words in this order
    -draft                  not this word
    in:budget               in a thread whose title has this in it; in:"two words"
    from:me                 what the user wrote; from:agent, or the name of an agent
    before:2026-03-01       written before this day (or month, 2026-03, or year, 2026)
    after:2026-03           written after it
    has:code                with a block of code; has:image, has:file, has:link, has:tool

What cannot be understood as a filter is searched as a word. No text is an error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from chatelaine.store.items import storable
from chatelaine.store.search_words import split

if TYPE_CHECKING:
    from collections.abc import Iterator

_PART = re.compile(r'(?P<minus>-?)(?:(?P<name>\w+):)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')
_DAY = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_DECEMBER = 12


class Having(StrEnum):
    """What a message can be asked to have."""

    CODE = "code"
    IMAGE = "image"
    FILE = "file"
    LINK = "link"
    TOOL = "tool"


_HAVINGS = frozenset(Having)


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What is searched for.

    Attributes:
        match: For the index; '' where there are only filters.
        words: What titles must have in them.
        titles: What the title of the thread must have in it.
        speakers: Who must have said it: "user", "assistant", or the name of an agent, lower case.
        before: It was written before this moment, in the time of this place.
        after: It was written at this moment or later.
        having: What it must have.
    """

    match: str = ""
    words: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ()
    before: datetime | None = None
    after: datetime | None = None
    having: frozenset[Having] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Whether it asks for nothing."""
        return self == SearchQuery()


@dataclass(frozen=True, slots=True)
class _Part:
    text: str
    name: str
    minus: bool
    phrase: bool
    written: str


def parse(text: str) -> SearchQuery:
    """Read what was typed."""
    wanted: list[_Part] = []
    unwanted: list[_Part] = []
    titles: list[str] = []
    speakers: list[str] = []
    having: set[Having] = set()
    before: datetime | None = None
    after: datetime | None = None
    for part in _parts(storable(text).replace("\0", " ")):
        value = part.text.casefold()
        days = _days(part.text)
        if part.name == "in" and value and not part.minus:
            titles.append(value)
        elif part.name == "from" and value and not part.minus:
            speakers.append({"me": "user", "agent": "assistant"}.get(value, value))
        elif part.name == "has" and value in _HAVINGS and not part.minus:
            having.add(Having(value))
        elif part.name == "before" and days and not part.minus:
            before = min(filter(None, (before, days[0])))
        elif part.name == "after" and days and not part.minus:
            after = max(filter(None, (after, days[1])))
        elif any(character.isalnum() for character in part.written):
            (unwanted if part.minus else wanted).append(part)
    match = _match(wanted, unwanted)
    return SearchQuery(
        match,
        tuple(part.written.casefold() for part in wanted) if not unwanted else (),
        tuple(titles),
        tuple(speakers),
        before,
        after,
        frozenset(having),
    )


def _parts(text: str) -> Iterator[_Part]:
    for found in _PART.finditer(text):
        phrase, word = found["phrase"], found["word"]
        value = phrase if phrase is not None else word or ""
        name = (found["name"] or "").casefold()
        written = f"{found['name']}:{value}" if found["name"] else value
        yield _Part(value, name, bool(found["minus"]), phrase is not None, written)


def _match(wanted: list[_Part], unwanted: list[_Part]) -> str:
    """Write a query of the index: each word quoted, so that nothing in it is an operator."""
    if not wanted:
        return ""
    *others, last = wanted
    texts = [_quoted(part.written) for part in others]
    texts.append(_quoted(last.written) + ("" if last.phrase else " *"))
    match = " AND ".join(texts)
    for part in unwanted:
        match = f"({match}) NOT {_quoted(part.written)}"
    return match


def _quoted(text: str) -> str:
    return '"' + split(text).replace('"', '""') + '"'


def _days(text: str) -> tuple[datetime, datetime] | None:
    """Give when a day, month or year begins and when it is over; None where the text is none."""
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    year, month, day = (None if part is None else int(part) for part in found.groups())
    try:
        first = date(year or 0, month or 1, day or 1)
        if day is not None:
            end = first + timedelta(days=1)
        elif month is not None and month < _DECEMBER:
            end = first.replace(month=month + 1)
        else:
            end = first.replace(year=first.year + 1, month=1)
    except (ValueError, OverflowError):
        return None
    return _midnight(first), _midnight(end)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day).astimezone()
