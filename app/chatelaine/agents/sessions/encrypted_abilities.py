"""What an encrypted session can do beyond the four methods, where the one below it can.

Whether a session can do a thing is asked with `isinstance`, and the answer is in its class. So each
ability is a class of its own here, and `class_for` puts together what a session can do.
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
from chatelaine.agents.sessions.encrypted import EncryptedSession
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
    LayeredSession,
    RewritableSession,
    Session,
    SessionInfo,
)
from chatelaine.agents.sessions.settling import settled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chatelaine.agents.items import Item

S = TypeVar("S", bound=EncryptedSession)
T = TypeVar("T")

_log = logging.getLogger(__name__)

_ENCRYPTED = "encrypted"
"""The key under which encrypted metadata stand in those of the session below."""

_WHERE_AGENT_IS_LOOKED_FOR = 16
"""How many of the last items may be without an origin before the last agent is not known."""


class RewritableEncryptedSession(EncryptedSession):
    """Around a `RewritableSession`."""

    async def rewrite_items(self, rewrite: Callable[[list[Item]], Sequence[Item]]) -> None:
        """See `RewritableSession.rewrite_items`.

        Raises:
            DecryptionError: A stored item does not decrypt; nothing was changed.
            SessionError: The items cannot be stored.
        """
        async with self._writing():
            await settled(self._rewrite(cast("RewritableSession", self.base_session), rewrite))


class ForkableEncryptedSession(EncryptedSession):
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
        copy = self._around(base, None if self._own_id is None else session_id)
        try:
            rewritable = cast("RewritableSession", base)
            await self._rewrite(rewritable, list, session_id=copy.session_id)
            await self._describe_copy(copy)
        except BaseException:
            # What cannot be read must not be left; the failure itself says more than another one.
            with suppress(SessionError):
                await base.clear_session()
            raise
        return cast("Self", copy)


class DescribedEncryptedSession(EncryptedSession):
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
            await settled(self._set_title(title, self._ring))

    async def set_metadata(self, metadata: Mapping[str, Any]) -> None:
        """See `DescribedSession.set_metadata`.

        Raises:
            SessionError: It cannot be stored as JSON.
        """
        if not isinstance(metadata, Mapping):
            raise SessionError("Metadata are a mapping.")
        (text,) = encoded([dict(metadata)])
        async with self._writing():
            await settled(self._set_metadata(text, self._ring))

    async def _set_title(self, title: str, ring: KeyRing) -> None:
        sealed = await self._sealed(json.dumps(title), TITLE, ring) if title else ""
        await cast("DescribedSession", self.base_session).set_title(sealed)

    async def _set_metadata(self, text: str, ring: KeyRing) -> None:
        sealed = {} if text == "{}" else {_ENCRYPTED: await self._sealed(text, METADATA, ring)}
        await cast("DescribedSession", self.base_session).set_metadata(sealed)

    async def _sealed(self, text: str, kind: bytes, ring: KeyRing) -> str:
        salt, session_id = new_salt(), await self._bound_id()

        def seal() -> str:
            sealer = Sealer(ring.sealing(salt), salt, session_id)
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
    async def _describe_anew(self, ring: KeyRing) -> None:
        info = await self.get_info()
        if info is not None and info.title:
            await self._set_title(info.title, ring)
        if info is not None and info.metadata:
            (text,) = encoded([dict(info.metadata)])
            await self._set_metadata(text, ring)

    @override
    async def _describe_copy(self, copy: Session) -> None:
        info = await self.get_info()
        if info is not None and isinstance(copy, DescribedSession):
            await copy.set_title(info.title)
            await copy.set_metadata(info.metadata)


_ABILITIES: tuple[tuple[type[EncryptedSession], type[Any], type[Any]], ...] = (
    (RewritableEncryptedSession, RewritableSession, Session),
    (ForkableEncryptedSession, ForkableSession, RewritableSession),
    (DescribedEncryptedSession, DescribedSession, Session),
)
"""What is to be able to do something, and what the session below has to be for it."""


def class_for(cls: type[S], base: Session) -> type[S]:
    """Give the class of an encrypted session around another one.

    Args:
        cls: What was asked for: `EncryptedSession`, or a subclass of somebody.
        base: The session below.
    """
    if isinstance(base, LayeredSession):
        from chatelaine.agents.sessions.encrypted_layers import LAYERED, LAYERED_ABILITIES

        abilities = (each for each, is_one in LAYERED_ABILITIES if isinstance(base, is_one))
        return combined(cls, *abilities, LAYERED)
    return combined(
        cls,
        *(
            ability
            for ability, *needs in _ABILITIES
            if all(isinstance(base, each) for each in needs)
        ),
    )


def combined(cls: type[S], *abilities: type[EncryptedSession]) -> type[S]:
    """Give the class that is all of these; it goes by the name of the first."""
    more = tuple(each for each in abilities if not issubclass(cls, each))
    if not more:
        return cls
    bases: tuple[type[Any], ...] = (*more, cls) if cls is EncryptedSession else (cls, *more)
    if bases not in _classes:
        names = {name: getattr(cls, name) for name in ("__module__", "__doc__", "__qualname__")}
        _classes[bases] = type(cls.__name__, bases, names)
    return _classes[bases]


_classes: dict[tuple[type[Any], ...], type[Any]] = {}
