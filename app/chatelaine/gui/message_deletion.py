"""Says that a message was deleted, and offers to bring it back while that is what Undo does."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject

from chatelaine.store.records import StepKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatelaine.gui.chat.controller import ChatController
    from chatelaine.gui.widgets.toast import Toast
    from chatelaine.store.records import ThreadId

DELETED: Final = "The message was deleted, with its answer."


class MessageDeletion(QObject):
    """Follows what is deleted in threads.

    The offer is for the thread in which something was deleted, whichever is open by then.
    """

    def __init__(
        self,
        toast: Toast,
        parent: QObject,
        *,
        controller: Callable[[ThreadId], ChatController | None],
    ) -> None:
        """Make it.

        Args:
            toast: Where it is said.
            parent: Owns this.
            controller: Gives the controller of a thread; None for one that is gone.
        """
        super().__init__(parent)
        self._toast = toast
        self._controller = controller
        self._offered: ThreadId | None = None

    def listen(self, controller: ChatController) -> None:
        """Follow what is deleted in another thread, too."""
        number = controller.thread_id
        controller.message_deleted.connect(partial(self._offer, number))
        controller.steps_changed.connect(partial(self._look_again, number))

    def _offer(self, number: ThreadId) -> None:
        self._offered = number
        self._toast.say(DELETED, "Undo", partial(self._take_back, number))

    def _is_last(self, number: ThreadId) -> bool:
        controller = self._controller(number)
        return controller is not None and controller.steps.undo is StepKind.DELETE

    def _take_back(self, number: ThreadId) -> None:
        self._offered = None
        controller = self._controller(number)
        if controller is not None and self._is_last(number):
            controller.undo()

    def _look_again(self, number: ThreadId) -> None:
        """Offer it no longer, if Undo would take back something else."""
        if number == self._offered and not self._is_last(number):
            self._offered = None
            if self._toast.words == DELETED:
                self._toast.hide()
