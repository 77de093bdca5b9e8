"""Starting the program again while it runs, and while something else has its history."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.until import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.driver import Driver

pytestmark = pytest.mark.timeout(120)

HOLDER = """
import sys
from pathlib import Path
from chatelaine.vault.lock import HistoryLock
lock = HistoryLock(Path(sys.argv[1]))
lock.acquire()
print("taken", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def lock_file(user: dict[str, str]) -> Path:
    """What the program holds as long as it has the history open."""
    folder = Path(user["XDG_DATA_HOME"]) / "chatelaine"
    folder.mkdir(mode=0o700, parents=True)
    return folder / "history.lock"


@contextmanager
def holding(lock_file: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Have a process hold the lock of a history, which knows of no second start."""
    app = Path(__file__).resolve().parents[2] / "app"
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", HOLDER, str(lock_file)],
        env={**environment, "PYTHONPATH": str(app)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "taken\n"
        yield process
        assert process.stdin is not None
        process.stdin.close()


def test_a_second_start_brings_the_window_forward_and_ends(start: Callable[..., Driver]) -> None:
    with start() as first:
        first.wait_open()
        first.tell("minimize")
        first.wait_for(lambda state: state["minimized"])
        begun = time.monotonic()
        with start() as second:
            assert second.wait_ended() == 0
        assert time.monotonic() - begun < 5
        first.wait_for(lambda state: not state["minimized"] and state["active"])
        assert first.state["page"] == "workspace"
        assert first.quit() == 0


def test_after_a_crash_the_program_starts_again_and_is_found_again(
    start: Callable[..., Driver],
) -> None:
    with start() as killed:
        killed.wait_open()
        killed.kill()
    with start() as program:
        program.wait_open()
        with start() as second:
            assert second.wait_ended() == 0
        assert program.quit() == 0


def test_a_program_that_hangs_does_not_keep_the_next_one_from_starting(
    start: Callable[..., Driver],
) -> None:
    with start() as first:
        first.wait_open()
        os.kill(first.process.pid, signal.SIGSTOP)
        try:
            with start() as second:
                state = second.wait_for(lambda state: state.get("page") == "locked")
                assert any(str(first.process.pid) in text for text in state["labels"])
                assert second.quit() == 0
        finally:
            os.kill(first.process.pid, signal.SIGCONT)
        with start() as third:
            assert third.wait_ended() == 0
        assert first.quit() == 0


def test_a_history_that_another_process_holds_is_said_to_be_open_there(
    start: Callable[..., Driver], user: dict[str, str], lock_file: Path
) -> None:
    with holding(lock_file, user) as holder, start() as program:
        state = program.wait_for(lambda state: state.get("page") == "locked")
        assert any("already open" in text for text in state["labels"])
        assert any(str(holder.pid) in text for text in state["labels"])
        assert holder.stdin is not None
        holder.stdin.close()
        wait_until(lambda: holder.poll() is not None, what="the end of the other process")
        program.click("Try again")
        program.wait_open()
        assert program.quit() == 0


def test_quitting_leaves_no_socket_behind(
    start: Callable[..., Driver], user: dict[str, str]
) -> None:
    runtime = Path(user["XDG_RUNTIME_DIR"])
    with start() as program:
        program.wait_open()
        (found,) = runtime.glob("chatelaine-*.socket")
        with socket.socket(socket.AF_UNIX) as noise:  # somebody who says something else
            noise.connect(str(found))
            noise.sendall(b"x" * 20000)
            assert noise.recv(16) == b""
        for line in (b"delete thread_a", b"open /etc/passwd", b"raise a b", b"thread a/b", b""):
            with socket.socket(socket.AF_UNIX) as noise:
                noise.connect(str(found))
                noise.sendall(line + b"\n")
                assert noise.recv(16) == b""
        assert program.state["window"]
        assert program.quit() == 0
    assert not list(runtime.glob("chatelaine-*"))
