"""The app lock in the real program: turned on, locked, unlocked; and another history opened."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support.logind import Logind
from support.secret_service import session_bus
from support.until import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.driver import Driver

pytestmark = pytest.mark.timeout(120)

PASSPHRASE = "four words that rhyme"
SECRET = "The plan is to meet at noon"


def texts(state: dict[str, Any], kind: str) -> list[str]:
    return [row["text"] for row in state["rows"] if row["row"] == kind]


def turn_on(program: Driver) -> None:
    program.turn_on_lock(PASSPHRASE)


def unlock(program: Driver) -> None:
    program.unlock(PASSPHRASE)


def test_a_locked_window_shows_nothing_and_unlocks_to_the_same_thread_and_draft(
    start: Callable[..., Driver],
) -> None:
    with start() as program:
        program.wait_open()
        program.send("Another thread")
        program.wait_idle(1)
        program.trigger("new-thread")
        program.wait_for(lambda state: not state["rows"] and state["open"])
        program.send(SECRET)
        program.wait_idle(1)
        turn_on(program)
        program.type("A draft that stays", into="Message")
        program.press("Ctrl+L")
        state = program.wait_for(lambda state: "Chatelaine is locked" in state["labels"])
        state = program.wait_for(lambda state: state["focus"] == "Passphrase")
        assert state["page"] == "locked"
        assert state["threads"] == state["rows"] == []
        assert state["composer"] == ""
        seen = program.tell("everything")
        assert SECRET not in seen
        assert "A draft" not in seen
        assert "Another thread" not in seen
        program.set_text("Passphrase", "four words that rime")
        program.press("Return")
        program.wait_for(lambda state: any("does not open" in text for text in state["labels"]))
        unlock(program)
        state = program.wait_for(lambda state: texts(state, "UserRow") == [SECRET])
        assert state["composer"] == "A draft that stays"
        assert len(state["threads"]) == 2
        assert program.quit() == 0
    with start() as program:
        program.wait_for(lambda state: "Welcome back" in state["labels"])
        unlock(program)
        program.wait_for(lambda state: texts(state, "UserRow") == [SECRET])
        assert program.quit() == 0


def test_save_turns_the_app_lock_on_and_says_what_is_missing(
    start: Callable[..., Driver],
) -> None:
    with start() as program:
        program.wait_open()
        # What the window says last when a history is open: the menus know of it then.
        program.wait_for(lambda state: any("demo model" in one for one in state["labels"]))
        program.press("Ctrl+L")
        program.wait_for(lambda state: "The app lock is off" in (state["dialog"] or ""))
        program.click("Turn it on…")
        program.wait_for(lambda state: state["focus"] == "New passphrase")
        program.type(PASSPHRASE)
        program.click("Save")
        program.wait_for(lambda state: "Enter the passphrase again." in state["dialog"])
        assert program.state["focus"] == "New passphrase again"
        program.type("four words")
        program.press("Return")
        program.wait_for(lambda state: "passphrases are not alike" in state["dialog"])
        program.set_text("newPassphraseAgain", PASSPHRASE)
        program.click("Save")
        program.wait_for(lambda state: state["dialog"] is None)
        program.press("Ctrl+L")
        program.wait_for(lambda state: state["focus"] == "Passphrase")
        unlock(program)
        assert program.quit() == 0


def test_a_running_turn_is_stopped_and_kept_when_the_window_is_locked(
    start: Callable[..., Driver],
) -> None:
    with start() as program:
        program.wait_open()
        turn_on(program)
        program.send("Tell me a long story")
        program.wait_for(lambda state: state["running"] and "".join(texts(state, "ReplyRow")))
        program.trigger("lock")
        program.wait_for(lambda state: state["focus"] == "Passphrase")
        unlock(program)
        state = program.wait_for(lambda state: state["rows"])
        assert texts(state, "UserRow") == ["Tell me a long story"]
        assert not state["running"]
        program.send("And now?")
        program.wait_for(lambda state: len(texts(state, "UserRow")) == 2)
        assert program.quit() == 0


def say_in_a_temporary_thread(program: Driver) -> None:
    program.trigger("new-temporary-thread")
    program.wait_for(lambda state: any("Temporary:" in label for label in state["labels"]))
    program.send(SECRET)
    program.wait_idle(1)


def test_locking_asks_before_a_temporary_thread_is_lost(start: Callable[..., Driver]) -> None:
    with start() as program:
        program.wait_open()
        turn_on(program)
        program.trigger("new-temporary-thread")
        program.wait_for(lambda state: any("Temporary:" in label for label in state["labels"]))
        program.press("Ctrl+L")  # there is nothing in it
        program.wait_for(lambda state: state["focus"] == "Passphrase")
        unlock(program)
        program.trigger("new-temporary-thread")
        program.wait_for(lambda state: any("Temporary:" in label for label in state["labels"]))
        program.type("Only typed", into="Message")
        program.press("Ctrl+L")
        program.wait_for(lambda state: "will be discarded" in (state["dialog"] or ""))
        program.press("Return")  # which is Cancel: what is lost is never lost by Enter
        state = program.wait_for(lambda state: state["dialog"] is None)
        assert state["page"] == "workspace"
        assert state["composer"] == "Only typed"
        program.press("Ctrl+L")
        program.wait_for(lambda state: "will be discarded" in (state["dialog"] or ""))
        program.click("Lock and discard")
        program.wait_for(lambda state: state["focus"] == "Passphrase")
        unlock(program)
        assert not any("discarded" in label for label in program.state["labels"])
        assert program.quit() == 0


def test_quitting_asks_before_a_temporary_thread_is_lost(start: Callable[..., Driver]) -> None:
    with start() as program:
        program.wait_open()
        say_in_a_temporary_thread(program)
        program.press("Ctrl+Q")
        program.wait_for(lambda state: "will be discarded" in (state["dialog"] or ""))
        program.click("Cancel")
        state = program.wait_for(lambda state: state["dialog"] is None)
        assert texts(state, "UserRow") == [SECRET]
        program.press("Ctrl+Q")
        program.wait_for(lambda state: "will be discarded" in (state["dialog"] or ""))
        program.click("Quit and discard")
        assert program.wait_ended() == 0


def test_another_history_is_not_opened_over_a_temporary_thread(
    start: Callable[..., Driver], user: dict[str, str]
) -> None:
    other = Path(user["HOME"]) / "another.db"
    with start() as program:
        program.wait_open()
        say_in_a_temporary_thread(program)
        program.trigger("new-history")
        program.choose_file(other)
        program.wait_for(lambda state: "will be discarded" in (state["dialog"] or ""))
        assert not other.exists()
        program.click("Leave and discard")
        program.wait_for(lambda state: state["open"] and not state["rows"] and not state["dialog"])
        assert other.exists()
        assert program.quit() == 0


def test_what_sleep_has_discarded_is_said_when_the_history_is_open_again(
    start: Callable[..., Driver],
) -> None:
    with session_bus() as bus:
        address = bus.environment["DBUS_SESSION_BUS_ADDRESS"]
        logind = Logind(address)
        try:
            with start(DBUS_SYSTEM_BUS_ADDRESS=address, XDG_SESSION_ID="7") as program:
                program.wait_open()
                turn_on(program)
                say_in_a_temporary_thread(program)
                wait_until(lambda: logind.asked, what="somebody who listens")
                logind.sleep(begins=True)
                program.wait_for(lambda state: state["focus"] == "Passphrase")
                assert SECRET not in program.tell("everything")
                unlock(program)
                program.wait_for(
                    lambda state: "A temporary thread was discarded" in state["labels"]
                )
                assert program.quit() == 0
        finally:
            logind.close()


def test_quitting_works_from_the_locked_window(start: Callable[..., Driver]) -> None:
    with start() as program:
        program.wait_open()
        turn_on(program)
        program.trigger("lock")
        program.wait_for(lambda state: state["focus"] == "Passphrase")
        assert program.quit() == 0
    with start() as program:
        program.wait_for(lambda state: "Welcome back" in state["labels"])
        assert program.terminate() == 0


def test_another_history_is_opened_and_left_again(
    start: Callable[..., Driver], user: dict[str, str]
) -> None:
    other = Path(user["HOME"]) / "another.db"
    usual = Path(user["XDG_DATA_HOME"]) / "chatelaine" / "history.db"
    with start() as program:
        program.wait_open()
        program.send("In the usual one")
        program.wait_idle(1)
        program.type("A draft that stays", into="Message")
        program.trigger("new-history")
        program.choose_file(other)
        program.wait_for(lambda state: state["open"] and not state["rows"] and not state["dialog"])
        assert other.exists()
        assert program.state["composer"] == ""
        program.send("In the other one")
        program.wait_idle(1)
        program.trigger("open-history")
        program.choose_file(usual)
        state = program.wait_for(lambda state: texts(state, "UserRow") == ["In the usual one"])
        assert state["composer"] == "A draft that stays"
        program.trigger("open-history")
        program.choose_file(other)
        program.wait_for(lambda state: texts(state, "UserRow") == ["In the other one"])
        assert program.quit() == 0
    with start() as program:
        program.wait_for(lambda state: state.get("rows"))
        assert texts(program.state, "UserRow") == ["In the other one"]
        assert program.quit() == 0


def test_what_is_no_history_leads_back_to_the_one_before(
    start: Callable[..., Driver], user: dict[str, str]
) -> None:
    text = Path(user["HOME"]) / "notes.db"
    text.write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    before = text.read_bytes()
    with start() as program:
        program.wait_open()
        program.send("Still here")
        program.wait_idle(1)
        program.trigger("new-history")
        program.choose_file(text)
        program.wait_for(lambda state: "name of its own" in (state["dialog"] or ""))
        program.click("OK")
        program.wait_for(lambda state: state["dialog"] is None)
        assert texts(program.state, "UserRow") == ["Still here"]
        program.trigger("open-history")
        program.choose_file(text)
        program.wait_for(lambda state: state["page"] == "locked")
        program.wait_for(lambda state: any("not an encrypted" in text for text in state["labels"]))
        program.click("back")
        program.wait_open()
        program.wait_for(lambda state: texts(state, "UserRow") == ["Still here"])
        assert program.quit() == 0
    assert text.read_bytes() == before
