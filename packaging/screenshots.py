"""Takes the pictures of resources/screenshots anew: `make screenshot`.

It starts the real program for a user who has nothing yet, talks with the demo model through real
key events, and needs neither a screen nor a network. The keyring is a real one as well: for the
last picture it is taken away.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from support.driver import Driver
from support.secret_service import PASSWORD, session_bus

PICTURES = Path(__file__).resolve().parents[1] / "resources" / "screenshots"
FOLDERS = {
    "HOME": "home",
    "XDG_CACHE_HOME": "home/.cache",
    "XDG_CONFIG_HOME": "home/.config",
    "XDG_DATA_HOME": "home/.local/share",
    "XDG_RUNTIME_DIR": "run",
    "TMPDIR": "tmp",
}


def main(folder: Path) -> None:
    """Take all pictures.

    Args:
        folder: Where they are saved; pictures of the same names are replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as root, session_bus() as bus:
        user = _user(Path(root))
        bus.start_keyring(PASSWORD)
        with Driver(user | bus.environment) as program:
            _take_conversation(program, folder)
            program.quit()
        with Driver(user) as program:
            program.wait_for(lambda state: state["page"] == "locked")
            _in_both_schemes(program, folder, "key-not-available")
            program.kill()
    with tempfile.TemporaryDirectory() as root, Driver(_user(Path(root))) as program:
        program.wait_for(lambda state: state["page"] == "locked")
        _in_both_schemes(program, folder, "choose-a-passphrase")
        program.kill()


def _take_conversation(program: Driver, folder: Path) -> None:
    program.wait_open()
    _in_both_schemes(program, folder, "first-start")
    for number, message in enumerate(
        ("My name is Ada.", "Show me a table and some code", "What is my name?"), start=1
    ):
        program.send(message)
        program.wait_idle(replies=number)
    _in_both_schemes(program, folder, "conversation")
    program.tell("resize", width=560, height=760)
    _in_both_schemes(program, folder, "narrow")
    program.tell("resize", width=1100, height=760)
    program.press("Ctrl+,")
    program.wait_for(lambda state: state["dialog"])
    _take(program, folder / "settings-light.png")
    program.press("Esc")
    program.wait_for(lambda state: not state["dialog"])


def _in_both_schemes(program: Driver, folder: Path, name: str) -> None:
    for scheme in ("dark", "light"):
        program.trigger(f"theme-{scheme}")
        _take(program, folder / f"{name}-{scheme}.png")


def _take(program: Driver, path: Path) -> None:
    program.screenshot(path)
    print(path)


def _user(root: Path) -> dict[str, str]:
    """Give the surroundings of a user who has no files and no screen."""
    surroundings = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    surroundings.pop("DBUS_SESSION_BUS_ADDRESS", None)
    for variable, name in FOLDERS.items():
        (root / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        surroundings[variable] = str(root / name)
    return surroundings


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURES)
