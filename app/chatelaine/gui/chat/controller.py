"""The open thread's controller: composer -> Conversation -> timeline.

There is one for each thread that was shown since the start; it goes on while another thread is
shown, so that several can run at once. It owns the task of the running turn.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from PySide6.QtCore import QObject, Signal

from chatelaine.chat.events import ChatEvent, TurnEnded, TurnStarted
from chatelaine.errors import ChatelaineError, HistoryDamaged, NothingToSumUp
from chatelaine.gui.chat.copying import sources
from chatelaine.gui.chat.outlined_rows import outlined_rows
from chatelaine.gui.chat.parsing import load_parser
from chatelaine.gui.chat.rows import NoticeKind
from chatelaine.gui.chat.stored_rows import rows_of
from chatelaine.gui.chat.timeline_model import TimelineModel
from chatelaine.store.records import History, StepKind, TurnId, TurnKind, TurnState

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine, Sequence

    from chatelaine.chat.conversation import Conversation
    from chatelaine.gui.chat.copying import Taken
    from chatelaine.gui.chat.height_guess import HeightGuess
    from chatelaine.gui.chat.outlined_rows import OutlinedRows
    from chatelaine.gui.tasks import TaskScope
    from chatelaine.store.records import Turn, TurnUsage

Branches: TypeAlias = "dict[TurnId, tuple[TurnId, ...]]"
"""What else was said in the place of turns."""
PAGE = 100
"""The latest turns, which are read together with the outline of a thread."""
_FIRST = 20
"""Of a thread with more turns, these are shown before its outline is read."""
_MANY = 1_000
"""Turns of which the rows are made in a worker thread: more would be felt."""
SUMMING_UP = "Summing up the earlier part…"
_UNCHANGED = "Nothing was changed."


class _Message(NamedTuple):
    """What is sent.

    Attributes:
        text: The words.
        instead_of: The turn in whose place it is said.
        again: It is the same that was said there: nobody has typed it just now.
    """

    text: str
    instead_of: TurnId | None
    again: bool

    @property
    def step(self) -> StepKind:
        """What kind of step the turn is."""
        if self.instead_of is None:
            return StepKind.TURN
        return StepKind.RETRY if self.again else StepKind.EDIT


class ChatController(QObject):
    """Sends, stops, takes back; keeps the rows of its thread up to date.

    Whoever shows the rows shows `model`, and says by `need` which of them are to be read.

    Attributes:
        thread_id: The thread it controls.
        model: Its rows, also while the thread is not shown.
        steps: What can be taken back and brought again.
        height_guess: Gives what heights of rows are guessed by, where the thread is shown.

    Signals:
        loaded: There are other rows in `model`, from the one on that is told.
        filled: Texts have come: a list of `Filled`, what `TimelineModel.fill` gives.
        event_arrived: A ChatEvent, already applied to `model`, and the first row that it changed.
        turn_ended: A turn is over, and `event_arrived` has told of it.
        running_changed: Whether a turn runs now.
        steps_changed: `steps` is another one.
        message_stored: The message that was sent last is on the disk.
        text_returned: A text that was sent and is taken back; it belongs in the composer again.
        text_brought_again: The text of a turn that redo has brought again.
        message_deleted: A message was deleted, with its answer.
        failed: A ChatelaineError that no turn tells of.
    """

    loaded = Signal(int)
    filled = Signal(object)
    event_arrived = Signal(object, int)
    turn_ended = Signal()
    running_changed = Signal(bool)
    steps_changed = Signal()
    message_stored = Signal()
    text_returned = Signal(str)
    text_brought_again = Signal()
    message_deleted = Signal()
    failed = Signal(object)

    def __init__(
        self, conversation: Conversation, scope: TaskScope, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.thread_id = conversation.thread_id
        self.model = TimelineModel()
        self.steps = History()
        self.height_guess: Callable[[], HeightGuess | None] = lambda: None
        self._conversation = conversation
        self._scope = scope
        self._outlined: OutlinedRows | None = None
        self._needed: tuple[TurnId, ...] = ()
        self._unreadable: set[TurnId] = set()
        self._reading = False
        self._filling = False
        self._running_turn: TurnId | None = None
        self._entered = False
        self._ended = 0  # turns
        self._idle = asyncio.Event()
        self._idle.set()
        # Changes of the thread wait for one another; the running turn is stopped, not waited for.
        self._order = asyncio.Lock()

    @property
    def running(self) -> bool:
        """Whether a turn runs."""
        return not self._idle.is_set()

    def load(self) -> None:
        """Read the thread anew."""
        self._start(self._load(), "load")

    def need(self, turns: Sequence[TurnId]) -> None:
        """Have turns read whose rows are seen; `filled` tells of them.

        What was needed before and was not begun to be read yet is no longer: the newest counts.

        Args:
            turns: What `TimelineModel.unread` gives.
        """
        self._needed = tuple(turns)
        if self._needed and not self._reading:
            self._reading = True
            self._start(self._read_needed(), "read")

    def send(self, text: str) -> None:
        """Say something; nothing happens while a turn runs."""
        if not self.running:
            self._begin(text)

    def stop(self) -> None:
        """Stop the running turn; what was said so far stays."""
        if not self.running:
            return
        if self._entered:
            self._scope.cancel(self._turn_name)
        else:
            # A task that is cancelled before its first step never runs, its clean-up neither.
            asyncio.get_running_loop().call_soon(self.stop)

    def retry(self) -> None:
        """Take the last turn back and ask the same again."""
        self._start(self._retry(), "change")

    def ask_again(self, text: str, turn: TurnId) -> None:
        """Ask for another answer in the place of a turn; one that runs is stopped first."""
        self._start(self._ask_again(text, turn), "change")

    def edit(self, text: str, turn: TurnId) -> None:
        """Say something else in the place of a turn; what followed it is kept as a branch."""
        if not self.running:
            self._start(self._edit(text, turn), "change")

    def delete(self, turn: TurnId) -> None:
        """Neither show nor send a turn any more; if it runs, it is stopped first."""
        self._start(self._delete(turn), "change")

    async def read_usage(self, turn: TurnId) -> TurnUsage:
        """Give what a turn has cost, with which models, and how long it took.

        Raises:
            ChatelaineError: It cannot be read.
        """
        return await self._conversation.usage(turn)

    async def read_texts(self, taken: Taken) -> str:
        """Give what is to be copied, reading what of it is not here.

        Raises:
            ChatelaineError: It cannot be read.
        """
        missing = await asyncio.to_thread(taken.missing)
        read: dict[TurnId, list[str]] = {}
        for begin in range(0, len(missing), PAGE):
            turns = await self._conversation.turns_of(missing[begin : begin + PAGE])
            read |= await asyncio.to_thread(sources, turns)
        return await asyncio.to_thread(taken.text, read)

    def show_branch(self, turn: TurnId) -> None:
        """Show the branch that a turn belongs to; a running turn is stopped first."""
        self._start(self._show_branch(turn), "change")

    def compact(self) -> None:
        """Sum up the older part for the model; `stop` ends that, too. It can be undone."""
        if not self.running:
            self._occupy()
            self._scope.start(self._compact(), name=self._turn_name)

    def undo(self) -> None:
        """Take the last step back; a running turn is stopped first."""
        self._start(self._undo(), "change")

    def redo(self) -> None:
        """Bring the step again that was taken back last."""
        self._start(self._redo(), "change")

    def clear(self) -> None:
        """Begin anew in this thread; it can be undone."""
        self._start(self._clear(), "change")

    async def stopped(self) -> None:
        """Stop the running turn and wait until it is on the disk."""
        self.stop()
        await self._idle.wait()

    def look_at_steps(self) -> None:
        """See what can be taken back now: the thread was changed elsewhere."""
        if not self.running and not self.changing:
            self._start(self._read_steps(), "steps")

    @property
    def changing(self) -> bool:
        """Whether the thread is being changed or read anew here just now."""
        return self._order.locked() and not self._filling

    async def settle(self) -> None:
        """Store what could not be stored when it was said.

        Raises:
            ChatelaineError: It still cannot be.
        """
        await self._conversation.settle()

    @property
    def _turn_name(self) -> str:
        return f"turn of thread {self.thread_id}"

    def _start(self, work: Coroutine[Any, Any, None], what: str) -> None:
        self._scope.start(work, name=f"{what} of thread {self.thread_id}")

    def _occupy(self) -> None:
        self._idle.clear()
        self._entered = False
        self.running_changed.emit(True)

    def _release(self) -> None:
        self._idle.set()
        self.running_changed.emit(False)

    def _begin(self, text: str, instead_of: TurnId | None = None, *, again: bool = False) -> None:
        self._occupy()
        message = _Message(text, instead_of, again)
        self._scope.start(self._run(message), name=self._turn_name)

    async def _run(self, message: _Message) -> None:
        self._entered = True
        self._running_turn = None
        sending = self._conversation.send(message.text, instead_of=message.instead_of)
        loading = load_parser()
        try:
            async with aclosing(sending) as events:
                async for event in events:
                    await loading
                    if isinstance(event, TurnStarted):
                        self._running_turn = event.turn
                        self.message_stored.emit()
                        self._set_steps(History(undo=message.step))
                        self._start(self._read_branches(event.turn), "branches")
                    self._tell(event)
        except asyncio.CancelledError:
            self._end_early(message, TurnState.STOPPED)
            raise
        except ChatelaineError as error:
            self._end_early(message, TurnState.FAILED, error)
            self.failed.emit(error)
        except BaseException:
            self._end_early(message, TurnState.FAILED)
            raise
        finally:
            self._running_turn = None
            self._release()
            self._start(self._read_steps(), "steps")

    def _end_early(
        self, message: _Message, state: TurnState, error: ChatelaineError | None = None
    ) -> None:
        """Show how a turn ended that could not say so itself; no word of the user is lost."""
        if self._running_turn is not None:
            self._tell(TurnEnded(self._running_turn, state, error))
            return
        if self._conversation.is_stored:
            self.message_stored.emit()
        elif not message.again:
            self.text_returned.emit(message.text)
        # It was stored and not shown yet, or it was to replace what is not shown any more.
        if self._conversation.is_stored or message.instead_of is not None:
            self.load()

    def _tell(self, event: ChatEvent) -> None:
        self._ended += isinstance(event, TurnEnded)
        self.event_arrived.emit(event, self.model.apply(event))
        if isinstance(event, TurnEnded):
            self.turn_ended.emit()

    async def _load(self) -> None:
        async with self._order:
            await self._read_rows()

    async def _retry(self) -> None:
        async with self._order:
            await self.stopped()
            question = await self._conversation.last_question()
            if question is None or self.running:
                return
            self.loaded.emit(self.model.cut_from(question.turn))
            self._begin(question.text, question.turn, again=True)

    async def _ask_again(self, text: str, turn: TurnId) -> None:
        async with self._order:
            await self.stopped()
            if not self.running:
                self.loaded.emit(self.model.cut_from(turn))
                self._begin(text, turn, again=True)

    async def _edit(self, text: str, turn: TurnId) -> None:
        async with self._order:
            if self.running:
                self.text_returned.emit(text)
                return
            self.loaded.emit(self.model.cut_from(turn))
            self._begin(text, turn)

    async def _delete(self, turn: TurnId) -> None:
        async with self._order:
            if turn == self._running_turn:
                await self.stopped()
            await self._conversation.delete_turn(turn)
            if self.running:
                # The rows of what runs are known from events alone; the others stay as they are.
                self.loaded.emit(self.model.remove(turn))
                await self._read_steps()
            else:
                await self._read_rows()
        self.message_deleted.emit()

    async def _show_branch(self, turn: TurnId) -> None:
        async with self._order:
            await self.stopped()
            await self._conversation.switch_branch(turn)
            await self._read_rows()

    async def _compact(self) -> None:
        self._entered = True
        problem: ChatelaineError | None = None
        try:
            self._show_notice(NoticeKind.SUMMING_UP, SUMMING_UP)
            await self._conversation.compact()
        except ChatelaineError as error:
            problem = error
        finally:
            self._release()
            self._start(self._end_compaction(problem), "load")

    async def _end_compaction(self, problem: ChatelaineError | None) -> None:
        await self._load()
        if problem is not None and not self.running:
            short = isinstance(problem, NothingToSumUp)
            kind, said = (NoticeKind.INFO, "") if short else (NoticeKind.PROBLEM, _UNCHANGED)
            self._show_notice(kind, problem.title, f"{problem.message} {said}".strip())

    def _show_notice(self, kind: NoticeKind, title: str, message: str = "") -> None:
        """Say something below the last row that no turn says."""
        self.loaded.emit(self.model.say(kind, title, message))

    async def _undo(self) -> None:
        async with self._order:
            await self.stopped()
            reverted = await self._conversation.undo()
            await self._read_rows()
        if reverted and reverted.text:
            self.text_returned.emit(reverted.text)

    async def _redo(self) -> None:
        async with self._order:
            if self.steps.redo is None:
                return
            await self.stopped()
            reverted = await self._conversation.redo()
            await self._read_rows()
        if reverted and reverted.kind in {StepKind.TURN, StepKind.EDIT}:
            self.text_brought_again.emit()

    async def _clear(self) -> None:
        async with self._order:
            await self.stopped()
            await self._conversation.clear()
            await self._read_rows()

    async def _read_rows(self) -> None:
        if self._outlined is None and not self.running:
            with suppress(HistoryDamaged):  # one of them is; what can be read of them comes below
                await self._show_latest()
        while True:
            ended = self._ended
            outlined, turns, branches = await self._read_outline()
            if ended == self._ended:
                break
            # A turn has ended meanwhile: what was read of it may be of before, or nothing at all.
        self._outlined = outlined._replace(guessed=None)  # whoever shows the rows takes it
        running = self._running_turn
        self.loaded.emit(self.model.load_outline(outlined, turns, branches, running=running))
        await self._read_steps()

    async def _read_outline(self) -> tuple[OutlinedRows, list[Turn], Branches]:
        """Give the rows of the thread, and the latest turns with what was said in their places."""
        known = self._outlined
        outline = await self._conversation.outline(None if known is None else known.outline)
        if len(outline.turns) - outline.same > _MANY or (
            known is not None and known.outline.deleted != outline.deleted
        ):
            guess = self.height_guess()
            outlined = await asyncio.to_thread(outlined_rows, outline, known, guess)
        else:
            outlined = outlined_rows(outline, known)
        # What is there without its text stays so until it is seen.
        latest = (turn for turn in outline.turns[-PAGE:] if turn not in outline.deleted)
        numbers = {turn for turn in latest if not self.model.has_unread(turn)}
        loading = load_parser() if outline.turns else None
        if outlined.summary and not self.model.has_unread(outlined.summary):
            numbers.add(outlined.summary)
        self._unreadable.clear()
        turns, branches = await self._read_whole(sorted(numbers))
        if loading is not None:
            await loading
        return outlined, turns, branches

    async def _read_whole(self, numbers: Sequence[TurnId]) -> tuple[list[Turn], Branches]:
        """Read turns; one that is damaged costs only itself, and is told of once."""
        try:
            return await self._read_turns(numbers)
        except HistoryDamaged as error:
            if len(numbers) > 1:
                middle = len(numbers) // 2
                turns, branches = await self._read_whole(numbers[:middle])
                others, more = await self._read_whole(numbers[middle:])
                return [*turns, *others], branches | more
            if not self._unreadable:
                self.failed.emit(error)
            self._unreadable.update(numbers)
            return [], {}

    async def _show_latest(self) -> None:
        """Show the end of a long thread at once: its outline may take a quarter of a second."""
        turns = await self._conversation.turns(limit=_FIRST)
        if len(turns) == _FIRST:
            said = [turn.id for turn in turns if turn.kind is TurnKind.TURN]
            loading = load_parser()
            branches = await self._conversation.branches(said)
            await loading
            if not self.model.rows:  # else a turn has begun meanwhile
                self.model.load(rows_of(turns, branches))
                self.loaded.emit(0)

    async def _read_turns(self, numbers: Collection[TurnId]) -> tuple[list[Turn], Branches]:
        turns = await self._conversation.turns_of(numbers)
        said = [turn.id for turn in turns if turn.kind is TurnKind.TURN]
        return turns, await self._conversation.branches(said)

    async def _read_needed(self) -> None:
        """Read what is needed, again and again until nothing is."""
        try:
            while self._needed:
                # Not while the thread is being changed; what is read then fits the rows.
                async with self._order:
                    turns, self._needed = self._needed, ()
                    missing = [
                        turn
                        for turn in turns
                        if turn not in self._unreadable and self.model.has_unread(turn)
                    ]
                    if missing:
                        self._filling = True
                        try:
                            filled = self.model.fill(*await self._read_whole(missing))
                        finally:
                            self._filling = False
                        if filled:
                            self.filled.emit(filled)
        finally:
            self._reading = False

    async def _read_branches(self, turn: TurnId) -> None:
        """Show what else was said in the place of a turn that has just begun."""
        branches = await self._conversation.branches([turn])
        if filled := self.model.show_branches(branches):
            self.filled.emit(filled)

    async def _read_steps(self) -> None:
        self._set_steps(await self._conversation.history())

    def _set_steps(self, steps: History) -> None:
        self.steps = steps
        self.steps_changed.emit()
