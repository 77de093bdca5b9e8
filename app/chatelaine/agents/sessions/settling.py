"""Finishing what was begun, although its caller is cancelled."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Awaitable

T = TypeVar("T")


class Unyielding(asyncio.Future[T]):
    """A future that is always waited for to its end.

    A task that is cancelled while it waits goes on waiting, and is cancelled as soon as the future
    is done: asyncio keeps in mind that a task is to be cancelled when what it waits for cannot be.
    """

    @override
    def cancel(self, msg: Any = None) -> bool:
        """Decline."""
        return False

    async def outcome(self) -> T:
        """Give the result or raise the failure.

        Raises:
            CancelledError: The caller was cancelled meanwhile; the cause is the failure, if any.
        """
        try:
            return await self
        except asyncio.CancelledError as cancelled:
            raise cancelled from _failure_of(self) if self.done() else None


async def settled(work: Awaitable[T]) -> T:
    """Await something to its end, however often the caller is cancelled meanwhile.

    A write that was begun has then either happened or failed when the cancellation goes on; nobody
    has to guess. The cancellation goes on also where the work failed.

    Raises:
        CancelledError: The caller was cancelled; the work has ended.
    """
    # gather makes the task, and holds on to it.
    ending = asyncio.gather(work)
    try:
        await ended(ending)
    except asyncio.CancelledError as cancelled:
        raise cancelled from _failure_of(ending)
    (result,) = ending.result()
    return result


async def ended(work: asyncio.Future[Any]) -> None:
    """Wait until something is over, however often the caller is cancelled meanwhile.

    How it ended is not told; the work itself knows.

    Raises:
        CancelledError: The caller was cancelled; the work has ended.
    """
    end: Unyielding[None] = Unyielding(loop=work.get_loop())

    def note(work: asyncio.Future[Any]) -> None:
        _failure_of(work)
        end.set_result(None)

    work.add_done_callback(note)
    await end


def _failure_of(work: asyncio.Future[Any]) -> BaseException | None:
    """Look at how something failed, so that the loop does not report it as seen by nobody."""
    return None if work.cancelled() else work.exception()
