"""The mark of a method that takes the place of an inherited one, for the window.

Python has it from 3.12 on. For 3.11 `typing_extensions` has it, with much else that takes as long
to import as a tenth of what the window needs to take its first key.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeVar

__all__ = ["override"]

if TYPE_CHECKING:
    from typing_extensions import override
elif sys.version_info >= (3, 12):
    from typing import override
else:
    M = TypeVar("M")

    def override(method: M) -> M:
        """Give the method as it is."""
        return method
