"""Which part of a thread is seen.

What is seen is held by an anchor: a block of a row, and how far below the top of the view it is.
The value of a scroll bar is derived from it. So nothing that is seen moves when heights above turn
out to be others than they were guessed, when the window gets another width, or while a reply grows
out of sight.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from chatelaine.gui.chat.laid_out_rows import Anchor, LaidOutRows, RowKey
    from chatelaine.gui.chat.row_layouts.base import Spot

ABOVE: Final = 24
"""Pixels above the first row, where nothing lies over them."""
BELOW: Final = 28
"""Pixels below the last row."""
_NEAR_END: Final = 24
_MOST_ROUNDS: Final = 50
"""Each round lays out something new; a view shows far fewer things."""


class Scrolling:
    """Where in the rows a view of some height is.

    Attributes:
        top: The height in the thread at which the view begins; its first row begins at `above`.
        following: Whether it stays at the end.
        above: Pixels above the first row.
        moves: How often it was sent elsewhere, by the user or for him.
    """

    def __init__(self, rows: LaidOutRows) -> None:
        self.top = 0
        self.following = True
        self.above = ABOVE
        self.moves = 0
        self._rows = rows
        self._height = 0
        self._anchor: Anchor | None = None
        self._shift = 0
        self._key: RowKey | None = None
        self._words: tuple[Anchor, Spot] | None = None
        self._are_moving = False

    @property
    def height(self) -> int:
        """How much is seen, in pixels."""
        return self._height

    @property
    def extent(self) -> int:
        """How high the whole thread is."""
        return self.above + self._rows.heights.total + BELOW

    @property
    def furthest(self) -> int:
        """The largest value of `top`."""
        return max(self.extent - self._height, 0)

    @property
    def is_at_end(self) -> bool:
        """Whether the end is seen, or nearly."""
        return self.top >= self.furthest - _NEAR_END

    def set_height(self, height: int) -> None:
        """Say how much is seen."""
        self._height = height

    def settle(self) -> None:
        """Find where the view begins, and lay out what is seen."""
        self._find_words()
        for _ in range(_MOST_ROUNDS):
            self.top = self._wanted()
            if not self._lay_out():
                break
        self.top = self._wanted()
        self._hold_here()

    def _lay_out(self) -> bool:
        """Lay out what is seen; tell whether any height has changed."""
        begin = self.top - self.above
        self._rows.seen = (begin, begin + self._height)
        return self._rows.lay_out(*self._rows.seen)

    @property
    def is_settled(self) -> bool:
        """Whether what is held is where it was; not so when rows above have other heights now."""
        return self.top == self._wanted()

    def hold(self) -> None:
        """Let what is at the top of the view now be what is held."""
        self._find_words()
        # Rows above may have got other heights since: it is the place that counts, not the number.
        self.top = self._wanted()
        self._hold_here()

    def hold_words(self) -> None:
        """Let the words at the top of the view be what is held: all is about to be laid out anew.

        As long as nobody scrolls, it is the same words each time, wherever in their line they are:
        so many changes lead back to where one was.
        """
        if self._are_moving:
            return
        self.hold()
        anchor = None if self.following else self._anchor
        if anchor is None:
            self._words = None
        elif self._words is None or self._words[0] != anchor:
            spot = self._rows.spot(anchor)
            self._words = None if spot is None else (anchor, spot)
        self._are_moving = self._words is not None

    def _find_words(self) -> None:
        """Hold the place at which the words are now, if they were laid out anew."""
        if self._are_moving and self._words is not None and self._words[0] == self._anchor:
            self._anchor = self._rows.find_spot(*self._words)
            self._words = self._anchor, self._words[1]
        self._are_moving = False

    def moved(self, first: int, by: int) -> None:
        """Follow rows that have other numbers now: those from `first` on moved by some."""
        if self._anchor is not None and self._anchor.row >= first:
            self._hold_row(self._anchor.row + by)

    def _hold_here(self) -> None:
        self._anchor, self._shift = self._rows.anchor(self.top - self.above), 0
        self._key = None if self._anchor is None else self._rows.key(self._anchor.row)

    def find_again(self) -> None:
        """Hold on to the same row, which may have another number now; or to what is there."""
        if self._anchor is not None and self._key is not None:
            row = self._rows.find(self._key)
            if row is not None:
                self._hold_row(row)

    def _hold_row(self, row: int) -> None:
        """Follow the row that is held, which has another number now."""
        if self._anchor is not None:
            before, self._anchor = self._anchor, self._anchor._replace(row=row)
            if self._words is not None and self._words[0] == before:
                self._words = self._anchor, self._words[1]

    def scroll_by(self, distance: int) -> bool:
        """Move by pixels, as the user asked; tell whether anything moved."""
        if not distance:
            return False
        self.hold()
        before = self.top
        self.moves += 1
        self.following = False
        self._shift = distance
        self.settle()
        self._follow(near_end=self.is_at_end and (distance > 0 or self.furthest == 0))
        return self.top != before

    def scroll_to(self, top: int) -> None:
        """Show what is at a height now, as the user asked."""
        self.top = min(max(top, 0), self.furthest)
        self.moves += 1
        self.following = False
        self._hold_here()
        self.settle()
        self._follow(near_end=self.is_at_end)

    def scroll_to_row(self, row: int, y: int = 0, *, below: int = 0) -> None:
        """Show a row.

        Args:
            row: Its number.
            y: What of it is to be at the top, in pixels of the row.
            below: How far below the top of the view.
        """
        self.moves += 1
        self.following = False
        self._rows.layout(row)
        for _ in range(_MOST_ROUNDS):
            self.top = self._clamped(self.above + self._rows.top(row) + y - below)
            if not self._lay_out():
                break
        self._hold_here()
        self.settle()
        self.following = self.top >= self.furthest

    def go_to_end(self) -> None:
        """Show the end, and stay there."""
        self.moves += 1
        self.following = True
        self.settle()

    def place(self) -> Anchor | None:
        """Give what is at the top of the view, to come back to; None at the end."""
        return None if self.following else self._anchor

    def restore(self, place: Anchor) -> None:
        """Come back to what was at the top of the view."""
        self.moves += 1
        self.following = False
        self._rows.layout(min(place.row, len(self._rows) - 1))
        self._anchor, self._shift = place, 0
        self.settle()

    def _follow(self, *, near_end: bool) -> None:
        """Stay at the end from now on, if the user has come near it: at once, and exactly there."""
        self.following = near_end
        if near_end:
            self.settle()

    def _wanted(self) -> int:
        if self.following:
            return self.furthest
        if self._anchor is None:
            return 0
        return self._clamped(self.above + self._rows.top_of(self._anchor) + self._shift)

    def _clamped(self, top: int) -> int:
        return min(max(top, 0), self.furthest)
