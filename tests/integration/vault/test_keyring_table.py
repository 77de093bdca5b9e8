"""Whatever the keyring does, a history that exists keeps its key, and its user is told what it is.

Each row: what is wrong, which error says so, and in which words. In none of them the history, its
key file or an entry in the keyring changes, and no key is made. Where a real keyring cannot be
brought to do it, a Secret Service on a real bus does (`odd_secret_service`).
"""

from __future__ import annotations

import re
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, NamedTuple

import pytest
import secretstorage

from chatelaine.errors import (
    KeyOfAnotherHistory,
    KeyringEntryDamaged,
    KeyringEntryMissing,
    KeyringLocked,
    KeyringUnavailable,
    KeyUnavailable,
    VaultError,
)
from chatelaine.vault.keyring import system_keyring
from chatelaine.vault.passphrase import PassphraseCost
from chatelaine.vault.vault import HistoryFiles, NewKey, Vault, VaultState
from support.odd_secret_service import Mood, odd_secret_service
from support.secret_service import PASSWORD, SessionBus, session_bus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

CHEAP = PassphraseCost(time=1, memory_kib=8, lanes=1)
SALT = bytes(range(100, 116))


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[SessionBus]:
    with session_bus() as bus:
        bus.start_keyring(PASSWORD)
        for name, value in bus.environment.items():
            monkeypatch.setenv(name, value)
        yield bus


def vault_at(history: Path) -> Vault:
    return Vault(HistoryFiles.beside(history), system_keyring(), CHEAP)


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    vault = vault_at(tmp_path / "history" / "history.db")
    with vault.lock_file():
        yield vault


@pytest.fixture
def made(bus: SessionBus, vault: Vault) -> NewKey:
    return begin(vault)


def begin(vault: Vault) -> NewKey:
    new = vault.create_with_keyring()
    vault.files.history.write_bytes(SALT + b"pages")
    vault.record_salt(SALT)
    return new


def files_of(vault: Vault) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in vault.files.history.parent.iterdir()}


def entries() -> dict[str, bytes]:
    """Give what is in the real keyring, by the name of the entry."""
    with closing(secretstorage.dbus_init()) as connection:
        items = secretstorage.get_default_collection(connection).get_all_items()
        return {item.get_attributes()["username"]: item.get_secret() for item in items}


def rewrite_entry(change: Callable[[str], str]) -> None:
    with closing(secretstorage.dbus_init()) as connection:
        (item,) = secretstorage.get_default_collection(connection).get_all_items()
        item.set_secret(change(item.get_secret().decode()).encode())


class Case(NamedTuple):
    """What is at hand to bring a situation about."""

    bus: SessionBus
    vault: Vault
    monkeypatch: pytest.MonkeyPatch


@contextmanager
def locked(case: Case) -> Iterator[None]:
    """Locked, and nobody could be asked."""
    case.bus.lock()
    yield


@contextmanager
def killed(case: Case) -> Iterator[None]:
    """Crashed; the bus starts another one, which is locked."""
    case.bus.end_keyring(signal.SIGKILL)
    yield


@contextmanager
def gone(case: Case) -> Iterator[None]:
    """Nobody keeps secrets on this bus any more."""
    case.bus.end_keyring()
    case.bus.start_on_demand(None)
    yield


@contextmanager
def no_bus(case: Case) -> Iterator[None]:
    """There is no session bus."""
    case.monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/bus")
    yield


@contextmanager
def plain_text(case: Case) -> Iterator[None]:
    """Only back ends that keep in plain text, or nothing, are there, and one was chosen."""
    case.bus.end_keyring()
    case.bus.start_on_demand(None)
    case.monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    yield


@contextmanager
def changed(case: Case) -> Iterator[None]:
    """Another keyring, of another desktop or after a new installation: it has no such entry."""
    case.bus.end_keyring()
    with session_bus() as other:
        other.start_keyring(PASSWORD)
        for name, value in other.environment.items():
            case.monkeypatch.setenv(name, value)
        yield


def with_entry(change: Callable[[str], str]) -> Callable[[Case], AbstractContextManager[None]]:
    @contextmanager
    def situation(_: Case) -> Iterator[None]:
        rewrite_entry(change)
        yield

    return situation


@contextmanager
def of_another_history(case: Case) -> Iterator[None]:
    """Under the name of this history lies what belongs to another one."""
    (own,) = entries()
    other = vault_at(case.vault.files.history.parent.parent / "other.db")
    with other.lock_file():
        begin(other)
    (foreign,) = (secret for name, secret in entries().items() if name != own)
    with closing(secretstorage.dbus_init()) as connection:
        for item in secretstorage.get_default_collection(connection).get_all_items():
            if item.get_attributes()["username"] == own:
                item.set_secret(foreign)
    yield


def odd(mood: Mood) -> Callable[[Case], AbstractContextManager[None]]:
    @contextmanager
    def situation(case: Case) -> Iterator[None]:
        case.bus.end_keyring()
        with odd_secret_service(case.bus.environment, mood) as service:
            yield
        assert service.asked
        assert service.changes == [], "it was to write or to delete something"

    return situation


TABLE: dict[
    str, tuple[Callable[[Case], AbstractContextManager[None]], type[KeyUnavailable], str]
] = {
    "locked": (locked, KeyringLocked, "is locked"),
    "prompt dismissed": (odd(Mood.DISMISSED), KeyringLocked, "Unlock it and try again"),
    "crashed": (killed, KeyringLocked, "is locked"),
    "gone": (gone, KeyringUnavailable, "no keyring that keeps secrets encrypted"),
    "no bus": (no_bus, KeyringUnavailable, "no keyring that keeps secrets encrypted"),
    "plain text": (plain_text, KeyringUnavailable, "in plain text, or nowhere, are not used"),
    "denied": (odd(Mood.DENIED), KeyringUnavailable, "not allowed to see this item"),
    "changed": (changed, KeyringEntryMissing, "no entry for this history.*Secret Service"),
    "other history": (of_another_history, KeyOfAnotherHistory, "belongs to another key"),
    "truncated": (with_entry(lambda text: text[:-7]), KeyringEntryDamaged, "not what was put"),
    "emptied": (with_entry(lambda _: ""), KeyringEntryDamaged, "not what was put"),
    "garbage": (with_entry(lambda _: "\x00\ud7ff gibberish"), KeyringEntryDamaged, "not what"),
    "other secret": (
        with_entry(lambda text: f"{text[:20]}{'A' * 43}="),
        KeyOfAnotherHistory,
        "does not open it",
    ),
}


@pytest.mark.parametrize(("situation", "told", "words"), TABLE.values(), ids=list(TABLE))
def test_each_failure_of_the_keyring_has_its_own_words_and_changes_nothing(  # noqa: PLR0917 - a row and its surroundings
    situation: Callable[[Case], AbstractContextManager[None]],
    told: type[KeyUnavailable],
    words: str,
    bus: SessionBus,
    vault: Vault,
    made: NewKey,
    monkeypatch: pytest.MonkeyPatch,
):
    with situation(Case(bus, vault, monkeypatch)):
        reachable = told not in {KeyringLocked, KeyringUnavailable}
        before, kept = files_of(vault), entries() if reachable else {}
        for _ in range(2):  # asked again, it is the same
            with pytest.raises(KeyUnavailable) as raised:
                vault.unlock_with_keyring()
            assert type(raised.value) is told
            assert re.search(words, raised.value.message, re.DOTALL)
            assert raised.value.title == "Your history is safe, but its key is not available"
        for create in (
            vault.create_with_keyring,
            lambda: vault.create_with_passphrase("correct horse"),
        ):
            with pytest.raises(VaultError, match="exists already"):
                create()
        assert vault.examine() is VaultState.READY
        assert vault.unlock_with_recovery_key(made.recovery_key) == made.key
        assert files_of(vault) == before
        if reachable:
            assert entries() == kept


def test_a_prompt_that_nobody_answers_is_waited_for_and_other_ways_stay_open(
    bus: SessionBus, vault: Vault, made: NewKey
):
    bus.end_keyring()
    before = files_of(vault)
    with (
        odd_secret_service(bus.environment, Mood.UNANSWERED) as service,
        ThreadPoolExecutor(1) as worker,
    ):
        waiting = worker.submit(vault.unlock_with_keyring)
        assert service.prompting.wait(10)
        assert vault.unlock_with_recovery_key(made.recovery_key) == made.key
        assert not waiting.done(), "waiting is no answer"
        assert files_of(vault) == before
        service.answer(dismissed=True)
        with pytest.raises(KeyringLocked):
            waiting.result(10)
        assert service.changes == []
    assert files_of(vault) == before


def test_a_prompt_that_is_answered_late_gives_the_key(bus: SessionBus, vault: Vault, made: NewKey):
    (entry,) = entries().values()
    bus.end_keyring()
    with (
        odd_secret_service(bus.environment, Mood.UNANSWERED, secret=entry.decode()) as service,
        ThreadPoolExecutor(1) as worker,
    ):
        waiting = worker.submit(vault.unlock_with_keyring)
        assert service.prompting.wait(10)
        service.answer(dismissed=False)
        assert waiting.result(10) == made.key
        assert service.changes == []


def test_a_keyring_that_answers_nothing_is_waited_for_until_it_is_gone(
    bus: SessionBus, vault: Vault, made: NewKey
):
    bus.end_keyring()
    bus.start_on_demand(None)
    before = files_of(vault)
    with ThreadPoolExecutor(1) as worker:
        with odd_secret_service(bus.environment, Mood.SILENT) as service:
            waiting = worker.submit(vault.unlock_with_keyring)
            assert service.called.wait(10)
            assert vault.unlock_with_recovery_key(made.recovery_key) == made.key
            assert not waiting.done()
            assert service.changes == []
        with pytest.raises(KeyUnavailable):
            waiting.result(10)
    assert files_of(vault) == before
