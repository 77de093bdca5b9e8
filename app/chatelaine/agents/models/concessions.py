"""What a server need not take: fields that are left out once it has refused them.

Servers that speak these APIs know more or less of them, and some refuse what they do not know.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Concessions:
    """What is offered to one server, and what of it has turned out to be too much."""

    def __init__(self, optional: Mapping[str, str]) -> None:
        """Offer everything at first.

        Args:
            optional: What may be left out, and a pattern of what a refusal says when it is that.
        """
        self._patterns = {
            name: re.compile(pattern, re.IGNORECASE) for name, pattern in optional.items()
        }
        self._offered = frozenset(optional)
        self._is_settled = False

    @property
    def offered(self) -> frozenset[str]:
        """What is sent, as far as is known."""
        return self._offered

    def narrowed(self, offered: frozenset[str], detail: str) -> frozenset[str] | None:
        """Tell what to offer after a refusal.

        Args:
            offered: What was refused.
            detail: What the server said.

        Returns:
            Less than that; None where less would not help.
        """
        named = {name for name in offered if self._patterns[name].search(detail)}
        if named:
            return offered - named
        # It does not say what it minds. If it has never taken all of it, it may be any.
        return frozenset() if offered and not self._is_settled else None

    def settle(self, offered: frozenset[str]) -> None:
        """Remember what the server has taken."""
        self._offered &= offered
        self._is_settled = True
