"""The place of the open thread: plain ground, until what shows a thread is there.

The timeline is most of what the window consists of, and there is nothing to show before the history
is open. So it is imported in a worker thread, and made, once the window takes typing; whoever needs
it sooner has it at once.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QVBoxLayout, QWidget

    from chatelaine.gui.chat.controller import ChatController
    from chatelaine.gui.tasks import TaskScope
    from chatelaine.gui.thread_display import ThreadDisplay
    from chatelaine.store.records import ThreadId
    from chatelaine.store.store import ConversationStore


class ThreadPlace(QObject):
    """Keeps the place free, and makes what belongs there.

    Signals:
        made(ThreadDisplay): It is there, and is to be connected.
    """

    made = Signal(object)

    def __init__(
        self,
        page: QWidget,
        column: QVBoxLayout,
        ground: QWidget,
        *,
        scope: TaskScope,
        controller: Callable[[], ChatController | None],
    ) -> None:
        """Make it.

        Args:
            page: The page, over which details are shown.
            column: Where the place is.
            ground: What keeps it free.
            scope: Owns the tasks.
            controller: Gives the controller of the open thread.
        """
        super().__init__(page)
        self._page = page
        self._scope = scope
        self._controller = controller
        self._column = column
        self._ground = ground
        self._display: ThreadDisplay | None = None

    @property
    def display(self) -> ThreadDisplay:
        """What shows the open thread."""
        if self._display is None:
            self._display = self._make()
        return self._display

    async def furnish(self) -> None:
        """Make what shows a thread, with little of it to be felt."""
        await asyncio.to_thread(_import_display)
        _ = self.display  # made by being asked for

    async def attach(self, store: ConversationStore) -> None:
        """Make what shows a thread, and read from this history from now on."""
        await self.furnish()
        await self.display.reading.attach(store)

    async def save(self, thread_id: ThreadId | None) -> None:
        """Write down what is seen of each thread; the one that is named is the open one."""
        if self._display is not None:
            await self._display.reading.save(thread_id)

    def find(self) -> None:
        """Let the user write what to find in the open thread."""
        self.display.finding.open()

    def find_on(self, by: int) -> None:
        """Show the next place where it is (1), or the previous one (-1)."""
        self.display.finding.go_on(by)

    def detach(self) -> None:
        """Read nothing of the history any more."""
        if self._display is not None:
            self._display.reading.detach()

    def forget(self) -> None:
        """Keep and show nothing of any thread."""
        if self._display is not None:
            from chatelaine.gui.chat.garbage import collect_left_out

            self._display.forget()
            collect_left_out()

    def _make(self) -> ThreadDisplay:
        from chatelaine.gui.thread_display import ThreadDisplay

        display = ThreadDisplay(self._page, self._scope, self._controller)
        display.put_in_place(self._column, self._ground)
        self.made.emit(display)
        return display


def _import_display() -> None:
    import chatelaine.gui.thread_display  # noqa: F401 - it takes its time
    from chatelaine.gui.chat import screen_readers

    screen_readers.preload()
