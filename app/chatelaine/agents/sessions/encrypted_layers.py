"""Encryption around a session that has to read what it keeps, such as a compaction.

It goes below that session: what was to be a file, in a compaction, in encryption becomes a file, in
encryption, in a compaction. Everything is asked of the uppermost; the keys are those of the one in
between.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Self, cast

from typing_extensions import override

from chatelaine.agents.sessions.encrypted_core import EncryptedCore
from chatelaine.agents.sessions.encrypted_keys import read_key
from chatelaine.agents.sessions.protocol import (
    DescribedSession,
    ForkableSession,
    LayeredSession,
    RewritableSession,
    RunSession,
    Session,
)
from chatelaine.agents.sessions.running import as_run_session
from chatelaine.agents.sessions.turns import pop_turn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from chatelaine.agents.items import Item, Origin, TResponseInputItem
    from chatelaine.agents.sessions.encrypted_keys import EncryptionKey
    from chatelaine.agents.sessions.protocol import RunHistory, SessionInfo


class LayeredEncryption(EncryptedCore):
    """Around a `LayeredSession`."""

    _between: EncryptedCore
    _layers: RunSession

    @override
    def _set_up(self, base: Session, session_id: str | None, *args: Any, **named: Any) -> None:
        super()._set_up(base, session_id, *args, **named)

        def encrypt(below: Session) -> Session:
            self._between = self._around(below, self._own_id)
            return cast("Session", self._between)

        self._layers = as_run_session(cast("LayeredSession", base).over(encrypt))

    @property
    def layers(self) -> RunSession:
        """The session that everything is asked of: like the base session, around encryption."""
        self._layers.session_settings = self.session_settings
        return self._layers

    @property
    def run_key(self) -> tuple[str, ...]:
        """See `RunSession.run_key`."""
        return self._layers.run_key

    @override
    async def close(self) -> None:
        closing = getattr(self._layers, "close", self._between.close)()
        if inspect.isawaitable(closing):
            await closing

    async def get_items(self, limit: int | None = None, **named: Any) -> list[TResponseInputItem]:
        """See `Session.get_items`."""
        # What a compaction can be asked for beyond the protocol is handed on.
        return await self.layers.get_items(limit, **named)

    async def begin_run(self, limit: int | None = None) -> RunHistory:
        """See `RunSession.begin_run`."""
        return await self.layers.begin_run(limit)

    async def add_items(self, items: Sequence[TResponseInputItem]) -> None:
        """See `Session.add_items`."""
        await self.layers.add_items(items)

    async def add_run_items(
        self, items: Sequence[TResponseInputItem], origin: Origin, mark: object
    ) -> bool:
        """See `RunSession.add_run_items`."""
        return await self.layers.add_run_items(items, origin, mark)

    async def pop_item(self) -> TResponseInputItem | None:
        """See `Session.pop_item`."""
        return await self.layers.pop_item()

    async def pop_turn(self, n: int = 1) -> list[TResponseInputItem]:
        """See `TurnSession.pop_turn`."""
        return await pop_turn(self.layers, n)

    async def clear_session(self) -> None:
        """See `Session.clear_session`."""
        await self.layers.clear_session()

    @override
    async def purge(self) -> int:
        return await self._between.purge()

    @override
    async def rotate(self, new_key: EncryptionKey) -> bool:
        ring = self._ring.with_first(read_key(new_key))
        is_whole = await self._between.rotate(new_key)
        # For copies, which are made with the keys of this object.
        self._ring = ring.only_first() if is_whole else ring
        return is_whole


class RewritableLayered(LayeredEncryption):
    """Around one that is a `RewritableSession` as well."""

    async def rewrite_items(self, rewrite: Callable[[list[Item]], Sequence[Item]]) -> None:
        """See `RewritableSession.rewrite_items`."""
        await cast("RewritableSession", self.layers).rewrite_items(rewrite)


class ForkableLayered(LayeredEncryption):
    """Around one that is a `ForkableSession` as well."""

    async def fork(self, session_id: str) -> Self:
        """See `ForkableSession.fork`."""
        layers = await cast("ForkableSession", self.layers).fork(session_id)
        between: list[Session] = []

        def note(below: Session) -> Session:
            between.append(below)
            return below

        cast("LayeredSession", layers).over(note)
        base = cast("EncryptedCore", between[0]).base_session
        around = cast("LayeredSession", self.base_session).over(lambda _: base)
        return cast("Self", self._around(around, None if self._own_id is None else session_id))


class DescribedLayered(LayeredEncryption):
    """Around one that is a `DescribedSession` as well."""

    async def get_info(self) -> SessionInfo | None:
        """See `DescribedSession.get_info`."""
        return await cast("DescribedSession", self.layers).get_info()

    async def set_title(self, title: str) -> None:
        """See `DescribedSession.set_title`."""
        await cast("DescribedSession", self.layers).set_title(title)

    async def set_metadata(self, metadata: Mapping[str, Any]) -> None:
        """See `DescribedSession.set_metadata`."""
        await cast("DescribedSession", self.layers).set_metadata(metadata)


LAYERED_ABILITIES: tuple[tuple[type[LayeredEncryption], type[Any]], ...] = (
    (RewritableLayered, RewritableSession),
    (ForkableLayered, ForkableSession),
    (DescribedLayered, DescribedSession),
)
