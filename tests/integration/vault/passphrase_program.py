"""Uses a passphrase in all ways there are, and logs all there is: `passphrase_program.py FOLDER`.

It is turned on, wrong once, changed, used to open the history and for the passphrase of a backup.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from contextlib import suppress
from pathlib import Path

from chatelaine.errors import WrongSecret
from chatelaine.history_access import HistoryAccess
from chatelaine.log import configure
from chatelaine.workspace_backups import WorkspaceBackups
from support.keyrings import FolderKeyring

FIRST, NEXT, WRONG = (f"Ombrellina {word} words marker" for word in ("four", "other", "for"))


def access(folder: Path) -> HistoryAccess:
    ring = FolderKeyring(folder / "ring")
    return HistoryAccess(folder / "history.db", lambda: ring)


async def main(folder: Path) -> None:
    async with await access(folder).open(may_create=True) as workspace:
        await workspace.store.create_thread(title="Kept")
        await workspace.enable_app_lock(FIRST)
        with suppress(WrongSecret):
            await workspace.change_passphrase(NEXT, old=WRONG)
    way = access(folder)
    with suppress(WrongSecret):
        await way.open_with_passphrase(WRONG)
    async with await way.open_with_passphrase(FIRST) as workspace:
        made = await WorkspaceBackups(workspace).back_up_now()
        with suppress(WrongSecret):
            await WorkspaceBackups(workspace).unlock_with_passphrase(made.path, WRONG)
        await workspace.change_passphrase(NEXT, old=FIRST)
        await workspace.check_passphrase(NEXT)
        await workspace.rotate_key(NEXT)
    async with await access(folder).open_with_passphrase(NEXT) as workspace:
        await workspace.disable_app_lock()
        await workspace.enable_app_lock(FIRST)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    with (folder / "log").open("w") as log:
        configure(logging.DEBUG, log)
        asyncio.run(main(folder))
