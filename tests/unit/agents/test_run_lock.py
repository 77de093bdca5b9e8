"""One run at a time on one conversation, over tasks, loops, threads and processes."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading
from contextlib import aclosing, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from chatelaine.agents.agent import Agent
from chatelaine.agents.errors import SessionBusy, UserError
from chatelaine.agents.events import StepEnded, TextDelta
from chatelaine.agents.items import Item
from chatelaine.agents.run_config import RunConfig
from chatelaine.agents.runner import Runner
from chatelaine.agents.sessions import byte_lock, run_lock
from chatelaine.agents.sessions.run_lock import RunKeyInFile, run_lease
from chatelaine.agents.sessions.sqlite import SQLiteSession
from chatelaine.agents.testing import Call, Gate, Pause, ScriptedModel, Step
from contracts.cancelling import each_cancellation
from contracts.validity import problems
from support.until import until, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = ("test", "one")


def texts(items: list[dict[str, Any]]) -> list[str]:
    return [Item(item).text for item in items]


def agent(*steps: Step, **more: Any) -> Agent:
    return Agent("A", model=ScriptedModel(steps), **more)


def waiting(key: tuple[str, ...] = KEY) -> int:
    """How many stand in the line, with the one that has its turn."""
    return len(run_lock._LINES._lines.get(key, ()))


@pytest.fixture(autouse=True)
def _nothing_is_left_behind() -> Iterator[None]:
    yield
    assert run_lock._LINES._lines == {}
    assert byte_lock._FILES._files == {}


# ---------------------------------------------------------------------------- the line


async def test_who_comes_first_runs_first() -> None:
    order: list[int] = []
    first = await run_lease(KEY, wait=True)

    async def run(number: int) -> None:
        lease = await run_lease(KEY, wait=True)
        order.append(number)
        await asyncio.sleep(0)
        lease.release()

    async with asyncio.TaskGroup() as group:
        for number in range(5):
            group.create_task(run(number))
            await until(lambda number=number: waiting() == number + 2)  # type: ignore[misc]  # bound now
        assert order == []
        first.release()
    assert order == [0, 1, 2, 3, 4]


async def test_other_conversations_need_not_wait() -> None:
    one, other = await run_lease(KEY, wait=False), await run_lease(("test", "two"), wait=False)
    one.release()
    other.release()


async def test_who_does_not_want_to_wait_is_told_at_once() -> None:
    lease = await run_lease(KEY, wait=True)
    with pytest.raises(SessionBusy, match="on_busy"):
        await run_lease(KEY, wait=False)
    lease.release()
    (await run_lease(KEY, wait=False)).release()


async def test_a_lease_is_released_once() -> None:
    first = await run_lease(KEY, wait=True)
    first.release()
    second = await run_lease(KEY, wait=True)
    first.release()
    with pytest.raises(SessionBusy):
        await run_lease(KEY, wait=False)
    second.release()


async def test_a_wait_that_is_cancelled_anywhere_holds_up_nobody() -> None:
    cancelled = 0

    async def line() -> None:
        lease = await run_lease(KEY, wait=True)
        try:
            await asyncio.sleep(0)
        finally:
            lease.release()

    async def run() -> None:
        holder = await run_lease(KEY, wait=True)
        asyncio.get_running_loop().call_soon(holder.release)
        other = asyncio.gather(line())
        await asyncio.gather(line(), other)

    async for outcome in each_cancellation(run):
        cancelled += outcome.was_cancelled
        await until(lambda: waiting() == 0)
    assert cancelled >= 1


async def test_a_turn_that_comes_with_the_cancellation_goes_to_the_next() -> None:
    first = await run_lease(KEY, wait=True)
    async with asyncio.TaskGroup() as group:
        second = group.create_task(run_lease(KEY, wait=True))
        await until(lambda: waiting() == 2)
        third = group.create_task(run_lease(KEY, wait=True))
        await until(lambda: waiting() == 3)
        # Its turn has come, but it is cancelled before it knows.
        first.release()
        second.cancel()
        (await third).release()


def test_threads_with_loops_of_their_own_take_turns() -> None:
    inside = overlaps = done = 0

    async def run() -> None:
        nonlocal inside, overlaps, done
        for _ in range(20):
            lease = await run_lease(KEY, wait=True)
            inside += 1
            overlaps += inside > 1
            await asyncio.sleep(0)
            inside -= 1
            done += 1
            lease.release()

    threads = [threading.Thread(target=asyncio.run, args=(run(),)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (overlaps, done) == (0, 100)


async def test_waiting_for_another_thread_does_not_block_the_loop() -> None:
    has_it, may_go = threading.Event(), threading.Event()

    async def other() -> None:
        lease = await run_lease(KEY, wait=True)
        has_it.set()
        await asyncio.to_thread(may_go.wait)
        lease.release()

    thread = threading.Thread(target=asyncio.run, args=(other(),))
    thread.start()
    await asyncio.to_thread(has_it.wait)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(run_lease(KEY, wait=True))
        await until(lambda: waiting() == 2)
        assert not task.done()
        may_go.set()
        (await task).release()
    thread.join()


def test_a_loop_that_was_closed_holds_up_nobody() -> None:
    def begun_and_left() -> object:
        loop = asyncio.new_event_loop()
        lease = loop.run_until_complete(run_lease(KEY, wait=True))
        loop.close()
        return lease

    left = begun_and_left()

    async def run() -> None:
        (await run_lease(KEY, wait=False)).release()

    asyncio.run(run())
    assert left is not None


def test_a_loop_that_was_closed_while_it_waited_is_passed_over() -> None:
    async def run() -> None:
        lease = await run_lease(KEY, wait=True)
        loop = asyncio.new_event_loop()

        def wait_and_close() -> None:
            pending = run_lease(KEY, wait=True)
            task = loop.create_task(pending)
            loop.call_soon(loop.stop)
            loop.run_forever()
            assert not task.done()
            # Nobody is told any more how it ended.
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            loop.close()
            left.append((pending, task))

        left: list[object] = []
        thread = threading.Thread(target=wait_and_close)
        thread.start()
        await asyncio.to_thread(thread.join)
        assert waiting() == 2
        lease.release()
        (await run_lease(KEY, wait=True)).release()
        assert left
        left.clear()

    asyncio.run(run())
    gc.collect()


# ---------------------------------------------------------------------------- runs


async def test_runs_at_once_on_one_session_do_not_mix() -> None:
    async with SQLiteSession("one") as session:
        steps: list[Step] = [["Answer ", Pause(0), "to it."]] * 8
        asked = agent(*steps)
        questions = [f"Question {number}" for number in range(8)]
        await asyncio.gather(*(Runner.run(asked, each, session=session) for each in questions))
        found = texts(await session.get_items())
    assert found[0::2] == questions
    assert found[1::2] == ["Answer to it."] * 8


def test_runs_in_several_threads_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "one.db"

    def run(name: str) -> None:
        for number in range(5):
            session = SQLiteSession("one", path)
            Runner.run_sync(agent([f"{name} ", Pause(0), "it is."]), f"{name}?", session=session)
            assert number < 5

    threads = [threading.Thread(target=run, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    async def items() -> list[dict[str, Any]]:
        async with SQLiteSession("one", path) as session:
            return await session.get_items()

    found = texts(asyncio.run(items()))
    assert len(found) == 40
    for question, answer in zip(found[0::2], found[1::2], strict=True):
        assert answer == f"{question[0]} it is."


async def test_a_run_that_is_not_to_wait_is_refused_and_changes_nothing() -> None:
    gate = Gate()
    async with SQLiteSession("one") as session, asyncio.TaskGroup() as group:
        run = group.create_task(Runner.run(agent([gate, "Yes."]), "?", session=session))
        await gate.reached()
        error = RunConfig(on_busy="error")
        with pytest.raises(SessionBusy):
            await Runner.run(agent("No."), "Me too?", session=session, run_config=error)
        assert texts(await session.get_items()) == ["?"]
        gate.open()
        await run
        result = await Runner.run(agent("No."), "Me too?", session=session, run_config=error)
        assert result.final_output == "No."


async def test_runs_that_are_allowed_to_mix_do_not_wait() -> None:
    gate = Gate()
    async with SQLiteSession("one") as session, asyncio.TaskGroup() as group:
        run = group.create_task(Runner.run(agent([gate, "Yes."]), "?", session=session))
        await gate.reached()
        allow = RunConfig(on_busy="allow")
        await Runner.run(agent("No."), "Me too?", session=session, run_config=allow)
        gate.open()
        await run
        assert texts(await session.get_items()) == ["?", "Me too?", "No.", "Yes."]


@pytest.mark.parametrize("again_after", [None, 1, 2])
async def test_a_run_that_is_cancelled_anywhere_lets_the_next_one_run(
    tmp_path: Path, again_after: int | None
) -> None:
    def look() -> str:
        """Look around."""
        return "nothing"

    cancelled = 0
    async with SQLiteSession("one", tmp_path / "one.db") as session:

        async def run() -> None:
            script: list[Step] = [["So ", Pause(0), Call("look")], ["It ", Pause(0), "is."]]
            await Runner.run(agent(*script, tools=[look]), "?", session=session)

        async for outcome in each_cancellation(run, again_after=again_after):
            assert outcome.error is None or outcome.was_cancelled
            cancelled += outcome.was_cancelled
            error = RunConfig(on_busy="error")
            await Runner.run(agent("Here."), "Next?", session=session, run_config=error)
            assert problems(await session.get_items()) == []
    assert cancelled > 5


async def test_a_run_whose_events_are_closed_by_another_task_lets_the_next_one_run() -> None:
    async with SQLiteSession("one") as session:
        events = Runner.run_streamed(agent(["One ", "two"]), "?", session=session).stream_events()
        async for event in events:
            if isinstance(event, TextDelta):
                break
        with pytest.raises(SessionBusy):
            await Runner.run(
                agent("No."), "Next?", session=session, run_config=RunConfig(on_busy="error")
            )
        async with asyncio.TaskGroup() as group:
            group.create_task(events.aclose())
        await Runner.run(agent("Yes."), "Next?", session=session)
        assert texts(await session.get_items()) == ["?", "One ", "Next?", "Yes."]


async def test_events_that_were_dropped_let_the_next_run_run() -> None:
    async with SQLiteSession("one") as session:
        result = Runner.run_streamed(agent(["One ", "two"]), "?", session=session)
        async for event in result.stream_events():
            if isinstance(event, TextDelta):
                break
        # asyncio closes the generator while this waits.
        await Runner.run(agent("Yes."), "Next?", session=session)
        assert texts(await session.get_items()) == ["?", "One ", "Next?", "Yes."]


async def test_a_run_may_begin_as_soon_as_the_one_before_has_told_its_end() -> None:
    async with SQLiteSession("one") as session:
        result = Runner.run_streamed(agent("One."), "?", session=session)
        async with aclosing(result.stream_events()) as events:
            async for event in events:
                if isinstance(event, StepEnded):
                    await Runner.run(agent("Two."), "Next?", session=session)
        assert texts(await session.get_items()) == ["?", "One.", "Next?", "Two."]


async def test_a_task_that_waits_for_its_own_run_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_lock, "_PATIENCE_WITH_ITSELF", 0.01)
    async with SQLiteSession("one") as session:
        result = Runner.run_streamed(agent(["One ", "two"]), "?", session=session)
        async with aclosing(result.stream_events()) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    with pytest.raises(UserError, match="to the end"):
                        await Runner.run(agent("No."), "Next?", session=session)


@pytest.mark.parametrize("in_thread", [False, True], ids=["in the loop", "in a thread"])
async def test_a_tool_that_runs_on_the_session_of_its_run_is_told(*, in_thread: bool) -> None:
    async with SQLiteSession("one") as session:
        errors: list[UserError] = []

        def blocking() -> str:
            try:
                return Runner.run_sync(agent("No."), "Inside?", session=session).final_output
            except UserError as error:
                errors.append(error)
                raise

        async def waiting() -> str:
            try:
                return (await Runner.run(agent("No."), "Inside?", session=session)).final_output
            except UserError as error:
                errors.append(error)
                raise

        tool = blocking if in_thread else waiting
        outer = agent(Call(tool.__name__), "Well.", tools=[tool])
        result = await Runner.run(outer, "?", session=session)
        assert result.final_output == "Well."
        assert "on_busy" in errors[0].message
        assert "each would wait" in result.new_items[1]["output"]


async def test_a_tool_may_run_on_another_session_or_be_allowed_to_mix() -> None:
    async with SQLiteSession("one") as session, SQLiteSession("two") as other:

        async def ask_inside() -> str:
            """Ask another agent."""
            allow = RunConfig(on_busy="allow")
            await Runner.run(agent("There."), "Outside?", session=other)
            await Runner.run(agent("Here."), "Inside?", session=session, run_config=allow)
            return "asked"

        result = await Runner.run(
            agent(Call("ask_inside"), "Well.", tools=[ask_inside]), "?", session=session
        )
        assert result.final_output == "Well."
        assert texts(await session.get_items())[:3] == ["?", "Inside?", "Here."]
        assert texts(await other.get_items()) == ["Outside?", "There."]


async def test_what_a_tool_has_begun_may_run_on_the_session_later() -> None:
    async with SQLiteSession("one") as session, asyncio.TaskGroup() as group:
        later: list[asyncio.Task[Any]] = []
        ended = asyncio.Event()

        async def run_later() -> str:
            await ended.wait()
            return (await Runner.run(agent("Later."), "Later?", session=session)).final_output

        async def begin() -> str:
            later.append(group.create_task(run_later()))
            return "begun"

        await Runner.run(agent(Call("begin"), "Well.", tools=[begin]), "?", session=session)
        ended.set()
        assert await later[0] == "Later."


async def test_a_run_that_fails_lets_the_next_one_run() -> None:
    async with SQLiteSession("one") as session:
        with pytest.raises(ConnectionError):
            await Runner.run(agent(ConnectionError("gone")), "?", session=session)
        await Runner.run(agent("Yes."), "?", session=session, run_config=RunConfig(on_busy="error"))


# ---------------------------------------------------------------------------- processes


HOLDER = """
import asyncio, sys
from pathlib import Path
from chatelaine.agents.sessions.run_lock import RunKeyInFile, run_lease
async def hold():
    lease = await run_lease(RunKeyInFile.of(("x",), Path(sys.argv[1]), sys.argv[2]), wait=True)
    print("held", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    lease.release()
asyncio.run(hold())
"""

RUNNER = """
import asyncio, sys
from chatelaine.agents import Agent, Runner, SQLiteSession
from chatelaine.agents.testing import Pause, ScriptedModel
name = sys.argv[2]
async def run():
    async with SQLiteSession("one", sys.argv[1]) as session:
        for _ in range(15):
            model = ScriptedModel([[f"{name} ", Pause(0.001), "it is."]])
            await Runner.run(Agent("A", model=model), f"{name}?", session=session)
asyncio.run(run())
"""


def started(program: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


@contextmanager
def held_elsewhere(database: Path, session_id: str) -> Iterator[subprocess.Popen[str]]:
    """Another process has the right to run on a conversation."""
    with started(HOLDER, database, session_id) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def key_of(database: Path, session_id: str = "one") -> RunKeyInFile:
    return RunKeyInFile.of(("test", str(database), session_id), database, session_id)


async def test_another_process_is_waited_for(tmp_path: Path) -> None:
    database = tmp_path / "one.db"
    with held_elsewhere(database, "one") as process:
        with pytest.raises(SessionBusy):
            await run_lease(key_of(database), wait=False)
        (await run_lease(key_of(database, "two"), wait=False)).release()
        async with asyncio.TaskGroup() as group:
            task = group.create_task(run_lease(key_of(database), wait=True))
            await until(lambda: byte_lock._FILES._files)
            assert not task.done()
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
            (await task).release()


async def test_a_wait_for_another_process_can_be_cancelled(tmp_path: Path) -> None:
    database = tmp_path / "one.db"
    with held_elsewhere(database, "one"):
        async with asyncio.TaskGroup() as group:
            task = group.create_task(run_lease(key_of(database), wait=True))
            await until(lambda: byte_lock._FILES._files)
            task.cancel()


async def test_a_process_that_died_holds_up_nobody(tmp_path: Path) -> None:
    database = tmp_path / "one.db"
    with held_elsewhere(database, "one") as process:
        process.kill()
        process.wait()
        (await run_lease(key_of(database), wait=False)).release()


async def test_the_end_of_one_run_leaves_the_lock_of_another(tmp_path: Path) -> None:
    """Closing any descriptor of the file would give up all of the process's locks."""
    database = tmp_path / "one.db"
    one = await run_lease(key_of(database, "one"), wait=True)
    two = await run_lease(key_of(database, "two"), wait=True)
    two.release()
    with started(HOLDER, database, "one") as process:
        assert process.stdout is not None
        with held_elsewhere(database, "two"):
            pass
        assert process.poll() is None
        one.release()
        assert process.stdout.readline() == "held\n"
        process.kill()


async def test_two_paths_to_one_file_are_one_conversation(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (tmp_path / "link").symlink_to(folder)
    lease = await run_lease(key_of(folder / "one.db"), wait=True)
    with pytest.raises(SessionBusy):
        await run_lease(key_of(tmp_path / "link" / "one.db"), wait=False)
    lease.release()
    (await run_lease(key_of(tmp_path / "link" / "one.db"), wait=False)).release()


async def test_where_nothing_can_be_written_only_this_process_keeps_order(
    tmp_path: Path,
) -> None:
    # Nothing can be made where a file is in the way, whoever asks.
    (tmp_path / "file").write_text("in the way")
    key = key_of(tmp_path / "file" / "one.db")
    lease = await run_lease(key, wait=True)
    with pytest.raises(SessionBusy):
        await run_lease(key, wait=False)
    lease.release()


async def test_the_lock_file_is_for_those_who_have_the_database(tmp_path: Path) -> None:
    database = tmp_path / "data" / "one.db"
    (await run_lease(key_of(database), wait=True)).release()
    lock = database.with_name("one.db-runs")
    assert (lock.stat().st_mode & 0o777, lock.stat().st_size) == (0o600, 0)
    assert database.parent.stat().st_mode & 0o777 == 0o700
    lock.unlink()
    database.touch(mode=0o640)
    (await run_lease(key_of(database), wait=True)).release()
    assert lock.stat().st_mode & 0o777 == 0o640


def test_runs_in_several_processes_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "one.db"
    processes = [started(RUNNER, path, name) for name in "abc"]
    for process in processes:
        process.communicate()
        assert process.returncode == 0

    async def items() -> list[dict[str, Any]]:
        async with SQLiteSession("one", path) as session:
            return await session.get_items()

    found = texts(asyncio.run(items()))
    assert len(found) == 3 * 15 * 2
    for question, answer in zip(found[0::2], found[1::2], strict=True):
        assert answer == f"{question[0]} it is."


def test_a_child_process_begins_anew(tmp_path: Path) -> None:
    database = tmp_path / "one.db"

    async def run() -> None:
        lease = await run_lease(key_of(database), wait=True)
        child = os.fork()
        if child == 0:
            # Its copy of the lease is nothing, and it has to wait for the parent's.
            lease.release()
            os._exit(int(not _is_busy_in_child(database)))
        status = await asyncio.to_thread(os.waitpid, child, 0)
        assert os.waitstatus_to_exitcode(status[1]) == 0
        # What the child closed has taken nothing from the parent.
        with started(HOLDER, database, "one") as process:
            with held_elsewhere(database, "two"):
                pass
            assert process.poll() is None
            lease.release()
            wait_until(lambda: process.stdout is not None and process.stdout.readline())
            process.kill()

    asyncio.run(run())


def _is_busy_in_child(database: Path) -> bool:
    busy: list[bool] = []

    async def look() -> None:
        try:
            (await run_lease(key_of(database), wait=False)).release()
        except SessionBusy:
            busy.append(True)

    def in_a_loop_of_its_own() -> None:
        asyncio.run(look())

    thread = threading.Thread(target=in_a_loop_of_its_own)
    thread.start()
    thread.join()
    return bool(busy)


def test_the_key_of_a_conversation_in_a_file_is_equal_to_the_plain_one(tmp_path: Path) -> None:
    database = tmp_path / "one.db"
    plain: tuple[str, ...] = ("test", str(database), "one")
    assert {plain: "found"}[key_of(database)] == "found"
