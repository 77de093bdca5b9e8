"""Which rows a thread has, from its outline alone: what `stored_rows` says of turns that were read.

In histories of older versions a reply of nothing but blank space counts as one that says something,
until it is read. No Qt here.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from chatelaine.gui.chat.height_guess import GuessedHeights
from chatelaine.gui.chat.rows import KINDS, RowKind
from chatelaine.markup.heights import Heights
from chatelaine.store.outline import RUNNING, STATES, OutlinedKind
from chatelaine.store.records import TurnState

if TYPE_CHECKING:
    from chatelaine.gui.chat.height_guess import HeightGuess
    from chatelaine.store.outline import Outline, Summary
    from chatelaine.store.records import TurnId

_USER, _REPLY, _TOOL, _NOTICE, _SUMMARY = map(KINDS.index, RowKind)
_DONE = STATES.index(TurnState.DONE)
_USUAL = bytes((OutlinedKind.USER, OutlinedKind.ASSISTANT))


class OutlinedRows(NamedTuple):
    """The rows of a thread without their texts, in arrays that are read only.

    Attributes:
        turns: The turn of each row; of the mark of a summary, that of the row before it.
        kinds: The kind of each, as its place in `rows.KINDS`.
        chars: Characters of the text of each.
        lines: Lines of the text of each.
        summary: The compaction whose mark is among them; 0 where there is none.
        outline: What they were made of.
        guessed: How high they may be, where that was asked for.
    """

    turns: array[int]
    kinds: bytearray
    chars: array[int]
    lines: array[int]
    summary: TurnId
    outline: Outline
    guessed: GuessedHeights | None = None


def outlined_rows(
    outline: Outline, known: OutlinedRows | None = None, guess: HeightGuess | None = None
) -> OutlinedRows:
    """Give the rows of an outline; of a long one in a worker thread.

    Args:
        outline: What the thread consists of.
        known: The rows of the outline that this one was gone on from.
        guess: Guesses how high they are, if that is to be known as well.
    """
    summary = outline.summaries[-1] if outline.summaries else None
    rows, place = _begin(outline, summary, known)
    begin = outline.ends[place - 1] if place else 0
    mark = None if summary is None or rows.summary else summary
    gone = outline.deleted
    for number in range(place, len(outline.turns)):
        turn, end = outline.turns[number], outline.ends[number]
        if turn not in gone:
            if mark is not None and turn > mark.cut:
                _add(rows, rows.turns[-1] if rows.turns else 0, _SUMMARY, mark.chars, mark.lines)
                rows = rows._replace(summary=mark.turn)
                mark = None
            _add_turn(rows, outline, turn, outline.states[number], range(begin, end))
        begin = end
    if guess is None:
        return rows
    heights = Heights(guess.heights(rows.kinds, rows.chars, rows.lines))
    return rows._replace(guessed=GuessedHeights(guess, heights))


def _begin(
    outline: Outline, summary: Summary | None, known: OutlinedRows | None
) -> tuple[OutlinedRows, int]:
    """Give the rows that are known already, and the number of the turns that they are of."""
    counts = 0 if summary is None else summary.turn
    before = known.outline if known is not None else None
    if (
        known is None
        or before is None
        or not outline.same
        or before.deleted != outline.deleted
        or (before.summaries[-1].turn if before.summaries else 0) != counts
    ):
        nothing = array("q"), bytearray(), array("I"), array("I")
        return OutlinedRows(*nothing, 0, outline), 0
    end = bisect_right(known.turns, outline.turns[outline.same - 1])
    # A mark stands before a turn: whether another follows is not known yet.
    if end and known.kinds[end - 1] == _SUMMARY:
        end -= 1
    marked = known.summary if _SUMMARY in known.kinds[:end] else 0
    arrays = known.turns[:end], known.kinds[:end], known.chars[:end], known.lines[:end]
    return OutlinedRows(*arrays, marked, outline), outline.same


def _add(rows: OutlinedRows, turn: TurnId, kind: int, chars: int = 0, lines: int = 0) -> None:
    rows.turns.append(turn)
    rows.kinds.append(kind)
    rows.chars.append(chars)
    rows.lines.append(lines)


def _add_turn(rows: OutlinedRows, outline: Outline, turn: TurnId, state: int, items: range) -> None:
    kinds, chars, lines = outline.kinds, outline.chars, outline.lines
    begin = items.start
    if state == _DONE and kinds[begin : items.stop] == _USUAL and chars[begin + 1]:
        rows.turns.extend((turn, turn))
        rows.kinds.extend((_USER, _REPLY))
        rows.chars.extend(chars[begin : items.stop])
        rows.lines.extend(lines[begin : items.stop])
        return
    answered = False
    reasoned = 0
    for item in items:
        kind = kinds[item]
        if kind == OutlinedKind.USER:
            _add(rows, turn, _USER, chars[item], lines[item])
        elif kind == OutlinedKind.REASONING:
            reasoned += chars[item]
        elif kind in {OutlinedKind.ASSISTANT, OutlinedKind.CALL}:
            said = kind == OutlinedKind.ASSISTANT
            if reasoned or (said and chars[item]):
                size = (chars[item], lines[item]) if said else (0, 0)
                _add(rows, turn, _REPLY, *size)
                answered = True
            reasoned = 0
            if not said:
                _add(rows, turn, _TOOL)
                answered = True
    if state == RUNNING:
        _add(rows, turn, _REPLY)
    elif state != _DONE or not answered:
        _add(rows, turn, _NOTICE)
