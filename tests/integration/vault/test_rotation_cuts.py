"""The process dies while the key of a history is changed: one key opens it, and nothing is lost.

`rotation_driver.py` does the dying. How often is told by CHATELAINE_CUTS.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
import sqlcipher3

from chatelaine.errors import WrongSecret
from chatelaine.vault import key_access
from chatelaine.vault.keyfile import KeyFile
from chatelaine.vault.passphrase import PassphraseCost
from chatelaine.vault.vault import HistoryFiles, Vault, VaultState
from support.dying import build_library
from support.keyrings import FolderKeyring

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
DRIVER = HERE / "rotation_driver.py"
CUTS = int(os.environ.get("CHATELAINE_CUTS", "20"))
_spec = importlib.util.spec_from_file_location("rotation_driver", DRIVER)
assert _spec is not None
assert _spec.loader is not None
driver = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(driver)

pytestmark = pytest.mark.timeout(60 + 10 * CUTS)


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch):
    """The machine does not die here, and passphrases are not what is tried."""
    cost = PassphraseCost(time=1, memory_kib=8, lanes=1)
    monkeypatch.setattr(key_access, "PassphraseCost", lambda: cost)
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """What dies in the middle of a write, built for this machine."""
    return build_library(tmp_path)


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


def vault_in(folder: Path) -> Vault:
    files = HistoryFiles.beside(folder / "history.db")
    return Vault(files, FolderKeyring(folder / "ring"))


def unlocked(vault: Vault) -> bytes:
    try:
        return vault.unlock_with_keyring_and_passphrase(driver.PASSPHRASE)
    except Exception:  # noqa: BLE001 - it is not locked with a passphrase
        return vault.unlock_with_keyring()


def opened(path: Path, key: bytes) -> sqlcipher3.Connection:
    connection = sqlcipher3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    connection.execute("pragma cipher_log_level = none")
    connection.execute(f"pragma key = \"x'{key.hex()}'\"")
    return connection


def fits(path: Path, key: bytes) -> bool:
    """Tell whether a key opens the history, without changing anything."""
    with closing(opened(path, key)) as connection:
        try:
            connection.execute("select count(*) from item").fetchone()
        except sqlcipher3.DatabaseError:
            return False
    return True


async def look(folder: Path, *, by_recovery_key: bool) -> tuple[VaultState, bool]:
    """Check what a cut has left; give how it stood, and whether the key is the new one."""
    vault = vault_in(folder)
    before = unlocked(vault_in(folder.parent / ("0 locked" if int(folder.name) % 2 else "0")))
    state = vault.examine()
    key = unlocked(vault)
    keys = {before, key, vault.following_key(key) or key}
    fitting = [each for each in keys if fits(vault.files.history, each)]
    assert len(fitting) == 1, "exactly one key opens the history"
    old_recovery = (folder / "recovery").read_text()
    if key == before:  # the paper in the drawer still helps, however far it got
        assert vault.unlock_with_recovery_key(old_recovery) == before

    way = driver.access(folder)
    if by_recovery_key and key == before:
        opening = way.open_with_recovery_key(old_recovery)
    elif int(folder.name) % 2:
        opening = way.open_with_passphrase(driver.PASSPHRASE)
    else:
        opening = way.open(may_create=False)
    async with await opening as workspace:
        (thread,) = await workspace.store.threads()
        items = await workspace.store.items(thread.id)
        assert items == [item for number in range(driver.TURNS) for item in driver.said(number)]
        pending = await workspace.pending_recovery_key()
        await workspace.store.create_thread(title="Later")

    assert vault.examine() is VaultState.READY
    settled = unlocked(vault)
    assert settled == fitting[0], "what opened the history is what it keeps"
    recorded = KeyFile.load(vault.files.keys)
    assert recorded is not None
    assert recorded.following is None
    assert {slot.kid for slot in recorded.slots} == {recorded.kid}
    changed = settled != before
    if changed:
        assert pending is not None, "the new recovery key is to be shown"
        assert vault.unlock_with_recovery_key(pending) == settled
        with pytest.raises(WrongSecret):
            vault.unlock_with_recovery_key(old_recovery)
    else:
        assert pending is None
        assert vault.unlock_with_recovery_key(old_recovery) == settled
    with closing(opened(vault.files.history, settled)) as connection:
        assert connection.execute("pragma cipher_integrity_check").fetchall() == []
        assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
    return state, changed


async def check(root: Path) -> Counter[tuple[VaultState, bool]]:
    found: Counter[tuple[VaultState, bool]] = Counter()
    for number in range(1, CUTS + 1):
        # Of two in a row, one opens as usual and one as after the loss of the keyring.
        found[await look(root / str(number), by_recovery_key=number % 4 > 1)] += 1
    return found


def test_this_round_is_long_enough_to_tell_something():
    assert CUTS >= 10


async def test_a_death_before_any_line_leaves_one_key_and_everything(tmp_path: Path):
    places = die("lines", tmp_path, None)
    assert places > 150
    found = await check(tmp_path)
    assert {changed for _, changed in found} == {True, False}, found


async def test_a_death_in_the_middle_of_any_write_leaves_one_key_and_everything(
    tmp_path: Path, library: Path
):
    places = die("writes", tmp_path, library)
    assert places > 100
    found = await check(tmp_path)
    assert {changed for _, changed in found} == {True, False}, found
    assert found[VaultState.CHANGING, True], "no cut was met after the last page"
    assert found[VaultState.CHANGING, False], "no cut was met before it"
