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
