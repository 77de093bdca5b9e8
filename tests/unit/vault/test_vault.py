"""The vault: a key is made once, and found again in every way that was promised."""

from __future__ import annotations

import json
import resource
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typing_extensions import override

from chatelaine.errors import (
    HistoryEmpty,
    HistoryMissing,
    HistoryOpenElsewhere,
    KeyFileMissing,
    KeyFileUnreadable,
    KeyOfAnotherHistory,
    KeyringEntryDamaged,
    KeyringEntryMissing,
    KeyringLocked,
    KeyringUnavailable,
    KeyUnavailable,
    RecoveryKeyMistyped,
    VaultError,
    WrongSecret,
)
from chatelaine.vault.enrolling import passphrase_factor
from chatelaine.vault.keyfile import KeyFile
from chatelaine.vault.keyring import KeyringEntry
from chatelaine.vault.passphrase import PassphraseCost, new_parameters
from chatelaine.vault.slots import Factor, FactorKind, key_id, seal
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

CHEAP = PassphraseCost(time=1, memory_kib=8, lanes=1)
SALT = bytes(range(100, 116))


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
    """Do what the store does after a key was made."""
    vault.files.history.write_bytes(SALT + b"pages")
    vault.record_salt(SALT)


@pytest.fixture
def made(vault: Vault) -> NewKey:
    """A history under the care of the keyring."""
    new = vault.create_with_keyring()
    finish(vault)
    return new


def snapshot(files: HistoryFiles) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in files.history.parent.iterdir()}


# ---------------------------------------------------------------------------- making a key


def test_a_new_key_has_256_bits_and_is_found_in_both_its_ways(vault: Vault, made: NewKey):
    assert len(made.key) == 32
    assert vault.slot_kinds() == {SlotKind.KEYRING, SlotKind.RECOVERY}
    assert vault.unlock_with_keyring() == made.key
    assert vault.unlock_with_recovery_key(made.recovery_key) == made.key


def test_a_key_under_a_passphrase_needs_no_keyring(vault: Vault, keyring: MemoryKeyring):
    keyring.problem = KeyringUnavailable("none")
    new = vault.create_with_passphrase("correct horse")
    assert vault.slot_kinds() == {SlotKind.PASSPHRASE, SlotKind.RECOVERY}
    assert vault.unlock_with_passphrase("correct horse") == new.key
    assert vault.unlock_with_recovery_key(new.recovery_key) == new.key
    assert keyring.reads == []


def test_every_history_has_a_key_of_its_own(tmp_path: Path, keyring: MemoryKeyring):
    keys = set()
    for number in range(5):
        vault = Vault(HistoryFiles.beside(tmp_path / f"{number}.db"), keyring)
        with vault.lock_file():
            keys.add(vault.create_with_keyring().key)
            assert vault.unlock_with_keyring() in keys
    assert len(keys) == 5
    assert len(keyring.entries) == 5


def test_neither_the_key_nor_what_opens_it_is_in_the_key_file(
    vault: Vault, keyring: MemoryKeyring, files: HistoryFiles
):
    new = vault.create_with_keyring()
    content = files.keys.read_text()
    (entry,) = keyring.entries.values()
    assert new.key.hex() not in content
    assert entry.split(":")[2] not in content
    assert new.recovery_key not in content
    assert new.key.hex() not in entry
    assert repr(new) == "NewKey()"


def test_the_entry_in_the_keyring_names_no_path_and_is_short(
    vault: Vault, made: NewKey, keyring: MemoryKeyring, files: HistoryFiles
):
    ((name, value),) = keyring.entries.items()
    assert len(value) < 100
    assert value.startswith(f"v1:{key_id(made.key)}:")
    assert "history" not in name + value
    assert len(name) == 16


def test_a_keyring_that_keeps_nothing_is_found_out_before_there_is_a_key_file(
    vault: Vault, keyring: MemoryKeyring, files: HistoryFiles
):
    keyring.forgetful = True
    with pytest.raises(KeyringUnavailable, match="did not keep"):
        vault.create_with_keyring()
    assert not files.keys.exists()
    assert vault.examine() is VaultState.NEW


@pytest.mark.parametrize("problem", [KeyringUnavailable("none"), KeyringLocked("locked")])
def test_without_the_keyring_nothing_is_made(
    problem: KeyUnavailable, vault: Vault, keyring: MemoryKeyring, files: HistoryFiles
):
    keyring.problem = problem
    with pytest.raises(type(problem)):
        vault.create_with_keyring()
    assert not files.keys.exists()
    assert vault.create_with_passphrase("correct horse").key == vault.unlock_with_passphrase(
        "correct horse"
    )


def test_an_empty_passphrase_is_refused(vault: Vault, files: HistoryFiles):
    with pytest.raises(VaultError, match="empty"):
        vault.create_with_passphrase("")
    assert not files.keys.exists()


@pytest.fixture
def little_memory() -> Iterator[PassphraseCost]:
    """A machine that cannot afford this cost."""
    limits = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 30), limits[1]))
    yield PassphraseCost(time=1, memory_kib=4 << 20, lanes=1)
    resource.setrlimit(resource.RLIMIT_AS, limits)


def test_a_machine_without_room_for_a_passphrase_is_told(
    files: HistoryFiles, little_memory: PassphraseCost
):
    vault = Vault(files, MemoryKeyring(), little_memory)
    with vault.lock_file(), pytest.raises(VaultError, match="cannot work with a passphrase"):
        vault.create_with_passphrase("correct horse")
    assert not files.keys.exists()


def test_a_passphrase_made_on_a_bigger_machine_is_told(
    vault: Vault, made: NewKey, files: HistoryFiles, little_memory: PassphraseCost
):
    factor = Factor(FactorKind.PASSPHRASE, bytes(32), new_parameters(little_memory))
    keys = KeyFile.load(files.keys)
    assert keys is not None
    keys.with_slot(seal(made.key, [factor])).save(files.keys)
    with pytest.raises(VaultError, match="cannot work with a passphrase"):
        vault.unlock_with_passphrase("correct horse")
    assert vault.unlock_with_keyring() == made.key


CREATE: dict[str, Callable[[Vault], NewKey]] = {
    "keyring": Vault.create_with_keyring,
    "passphrase": lambda vault: vault.create_with_passphrase("correct horse"),
}
both_ways = pytest.mark.parametrize("way", CREATE)


@both_ways
def test_a_history_that_exists_never_gets_another_key(
    way: str, vault: Vault, made: NewKey, keyring: MemoryKeyring, files: HistoryFiles
):
    before, entries = snapshot(files), dict(keyring.entries)
    with pytest.raises(VaultError, match="exists already"):
        CREATE[way](vault)
    assert snapshot(files) == before
    assert keyring.entries == entries


@pytest.mark.usefixtures("made")
@both_ways
@pytest.mark.parametrize(
    ("left", "told"),
    [
        ("the history without its keys", KeyFileMissing),
        ("the keys without their history", HistoryMissing),
        ("an empty history with its keys", HistoryEmpty),
        ("an empty history without keys", HistoryEmpty),
        ("a damaged key file", KeyFileUnreadable),
        ("the keys of another history", KeyOfAnotherHistory),
    ],
)
def test_nothing_is_made_anew_where_anything_is_left(
    left: str, told: type[Exception], way: str, vault: Vault, keyring: MemoryKeyring
):
    files = vault.files
    match left:
        case "the history without its keys":
            files.keys.unlink()
        case "the keys without their history":
            files.history.unlink()
        case "an empty history with its keys":
            files.history.write_bytes(b"")
        case "an empty history without keys":
            files.history.write_bytes(b"")
            files.keys.unlink()
        case "a damaged key file":
            files.keys.write_bytes(b"{}")
        case _:
            files.history.write_bytes(b"x" * 32)
    before, entries = snapshot(files), dict(keyring.entries)
    with pytest.raises(told):
        CREATE[way](vault)
    assert snapshot(files) == before
    assert keyring.entries == entries


@both_ways
def test_a_key_is_made_only_under_the_lock(way: str, files: HistoryFiles, keyring: MemoryKeyring):
    with pytest.raises(RuntimeError, match="lock"):
        CREATE[way](Vault(files, keyring, CHEAP))
    assert list(files.history.parent.iterdir()) == []


def test_a_history_that_is_open_is_not_opened_again(files: HistoryFiles, vault: Vault):
    with pytest.raises(HistoryOpenElsewhere):
        Vault(files, MemoryKeyring()).acquire()


# ---------------------------------------------------------------------------- unfinished


@both_ways
@pytest.mark.parametrize("history", [None, b"", SALT + b"the first pages"])
def test_a_history_whose_making_was_interrupted_is_finished_with_the_same_key(
    history: bytes | None, way: str, vault: Vault, files: HistoryFiles
):
    first = CREATE[way](vault)
    if history is not None:
        files.history.write_bytes(history)
    assert vault.examine() is VaultState.UNFINISHED
    assert vault.recorded_salt() is None
    again = CREATE[way](vault)
    assert again.key == first.key
    assert again.recovery_key != first.recovery_key
    assert vault.unlock_with_recovery_key(again.recovery_key) == first.key
    finish(vault)
    assert vault.examine() is VaultState.READY
    assert vault.recorded_salt() == SALT


def test_an_unfinished_history_does_not_take_another_passphrase(vault: Vault, files: HistoryFiles):
    vault.create_with_passphrase("correct horse")
    before = snapshot(files)
    with pytest.raises(WrongSecret):
        vault.create_with_passphrase("another horse")
    assert snapshot(files) == before


def test_an_unfinished_history_that_began_with_a_passphrase_asks_for_it(vault: Vault):
    vault.create_with_passphrase("correct horse")
    with pytest.raises(KeyringEntryMissing, match="never put into a keyring"):
        vault.create_with_keyring()


@pytest.mark.parametrize("exists", [False, True])
def test_without_a_key_file_there_is_no_way_to_a_key(
    exists: bool, vault: Vault, files: HistoryFiles
):
    if exists:
        files.history.write_bytes(SALT)
    assert vault.slot_kinds() == frozenset()
    with pytest.raises(KeyFileMissing):
        vault.recorded_salt()


def test_how_the_history_begins_is_written_down_once(
    vault: Vault, made: NewKey, files: HistoryFiles
):
    before = files.keys.read_bytes()
    vault.record_salt(SALT)
    assert files.keys.read_bytes() == before
    with pytest.raises(KeyOfAnotherHistory):
        vault.record_salt(bytes(16))
    with pytest.raises(ValueError, match="16 bytes"):
        vault.record_salt(SALT + b"x")
    assert files.keys.read_bytes() == before


# ---------------------------------------------------------------------------- finding it again


def test_a_locked_keyring_is_no_answer(vault: Vault, made: NewKey, keyring: MemoryKeyring):
    keyring.problem = KeyringLocked("locked")
    with pytest.raises(KeyringLocked):
        vault.unlock_with_keyring()
    keyring.problem = None
    assert vault.unlock_with_keyring() == made.key


def test_a_missing_entry_is_told_with_the_keyring_it_was_put_into(
    vault: Vault, made: NewKey, keyring: MemoryKeyring
):
    keyring.entries.clear()
    with pytest.raises(KeyringEntryMissing, match="put into a keyring in memory"):
        vault.unlock_with_keyring()


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("", (KeyringEntryDamaged, "not what was put")),
        ("something else", (KeyringEntryDamaged, "not what was put")),
        (KeyringEntry("0" * 16, bytes(32)).to_text()[:-9], (KeyringEntryDamaged, "not what was")),
        (KeyringEntry("0" * 16, bytes(32)).to_text(), (KeyOfAnotherHistory, "another key")),
        (KeyringEntry("{kid}", bytes(32)).to_text(), (KeyOfAnotherHistory, "does not open")),
    ],
)
def test_an_entry_that_does_not_fit_is_told(
    entry: str,
    told: tuple[type[KeyUnavailable], str],
    vault: Vault,
    made: NewKey,
    keyring: MemoryKeyring,
):
    kind, words = told
    (name,) = keyring.entries
    keyring.entries[name] = entry.format(kid=key_id(made.key))
    with pytest.raises(kind, match=words):
        vault.unlock_with_keyring()


def test_another_passphrase_or_recovery_key_is_told(vault: Vault, made: NewKey):
    vault.add_passphrase_slot(made.key, "correct horse")
    with pytest.raises(WrongSecret):
        vault.unlock_with_passphrase("correct horse ")
    with pytest.raises(WrongSecret):
        vault.unlock_with_recovery_key("0410-6105-0R3G-G28A-1C60-T3GF-22WE-QKQW")
    with pytest.raises(RecoveryKeyMistyped):
        vault.unlock_with_recovery_key(made.recovery_key[:-1] + "?")


def test_a_passphrase_where_there_is_none_is_told(vault: Vault, made: NewKey):
    with pytest.raises(WrongSecret, match="not set up with a passphrase"):
        vault.unlock_with_passphrase("correct horse")


def test_no_way_leads_anywhere_without_the_key_file(
    vault: Vault, made: NewKey, files: HistoryFiles
):
    files.keys.unlink()
    for unlock in (
        vault.unlock_with_keyring,
        lambda: vault.unlock_with_passphrase("correct horse"),
        lambda: vault.unlock_with_recovery_key(made.recovery_key),
    ):
        with pytest.raises(KeyFileMissing, match=r"history\.keys\.json is missing"):
            unlock()


def test_a_damaged_slot_leaves_the_other_ways_open(vault: Vault, made: NewKey, files: HistoryFiles):
    record = json.loads(files.keys.read_bytes())
    record["slots"][0]["ct"] = ""
    files.keys.write_text(json.dumps(record))
    assert vault.slot_kinds() == {SlotKind.RECOVERY}
    with pytest.raises(KeyFileUnreadable, match="Another way to the key may"):
        vault.unlock_with_keyring()
    assert vault.unlock_with_recovery_key(made.recovery_key) == made.key
    vault.add_keyring_slot(made.key)
    assert vault.unlock_with_keyring() == made.key


def test_an_app_lock_needs_the_keyring_and_the_passphrase(
    vault: Vault, made: NewKey, keyring: MemoryKeyring, files: HistoryFiles
):
    secret = b"s" * 32
    keyring.entries["lock"] = KeyringEntry(key_id(made.key), secret).to_text()
    slot = seal(
        made.key,
        [
            Factor(FactorKind.KEYRING, secret, {"entry": "lock"}),
            passphrase_factor("correct horse", CHEAP),
        ],
    )
    KeyFile(key_id(made.key), SALT, (slot.record,)).save(files.keys)
    assert vault.slot_kinds() == {SlotKind.KEYRING_PASSPHRASE}
    assert vault.unlock_with_keyring_and_passphrase("correct horse") == made.key
    with pytest.raises(WrongSecret):
        vault.unlock_with_keyring_and_passphrase("another horse")
    with pytest.raises(KeyUnavailable):
        vault.unlock_with_keyring()
    keyring.entries.clear()
    with pytest.raises(KeyringEntryMissing):
        vault.unlock_with_keyring_and_passphrase("correct horse")


# ---------------------------------------------------------------------------- other ways


def test_another_passphrase_takes_the_place_of_the_one_before(vault: Vault, made: NewKey):
    vault.add_passphrase_slot(made.key, "first horse")
    vault.add_passphrase_slot(made.key, "second horse")
    assert vault.unlock_with_passphrase("second horse") == made.key
    with pytest.raises(WrongSecret):
        vault.unlock_with_passphrase("first horse")
    assert vault.unlock_with_keyring() == made.key
    assert vault.unlock_with_recovery_key(made.recovery_key) == made.key


def test_another_recovery_key_takes_the_place_of_the_one_before(vault: Vault, made: NewKey):
    renewed = vault.renew_recovery_key(made.key)
    assert vault.unlock_with_recovery_key(renewed) == made.key
    with pytest.raises(WrongSecret):
        vault.unlock_with_recovery_key(made.recovery_key)
    assert vault.unlock_with_keyring() == made.key


def test_a_recovery_key_can_be_stored_before_it_is_installed_and_installed_again(
    vault: Vault, made: NewKey, files: HistoryFiles
):
    text = new_recovery_key()
    with pytest.raises(WrongSecret):
        vault.unlock_with_recovery_key(text)
    vault.install_recovery_key(made.key, text)
    assert vault.unlock_with_recovery_key(text) == made.key
    with pytest.raises(WrongSecret):
        vault.unlock_with_recovery_key(made.recovery_key)
    before = snapshot(files)
    vault.install_recovery_key(made.key, text.lower())
    assert snapshot(files) == before


def test_another_keyring_is_added_and_the_one_before_goes_on_working(
    vault: Vault, made: NewKey, keyring: MemoryKeyring, files: HistoryFiles
):
    elsewhere = Vault(files, MemoryKeyring("another keyring"), CHEAP)
    with pytest.raises(KeyringEntryMissing):
        elsewhere.unlock_with_keyring()
    vault.release()
    with elsewhere.lock_file():
        elsewhere.add_keyring_slot(elsewhere.unlock_with_recovery_key(made.recovery_key))
    assert elsewhere.unlock_with_keyring() == made.key
    assert vault.unlock_with_keyring() == made.key


def test_only_a_few_keyrings_are_remembered_and_the_newest_is_asked_first(
    vault: Vault, made: NewKey, keyring: MemoryKeyring, files: HistoryFiles
):
    for _ in range(10):
        vault.add_keyring_slot(made.key)
    keys = KeyFile.load(files.keys)
    assert keys is not None
    assert len(keys.of_kind(SlotKind.KEYRING)) == 4
    assert len(keyring.entries) == 11  # none is ever overwritten or deleted
    keyring.reads.clear()
    assert vault.unlock_with_keyring() == made.key
    assert keyring.reads == [list(keyring.entries)[-1]]


CHANGES: dict[str, Callable[[Vault, bytes], object]] = {
    "keyring": Vault.add_keyring_slot,
    "passphrase": lambda vault, key: vault.add_passphrase_slot(key, "correct horse"),
    "recovery key": Vault.renew_recovery_key,
    "known recovery key": lambda vault, key: vault.install_recovery_key(key, new_recovery_key()),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_way_is_added_only_for_the_key_of_this_history(
    change: str, vault: Vault, made: NewKey, keyring: MemoryKeyring, files: HistoryFiles
):
    before, entries = snapshot(files), dict(keyring.entries)
    with pytest.raises(KeyOfAnotherHistory):
        CHANGES[change](vault, bytes(32))
    assert snapshot(files) == before
    assert keyring.entries == entries


@pytest.mark.parametrize("change", CHANGES)
def test_a_way_is_added_only_under_the_lock(change: str, vault: Vault, made: NewKey):
    vault.release()
    with pytest.raises(RuntimeError, match="lock"):
        CHANGES[change](vault, made.key)


def test_a_keyring_that_fails_when_it_is_added_leaves_the_ways_there_were(
    vault: Vault, made: NewKey, keyring: MemoryKeyring, files: HistoryFiles
):
    before = snapshot(files)
    keyring.forgetful = True
    with pytest.raises(KeyringUnavailable):
        vault.add_keyring_slot(made.key)
    assert snapshot(files) == before
    assert vault.unlock_with_keyring() == made.key


# ---------------------------------------------------------------------------- late answers


class LateKeyring(MemoryKeyring):
    """Does something else, once, before it keeps an entry: as long as its prompt is open."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Callable[[], object] | None = None

    @override
    def write(self, name: str, value: str) -> None:
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()
        super().write(name, value)


@pytest.fixture
def late(files: HistoryFiles) -> Iterator[tuple[Vault, LateKeyring]]:
    keyring = LateKeyring()
    vault = Vault(files, keyring, CHEAP)
    with vault.lock_file():
        yield vault, keyring


def test_a_prompt_that_is_answered_late_makes_no_second_key(late: tuple[Vault, LateKeyring]):
    vault, keyring = late
    made: list[NewKey] = []

    def choose_a_passphrase() -> None:
        made.append(vault.create_with_passphrase("correct horse"))
        finish(vault)

    keyring.meanwhile = choose_a_passphrase
    with pytest.raises(RuntimeError, match="newer attempt"):
        vault.create_with_keyring()
    assert vault.examine() is VaultState.READY
    assert vault.unlock_with_passphrase("correct horse") == made[0].key
    assert vault.unlock_with_recovery_key(made[0].recovery_key) == made[0].key


def test_a_prompt_that_is_answered_after_the_lock_was_given_back_writes_nothing(
    late: tuple[Vault, LateKeyring], files: HistoryFiles
):
    vault, keyring = late
    keyring.meanwhile = vault.release
    with pytest.raises(RuntimeError, match="lock"):
        vault.create_with_keyring()
    assert not files.keys.exists()


def test_a_recovery_key_made_while_the_keyring_is_waited_for_goes_on_working(
    late: tuple[Vault, LateKeyring],
):
    vault, keyring = late
    new = vault.create_with_passphrase("correct horse")
    finish(vault)
    renewed: list[str] = []
    keyring.meanwhile = lambda: renewed.append(vault.renew_recovery_key(new.key))
    vault.add_keyring_slot(new.key)
    assert vault.unlock_with_keyring() == new.key
    assert vault.unlock_with_recovery_key(renewed[0]) == new.key
    with pytest.raises(WrongSecret):
        vault.unlock_with_recovery_key(new.recovery_key)
