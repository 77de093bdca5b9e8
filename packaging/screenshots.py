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
SCHEMES = ("light", "dark")
ADDRESS = "http://localhost:11434/v1"
BEFORE = "Show me a quotation"
CONVERSATION = ("Show me some code", "Show me formulas", "Show me a table of moons")
FOUND = "Galilei"
DEMO = "You are talking with the demo model"
RECOVERY = "Keep your recovery key somewhere safe"


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
    program.wait_for(lambda state: DEMO in state["labels"])
    program.tell("resize", width=WIDTH, height=HEIGHT)
    for scheme in SCHEMES:
        program.trigger(f"theme-{scheme}")
        take(program, f"first-start-{scheme}")
    program.send(BEFORE)
    program.wait_idle(1)
    program.trigger("new-thread")
    program.wait_for(lambda state: not state["rows"])
    for replies, text in enumerate(CONVERSATION, 1):
        program.send(text)
        program.wait_idle(replies)
    # Three turns have been held: now the recovery key is offered.
    program.wait_for(lambda state: RECOVERY in state["labels"])
    program.tell("resize", width=NARROW, height=HEIGHT)
    take(program, "narrow-dark")
    program.tell("resize", width=WIDTH, height=HEIGHT)
    program.click("failureClose")
    program.wait_for(lambda state: RECOVERY not in state["labels"])
    program.click("Message")
    for scheme in SCHEMES:
        program.trigger(f"theme-{scheme}")
        take(program, f"conversation-{scheme}")
        program.trigger("settings")
        program.set_text("baseUrl", ADDRESS)
        take(program, f"settings-{scheme}")
        program.click("Cancel")
        program.wait_for(lambda state: not state["dialog"])
    take_finding(program)
    end(program)


def take_finding(program: Driver) -> None:
    """Find a word in the thread."""
    program.trigger("find-in-thread")
    program.set_text("findField", FOUND)
    program.wait_for(lambda state: state["hit"])
    for scheme in SCHEMES:
        program.trigger(f"theme-{scheme}")
        take(program, f"find-{scheme}")
    program.press("Escape", on="findField")


def take_key_not_available(program: Driver) -> None:
    """Show what is seen when the history is there and its key does not come."""
    program.wait_for(lambda state: any("not available" in label for label in state["labels"]))
    program.tell("resize", width=WIDTH, height=HEIGHT)
    for scheme in SCHEMES:
        program.trigger(f"theme-{scheme}")
        take(program, f"key-not-available-{scheme}")
    end(program)


def end(program: Driver) -> None:
    """Quit, and see that nothing went wrong."""
    code = program.quit()
    if code or program.errors:
        raise SystemExit(f"the program ended with {code}:\n{program.errors}")


def take(program: Driver, name: str) -> None:
    """Take one picture of what is shown now."""
    path = PICTURES / f"{name}.png"
    program.wait_for(lambda state: state["settled"])
    program.screenshot(path)
    print(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


if __name__ == "__main__":
    sys.exit(main())
