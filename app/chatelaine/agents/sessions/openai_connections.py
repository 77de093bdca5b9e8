"""Connections to servers of conversations, shared by the sessions of the process."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from chatelaine.agents.models.transport import Transport

if TYPE_CHECKING:
    from chatelaine.agents.models.endpoint import Endpoint

_lock = threading.RLock()  # a forgotten lease may be given back by whoever holds it
_shares: dict[tuple[Endpoint, float], list[Lease]] = {}


class Lease:
    """A share in the connections to one server.

    Attributes:
        transport: The connections.
    """

    def __init__(self, endpoint: Endpoint, timeout: float) -> None:
        """Take it.

        Args:
            endpoint: The server.
            timeout: Seconds without a sign of life after which a call is given up.
        """
        self._key = (endpoint, timeout)
        self.transport: Transport
        with _lock:
            others = _shares.setdefault(self._key, [])
            self.transport = others[0].transport if others else Transport(endpoint, timeout=timeout)
            others.append(self)

    def give_back(self) -> bool:
        """Give it back; tell whether nobody has another share, so that it can be closed."""
        with _lock:
            shares = _shares.get(self._key, [])
            if self not in shares:
                return False
            shares.remove(self)
            if shares:
                return False
            del _shares[self._key]
            return True

    def forget(self) -> None:
        """Give it back where nobody can wait for the end of the connections."""
        if self.give_back():
            self.transport.abandon()
