"""Conversations as people and models write them: the same ones each time, of any length."""

from __future__ import annotations

import random
from array import array
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from chatelaine.agents.items import assistant_message, user_message
from chatelaine.gui.chat.rows import ReplyRow, UserRow
from chatelaine.store.outline import STATES, Outline, OutlinedKind
from chatelaine.store.records import StoredItem, Turn, TurnState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chatelaine.store.records import TurnId

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
_FORMULA = r"\[ h_{0} = \sum_{{i=0}}^{0} \frac{{w_i}}{{2^i}} \]"
_DIFFERENT = 5_000
"""Replies that differ; a longer thread has them again."""


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


class StoredThread:
    """A thread as a store gives it: an outline at once, and the texts that are asked for.

    Its texts are kept as bytes here, so that each one that is read takes room of its own.
    """

    def __init__(self, count: int, seed: int = 7) -> None:
        """Make one of so many messages."""
        self._turns = count // 2
        different = rows(2 * min(self._turns, _DIFFERENT), seed)
        self._texts = [row.text.encode() for row in different]
        self._sizes = [(len(row.text.strip()), row.text.count("\n") + 1) for row in different]

    def outline(self) -> Outline:
        """Give what it consists of: made anew each time."""
        count, sizes = 2 * self._turns, self._sizes
        return Outline(
            turns=array("q", range(1, self._turns + 1)),
            states=bytes([STATES.index(TurnState.DONE)]) * self._turns,
            ends=array("I", range(2, count + 1, 2)),
            kinds=bytes([OutlinedKind.USER, OutlinedKind.ASSISTANT]) * self._turns,
            chars=array("I", [sizes[item % len(sizes)][0] for item in range(count)]),
            lines=array("I", [sizes[item % len(sizes)][1] for item in range(count)]),
            summaries=(),
            deleted=frozenset(),
        )

    def read(self, turns: Iterable[TurnId]) -> list[Turn]:
        """Give turns with their texts."""
        return [self._turn(turn) for turn in turns]

    def _turn(self, turn: TurnId) -> Turn:
        place = (turn - 1) * 2 % len(self._texts)
        asked, said = (text.decode() for text in self._texts[place : place + 2])
        items = (
            StoredItem(user_message(asked), "", NOW),
            StoredItem(assistant_message(said), "Ada", NOW),
        )
        before = turn - 1 or None
        return Turn(turn, 1, before, TurnState.DONE, items, "Ada", "gpt-5.2", NOW)


def formulas(count: int) -> str:
    """Give a text with so many formulas, all of them different."""
    return "\n\n".join(f"Number {number}:\n\n{_FORMULA.format(number)}" for number in range(count))


def long_blocks() -> dict[str, str]:
    """Give blocks of some hundred lines, each of one kind."""
    chance = random.Random(37)  # noqa: S311 - always the same text
    lines = [_sentence(chance, 6) for _ in range(400)]
    rows = [f"| {line} | {_sentence(chance, 3)} | {len(line)} |" for line in lines]
    return {
        "code": "\n".join(["```python", *(f"x = {line!r}" for line in lines)]),
        "list": "\n".join(f"- {line}" for line in lines),
        "nested list": "\n".join(["- Below:", *(f"  - {line}" for line in lines)]),
        "table": "\n".join(["| a | b | c |", "|---|---|--:|", *rows]),
    }


def _sentence(chance: random.Random, words: int) -> str:
    return " ".join(chance.choice(_WORDS) for _ in range(words)).capitalize() + "."


def _part(chance: random.Random) -> str:
    kind = chance.random()
    if kind < 0.45:
        words = _sentence(chance, chance.randint(12, 80)).split()
        words[3] = f"**{words[3]}**"
        words[7] = f"`{words[7]}`"
        return " ".join(words)
    if kind < 0.58:
        lines = (_CODE.format(number) for number in range(chance.randint(1, 18)))
        return "```python\n" + "\n".join(lines) + "\n```"
    if kind < 0.72:
        return _list(chance)
    if kind < 0.84:
        return _table(chance)
    if kind < 0.88:
        return f"{_sentence(chance, 9)[:-1]} $x_{{{chance.randint(1, 9)}}}$."
    is_quote = kind < 0.95
    count = chance.randint(8, 30) if is_quote else 4
    return ("> " if is_quote else "## ") + _sentence(chance, count)


def _table(chance: random.Random) -> str:
    lines = ["| a | b | c | d |", "|---|---|--:|:-:|"]
    for _ in range(chance.randint(2, 8)):
        cells = (_sentence(chance, chance.randint(1, 4))[:-1] for _ in range(4))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _list(chance: random.Random) -> str:
    lines: list[str] = []
    for _ in range(chance.randint(3, 7)):
        lines.append(f"- {_sentence(chance, chance.randint(4, 18))}")
        if chance.random() < 0.3:
            inner = (_sentence(chance, chance.randint(3, 9)) for _ in range(chance.randint(1, 3)))
            lines += (f"  - {each}" for each in inner)
    return "\n".join(lines)
