"""What an encrypted session can do beyond the four methods, where the one below it can.

Whether a session can do a thing is asked with `isinstance`, and the answer is in its class. So each
ability is a class of its own here, and `EncryptedSession` is put together of those that it has.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from typing_extensions import override

from chatelaine.agents.errors import DecryptionError, SessionError
from chatelaine.agents.sessions.encoding import encoded
from chatelaine.agents.sessions.encrypted_core import EncryptedCore
from chatelaine.agents.sessions.encrypted_envelope import (
    METADATA,
    TITLE,
    Opener,
    Sealer,
    Unopened,
)
from chatelaine.agents.sessions.encrypted_keys import KeyRing, new_salt
from chatelaine.agents.sessions.protocol import (
    DescribedSession,
    ForkableSession,
    RewritableSession,
    Session,
    SessionInfo,
)
from chatelaine.agents.sessions.settling import settled
from chatelaine.agents.sessions.validation import checked_title

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chatelaine.agents.items import Item

T = TypeVar("T")

_log = logging.getLogger(__name__)

_ENCRYPTED = "encrypted"
"""The key under which encrypted metadata stand in those of the session below."""

_WHERE_AGENT_IS_LOOKED_FOR = 16
"""How many of the last items may be without an origin before the last agent is not known."""


class RewritableEncryption(EncryptedCore):
    """Around a `RewritableSession`."""

    async def rewrite_items(self, rewrite: Callable[[list[Item]], Sequence[Item]]) -> None:
        """See `RewritableSession.rewrite_items`.

        Raises:
            DecryptionError: A stored item does not decrypt; nothing was changed.
            SessionError: The items cannot be stored.
        """
        async with self._writing():
            await settled(self._rewrite(cast("RewritableSession", self.base_session), rewrite))


class ForkableEncryption(EncryptedCore):
    """Around a session that is both a `ForkableSession` and a `RewritableSession`."""

    async def fork(self, session_id: str) -> Self:
        """See `ForkableSession.fork`. The copy is encrypted anew, for its own id.

        Raises:
            DecryptionError: A stored item does not decrypt; there is no copy.
            SessionError: A conversation with this id exists already.
        """
        async with self._writing():
            return await settled(self._fork(session_id))

    async def _fork(self, session_id: str) -> Self:
        await self._history()
        base = await cast("ForkableSession", self.base_session).fork(session_id)
        copy: EncryptedCore = self._around(base, None if self._own_id is None else session_id)
        try:
            rewritable = cast("RewritableSession", base)
            await self._rewrite(rewritable, list, session_id=copy.session_id)
            await _describe_alike(self, copy)
        except BaseException:
            # What cannot be read must not be left; the failure itself says more than another one.
            with suppress(SessionError):
                await base.clear_session()
            raise
        return cast("Self", copy)


async def _describe_alike(session: object, copy: object) -> None:
    """Give a copy the title and metadata of a session, where they have any."""
    if isinstance(session, DescribedSession) and isinstance(copy, DescribedSession):
        info = await session.get_info()
        if info is not None:
            await copy.set_title(info.title)
            await copy.set_metadata(info.metadata)


class DescribedEncryption(EncryptedCore):
    """Around a `DescribedSession`. Title and metadata are encrypted like items."""

    async def get_info(self) -> SessionInfo | None:
        """See `DescribedSession.get_info`.

        Raises:
            DecryptionError: The title or the metadata do not decrypt.
            SessionError: They cannot be read.
        """
        info = await cast("DescribedSession", self.base_session).get_info()
        if info is None:
            return None
        title = ""
        metadata: Mapping[str, Any] = {}
        if info.title:
            title = await self._opened_value(info.title, TITLE, "")
        if info.metadata:
            stored = info.metadata.get(_ENCRYPTED) if len(info.metadata) == 1 else None
            metadata = await self._opened_value(stored, METADATA, {})
        return replace(
            info,
            session_id=self.session_id,
            title=title,
            metadata=metadata,
            last_agent=info.last_agent or await self._last_agent(),
        )

    async def set_title(self, title: str) -> None:
        """See `DescribedSession.set_title`.

        Raises:
            SessionError: It cannot be stored.
        """
        async with self._writing():
            await settled(self._set_title(checked_title(title)))

    async def set_metadata(self, metadata: Mapping[str, Any]) -> None:
        """See `DescribedSession.set_metadata`.

        Raises:
            SessionError: It cannot be stored as JSON.
        """
        if not isinstance(metadata, Mapping):
            raise SessionError("Metadata are a mapping.")
        (text,) = encoded([dict(metadata)])
        async with self._writing():
            await settled(self._set_metadata(text))

    async def _set_title(self, title: str) -> None:
        sealed = await self._sealed(json.dumps(title), TITLE) if title else ""
        await cast("DescribedSession", self.base_session).set_title(sealed)

    async def _set_metadata(self, text: str) -> None:
        sealed = {} if text == "{}" else {_ENCRYPTED: await self._sealed(text, METADATA)}
        await cast("DescribedSession", self.base_session).set_metadata(sealed)

    async def _sealed(self, text: str, kind: bytes) -> str:
        salt, session_id = new_salt(), await self._bound_id()

        def seal() -> str:
            sealer = Sealer(self._ring.sealing(salt), salt, session_id)
            return sealer.text(text.encode(), self._now(), kind)

        return await self._off_loop(1, seal)

    async def _opened_value(self, stored: object, kind: bytes, otherwise: T) -> T:
        opener = Opener(self._ring, await self._bound_id())
        try:
            plain = await self._off_loop(1, partial(opener.text, stored, kind))
        except Unopened as reason:
            if self._skips:
                _log.warning("the %s of an encrypted session cannot be decrypted", kind.decode())
                return otherwise
            raise DecryptionError(
                f"The {kind.decode()} of the session cannot be decrypted: {reason}."
            ) from None
        value: T = json.loads(plain)
        return value

    async def _last_agent(self) -> str:
        history, _ = await self._history(_WHERE_AGENT_IS_LOOKED_FOR)
        known = history.opened.origins
        last = max((index for index in history.living if index in known), default=None)
        return "" if last is None else known[last].agent

    @override
    async def _rotate(self, ring: KeyRing) -> bool:
        info = await self.get_info()
        is_whole = await super()._rotate(ring)
        if info is not None:
            # The old keys are kept until nothing needs them.
            rotated, self._ring = self._ring, ring
            await self._describe(info)
            self._ring = rotated
        return is_whole

    async def _describe(self, info: SessionInfo) -> None:
        if info.title:
            await self._set_title(info.title)
        if info.metadata:
            (text,) = encoded([dict(info.metadata)])
            await self._set_metadata(text)


ABILITIES: tuple[tuple[type[EncryptedCore], type[Any], type[Any]], ...] = (
    (RewritableEncryption, RewritableSession, Session),
    (ForkableEncryption, ForkableSession, RewritableSession),
    (DescribedEncryption, DescribedSession, Session),
)
"""What is to be able to do something, and what the session below has to be for it."""
