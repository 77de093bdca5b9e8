"""Puts a backup in the place of a history again and again, and dies somewhere else each time.

    python replacing_driver.py lines|writes FOLDER CUTS

In FOLDER/0 is the history as it was before, with its backup. In FOLDER/1, FOLDER/2 ... the process
was killed on the way: half of them in places that are spread evenly over it, half in the last ones.
Prints how many places there are.
"""

from __future__ import annotations

import os
import shutil
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import chatelaine
from chatelaine import history_access, workspace_backups
from chatelaine.workspace_backups import WorkspaceBackups
from support import keyrings
from support.dying import apart, die_at

if TYPE_CHECKING:
    from collections.abc import Callable

TURNS = 30
PACKAGE = Path(chatelaine.__file__).parent
WATCHED = frozenset(
    [
        str(PACKAGE / "paths.py"),
        str(PACKAGE / "store" / "archive.py"),
        str(PACKAGE / "store" / "backup.py"),
        str(PACKAGE / "store" / "database.py"),
        str(PACKAGE / "store" / "history_file.py"),
        str(PACKAGE / "store" / "restore.py"),
        str(PACKAGE / "store" / "stored_file.py"),
        workspace_backups.__file__,
    ]
)


def access(folder: Path) -> history_access.HistoryAccess:
    ring = keyrings.FolderKeyring(folder / "ring")
    return history_access.HistoryAccess(folder / "history.db", lambda: ring)


def said(title: str, number: int) -> list[dict[str, Any]]:
    return [{"role": "user", "content": f"{title} {number}: the tide comes in. " * 40}]


async def prepare(folder: Path) -> None:
    """Make a history with a thread, a backup of it, and then another thread."""
    async with await access(folder).open(may_create=True) as workspace:
        for title in ("Then", "Now"):
            thread = await workspace.store.create_thread(title=title)
            for number in range(TURNS):
                turn = await workspace.store.begin_turn(thread.id, said(title, number))
                await workspace.store.extend_turn(turn.id, [], ended=True)
            if title == "Then":
                await WorkspaceBackups(workspace).back_up_now(folder / "then.chtlbak")
        (folder / "recovery").write_text(await workspace.pending_recovery_key() or "")


async def replace(folder: Path, begin: Callable[[], None]) -> None:
    async with await access(folder).open(may_create=False) as workspace:
        backups = WorkspaceBackups(workspace)
        unlocked = await backups.unlock(folder / "then.chtlbak")
        begin()
        await backups.put_in_place(await backups.prepare(unlocked))
    (folder / "done").touch()


def main() -> None:
    how, root, cuts = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    setattr(os, "fsync", lambda _descriptor: None)  # noqa: B010 - a process dies, not the machine
    (root / "0").mkdir()
    apart(partial(prepare, root / "0"))
    shutil.copytree(root / "0", root / "whole")
    places = die_at(how, WATCHED, 0, partial(replace, root / "whole"))
    last = min(cuts // 2, places)  # the change itself is at the end of a long way
    spread = [1 + number * (places - last) // (cuts - last) for number in range(cuts - last)]
    for number, place in enumerate([*spread, *range(places - last + 1, places + 1)], 1):
        shutil.copytree(root / "0", root / str(number))
        die_at(how, WATCHED, place, partial(replace, root / str(number)))
    print(places)  # noqa: T201 - that is its answer


if __name__ == "__main__":
    main()
