"""The list of the conversations on a Redis server, by the time of their last write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from redis.exceptions import NoScriptError

from chatelaine.agents.sessions.redis_conversation import FAILURES, index_of
from chatelaine.agents.sessions.redis_failures import told
from chatelaine.agents.sessions.redis_scripts import FORGET

if TYPE_CHECKING:
    from typing import Any

    from chatelaine.agents.sessions.redis_connections import Server


class Index:
    """The list of all conversations with one prefix.

    Args:
        server: Where it is.
        prefix: What the keys begin with.
    """

    def __init__(self, server: Server, prefix: str) -> None:
        self.prefix = prefix
        self._server = server
        self._key = index_of(prefix)

    async def page(self, count: int, after: tuple[int, str] | None) -> list[tuple[int, str]]:
        """Give times of the last write, in microseconds, with ids; the latest first.

        Args:
            count: How many at most.
            after: Go on after this one.
        """
        highest = "+inf" if after is None else str(after[0])
        skipped = 0
        found: list[tuple[int, str]] = []
        while len(found) < count:
            ask = ("ZREVRANGEBYSCORE", self._key, highest, "-inf", "WITHSCORES")
            answer = _pairs(await self._do(*ask, "LIMIT", skipped, count))
            skipped += len(answer)
            found += [each for each in answer if after is None or _sorted(each) < _sorted(after)]
            if len(answer) < count:
                break
        return found[:count]

    async def forget(self, time: int, session_id: str) -> None:
        """Take one off the list, unless it was written to since."""
        command = (1, self._key, session_id, str(time))
        try:
            await self._do("EVALSHA", FORGET.name, *command)
        except NoScriptError:
            await self._do("EVAL", FORGET.text, *command)

    async def _do(self, *command: Any) -> Any:
        try:
            return await self._server.execute(*command)
        except NoScriptError:
            raise
        except FAILURES as error:
            raise told(error, self._server.shown) from error


def _pairs(answer: list[Any]) -> list[tuple[int, str]]:
    # In pairs, or as one flat list: that depends on the protocol and on the client.
    flat = answer
    if answer and isinstance(answer[0], list | tuple):
        flat = [part for pair in answer for part in pair]
    return [
        (round(float(score)), name.decode())
        for name, score in zip(flat[::2], flat[1::2], strict=True)
    ]


def _sorted(each: tuple[int, str]) -> tuple[int, bytes]:
    return each[0], each[1].encode()
