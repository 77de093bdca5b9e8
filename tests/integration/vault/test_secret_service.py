"""The vault against a real Secret Service, and against each way in which it can be missing.

Whatever the keyring does, a history that exists is not touched, and its other ways stay open.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, NamedTuple

import pytest
import secretstorage
from keyring.backends.SecretService import Keyring as PackagedKeyring

from chatelaine.errors import (
    KeyringEntryMissing,
    KeyringLocked,
    KeyringUnavailable,
    KeyUnavailable,
    VaultError,
)
from chatelaine.vault.keyring import SystemKeyring, system_keyring
from chatelaine.vault.passphrase import PassphraseCost
from chatelaine.vault.vault import HistoryFiles, NewKey, SlotKind, Vault, VaultState
from support.secret_service import PASSWORD, SessionBus, session_bus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

APP = Path(__file__).parents[3] / "app"
CHEAP = PassphraseCost(time=1, memory_kib=8, lanes=1)
SALT = bytes(range(100, 116))


def enter(bus: SessionBus, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in bus.environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[SessionBus]:
    """A bus with an unlocked keyring, on which a keyring is started when one is asked for."""
    with session_bus() as bus:
        bus.start_keyring(PASSWORD)
        enter(bus, monkeypatch)
        yield bus


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    vault = Vault(HistoryFiles.beside(tmp_path / "history.db"), system_keyring(), CHEAP)
    with vault.lock_file():
        yield vault


@pytest.fixture
def made(bus: SessionBus, vault: Vault) -> NewKey:
    """A history whose key is in the care of the real keyring."""
    new = vault.create_with_keyring()
    vault.files.history.write_bytes(SALT + b"pages")
    vault.record_salt(SALT)
    return new


def snapshot(vault: Vault) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in vault.files.history.parent.iterdir()}


class Entry(NamedTuple):
    """What is in the keyring, asked in another way than the vault does."""

    attributes: dict[str, str]
    label: str
    secret: str


def entries() -> list[Entry]:
    with closing(secretstorage.dbus_init()) as connection:
        items = secretstorage.get_default_collection(connection).get_all_items()
        return [
            Entry(item.get_attributes(), item.get_label(), item.get_secret().decode())
            for item in items
        ]


# ---------------------------------------------------------------------------- it works


def test_a_key_comes_back_from_the_keyring(vault: Vault, made: NewKey):
    assert vault.slot_kinds() == {SlotKind.KEYRING, SlotKind.RECOVERY}
    assert vault.unlock_with_keyring() == made.key


def test_a_key_comes_back_in_another_process(vault: Vault, made: NewKey):
    done = python(
        """
        from chatelaine.vault.vault import HistoryFiles, Vault
        from chatelaine.vault.keyring import system_keyring
        vault = Vault(HistoryFiles.beside(Path(sys.argv[1])), system_keyring())
        print(vault.unlock_with_keyring().hex())
        """,
        str(vault.files.history),
    )
    assert done == made.key.hex()


def test_a_key_comes_back_after_the_keyring_was_locked_and_opened_again(
    bus: SessionBus, vault: Vault, made: NewKey
):
    bus.end_keyring()
    bus.start_keyring(PASSWORD)
    assert vault.unlock_with_keyring() == made.key


def test_what_stands_in_clear_in_the_keyring_tells_nothing(vault: Vault, made: NewKey):
    (item,) = entries()
    name = item.attributes["username"]
    assert (
        item.attributes.items()
        >= {
            "service": "Chatelaine",
            "application": "Chatelaine",
            "username": name,
        }.items()
    )
    assert item.label == f"Password for '{name}' on 'Chatelaine'"
    assert len(name) == 16
    assert set(name) <= set("0123456789abcdef")
    clear = f"{item.attributes} {item.label}"
    assert "history" not in clear
    assert str(vault.files.history.parent) not in clear + item.secret
    assert made.key.hex() not in clear + item.secret


def test_what_the_keyring_package_has_stored_is_found_and_the_other_way_round(bus: SessionBus):
    ours, theirs = SystemKeyring(), PackagedKeyring()
    theirs.appid = "Chatelaine"
    theirs.set_password("Chatelaine", "name", "theirs")
    assert ours.read("name") == "theirs"
    ours.write("name", "ours")
    assert theirs.get_password("Chatelaine", "name") == "ours"


def test_the_keyring_package_is_not_imported_where_the_secret_service_has_the_entry(
    vault: Vault, made: NewKey
):
    done = python(
        """
        from chatelaine.vault.vault import HistoryFiles, Vault
        from chatelaine.vault.keyring import system_keyring
        Vault(HistoryFiles.beside(Path(sys.argv[1])), system_keyring()).unlock_with_keyring()
        print("secretstorage" in sys.modules, "keyring" in sys.modules)
        """,
        str(vault.files.history),
    )
    assert done == "True False"


# ---------------------------------------------------------------------------- it does not


def nothing(bus: SessionBus, monkeypatch: pytest.MonkeyPatch) -> None:
    """No session bus at all."""
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")


def nobody_answers(bus: SessionBus, monkeypatch: pytest.MonkeyPatch) -> None:
    """The address of a bus that is gone."""
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/bus")


def nonsense(bus: SessionBus, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that is none."""
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "what is this")


def no_service(bus: SessionBus, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bus on which nobody keeps secrets."""
    bus.end_keyring()
    bus.start_on_demand(None)


def locked(bus: SessionBus, monkeypatch: pytest.MonkeyPatch) -> None:
    """Locked, and its prompt cannot be shown."""
    bus.lock()


def killed(bus: SessionBus, monkeypatch: pytest.MonkeyPatch) -> None:
    """The keyring crashed: the bus starts another one, which is locked."""
    bus.end_keyring(signal.SIGKILL)


def broken(bus: SessionBus, monkeypatch: pytest.MonkeyPatch) -> None:
    """The keyring crashed, and cannot be started again."""
    bus.end_keyring()
    bus.start_on_demand("/bin/false")


def erased(bus: SessionBus, monkeypatch: pytest.MonkeyPatch) -> None:
    """It works, but the entry is gone."""
    with closing(secretstorage.dbus_init()) as connection:
        for item in list(secretstorage.get_default_collection(connection).get_all_items()):
            item.delete()


@pytest.fixture
def arrange(bus: SessionBus, monkeypatch: pytest.MonkeyPatch):
    """Brings a situation about."""
    return lambda situation: situation(bus, monkeypatch)


SITUATIONS: list[tuple[Callable[..., None], type[KeyUnavailable]]] = [
    (nothing, KeyringUnavailable),
    (nobody_answers, KeyringUnavailable),
    (nonsense, KeyringUnavailable),
    (no_service, KeyringUnavailable),
    (locked, KeyringLocked),
    (killed, KeyringLocked),
    (broken, KeyringUnavailable),
    (erased, KeyringEntryMissing),
]


@pytest.mark.parametrize(("situation", "told"), SITUATIONS)
def test_a_history_is_untouched_whatever_the_keyring_does(
    situation: Callable[..., None], told: type[KeyUnavailable], made: NewKey, vault: Vault, arrange
):
    arrange(situation)
    before = snapshot(vault)
    with pytest.raises(told) as raised:
        vault.unlock_with_keyring()
    assert type(raised.value) is told
    for create in (vault.create_with_keyring, lambda: vault.create_with_passphrase("x")):
        with pytest.raises(VaultError, match="exists already"):
            create()
    assert vault.examine() is VaultState.READY
    assert vault.unlock_with_recovery_key(made.recovery_key) == made.key
    if told is not KeyringEntryMissing:
        with pytest.raises(told):
            vault.add_keyring_slot(made.key)
    assert snapshot(vault) == before


def test_a_keyring_that_lost_the_entry_gets_another_one(made: NewKey, vault: Vault, arrange):
    arrange(erased)
    vault.add_keyring_slot(vault.unlock_with_recovery_key(made.recovery_key))
    assert vault.unlock_with_keyring() == made.key


@pytest.mark.parametrize("situation", [s for s, told in SITUATIONS if s is not erased])
def test_no_key_is_made_without_a_keyring_that_keeps_it(
    situation: Callable[..., None], vault: Vault, arrange
):
    arrange(situation)
    with pytest.raises(KeyUnavailable):
        vault.create_with_keyring()
    assert [path.name for path in vault.files.history.parent.iterdir()] == ["history.lock"]
    assert vault.examine() is VaultState.NEW


def test_a_user_who_has_no_keyring_yet_and_cannot_be_asked_is_told(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
):
    with session_bus() as bus:
        bus.start_keyring(None)
        enter(bus, monkeypatch)
        with pytest.raises(KeyringLocked, match="dismissed"):
            vault.create_with_keyring()
    assert vault.examine() is VaultState.NEW


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_keyring_that_is_asked_again_and_again_leaves_no_connections_open(bus: SessionBus):
    keyring = SystemKeyring()
    bus.lock()
    open_before = descriptors()
    for _ in range(20):
        with pytest.raises(KeyringLocked):
            keyring.read("name")
    assert descriptors() == open_before


# ---------------------------------------------------------------------------- those not trusted

PLAIN = '''
from pathlib import Path
from keyring.backend import KeyringBackend

class Keyring(KeyringBackend):
    """Keeps everything in a file that anybody can read."""

    priority = 99

    def get_password(self, service, username):
        path = Path(__file__).with_name("plain.txt")
        return path.read_text() if path.exists() else None

    def set_password(self, service, username, password):
        Path(__file__).with_name("plain.txt").write_text(password)
'''
CREATE = """
import keyring
from chatelaine.errors import KeyringUnavailable
from chatelaine.vault.vault import HistoryFiles, Vault
from chatelaine.vault.keyring import system_keyring
print(type(keyring.get_keyring()).__module__)
vault = Vault(HistoryFiles.beside(Path(sys.argv[1])), system_keyring())
with vault.lock_file():
    try:
        vault.create_with_keyring()
        print("made")
    except KeyringUnavailable as error:
        print("plain text, or nowhere, are not used" in error.message)
"""


@pytest.fixture(params=["variable", "file"])
def chosen(request: pytest.FixtureRequest, tmp_path: Path, home: Path, monkeypatch):
    """Two ways in which a user, or whoever set the machine up, can have chosen a back end."""
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "plain.py").write_text(PLAIN)
    monkeypatch.setenv("PYTHONPATH", str(modules))

    def choose(name: str) -> Path:
        if request.param == "variable":
            monkeypatch.setenv("PYTHON_KEYRING_BACKEND", name)
        else:
            folder = home / "home/.config/python_keyring"
            folder.mkdir()
            (folder / "keyringrc.cfg").write_text(f"[backend]\ndefault-keyring={name}\n")
        return modules / "plain.txt"

    return choose


@pytest.mark.parametrize("name", ["plain.Keyring", "keyring.backends.null.Keyring"])
def test_a_keyring_that_does_not_protect_is_not_used_even_if_it_was_chosen(
    name: str, chosen: Callable[[str], Path], tmp_path: Path
):
    plain = chosen(name)
    would_be, refused = python(CREATE, str(tmp_path / "history.db")).split()
    assert would_be == name.rpartition(".")[0], "without the vault's own choice it would be used"
    assert refused == "True"
    assert not plain.exists()
    assert not (tmp_path / "history.keys.json").exists()


@pytest.mark.parametrize("name", ["plain.Keyring", "keyring.backends.null.Keyring"])
def test_the_real_keyring_is_used_even_if_another_one_was_chosen(
    name: str, bus: SessionBus, chosen: Callable[[str], Path], tmp_path: Path
):
    plain = chosen(name)
    would_be, made = python(CREATE, str(tmp_path / "history.db")).split()
    assert would_be == name.rpartition(".")[0]
    assert made == "made"
    assert not plain.exists()
    assert [item.attributes["service"] for item in entries()] == ["Chatelaine"]


def python(program: str, *arguments: str) -> str:
    """Run a program in a process of its own, and give what it prints."""
    path = os.pathsep.join(filter(None, [str(APP), os.environ.get("PYTHONPATH")]))
    beginning = "import sys\nfrom pathlib import Path\n"
    done = subprocess.run(
        [sys.executable, "-c", beginning + dedent(program), *arguments],
        env=os.environ | {"PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
