"""The lock of a history: taken before anything of it is read, held as long as it is open.

It is a file of its own, because a lock on the database file itself is lost as soon as anything in
this process closes a descriptor of that file. The system frees it when the process ends, however it
ends; the file stays, and its content says who has the lock, or had it last.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import filelock

from chatelaine.errors import HistoryOpenElsewhere, HistoryReadOnly
from chatelaine.paths import make_private_folder

if TYPE_CHECKING:
    from pathlib import Path

# On Windows the first byte of a locked file cannot be read by others, so the number comes after it.
_PID_OFFSET = 1


class HistoryLock:
    """Keeps other processes, and other parts of this one, away from a history."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = filelock.FileLock(
            path,
            mode=0o600,
            blocking=False,
            thread_local=False,  # taken in one worker thread, given back in another
            on_acquired=_write_pid,
        )

    @property
    def held(self) -> bool:
        """Whether this lock is taken."""
        return self._lock.is_locked

    def acquire(self) -> None:
        """Take the lock; nothing happens if it is taken already.

        Raises:
            HistoryOpenElsewhere: Somebody else has it.
            HistoryReadOnly: The lock file cannot be written.
        """
        if self.held:
            return
        try:
            if not self._path.parent.exists():
                make_private_folder(self._path.parent)
            self._lock.acquire()
        except filelock.Timeout:
            raise HistoryOpenElsewhere(self._who_has_it()) from None
        except OSError as error:
            raise HistoryReadOnly(
                f"{self._path} cannot be written ({error.strerror}), so the history cannot be "
                "kept from being opened twice."
            ) from error

    def release(self) -> None:
        """Give the lock back; nothing happens if it is not taken."""
        if self.held:
            self._lock.release(force=True)

    def _who_has_it(self) -> str:
        pid = self._read_pid()
        who = "Another program" if pid is None else f"Another program (process {pid})"
        return f"{who} has this history open. Close it there, then try again."

    def _read_pid(self) -> int | None:
        with contextlib.suppress(OSError, ValueError), self._path.open("rb", buffering=0) as file:
            file.seek(_PID_OFFSET)
            return int(file.read(20))
        return None


def _write_pid(descriptor: int) -> None:
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.write(descriptor, b"\n" * _PID_OFFSET + f"{os.getpid()}\n".encode())
