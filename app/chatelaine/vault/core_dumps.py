"""Keeps the memory of the program off the disk when it crashes."""

from __future__ import annotations

import sys
from contextlib import suppress


def forbid_core_dumps() -> None:
    """Have the system write no core dump of this process, or hand one to anybody.

    The limit is one byte rather than none: Linux then neither writes a file nor starts a program
    that takes core dumps, which it does at a limit of 0. (man 5 core; where the limit cannot be
    set, nothing happens. Windows writes none unless it was told to.)
    """
    if sys.platform == "win32":
        return
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    with suppress(ValueError, OSError):
        # Not the upper limit: what the program starts, a browser say, decides for itself.
        resource.setrlimit(resource.RLIMIT_CORE, (1 if most else 0, most))
