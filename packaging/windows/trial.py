"""Tries the setup for Windows out under Wine: `make test-windows`.

    PYTHONPATH=packaging:tests python -m windows.trial [SETUP]

`windows.prove` has it prove itself. Then it is installed again, talked with by real keys on a real
screen, installed over itself as an update is, started once more and removed. What the history holds
afterwards is read by the installed program's own code. Pictures are left in
`build/package/windows/pictures`, to be looked at.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import project
from support.x_server import x_server
from windows import installer, preview, wine
from windows.screen import PATIENCE, Screen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image

PACKAGING = Path(__file__).resolve().parents[1]
PICTURES = installer.WORK / "pictures"
BUSY = 3
"""What the setup ends with while the program runs."""
SECOND_START_LIMIT = 60
"""Seconds; one that shows a window of its own would not end at all."""
OFFER = "recovery key"
"""What is in the title of the window that may stand between somebody and the end."""
QUESTIONS = ("Show me a table of moons", "Write a poem")


class TrialFailed(AssertionError):
    """The setup, or what it has installed, does not do what it has to."""


class Trial:
    """A machine with the program on it, or about to be."""

    def __init__(self, program: project.Project, machine: wine.Wine, screen: Screen) -> None:
        """Prepare to install a program on a machine."""
        self.program = program
        self.machine = machine
        self.screen = screen
        self.folder = machine.local_data / "Programs" / program.name
        self.data = machine.local_data / program.command
        self.start = self.folder / f"{program.command}.exe"

    def prove(self, setup: Path) -> None:
        """Have the setup install, test and remove the program, as on a machine that builds it."""
        report = installer.WORK / "self-test.txt"
        report.unlink(missing_ok=True)
        files = self.machine.named(setup), self.machine.named(report)
        ended = self._python([PACKAGING], "windows.prove", *files)
        if ended.returncode:
            told = report.read_text("utf-8") if report.exists() else ""
            raise TrialFailed(f"it does not prove itself:\n{ended.stdout}\n{told}")
        print(ended.stdout, end="", flush=True)

    def install(self, setup: Path) -> None:
        """Install it without a question."""
        begun = time.monotonic()
        ended = self.machine.run(setup, "/S", limit=300)
        if ended.returncode or not self.start.is_file():
            raise TrialFailed(f"the setup ended with {ended.returncode}:\n{ended.stdout}")
        _say(f"installed in {time.monotonic() - begun:.0f} s")

    def talk(self, setup: Path) -> Image.Image:
        """Hold a conversation by keys; a setup that is started meanwhile has to wait.

        Returns:
            What is seen in the end.
        """
        with self.machine.started(self.start) as running:
            begun = time.monotonic()
            self.screen.wait_for_window(self.program.name)
            seen = self.screen.wait_until_still()
            _say(f"the window stands still after {time.monotonic() - begun:.0f} s")
            self.screen.keep(PICTURES / "first-start.png")
            for question in QUESTIONS:
                self.screen.type(question)
                self.screen.press("Return")
                seen = self.screen.wait_until_still(other_than=seen)
            self.screen.keep(PICTURES / "conversation.png")
            # A second start asks this one to come forward, and ends.
            again = self.machine.run(self.start, limit=SECOND_START_LIMIT)
            if again.returncode or running.poll() is not None:
                raise TrialFailed(f"a second start ends with {again.returncode}")
            code = self.machine.run(setup, "/S").returncode
            if code != BUSY:
                raise TrialFailed(f"while the program runs, the setup ends with {code}")
            self._quit(running)
        return seen

    def look_again(self, before: Image.Image) -> None:
        """Start the program once more: the thread that was left is open, and looks as it did."""
        with self.machine.started(self.start) as running:
            self.screen.wait_for_window(self.program.name)
            try:
                self.screen.wait_until_like(before)
            finally:
                self.screen.keep(PICTURES / "second-start.png")
            self._quit(running)

    def expect_conversation(self) -> None:
        """Read the history with the installed program's own code: all that was said is in it."""
        history = self.machine.named(self.data / "history.db")
        read = self._python([self.folder / "lib", PACKAGING], "recount", history)
        if read.returncode:
            raise TrialFailed(f"the history cannot be read:\n{read.stdout}")
        turns = [turn for thread in json.loads(read.stdout) for turn in thread["turns"]]
        asked = [turn["texts"][0] for turn in turns]
        if asked != list(QUESTIONS) or any(turn["state"] != "done" for turn in turns):
            states = [turn["state"] for turn in turns]
            raise TrialFailed(f"the history has {len(turns)} turns, {states}, asked: {asked}")
        if not all(len(turn["texts"][-1]) > len(turn["texts"][0]) for turn in turns):
            raise TrialFailed("a turn has no answer")
        _say(f"{len(turns)} turns are in the history, each with its answer")

    def remove(self) -> None:
        """Remove it as a person does, who is told that the data stays."""
        kept = _content(self.data)
        with self.machine.started(self.folder / "uninstall.exe"):
            self.screen.wait_for_window("Uninstall")
            seen = self.screen.wait_until_still()
            self.screen.keep(PICTURES / "uninstall.png")
            self.screen.press("Return")
            seen = self.screen.wait_until_still(other_than=seen)
            self.screen.keep(PICTURES / "data-stays.png")
            self.screen.press("Return")
            self.screen.wait_until_still(other_than=seen)
            self.screen.press("Return")
            self.machine.wait_until_all_ended()
        if self.folder.exists():
            raise TrialFailed(f"left behind: {sorted(_content(self.folder))}")
        if not kept or _content(self.data) != kept:
            raise TrialFailed("the data is not as it was")
        _say(f"removed; the data stays ({len(kept)} files)")

    def _quit(self, running: subprocess.Popen[str]) -> None:
        self.screen.press("ctrl+q")
        end = time.monotonic() + PATIENCE
        while running.poll() is None:
            if self.screen.has_window(OFFER):
                self.screen.press("Escape")  # later; what it shows is in no picture
            with suppress(subprocess.TimeoutExpired):
                running.wait(0.5)
            if time.monotonic() > end:
                self.screen.keep(PICTURES / "stays.png")
                raise TrialFailed(f"it does not quit: look at {PICTURES / 'stays.png'}")
        said, _ = running.communicate()
        if running.returncode or said:
            raise TrialFailed(f"the program ended with {running.returncode} and said:\n{said}")

    def _python(
        self, paths: Sequence[Path], module: str, *arguments: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a module in the Python for Windows that the preview was built with."""
        code = (
            f"import runpy, sys; sys.path[:0] = {[self.machine.named(path) for path in paths]!r}; "
            f"runpy.run_module({module!r}, run_name='__main__', alter_sys=True)"
        )
        python = preview.PYTHON_FOLDER / "python.exe"
        return self.machine.run(python, "-c", code, *arguments, limit=600)


def _content(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(files)}


def _say(text: str) -> None:
    print(f"windows: {text}", flush=True)


def main(arguments: Sequence[str]) -> int:
    """Try out the setup that was named, or the newest one."""
    program = project.read()
    usual = project.DIST / f"{program.name}-{program.version}-setup.exe"
    setup = Path(arguments[0]).resolve() if arguments else usual
    with x_server() as display, wine.opened(display) as machine:
        trial = Trial(program, machine, Screen(display))
        trial.prove(setup)
        trial.install(setup)
        seen = trial.talk(setup)
        trial.install(setup)  # over itself, as an update is
        trial.expect_conversation()
        trial.look_again(seen)
        trial.remove()
    _say("all of it was as it has to be")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
