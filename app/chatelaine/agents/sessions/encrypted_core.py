"""What an encrypted session does inside: reading until there is enough, and writing one by one."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from chatelaine.agents.errors import DecryptionError, SessionError
from chatelaine.agents.sessions.encoding import encoded
from chatelaine.agents.sessions.encrypted_envelope import (
    NO_ITEM,
    Opener,
    Sealer,
    ids_of,
    salt_of,
    written_of,
)
from chatelaine.agents.sessions.encrypted_history import Expiry, History, Reader, resealed
from chatelaine.agents.sessions.encrypted_keys import KeyRing, new_salt
from chatelaine.agents.sessions.protocol import (
    EVERYTHING,
    RewritableSession,
    RunHistory,
    Session,
    SessionSettings,
)
from chatelaine.agents.sessions.run_lock import RunKeyInFile, run_lease
from chatelaine.agents.sessions.running import as_run_session
from chatelaine.agents.sessions.settling import settled
from chatelaine.agents.sessions.turns import (
    is_note,
    item_limit,
    split_off,
    start_of_last,
    within,
)
from chatelaine.agents.sessions.validation import checked_id, checked_items

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from chatelaine.agents.items import Item, Origin, TResponseInputItem
    from chatelaine.agents.sessions.encrypted_keys import EncryptionKey

T = TypeVar("T")

_MANY = 200
"""Items from which on a worker thread does the work, so that the loop is not held up."""


class Mark(NamedTuple):
    """What a moment of an encrypted session is recognised by.

    Attributes:
        below: What the session below recognises it by.
        cleared: How often this object had cleared the session: those of others may not notice.
    """

    below: object
    cleared: int


class EncryptedCore(ABC):
    """The inner side of `EncryptedSession`; see there."""

    def _set_up(
        self,
        base: Session,
        session_id: str | None,
        ring: KeyRing,
        expiry: Expiry,
        *,
        skips: bool,
        validate: bool,
        clock: Callable[[], float],
    ) -> None:
        self.base_session = base
        self.session_settings: SessionSettings | None = getattr(base, "session_settings", None)
        self._base = as_run_session(base)
        self._own_id = None if session_id is None else checked_id(session_id)
        self._ring = ring
        self._expiry = expiry
        self._skips = skips
        self._validate = validate
        self._clock = clock
        # Before this moment nothing expires, as far as this object has seen.
        self._nothing_expires_before = 0
        self._cleared = 0

    @abstractmethod
    def _around(self, base: Session, session_id: str | None) -> EncryptedCore:
        """Make a session with the same keys and ways around another one."""

    @abstractmethod
    async def close(self) -> None:
        """See `EncryptedSession.close`."""

    @abstractmethod
    async def purge(self) -> int:
        """See `EncryptedSession.purge`."""

    @abstractmethod
    async def rotate(self, new_key: EncryptionKey) -> bool:
        """See `EncryptedSession.rotate`."""

    @property
    def session_id(self) -> str:
        """The id that items are bound to."""
        return self._own_id or self._base.session_id

    @session_id.setter
    def session_id(self, session_id: str) -> None:
        self._own_id = checked_id(session_id)

    # ------------------------------------------------------------------------ inside: reading

    async def _stored(self, window: int) -> RunHistory:
        return RunHistory(await self._base.get_items(window))

    async def _read(
        self, limit: int | None, read: Callable[[int], Awaitable[RunHistory]]
    ) -> RunHistory:
        wanted = item_limit(limit, self.session_settings)
        window = EVERYTHING if wanted is None else min(wanted, EVERYTHING)
        history, mark = await self._history(window, read, at_least=wanted)
        items: list[TResponseInputItem] = [*history.living_items]
        if wanted is not None:
            items = items[max(0, len(items) - wanted) :]
        return RunHistory(within(items, limit, self.session_settings), mark)

    async def _history(
        self,
        window: int = EVERYTHING,
        read: Callable[[int], Awaitable[RunHistory]] | None = None,
        at_least: int | None = None,
    ) -> tuple[History, object]:
        """Read the latest stored items, and more of them as long as they are too few.

        Args:
            window: How many.
            read: Reads them.
            at_least: How many have to be left when what does not decrypt or has expired is not
                counted.
        """
        while True:
            found = await (read or self._stored)(window)
            reader, history = await self._opened(found.items)
            if len(found.items) < window:
                self._note_expiry(history)
                break
            if history.problem:
                # What seems out of place may follow something that stands further ahead.
                window = EVERYTHING
            elif at_least is None or len(history.living) >= at_least:
                break
            else:
                window = min(2 * window, EVERYTHING)
        reader.accept(history)
        return history, found.mark

    async def _opened(self, stored: Sequence[Any]) -> tuple[Reader, History]:
        # Where nothing is stored, a session on a server may not even have an id.
        reader = self._reader(await self._bound_id() if stored else "")
        return reader, await self._off_loop(len(stored), partial(reader.read, stored))

    def _reader(self, session_id: str) -> Reader:
        opener = Opener(self._ring, session_id)
        return Reader(opener, self._expiry, self._now(), skips=self._skips)

    async def _bound_id(self) -> str:
        """Give the id that items are bound to; a server may only now say what it is."""
        session_id = self.session_id
        if not session_id and (ensure := getattr(self.base_session, "ensure", None)) is not None:
            await ensure()
            session_id = self.session_id
        if not session_id:
            raise SessionError(
                "The session below has no id to which items can be bound: give one, "
                "EncryptedSession(..., session_id=...)."
            )
        return session_id

    def _now(self) -> int:
        return int(self._clock() * 1000)

    async def _off_loop(self, count: int, work: Callable[[], T]) -> T:
        """Do something with so many items, on a worker thread where it takes a while."""
        if count > _MANY or (count and self._ring.is_slow):
            return await asyncio.to_thread(work)
        return work()

    # ------------------------------------------------------------------------ inside: writing

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[None]:
        """Keep other writers out: each item is bound to the one before it."""
        key = _key_for_writing(self._base.run_key, _depth_of(self.base_session))
        lease = await run_lease(key, wait=True)
        try:
            yield
        finally:
            lease.release()

    async def _append(
        self,
        items: Sequence[TResponseInputItem],
        origin: Origin | None,
        send: Callable[[list[TResponseInputItem]], Awaitable[bool]],
        *,
        may_clear: bool,
    ) -> bool:
        texts = encoded(checked_items(items, validate=self._validate))
        if not texts:
            return await settled(send([]))
        async with self._writing():
            return await settled(self._seal_and_send(texts, origin, send, may_clear=may_clear))

    async def _seal_and_send(
        self,
        texts: list[str],
        origin: Origin | None,
        send: Callable[[list[TResponseInputItem]], Awaitable[bool]],
        *,
        may_clear: bool,
    ) -> bool:
        if self._expiry.ttl is not None and self._now() >= self._nothing_expires_before:
            await self._purge(may_clear=may_clear)
        _, history = await self._opened(await self._base.get_items(1))
        if history.stored and not history.opened:
            _, history = await self._opened(await self._base.get_items(EVERYTHING))
        session_id = await self._bound_id()
        latest = history.latest
        salt = new_salt() if latest is None else salt_of(latest)
        before = ids_of(history.stored)
        # Never earlier than what is there: the clock may have been set back.
        written = max(self._now(), 0 if latest is None else written_of(latest))

        def seal() -> list[TResponseInputItem]:
            sealer = Sealer(
                self._ring.sealing(salt), salt, session_id, before[-1] if before else NO_ITEM
            )
            return [sealer.item(text, written, origin) for text in texts]

        return await send(await self._off_loop(len(texts), seal))

    async def _pop(self) -> Item | None:
        # Two, so that it is seen whether the last one stands where it was written.
        history, _ = await self._history(2)
        if not history.stored:
            return None
        if history.has_expired and not history.living:
            await self._purge(may_clear=True)
            return None
        if history.opened.positions[-1:] != [len(history.stored) - 1]:
            return await self._pop_readable()
        popped = await self._base.pop_item()
        if popped is None:
            return None
        return (await self._opened_or_put_back([popped]))[-1]

    async def _pop_readable(self) -> Item | None:
        """Remove the last item that decrypts, from before others that do not."""
        if not isinstance(self.base_session, RewritableSession):
            raise DecryptionError("The last item does not decrypt, and so it cannot be removed.")
        popped: list[Item] = []

        def rewrite(items: list[Item]) -> list[Item]:
            popped[:] = items[-1:]
            return items[:-1]

        await self._rewrite(self.base_session, rewrite)
        return popped[0] if popped else None

    async def _pop_turn(self, n: int) -> list[TResponseInputItem]:
        removed: list[TResponseInputItem] = []
        if isinstance(self.base_session, RewritableSession):

            def rewrite(items: list[Item]) -> list[Item]:
                kept, removed[:] = split_off(items, n)
                return kept

            await self._rewrite(self.base_session, rewrite)
            return removed
        history, _ = await self._history()
        start = start_of_last(history.living_items, n)
        if start is None:
            return []
        first = history.opened.positions[history.living[start]]
        if len(history.living) - start < len(history.stored) - first:
            raise DecryptionError("The turn has items that do not decrypt; it was not removed.")
        popped: list[TResponseInputItem] = []
        for _ in range(first, len(history.stored)):
            item = await self._base.pop_item()
            if item is None:
                break
            popped.insert(0, item)
        items = await self._opened_or_put_back(popped)
        notes = [item for item in items if is_note(item)]
        if notes:
            await self._seal_and_send(encoded(notes), None, self._send_notes, may_clear=False)
        return [item for item in items if not is_note(item)]

    async def _send_notes(self, sealed: list[TResponseInputItem]) -> bool:
        await self._base.add_items(sealed)
        return True

    async def _opened_or_put_back(self, popped: list[TResponseInputItem]) -> list[Item]:
        """Open what was popped. Somebody else may have added what nobody here can read."""
        try:
            _, history = await self._opened(popped)
            if history.is_whole:
                return history.items
        except DecryptionError:
            await self._base.add_items(popped)
            raise
        await self._base.add_items(popped)
        raise DecryptionError("The last item does not decrypt; it was not removed.")

    async def _purge(self, *, may_clear: bool) -> int:
        if self._expiry.ttl is None:
            return 0
        history, _ = await self._history()
        if not history.has_expired:
            return 0
        base = self.base_session
        if isinstance(base, RewritableSession):
            await self._rewrite(base, list)
        elif may_clear and history.is_whole and not history.living:
            await self._base.clear_session()
        else:
            return 0
        return len(history.opened) - len(history.living)

    def _note_expiry(self, history: History) -> None:
        """Note until when it need not be looked whether something has expired."""
        ttl = self._expiry.ttl
        if ttl is None:
            return
        can_remove = not history.living or isinstance(self.base_session, RewritableSession)
        if history.has_expired and can_remove:
            self._nothing_expires_before = 0
        else:
            self._nothing_expires_before = history.next_expiry or self._now() + ttl

    async def _rewrite(
        self,
        base: RewritableSession,
        rewrite: Callable[[list[Item]], Sequence[Item]],
        *,
        ring: KeyRing | None = None,
        session_id: str | None = None,
    ) -> bool:
        """Replace the items of the session below by what a function makes of those that live.

        Args:
            base: The session below.
            rewrite: Gets the items as they were added.
            ring: Other keys, with which all is sealed anew.
            session_id: Another id, to which all is bound anew.

        Returns:
            Whether all that is there now was sealed here or opens.
        """
        bound_id = await self._bound_id()
        salt = new_salt()
        if ring is not None or session_id is not None or self._ring.is_slow:
            # Not on the thread of the database, which others need.
            await self._off_loop(1, partial((ring or self._ring).sealing, salt))
        is_whole = True

        def replace_all(stored: list[Item]) -> list[Item]:
            nonlocal is_whole
            reader = self._reader(bound_id)
            history = reader.read(stored)
            reader.accept(history)
            is_whole = history.is_whole
            all_anew = ring is not None or session_id is not None
            own_salt = salt if all_anew or history.latest is None else salt_of(history.latest)

            def sealer_after(before: bytes | None) -> Sealer:
                return Sealer(
                    (ring or self._ring).sealing(own_salt),
                    own_salt,
                    session_id or bound_id,
                    before or NO_ITEM,
                )

            return resealed(
                history,
                rewrite,
                sealer_after,
                now=self._now(),
                validate=self._validate,
                all_anew=all_anew,
            )

        await base.rewrite_items(replace_all)
        return is_whole

    async def _rotate(self, ring: KeyRing) -> bool:
        base = self.base_session
        if not isinstance(base, RewritableSession):
            self._ring = ring
            return False
        is_whole = await self._rewrite(base, list, ring=ring)
        # What is read from now on may have either key.
        self._ring = ring
        self._ring = ring.only_first() if is_whole else ring
        return is_whole


def _depth_of(session: object) -> int:
    """Count the encrypted sessions that stand around each other: each has writers of its own."""
    depth = 0
    while session is not None:
        depth += isinstance(session, EncryptedCore)
        session = getattr(session, "base_session", None)
    return depth


def _key_for_writing(key: tuple[str, ...], depth: int) -> tuple[str, ...]:
    """Give what stands for writing to a conversation, which is another thing than a run on it."""
    parts = ("encrypted", str(depth), *key)
    if isinstance(key, RunKeyInFile):
        return RunKeyInFile.of(parts, key.database, f"encrypted\0{depth}\0{key.session_id}")
    return parts
