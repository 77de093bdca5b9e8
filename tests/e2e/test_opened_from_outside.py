"""Links to threads and backups that are handed to the program: at its start, or while it runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.driver import Driver

pytestmark = pytest.mark.timeout(120)


def is_shown(words: str) -> Callable[[dict[str, Any]], bool]:
    return lambda state: words in (state.get("dialog") or "")


def asked(state: dict[str, Any]) -> list[str]:
    return [row["text"] for row in state["rows"] if row["row"] == "UserRow"]


def say(program: Driver, text: str, replies: int = 1) -> None:
    program.send(text)
    program.wait_idle(replies)


def copy_link(program: Driver) -> str:
    program.tell("trigger", action="copy-link")
    program.wait_for(lambda _state: program.tell("clipboard").startswith("chatelaine:"))
    link: str = program.tell("clipboard")
    return link


def test_a_link_is_copied_from_the_menu_and_opens_its_thread(start: Callable[..., Driver]) -> None:
    with start() as program:
        program.wait_open()
        say(program, "The first thread")
        program.menu("Thread", "Copy link to this thread")
        program.wait_for(lambda _state: program.tell("clipboard").startswith("chatelaine:"))
        link = program.tell("clipboard")
        assert link == f"chatelaine:thread/{program.state['thread']['uid']}"
        program.press("Ctrl+N")
        program.wait_for(lambda state: state.get("open") and not state["rows"])
        say(program, "The second thread")
        # Handed on by a second start, which ends.
        with start(link) as second:
            assert second.wait_ended() == 0
        program.wait_for(lambda state: asked(state) == ["The first thread"])
        program.click_row(0)
        program.wait_for(lambda state: asked(state) == ["The second thread"])
        assert program.quit() == 0
    # As an argument of the start it waits for the history.
    with start(link) as program:
        program.wait_for(lambda state: state.get("open") and asked(state) == ["The first thread"])
        assert program.quit() == 0


def test_a_link_in_a_message_opens_the_thread(start: Callable[..., Driver]) -> None:
    with start() as program:
        program.wait_open()
        say(program, "The first thread")
        link = copy_link(program)
        program.press("Ctrl+N")
        program.wait_for(lambda state: state.get("open") and not state["rows"])
        # The demo model repeats what it is told.
        say(program, f"[over there]({link})")
        program.wait_for(lambda state: state["settled"])
        program.click(link)
        program.wait_for(lambda state: asked(state) == ["The first thread"])
        assert program.quit() == 0


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("chatelaine:thread/thread_nobody-has-it", "There is no such thread"),
        ("chatelaine:delete/everything", "This link cannot be opened"),
        ("chatelaine://thread/a", "a link to a thread begins with"),
        ("chatelaine:thread/%%%bad", "is not the ID of a thread"),
        ("chatelaine:thread/", "is not the ID of a thread"),
        ("notes.txt", "“notes.txt” is no backup"),
    ],
)
def test_what_cannot_be_opened_is_said(
    start: Callable[..., Driver], argument: str, words: str
) -> None:
    with start(argument) as program:
        program.wait_for(is_shown(words))
        program.click("OK")
        program.wait_open()
        with start(argument) as second:
            assert second.wait_ended() == 0
        program.wait_for(is_shown(words))
        program.click("OK")
        assert program.quit() == 0


def test_a_thread_in_the_trash_is_said_to_be_there(start: Callable[..., Driver]) -> None:
    with start() as program:
        program.wait_open()
        say(program, "Soon in the trash")
        link = copy_link(program)
        program.trigger("trash")
        program.wait_for(lambda state: state.get("open") and not state["rows"])
        with start(link) as second:
            assert second.wait_ended() == 0
        program.wait_for(is_shown("This thread is in the trash"))
        program.click("OK")
        assert program.state["rows"] == []
        assert program.quit() == 0


def test_a_temporary_thread_has_no_link(start: Callable[..., Driver]) -> None:
    with start() as program:
        program.wait_open()
        program.press("Ctrl+Shift+N")
        program.wait_for(lambda state: state.get("open") and "temporary" in str(state).lower())
        with pytest.raises(AssertionError):
            program.tell("menu", menu="Thread", words="Copy link to this thread")
        assert program.quit() == 0


def test_a_backup_is_asked_about_and_never_restored_by_itself(
    start: Callable[..., Driver], user: dict[str, str], tmp_path: Path
) -> None:
    with start() as program:
        program.wait_open()
        say(program, "What was backed up")
        program.trigger("back-up")
        program.wait_for(lambda state: state["dialog"] is not None)
        backup = tmp_path / "my.chtlbak"
        program.set_text("fileNameEdit", str(backup))
        program.press("Return", on="fileNameEdit")
        program.wait_for(is_shown("The backup was made and checked"))
        program.click("OK")
        with start(str(backup)) as second:
            assert second.wait_ended() == 0
        program.wait_for(is_shown("How should this backup be restored?"))
        assert "my.chtlbak" in program.state["dialog"]
        program.press("Escape")
        program.wait_for(lambda state: "Backups" in (state["dialog"] or ""))
        program.click("closeBackups")
        assert program.state["threads"]
        assert program.quit() == 0
    before = (Path(user["XDG_DATA_HOME"]) / "chatelaine" / "history.db").stat().st_ino
    with start(backup.as_uri()) as program:
        program.wait_for(is_shown("How should this backup be restored?"))
        program.click("Add what is missing")
        program.wait_for(lambda state: "Backups" in (state["dialog"] or ""))
        program.click("closeBackups")
        assert program.quit() == 0
    assert (Path(user["XDG_DATA_HOME"]) / "chatelaine" / "history.db").stat().st_ino == before


def test_a_backup_that_is_not_there_is_said(start: Callable[..., Driver]) -> None:
    with start("/nowhere/at/all.chtlbak") as program:
        program.wait_for(is_shown("The backup cannot be used"))
        program.click("OK")
        program.wait_for(lambda state: "Backups" in (state["dialog"] or ""))
        program.click("closeBackups")
        assert program.quit() == 0
