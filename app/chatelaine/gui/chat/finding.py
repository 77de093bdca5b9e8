"""Finding in the open thread: what the bar asks for is looked for, marked and shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from chatelaine.gui.chat.find import HitRef, Section, ThreadFind
from chatelaine.gui.chat.find_bar import FindBar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from typing import Any

    from PySide6.QtWidgets import QWidget

    from chatelaine.gui.chat.find import TextSource
    from chatelaine.gui.chat.hits import Hit
    from chatelaine.gui.chat.timeline_view import TimelineView
    from chatelaine.gui.tasks import TaskScope
    from chatelaine.store.records import TurnId


class Finding(QObject):
    """Connects the bar with the timeline.

    Attributes:
        bar: Where the words are written.
        find: What was found.
        current: The hit that is shown; None where none is.
    """

    def __init__(
        self,
        view: TimelineView,
        parent: QWidget,
        scope: TaskScope,
        texts: Callable[[], TextSource | None] = lambda: None,
    ) -> None:
        """Make it; the bar is hidden.

        Args:
            view: The thread that is searched.
            parent: What the bar lies in, as the view does.
            scope: Owns the tasks.
            texts: Gives what knows the texts of the open thread that were not read.
        """
        super().__init__(parent)
        self._view = view
        self._scope = scope
        self._texts = texts
        self._wrapped = False
        self._waiting = False
        self._choosing = False
        # As long as the user has not seen any hit, the first one that is found is shown.
        self._wants_first = False
        self._begun_at: tuple[Section, Hit | None] = (Section(0), None)
        # Where the words were found before the thread was open: only there is a hit the first one.
        self._wanted: tuple[TurnId, bool] | None = None
        self._coming: tuple[TurnId, bool] | None = None
        self._hit: tuple[Section, Hit] | None = None
        self.current: HitRef | None = None
        self.bar = FindBar(view, parent)
        self.find = ThreadFind(
            lambda: view.laid_out.model,
            lambda work: scope.start(work, name="find in thread", replace="find in thread"),
            self._on_found,
        )
        self.bar.searched.connect(self._search)
        self.bar.stepped.connect(self._step)
        self.bar.closed.connect(self._end)
        self.bar.covers.connect(view.make_room_above)
        view.rows_changed.connect(self._on_rows)
        view.rows_filled.connect(self._on_filled)
        view.row_parsed.connect(self._show_waiting)

    def open(self) -> None:
        """Let the user write what to find; if words are selected, find those."""
        self.bar.open_bar(self._selected_words())

    def look_for(self, words: str, turn: TurnId, *, in_answer: bool) -> None:
        """Mark words that are known to be in a turn, and show them there.

        The bar is opened: it tells how many there are, leads to the others, and Esc closes it.

        Args:
            words: As they are written.
            turn: The turn.
            in_answer: Whether they are in what was answered, not in what the user said.
        """
        self._coming = turn, in_answer
        self.bar.open_bar(words)
        self._coming = None

    def go_on(self, by: int) -> None:
        """Show the next hit (1) or the previous one (-1); without the bar, open it."""
        if self.bar.isHidden():
            self.bar.open_bar()
        else:
            self.bar.step(by)

    def close(self) -> None:
        """Close the bar: another thread is shown."""
        self.bar.close_bar()

    def forget(self) -> None:
        """Close the bar, and keep no words of what was looked for."""
        self.bar.forget()

    def _selected_words(self) -> str:
        selection = self._view.selection
        if selection.is_empty or selection.start.row != selection.end.row:
            return ""
        lines = selection.text(self._view.laid_out).strip().splitlines()
        return lines[0].strip() if lines else ""

    # ------------------------------------------------------------------ searching

    def _search(self, words: str) -> None:
        self._scope.cancel("show a hit")
        self._waiting = self._wrapped = self._choosing = False
        self._wants_first = True
        self._wanted = self._coming
        self._begun_at = self._place() if self._wanted is None else (Section(self._wanted[0]), None)
        self.current = None
        self.find.begin(words, near=self._begun_at[0].turn, texts=self._texts())
        self._view.hits.look_for(self.find.needle)

    def _place(self) -> tuple[Section, Hit | None]:
        """Give where to begin: at the hit that is shown, if it is seen, else at what is seen."""
        seen, rows = self._view.visible_rows(), self._view.rows
        if self._hit is not None:
            section, hit = self._hit
            row = self.find.first_row(section)
            if row is not None and row + hit.row in seen:
                return section, hit
        return Section(rows[seen[-1]].turn if seen else 0), None

    def _end(self) -> None:
        self._scope.cancel("show a hit")
        self._scope.cancel("find in thread")
        self.find.end()
        self._view.hits.look_for(None)
        self.current = self._hit = self._wanted = None
        self._waiting = self._choosing = self._wants_first = False

    def _on_found(self) -> None:
        """More was found, or all, or what was found is no more."""
        if self.bar.isHidden():
            return
        if self.current is not None and self.find.number_of(self.current) is None:
            self._replace_current()
        if self._wants_first and self.find.total:
            self._choose_first()
        elif not self.find.is_counting and self._wanted is None:
            self._wants_first = False
        self._show_count()

    def _choose_first(self) -> None:
        if not self._choosing:
            self._choosing = True
            self._start(self._choose())

    def _show_count(self) -> None:
        number = None if self.current is None else self.find.number_of(self.current)
        # As long as the first one is being looked for, its number is still to come.
        counting = self.find.is_counting or self._choosing
        self.bar.show_count(number, self.find.total, is_counting=counting, wrapped=self._wrapped)

    async def _choose(self) -> None:
        """Take the hit that is nearest to where the search was begun: there or above it."""
        near = self._begun_at[0]
        try:
            if self._wanted is not None:
                if (wanted := await self._find_wanted(*self._wanted)) is not None:
                    self._go_to(wanted)
                return
            ref = self.find.last_until(near)
            while ref is not None:
                hits = await self.find.hits_of(ref.section)
                number = self._last_until(ref, hits)
                if number is not None:
                    ref = ref._replace(number=number)
                    break
                ref = self.find.last_until(_before(ref.section))
            if ref is None and not self.find.is_counting:
                # All of it is further down.
                ref = self.find.first_after(_before(near))
        finally:
            self._choosing = False
        if ref is not None:
            self._go_to(ref)
        else:
            self._show_count()

    async def _find_wanted(self, turn: TurnId, in_answer: bool) -> HitRef | None:
        """Give the hit in a turn that is to be shown; None as long as it is not known."""
        section = Section(turn)
        ref = self.find.first_after(_before(section))
        if ref is None or ref.section != section or not self._view.is_loaded:
            return None
        hits = await self.find.hits_of(section)
        if hits is None:
            self._view.texts_requested.emit([turn])
            return None
        return ref._replace(
            number=next((n for n, h in enumerate(hits) if h.row or not in_answer), 0)
        )

    def _last_until(self, ref: HitRef, hits: Sequence[Hit] | None) -> int | None:
        """Give the last hit of a section that is not below where the search was begun."""
        first = self.find.first_row(ref.section)
        if hits is None or first is None:
            return ref.number
        section, begun_at = self._begun_at
        if begun_at is None:
            return self._view.hits.last_seen(first, hits)
        if ref.section != section:
            return ref.number
        above = [number for number, hit in enumerate(hits) if hit[:4] <= begun_at[:4]]
        return above[-1] if above else None

    # ------------------------------------------------------------------ showing

    def _step(self, by: int) -> None:
        self._wanted = None
        if self.current is None:
            self._wants_first = True
            self._begun_at = self._place()
            self._on_found()
            return
        step = self.find.step(self.current, by)
        if step is not None:
            ref, wrapped = step
            self._go_to(ref, wrapped=wrapped)

    def _go_to(self, ref: HitRef, *, wrapped: bool = False, scroll: bool = True) -> None:
        self.current, self._wrapped = ref, wrapped
        self._waiting = self._wants_first = False
        self._wanted = None
        self._show_count()
        self._start(self._show(ref, scroll=scroll))

    async def _show(self, ref: HitRef, *, scroll: bool) -> None:
        hits = await self.find.hits_of(ref.section)
        row = self.find.first_row(ref.section)
        if row is None or ref != self.current:
            return
        if hits is None:
            # It is not here: as soon as it is, this is done again.
            self._waiting = True
            if scroll:
                self._view.hits.bring(row)
            self._view.texts_requested.emit([ref.section.turn])
            return
        if not hits:
            return  # it has gone, and `_on_found` knows
        number = min(ref.number, len(hits) - 1)
        self.current = HitRef(ref.section, number)
        hit = hits[number]
        self._hit = ref.section, hit
        self._waiting = not self._view.hits.show(row + hit.row, hit, scroll=scroll)
        if scroll and not self._waiting:
            self._view.keys.point_at(row + hit.row)
        self._show_count()

    def _show_waiting(self) -> None:
        if self._waiting and self.current is not None:
            self._waiting = False
            self._start(self._show(self.current, scroll=True))

    def _replace_current(self) -> None:
        """Let the hit before be the current one: what was it has gone."""
        before = self.current
        self.current = self._hit = None
        self._view.hits.forget_current()
        step = None if before is None else self.find.step(before, -1)
        if step is not None:
            self._go_to(step[0], scroll=False)

    # ------------------------------------------------------------------ the thread

    def _on_rows(self, first: int) -> None:
        """Rows are others now: what was found in them is counted again."""
        if self.bar.isHidden():
            return
        self.find.rows_changed(first)
        if self.current is None:
            return
        row = self.find.first_row(self.current.section)
        if row is not None and row >= first - 1 and not self._waiting:
            self._start(self._show(self.current, scroll=False))

    def _on_filled(self, filled: Sequence[tuple[int, int, int]]) -> None:
        if not self.bar.isHidden():
            self.find.rows_filled(filled)
            self._show_waiting()
            if self._wanted is not None:
                self._on_found()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._scope.start(work, name="show a hit", replace="show a hit")


def _before(section: Section) -> Section:
    """Give a section that stands before another one, and after all that are before that."""
    if section.is_summary:
        return Section(section.turn)
    return Section(section.turn - 1, is_summary=True)
