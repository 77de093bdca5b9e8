"""Conversations as people and models write them: the same ones each time, of any length."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from chatelaine.gui.chat.rows import ReplyRow, UserRow

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
_TEXT = (
    "the model answers slowly when it has many tokens to read and a window that scrolls must not "
    "wait for any of them so what is seen is laid out first and all the rest a little later when "
    "nothing else is to be done because people notice every frame that is late"
)
_WORDS = _TEXT.split()
_CODE = (
    "def heights(rows: list[Row]) -> Iterator[int]:  # row {0}\n    yield from map(len, rows[{0}:])"
)


def messages(count: int, seed: int = 7) -> Iterator[str]:
    """Give so many replies in Markdown: 0.9 kB in the median, some of 12 kB and more."""
    chance = random.Random(seed)  # noqa: S311 - always the same ones
    for _ in range(count):
        size = min(chance.lognormvariate(6.8, 1.1), 21_000)
        yield message(chance, int(size))


def message(chance: random.Random, size: int) -> str:
    """Give a reply of about so many characters."""
    parts: list[str] = []
    length = 0
    while length < size or not parts:
        part = _part(chance)
        parts.append(part)
        length += len(part) + 2
    return "\n\n".join(parts)


def rows(count: int, seed: int = 7) -> list[UserRow | ReplyRow]:
    """Give the rows of a thread: questions and replies, `count` in all."""
    chance = random.Random(seed)  # noqa: S311 - always the same ones
    made: list[UserRow | ReplyRow] = []
    for turn, reply in enumerate(messages(count // 2, seed), start=1):
        made.append(UserRow(turn, _sentence(chance, chance.randint(3, 40)), NOW))
        made.append(ReplyRow(turn, "Ada", "gpt-5.2", NOW, reply))
    return made


def _sentence(chance: random.Random, words: int) -> str:
    return " ".join(chance.choice(_WORDS) for _ in range(words)).capitalize() + "."


def _part(chance: random.Random) -> str:
    kind = chance.random()
    if kind < 0.6:
        words = _sentence(chance, chance.randint(12, 80)).split()
        words[3] = f"**{words[3]}**"
        words[7] = f"`{words[7]}`"
        return " ".join(words)
    if kind < 0.72:
        lines = (_CODE.format(number) for number in range(chance.randint(1, 18)))
        return "```python\n" + "\n".join(lines) + "\n```"
    if kind < 0.84:
        items = (_sentence(chance, chance.randint(4, 18)) for _ in range(chance.randint(3, 7)))
        return "\n".join(f"- {item}" for item in items)
    if kind < 0.9:
        row = " | ".join(chance.choice(_WORDS) for _ in range(4))
        return "| a | b | c | d |\n|---|---|--:|:-:|\n" + f"| {row} |\n" * chance.randint(2, 8)
    if kind < 0.95:
        return "> " + _sentence(chance, chance.randint(8, 30))
    return "## " + _sentence(chance, 4)
