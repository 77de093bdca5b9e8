"""Imports Qt, and keeps Python's own way of importing what comes after it.

PySide6 puts a function of its own in the place of `__import__`. Of each module that is imported
from then on it reads the source, to know whether the module might ask for other names of Qt's
methods (`from __feature__ import snake_case`). Nothing here ever does, and reading some hundred
files that are of no use is felt at the start.
"""

from __future__ import annotations

import builtins
import linecache
import sys


def import_qt() -> None:
    """Import Qt's core, if it is not there yet; imports are as before afterwards."""
    if "PySide6.QtCore" in sys.modules:
        return
    plain = builtins.__import__
    import PySide6.QtCore  # noqa: F401 - the others find it in its place

    builtins.__import__ = plain
    linecache.clearcache()  # what was read of the modules that Qt itself has imported
