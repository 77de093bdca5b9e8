"""What the user is writing: in the composer, on the disk, and as a message that is edited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from chatelaine.errors import ChatelaineError, HistoryDamaged
from chatelaine.gui.chat.drafts import Drafts, joined

if TYPE_CHECKING:
    from chatelaine.gui.chat.composer import Composer
    from chatelaine.gui.tasks import TaskScope
    from chatelaine.gui.widgets.strip import Strip
    from chatelaine.store.records import ThreadId, TurnId
    from chatelaine.store.store import ConversationStore

DRAFT_DELAY_MS = 300
"""After the last key, the time until what stands in the composer is written to the disk."""
EDITING = "You are editing a message. What followed it is kept as another version."


class Writing(QObject):
    """Keeps the composer, the drafts of all threads and the disk in step."""

    def __init__(self, composer: Composer, strip: Strip, scope: TaskScope, parent: QObject) -> None:
        """Make one; no thread is open yet.

        Args:
            composer: Where the user writes.
            strip: Says that a message is being edited.
            scope: Owns the tasks.
            parent: Owns this.
        """
        super().__init__(parent)
        self._composer = composer
        self._strip = strip
        self._scope = scope
        self._drafts = Drafts()
        self._thread: ThreadId | None = None
        self._store: ConversationStore | None = None
        self._timer = QTimer(self, singleShot=True, interval=DRAFT_DELAY_MS)
        self._timer.timeout.connect(self.write)
        composer.text_changed.connect(self._on_typed)
        composer.escaped.connect(self.cancel_edit)

    # ------------------------------------------------------------------ threads

    def attach(self, store: ConversationStore) -> None:
        """Write drafts into this store."""
        self._store = store

    def detach(self) -> None:
        """Write no more."""
        self._timer.stop()
        self._store = None

    def leave(self) -> None:
        """Put the composer's text aside: from now on it belongs to the thread that comes."""
        self._note()
        self.write()
        self._thread = None
        self._composer.set_text("")
        self._timer.stop()
        self._show_editing()

    async def read(self, thread: ThreadId) -> None:
        """Know what the disk has of a thread."""
        if self._store is None or self._drafts.typed(thread) is not None:
            return
        text = ""
        try:
            text = await self._store.composer(thread)
        except HistoryDamaged as error:  # the thread itself may be whole: it opens all the same
            self._scope.start(_tell(error), name="tell of a damaged draft")
        self._drafts.read(thread, text)

    def enter(self, thread: ThreadId) -> None:
        """Show what belongs to a thread; what was typed while none was open belongs to it, too."""
        typed = self._composer.text()
        self._thread = thread
        draft = joined(self._drafts.typed(thread) or "", typed)
        if draft != typed:
            self._composer.set_text(draft)
        self._note()
        self._show_editing()

    def forget(self, thread: ThreadId) -> None:
        """Forget a thread that is gone."""
        self._drafts.forget(thread)
        if self._thread == thread:
            self._thread = None
            self._composer.set_text("")
            self._show_editing()

    def forget_all(self) -> None:
        """Forget every thread: the history is closed."""
        self._timer.stop()
        self._thread = None
        self._drafts = Drafts()
        self._show_editing()

    # ------------------------------------------------------------------ messages

    def send(self, thread: ThreadId, text: str) -> None:
        """Note that a text is on its way into a turn; what stands in the composer stays."""
        typed = self._composer.text()
        self._drafts.send(thread, text)
        self._drafts.type(thread, typed)

    def stored(self, thread: ThreadId) -> None:
        """Note that what was sent is on the disk as a turn."""
        self._drafts.stored(thread)
        self.write()

    def take_back(self, thread: ThreadId, text: str) -> None:
        """Put a text that was taken back where the user can change it and send it again."""
        if thread == self._thread:
            self._note()
        whole = self._drafts.give_back(thread, text)
        if thread == self._thread:
            self._composer.set_text(whole)
            self._composer.setFocus()
        self.write()

    def forget_returned(self, thread: ThreadId) -> None:
        """Take away what was taken back, if the user has left it alone: it was brought again."""
        if self._drafts.take_away(thread) and thread == self._thread:
            self._composer.set_text("")
            self.write()

    # ------------------------------------------------------------------ editing

    @property
    def edited(self) -> TurnId | None:
        """The turn whose message is edited in the open thread; None where none is."""
        return None if self._thread is None else self._drafts.edited(self._thread)

    def edit(self, turn: TurnId, text: str) -> None:
        """Let the user write the message of a turn anew."""
        if self._thread is not None:
            self._note()
            self._drafts.edit(self._thread, turn, text)
            self._composer.set_text(text)
            self._composer.setFocus()
            self._show_editing()

    def cancel_edit(self) -> None:
        """Leave the message as it was; what was typed before is there again."""
        if self.edited is not None:
            self.end_edit()
            self._composer.setFocus()
            self.write()

    def end_edit(self) -> None:
        """Have in the composer again what was typed before."""
        if self._thread is not None:
            self._composer.set_text(self._drafts.end_edit(self._thread))
            self._show_editing()

    def _show_editing(self) -> None:
        editing = self.edited is not None
        self._composer.set_editing(editing)
        self._strip.say("rename", EDITING if editing else "", {"Cancel": self.cancel_edit})

    # ------------------------------------------------------------------ the disk

    def write(self) -> None:
        """Write what is not on the disk yet."""
        if self._store is not None:
            self._scope.start(self.write_now(), name="write drafts")

    async def write_now(self) -> None:
        """Write what is not on the disk yet, and wait for it.

        Raises:
            ChatelaineError: Something could not be written; it is still here.
        """
        store = self._store
        if store is None:
            return
        for thread, text in self._drafts.to_write().items():
            try:
                await store.write_composer(thread, text)
            except ChatelaineError:
                self._drafts.not_written(thread)
                raise

    def _on_typed(self) -> None:
        self._note()
        self._timer.start()

    def _note(self) -> None:
        if self._thread is not None:
            self._drafts.type(self._thread, self._composer.text())


async def _tell(error: ChatelaineError) -> None:
    """Have an error shown without stopping what has met it."""
    raise error
