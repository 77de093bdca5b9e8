"""Takes the pictures of resources/screenshots anew: `make screenshot`.

The real program is started for a new user, with a real keyring on a bus of its own, and talks with
the demo model; keys and clicks are real events in the real window. Qt paints it in memory, so no
display is needed. Whatever a picture shows, the window has shown.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from support.driver import Driver
from support.secret_service import PASSWORD, session_bus

PICTURES = Path(__file__).resolve().parents[1] / "resources" / "screenshots"
WIDTH, HEIGHT = 1180, 780
NARROW = 620
CONVERSATION = (
    "Hello! My name is Ada.",
    "Show me a table",
    "Show me some code",
    "What is my name?",
)


def main() -> int:
    """Take all pictures; give the exit code."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with session_bus() as bus, TemporaryDirectory(prefix="chatelaine-") as home:
        bus.start_keyring(PASSWORD)
        user = surroundings(Path(home))
        with Driver({**user, **bus.environment}) as program:
            take_conversation(program)
        # The same user where no keyring answers: a session without a bus.
        with Driver(user) as program:
            take_key_not_available(program)
    return 0


def surroundings(home: Path) -> dict[str, str]:
    """Give the environment of a new user, with nothing of this one's."""
    return {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(home),
        "QT_QPA_PLATFORM": "offscreen",
    }


def take_conversation(program: Driver) -> None:
    """Hold a conversation, and show it in light and dark, wide and narrow."""
    program.wait_open()
    program.tell("resize", width=WIDTH, height=HEIGHT)
    for scheme in ("light", "dark"):
        program.trigger(f"theme-{scheme}")
        take(program, f"first-start-{scheme}")
    for replies, text in enumerate(CONVERSATION, 1):
        program.send(text)
        program.wait_idle(replies)
    program.press("Ctrl+N")
    program.wait_for(lambda state: not state["rows"])
    program.send("Show me a quotation")
    program.wait_idle(1)
    program.click_row(1)
    program.wait_idle(len(CONVERSATION))
    for scheme in ("light", "dark"):
        program.trigger(f"theme-{scheme}")
        take(program, f"conversation-{scheme}")
        program.trigger("settings")
        program.wait_for(lambda state: state["dialog"])
        take(program, f"settings-{scheme}")
        program.press("Esc")
        program.wait_for(lambda state: not state["dialog"])
    program.tell("resize", width=NARROW, height=HEIGHT)
    take(program, "narrow-dark")
    program.tell("resize", width=WIDTH, height=HEIGHT)
    end(program)


def take_key_not_available(program: Driver) -> None:
    """Show what is seen when the history is there and its key does not come."""
    program.wait_for(lambda state: any("not available" in label for label in state["labels"]))
    for scheme in ("light", "dark"):
        program.trigger(f"theme-{scheme}")
        take(program, f"key-not-available-{scheme}")
    end(program)


def end(program: Driver) -> None:
    """Quit like a person; the recovery key is offered then, and left for later."""
    program.press("Ctrl+Q")
    code = program.wait_ended()
    if code or program.errors:
        raise SystemExit(f"the program ended with {code}:\n{program.errors}")


def take(program: Driver, name: str) -> None:
    """Take one picture of what is shown now."""
    path = PICTURES / f"{name}.png"
    program.screenshot(path)
    print(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


if __name__ == "__main__":
    sys.exit(main())
