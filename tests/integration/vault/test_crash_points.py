"""The process dies before each line of the vault, and the next start finds everything.

The history is a real encrypted database. `crash_driver.py` does the dying.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlcipher3

from chatelaine.errors import WrongSecret
from chatelaine.vault.keyfile import KeyFile
from chatelaine.vault.vault import SlotKind, Vault, VaultState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
DRIVER = HERE / "crash_driver.py"
_spec = importlib.util.spec_from_file_location("crash_driver", DRIVER)
assert _spec is not None
assert _spec.loader is not None
driver = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(driver)

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch):
    """The machine does not die here."""
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)


def crashed(action: str, root: Path) -> Iterator[tuple[Path, Vault]]:
    """Let it die before each line, and give each time what was left, with its lock taken."""
    done = subprocess.run(
        [sys.executable, str(DRIVER), action, str(root)],
        env=os.environ | {"PYTHONPATH": f"{ROOT / 'app'}:{ROOT / 'tests'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    deaths = int(done.stdout)
    assert deaths > 50
    for number in range(1, deaths + 2):
        folder = root / str(number)
        vault = driver.vault_in(folder)
        with vault.lock_file():
            yield folder, vault


def said(vault: Vault, key: bytes) -> int:
    """Count what is in the history."""
    connection = sqlcipher3.connect(str(vault.files.history))
    try:
        connection.execute(f"pragma key = \"x'{key.hex()}'\"")
        (count,) = connection.execute("select count(*) from turn").fetchone()
        return int(count)
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("action", "unlock"),
    [
        ("begin", Vault.unlock_with_keyring),
        (
            "begin with passphrase",
            lambda vault: vault.unlock_with_passphrase("correct horse"),
        ),
    ],
    ids=["keyring", "passphrase"],
)
def test_a_first_start_that_died_anywhere_is_finished_by_the_next(
    action: str, unlock: Callable[[Vault], bytes], tmp_path: Path
):
    seen: Counter[VaultState] = Counter()
    for folder, vault in crashed(action, tmp_path):
        state = vault.examine()
        seen[state] += 1
        key = unlock(vault) if state is not VaultState.NEW else None
        before = said(vault, key) if state is VaultState.READY and key else 0
        assert before >= (folder / "said").exists()
        driver.ACTIONS[action](vault)
        assert vault.examine() is VaultState.READY
        assert key in {None, unlock(vault)}, "a key that was made was replaced"
        assert said(vault, unlock(vault)) == before + 1
        modes = {path.name: path.stat().st_mode & 0o777 for path in folder.glob(".*keys*")}
        assert set(modes.values()) <= {0o600}
    assert set(seen) == set(VaultState) - {VaultState.CHANGING}, "every state was met"


@pytest.mark.parametrize("action", ["add keyring", "add passphrase", "renew recovery key"])
def test_a_change_that_died_anywhere_leaves_every_way_that_there_was(action: str, tmp_path: Path):
    changed: Counter[bool] = Counter()
    for folder, vault in crashed(action, tmp_path):
        assert vault.examine() is VaultState.READY
        key = vault.unlock_with_keyring()
        assert said(vault, key) == 1
        recovery_key = (folder / "recovery").read_text()
        keys = KeyFile.load(vault.files.keys)
        assert keys is not None
        match action:
            case "add keyring":
                changed[len(keys.of_kind(SlotKind.KEYRING)) == 2] += 1
                assert vault.unlock_with_recovery_key(recovery_key) == key
            case "add passphrase":
                changed[SlotKind.PASSPHRASE in vault.slot_kinds()] += 1
                assert vault.unlock_with_recovery_key(recovery_key) == key
            case _:
                changed[not opens(vault, recovery_key)] += 1
        assert len(keys.of_kind(SlotKind.RECOVERY)) == 1
    assert changed[True]
    assert changed[False]


@pytest.mark.parametrize("action", ["lock", "lock and unlock"])
def test_a_lock_that_died_anywhere_is_on_or_off_and_the_recovery_key_opens(
    action: str, tmp_path: Path
):
    ways: Counter[SlotKind] = Counter()
    for folder, vault in crashed(action, tmp_path):
        assert vault.examine() is VaultState.READY
        (way,) = vault.slot_kinds() - {SlotKind.RECOVERY}
        ways[way] += 1
        key = vault.unlock_with_recovery_key((folder / "recovery").read_text())
        if way is SlotKind.KEYRING:
            assert vault.unlock_with_keyring() == key
        else:
            assert locked_with(vault, key) in {"correct horse", "another horse"}
        assert said(vault, key) == 1
    assert set(ways) == {SlotKind.KEYRING, SlotKind.KEYRING_PASSPHRASE}


def locked_with(vault: Vault, key: bytes) -> str | None:
    for passphrase in ("correct horse", "another horse"):
        with suppress(WrongSecret):
            assert vault.unlock_with_keyring_and_passphrase(passphrase) == key
            return passphrase
    return None


def opens(vault: Vault, recovery_key: str) -> bool:
    try:
        vault.unlock_with_recovery_key(recovery_key)
    except WrongSecret:
        return False
    return True
