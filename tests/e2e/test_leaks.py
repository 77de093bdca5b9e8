"""Nothing that was written can be read from the disk: not in the history, nor beside it."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(120)

TITLE = "Qvortessa-title-marker"
MESSAGE = "Zyxomma-message-marker"
DRAFT = "Wrenfeld-draft-marker"
PLACES = (
    "HOME",
    "XDG_DATA_HOME",
    "XDG_CONFIG_HOME",
    "XDG_CACHE_HOME",
    "XDG_STATE_HOME",
    "XDG_RUNTIME_DIR",
    "TMPDIR",
)
API_KEY = "sk-Plumbago7marker9key"
PASSPHRASE = "Ombrellina four words marker"
NEXT_PASSPHRASE = "Tarlatane other words marker"
WRONG_PASSPHRASE = "Ombrellina for words marker"


def spellings(marker: str) -> set[bytes]:
    """Every way in which a marker might lie in a file, wherever it begins in base64."""
    plain = marker.encode()
    found = {plain, marker.encode("utf-16-le"), marker.encode("utf-16-be")}
    found |= {plain.hex().encode(), plain.hex().upper().encode()}
    for offset in range(3):
        # Cut off what depends on the neighbours.
        whole = base64.b64encode(b"\0" * offset + plain)
        first = -(-offset * 4 // 3)
        found.add(whole[first : (offset + len(plain)) // 3 * 4])
    return found


def places(environment) -> list[Path]:
    return [Path(environment[name]) for name in PLACES]


def leaks(environment, markers) -> list[str]:
    found = []
    for place in places(environment):
        for path in place.rglob("*"):
            if path.is_file() and not path.is_symlink():
                content = path.read_bytes()
                found += [
                    f"{marker} in {path}"
                    for marker in markers
                    for spelling in spellings(marker)
                    if spelling in content
                ]
    return found


@pytest.mark.parametrize("ending", ["quit", "kill"])
def test_no_marker_is_found_in_any_file(start, user, connect, server, ending):
    with start() as program:
        program.wait_open()
        connect(program, api_key=API_KEY)
        program.send(f"Tell me about {MESSAGE}")
        program.wait_idle(replies=1)
        program.press("F2")
        program.wait_for(lambda state: state["focus"] != "Message")
        program.press("Ctrl+A")
        program.type(TITLE)
        program.press("Return")
        session_id = program.wait_for(lambda state: state["thread"]["title"] == TITLE)["thread"][
            "uid"
        ]
        program.type(DRAFT, into="Message")
        program.send(" and again")
        program.wait_idle(replies=2)
        program.type(DRAFT, into="Message")
        history = Path(user["XDG_DATA_HOME"]) / "chatelaine" / "history.db"
        assert history.stat().st_mode & 0o777 == 0o600
        assert history.parent.stat().st_mode & 0o777 == 0o700
        if ending == "quit":
            assert program.quit() == 0
        else:
            program.kill()
    markers = [TITLE, MESSAGE, DRAFT, API_KEY, session_id]
    assert leaks(user, markers) == []
    assert all(
        path.stat().st_mode & 0o077 == 0 for path in history.parent.iterdir() if os.name == "posix"
    )
    assert MESSAGE not in program.errors


@pytest.mark.parametrize("ending", ["quit", "kill"])
def test_the_passphrase_of_the_app_lock_is_found_in_no_file(start, user, ending):
    with start() as program:
        program.wait_open()
        in_security(program)
        set_new(program, PASSPHRASE, "turnOnLock", "The app lock is on.")
        lock(program)
        unlock(program, WRONG_PASSPHRASE)
        program.wait_for(lambda state: any("does not open" in text for text in state["labels"]))
        unlock(program, PASSPHRASE)
        program.wait_open()
        in_security(program)
        program.set_text("presentPassphrase", WRONG_PASSPHRASE)
        set_new(program, NEXT_PASSPHRASE, "changePassphrase", "does not open")
        program.set_text("presentPassphrase", PASSPHRASE)
        set_new(program, NEXT_PASSPHRASE, "changePassphrase", "the new passphrase opens")
        lock(program)
        unlock(program, NEXT_PASSPHRASE)
        program.wait_open()
        program.send("Something that is kept")
        program.wait_idle(replies=1)
        lock(program)
        program.type(NEXT_PASSPHRASE)  # and never sent
        if ending == "quit":
            assert program.quit() == 0
        else:
            program.kill()
    markers = [PASSPHRASE, NEXT_PASSPHRASE, WRONG_PASSPHRASE]
    assert leaks(user, markers) == []
    assert [marker for marker in markers if marker in program.errors] == []


def in_security(program):
    program.trigger("settings")
    program.wait_for(lambda state: state["dialog"] is not None)
    program.tell("show_tab", name="Security")


def set_new(program, passphrase, button, answer):
    program.set_text("newPassphrase", passphrase)
    program.set_text("newPassphraseAgain", passphrase)
    program.click(button)
    program.wait_for(lambda state: answer in state["dialog"])


def lock(program):
    if program.state["dialog"] is not None:
        program.click("Cancel")
        program.wait_for(lambda state: state["dialog"] is None)
    program.press("Ctrl+L")
    program.wait_for(lambda state: state["focus"] == "Passphrase")


def unlock(program, passphrase):
    program.set_text("Passphrase", passphrase)
    program.press("Return")


def test_the_search_for_markers_finds_them(tmp_path):
    environment = dict.fromkeys(PLACES, str(tmp_path))
    for number, spelling in enumerate(spellings(MESSAGE)):
        path = tmp_path / str(number)
        path.write_bytes(b"x" + spelling + b"y")
        assert leaks(environment, [MESSAGE])
        path.unlink()
    for offset in range(3):
        (tmp_path / "b64").write_bytes(base64.b64encode(b"z" * offset + MESSAGE.encode() + b"zz"))
        assert leaks(environment, [MESSAGE])
