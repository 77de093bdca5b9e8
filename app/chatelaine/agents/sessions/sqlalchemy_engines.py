"""The engines that the sessions of this process use, each by as many as want it.

An engine that was made from a URL serves all loops and threads of the process with one pool. It is
made when it is first needed, and disposed of when the last session on it is closed or forgotten.
The engines of callers are theirs: they are never disposed of.
"""

from __future__ import annotations

import os
import threading
import weakref
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Engine
from sqlalchemy.ext.asyncio import AsyncEngine

from chatelaine.agents.sessions.settling import settled
from chatelaine.agents.sessions.sqlalchemy_drivers import engine_of, is_in_memory, url_of
from chatelaine.agents.sessions.sqlalchemy_loops import LoopThread
from chatelaine.agents.sessions.sqlalchemy_uses import (
    AtOnce,
    EngineUse,
    InLoop,
    InOwnLoop,
    InThreads,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


class Engines:
    """The engines that sessions of this process use."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._uses: weakref.WeakValueDictionary[object, EngineUse] = weakref.WeakValueDictionary()
        self._left_behind: list[EngineUse] = []

    def use_of(
        self,
        engine: Engine | AsyncEngine | URL,
        engine_kwargs: Mapping[str, Any],
        user: object,
    ) -> EngineUse:
        """Become a user of an engine, until it is left or the user is forgotten."""
        with self._lock:
            key = _key_of(engine, engine_kwargs)
            use = self._uses.get(key)
            if use is None:
                use = _new_use(engine, engine_kwargs)
                self._uses[key] = use
            use.users.add(user)
            return use

    def share(self, use: EngineUse, user: object) -> EngineUse:
        """Become a user of an engine that another one uses."""
        with self._lock:
            use.users.add(user)
            return use

    async def leave(self, use: EngineUse, user: object) -> None:
        """End the use; the last one to go gives up what was needed."""
        with self._lock:
            use.users.discard(user)
            if use.users or not use.is_of_this_process:
                return
            for key in [key for key, each in self._uses.items() if each is use]:
                del self._uses[key]
        await settled(use.end())

    def after_fork(self) -> None:
        """Begin anew in a child process: threads and connections stay behind in its parent."""
        # Kept, so that nothing closes the connections that the parent goes on to use.
        self._left_behind += self._uses.values()
        self._lock = threading.Lock()
        self._uses = weakref.WeakValueDictionary()
        LoopThread.living.clear()


def _key_of(engine: Engine | AsyncEngine | URL, engine_kwargs: Mapping[str, Any]) -> object:
    if not isinstance(engine, URL):
        return id(engine)
    if is_in_memory(engine):
        return object()  # a memory of its own, as `:memory:` is everywhere
    return engine, tuple(sorted((name, repr(value)) for name, value in engine_kwargs.items()))


def _new_use(engine: Engine | AsyncEngine | URL, engine_kwargs: Mapping[str, Any]) -> EngineUse:
    is_ours = isinstance(engine, URL)
    if isinstance(engine, URL):
        engine = engine_of(engine, engine_kwargs)
    elif isinstance(engine, Engine) and engine.dialect.is_async:
        engine = AsyncEngine(engine)
    if isinstance(engine, AsyncEngine):
        return InOwnLoop(engine) if is_ours else InLoop(engine)
    if is_in_memory(engine.url):
        return AtOnce(engine, is_ours=is_ours)
    return InThreads(engine, is_ours=is_ours)


def engine_from(engine: Any, url: str | URL | None) -> Engine | AsyncEngine | URL:
    """Give the engine or the URL that a session was made with.

    Raises:
        TypeError: There is none, there are both, or it is neither.
        ValueError: The URL cannot be read.
    """
    if (engine is None) == (url is None):
        raise TypeError("a session in a database needs an engine or a URL")
    given = url if engine is None else engine
    if isinstance(given, str | URL):
        return url_of(given)
    if isinstance(given, Engine | AsyncEngine):
        return given
    raise TypeError(f"{type(given).__name__} is neither an engine of SQLAlchemy nor a URL")


ENGINES = Engines()
"""Of the whole process, because a pool is to be shared by all who use its database."""

if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=ENGINES.after_fork)
