"""The program on a screen: an X server of its own, keys from outside of the program.

All other tests paint in memory. This one shows that Qt finds what it needs for a real display, and
that the window comes up under the name that the desktop knows it by.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from support.until import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def display() -> Iterator[str]:
    """An X server without network, and the name of its display."""
    reading, writing = os.pipe()
    server = subprocess.Popen(
        [
            "Xvfb",
            "-displayfd",
            str(writing),
            "-screen",
            "0",
            "1280x900x24",
            "-nolisten",
            "tcp",
            "-noreset",
        ],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as answers:
        number = answers.readline().strip()
    yield f":{number}"
    server.terminate()
    server.wait(10)


def xdotool(display: str, *arguments: str) -> str:
    done = subprocess.run(
        ["xdotool", *arguments],
        env={**os.environ, "DISPLAY": display},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip()


def test_the_window_opens_on_a_screen_and_closes_by_key(display: str, user: dict[str, str]) -> None:
    environment = {**user, "DISPLAY": display}
    del environment["QT_QPA_PLATFORM"]
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "chatelaine"],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        search = ("search", "--onlyvisible", "--class", "chatelaine")
        window = wait_until(
            lambda: xdotool(display, *search) or program.poll() is not None, 30, what="the window"
        )
        assert program.poll() is None, program.stderr and program.stderr.read()
        try:
            # A second window, or one that gives way to another, would flash on the screen.
            assert isinstance(window, str)
            (window,) = window.splitlines()
            assert "Chatelaine" in xdotool(display, "getwindowname", window)

            def leave() -> bool:
                xdotool(display, "windowfocus", window, "key", "ctrl+q")
                return program.poll() is not None

            wait_until(leave, 30, what="the end after Ctrl+Q")
        except BaseException:
            program.kill()
            raise
        assert program.stderr is not None
        assert program.stderr.read() == ""
        assert program.returncode == 0


@pytest.mark.parametrize("display", [{}, {"DISPLAY": ":4711"}], ids=["none", "gone"])
def test_without_a_display_it_says_so_instead_of_aborting(
    user: dict[str, str], display: dict[str, str]
) -> None:
    gone = {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}
    done = subprocess.run(
        [sys.executable, "-P", "-m", "chatelaine"],
        env={name: value for name, value in user.items() if name not in gone} | display,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "there is no display" in done.stderr
    assert "make screenshot" in done.stderr
