"""The guards around the tests: each fails a test that is planted to offend it, and no other."""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.planted import outcomes
from support.until import until, wait_until

if TYPE_CHECKING:
    from support.guards import LogWatch

PLANTED = """
    import asyncio
    import logging
    import socket
    import threading
    import warnings

    import pytest

    log = logging.getLogger("planted")
    kept = []


    async def fail():
        raise ValueError("planted")


    async def test_error_in_a_task_that_nobody_awaits():
        loop = asyncio.get_running_loop()
        loop.create_task(fail())
        await asyncio.sleep(0.01)


    async def test_error_in_a_callback_of_the_loop():
        asyncio.get_running_loop().call_soon(lambda: 1 / 0)
        await asyncio.sleep(0.01)


    async def test_error_in_a_task_that_is_held_by_a_cycle():
        cycle = []
        cycle.append(cycle)
        cycle.append(asyncio.get_running_loop().create_task(fail()))
        await asyncio.sleep(0.01)


    async def test_task_that_goes_on():
        kept.append(asyncio.get_running_loop().create_task(asyncio.sleep(3600), name="planted"))


    async def test_coroutine_that_nobody_awaits():
        fail()


    def test_warning_in_the_log():
        log.warning("the disk is %s", "full")


    def test_expected_warning_that_never_comes(logs):
        logs.expect("the disk is full")


    def test_thread_that_goes_on():
        event = threading.Event()
        threading.Thread(target=event.wait, args=(20,), name="planted", daemon=True).start()
        kept.append(event)


    def test_error_in_a_thread():
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        thread.join()


    def test_python_warning():
        warnings.warn("planted", stacklevel=1)


    def test_connection_to_the_world():
        with socket.socket() as sock:
            sock.connect(("192.0.2.1", 9))


    def test_connection_to_the_world_whose_error_is_swallowed():
        try:
            socket.create_connection(("192.0.2.1", 9), timeout=0.1)
        except Exception:
            pass


    async def test_connection_to_the_world_in_a_loop():
        await asyncio.open_connection("192.0.2.1", 9)


    def test_datagram_to_the_world():
        with socket.socket(type=socket.SOCK_DGRAM) as sock:
            sock.sendto(b"", ("192.0.2.1", 9))


    def test_lookup_of_a_name_in_the_world():
        socket.getaddrinfo("chatelaine.invalid", 80)


    def test_file_that_is_not_closed(tmp_path):
        open(tmp_path / "x", "w")


    # From here on nothing offends.


    async def test_sound_task_that_was_cancelled():
        task = asyncio.get_running_loop().create_task(asyncio.sleep(3600))
        await asyncio.sleep(0)
        task.cancel()


    async def test_sound_error_that_was_awaited():
        task = asyncio.get_running_loop().create_task(fail())
        with pytest.raises(ValueError, match="planted"):
            await task


    async def test_sound_work_in_the_executor():
        await asyncio.to_thread(lambda: None)


    def test_sound_expected_warning(logs):
        logs.expect("the disk is full")
        log.warning("the disk is full")


    def test_sound_information_in_the_log():
        log.info("the disk is empty")


    def test_sound_thread_that_ends():
        threading.Thread(target=lambda: None).start()


    async def test_sound_connections_to_this_machine():
        async def close(reader, writer):
            writer.close()

        for host in ("127.0.0.1", "localhost"):
            server = await asyncio.start_server(close, host, 0)
            async with server:
                port = server.sockets[0].getsockname()[1]
                reader, writer = await asyncio.open_connection(host, port)
                assert await reader.read() == b""
                writer.close()
                await writer.wait_closed()
"""

FAULTS = {
    "test_error_in_a_task_that_nobody_awaits": "ValueError('planted')",
    "test_error_in_a_callback_of_the_loop": "ZeroDivisionError",
    "test_error_in_a_task_that_is_held_by_a_cycle": "ValueError('planted')",
    "test_task_that_goes_on": "an unfinished task: <Task pending name='planted'",
    "test_coroutine_that_nobody_awaits": "was never awaited",
    "test_warning_in_the_log": "unexpected in the log: WARNING planted: the disk is full",
    "test_expected_warning_that_never_comes": "it never came: the disk is full",
    "test_thread_that_goes_on": "a thread that goes on: planted",
    "test_error_in_a_thread": "ZeroDivisionError",
    "test_python_warning": "UserWarning: planted",
    "test_connection_to_the_world": "NetworkForbidden",
    "test_connection_to_the_world_whose_error_is_swallowed": "leave this machine: 192.0.2.1",
    "test_connection_to_the_world_in_a_loop": "NetworkForbidden",
    "test_datagram_to_the_world": "NetworkForbidden",
    "test_lookup_of_a_name_in_the_world": "leave this machine: chatelaine.invalid",
    "test_file_that_is_not_closed": "ResourceWarning",
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return outcomes(tmp_path_factory.mktemp("planted"), {"unit/test_planted.py": PLANTED})


@pytest.mark.parametrize("fault", FAULTS)
def test_a_guard_fails_the_test_that_offends_it(told: dict[str, str], fault: str) -> None:
    assert FAULTS[fault] in told[fault]


def test_no_guard_fails_a_sound_test(told: dict[str, str]) -> None:
    sound = {name: said for name, said in told.items() if name not in FAULTS}
    assert len(sound) == 7
    assert set(sound.values()) == {""}


def test_each_test_has_a_user_of_its_own(home: Path) -> None:
    for variable in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "TMPDIR"):
        folder = Path(os.environ[variable])
        assert folder.is_relative_to(home)
        assert folder.is_dir()
    assert Path.home().is_relative_to(home)
    assert Path(tempfile.gettempdir()).is_relative_to(home)
    assert Path(os.environ["XDG_RUNTIME_DIR"]).stat().st_mode & 0o777 == 0o700


def test_nothing_of_the_developers_machine_reaches_a_test() -> None:
    assert "OPENAI_API_KEY" not in os.environ
    assert "DBUS_SESSION_BUS_ADDRESS" not in os.environ


async def test_the_loop_outside_of_the_window_is_a_plain_one() -> None:
    assert type(asyncio.get_running_loop()).__module__.startswith("asyncio")


async def test_until_gives_what_it_waited_for() -> None:
    values: list[str] = []
    asyncio.get_running_loop().call_later(0.02, values.append, "there")
    assert await until(lambda: values) == ["there"]


async def test_until_gives_up_and_says_what_never_came() -> None:
    with pytest.raises(AssertionError, match="never came: a second moon"):
        await until(lambda: False, 0.02, what="a second moon")


def test_wait_until_gives_up_and_says_where_the_question_stands() -> None:
    with pytest.raises(AssertionError, match=r"never came: .*<lambda> \(.*test_guards.py:\d+\)"):
        wait_until(lambda: False, 0.02)


def test_expected_warnings_are_kept_for_the_test_to_look_at(logs: LogWatch) -> None:
    logs.expect("half full")
    logging.getLogger("planted").error("the disk is half full")
    assert [record.levelname for record in logs.records] == ["ERROR"]
