from __future__ import annotations

import asyncio
import gc
import warnings

import pytest

from chatelaine.gui.tasks import TaskScope


class Errors(list[BaseException]):
    """Collects what a scope reports, and lets a test wait for it."""

    def __init__(self) -> None:
        super().__init__()
        self.reported = asyncio.Event()

    def __call__(self, error: BaseException) -> None:
        self.append(error)
        self.reported.set()


async def test_a_started_coroutine_runs() -> None:
    errors = Errors()
    scope = TaskScope(errors)
    ran = asyncio.Event()

    async def work() -> None:
        ran.set()

    scope.start(work(), name="work")
    await asyncio.wait_for(ran.wait(), 5)
    await scope.close()
    assert errors == []


async def test_an_error_is_reported_once_and_leaves_the_other_tasks_alone() -> None:
    errors = Errors()
    scope = TaskScope(errors)
    failure = ValueError("made for the test")
    go, went = asyncio.Event(), asyncio.Event()

    async def fail() -> None:
        raise failure

    async def wait() -> None:
        await go.wait()
        went.set()

    scope.start(wait(), name="wait")
    scope.start(fail(), name="fail")
    await asyncio.wait_for(errors.reported.wait(), 5)
    go.set()
    await asyncio.wait_for(went.wait(), 5)
    await scope.close()
    assert errors == [failure]


async def test_cancelling_by_name_ends_every_task_of_that_name_and_is_no_error() -> None:
    errors = Errors()
    scope = TaskScope(errors)
    ended: list[str] = []
    started = asyncio.Semaphore(0)
    all_ended = asyncio.Semaphore(0)

    async def wait(label: str) -> None:
        started.release()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(label)
            all_ended.release()

    scope.start(wait("first"), name="turn")
    scope.start(wait("second"), name="turn")
    scope.start(wait("other"), name="search")
    for _ in range(3):
        await asyncio.wait_for(started.acquire(), 5)
    scope.cancel("turn")
    scope.cancel("a name that nobody has")
    for _ in range(2):
        await asyncio.wait_for(all_ended.acquire(), 5)
    assert sorted(ended) == ["first", "second"]
    await scope.close()
    assert ended[-1] == "other"
    assert errors == []


async def test_a_task_replaces_the_one_started_before_it_under_the_same_key() -> None:
    errors = Errors()
    scope = TaskScope(errors)
    log: list[str] = []
    never, finish, finished = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def load(label: str, until: asyncio.Event) -> None:
        try:
            await until.wait()
            log.append(f"{label} ready")
            finished.set()
        except asyncio.CancelledError:
            log.append(f"{label} cancelled")
            raise

    scope.start(load("one", never), name="load 1", replace="load")
    scope.start(load("bystander", never), name="load 1")
    await asyncio.sleep(0)  # one round of the loop: both have begun
    scope.start(load("two", finish), name="load 2", replace="load")
    finish.set()
    await asyncio.wait_for(finished.wait(), 5)
    assert log == ["one cancelled", "two ready"]

    finished.clear()
    scope.start(load("three", finish), name="load 3", replace="load")
    await asyncio.wait_for(finished.wait(), 5)
    assert log == ["one cancelled", "two ready", "three ready"]
    await scope.close()
    assert log[-1] == "bystander cancelled"
    assert errors == []


async def test_a_running_task_is_kept_alive_by_the_scope_alone() -> None:
    scope = TaskScope(Errors())
    started, finished = asyncio.Event(), asyncio.Event()
    waiting: list[asyncio.Event] = []

    async def work() -> None:
        mine = asyncio.Event()
        waiting.append(mine)
        started.set()
        await mine.wait()
        finished.set()

    scope.start(work(), name="work")
    await asyncio.wait_for(started.wait(), 5)
    gc.collect()
    waiting.pop().set()
    await asyncio.wait_for(finished.wait(), 5)
    await scope.close()


async def test_close_waits_for_the_clean_up_and_reports_what_fails_in_it() -> None:
    errors = Errors()
    scope = TaskScope(errors)
    started = asyncio.Event()
    log: list[str] = []

    async def work() -> None:
        try:
            started.set()
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            log.append("cleaned up")
            raise OSError("made for the test")

    scope.start(work(), name="work")
    await asyncio.wait_for(started.wait(), 5)
    await scope.close()
    assert log == ["cleaned up"]
    assert [type(error) for error in errors] == [OSError]


async def test_a_task_may_close_the_scope_it_belongs_to() -> None:
    errors = Errors()
    scope = TaskScope(errors)
    quitting = asyncio.Event()
    log: list[str] = []

    async def other() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            log.append("other ended")

    async def leave() -> None:
        await asyncio.sleep(0)
        await scope.close()
        log.append("closed")
        quitting.set()

    scope.start(other(), name="other")
    scope.start(leave(), name="leave")
    await asyncio.wait_for(quitting.wait(), 5)
    assert log == ["other ended", "closed"]
    assert errors == []


async def test_a_closed_scope_starts_nothing_and_leaves_no_coroutine_unawaited() -> None:
    scope = TaskScope(Errors())
    await scope.close()
    ran: list[bool] = []

    async def work() -> None:
        ran.append(True)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scope.start(work(), name="work")
        gc.collect()
    await asyncio.sleep(0)
    assert ran == []


async def test_nothing_can_be_started_where_no_loop_runs() -> None:
    scope = TaskScope(Errors())

    async def work() -> None:
        pass

    def outside() -> None:
        coro = work()
        try:
            with pytest.raises(RuntimeError, match="no running event loop"):
                scope.start(coro, name="work")
        finally:
            coro.close()

    await asyncio.to_thread(outside)
    await scope.close()
