"""The asyncio loop that runs inside Qt's: made once, stopped in order."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NoReturn

from qasync import QEventLoop

from chatelaine.gui.overriding import override

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from PySide6.QtWidgets import QApplication

WORKER_THREADS = 32
"""They are made when needed. A keyring that does not answer keeps one for each time it is asked."""
SWITCH_INTERVAL = 0.0002
"""Seconds after which a thread that works hands over to one that waits. The thread of the window
waits at each call that lets others run, such as reading a file: a dozen of them in one frame."""
OLD_ONES_SELDOM = 100
"""The collector looks at what has lived long after so many looks at what has not, instead of 10.
One takes some 30 ms while a thread is scrolled through, in the middle of a frame."""


class _Workers(ThreadPoolExecutor):
    """Worker threads that nobody waits for at the end.

    A keyring whose prompt is never answered blocks its thread for ever; quitting must not.
    """

    @override
    def shutdown(self, wait: bool = False, *, cancel_futures: bool = True) -> None:
        super().shutdown(wait=False, cancel_futures=cancel_futures)


def tune_interpreter() -> None:
    """Let nothing that Python does by itself be seen in the window."""
    sys.setswitchinterval(SWITCH_INTERVAL)
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, OLD_ONES_SELDOM)


def run(
    application: QApplication,
    main: Callable[[], Coroutine[Any, Any, None]],
    quit_: Callable[[], object],
    report: Callable[[BaseException], object],
) -> None:
    """Run a coroutine inside Qt's event loop until it is done.

    Args:
        application: Qt's application.
        main: What is run.
        quit_: Called when the system asks the process to end.
        report: Called with what was raised where nobody waits for it.
    """
    tune_interpreter()

    def make_loop() -> asyncio.AbstractEventLoop:
        loop: asyncio.AbstractEventLoop = QEventLoop(application)
        loop.set_exception_handler(lambda _loop, context: report(_error_in(context)))
        loop.set_default_executor(_Workers(WORKER_THREADS, thread_name_prefix="worker"))
        return loop

    async def supervised() -> None:
        loop = asyncio.get_running_loop()
        if sys.platform != "win32":
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                loop.add_signal_handler(number, quit_)
        await main()

    with asyncio.Runner(loop_factory=make_loop) as runner:
        runner.run(supervised())


def _error_in(context: dict[str, Any]) -> BaseException:
    error = context.get("exception")
    return error if isinstance(error, BaseException) else RuntimeError("asyncio complains")


def leave(code: int) -> NoReturn:
    """End the process at once; whatever has to be saved was saved when the loop ended.

    Python would take apart what is left in any order, Qt's parts and its own. Nor does a worker
    thread that will never come back hold up the end.
    """
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # a program without a console has none
            stream.flush()
    os._exit(code)
