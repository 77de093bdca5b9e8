"""A process that dies in the middle of something: before a line of ours, or half through a write.

A driver runs what is to be cut short with `die_at`, again and again, each time one place later. For
writes it must be started with the library of `cut_writes.c` loaded before all others.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine
    from types import FrameType

SOURCE = Path(__file__).with_name("cut_writes.c")


def build_library(folder: Path) -> Path:
    """Build what dies in the middle of a write, for this machine; give what is to be preloaded."""
    built = folder / "cut_writes.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", built, SOURCE, "-ldl"], check=True)
    return built


def apart(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Do something in a process of its own, to its end.

    What a driver needs before anything is cut short is done this way: a process that has used the
    database engine, on threads, cannot be forked safely any more, since one of them might just hold
    a lock of the engine's.
    """
    child = os.fork()
    if not child:
        asyncio.run(work())
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status:
        sys.exit(f"what was to be done first ended with {status}")


def die_at(
    how: str,
    watched: Collection[str],
    place: int,
    act: Callable[[Callable[[], None]], Coroutine[Any, Any, None]],
) -> int:
    """Do something in a process of its own, which dies at a place.

    Args:
        how: `lines` or `writes`.
        watched: The source files whose lines count.
        place: The first is 1; with 0 it does not die.
        act: What is done. It calls what it is given where counting begins.

    Returns:
        How many places it has met; 0 where it has died.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        cuts = Lines(watched) if how == "lines" else Writes()
        cuts.install()
        asyncio.run(act(lambda: cuts.cut_at(place)))
        os.write(writing, str(cuts.seen()).encode())
        os._exit(0)
    os.close(writing)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status not in {0, -signal.SIGKILL}:
        sys.exit(f"place {place}: ended with {status}")
    with os.fdopen(reading, "rb") as answer, contextlib.suppress(ValueError):
        return int(answer.read())
    return 0


class Lines:
    """Counts the lines of ours that are run, each once for each way to it, and dies at one."""

    def __init__(self, watched: Collection[str]) -> None:
        self._watched = watched
        self._met: set[tuple[int, ...]] = set()
        self._last: int | None = None

    def install(self) -> None:
        threading.settrace(self._trace)
        sys.settrace(self._trace)

    def cut_at(self, place: int) -> None:
        self._last = place

    def seen(self) -> int:
        return len(self._met)

    def _trace(self, frame: FrameType, event: str, _argument: object) -> Any:
        if self._last is None or frame.f_code.co_filename not in self._watched:
            return None
        if event == "line":
            self._met.add(_way_to(frame))
            if len(self._met) == self._last:
                os.kill(os.getpid(), signal.SIGKILL)
        return self._trace


class Writes:
    """Counts what is done to the disk, and dies in the middle of it."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(None)

    def install(self) -> None:
        pass

    def cut_at(self, place: int) -> None:
        self._library.cut_at(ctypes.c_long(place))

    def seen(self) -> int:
        return int(self._library.changes_seen())


def _way_to(frame: FrameType | None) -> tuple[int, ...]:
    way = []
    while frame is not None:
        way += [id(frame.f_code), frame.f_lineno]
        frame = frame.f_back
    return tuple(way)
