"""Any session as one that a run can use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chatelaine.agents.items import Origin, user_message
from chatelaine.agents.sessions.protocol import RunHistory, RunSession, Session
from chatelaine.agents.sessions.running import PlainSession, as_run_session

if TYPE_CHECKING:
    from collections.abc import Sequence


class Sync:
    """Someone's own session: the four methods, none of them async, and nothing else."""

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []

    def get_items(self, limit: int | None = None) -> list[dict[str, Any]]:
        return self.items if limit is None else self.items[-limit:]

    def add_items(self, items: Sequence[dict[str, Any]]) -> None:
        self.items.extend(items)

    def pop_item(self) -> dict[str, Any] | None:
        return self.items.pop() if self.items else None

    def clear_session(self) -> None:
        self.items.clear()


def adapted(session: object) -> RunSession:
    return as_run_session(session)  # type: ignore[arg-type]  # what a third party passes


async def test_a_session_without_async_can_be_used() -> None:
    session = adapted(Sync())
    await session.add_items([user_message("a"), user_message("b")])
    assert await session.get_items() == [user_message("a"), user_message("b")]
    assert await session.get_items(1) == [user_message("b")]
    assert await session.pop_item() == user_message("b")
    await session.clear_session()
    assert await session.get_items() == []
    assert await session.pop_item() is None


async def test_a_run_reads_and_adds_by_the_four_methods() -> None:
    session = adapted(Sync())
    history = await session.begin_run()
    assert history == RunHistory([])
    assert await session.add_run_items([user_message("a")], Origin("Ada"), history.mark)
    assert (await session.begin_run(limit=5)).items == [user_message("a")]


async def test_what_is_read_is_not_the_list_of_the_session() -> None:
    own = Sync()
    session = adapted(own)
    await session.add_items([user_message("a")])
    (await session.get_items()).clear()
    assert own.items == [user_message("a")]


def test_the_same_object_is_the_same_conversation() -> None:
    one, other = Sync(), Sync()
    assert adapted(one).run_key == adapted(one).run_key
    assert adapted(one).run_key != adapted(other).run_key
    assert adapted(one).run_key[0].endswith("test_running.Sync")


def test_what_can_be_used_already_is_given_back() -> None:
    session = adapted(Sync())
    assert isinstance(session, PlainSession)
    assert isinstance(session, Session)
    assert as_run_session(session) is session


def test_an_adapter_has_the_id_and_settings_of_the_session() -> None:
    own = Sync()
    assert adapted(own).session_id == ""
    own.session_id = "mine"  # type: ignore[attr-defined]  # some have one
    assert adapted(own).session_id == "mine"
    assert adapted(own).session_settings is None
    assert "Sync" in repr(adapted(own))
