"""How a program ended is known, whatever else is started meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typing_extensions import override

from desktop_session import Desktop
from rooms import Room
from support.until import wait_until

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="not Linux")


class OpenRoom(Room):
    """No clean system: this one."""

    @override
    def as_user(self, **more: str) -> list[str]:
        return ["/usr/bin/env", *(f"{name}={value}" for name, value in more.items())]


@pytest.fixture
def desk(tmp_path: Path) -> Desktop:
    return Desktop(OpenRoom(tmp_path), ":0", "")


def test_the_exit_code_is_that_of_the_program(desk: Desktop):
    process = desk.launch("sh", "-c", "exit 3")
    state = Path(f"/proc/{process}/stat")
    wait_until(lambda: ") Z " in state.read_text(), 10, what="the end of the process")
    # Whatever is started asks for those that nobody holds any more.
    subprocess.run(["true"], check=True)
    assert desk.end(process) == (3,)
    assert desk.end(process) == (3,)


def test_what_runs_has_no_exit_code_yet(desk: Desktop):
    process = desk.launch("sleep", "60")
    assert desk.end(process) is None
    os.kill(process, 15)
    assert wait_until(lambda: desk.end(process), 10, what="the end of the process") == (-15,)
    desk.wait()
