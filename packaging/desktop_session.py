"""The desktop of the user in a clean system: a screen, a keyring, and somebody at the keyboard.

The program is started by its entry in the menu, written to with keys that the X server presses, and
read as a screen reader does it.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from support.assistive import AssistiveClient
from support.until import wait_until
from support.x_server import x_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rooms import Room

TOOLS = (
    "at-spi2-core",
    "dbus",
    "desktop-file-utils",
    "gir1.2-atspi-2.0",
    "gnome-keyring",
    "libglib2.0-bin",
    "python3-gi",
    "shared-mime-info",
)
"""What a desktop has, and a bare system has not."""
PATIENCE = 60.0
"""Seconds for a start or an answer: the disk is cold, and the machine may be busy."""
_WINDOW, _OFFER = "Chatelaine$", "recovery key"
_CHILDREN_COME_TO_US = 36  # PR_SET_CHILD_SUBREAPER
_CLIENT = "assistive_client.py"
_PASSWORD = "a password for tests"  # noqa: S105 - made up
_SESSION = f"""\
printf %s "{_PASSWORD}" | gnome-keyring-daemon --unlock --components=secrets >/dev/null
echo "$DBUS_SESSION_BUS_ADDRESS"
cat
"""
_PHOTOGRAPH = """\
import sys
from PySide6.QtGui import QGuiApplication
application = QGuiApplication(["photograph"])
sys.exit(not application.primaryScreen().grabWindow(0).save(sys.argv[1]))
"""


class Desktop:
    """What the user sees and does."""

    def __init__(self, room: Room, display: str, bus: str) -> None:
        self._room = room
        self._started: list[subprocess.Popen[bytes]] = []
        self.display = display
        self._environment = {
            "DBUS_SESSION_BUS_ADDRESS": bus,
            "DISPLAY": display,
            "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1",
        }

    def start(self, *command: str) -> int:
        """Start the program, and wait for its window; give the number of its process."""
        self.launch(*command)
        window = wait_until(lambda: self._find_window(_WINDOW), PATIENCE, what="a window")
        self.do("windowactivate", "--sync", window)
        return int(self.do("getwindowpid", window))

    def launch(self, *command: str) -> int:
        """Start something, and give the number of its process; `end` tells how it ended."""
        process = subprocess.Popen(
            [*self._room.as_user(**self._environment), *command],
            stdin=subprocess.DEVNULL,
        )
        # One that is let go of would be waited for by whatever is started next, which drops its
        # exit code.
        self._started.append(process)
        return process.pid

    def converse(self, words: str, answer: str) -> list[str]:
        """Write a message, send it, and wait for all of its answer.

        Args:
            words: The message.
            answer: What the answer says somewhere.

        Returns:
            What the rows of the thread say.

        Raises:
            AssertionError: The answer does not come; the text is what came instead.
        """
        rows: list[dict[str, Any]] = []
        with self._reader() as reader:
            reader.wait_there()
            before = _complete(self._rows(reader), answer)
            self.do("type", "--delay", "30", words)
            self.do("key", "Return")

            def is_answered() -> bool:
                rows[:] = self._rows(reader)
                return _complete(rows, answer) > before

            try:
                wait_until(is_answered, PATIENCE, what="an answer")
            except AssertionError as failure:
                raise AssertionError(f"{failure}; there is {rows}") from None
            return [row["name"] for row in rows]

    def read(self) -> list[str]:
        """Give what the rows of the open thread say, as a screen reader is told it."""
        with self._reader() as reader:
            reader.wait_there()
            return [row["name"] for row in self._rows(reader)]

    def photograph(self, path: Path) -> None:
        """Take a picture of the screen."""
        path.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [sys.executable, "-c", _PHOTOGRAPH, str(path)],
            check=True,
            env={**os.environ, "DISPLAY": self.display, "QT_QPA_PLATFORM": "xcb"},
        )

    def do(self, *command: str) -> str:
        """Press keys, or ask for windows; give the answer."""
        return subprocess.run(
            ["xdotool", *command],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "DISPLAY": self.display},
        ).stdout.strip()

    def quit(self, process: int) -> int:
        """Quit with the keyboard, and leave the recovery key for later; give the exit code."""
        self.do("key", "ctrl+q")
        return wait_until(lambda: self._left(process), PATIENCE, what="the end of the program")[0]

    def _left(self, process: int) -> tuple[int] | None:
        if self._find_window(_OFFER):
            self.do("key", "Escape")
        return self.end(process)

    def end(self, process: int) -> tuple[int] | None:
        """Give the exit code of what was started here, or by it; None while it runs."""
        for started in self._started:
            if started.pid == process:
                code = started.poll()
                return None if code is None else (code,)
        number, status = os.waitpid(process, os.WNOHANG)
        return (os.waitstatus_to_exitcode(status),) if number else None

    def wait(self) -> None:
        """Wait for what was started here, and was told to end."""
        for started in self._started:
            started.wait()

    def _find_window(self, name: str) -> str:
        found = subprocess.run(
            ["xdotool", "search", "--onlyvisible", "--name", name],
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "DISPLAY": self.display},
        )
        return found.stdout.partition("\n")[0]

    def _reader(self) -> AssistiveClient:
        inside = self._room.as_user(**self._environment)
        return AssistiveClient(
            os.environ, command=[*inside, "/usr/bin/python3", "-I", f"/srv/{_CLIENT}"]
        )

    @staticmethod
    def _rows(reader: AssistiveClient) -> list[dict[str, Any]]:
        try:
            return list(reader.tell("rows", first=0, last=reader.tell("count")))
        except AssertionError:  # there is no thread yet, or a row has just gone
            return []


def _complete(rows: list[dict[str, Any]], answer: str) -> int:
    return sum(answer in row["name"] and "BUSY" not in row["states"] for row in rows)


@contextmanager
def desktop(room: Room) -> Iterator[Desktop]:
    """Run a screen with a window manager, and a session with an unlocked keyring."""
    # What the menu starts has no parent any more, and would be waited for by nobody.
    ctypes.CDLL(None).prctl(_CHILDREN_COME_TO_US, 1, 0, 0, 0)
    with ExitStack() as stack:
        display = stack.enter_context(x_server(open_to_all=True))
        manager = subprocess.Popen(
            ["openbox"], env={**os.environ, "DISPLAY": display}, stderr=subprocess.DEVNULL
        )
        stack.callback(manager.wait)
        stack.callback(manager.terminate)
        session = subprocess.Popen(
            [*room.as_user(DISPLAY=display), "dbus-run-session", "--", "sh", "-c", _SESSION],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        stack.callback(room.end_all)
        if session.stdin is None or session.stdout is None:
            raise RuntimeError("the session was started without pipes")
        stack.enter_context(session.stdout)
        stack.enter_context(session.stdin)
        bus = session.stdout.readline().strip()
        if not bus:
            raise RuntimeError("the session did not begin")
        desk = Desktop(room, display, bus)
        try:
            yield desk
        finally:
            room.end_all()
            desk.wait()
