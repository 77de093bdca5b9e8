"""Any session as one that a run can use: what it cannot do itself is done for it."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, cast

from typing_extensions import override

from chatelaine.agents.sessions.protocol import RunHistory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatelaine.agents.items import Origin, TResponseInputItem
    from chatelaine.agents.sessions.protocol import RunSession, Session, SessionSettings


class PlainSession:
    """A session with the four methods only, as a `RunSession`. The methods may also be plain ones.

    It has no state of its own: as many as one likes can be made of one session.

    Attributes:
        session: The session itself.
        session_id: Its id; "" where it has none.
        session_settings: Its settings; None where it has none.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.session_id: str = getattr(session, "session_id", "")
        self.session_settings: SessionSettings | None = getattr(session, "session_settings", None)

    @override
    def __repr__(self) -> str:
        return f"PlainSession({self.session!r})"

    async def get_items(self, limit: int | None = None) -> list[TResponseInputItem]:
        """See `Session.get_items`."""
        if limit is None:
            return list(await _awaited(self.session.get_items()))
        return list(await _awaited(self.session.get_items(limit=limit)))

    async def add_items(self, items: Sequence[TResponseInputItem]) -> None:
        """See `Session.add_items`."""
        await _awaited(self.session.add_items(list(items)))

    async def pop_item(self) -> TResponseInputItem | None:
        """See `Session.pop_item`."""
        item: TResponseInputItem | None = await _awaited(self.session.pop_item())
        return item

    async def clear_session(self) -> None:
        """See `Session.clear_session`."""
        await _awaited(self.session.clear_session())

    @property
    def run_key(self) -> tuple[str, ...]:
        """The object: whether another one is the same conversation cannot be known."""
        kind = type(self.session)
        return (f"{kind.__module__}.{kind.__qualname__}", str(id(self.session)))

    async def begin_run(self, limit: int | None = None) -> RunHistory:
        """See `RunSession.begin_run`."""
        return RunHistory(await self.get_items(limit))

    async def add_run_items(
        self,
        items: Sequence[TResponseInputItem],
        origin: Origin,  # noqa: ARG002 - there is no place for it
        mark: object,  # noqa: ARG002 - that it was cleared cannot be seen
    ) -> bool:
        """See `RunSession.add_run_items`; they are always added."""
        await self.add_items(items)
        return True


_BEYOND_A_SESSION = ("begin_run", "add_run_items", "run_key", "session_settings")


def as_run_session(session: Session) -> RunSession:
    """Give a session as one that a run can use: itself where it is one, else a `PlainSession`."""
    # What `isinstance(session, RunSession)` says, which would cost a tenth of a short run.
    if all(hasattr(session, name) for name in _BEYOND_A_SESSION):
        return cast("RunSession", session)
    return PlainSession(session)


async def _awaited(value: Any) -> Any:
    """Await what is awaitable: a session of others may be written without `async`."""
    return await value if inspect.isawaitable(value) else value
