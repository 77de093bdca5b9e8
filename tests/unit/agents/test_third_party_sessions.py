"""Sessions of somebody else, with the four methods only: a run treats them as well as ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest
from typing_extensions import override

from chatelaine.agents.runner import Runner
from chatelaine.agents.sessions.running import as_run_session
from chatelaine.agents.testing import Call, ScriptedModel
from contracts.session import SessionContract, texts
from contracts.session_base import looking_agent
from contracts.third_party import PlainShelfSession, Shelf, ShelfSession

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatelaine.agents.sessions.protocol import Session


class Asked:
    """A session with plain methods, as the tests ask it: with `await`."""

    def __init__(self, plain: PlainShelfSession) -> None:
        self.plain = plain
        self.session_id = plain.session_id

    @property
    def session_settings(self) -> Any:
        return self.plain.session_settings

    @session_settings.setter
    def session_settings(self, settings: Any) -> None:
        self.plain.session_settings = settings

    async def get_items(self, limit: int | None = None) -> list[dict[str, Any]]:
        return self.plain.get_items(limit)

    async def add_items(self, items: Sequence[Any]) -> None:
        self.plain.add_items(items)

    async def pop_item(self) -> dict[str, Any] | None:
        return self.plain.pop_item()

    async def clear_session(self) -> None:
        self.plain.clear_session()


class TestASessionOfSomebodyElse(SessionContract):
    validates = False
    capabilities = frozenset()

    @pytest.fixture(autouse=True)
    def _shelf(self) -> None:
        self.shelf: Shelf = {}

    @override
    async def make_session(self, session_id: str) -> Session:
        return ShelfSession(session_id, self.shelf)


class TestASessionWithPlainMethods(SessionContract):
    validates = False
    capabilities = frozenset()

    @pytest.fixture(autouse=True)
    def _shelf(self) -> None:
        self.shelf: Shelf = {}

    @override
    async def make_session(self, session_id: str) -> Session:
        return Asked(PlainShelfSession(session_id, self.shelf))

    @override
    def handed(self, session: Session) -> Session:
        # The protocol says that methods are coroutines; runners are more generous.
        return cast("Any", session).plain  # type: ignore[no-any-return]  # a session by its methods


async def test_a_session_without_id_and_settings_will_do() -> None:
    """Nothing but the methods is needed."""

    class Bare:
        def __init__(self) -> None:
            self.items: list[Any] = []

        def get_items(self, limit: int | None = None) -> list[Any]:
            return self.items if limit is None else self.items[-limit:]

        def add_items(self, items: Sequence[Any]) -> None:
            self.items += items

        def pop_item(self) -> Any:
            return self.items.pop()

        def clear_session(self) -> None:
            self.items.clear()

    bare: Any = Bare()
    with ScriptedModel([[Call("look")], "Nothing.", "Still nothing."]) as model:
        agent = looking_agent(model)
        await Runner.run(agent, "What is there?", session=bare)
        await Runner.run(agent, "And now?", session=bare)
    assert texts(bare.items)[-1] == "Still nothing."
    assert as_run_session(bare).run_key == as_run_session(bare).run_key
