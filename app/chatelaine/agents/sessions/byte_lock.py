"""A lock on one byte of a file, by which processes keep each other out.

The system gives it back when a process ends, however it ends. Such a lock belongs to the whole
process, is given to it twice when asked twice, and is given up with all others on the file when any
descriptor of the file is closed (https://man7.org/linux/man-pages/man2/fcntl_locking.2.html). So
there is one descriptor for each file, open as long as a lock on it is wanted or had.
"""

from __future__ import annotations

import errno
import os
import sys
import threading
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_TAKEN = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)


class ByteLock:
    """A lock that is not had yet; the file is opened, and made where it is missing.

    Args:
        path: The file. Its folders are made where they are missing, for their owner only.
        byte: Which byte; it need not be within the file.
        beside: A file whose permissions the lock's file gets, where it exists.

    Raises:
        OSError: The file cannot be opened for writing.
    """

    def __init__(self, path: Path, byte: int, *, beside: Path) -> None:
        self._byte = byte
        self._has_it = False
        self._file: _File | None = _FILES.use(path, beside)

    def try_lock(self) -> bool:
        """Get it where nobody has it, within this process or without; tell whether it was got.

        Raises:
            OSError: The file system has no locks.
        """
        with _FILES.guard:
            file = self._file
            if file is None or self._byte in file.locked:
                return False
            if not _locked(file.descriptor, self._byte):
                return False
            file.locked.add(self._byte)
            self._has_it = True
            return True

    def release(self) -> None:
        """Give it up, if it was got, and the file; done twice, it does nothing."""
        with _FILES.guard:
            file, self._file = self._file, None
            if file is None or file.descriptor < 0:
                return
            if self._has_it:
                file.locked.discard(self._byte)
                _unlock(file.descriptor, self._byte)
            _FILES.leave(file)


class _File:
    """A file that is used for locking.

    Attributes:
        path: What it is told apart by.
        descriptor: The only one of this process.
        users: How many locks on it are wanted or had.
        locked: The bytes that this process has locked.
    """

    __slots__ = ("descriptor", "locked", "path", "users")

    def __init__(self, path: str, descriptor: int) -> None:
        self.path = path
        self.descriptor = descriptor
        self.users = 0
        self.locked: set[int] = set()


class _Files:
    """The files of this process.

    Attributes:
        guard: To be had by whoever looks at one of them.
    """

    def __init__(self) -> None:
        self.guard = threading.RLock()
        self._files: dict[str, _File] = {}

    def use(self, path: Path, beside: Path) -> _File:
        # By another path to the same file there would be a second descriptor.
        real = os.path.realpath(path)
        with self.guard:
            file = self._files.get(real)
            if file is None:
                file = self._files[real] = _File(real, _opened(Path(real), beside))
            file.users += 1
            return file

    def leave(self, file: _File) -> None:
        file.users -= 1
        if not file.users:
            del self._files[file.path]
            os.close(file.descriptor)

    def after_fork(self) -> None:
        """Begin anew in a child process: the locks are its parent's, and stay so."""
        self.guard = threading.RLock()
        for file in self._files.values():
            os.close(file.descriptor)
            file.descriptor = -1
        self._files.clear()


_FILES = _Files()
"""Of the whole process, because the locks are."""

if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_FILES.after_fork)


def _opened(path: Path, beside: Path) -> int:
    try:
        return os.open(path, os.O_RDWR)
    except FileNotFoundError:
        pass  # the first run on this database
    for folder in reversed([folder for folder in path.parents if not folder.exists()]):
        folder.mkdir(mode=0o700, exist_ok=True)
    try:
        mode = beside.stat().st_mode & 0o666
    except OSError:
        mode = 0o600
    return os.open(path, os.O_RDWR | os.O_CREAT, mode)


if sys.platform == "win32":

    def _locked(descriptor: int, byte: int) -> bool:
        os.lseek(descriptor, byte, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            if error.errno in _TAKEN:
                return False
            raise
        return True

    def _unlock(descriptor: int, byte: int) -> None:
        os.lseek(descriptor, byte, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:

    def _locked(descriptor: int, byte: int) -> bool:
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
        except OSError as error:
            if error.errno in _TAKEN:
                return False
            raise
        return True

    def _unlock(descriptor: int, byte: int) -> None:
        fcntl.lockf(descriptor, fcntl.LOCK_UN, 1, byte)
