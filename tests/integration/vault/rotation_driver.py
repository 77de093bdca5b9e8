"""Changes the key of a history again and again, and dies somewhere else each time.

    python rotation_driver.py lines|writes FOLDER CUTS

In FOLDER/0 is the history as it was before. In FOLDER/1, FOLDER/2 ... the process was killed on the
way: before a line of ours was run, in whichever thread, or in the middle of a write to the disk,
those of the database engine included. The places are spread evenly over the whole way. Prints how
many places there are.
"""

from __future__ import annotations

import os
import shutil
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import chatelaine
from chatelaine import history_access, workspace_keys
from chatelaine.vault import key_access
from chatelaine.vault.passphrase import PassphraseCost
from support import keyrings
from support.dying import apart, die_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from chatelaine.workspace import Workspace

PASSPHRASE = "correct horse"
TURNS = 40
PACKAGE = Path(chatelaine.__file__).parent
WATCHED = frozenset(
    [
        str(PACKAGE / "paths.py"),
        str(PACKAGE / "store" / "database.py"),
        str(PACKAGE / "store" / "values.py"),
        str(PACKAGE / "vault" / "enrolling.py"),
        str(PACKAGE / "vault" / "key_access.py"),
        str(PACKAGE / "vault" / "key_changes.py"),
        workspace_keys.__file__,
        keyrings.__file__,
    ]
)


def cheap_passphrases() -> None:
    """Deriving a key takes no time here: that is not what dies."""
    cost = PassphraseCost(time=1, memory_kib=8, lanes=1)
    setattr(key_access, "PassphraseCost", lambda: cost)  # noqa: B010 - only for this process


def access(folder: Path) -> history_access.HistoryAccess:
    ring = keyrings.FolderKeyring(folder / "ring")
    return history_access.HistoryAccess(folder / "history.db", lambda: ring)


def said(number: int) -> list[dict[str, Any]]:
    return [{"role": "user", "content": f"{number}: the tide comes in. " * 40}]


async def prepare(folder: Path, *, locked: bool) -> None:
    """Make a history whose owner has the recovery key on paper."""
    async with await access(folder).open(may_create=True) as workspace:
        thread = await workspace.store.create_thread(title="Kept")
        for number in range(TURNS):
            turn = await workspace.store.begin_turn(thread.id, said(number))
            await workspace.store.extend_turn(turn.id, [], ended=True)
        (folder / "recovery").write_text(await workspace.pending_recovery_key() or "")
        await workspace.confirm_recovery_key()
        if locked:
            await workspace.enable_app_lock(PASSPHRASE)


async def rotate(folder: Path, begin: Callable[[], None]) -> None:
    way = access(folder)
    kind = await way.asks_for()
    opening = (
        way.open(may_create=False) if kind == "keyring" else way.open_with_passphrase(PASSPHRASE)
    )
    workspace: Workspace
    async with await opening as workspace:
        begin()
        await workspace.rotate_key(None if kind == "keyring" else PASSPHRASE)
        (folder / "done").touch()


def main() -> None:
    how, root, cuts = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    cheap_passphrases()
    setattr(os, "fsync", lambda _descriptor: None)  # noqa: B010 - a process dies, not the machine
    for name in ("0", "0 locked"):
        (root / name).mkdir()
        apart(partial(prepare, root / name, locked=name != "0"))
    shutil.copytree(root / "0", root / "whole")
    places = die_at(how, WATCHED, 0, partial(rotate, root / "whole"))
    shutil.rmtree(root / "whole")
    for number in range(1, cuts + 1):
        # Every second one is locked with a passphrase.
        shutil.copytree(root / ("0 locked" if number % 2 else "0"), root / str(number))
        place = 1 + (number - 1) * places // cuts
        die_at(how, WATCHED, place, partial(rotate, root / str(number)))
    print(places)  # noqa: T201 - that is its answer


if __name__ == "__main__":
    main()
