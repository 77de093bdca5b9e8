"""The session as one run uses it: read once, then written to, until it ends or is cleared."""

from __future__ import annotations

import copy
import inspect
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from chatelaine.agents.errors import UserError
from chatelaine.agents.model_view import from_first_turn
from chatelaine.agents.sessions.protocol import EVERYTHING, SessionSettings
from chatelaine.agents.sessions.run_lock import run_lease
from chatelaine.agents.sessions.settling import settled
from chatelaine.agents.sessions.turns import within

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatelaine.agents.items import Origin, TResponseInputItem
    from chatelaine.agents.run_config import RunConfig
    from chatelaine.agents.sessions.protocol import RunSession
    from chatelaine.agents.sessions.run_lock import RunLease

_log = logging.getLogger(__name__)


class RunMemory:
    """What a run remembers in its session.

    Args:
        session: The session; None where the run has none, and nothing is remembered.
        config: What was chosen for the run.

    Attributes:
        was_cleared: Whether the session was cleared during the run, so that nothing more is stored.
        lease: The right to run on the conversation, while it is had.
    """

    def __init__(self, session: RunSession | None, config: RunConfig) -> None:
        self.was_cleared = False
        self.lease: RunLease | None = None
        self._session = session
        self._config = config
        self._mark: object = None
        self._to_add: list[TResponseInputItem] = []
        self._added: list[TResponseInputItem] = []
        self._has_answer = False

    async def begin(self) -> None:
        """Get the right to run on the conversation.

        Raises:
            SessionBusy: Another run is going on, and this one is not to wait.
            UserError: The other run waits for this one.
        """
        if self._session is not None and self._config.on_busy != "allow":
            wait = self._config.on_busy == "wait"
            self.lease = await run_lease(self._session.run_key, wait=wait)

    def end(self) -> None:
        """Give the right up; done twice, it does nothing."""
        if self.lease is not None:
            self.lease.release()

    # ------------------------------------------------------------------------ the beginning

    async def read(self) -> list[TResponseInputItem]:
        """Give what the session has, as far as the settings allow.

        Raises:
            SessionError: It cannot be read.
        """
        session = self._session
        if session is None:
            return []
        settings = self._config.session_settings_over(session.session_settings)
        limit = settings.limit
        if limit is None and self._config.session_settings is not None:
            # The session must not bound by its own settings what those of the run replace.
            limit = EVERYTHING
        history = await session.begin_run(limit)
        self._mark = history.mark
        self.was_cleared = False
        items = within(list(history.items), None, settings)
        if settings.limit is not None and len(history.items) >= settings.limit:
            items = from_first_turn(items)
        return items

    async def input_of(
        self, given: list[TResponseInputItem], history: list[TResponseInputItem], *, is_list: bool
    ) -> list[TResponseInputItem]:
        """Give what the run begins with: what the session has, and what is new.

        Args:
            given: The input that was passed.
            history: What the session has.
            is_list: Whether the input was passed as a list of items.

        Raises:
            SessionError: The session cannot be read.
            UserError: The callback gave something else than items.
        """
        if self._session is None:
            return given
        new = self._to_add = given
        if is_list and (known := await self._known_of(given, history)):
            new = self._to_add = given[known:]
        if self._config.on_failed_turn != "keep" and new and history[-len(new) :] == new:
            # Asked again after a run that failed: it is there already, and has no answer.
            history, self._to_add = history[: -len(new)], []
        callback = self._config.session_input_callback
        if callback is None:
            return [*history, *new]
        made: Any = callback(copy.deepcopy(history), copy.deepcopy(new))
        if inspect.isawaitable(made):
            made = await made
        if not isinstance(made, list):
            raise UserError(
                "A session_input_callback gives the list of items that the model is to see; not "
                f"{type(made).__name__}."
            )
        for item in made:
            if not isinstance(item, Mapping):
                raise UserError(f"A session_input_callback gave {item!r}, which is no item.")
        return made

    async def add_input(self, origin: Origin) -> bool:
        """Store what is new; tell whether the session was not cleared since it was read.

        Raises:
            SessionError: It cannot be stored.
        """
        if self._session is None or not self._to_add:
            return True
        added = await settled(self._add(self._session, self._to_add, origin, is_input=True))
        self.was_cleared = not added
        return added

    async def _known_of(
        self, given: list[TResponseInputItem], history: list[TResponseInputItem]
    ) -> int:
        """Tell how many items of a list are the session's whole history, which it begins with."""
        if not history or len(given) < len(history) or history[-1] not in given:
            return 0
        if (
            self._session is not None
            and self._config.session_settings_over(self._session.session_settings)
            != SessionSettings()
        ):
            history = await self._session.get_items(EVERYTHING)
        count = len(history)
        if not count or given[:count] != history:
            return 0
        if len(given) == count and all(
            item.get("role", "assistant") != "assistant" for item in given
        ):
            return 0  # nothing was answered: the same was said again
        _log.warning(
            "the input begins with the %d items that the session has already; they are not stored "
            "again: pass only what is new, or run without the session",
            count,
        )
        return count

    # ------------------------------------------------------------------------ what follows

    async def keep(self, items: Sequence[TResponseInputItem], origin: Origin) -> None:
        """Store what a step produced. It is stored also if the caller is cancelled.

        Raises:
            SessionError: It cannot be stored.
        """
        if self._session is not None and items and not self.was_cleared:
            await settled(self._add(self._session, items, origin))

    async def take_input_back(self) -> None:
        """After a failure, take the input out again, where that is wanted and nothing followed."""
        session, added = self._session, self._added
        if self._config.on_failed_turn != "drop" or self._has_answer or not added:
            return
        if session is None or self.was_cleared:
            return
        try:
            await settled(_remove_last(session, added))
        except Exception as error:  # noqa: BLE001 - what ended the run matters more, and goes on
            _log.warning("a session did not give a question back: %s", type(error).__name__)

    async def _add(
        self,
        session: RunSession,
        items: Sequence[TResponseInputItem],
        origin: Origin,
        *,
        is_input: bool = False,
    ) -> bool:
        added = await session.add_run_items(items, origin, self._mark)
        if not added:
            self.was_cleared = True
        elif is_input:
            self._added = list(items)
        else:
            self._has_answer = True
        return added


async def _remove_last(session: RunSession, items: list[TResponseInputItem]) -> None:
    if await session.get_items(len(items)) == items:
        for _ in items:
            await session.pop_item()
