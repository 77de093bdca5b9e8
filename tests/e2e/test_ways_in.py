"""Every way into a history, and what is seen where none leads in."""

from __future__ import annotations

import json
import os
import signal
import stat
from pathlib import Path

import pytest

from support.driver import Driver
from support.secret_service import PASSWORD, session_bus
from support.until import wait_until

pytestmark = pytest.mark.timeout(120)


def texts(state, kind):
    return [row["text"] for row in state["rows"] if row["row"] == kind]


@pytest.fixture
def without_keyring(user):
    """The same user in a session in which no keyring answers."""
    return {name: value for name, value in user.items() if name != "DBUS_SESSION_BUS_ADDRESS"}


@pytest.fixture
def folder(user) -> Path:
    return Path(user["XDG_DATA_HOME"]) / "chatelaine"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".lock"}


def test_without_a_keyring_a_passphrase_is_chosen_and_opens_the_next_time(without_keyring):
    with Driver(without_keyring) as program:
        program.wait_for(lambda state: state["page"] == "locked")
        program.set_text("passphrase", "four words that rhyme")
        program.set_text("passphraseAgain", "four words that rhyme")
        program.click("Create my history")
        program.wait_open()
        program.send("Remember me")
        program.wait_idle(1)
        program.trigger("recovery-key")
        state = program.wait_for(lambda state: "recovery key" in (state["dialog"] or ""))
        assert "when your passphrase is forgotten" in state["dialog"]
        assert "keyring" not in state["dialog"]
        assert "quits" not in state["dialog"]
        program.click("Later")
        assert program.quit() == 0
    with Driver(without_keyring) as program:
        program.wait_for(lambda state: "Welcome back" in state["labels"])
        program.set_text("Passphrase", "four words that rime")
        program.press("Return")
        program.wait_for(lambda state: any("does not open" in text for text in state["labels"]))
        program.set_text("Passphrase", "four words that rhyme")
        program.press("Return")
        program.wait_open()
        program.wait_for(lambda state: texts(state, "UserRow") == ["Remember me"])
        assert program.quit() == 0


def test_the_recovery_key_opens_a_history_whose_keyring_does_not_answer(
    start, without_keyring, folder
):
    with start() as program:
        program.wait_open()
        program.send("Still here?")
        program.wait_idle(1)
        program.trigger("recovery-key")
        shown = program.wait_for(lambda state: state["dialog"])["dialog"]
        recovery_key = "-".join(line for line in shown.splitlines() if len(line) == 4)
        assert len(recovery_key) == 39
        program.click("I have written it down")
        program.click("Done")
        program.wait_for(lambda state: not state["dialog"])
        assert program.quit() == 0
    before = contents(folder)
    with Driver(without_keyring) as program:
        program.wait_for(lambda state: any("not available" in text for text in state["labels"]))
        assert contents(folder) == before, "looking for the key changes nothing"
        slip = "0" if recovery_key[0] != "0" else "1"
        program.set_text("Recovery key", slip + recovery_key[1:])
        program.wait_for(lambda state: any("roup 1" in text for text in state["labels"]))
        program.set_text("Recovery key", recovery_key.lower())
        program.press("Return")
        program.wait_open()
        program.wait_for(lambda state: texts(state, "UserRow") == ["Still here?"])
        assert program.quit() == 0


@pytest.fixture
def own_keyring():
    """A bus with a keyring of the test's own, to be locked or stopped."""
    with session_bus() as bus:
        yield bus


def test_a_keyring_that_never_answers_leaves_the_way_to_the_recovery_key(user, own_keyring):
    own_keyring.start_keyring(PASSWORD)
    environment = {**user, **own_keyring.environment}
    with Driver(environment) as program:
        program.wait_open()
        program.trigger("recovery-key")
        shown = program.wait_for(lambda state: state["dialog"])["dialog"]
        recovery_key = "-".join(line for line in shown.splitlines() if len(line) == 4)
        program.click("Later")
        program.wait_for(lambda state: not state["dialog"])
        assert program.quit() == 0
    keyring = own_keyring.keyring_pid
    os.kill(keyring, signal.SIGSTOP)
    try:
        with Driver(environment) as program:
            program.wait_for(lambda state: any("Waiting for" in text for text in state["labels"]))
            program.click("Open it another way…")
            program.wait_for(lambda state: state["page"] == "locked")
            program.set_text("Recovery key", recovery_key)
            program.press("Return")
            program.wait_open()
            assert program.quit() == 0
    finally:
        os.kill(keyring, signal.SIGCONT)


def test_a_locked_keyring_at_the_first_start_is_to_be_unlocked_first(user, own_keyring):
    own_keyring.start_keyring(PASSWORD)
    own_keyring.lock()
    with Driver({**user, **own_keyring.environment}) as program:
        state = program.wait_for(lambda state: state["page"] == "locked")
        assert "Unlock your keyring" in state["labels"]
        assert not any("there is none here" in text for text in state["labels"])
        own_keyring.end_keyring()
        own_keyring.start_keyring(PASSWORD)
        program.click("Try the keyring again")
        program.wait_open()
        assert program.quit() == 0


def test_a_damaged_slot_does_not_greet_but_leads_to_the_recovery_key(start, folder):
    with start() as program:
        program.wait_open()
        assert program.quit() == 0
    keys = folder / "history.keys.json"
    keys.write_text(keys.read_text(encoding="utf-8").replace('"entry"', '"lost"'), encoding="utf-8")
    with start() as program:
        state = program.wait_for(lambda state: state["page"] == "locked")
        assert "Welcome back" not in state["labels"]
        assert "Recovery key" in " ".join(state["labels"]).replace("&", "")
        assert program.quit() == 0


def test_a_remembered_history_that_is_not_there_is_not_made_anew(start, user, folder):
    settings = Path(user["XDG_CONFIG_HOME"]) / "chatelaine" / "settings.json"
    missing = Path(user["HOME"]) / "drive" / "mine.db"
    with start() as program:
        program.wait_open()
        program.trigger("text-larger")
        assert program.quit() == 0
    known = json.loads(settings.read_text(encoding="utf-8"))
    settings.write_text(json.dumps({**known, "history": str(missing)}), encoding="utf-8")
    with start() as program:
        state = program.wait_for(lambda state: state["page"] == "locked")
        assert any(str(missing) in text for text in state["labels"])
        assert not missing.parent.exists()
        program.click("Start a new history")
        program.wait_open()
        assert program.quit() == 0
    assert not missing.parent.exists()
    assert (folder / "history-2.db").exists()


def test_a_new_history_begins_beside_the_old_one_and_is_opened_again(start, folder):
    with start() as program:
        program.wait_open()
        program.send("In the old one")
        program.wait_idle(1)
        assert program.quit() == 0
    keys = folder / "history.keys.json"
    whole = keys.read_bytes()
    keys.write_bytes(b"{ damaged")
    before = contents(folder)
    with start() as program:
        program.wait_for(lambda state: state["page"] == "locked")
        assert contents(folder) == before
        program.click("Start a new history")
        program.wait_open()
        assert program.state["rows"] == []
        program.send("In the new one")
        program.wait_idle(1)
        assert program.quit() == 0
    assert {name: contents(folder)[name] for name in before} == before, "the old one is untouched"
    with start() as program:
        program.wait_open()
        program.wait_for(lambda state: texts(state, "UserRow") == ["In the new one"])
        assert program.quit() == 0
    assert whole


def test_who_quits_without_the_recovery_key_is_offered_it_once(start):
    with start() as program:
        program.wait_open()
        program.send("Something to lose")
        program.wait_idle(1)
        program.press("Ctrl+Q")
        state = program.wait_for(lambda state: "recovery key" in (state["dialog"] or ""))
        assert "Chatelaine quits when you close this." in state["dialog"]
        assert "when the keyring of this computer is lost" in state["dialog"]
        program.click("I have written it down")
        program.tell("click", name="Done, quit")
        assert program.wait_ended() == 0
    with start() as program:
        program.wait_open()
        program.press("Ctrl+Q")
        assert program.wait_ended() == 0


def test_a_thread_is_exported_as_markdown(start, user):
    target = Path(user["HOME"]) / "exported.md"
    with start() as program:
        program.wait_open()
        program.send("Keep this")
        program.wait_idle(1)
        program.press("Ctrl+Shift+E")
        program.wait_for(lambda state: state["dialog"] is not None)
        program.set_text("fileNameEdit", str(target))
        program.press("Return", on="fileNameEdit")
        wait_until(target.exists, what="the exported file")
        wait_until(lambda: "Keep this" in target.read_text(encoding="utf-8"))
        program.wait_for(lambda state: any("“exported.md” was" in one for one in state["labels"]))
        assert stat.S_IMODE(target.stat().st_mode) == 0o600
        assert program.quit() == 0


def test_a_thread_that_was_exported_as_json_is_imported_again(start, user):
    target = Path(user["HOME"]) / "exported.json"
    with start() as program:
        program.wait_open()
        program.send("Keep this")
        program.wait_idle(1)
        program.press("Ctrl+Shift+E")
        program.wait_for(lambda state: state["dialog"] is not None)
        program.set_text("fileNameEdit", str(target))
        program.press("Return", on="fileNameEdit")
        wait_until(target.exists, what="the exported file")
        # As if it had been said somewhere else.
        uid = json.loads(target.read_text(encoding="utf-8"))["threads"][0]["uid"]
        other = target.read_text(encoding="utf-8").replace(uid, "of-another-history")
        target.write_text(other, encoding="utf-8")
        program.trigger("import")
        program.wait_for(lambda state: state["dialog"] is not None)
        program.set_text("fileNameEdit", str(target))
        program.press("Return", on="fileNameEdit")
        program.wait_for(lambda state: "1 thread was imported" in (state["dialog"] or ""))
        program.press("Escape")
        program.wait_for(lambda state: state["dialog"] is None)
        assert program.quit() == 0


def test_the_theme_and_the_size_of_the_text_are_kept(start, user):
    settings = Path(user["XDG_CONFIG_HOME"]) / "chatelaine" / "settings.json"
    with start() as program:
        program.wait_open()
        program.trigger("theme-dark")
        program.trigger("text-larger")
        assert program.quit() == 0
    text = settings.read_text(encoding="utf-8")
    assert '"theme": "dark"' in text
    assert '"text_size": 110' in text
    assert settings.stat().st_mode & 0o777 == 0o600
