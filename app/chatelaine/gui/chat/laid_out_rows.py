"""Where the rows of a thread are: the heights of all, and the layouts of those that are looked at.

Heights of rows that were not looked at are guessed from how many characters and lines they have,
so a thread of any length is there at once. Whoever lays out a row may change what comes below it.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias, assert_never

from chatelaine.gui.chat.blocks.frame_budget import Work
from chatelaine.gui.chat.blocks.style import block_style
from chatelaine.gui.chat.height_guess import HeightGuess
from chatelaine.gui.chat.parsing_ahead import FEW, MANY
from chatelaine.gui.chat.row_choices import ChoicesOfThreads
from chatelaine.gui.chat.row_gaps import GAPS, SPOKEN, gap_between
from chatelaine.gui.chat.row_layouts.base import Place, RowAnchor, RowLayout, Spot, Surroundings
from chatelaine.gui.chat.row_layouts.notice import NoticeLayout
from chatelaine.gui.chat.row_layouts.reply import ReplyLayout
from chatelaine.gui.chat.row_layouts.summary_mark import SummaryMarkLayout
from chatelaine.gui.chat.row_layouts.tool_card import ToolCardLayout
from chatelaine.gui.chat.row_layouts.unread import UnreadLayout
from chatelaine.gui.chat.row_layouts.user_message import UserMessageLayout
from chatelaine.gui.chat.rows import (
    KINDS,
    NoticeRow,
    ReplyRow,
    Row,
    RowKind,
    SummaryRow,
    ToolRow,
    UnreadRow,
    UserRow,
    kind_of,
)
from chatelaine.gui.chat.timeline_model import TimelineModel
from chatelaine.gui.theme import palette as palettes
from chatelaine.gui.theme.fonts import current_scale
from chatelaine.markup.heights import Heights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from PySide6.QtCore import QRectF

    from chatelaine.gui.chat.row_layouts.base import Part
    from chatelaine.markup.blocks import Block
    from chatelaine.store.records import TurnId

AnyLayout: TypeAlias = RowLayout[Any]

_KEPT: Final = 160
"""Layouts that are kept at most, those that were used last."""
_KEPT_ANYWAY: Final = 24
"""Layouts that are kept however long their texts are."""
_KEPT_TEXT: Final = 60_000
"""Characters of text beyond which no more are kept: a layout takes a hundred times as much."""
_STAY: Final = 1.5
"""Whatever is no further from what is seen than so many times its height is kept in any case."""
_AHEAD: Final = 3
"""Replies no further from what is seen than so many times its height are parsed ahead."""
_NOWHERE: Final = -(10**9)
_REPLY: Final = KINDS.index(RowKind.REPLY)
_BESIDES: Final = 300
"""What a row takes to be made besides its text, in characters."""


class Anchor(NamedTuple):
    """A place in a thread that is found again when heights change: a row, and where in it."""

    row: int
    within: RowAnchor


class RowKey(NamedTuple):
    """What a row is known by while it stays the same: its turn, and its place in it."""

    turn: TurnId
    number: int


class LaidOutRows:
    """The rows of one thread at their places, one below the other, from height 0 on.

    Attributes:
        model: The rows.
        heights: Of all rows, each with the gap above it.
        width: Of the column, in pixels.
        laid_out: How many rows were given a layout since it was made.
        seen: From which height to which they are looked at.
        budget: Says how long it may take to lay out what is looked at.
        replaced: Is told of blocks that are others now: of their row, its part, and what they were.
    """

    def __init__(self, surroundings: Surroundings) -> None:
        self.model = TimelineModel()
        self.heights = Heights()
        self.width = 0
        self.laid_out = 0
        self.seen = (0, 0)
        self.budget = surroundings.sources.budget
        self.replaced: Callable[[int, Part, dict[int, Block]], None] | None = None
        self._parsed_around = _NOWHERE
        self._surroundings = surroundings
        self._layouts: OrderedDict[int, AnyLayout] = OrderedDict()
        self._keys: dict[int, RowKey] = {}  # of the rows that have layouts
        self._stale: set[int] = set()
        self._unstyled: set[int] = set()
        self._choices_of = ChoicesOfThreads()
        self._choices = self._choices_of.of(self.model)

    def __len__(self) -> int:
        return len(self.heights)

    # ------------------------------------------------------------------ content

    def load(self, model: TimelineModel, first: int = 0, *, is_other: bool = True) -> None:
        """Show the rows of a model; those before `first` are the same as before.

        Args:
            model: The rows.
            first: The first that may be another one.
            is_other: Whether it is another thread.
        """
        self.model = model
        self._parsed_around = _NOWHERE
        if is_other:
            self._drop(list(self._layouts))
            self._choices = self._choices_of.of(model)
            self._surroundings.parsing.ahead.want(())
        else:
            self._choices = self._choices_of.of(model, self._choices)
            self._renumber(first)
        guessed = model.take_heights(self.guess())
        if guessed is not None and not first:
            self.heights, first_other = guessed
            self.heights.replace(first_other, len(self.heights), self._guesses(first_other))
        else:
            count = len(self.heights)
            self.heights.replace(min(first, count), count, self._guesses(min(first, count)))
        for index in self._layouts:
            if index >= first:
                self.note_height(index)

    def _renumber(self, first: int) -> None:
        """Keep the layouts of rows from `first` on that are still there, whatever their number."""
        if first - 1 in self._layouts:
            # It may be the last one now, or no longer.
            self._stale.add(first - 1)
        later = [index for index in self._layouts if index >= first]
        kept: list[tuple[int, AnyLayout]] = []
        for index in later:
            layout, place = self._layouts[index], self.find(self._keys[index])
            if place is not None and place >= first and self._fits(place, layout):
                kept.append((place, layout))
        self._drop(later)
        for place, layout in kept:
            self._layouts[place], self._keys[place] = layout, self.key(place)
            self._stale.add(place)

    def update(self, first: int) -> None:
        """Take rows that are others than before, from `first` to the last."""
        count, now = len(self.heights), len(self.model.rows)
        first = min(first, count, now)
        self._drop(index for index in self._layouts if index >= now)
        # The place of the row before may be another one, too: it may be the last no longer.
        start = max(first - 1, 0)
        for index in range(start, min(now, count)):
            layout = self._layouts.get(index)
            if layout is None or not self._fits(index, layout):
                self._drop([index])
            else:
                self._stale.add(index)
        if now != count or first < now:
            self.heights.replace(start, count, self._kept_or_guessed(start, now))

    def fill(self, first: int, before: int, after: int) -> None:
        """Take rows that have their texts now.

        Args:
            first: The first of them.
            before: How many rows stood there.
            after: How many stand there now.
        """
        self._parsed_around = _NOWHERE
        places = {index: self._place_filled(index, first, before, after) for index in self._layouts}
        self._drop(index for index, place in places.items() if place < 0)
        self._layouts = OrderedDict((places[i], layout) for i, layout in self._layouts.items())
        self._keys = {places[index]: key for index, key in self._keys.items()}
        self._stale = {places[index] for index in self._stale}
        self._unstyled = {places[index] for index in self._unstyled}
        if before != after:
            guesses = self._guess_some(range(first, first + after))
            self.heights.replace(first, first + before, guesses)
        for index in range(first - 1, first + after + 1):
            if index in self._layouts:
                self._stale.add(index)
                self.note_height(index)

    def _place_filled(self, index: int, first: int, before: int, after: int) -> int:
        """Give where a row with a layout is once rows are filled; -1 where it needs another one."""
        if index < first:
            return index
        if index >= first + before:
            return index + after - before
        place = self.find(self._keys[index])
        if place is None or not first <= place < first + after:
            return -1
        return place if self._fits(place, self._layouts[index]) else -1

    def set_width(self, width: int) -> None:
        """Give the column another width; what is out of sight keeps its height for now."""
        self.width = width

    def guess(self) -> HeightGuess:
        """Give what heights are guessed by, as things are now."""
        style = block_style(palettes.current(), current_scale())
        width = max(self.width, 100)
        return HeightGuess.of(width, style.body.line_height, style.body.average, current_scale())

    def guess_again(self) -> None:
        """Guess the heights of all rows anew, except of those that are laid out as they are now."""
        self.heights = Heights(self._guesses(0))
        for index, layout in self._layouts.items():
            if layout.width == self.width and index not in self._unstyled:
                self._note_height(index, layout)

    def restyle(self) -> None:
        """Take on the colours and the text size that the application has now."""
        self._unstyled = set(self._layouts)

    def refresh(self) -> tuple[bool, list[tuple[int, QRectF]]]:
        """Let rows take what they were waiting for.

        Returns:
            Whether any height has changed; and what looks otherwise, a row and a place in it each.
        """
        changed = False
        places: list[tuple[int, QRectF]] = []
        for index, layout in self._layouts.items():
            if index not in self._unstyled:
                if layout.refresh():
                    changed |= self._note_height(index, layout)
                places += [(index, rect) for rect in layout.refreshed()]
        return changed, places

    # ------------------------------------------------------------------ layouts

    def layout(self, index: int) -> AnyLayout:
        """Give the layout of a row as it is now."""
        layout = self._layouts.get(index)
        if layout is None:
            layout = self._make(index)
            self._layouts[index], self._keys[index] = layout, self.key(index)
            self.laid_out += 1
            self._note_height(index, layout)
            self._drop_oldest()
        else:
            self._layouts.move_to_end(index)
            self._bring_up_to_date(index, layout)
        return layout

    def _drop_oldest(self) -> None:
        """Let go of layouts that were not used for long, but of none near what is seen."""
        chars = self.model.rows.chars
        text = sum([chars[index] for index in self._layouts])
        near: range | None = None
        for index in list(self._layouts):
            count = len(self._layouts)
            if count <= _KEPT_ANYWAY or (count <= _KEPT and text <= _KEPT_TEXT):
                return
            near = self._near() if near is None else near
            if index not in near:
                text -= chars[index]
                self._drop([index])

    def _near(self) -> range:
        """Give the rows that are seen, and those that are soon when one scrolls."""
        top, bottom = self.seen
        around = round((bottom - top) * _STAY)
        return range(self.heights.at(top - around), self.heights.at(bottom + around) + 1)

    def _bring_up_to_date(self, index: int, layout: AnyLayout) -> None:
        if index in self._unstyled:
            self._unstyled.discard(index)
            layout.restyle()
        if index in self._stale:
            self._stale.discard(index)
            layout.show_row(self.model.rows[index], place_of(self.model.rows, index))
        if layout.width != self.width:
            layout.set_width(self.width)
        self._note_height(index, layout)

    def made_layout(self, index: int) -> AnyLayout | None:
        """Give the layout of a row if there is one; it may show what the row was before."""
        return self._layouts.get(index)

    def index_of(self, layout: object) -> int | None:
        """Find the row of a layout; None if it is not kept any more."""
        return next((index for index, one in self._layouts.items() if one is layout), None)

    def lay_out(self, top: int, bottom: int) -> bool:
        """Lay out what lies between two heights; tell whether any height has changed."""
        changed = False
        if not len(self.heights):
            return False
        index = self.heights.at(top)
        y = self.heights.top(index)
        while index < len(self.heights) and y <= bottom:
            before = self.heights[index]
            if index not in self._layouts:
                reading = self.model.rows.chars[index] + _BESIDES
                if not self.budget.allows(Work.READ, reading):
                    y += before
                    index += 1
                    continue
                self.layout(index)
                self.budget.done(Work.READ, reading)
            layout = self.layout(index)
            row_top = y + self.gap(index)
            layout.lay_out(top - row_top, bottom - row_top)
            self._note_height(index, layout)
            changed |= self.heights[index] != before
            y += self.heights[index]
            index += 1
        return changed

    def parse_ahead(self) -> bool:
        """Have replies near what is seen parsed elsewhere; tell whether that is done."""
        top, bottom = self.seen
        height, ahead = bottom - top, self._surroundings.parsing.ahead
        if len(self.heights) and abs(top - self._parsed_around) > height // 2:
            self._parsed_around = top
            around = _AHEAD * height
            near = range(self.heights.at(top - around), self.heights.at(bottom + around) + 1)
            middle = self.heights.at(top + height // 2)
            ahead.want(self._texts(sorted(near, key=lambda index: abs(index - middle))))
        return ahead.is_idle

    def _texts(self, indexes: Iterable[int]) -> list[str]:
        """Give those texts that are worth it to be parsed elsewhere."""
        rows, found = self.model.rows, []
        for index in indexes:
            is_worth_it = rows.kinds[index] == _REPLY and FEW < rows.chars[index] < MANY
            if is_worth_it and rows.is_read(index) and index not in self._layouts:
                row = rows[index]
                if isinstance(row, ReplyRow) and not row.running:
                    found.append(row.text)
        return found

    def note_height(self, index: int) -> bool:
        """Take the height that a row has given itself; tell whether it is another one."""
        layout = self._layouts.get(index)
        return layout is not None and self._note_height(index, layout)

    def key(self, index: int) -> RowKey:
        """Give what a row is known by."""
        turn = self.model.rows[index].turn
        first = self.model.index_of_turn(turn)
        return RowKey(turn, index - (first or 0))

    def find(self, key: RowKey) -> int | None:
        """Find a row again."""
        first = self.model.index_of_turn(key.turn)
        if first is None:
            return None
        index = first + key.number
        rows = self.model.rows
        is_there = index < len(rows) and rows[index].turn == key.turn
        return index if is_there else None

    def is_open(self, key: RowKey) -> bool:
        """Tell whether a row is unfolded, be it seen or not."""
        return key in self._choices.open

    def set_open(self, index: int, is_open: bool) -> None:
        """Unfold a row, or fold it."""
        unfolded = self._choices.open
        (unfolded.add if is_open else unfolded.discard)(self.key(index))
        layout = self.layout(index)
        layout.set_open(is_open)
        self._note_height(index, layout)

    # ------------------------------------------------------------------ places

    def gap(self, index: int) -> int:
        """Give the room above a row."""
        if not index:
            return 0
        rows = self.model.rows
        known = GAPS[rows.kinds[index - 1]][rows.kinds[index]]
        return gap_between(rows[index - 1], rows[index]) if known is None else known

    def top(self, index: int) -> int:
        """Give where a row begins, below its gap."""
        return self.heights.top(index) + self.gap(index)

    def anchor(self, y: int) -> Anchor | None:
        """Give a place near a height that is found again; None where there are no rows."""
        if not len(self.heights):
            return None
        index = self.heights.at(y)
        within = y - self.top(index)
        layout = self._layouts.get(index)
        if layout is None or within < 0:
            return Anchor(index, RowAnchor(-1, 0, within))
        return Anchor(index, layout.anchor(within))

    def top_of(self, anchor: Anchor) -> int:
        """Give the height of a place again."""
        index = min(anchor.row, len(self.heights) - 1)
        if index < 0:
            return 0
        layout = self._layouts.get(index)
        within = anchor.within.below if layout is None else layout.top_of(anchor.within)
        return self.top(index) + within

    def spot(self, anchor: Anchor) -> Spot | None:
        """Give the words that are at a place; None where they are not known."""
        layout = self._layouts.get(anchor.row)
        return None if layout is None else layout.spot(anchor.within)

    def find_spot(self, anchor: Anchor, spot: Spot) -> Anchor:
        """Give where the words are now that were at a place."""
        if anchor.row >= len(self.heights):
            return anchor
        layout = self.layout(anchor.row)
        within = layout.find_spot(anchor.within, spot)
        self._note_height(anchor.row, layout)
        return Anchor(anchor.row, within)

    # ------------------------------------------------------------------ inside

    def _make(self, index: int) -> AnyLayout:
        row, place = self.model.rows[index], place_of(self.model.rows, index)
        made = self._made(row, place, index)
        if self._choices.views:
            made.take_views(self._choices.views.pop(self.key(index), {}))
        if self._choices.open and self.key(index) in self._choices.open:
            made.set_open(True)
        made.set_width(self.width)
        return made

    def _made(self, row: Row, place: Place, index: int) -> AnyLayout:
        around = self._surroundings
        match row:
            case UserRow():
                return UserMessageLayout(row, place, around)
            case ReplyRow():
                return ReplyLayout(row, place, around)
            case ToolRow():
                return ToolCardLayout(row, place, around)
            case NoticeRow():
                return NoticeLayout(row, place, around)
            case SummaryRow():
                return SummaryMarkLayout(row, place, around)
            case UnreadRow():
                height = max(self.heights[index] - self.gap(index), 0)
                return UnreadLayout(row, place, around, height)
            case _:
                assert_never(row)

    def _fits(self, index: int, layout: AnyLayout) -> bool:
        row = self.model.rows[index]
        return type(row) is type(layout.row) and row.turn == layout.row.turn

    def _note_height(self, index: int, layout: AnyLayout) -> bool:
        for part, blocks in layout.take_replaced():
            if self.replaced is not None:
                self.replaced(index, part, blocks)
        height = self.gap(index) + layout.height
        if self.heights[index] == height:
            return False
        self.heights[index] = height
        return True

    def _drop(self, indexes: Iterable[int]) -> None:
        for index in list(indexes):
            layout = self._layouts.pop(index, None)
            if layout is not None and (views := layout.views()):
                self._choices.views[self._keys[index]] = views
            self._keys.pop(index, None)
            self._stale.discard(index)
            self._unstyled.discard(index)

    def _kept_or_guessed(self, start: int, end: int) -> list[int]:
        found: list[int] = []
        guess: HeightGuess | None = None
        for index in range(start, end):
            layout = self._layouts.get(index)
            if layout is None:
                guess = guess or self.guess()
                found.append(self._guess_one(index, guess))
            else:
                found.append(self.gap(index) + layout.height)
        return found

    def _guess_some(self, indexes: range) -> list[int]:
        guess = self.guess()
        return [self._guess_one(index, guess) for index in indexes]

    def _guess_one(self, index: int, guess: HeightGuess) -> int:
        rows = self.model.rows
        size = rows.kinds[index], rows.chars[index], rows.lines[index]
        return self.gap(index) + guess.height(*size)

    def _guesses(self, first: int) -> Sequence[int]:
        rows = self.model.rows
        return self.guess().heights(rows.kinds[first:], rows.chars[first:], rows.lines[first:])


def place_of(rows: Sequence[Row], index: int) -> Place:
    """Tell where a row stands among the others."""
    row = rows[index]
    above = rows[index - 1] if index else None
    below = rows[index + 1] if index + 1 < len(rows) else None
    if kind_of(row) not in SPOKEN:
        return Place(last=below is None)
    is_headed = above is None or kind_of(above) not in SPOKEN or above.turn != row.turn
    by = ""
    if isinstance(row, ReplyRow | ToolRow) and isinstance(above, ReplyRow | ToolRow):
        is_other = above.agent != row.agent
        by = above.agent if is_other and not is_headed else ""
        is_headed = is_headed or is_other
    goes_on = below is not None and kind_of(below) in SPOKEN and below.turn == row.turn
    return Place(is_headed, by, closing=not goes_on, last=below is None)
