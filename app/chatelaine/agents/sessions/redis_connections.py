"""Connections to Redis: one pool for all sessions of an event loop that have the same address.

A connection belongs to the loop in which it was made. A session may be used in several loops, in
several threads even; it takes part in a pool in each. A pool is closed when the last session in it
is closed or forgotten, or when its loop ends.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qs, urlsplit

import redis
import redis.asyncio
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.client import NEVER_DECODE

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

DEFAULT_URL = "redis://localhost:6379"

DEFAULTS: dict[str, Any] = {
    "socket_timeout": 5.0,
    "socket_connect_timeout": 5.0,
    "max_connections": 20,
    # What protocol 3 adds is not needed, and takes more questions when a connection is made.
    "protocol": 2,
}
"""How connections are made when not told otherwise; times in seconds."""


class Server(Protocol):
    """A Redis server as a session uses it.

    Attributes:
        shown: The address, without secrets.
        key: The same for all that use the same server in the same way.
        is_cluster: Whether keys lie on several servers.
    """

    shown: str
    key: str
    is_cluster: bool

    async def execute(self, *command: Any) -> Any:
        """Send a command and give the answer, with texts as bytes."""
        ...

    async def close(self) -> None:
        """End the use."""
        ...

    def forget(self) -> None:
        """End the use at any moment, in any thread."""
        ...


class GivenServer:
    """A server with a client that somebody else has made, and will close.

    Raises:
        TypeError: It is no client that can be awaited.
    """

    def __init__(self, client: Any) -> None:
        if isinstance(client, redis.Redis | redis.RedisCluster):
            raise TypeError("the Redis client of a session is one of redis.asyncio")
        if not callable(getattr(client, "execute_command", None)):
            raise TypeError(f"{type(client).__name__} is no client of redis.asyncio")
        self.shown = "the given client"
        self.key = f"client {id(client)}"
        self.is_cluster = isinstance(client, redis.asyncio.RedisCluster)
        self._client = client

    async def execute(self, *command: Any) -> Any:
        """See `Server`."""
        return await self._client.execute_command(*command, **{NEVER_DECODE: True})

    async def close(self) -> None:
        """See `Server`: it is the owner's to close."""

    def forget(self) -> None:
        """See `Server`."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is, and how connections to it are made.

    Args:
        url: As in `redis.asyncio.from_url`.
        options: The keyword arguments of the same.

    Attributes:
        shown: The URL without secrets.
        key: The same for all addresses that can share a pool.

    Raises:
        ValueError: The URL cannot be used.
    """

    url: str = field(repr=False)
    options: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)
    shown: str = field(init=False)
    key: tuple[Any, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        options = tuple(sorted((name, _hashable(value)) for name, value in self.options.items()))
        object.__setattr__(self, "shown", _without_secrets(self.url))
        object.__setattr__(self, "key", (self.url, options))

    def connect(self) -> redis.asyncio.Redis:
        """Make a client; its connections are made when they are needed."""
        # What broke while nothing was done is repaired; nobody waits twice for an answer.
        retry = Retry(NoBackoff(), 1, (redis.ConnectionError,))
        return redis.asyncio.from_url(self.url, **{"retry": retry, **DEFAULTS, **self.options})


def _without_secrets(url: str) -> str:
    # What a parser says of a URL that it cannot read may hold a part of the password.
    try:
        parse_url(url)
        parts = urlsplit(url)
        port = parts.port
    except (TypeError, ValueError, AttributeError):
        raise ValueError(
            "the URL of a Redis server is like redis://host:6379/0, rediss://... or unix://..."
        ) from None
    if parts.scheme == "unix":
        place = parts.path
    else:
        host = parts.hostname or "localhost"
        place = f"{f'[{host}]' if ':' in host else host}:{port or 6379}{parts.path.rstrip('/')}"
    user = f"{parts.username}@" if parts.username else ""
    database = parse_qs(parts.query).get("db")
    return f"{parts.scheme}://{user}{place}{f'?db={database[0]}' if database else ''}"


def _hashable(value: Any) -> Any:
    try:
        return json.dumps(value, sort_keys=True)
    except TypeError:
        return id(value)


class _Pool:
    """The connections to one server within one loop.

    Attributes:
        users: How many sessions and calls need it.
        has_ended: Whether it can be used no more.
    """

    def __init__(self, address: Address, pools: _Pools) -> None:
        self.users = 0
        self.has_ended = False
        self._address = address  # which keeps what its key is made of
        self._pools = pools
        self._client = address.connect()
        # One time for question and answer; that of the client costs a task for each.
        options = self._client.connection_pool.connection_kwargs
        self._patience: float | None = options["socket_timeout"]
        options["socket_timeout"] = None
        self._execute: Any = self._client.execute_command
        # The client does not wait for a free connection, it fails.
        self._turns = asyncio.Semaphore(self._client.connection_pool.max_connections)

    async def execute(self, *command: Any) -> Any:
        self.users += 1
        try:
            async with self._turns, asyncio.timeout(self._patience):
                return await self._execute(*command, **{NEVER_DECODE: True})
        finally:
            await self.leave()

    async def leave(self) -> None:
        """End one use."""
        if self._is_left():
            await self._client.aclose()

    def leave_soon(self) -> None:
        """End one use, when nobody can wait for it."""
        if self._is_left():
            self._pools.close(self)

    async def end(self) -> None:
        """Close the connections, whoever uses them."""
        self._retire()
        await self._client.aclose()

    def _is_left(self) -> bool:
        self.users -= 1
        if self.users or self.has_ended:
            return False
        self._retire()
        return True

    def _retire(self) -> None:
        # At once: whoever comes while the connections are being closed needs new ones.
        if not self.has_ended:
            self.has_ended = True
            self._pools.by_key.pop(self._address.key, None)


class _Pools:
    """The pools of one loop.

    Attributes:
        by_key: The pools, by the keys of their addresses.
    """

    def __init__(self) -> None:
        self.by_key: dict[tuple[Any, ...], _Pool] = {}
        self._closing: dict[_Pool, asyncio.Future[Any]] = {}
        self._end: AsyncGenerator[None, None] | None = None

    async def watch(self) -> None:
        """See to it that connections are closed when the loop ends.

        A loop closes the generators that it has begun before it is closed itself
        (https://docs.python.org/3/library/asyncio-eventloop.html, `shutdown_asyncgens`).
        """
        self._end = self._until_the_end()
        await anext(self._end)

    def close(self, pool: _Pool) -> None:
        """Let a pool be closed meanwhile; the loop does not end before it is."""

        def note(ended: asyncio.Future[Any]) -> None:
            # A loop that ends cancels its tasks first.
            if not isinstance(ended.result()[0], asyncio.CancelledError):
                self._closing.pop(pool, None)

        # gather makes the task; it must be held on to.
        self._closing[pool] = asyncio.gather(pool.end(), return_exceptions=True)
        self._closing[pool].add_done_callback(note)

    async def _until_the_end(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            for pool in [*self.by_key.values(), *self._closing]:
                await pool.end()
            _loops.pop(asyncio.get_running_loop(), None)


_loops: dict[asyncio.AbstractEventLoop, _Pools] = {}
"""Of the whole process, because sessions that know nothing of each other share connections."""


async def _joined(address: Address) -> _Pool:
    """Give the pool of the running loop, as one user more."""
    loop = asyncio.get_running_loop()
    pools = _loops.get(loop)
    if pools is None:
        # A loop that was closed without its end takes its connections along.
        _drop_closed(_loops)
        pools = _loops[loop] = _Pools()
        await pools.watch()
    pool = pools.by_key.get(address.key)
    if pool is None:
        pool = pools.by_key[address.key] = _Pool(address, pools)
    pool.users += 1
    return pool


def _drop_closed(by_loop: dict[asyncio.AbstractEventLoop, Any]) -> None:
    for loop in list(by_loop):  # of which other threads may take some away meanwhile
        if loop.is_closed():
            by_loop.pop(loop, None)


class SharedServer:
    """A server with connections that are shared with other sessions.

    Args:
        address: Where it is.
    """

    def __init__(self, address: Address) -> None:
        self.shown = address.shown
        self.key = address.shown
        self.is_cluster = False
        self._address = address
        self._joined: dict[asyncio.AbstractEventLoop, _Pool] = {}

    async def execute(self, *command: Any) -> Any:
        """See `Server`."""
        loop = asyncio.get_running_loop()
        pool = self._joined.get(loop)
        if pool is None or pool.has_ended:
            _drop_closed(self._joined)
            pool = self._joined[loop] = await _joined(self._address)
        return await pool.execute(*command)

    async def close(self) -> None:
        """See `Server`. What goes on is not broken: the last call that uses it closes it."""
        here = self._joined.pop(asyncio.get_running_loop(), None)
        self.forget()
        if here is not None:
            await here.leave()

    def forget(self) -> None:
        """See `Server`."""
        while self._joined:
            loop, pool = self._joined.popitem()
            if not loop.is_closed():
                loop.call_soon_threadsafe(pool.leave_soon)


def server_at(url: str, client: Any, options: Mapping[str, Any] | None) -> Server:
    """Give the server at a URL, or that of a client.

    Raises:
        TypeError: The client cannot be awaited.
        ValueError: The URL cannot be used, or both are given.
    """
    if client is None:
        return SharedServer(Address(url, dict(options or {})))
    if url != DEFAULT_URL or options:
        raise ValueError("pass redis_client, or redis_url with redis_kwargs, not both")
    return GivenServer(client)
