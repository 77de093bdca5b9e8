"""A damaged history in the real program: saved from, restored, opened; with keys and clicks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.driver import Driver

pytestmark = pytest.mark.timeout(120)

PAGE = 4096
FILL = """
import asyncio, sys
from pathlib import Path
from chatelaine.errors import HistoryDamaged
from chatelaine.history_access import HistoryAccess
from chatelaine.store.records import TurnState
from chatelaine.workspace_backups import WorkspaceBackups

PAGE = 4096

async def fill(history, *, back_up):
    async with await HistoryAccess(history).open(may_create=True) as workspace:
        for number in range(6):
            thread = await workspace.store.create_thread(title=f"Thread {number}")
            for _ in range(6):
                said = {"role": "user", "content": f"word{number} " * 600}
                turn = await workspace.store.begin_turn(thread.id, [said])
                await workspace.store.end_turn(turn.id, TurnState.DONE)
        if back_up:
            await WorkspaceBackups(workspace).back_up_now()

async def opens(history, *, thorough):
    way = HistoryAccess(history)
    way.thorough = thorough
    try:
        await (await way.open(may_create=False)).aclose()
    except HistoryDamaged:
        await way.aclose()
        return False
    return True

async def hide_the_list(history):
    whole = history.read_bytes()
    for page in range(1, len(whole) // PAGE):
        start = page * PAGE
        history.write_bytes(whole[:start] + bytes(PAGE) + whole[start + PAGE:])
        if await opens(history, thorough=False) and not await opens(history, thorough=True):
            return
    raise SystemExit("no page has the list of threads alone")

history, how = Path(sys.argv[1]), sys.argv[2]
asyncio.run(fill(history, back_up=how == "backup"))
if how == "list":
    asyncio.run(hide_the_list(history))
"""


@pytest.fixture
def history(user: dict[str, str]) -> Path:
    return Path(user["XDG_DATA_HOME"]) / "chatelaine" / "history.db"


@pytest.fixture
def fill(history: Path, user: dict[str, str]) -> Callable[[str], None]:
    """Fill the history of the user, with the key in the real keyring."""

    def fill(how: str) -> None:
        history.parent.mkdir(parents=True, mode=0o700)
        app = Path(__file__).resolve().parents[2] / "app"
        done = subprocess.run(
            [sys.executable, "-P", "-c", FILL, str(history), how],
            env={**user, "PYTHONPATH": str(app)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr

    return fill


def saved_and_opened(program: Driver) -> None:
    program.wait_for(lambda state: state["focus"] == "Save what can be read")
    program.press("Return")
    program.wait_for(lambda state: state["focus"] == "Open the new history")
    program.press("Return")
    state = program.wait_open()
    assert len(state["threads"]) == 6


def test_a_history_that_was_cut_off_is_saved_by_keys_and_stays_chosen(
    start: Callable[..., Driver], history: Path, fill: Callable[[str], None]
) -> None:
    fill("")
    content = history.read_bytes()
    cut = content[: len(content) * 5 // 6 // PAGE * PAGE]
    history.write_bytes(cut)
    with start() as program:
        saved_and_opened(program)
        assert program.quit() == 0
    assert history.read_bytes() == cut
    with start() as program:  # what was opened last is opened again
        program.wait_for(lambda state: len(state.get("threads", ())) == 6)
        assert program.quit() == 0


def test_a_history_that_opens_but_cannot_be_shown_leads_to_the_same_screen(
    start: Callable[..., Driver], history: Path, fill: Callable[[str], None]
) -> None:
    fill("list")
    hurt = history.read_bytes()
    with start() as program:
        program.wait_for(lambda state: "The history file is damaged" in state["labels"])
        program.wait_for(lambda state: state["focus"] == "Save what can be read")
        program.click("Save it")
        program.wait_for(lambda state: state["focus"] == "Open the new history")
        program.click("Open it")
        program.wait_open()
        assert program.quit() == 0
    assert history.read_bytes() == hurt


def test_a_backup_that_is_opened_meanwhile_waits_for_a_new_history(
    start: Callable[..., Driver], history: Path, fill: Callable[[str], None]
) -> None:
    fill("backup")
    history.write_bytes(bytes(PAGE) + history.read_bytes()[PAGE:])
    (backup,) = history.parent.rglob("*.chtlbak")
    with start(str(backup)) as program:
        program.wait_for(lambda state: state["focus"] == "Restore the newest backup")
        assert "A backup waits to be restored" in program.state["labels"]
        assert any(backup.name in label for label in program.state["labels"])
        program.click("Do not open it")
        program.wait_for(lambda state: "A backup waits to be restored" not in state["labels"])
        with start(str(backup)) as second:
            assert second.wait_ended() == 0
        program.wait_for(lambda state: "A backup waits to be restored" in state["labels"])
        program.click("Start a new history")
        program.wait_for(lambda state: "was made of another history" in (state["dialog"] or ""))
        program.press("Escape")
        program.wait_for(lambda state: "Backups" in (state["dialog"] or ""))
        program.click("closeBackups")
        assert program.quit() == 0


def test_a_history_without_its_beginning_comes_back_from_its_backup(
    start: Callable[..., Driver], history: Path, fill: Callable[[str], None]
) -> None:
    fill("backup")
    hurt = bytes(PAGE) + history.read_bytes()[PAGE:]
    history.write_bytes(hurt)
    with start() as program:
        program.wait_for(lambda state: state["focus"] == "Restore the newest backup")
        assert any("It cannot be saved" in label for label in program.state["labels"])
        program.click("Restore it")
        program.wait_for(lambda state: "The backup was restored" in state["labels"])
        program.click("Open it")
        assert len(program.wait_open()["threads"]) == 6
        assert program.quit() == 0
    assert history.read_bytes() == hurt
