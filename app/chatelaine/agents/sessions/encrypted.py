"""Encryption around any session: what is stored is ciphertext, what is given is as it was added.

Each item is sealed by itself with AES-256-GCM and stored as a message, which every kind of session
and every server takes; `encrypted_envelope.py` has the format. It works over the four methods of
the protocol alone, and forwards what a session can do beyond them (`encrypted_abilities.py`).

Who has no key does not see items, who they come from, title and metadata; but the id of the
session, how many items there are, how long they are and when they were added. What is noticed: an
item that was changed, moved, repeated, put in, or taken out between others. What cannot be noticed:
the end cut off, an old state put back, an item put back that was popped.
"""

from __future__ import annotations

import inspect
import time
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast, overload

from typing_extensions import override

from chatelaine.agents.items import Origin
from chatelaine.agents.sessions.encrypted_abilities import ABILITIES
from chatelaine.agents.sessions.encrypted_arguments import NAMES, milliseconds, read_arguments
from chatelaine.agents.sessions.encrypted_core import EncryptedCore, Mark
from chatelaine.agents.sessions.encrypted_history import Expiry, OnUndecryptable, TTLFrom
from chatelaine.agents.sessions.encrypted_keys import EncryptionKey, KeyRing, read_key
from chatelaine.agents.sessions.encrypted_layers import LAYERED_ABILITIES, LayeredEncryption
from chatelaine.agents.sessions.protocol import LayeredSession, RunHistory
from chatelaine.agents.sessions.running import PlainSession
from chatelaine.agents.sessions.settling import settled
from chatelaine.agents.sessions.turns import checked_count

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chatelaine.agents.items import TResponseInputItem
    from chatelaine.agents.sessions.protocol import Session, SessionSettings


S = TypeVar("S", bound="EncryptedSession")


class EncryptedSession(EncryptedCore):
    """A session around another one, in which nobody reads without the key.

    What the session below can do beyond the four methods, this one can do as well: it is then also
    a `RewritableSession`, a `ForkableSession`, a `DescribedSession` (ask with `isinstance`). Around
    a `LayeredSession`, a compaction say, encryption goes below it, because what is encrypted cannot
    be summarised.

    Two programs may write to one conversation at once. While one removes items, no other should add
    any; sessions in files see to that themselves.

    Args:
        base_session: Where the items are kept: any session. Closing this one closes it.
        encryption_key: 32 bytes; a text that is the urlsafe base64 of 32 bytes, best made by
            `secrets.token_urlsafe(32)`; or a passphrase of 16 characters or more, with which the
            first use of each session takes 50 to 100 ms. Several of them are a ring: the first
            encrypts, all decrypt.
        ttl: Seconds after which a turn is gone as a whole, once its newest item is older; notes (of
            the system or the developer) go by themselves. None for never. What has expired is
            removed by the next write or `purge()` where the session below can do that, and not
            given any more in any case.
        ttl_from: "write", or "last_use": nothing expires before the newest item has.
        on_undecryptable: "raise" a `DecryptionError` where a stored item does not decrypt or stand
            where it was written, or "skip" what does not decrypt, with a warning in the log. It
            is never removed.
        session_settings: What to do when not told otherwise; by default as the session below.
        validate: Whether to look at what is added.
        session_id: The id that items are bound to; by default that of the session below. Whoever
            renames a conversation gives the old one.
        underlying_session: Another name for `base_session`.
        clock: Gives the time in seconds since 1970.

    Raises:
        TypeError: There is no session or no key, or one of another type.
        ValueError: The key has the wrong length, the ttl is not positive, or a word is unknown.

    `EncryptedSession(session_id, underlying_session, encryption_key, ttl)`, the order of
    openai-agents, is understood as well.
    """

    @overload
    def __init__(
        self,
        base_session: Session | None = None,
        encryption_key: EncryptionKey | Sequence[EncryptionKey] | None = None,
        ttl: float | None = None,
        *,
        ttl_from: TTLFrom = ...,
        on_undecryptable: OnUndecryptable = ...,
        session_settings: SessionSettings | None = None,
        validate: bool = True,
        session_id: str | None = None,
        underlying_session: Session | None = None,
        clock: Callable[[], float] = ...,
    ) -> None: ...

    @overload
    def __init__(
        self,
        session_id: str,
        underlying_session: Session | None = None,
        encryption_key: EncryptionKey | Sequence[EncryptionKey] | None = None,
        ttl: float | None = None,
        *,
        ttl_from: TTLFrom = ...,
        on_undecryptable: OnUndecryptable = ...,
        session_settings: SessionSettings | None = None,
        validate: bool = True,
        base_session: Session | None = None,
        clock: Callable[[], float] = ...,
    ) -> None: ...

    def __init__(
        self,
        *arguments: Any,
        ttl_from: TTLFrom = "write",
        on_undecryptable: OnUndecryptable = "raise",
        session_settings: SessionSettings | None = None,
        validate: bool = True,
        clock: Callable[[], float] = time.time,
        **named: Any,
    ) -> None:
        session_id, base, key, ttl = read_arguments(arguments, named)
        if unknown := named.keys() - NAMES:
            raise TypeError(f"EncryptedSession knows no {min(unknown)!r}")
        if ttl_from not in ("write", "last_use"):
            raise ValueError('ttl_from is "write" or "last_use"')
        if on_undecryptable not in ("raise", "skip"):
            raise ValueError('on_undecryptable is "raise" or "skip"')
        self._set_up(
            base,
            session_id,
            KeyRing.read(key),
            Expiry(milliseconds(ttl), ttl_from),
            skips=on_undecryptable == "skip",
            validate=validate,
            clock=clock,
        )
        if session_settings is not None:
            self.session_settings = session_settings

    def __new__(cls, *arguments: Any, **named: Any) -> Self:
        """Choose the class by what the session below can do."""
        _, base, _, _ = read_arguments(arguments, named)
        return object.__new__(_class_for(cls, base))

    @override
    def _around(self, base: Session, session_id: str | None) -> EncryptedSession:
        """Make a session with the same keys and ways around another one."""
        other = object.__new__(_class_for(EncryptedSession, base))
        other._set_up(
            base,
            session_id,
            self._ring,
            self._expiry,
            skips=self._skips,
            validate=self._validate,
            clock=self._clock,
        )
        other.session_settings = self.session_settings
        return other

    @override
    def __repr__(self) -> str:
        return f"EncryptedSession({self.base_session!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def underlying_session(self) -> Session:
        """Another name for `base_session`."""
        return self.base_session

    @property
    def run_key(self) -> tuple[str, ...]:
        """See `RunSession`; it is that of the session below."""
        return self._base.run_key

    @override
    async def close(self) -> None:
        """Close the session below, where it can be closed."""
        close = getattr(self.base_session, "close", None)
        if close is not None:
            closing = close()
            if inspect.isawaitable(closing):
                await closing

    # ------------------------------------------------------------------------ reading

    async def get_items(self, limit: int | None = None) -> list[TResponseInputItem]:
        """Give the latest items, oldest first.

        Args:
            limit: How many; None for what the settings say, else all. 0 gives none.

        Raises:
            DecryptionError: A stored item does not decrypt; nothing was changed.
            SessionError: They cannot be read.
            ValueError: The limit is negative.
        """
        return list((await self._read(limit, self._stored)).items)

    async def begin_run(self, limit: int | None = None) -> RunHistory:
        """See `RunSession.begin_run`.

        Raises:
            DecryptionError: A stored item does not decrypt; nothing was changed.
            SessionError: They cannot be read.
            ValueError: The limit is negative.
        """
        cleared = self._cleared
        history = await self._read(limit, self._base.begin_run)
        return RunHistory(history.items, Mark(history.mark, cleared))

    # ------------------------------------------------------------------------ writing

    async def add_items(self, items: Sequence[TResponseInputItem]) -> None:
        """Add items at the end: all of them, or none.

        Raises:
            DecryptionError: The last stored item does not decrypt: there is another key.
            SessionError: They cannot be stored.
        """

        async def send(sealed: list[TResponseInputItem]) -> bool:
            await self._base.add_items(sealed)
            return True

        await self._append(items, None, send, may_clear=True)

    async def add_run_items(
        self, items: Sequence[TResponseInputItem], origin: Origin, mark: object
    ) -> bool:
        """See `RunSession.add_run_items`. Who they come from is encrypted with the items.

        Raises:
            DecryptionError: The last stored item does not decrypt: there is another key.
            SessionError: They cannot be stored.
        """
        below, cleared = mark if isinstance(mark, Mark) else (mark, self._cleared)

        async def send(sealed: list[TResponseInputItem]) -> bool:
            if cleared != self._cleared and isinstance(self._base, PlainSession):
                return False
            return await self._base.add_run_items(sealed, Origin(), below)

        # What is cleared has another mark: the run would lose what it adds.
        return await self._append(items, origin, send, may_clear=False)

    async def pop_item(self) -> TResponseInputItem | None:
        """Remove the last item and give it back; None where there is none.

        Raises:
            DecryptionError: It does not decrypt, and stays.
            SessionError: The session cannot be written.
        """
        async with self._writing():
            return await settled(self._pop())

    async def pop_turn(self, n: int = 1) -> list[TResponseInputItem]:
        """Remove the last `n` turns, each a message of the user with everything it caused.

        It is done in one go where the session below can replace its items.

        Returns:
            What was removed, oldest first. Notes stay.

        Raises:
            DecryptionError: A stored item does not decrypt; nothing was changed.
            SessionError: The session cannot be written.
            ValueError: `n` is negative.
        """
        n = checked_count(n, "turns")
        async with self._writing():
            return await settled(self._pop_turn(n))

    async def clear_session(self) -> None:
        """Remove all items, also those that do not decrypt. The session can be used again.

        Raises:
            SessionError: The session cannot be written.
        """
        async with self._writing():
            self._cleared += 1
            await settled(self._base.clear_session())

    @override
    async def purge(self) -> int:
        """Remove what has expired, as far as the session below can do that.

        Returns:
            How many items were removed.

        Raises:
            DecryptionError: A stored item does not decrypt; nothing was changed.
            SessionError: The session cannot be written.
        """
        async with self._writing():
            return await settled(self._purge(may_clear=True))

    @override
    async def rotate(self, new_key: EncryptionKey) -> bool:
        """Encrypt with another key from now on.

        Where the session below can replace its items, everything is encrypted anew in one go, and
        the old keys are dropped. Where it cannot, only what is added later has the new key, and the
        old ones are needed for reading: `encryption_key=[new, old]`.

        Args:
            new_key: As `encryption_key`.

        Returns:
            Whether everything has the new key, so that the old ones are needed no more.

        Raises:
            DecryptionError: A stored item does not decrypt; nothing was changed.
            SessionError: The session cannot be written; the old key goes on.
            TypeError: The key is neither a text nor bytes.
            ValueError: The key has the wrong length.
        """
        ring = self._ring.with_first(read_key(new_key))
        async with self._writing():
            return await settled(self._rotate(ring))


def _class_for(cls: type[S], base: Session) -> type[S]:
    """Give the class of an encrypted session around another one: what it can do is in its class.

    Args:
        cls: What was asked for: `EncryptedSession`, or a subclass of somebody.
        base: The session below.
    """
    abilities: list[type[Any]]
    if isinstance(base, LayeredSession):
        abilities = [each for each, need in LAYERED_ABILITIES if isinstance(base, need)]
        abilities.append(LayeredEncryption)
    else:
        abilities = [
            each for each, *needs in ABILITIES if all(isinstance(base, need) for need in needs)
        ]
    more = tuple(each for each in abilities if not issubclass(cls, each))
    if not more:
        return cls
    if (cls, more) not in _classes:
        names = {name: getattr(cls, name) for name in ("__module__", "__doc__", "__qualname__")}
        made: Any = type(cls)
        _classes[cls, more] = made(cls.__name__, (*more, cls), names)
    return cast("type[S]", _classes[cls, more])


_classes: dict[tuple[type[Any], tuple[type[Any], ...]], type[Any]] = {}
