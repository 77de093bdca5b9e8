"""Changes the key of a history again and again, and dies somewhere else each time.

    python rotation_driver.py lines|writes FOLDER CUTS

In FOLDER/0 is the history as it was before. In FOLDER/1, FOLDER/2 ... the process was killed on the
way: before a line of ours was run, in whichever thread, or in the middle of a write to the disk,
those of the database engine included. The places are spread evenly over the whole way. Prints how
many places there are.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import shutil
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import chatelaine
from chatelaine import history_access, workspace_keys
from chatelaine.vault import key_access
from chatelaine.vault.passphrase import PassphraseCost
from support import keyrings

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

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


class Lines:
    """Counts the lines of ours that are run, each once for each way to it, and dies at one."""

    def __init__(self) -> None:
        self._met: set[tuple[int, ...]] = set()
        self._last: int | None = None

    def install(self) -> None:
        threading.settrace(self._trace)
        sys.settrace(self._trace)

    def cut_at(self, place: int) -> None:
        self._last = place

    def seen(self) -> int:
        return len(self._met)

    def _trace(self, frame: FrameType, event: str, _argument: object) -> Any:
        if self._last is None or frame.f_code.co_filename not in WATCHED:
            return None
        if event == "line":
            self._met.add(_way_to(frame))
            if len(self._met) == self._last:
                os.kill(os.getpid(), signal.SIGKILL)
        return self._trace


class Writes:
    """Counts what is done to the disk, and dies in the middle of it."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(None)

    def install(self) -> None:
        pass

    def cut_at(self, place: int) -> None:
        self._library.cut_at(ctypes.c_long(place))

    def seen(self) -> int:
        return int(self._library.changes_seen())


def _way_to(frame: FrameType | None) -> tuple[int, ...]:
    way = []
    while frame is not None:
        way += [id(frame.f_code), frame.f_lineno]
        frame = frame.f_back
    return tuple(way)


def run(how: str, folder: Path, place: int) -> int:
    """Change the key in a process of its own, which dies at a place; give how many it has met."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        cuts = Lines() if how == "lines" else Writes()
        cuts.install()
        asyncio.run(rotate(folder, lambda: cuts.cut_at(place)))
        os.write(writing, str(cuts.seen()).encode())
        os._exit(0)
    os.close(writing)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status not in {0, -signal.SIGKILL}:
        sys.exit(f"{folder}: ended with {status}")
    with os.fdopen(reading, "rb") as answer, contextlib.suppress(ValueError):
        return int(answer.read())
    return 0


def main() -> None:
    how, root, cuts = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    cheap_passphrases()
    setattr(os, "fsync", lambda _descriptor: None)  # noqa: B010 - a process dies, not the machine
    for name in ("0", "0 locked"):
        (root / name).mkdir()
        asyncio.run(prepare(root / name, locked=name != "0"))
    shutil.copytree(root / "0", root / "whole")
    places = run(how, root / "whole", 0)
    shutil.rmtree(root / "whole")
    for number in range(1, cuts + 1):
        # Every second one is locked with a passphrase.
        shutil.copytree(root / ("0 locked" if number % 2 else "0"), root / str(number))
        run(how, root / str(number), 1 + (number - 1) * places // cuts)
    print(places)  # noqa: T201 - that is its answer


if __name__ == "__main__":
    main()
