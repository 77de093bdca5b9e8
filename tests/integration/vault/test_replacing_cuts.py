"""The process dies while a backup takes the place of a history: it is the old one or the new one.

`replacing_driver.py` does the dying. How often is told by CHATELAINE_CUTS.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from chatelaine.store.engine import connect
from chatelaine.store.repair import check
from chatelaine.workspace_backups import WorkspaceBackups
from support.dying import build_library

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
DRIVER = HERE / "replacing_driver.py"
CUTS = int(os.environ.get("CHATELAINE_CUTS", "20"))
_spec = importlib.util.spec_from_file_location("replacing_driver", DRIVER)
assert _spec is not None
assert _spec.loader is not None
driver = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(driver)
BESIDE = re.compile(r"history\.replaced-\d{8}T\d{6}Z\.db")

pytestmark = pytest.mark.timeout(60 + 10 * CUTS)


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch):
    """The machine does not die here."""
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)


def die(how: str, root: Path, preload: Path | None) -> int:
    environment = os.environ | {"PYTHONPATH": f"{ROOT / 'app'}:{ROOT / 'tests'}"}
    if preload is not None:
        environment["LD_PRELOAD"] = str(preload)
    done = subprocess.run(
        [sys.executable, str(DRIVER), how, str(root), str(CUTS)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


async def read(folder: Path, *, by_recovery_key: bool) -> frozenset[str]:
    """Open the history of a folder, see that each thread in it is whole, and give their titles."""
    way = driver.access(folder)
    opening = (
        way.open_with_recovery_key((folder / "recovery").read_text())
        if by_recovery_key
        else way.open(may_create=False)
    )
    titles = set()
    async with await opening as workspace:
        for thread in await workspace.store.threads():
            wanted = [each for n in range(driver.TURNS) for each in driver.said(thread.title, n)]
            assert await workspace.store.items(thread.id) == wanted
            titles.add(thread.title)
        assert (await workspace.store.check()).whole
        assert await workspace.pending_recovery_key() == (folder / "recovery").read_text()
        for each in await WorkspaceBackups(workspace).list_backups():
            assert each.problem is None
            unlocked = await WorkspaceBackups(workspace).unlock(each.path)
            assert len(unlocked.key) == 32
    return frozenset(titles)


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


async def look(folder: Path, *, by_recovery_key: bool) -> bool:
    """Check what a cut has left; tell whether the backup is in the place of the history."""
    titles = await read(folder, by_recovery_key=by_recovery_key)
    assert titles in ({"Then"}, {"Then", "Now"})
    replaced = titles == {"Then"}
    assert replaced or not (folder / "done").exists()

    names = names_in(folder) - {"done"}
    aside = {name for name in names if BESIDE.fullmatch(name)}
    keys = {name.removesuffix(".db") + ".keys.json" for name in aside}
    assert names - aside - keys <= names_in(folder.parent / "0") | {"backups", "history.lock"}
    assert len(aside) == replaced, "the history that was replaced stays, and no other"
    assert all(name.endswith(".chtlbak") for name in names_in(folder / "backups"))
    for name in aside:
        other = folder.parent / f"{folder.name} aside"
        other.mkdir()
        shutil.copytree(folder / "ring", other / "ring")
        shutil.copyfile(folder / "recovery", other / "recovery")
        shutil.copyfile(folder / name, other / "history.db")
        shutil.copyfile(
            folder / (name.removesuffix(".db") + ".keys.json"), other / "history.keys.json"
        )
        assert not (folder / name).samefile(folder / "history.db")
        assert await read(other, by_recovery_key=by_recovery_key) == {"Then", "Now"}

    # And what was cut short can be done once more.
    async with await driver.access(folder).open(may_create=False) as workspace:
        backups = WorkspaceBackups(workspace)
        await workspace.store.create_thread(title="Later")
        unlocked = await backups.unlock(folder / "then.chtlbak")
        await backups.put_in_place(await backups.prepare(unlocked))
    assert await read(folder, by_recovery_key=False) == {"Then"}
    return replaced


async def check_all(root: Path) -> Counter[bool]:
    found: Counter[bool] = Counter()
    for number in range(1, CUTS + 1):
        found[await look(root / str(number), by_recovery_key=number % 2 == 0)] += 1
    return found


async def test_a_death_before_any_line_leaves_the_old_one_or_the_new_one(tmp_path: Path):
    assert die("lines", tmp_path, None) > 300
    found = await check_all(tmp_path)
    assert found[False]
    assert found[True]


async def test_a_death_in_the_middle_of_any_write_leaves_the_old_one_or_the_new_one(
    tmp_path: Path,
):
    assert die("writes", tmp_path, build_library(tmp_path)) > 100
    found = await check_all(tmp_path)
    # The renaming is the last change of all: who dies in the middle of one has the old history.
    assert found == {False: CUTS}


async def test_a_death_between_the_last_steps_leaves_one_name_for_one_history(tmp_path: Path):
    """The few places where both are there under names of their own, each of them."""
    folder = tmp_path / "0"
    folder.mkdir()
    await driver.prepare(folder)
    for number, leave in enumerate((leave_keys, leave_name, leave_prepared), 1):
        cut = tmp_path / str(number)
        shutil.copytree(folder, cut)
        leave(cut)
        assert not await look(cut, by_recovery_key=False)


def leave_keys(folder: Path) -> None:
    shutil.copy2(
        folder / "history.keys.json", folder / "history.replaced-20260102T030405Z.keys.json"
    )


def leave_name(folder: Path) -> None:
    leave_keys(folder)
    os.link(folder / "history.db", folder / "history.replaced-20260102T030405Z.db")


def leave_prepared(folder: Path) -> None:
    leave_name(folder)
    shutil.copyfile(folder / "history.db", folder / ".history.db.restored")
    shutil.copyfile(folder / "history.db", folder / ".history.db.old")


async def test_what_is_not_ours_is_left_alone(tmp_path: Path):
    folder = tmp_path / "0"
    folder.mkdir()
    await driver.prepare(folder)
    backups = folder / "backups"
    backups.mkdir()
    mine = [
        folder / "history.replaced-20260102T030405Z.keys.json",  # of a history taken elsewhere
        folder / "history.replaced-by-me.db",
        folder / ".history-2.db.restored",
        backups / ".daily-history-2-20260102T030405Z.chtlbak.part",
        backups / ".notes.db",
    ]
    for path in mine:
        path.write_text("mine")
    os.link(folder / "history.db", folder / "history.mine.db")
    await read(folder, by_recovery_key=False)
    assert [path for path in mine if not path.exists()] == []
    assert (folder / "history.mine.db").exists()
    connection = connect(folder / "history.db", await key_of(folder), probe=True)
    assert check(connection, folder / "history.db").whole
    connection.close()


async def key_of(folder: Path) -> bytes:
    async with await driver.access(folder).open(may_create=False) as workspace:
        key: bytes = workspace.store._databases.file.key
        return key
