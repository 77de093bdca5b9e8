"""Finishing what was begun, although its caller is cancelled."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable

T = TypeVar("T")


async def settled(work: Awaitable[T]) -> T:
    """Await something to its end, however often the caller is cancelled meanwhile.

    A write that was begun has then either happened or failed when the cancellation goes on; nobody
    has to guess. The cancellation goes on also where the work failed.

    Raises:
        CancelledError: The caller was cancelled; the work has ended.
    """
    # gather makes the task, and holds on to it.
    ending = asyncio.gather(work)
    await ended(ending)
    (result,) = ending.result()
    return result


async def ended(work: asyncio.Future[Any]) -> None:
    """Wait until something is over, however often the caller is cancelled meanwhile.

    How it ended is not told; the work itself knows.

    Raises:
        CancelledError: The caller was cancelled; the work has ended.
    """
    cancelled: asyncio.CancelledError | None = None
    while not work.done():
        try:
            await asyncio.wait([work])
        except asyncio.CancelledError as error:
            cancelled = error
    # Looked at in any case, so that the loop does not report a failure as one nobody saw.
    failure = None if work.cancelled() else work.exception()
    if cancelled is not None:
        raise cancelled from failure
