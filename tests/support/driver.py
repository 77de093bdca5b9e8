"""A driver of the real program: starts it in a process of its own and offers verbs.

    with Driver(environment) as program:
        program.wait_open()
        program.type("Hello")
        program.press("Return")
        program.wait_for(lambda state: not state["running"])

Keys and clicks are real events in the real window (`support/driven.py`); what a test sees is what
the window shows.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from support.until import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ROOT = Path(__file__).parents[2]
OFFSCREEN_REMARK = "This plugin does not support "
"""How Qt begins what it says of its own platform for tests, when dialogs open and menus close."""
ANSWER_LIMIT = 20.0
"""Seconds in which a command must be answered: a window that takes longer hangs."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the window showed of the newest reply, and since when (`time.monotonic`)."""

    text: str
    at: float


class ProgramFailed(AssertionError):
    """The program did not do what it was told, or is gone."""


class ProgramRefused(ProgramFailed):
    """The program answers, but cannot do what it was told now."""


class Driver:
    """One run of the program.

    Attributes:
        shown: What the newest reply looked like, each time it changed.
        errors: What the program wrote to standard error.
    """

    def __init__(self, environment: Mapping[str, str], arguments: Sequence[str] = ()) -> None:
        self.shown: list[Shown] = []
        self.errors = ""
        self._answers: queue.Queue[dict[str, Any]] = queue.Queue()
        reading, writing = os.pipe()
        full = {
            **environment,
            "CHATELAINE_ANSWERS": str(writing),
            "PYTHONPATH": os.pathsep.join([str(ROOT / "app"), str(ROOT / "tests")]),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-X", "faulthandler", "-m", "support.driven", *arguments],
            env=full,
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            pass_fds=[writing],
            cwd=full.get("HOME"),
        )
        os.close(writing)
        self._threads = [
            threading.Thread(target=self._read_answers, args=(reading,)),
            threading.Thread(target=self._read_errors),
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self._end()
        if kind is not None and self.errors:
            sys.stderr.write(self.errors)

    # -------------------------------------------------------------- verbs

    @property
    def state(self) -> dict[str, Any]:
        """What the window shows now."""
        value: dict[str, Any] = self.tell("state")
        return value

    def type(self, text: str, into: str = "") -> None:
        """Press the keys of a text, where the focus is or in a widget."""
        self.tell("type", text=text, into=into)

    def press(self, keys: str, on: str = "") -> None:
        """Press a combination such as "Ctrl+Alt+Z"."""
        self.tell("press", keys=keys, on=on)

    def click(self, name: str) -> None:
        """Click what has this object name, accessible name or button text."""
        self.tell("click", name=name)

    def click_once_enabled(self, name: str) -> None:
        """Click something as soon as it can be clicked."""

        def click() -> bool:
            try:
                self.click(name)
            except ProgramRefused:
                return False
            return True

        wait_until(click, what=f"something called {name} that can be clicked")

    def set_text(self, name: str, text: str) -> None:
        """Write something else into a field, with keys, as soon as it takes them."""

        def write() -> bool:
            try:
                self.tell("set_text", name=name, text=text)
            except ProgramRefused:
                return False
            return True

        wait_until(write, what=f"a field called {name} that can be written into")

    def type_masked(self, name: str, text: str, mask: int) -> None:
        """Press the keys of a text in a field; nothing but the field gets to know all of it."""
        codes = [ord(letter) ^ mask for letter in text]

        def press() -> bool:
            try:
                self.tell("type_masked", name=name, codes=codes)
            except ProgramRefused:
                return False
            return True

        wait_until(press, what=f"a field called {name} that can be written into")

    def choose(self, name: str, text: str) -> None:
        """Choose what a box offers."""
        self.tell("choose", name=name, text=text)

    def click_row(self, index: int) -> None:
        """Click a thread in the sidebar, counted from the top."""
        self.tell("click_row", index=index)

    def trigger(self, action: str) -> None:
        """Choose a command of the menus by its id."""
        self.tell("trigger", action=action)

    def menu(self, menu: str, words: str) -> None:
        """Click a line of a menu of the menu bar, as soon as it can be clicked."""

        def click() -> bool:
            try:
                self.tell("menu", menu=menu, words=words)
            except ProgramRefused:
                return False
            return True

        wait_until(click, what=f"a line {words} in the menu {menu} that can be clicked")

    def click_in_menu(self, words: str) -> None:
        """Click a line of the menu that pops up."""

        def click() -> bool:
            try:
                self.tell("click_in_menu", words=words)
            except ProgramRefused:
                return False
            return True

        wait_until(click, what=f"a line {words} in a menu")

    def screenshot(self, path: Path, name: str = "") -> None:
        """Save a picture of the window (or of the open dialog, or of a widget)."""
        self.tell("screenshot", path=str(path), name=name)

    def send(self, text: str) -> None:
        """Type a message and press Return."""
        self.type(text, into="Message")
        self.press("Return", on="Message")

    def choose_file(self, path: Path) -> None:
        """Choose a file in the dialog that asks for one."""
        self.wait_for(lambda state: state["dialog"] is not None)
        self.set_text("fileNameEdit", str(path))
        self.press("Return", on="fileNameEdit")

    def turn_on_lock(self, passphrase: str) -> None:
        """Turn the app lock on, with keys and clicks."""
        self.trigger("settings")
        self.wait_for(lambda state: state["dialog"] is not None)
        self.tell("show_tab", name="Security")
        self.set_text("newPassphrase", passphrase)
        self.set_text("newPassphraseAgain", passphrase)
        self.click_once_enabled("turnOnLock")
        self.wait_for(lambda state: "The app lock is on." in state["dialog"])
        self.click("Cancel")
        self.wait_for(lambda state: state["dialog"] is None)

    def unlock(self, passphrase: str) -> None:
        """Type the passphrase, and wait until a thread is shown."""
        self.set_text("Passphrase", passphrase)
        self.press("Return")
        self.wait_open()

    def wait_for(
        self, wanted: Callable[[dict[str, Any]], object], timeout: float = 15.0
    ) -> dict[str, Any]:
        """Wait until the window shows what is wanted, and give its state."""

        def look() -> dict[str, Any] | None:
            state = self.state
            return state if wanted(state) else None

        try:
            found = wait_until(look, timeout, what="the state that was waited for")
        except AssertionError as error:
            seen = json.dumps(self.state, indent=1)[:4000]
            raise ProgramFailed(f"{error}; the window shows {seen}") from None
        if found is None:
            raise ProgramFailed("no state")
        return found

    def wait_open(self) -> dict[str, Any]:
        """Wait until the history is open and a thread is shown."""
        return self.wait_for(lambda state: state.get("open") and state["page"] == "workspace")

    def wait_idle(self, replies: int) -> dict[str, Any]:
        """Wait until nothing runs and so many replies are shown."""
        return self.wait_for(
            lambda state: (
                not state["running"]
                and sum(row["row"] == "ReplyRow" for row in state["rows"]) == replies
            )
        )

    def tell(self, verb: str, **values: Any) -> Any:
        """Have a verb of `support/driven.py` carried out."""
        if self.process.stdin is None:
            raise ProgramFailed("the program was started without standard input")
        try:
            self.process.stdin.write(json.dumps({"verb": verb, **values}) + "\n")
            self.process.stdin.flush()
            answer = wait_until(self._next_answer, ANSWER_LIMIT, what=f"an answer to {verb!r}")
        except (BrokenPipeError, queue.Empty) as error:
            raise ProgramFailed(
                f"the program does not answer to {verb!r}:\n{self.errors}"
            ) from error
        if "error" in answer:
            raise ProgramRefused(f"{verb} {values}: {answer['error']}")
        return answer["value"]

    def _next_answer(self) -> dict[str, Any] | None:
        try:
            return self._answers.get(timeout=0.02)
        except queue.Empty:
            if self.process.poll() is not None and self._answers.empty():
                raise
            return None

    # -------------------------------------------------------------- endings

    def quit(self) -> int:
        """Press Ctrl+Q, quit without the recovery key, and wait for the end; give the code."""
        with suppress(ProgramFailed):  # it may be gone before it can answer
            self.press("Ctrl+Q")
        wait_until(self._has_left, ANSWER_LIMIT, what="the end after Ctrl+Q")
        return self.wait_ended()

    def _has_left(self) -> bool:
        if self.process.poll() is not None:
            return True
        with suppress(ProgramFailed):
            if "Chatelaine quits when" in (self.state["dialog"] or ""):
                self.click("Quit without it")
        return False

    def terminate(self) -> int:
        """End it as the system does when the user logs out; give the exit code."""
        self.process.terminate()
        return self.wait_ended()

    def kill(self) -> None:
        """End it as a crash does."""
        self.process.send_signal(signal.SIGKILL)
        self.wait_ended()

    def wait_ended(self) -> int:
        """Wait for the end; give the exit code."""
        code = self.process.wait(ANSWER_LIMIT)
        self._end()
        return code

    def _end(self) -> None:
        self.process.wait(ANSWER_LIMIT)
        for thread in self._threads:
            thread.join(ANSWER_LIMIT)
        if self.process.stdin is not None:
            with suppress(BrokenPipeError):  # of a command that it did not live to read
                self.process.stdin.close()
        if self.process.stderr is not None:
            self.process.stderr.close()

    def _read_answers(self, descriptor: int) -> None:
        with os.fdopen(descriptor) as answers:
            for line in answers:
                answer = json.loads(line)
                if "shown" in answer:
                    self.shown.append(Shown(answer["shown"], answer["at"]))
                else:
                    self._answers.put(answer)

    def _read_errors(self) -> None:
        if self.process.stderr is not None:
            for line in self.process.stderr:
                if not line.startswith(OFFSCREEN_REMARK):
                    self.errors += line
