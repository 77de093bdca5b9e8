"""Modules of Python that are loaded when something of them is used, not when they are imported.

asyncio imports `ssl`, and with it a library that most windows at rest need nothing of, one more
megabyte and some milliseconds of the start. `importlib.util.LazyLoader` would load it when it is
imported the second time, since that asks the module for its `__spec__`.
"""

from __future__ import annotations

import sys
from importlib.abc import Loader, MetaPathFinder
from threading import RLock
from types import ModuleType
from typing import TYPE_CHECKING, Any

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from importlib.machinery import ModuleSpec

TLS = ("ssl", "asyncio.sslproto")
"""What is there for encrypted connections; asyncio's part reads names of the other one at once."""
_PENDING = "to be loaded"
"""A name that no module has."""


def defer(names: Collection[str] = TLS) -> None:
    """Have modules loaded with their first use; those that were imported before are as they are.

    Args:
        names: The modules: written in Python, and no packages.
    """
    sys.meta_path.insert(0, _Finder(frozenset(names)))


class _Finder(MetaPathFinder):
    def __init__(self, names: frozenset[str]) -> None:
        self._names = names

    @override
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in self._names:
            return None
        for finder in sys.meta_path:
            if finder is not self and (spec := finder.find_spec(fullname, path, target)):
                if spec.loader is not None:
                    spec.loader = _Loader(spec.loader)
                return spec
        return None


class _Loader(Loader):
    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    @override
    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    @override
    def exec_module(self, module: ModuleType) -> None:
        vars(module)[_PENDING] = _Pending(self._loader)
        module.__class__ = _Deferred


class _Pending:
    """What is to be done for a module.

    Attributes:
        loader: What loads it; None once it has begun.
        lock: Held while it is loaded.
    """

    def __init__(self, loader: Loader) -> None:
        self.loader: Loader | None = loader
        self.lock = RLock()


class _Deferred(ModuleType):
    """A module of which nothing is there yet but what the import machinery has set."""

    @override
    def __getattr__(self, name: str) -> Any:
        """Load the module, for the first name of it that is asked for."""
        own = vars(self)
        pending: _Pending | None = own.get(_PENDING)
        if name == "__path__":  # the import machinery asks whether it is a package
            pending = None
        if pending is not None:
            with pending.lock:  # another thread may have begun: then it has ended here
                if pending.loader is not None:
                    _load(self, pending, pending.loader)
        if name in own:
            return own[name]
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")


def _load(module: ModuleType, pending: _Pending, loader: Loader) -> None:
    pending.loader = None
    module.__loader__ = loader
    if module.__spec__ is not None:
        module.__spec__.loader = loader
    try:
        loader.exec_module(module)
    except BaseException:
        pending.loader = loader  # the next use tries again
        raise
    del vars(module)[_PENDING]
    module.__class__ = ModuleType
