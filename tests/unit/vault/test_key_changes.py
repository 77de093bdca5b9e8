"""What opens a history can be changed, and its key: nothing else changes, and no way is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chatelaine.errors import (
    DiskFull,
    KeyFileUnreadable,
    KeyOfAnotherHistory,
    KeyringLocked,
    KeyringUnavailable,
    KeyUnavailable,
    VaultError,
    WrongSecret,
)
from chatelaine.vault import keyfile
from chatelaine.vault.keyfile import KeyFile
from chatelaine.vault.passphrase import PassphraseCost
from chatelaine.vault.slots import key_id
from chatelaine.vault.vault import (
    HistoryFiles,
    NewKey,
    SlotKind,
    Vault,
    VaultState,
    new_recovery_key,
)
from support.keyrings import MemoryKeyring

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CHEAP = PassphraseCost(time=1, memory_kib=8, lanes=1)
SALT = bytes(range(100, 116))
PASSPHRASE, ANOTHER = "correct horse", "another horse"


@pytest.fixture
def files(tmp_path: Path) -> HistoryFiles:
    return HistoryFiles.beside(tmp_path / "history.db")


@pytest.fixture
def keyring() -> MemoryKeyring:
    return MemoryKeyring()


@pytest.fixture
def vault(files: HistoryFiles, keyring: MemoryKeyring) -> Iterator[Vault]:
    vault = Vault(files, keyring, CHEAP)
    with vault.lock_file():
        yield vault


def finish(vault: Vault) -> None:
    vault.files.history.write_bytes(SALT + b"pages")
    vault.record_salt(SALT)


@pytest.fixture
def made(vault: Vault) -> NewKey:
    """A history under the care of the keyring."""
    new = vault.create_with_keyring()
    finish(vault)
    return new


@pytest.fixture
def locked(vault: Vault, made: NewKey) -> NewKey:
    """The same, locked with a passphrase."""
    vault.enable_app_lock(made.key, PASSPHRASE)
    return made


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From a call on nothing can be written any more."""

    def refuse(_path: Path, _content: bytes) -> None:
        raise OSError(28, "No space left on device")

    return lambda: monkeypatch.setattr(keyfile, "replace_private_file", refuse)


def everything(vault: Vault, keyring: MemoryKeyring) -> tuple[bytes, bytes, dict[str, str]]:
    files = vault.files
    return files.keys.read_bytes(), files.history.read_bytes(), dict(keyring.entries)


# ---------------------------------------------------------------------------- the app lock


def test_a_locked_history_needs_the_keyring_and_the_passphrase(
    vault: Vault, locked: NewKey, keyring: MemoryKeyring
):
    assert vault.slot_kinds() == {SlotKind.KEYRING_PASSPHRASE, SlotKind.RECOVERY}
    assert vault.unlock_with_keyring_and_passphrase(PASSPHRASE) == locked.key
    assert vault.unlock_with_recovery_key(locked.recovery_key) == locked.key
    with pytest.raises(WrongSecret):
        vault.unlock_with_keyring_and_passphrase(ANOTHER)
    with pytest.raises(KeyUnavailable):
        vault.unlock_with_keyring()
    with pytest.raises(WrongSecret):
        vault.unlock_with_passphrase(PASSPHRASE)
    keyring.entries.clear()
    with pytest.raises(KeyUnavailable):
        vault.unlock_with_keyring_and_passphrase(PASSPHRASE)


def test_a_history_that_is_unlocked_again_opens_with_the_keyring_alone(
    vault: Vault, locked: NewKey
):
    vault.disable_app_lock(locked.key)
    assert vault.slot_kinds() == {SlotKind.KEYRING, SlotKind.RECOVERY}
    assert vault.unlock_with_keyring() == locked.key
    assert vault.unlock_with_recovery_key(locked.recovery_key) == locked.key


def test_an_older_copy_of_the_key_file_opens_what_it_opened(vault: Vault, made: NewKey):
    """As SECURITY.md says: locking does not reach copies."""
    older = vault.files.keys.read_bytes()
    vault.enable_app_lock(made.key, PASSPHRASE)
    with pytest.raises(KeyUnavailable):
        vault.unlock_with_keyring()
    vault.files.keys.write_bytes(older)
    assert vault.unlock_with_keyring() == made.key


def test_locking_leaves_no_way_that_needs_no_passphrase(vault: Vault, made: NewKey):
    vault.add_keyring_slot(made.key)
    vault.add_keyring_slot(made.key)
    vault.enable_app_lock(made.key, PASSPHRASE)
    with pytest.raises(KeyUnavailable):
        vault.unlock_with_keyring()
    vault.add_passphrase_slot(made.key, PASSPHRASE)
    vault.enable_app_lock(made.key, ANOTHER)
    assert vault.unlock_with_keyring_and_passphrase(ANOTHER) == made.key
    assert vault.unlock_with_passphrase(ANOTHER) == made.key
    for unlock in (vault.unlock_with_passphrase, vault.unlock_with_keyring_and_passphrase):
        with pytest.raises(WrongSecret):
            unlock(PASSPHRASE)


def test_a_history_under_a_passphrase_alone_is_locked_already(vault: Vault, keyring: MemoryKeyring):
    keyring.problem = KeyringUnavailable("There is none.")
    new = vault.create_with_passphrase(PASSPHRASE)
    finish(vault)
    with pytest.raises(VaultError, match="opens with a passphrase as it is") as raised:
        vault.enable_app_lock(new.key, ANOTHER)
    assert raised.value.title == "This history is locked already"
    assert vault.unlock_with_passphrase(PASSPHRASE) == new.key


@pytest.mark.parametrize("passphrase", ["", "   ", " " * 12, "7 chars"])
def test_a_passphrase_that_anybody_could_try_out_is_refused(
    passphrase: str, vault: Vault, made: NewKey, keyring: MemoryKeyring
):
    before = everything(vault, keyring)
    for change in (vault.enable_app_lock, vault.add_passphrase_slot):
        with pytest.raises(VaultError, match=r"protects nothing|at least 8 characters"):
            change(made.key, passphrase)
    assert everything(vault, keyring) == before


CHANGES: dict[str, Callable[[Vault, bytes], object]] = {
    "lock": lambda vault, key: vault.enable_app_lock(key, ANOTHER),
    "unlock": Vault.disable_app_lock,
    "passphrase": lambda vault, key: vault.change_passphrase(key, ANOTHER, old=PASSPHRASE),
    "another key": lambda vault, key: vault.begin_key_change(key, PASSPHRASE),
}
every_change = pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))


@every_change
@pytest.mark.parametrize("problem", [KeyringLocked("Locked."), KeyringUnavailable("None.")])
def test_a_keyring_that_does_not_help_stops_a_change_before_anything_has_changed(
    problem: KeyUnavailable,
    change: Callable[[Vault, bytes], object],
    vault: Vault,
    locked: NewKey,
    keyring: MemoryKeyring,
):
    before = everything(vault, keyring)
    keyring.problem = problem
    with pytest.raises(type(problem)):
        change(vault, locked.key)
    assert everything(vault, keyring) == before


@every_change
def test_a_disk_that_is_full_leaves_every_way_that_there_was(
    change: Callable[[Vault, bytes], object],
    vault: Vault,
    locked: NewKey,
    full: Callable[[], None],
):
    before = vault.files.keys.read_bytes()
    full()
    with pytest.raises(DiskFull):
        change(vault, locked.key)
    assert vault.files.keys.read_bytes() == before
    assert vault.unlock_with_keyring_and_passphrase(PASSPHRASE) == locked.key


@every_change
def test_nothing_is_changed_with_the_key_of_another_history(
    change: Callable[[Vault, bytes], object],
    vault: Vault,
    locked: NewKey,
    keyring: MemoryKeyring,
):
    before = everything(vault, keyring)
    with pytest.raises(KeyOfAnotherHistory):
        change(vault, bytes(32))
    assert everything(vault, keyring) == before
    assert locked.key != bytes(32)


# ---------------------------------------------------------------------------- the passphrase


def test_a_passphrase_is_changed_by_whoever_knows_it(vault: Vault, locked: NewKey):
    with pytest.raises(WrongSecret):
        vault.change_passphrase(locked.key, ANOTHER, old="not this one")
    assert vault.unlock_with_keyring_and_passphrase(PASSPHRASE) == locked.key
    vault.change_passphrase(locked.key, ANOTHER, old=PASSPHRASE)
    assert vault.unlock_with_keyring_and_passphrase(ANOTHER) == locked.key
    with pytest.raises(WrongSecret):
        vault.unlock_with_keyring_and_passphrase(PASSPHRASE)
    assert vault.unlock_with_recovery_key(locked.recovery_key) == locked.key


def test_a_passphrase_that_was_forgotten_is_changed_by_whoever_came_in_otherwise(
    vault: Vault, locked: NewKey
):
    vault.change_passphrase(vault.unlock_with_recovery_key(locked.recovery_key), ANOTHER)
    assert vault.unlock_with_keyring_and_passphrase(ANOTHER) == locked.key


def test_a_passphrase_without_a_keyring_is_changed_without_one(
    vault: Vault, keyring: MemoryKeyring
):
    keyring.problem = KeyringUnavailable("There is none.")
    new = vault.create_with_passphrase(PASSPHRASE)
    finish(vault)
    vault.change_passphrase(new.key, ANOTHER, old=PASSPHRASE)
    assert vault.unlock_with_passphrase(ANOTHER) == new.key
    with pytest.raises(WrongSecret):
        vault.unlock_with_passphrase(PASSPHRASE)


def test_where_there_is_no_passphrase_none_can_be_changed(vault: Vault, made: NewKey):
    for call in (
        lambda: vault.change_passphrase(made.key, ANOTHER),
        lambda: vault.check_passphrase(made.key, PASSPHRASE),
    ):
        with pytest.raises(WrongSecret, match="not set up with a passphrase"):
            call()


# ---------------------------------------------------------------------------- other machines


def test_a_locked_history_is_put_into_another_keyring_only_with_a_passphrase(
    files: HistoryFiles, vault: Vault, locked: NewKey
):
    vault.release()
    elsewhere = Vault(files, MemoryKeyring("another keyring"), CHEAP)
    with elsewhere.lock_file():
        key = elsewhere.unlock_with_recovery_key(locked.recovery_key)
        with pytest.raises(WrongSecret, match="locked with a passphrase"):
            elsewhere.add_keyring_slot(key)
        assert SlotKind.KEYRING not in elsewhere.slot_kinds()
        elsewhere.add_keyring_slot(key, PASSPHRASE)
        assert elsewhere.unlock_with_keyring_and_passphrase(PASSPHRASE) == locked.key
    with vault.lock_file():
        assert vault.unlock_with_keyring_and_passphrase(PASSPHRASE) == locked.key


def test_a_wrong_passphrase_is_said_to_be_one_although_another_machine_has_a_slot_too(
    files: HistoryFiles, vault: Vault, locked: NewKey
):
    vault.release()
    elsewhere = Vault(files, MemoryKeyring("another keyring"), CHEAP)
    with elsewhere.lock_file():
        elsewhere.add_keyring_slot(locked.key, PASSPHRASE)
    with vault.lock_file(), pytest.raises(WrongSecret):
        vault.unlock_with_keyring_and_passphrase("not this one")


# ---------------------------------------------------------------------------- another key


def test_while_the_key_is_being_changed_every_way_leads_to_both_keys(vault: Vault, made: NewKey):
    following = vault.begin_key_change(made.key)
    assert following != made.key
    assert vault.examine() is VaultState.CHANGING
    assert vault.is_changing_key()
    ways = (
        vault.unlock_with_keyring,
        lambda: vault.unlock_with_recovery_key(made.recovery_key),
    )
    for way in ways:
        assert way() == made.key
        assert vault.following_key(way()) == following
    assert vault.is_following_key(following)
    assert not vault.is_following_key(made.key)


def test_neither_key_stands_in_the_key_file(vault: Vault, made: NewKey):
    following = vault.begin_key_change(made.key)
    content = vault.files.keys.read_bytes()
    assert following not in content
    assert following.hex().encode() not in content
    assert key_id(following).encode() in content


def test_a_change_that_was_done_leaves_the_new_key_alone(
    vault: Vault, made: NewKey, files: HistoryFiles
):
    following = vault.begin_key_change(made.key)
    recovery_key = new_recovery_key()
    vault.settle_key_change(following, recovery_key)
    assert vault.examine() is VaultState.READY
    assert vault.unlock_with_keyring() == following
    assert vault.unlock_with_recovery_key(recovery_key) == following
    assert vault.following_key(following) is None
    with pytest.raises(WrongSecret):
        vault.unlock_with_recovery_key(made.recovery_key)
    content = files.keys.read_bytes()
    assert key_id(made.key).encode() not in content
    assert vault.recorded_salt() == SALT
    vault.settle_key_change(following, new_recovery_key())
    assert files.keys.read_bytes() == content, "once is enough"


def test_a_change_that_was_not_done_leaves_the_key_file_as_it_was(
    vault: Vault, made: NewKey, files: HistoryFiles
):
    before = files.keys.read_bytes()
    vault.begin_key_change(made.key)
    assert files.keys.read_bytes() != before
    vault.settle_key_change(made.key)
    assert files.keys.read_bytes() == before


def test_a_third_key_settles_nothing(vault: Vault, made: NewKey, files: HistoryFiles):
    following = vault.begin_key_change(made.key)
    before = files.keys.read_bytes()
    with pytest.raises(KeyOfAnotherHistory):
        vault.settle_key_change(bytes(32), new_recovery_key())
    with pytest.raises(KeyOfAnotherHistory):
        vault.settle_key_change(following)
    assert files.keys.read_bytes() == before


def test_what_is_changed_meanwhile_does_not_forget_the_key_that_follows(vault: Vault, made: NewKey):
    following = vault.begin_key_change(made.key)
    vault.add_keyring_slot(made.key)
    vault.install_recovery_key(made.key, new_recovery_key())
    assert vault.following_key(vault.unlock_with_keyring()) == following
    with pytest.raises(RuntimeError, match="not settled"):
        vault.begin_key_change(made.key)
    assert vault.following_key(made.key) == following


def test_no_new_history_begins_where_the_key_of_one_is_being_changed(vault: Vault, made: NewKey):
    vault.begin_key_change(made.key)
    before = vault.files.keys.read_bytes()
    for create in (vault.create_with_keyring, lambda: vault.create_with_passphrase(PASSPHRASE)):
        with pytest.raises(VaultError, match="exists already"):
            create()
    assert vault.files.keys.read_bytes() == before


def test_the_lock_is_kept_when_the_key_changes(vault: Vault, locked: NewKey):
    with pytest.raises(WrongSecret, match="so that it opens the new key"):
        vault.begin_key_change(locked.key)
    with pytest.raises(WrongSecret):
        vault.begin_key_change(locked.key, ANOTHER)
    assert vault.examine() is VaultState.READY
    following = vault.begin_key_change(locked.key, PASSPHRASE)
    vault.settle_key_change(following, new_recovery_key())
    assert vault.slot_kinds() == {SlotKind.KEYRING_PASSPHRASE, SlotKind.RECOVERY}
    assert vault.unlock_with_keyring_and_passphrase(PASSPHRASE) == following


def test_a_passphrase_without_a_keyring_opens_the_new_key_without_one(
    vault: Vault, keyring: MemoryKeyring
):
    keyring.problem = KeyringUnavailable("There is none.")
    new = vault.create_with_passphrase(PASSPHRASE)
    finish(vault)
    following = vault.begin_key_change(new.key, PASSPHRASE)
    vault.settle_key_change(following, new_recovery_key())
    assert vault.slot_kinds() == {SlotKind.PASSPHRASE, SlotKind.RECOVERY}
    assert vault.unlock_with_passphrase(PASSPHRASE) == following


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param('"of": "', '"of": "0', id="of"),
        pytest.param('"next": {', '"next": [], "x": {', id="no record"),
        pytest.param('"key": {', '"key": 1, "x": {', id="no key"),
    ],
)
def test_what_is_damaged_about_the_key_that_follows_is_said(
    old: str, new: str, vault: Vault, made: NewKey, files: HistoryFiles
):
    vault.begin_key_change(made.key)
    text = files.keys.read_text()
    assert text.count(old) == 1
    files.keys.write_text(text.replace(old, new))
    with pytest.raises(KeyFileUnreadable, match="is damaged"):
        vault.examine()


def test_a_key_that_follows_and_was_tampered_with_is_not_tried(vault: Vault, made: NewKey):
    vault.begin_key_change(made.key)
    keys = KeyFile.load(vault.files.keys)
    assert keys is not None
    assert keys.following is not None
    text = vault.files.keys.read_text()
    sealed = str(keys.following.sealed["n"])
    vault.files.keys.write_text(text.replace(sealed, "A" * len(sealed)))
    with pytest.raises(KeyFileUnreadable, match="seal is broken"):
        vault.following_key(made.key)


def test_what_a_newer_version_has_written_survives_a_change_of_key(
    vault: Vault, made: NewKey, files: HistoryFiles
):
    text = files.keys.read_text()
    files.keys.write_text(text.replace('"slots"', '"colour": "green",\n "slots"', 1))
    following = vault.begin_key_change(made.key)
    vault.settle_key_change(following, new_recovery_key())
    assert '"colour": "green"' in files.keys.read_text()
