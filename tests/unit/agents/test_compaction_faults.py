"""Compaction when things go wrong: failing models, cancellation, changes meanwhile."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from chatelaine.agents.agent import Agent
from chatelaine.agents.errors import ConnectionFailed, SessionUnavailable
from chatelaine.agents.events import Usage
from chatelaine.agents.items import assistant_message, user_message
from chatelaine.agents.models.protocol import ModelRequest, ModelResponse
from chatelaine.agents.runner import Runner
from chatelaine.agents.sessions import compaction_progress, compaction_summary
from chatelaine.agents.sessions.compaction import CompactionSession
from chatelaine.agents.sessions.sqlite import SQLiteSession
from chatelaine.agents.testing import Call, Gate, Pause, ScriptedModel
from contracts.cancelling import each_cancellation
from contracts.session import texts
from contracts.third_party import Shelf, ShelfSession
from contracts.validity import problems
from support.until import until, wait_until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from chatelaine.agents.sessions.compaction import When
    from support.guards import LogWatch

SECRET = "the password is swordfish"
FAILED = "could not be summarised: "


def exchanges(*numbers: int) -> list[dict[str, Any]]:
    return [
        item
        for number in numbers
        for item in (user_message(f"question {number}"), assistant_message(f"answer {number}"))
    ]


def has_summary(view: list[Any]) -> bool:
    return any(text.startswith("Summary of the conversation") for text in texts(view))


def said(session: CompactionSession) -> Any:
    return session.get_items(include_archived=True)


class Answering:
    """A model that answers with items of its own."""

    name = "answering"

    def __init__(self, *items: Any) -> None:
        self.items = items

    async def stream(self, request: ModelRequest) -> AsyncIterator[Any]:
        assert request.input
        yield ModelResponse(self.items, Usage(requests=1))

    async def aclose(self) -> None:
        """Do nothing."""


class Ending(Answering):
    """A model whose answer ends before it is there."""

    @override
    async def stream(self, request: ModelRequest) -> AsyncIterator[Any]:
        for each in self.items:
            yield each


def refusal() -> dict[str, Any]:
    part = {"type": "refusal", "refusal": SECRET}
    return {"type": "message", "role": "assistant", "status": "completed", "content": [part]}


# ---------------------------------------------------------------------------- models that fail


@pytest.mark.parametrize("on", ["after_run", "background", "before_run"])
@pytest.mark.parametrize(
    ("model", "kind"),
    [
        pytest.param(ScriptedModel([ConnectionFailed(SECRET)]), "ConnectionFailed", id="failure"),
        pytest.param(ScriptedModel([OSError(SECRET)]), "OSError", id="another failure"),
        pytest.param(Answering(refusal()), "RequestRefused", id="refusal"),
        pytest.param(Answering(), "ResponseUnreadable", id="nothing"),
        pytest.param(Answering(assistant_message(" \n")), "ResponseUnreadable", id="blank"),
        pytest.param(
            Answering(assistant_message(SECRET, status="incomplete")),
            "ResponseUnreadable",
            id="cut off",
        ),
        pytest.param(Answering(assistant_message("x" * 30_000)), "ResponseUnreadable", id="long"),
        pytest.param(Ending(), "ResponseUnreadable", id="no end"),
        pytest.param(ScriptedModel([[Call("look")]]), "ResponseUnreadable", id="a call"),
    ],
)
async def test_where_no_summary_comes_about_everything_is_as_before(
    model: Any, kind: str, on: When, logs: LogWatch
) -> None:
    if isinstance(model, ScriptedModel):
        model = ScriptedModel([*model._steps])
    base = SQLiteSession("one")
    async with CompactionSession(base, 2, model, keep_recent=1, on=on) as session:
        logs.expect(f"{FAILED}{kind}$")
        with ScriptedModel(["one", "two"]) as answering:
            agent = Agent("A", model=answering)
            await Runner.run(agent, "1", session=session)
            result = await Runner.run(agent, "2", session=session)
        assert result.final_output == "two"
        assert texts(await session.get_items()) == ["1", "one", "2", "two"]
        assert len(await base.get_items()) == 4
    assert all(SECRET not in record.getMessage() for record in logs.records)
    assert all(record.exc_info is None for record in logs.records)


async def test_a_model_that_takes_too_long_is_given_up(
    monkeypatch: pytest.MonkeyPatch, logs: LogWatch
) -> None:
    monkeypatch.setattr(compaction_summary, "PATIENCE", 0.01)
    model = ScriptedModel([[Gate(), "late"]])
    logs.expect(f"{FAILED}TimeoutError")
    async with CompactionSession(SQLiteSession("one"), 2, model, keep_recent=1) as session:
        await session.add_items(exchanges(1, 2))
        assert await session.get_items() == exchanges(1, 2)
    assert model.interrupted == 1


@pytest.mark.parametrize("on", ["after_run", "before_run"])
async def test_it_is_tried_again_when_there_is_more_and_not_before(
    on: When, logs: LogWatch
) -> None:
    logs.expect(f"{FAILED}ConnectionFailed")
    model = ScriptedModel([ConnectionFailed("gone"), "They spoke."])
    async with CompactionSession(SQLiteSession("one"), 2, model, keep_recent=1, on=on) as session:
        await session.add_items(exchanges(1, 2))
        for _ in range(3):
            assert not has_summary(await session.get_items())
        await session.add_items([{"role": "system", "content": "Be formal."}])
        assert len(model.requests) == 1
        await session.add_items(exchanges(3))
        assert has_summary(await session.get_items())
    assert len(model.requests) == 2


async def test_whoever_asks_for_it_by_hand_need_not_wait_for_more(logs: LogWatch) -> None:
    logs.expect(f"{FAILED}ConnectionFailed")
    model = ScriptedModel([ConnectionFailed("gone"), "They spoke."])
    async with CompactionSession(SQLiteSession("one"), 2, model, keep_recent=1) as session:
        await session.add_items(exchanges(1, 2))
        assert await session.compact()
        assert has_summary(await session.get_items())


async def test_what_a_failed_summary_has_cost_is_told_too(logs: LogWatch) -> None:
    logs.expect(FAILED)
    async with CompactionSession(SQLiteSession("one"), 2, Answering(), keep_recent=1) as session:
        assert session.compaction_usage == Usage()
        await session.add_items(exchanges(1, 2))
        assert session.compaction_usage == Usage(requests=1)


# ---------------------------------------------------------------------------- stores that fail


class Failing(ShelfSession):
    """A store that stops working when it is told to."""

    calls_left = 10**6

    def _call(self) -> None:
        self.calls_left -= 1
        if self.calls_left < 0:
            raise SessionUnavailable(SECRET)

    @override
    async def get_items(self, limit: int | None = None) -> list[dict[str, Any]]:
        self._call()
        return await super().get_items(limit)

    @override
    async def add_items(self, items: Any) -> None:
        self._call()
        await super().add_items(items)


@pytest.mark.parametrize("works", range(1, 4))
async def test_a_store_that_fails_after_the_answer_was_kept_does_not_fail_the_run(
    works: int, logs: LogWatch
) -> None:
    logs.expect(f"{FAILED}SessionUnavailable")
    base = Failing("one", {})
    session = CompactionSession(base, 2, ScriptedModel(["They spoke."]), keep_recent=1)
    base.calls_left = works
    await session.add_items(exchanges(1, 2))
    base.calls_left = 10**6
    assert await session.get_items() == exchanges(1, 2)


@pytest.mark.parametrize("works", range(2))
async def test_what_was_popped_is_handed_over_although_the_summary_is_lost(
    works: int, logs: LogWatch
) -> None:
    logs.expect("a summary of a conversation was lost: SessionUnavailable")
    base = Failing("one", {})
    session = CompactionSession(base, 2, ScriptedModel(["They spoke."]), keep_recent=1)
    await session.add_items(exchanges(1, 2))
    assert has_summary(await session.get_items())
    base.calls_left = works
    assert await session.pop_item() == exchanges(2)[1]
    base.calls_left = 10**6
    assert await session.get_items() == exchanges(1, 2)[:3]


# ---------------------------------------------------------------------------- cancellation


@pytest.mark.parametrize("on", ["after_run", "before_run"])
@pytest.mark.parametrize("again_after", [None, 1, 2])
async def test_cancelled_anywhere_it_is_whole_or_absent(on: When, again_after: int | None) -> None:
    opened: list[CompactionSession] = []

    async def work() -> None:
        model = ScriptedModel([[Pause(0), "They ", Pause(0), "spoke."]])
        opened.append(CompactionSession(ShelfSession("one", {}), 2, model, keep_recent=1, on=on))
        await opened[-1].add_items(exchanges(1, 2))
        await opened[-1].get_items()

    ends = set()
    async for outcome in each_cancellation(work, again_after=again_after):
        assert outcome.error is None or outcome.was_cancelled
        (session, *_) = opened
        opened.clear()
        everything = await said(session)
        assert everything in ([], exchanges(1, 2))
        stored = await session.base_session.get_items()
        ends.add(len(stored))
        # It goes on from there.
        session._compactor.summariser.model = ScriptedModel(["They spoke again."])
        await session.add_items(exchanges(3, 4))
        view = await session.get_items()
        assert has_summary(view)
        assert view[1:] == exchanges(4)
        assert await said(session) == [*everything, *exchanges(3, 4)]
    assert {4, 5} <= ends


@pytest.mark.parametrize("again_after", [None, 1])
@pytest.mark.parametrize("turns", [True, False])
async def test_a_cancelled_pop_costs_no_item(turns: bool, again_after: int | None) -> None:
    opened: list[CompactionSession] = []

    async def work() -> None:
        shelf: Shelf = {}
        opened.append(
            CompactionSession(ShelfSession("one", shelf), 2, ScriptedModel(["So."]), keep_recent=1)
        )
        await opened[-1].add_items(exchanges(1, 2))
        opened.append(opened[-1])
        await (opened[-1].pop_turn() if turns else opened[-1].pop_item())

    async for _ in each_cancellation(work, again_after=again_after):
        session, *popped = opened
        opened.clear()
        if not popped:
            continue
        left = [exchanges(1, 2), exchanges(1, 2)[: 2 if turns else 3]]
        assert await said(session) in left
        view = await session.get_items()
        assert problems(view) == []
        # What was begun was brought to its end: the summary was put back.
        assert has_summary(view)


async def test_a_run_that_is_stopped_does_not_wait_for_a_summary_of_its_partial_answer() -> None:
    gate = Gate()
    model = ScriptedModel([["The beginning of ", gate, "a story"]])
    async with CompactionSession(SQLiteSession("one"), 2, ScriptedModel([])) as session:
        await session.base_session.add_items(exchanges(1, 2))
        async with asyncio.TaskGroup() as group:
            run = group.create_task(
                Runner.run(Agent("A", model=model), "Tell me a story.", session=session)
            )
            await gate.reached()
            run.cancel()
        assert texts(await session.get_items())[-1] == "The beginning of "


# ---------------------------------------------------------------------------- meanwhile


class During(CompactionSession):
    """One whose next summary waits until it is told to go on."""

    def __init__(self, base: Any, **more: Any) -> None:
        self.gate = Gate()
        super().__init__(
            base, 2, ScriptedModel([["They ", self.gate, "spoke."]]), keep_recent=1, **more
        )


@pytest.fixture(params=["sqlite", "others"])
def base(request: pytest.FixtureRequest) -> Any:
    return SQLiteSession("one") if request.param == "sqlite" else ShelfSession("one", {})


async def test_what_is_added_meanwhile_stays_after_the_summary(base: Any) -> None:
    async with During(base) as session, asyncio.TaskGroup() as group:
        adding = group.create_task(session.add_items(exchanges(1, 2)))
        await session.gate.reached()
        await session.add_items(exchanges(3))
        assert await session.get_items() == exchanges(1, 2, 3)
        session.gate.open()
        await adding
        view = await session.get_items()
        assert has_summary(view)
        assert view[1:] == exchanges(2, 3)
        assert await said(session) == exchanges(1, 2, 3)


@pytest.mark.parametrize("how", ["clear", "undo", "clear and begin again", "undo and go on"])
async def test_the_summary_is_dropped_where_what_it_replaces_has_changed(
    base: Any, how: str
) -> None:
    async with During(base) as session, asyncio.TaskGroup() as group:
        adding = group.create_task(session.add_items(exchanges(1, 2)))
        await session.gate.reached()
        await (session.clear_session() if how.startswith("clear") else session.pop_turn(2))
        expected = [] if how in ("clear", "undo") else exchanges(7)
        await session.add_items(expected)
        session.gate.open()
        await adding
        assert await session.get_items() == expected
        assert await base.get_items() == expected


async def test_the_same_conversation_begun_anew_is_another_one(base: Any) -> None:
    async with During(base) as session, asyncio.TaskGroup() as group:
        adding = group.create_task(session.add_items(exchanges(1, 2)))
        await session.gate.reached()
        await session.clear_session()
        await base.add_items(exchanges(1, 2))
        session.gate.open()
        await adding
        assert await session.get_items() == await said(session) == exchanges(1, 2)


async def test_an_undo_that_does_not_reach_what_it_replaces_changes_nothing(base: Any) -> None:
    async with During(base) as session, asyncio.TaskGroup() as group:
        adding = group.create_task(session.add_items(exchanges(1, 2)))
        await session.gate.reached()
        assert await session.pop_item() == exchanges(2)[1]
        session.gate.open()
        await adding
        view = await session.get_items()
        assert has_summary(view)
        assert view[1:] == exchanges(2)[:1]


async def test_a_run_that_goes_on_after_clearing_says_nothing_more(base: Any) -> None:
    async with CompactionSession(base, 2) as session:
        history = await session.begin_run()
        await session.clear_session()
        from chatelaine.agents.items import Origin

        assert not await session.add_run_items(exchanges(1), Origin("A"), history.mark)
        assert await session.get_items() == []


async def test_of_many_at_once_one_makes_the_summary(tmp_path: Path) -> None:
    gate = Gate()
    model = ScriptedModel([["They ", gate, "spoke."]])
    path = tmp_path / "sessions.db"
    sessions = [
        CompactionSession(SQLiteSession("one", path), 2, model, keep_recent=1) for _ in range(8)
    ]
    async with asyncio.TaskGroup() as group:
        first = group.create_task(sessions[0].add_items(exchanges(1, 2)))
        await gate.reached()
        for number, session in enumerate(sessions[1:], 3):
            await session.add_items(exchanges(number))
            assert not await session.compact(force=True)
        gate.open()
        await first
    assert len(model.requests) == 1
    assert [len(await session.get_items()) for session in sessions] == [17] * 8
    for session in sessions:
        await session.close()


# ---------------------------------------------------------------------------- in the background


async def test_in_the_background_the_run_does_not_wait_and_what_is_read_next_does() -> None:
    async with During(SQLiteSession("one"), on="background") as session:
        await session.add_items(exchanges(1, 2))
        await session.gate.reached()
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(session.get_items())
            beginning = group.create_task(session.begin_run())
            # Nobody who writes waits.
            await session.add_items(exchanges(3))
            assert not reading.done()
            session.gate.open()
        for view in (reading.result(), list(beginning.result().items)):
            assert has_summary(view)
            assert view[1:] == exchanges(2, 3)


async def test_a_cancelled_reader_leaves_the_summary_alone() -> None:
    async with During(SQLiteSession("one"), on="background") as session:
        await session.add_items(exchanges(1, 2))
        await session.gate.reached()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(session.get_items(), 0.01)
        session.gate.open()
        assert has_summary(await session.get_items())


async def test_closing_waits_for_the_background(tmp_path: Path) -> None:
    path = tmp_path / "sessions.db"
    session = During(SQLiteSession("one", path), on="background")
    await session.add_items(exchanges(1, 2))
    async with asyncio.TaskGroup() as group:
        closing = group.create_task(session.close())
        await session.gate.reached()
        assert not closing.done()
        session.gate.open()
    async with CompactionSession(SQLiteSession("one", path)) as later:
        assert has_summary(await later.get_items())


async def test_closing_that_is_cancelled_ends_the_background_and_closes() -> None:
    session = During(SQLiteSession("one"), on="background")
    await session.add_items(exchanges(1, 2))
    await session.gate.reached()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(session.close(), 0.01)
    assert not compaction_progress._going_on


class Lonely(Answering):
    """A model that waits for something that nobody else holds on to."""

    waits_for: weakref.ref[asyncio.Future[None]]

    @override
    async def stream(self, request: ModelRequest) -> AsyncIterator[Any]:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        Lonely.waits_for = weakref.ref(future)
        await future
        yield ModelResponse((assistant_message("They spoke."),))


async def test_a_session_that_is_forgotten_ends_its_work_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "sessions.db"
    session = CompactionSession(
        SQLiteSession("one", path), 2, Lonely(), keep_recent=1, on="background"
    )
    await session.add_items(exchanges(1, 2))
    await until(lambda: hasattr(Lonely, "waits_for"))
    del session
    gc.collect()
    future = Lonely.waits_for()
    assert future is not None
    future.set_result(None)
    del future
    await until(lambda: not compaction_progress._going_on)
    async with CompactionSession(SQLiteSession("one", path)) as later:
        assert has_summary(await later.get_items())


def test_a_loop_that_ends_takes_its_background_with_it(tmp_path: Path) -> None:
    path = tmp_path / "sessions.db"

    async def first() -> CompactionSession:
        session = During(SQLiteSession("one", path), on="background")
        await session.add_items(exchanges(1, 2))
        await session.gate.reached()
        return session

    async def second(session: CompactionSession) -> None:
        assert await session.get_items() == exchanges(1, 2)
        session._compactor.summariser.model = ScriptedModel(["They spoke."])
        await session.add_items(exchanges(3))
        assert has_summary(await session.get_items())
        await session.close()

    asyncio.run(second(asyncio.run(first())))


def test_a_loop_in_another_thread_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "sessions.db"
    reached, go_on = threading.Event(), threading.Event()

    async def first() -> None:
        session = During(SQLiteSession("one", path), on="background")
        await session.add_items(exchanges(1, 2))
        await session.gate.reached()
        reached.set()
        await asyncio.to_thread(go_on.wait)
        session.gate.open()
        await session.close()

    async def second() -> None:
        async with CompactionSession(SQLiteSession("one", path), 2, on="background") as session:
            assert await session.get_items() == exchanges(1, 2)
            assert not await session.compact()

    thread = threading.Thread(target=lambda: asyncio.run(first()))
    thread.start()
    wait_until(reached.is_set)
    asyncio.run(second())
    go_on.set()
    thread.join()


async def test_summaries_around_summaries_do_not_wait_for_each_other() -> None:
    inner = CompactionSession(
        SQLiteSession("one"), 4, ScriptedModel(["Inner."] * 9), on="background"
    )
    async with CompactionSession(
        inner, 2, ScriptedModel(["Outer."] * 9), keep_recent=1, on="background"
    ) as session:
        for number in range(6):
            await session.add_items(exchanges(number))
            assert problems(await session.get_items()) == []
        assert (await session.get_items())[-2:] == exchanges(5)
