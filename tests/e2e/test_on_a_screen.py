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

from support.driver import ProgramRefused
from support.until import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.driver import Driver

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def managed(display: str, home: Path) -> Iterator[str]:
    """A display with a window manager, which decides who is active and what lies on top."""
    manager = subprocess.Popen(
        ["openbox", "--sm-disable"],
        env={**os.environ, "DISPLAY": display, "HOME": str(home)},
        stderr=subprocess.DEVNULL,
    )
    # It says that it is there by a property of the root window.
    wait_until(
        lambda: "window id" in told(["xprop", "-root", "_NET_SUPPORTING_WM_CHECK"], display),
        what="the window manager",
    )
    yield display
    manager.terminate()
    manager.wait(10)


def told(command: list[str], display: str) -> str:
    done = subprocess.run(
        command,
        env={**os.environ, "DISPLAY": display},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip()


def xdotool(display: str, *arguments: str) -> str:
    return told(["xdotool", *arguments], display)


OTHER = """
import sys
from PySide6.QtWidgets import QApplication, QWidget
application = QApplication(sys.argv)
window = QWidget()
window.setWindowTitle("Something else")
window.showMaximized()
application.exec()
"""


def window_named(display: str, pattern: str) -> str:
    """Wait for a window that is visible; give its number."""
    search = ("search", "--onlyvisible", "--name", pattern)
    found = wait_until(lambda: xdotool(display, *search), 30, what=f"the window {pattern}")
    assert isinstance(found, str)
    return found.splitlines()[0]


def stands_before(display: str, window: str, other: str) -> bool:
    """Tell whether a window is shown, above another one, and has the keyboard."""
    listed = told(["xprop", "-root", "_NET_CLIENT_LIST_STACKING"], display).partition("#")[2]
    stack = [int(number, 16) for number in listed.split(",")] if listed else []
    state = told(["xprop", "-id", window, "_NET_WM_STATE"], display)
    active = xdotool(display, "getactivewindow")
    return (
        active == window
        and "_NET_WM_STATE_HIDDEN" not in state
        and stack.index(int(window)) > stack.index(int(other))
    )


@pytest.mark.parametrize("how", ["minimised", "covered"])
def test_a_second_start_makes_the_first_window_active_and_visible(
    managed: str, user: dict[str, str], how: str
) -> None:
    environment = {**user, "DISPLAY": managed}
    del environment["QT_QPA_PLATFORM"]
    command = [sys.executable, "-P", "-m", "chatelaine"]
    with (
        subprocess.Popen(command, env=environment) as program,
        subprocess.Popen([sys.executable, "-P", "-c", OTHER], env=environment) as other,
    ):
        try:
            window = window_named(managed, "^Chatelaine")
            cover = window_named(managed, "^Something else$")
            if how == "minimised":
                xdotool(managed, "windowminimize", window)
                wait_until(
                    lambda: "HIDDEN" in told(["xprop", "-id", window, "_NET_WM_STATE"], managed),
                    what="the minimised window",
                )
            xdotool(managed, "windowactivate", cover)
            wait_until(lambda: stands_before(managed, cover, window), what="the other on top")
            second = subprocess.run(
                command, env=environment, capture_output=True, text=True, check=False, timeout=30
            )
            assert second.returncode == 0
            assert second.stderr == ""
            wait_until(lambda: stands_before(managed, window, cover), what="the window on top")

            def leave() -> bool:
                xdotool(managed, "key", "ctrl+q")
                return program.poll() is not None

            wait_until(leave, 30, what="the end after Ctrl+Q")
            assert program.returncode == 0
        finally:
            for process in (program, other):
                if process.poll() is None:
                    process.terminate()


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
    assert "xvfb-run" in done.stderr


HEADINGS = """
import sys
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from chatelaine.gui.theme.appearance import Appearance
from chatelaine.gui.widgets.message_box import MessageBox

application = QApplication(sys.argv)
appearance = Appearance(application)
window = QWidget()
window.show()
words = ("threads were added and some of them stand beside others " * 2).split()
for scale in (1.0, 1.5, 2.0):
    appearance.set_scale(scale)
    for count in range(1, len(words)):
        box = MessageBox(window, " ".join(words[:count]), "They can be moved to the trash.")
        box.open()
        application.processEvents()
        for label in box.findChildren(QLabel):
            width = label.width() if label.wordWrap() else label.sizeHint().width()
            height = label.heightForWidth(width) if label.wordWrap() else 0
            if label.text() and (label.width() < width or label.height() < height):
                print("cut:", scale, label.text())
        box.close()
print("done")
"""


def test_no_heading_of_a_box_is_cut(display: str) -> None:
    shown = subprocess.run(
        [sys.executable, "-c", HEADINGS],
        env={**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.split("\n") == ["done", ""]


PASSPHRASE = "four words that rhyme"


def clicked(program: Driver, name: str) -> bool:
    try:
        program.click(name)
    except ProgramRefused:  # it is not there yet, or has nothing to do
        return False
    return True


def test_the_passphrase_is_asked_for_in_the_active_window_after_a_backup_was_restored(
    start: Callable[..., Driver], managed: str, home: Path
) -> None:
    with start() as program:
        program.wait_open()
        program.send("Before the backup")
        program.wait_idle(1)
        program.trigger("settings")
        program.wait_for(lambda state: state["dialog"] is not None)
        program.tell("show_tab", name="Security")
        for name in ("newPassphrase", "newPassphraseAgain"):
            program.set_text(name, PASSPHRASE)
        program.click("Save")
        program.wait_for(lambda state: state["dialog"] is None)
        folder = next(home.rglob("history.db")).parent / "backups"
        folder.mkdir(exist_ok=True)
        program.trigger("back-up")
        program.wait_for(lambda state: state["dialog"] is not None)
        program.set_text("fileNameEdit", str(folder / "mine.chtlbak"))
        program.press("Return", on="fileNameEdit")
        program.wait_for(lambda state: "was made and checked" in (state["dialog"] or ""))
        program.press("Escape")
        program.wait_for(lambda state: state["dialog"] is None)
        program.send("After it")
        program.wait_idle(2)
        assert program.quit() == 0
    with start(DISPLAY=managed, QT_QPA_PLATFORM="xcb") as program:
        program.wait_for(lambda state: state["focus"] == "Passphrase")
        program.type(PASSPHRASE)
        program.press("Return")
        program.wait_idle(2)
        # What the window says last when a history is open: the menus know of it then.
        program.wait_for(lambda state: any("demo model" in one for one in state["labels"]))
        program.tell("leave_windows")
        program.trigger("backups")
        program.wait_for(lambda state: state["dialog"] is not None)
        wait_until(lambda: clicked(program, "restoreBackup"), what="the list of backups")
        program.wait_for(lambda state: "How should this" in (state["dialog"] or ""))
        program.click("Replace everything")
        program.wait_for(lambda state: "Replace your whole" in (state["dialog"] or ""))
        program.click("Replace everything")
        program.wait_for(lambda state: state["active"] and state["focus"] == "Passphrase")
        xdotool(managed, "type", PASSPHRASE)
        xdotool(managed, "key", "Return")
        state = program.wait_for(lambda state: state["rows"] and state["page"] == "workspace")
        said = [row["text"] for row in state["rows"] if row["row"] == "UserRow"]
        assert said == ["Before the backup"]
        program.wait_for(lambda state: "The backup was restored" in state["labels"])
        assert program.quit() == 0
