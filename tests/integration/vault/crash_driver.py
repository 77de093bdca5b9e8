"""Does something with a vault again and again, and dies one step later each time.

    python crash_driver.py ACTION FOLDER

In FOLDER/1 the process was killed before the first line that matters was run, in FOLDER/2 before
the second, and so on, until one got to its end. Prints how many were killed.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlcipher3

import chatelaine
from chatelaine.vault.passphrase import PassphraseCost
from chatelaine.vault.vault import HistoryFiles, Vault, VaultState
from support import keyrings

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

CHEAP = PassphraseCost(time=1, memory_kib=8, lanes=1)
PACKAGE = Path(chatelaine.__file__).parent
# Whatever touches the disk or the keyring, and what puts that in order. The rest only computes.
WATCHED = frozenset(
    [
        str(PACKAGE / "paths.py"),
        str(PACKAGE / "vault" / "enrolling.py"),
        str(PACKAGE / "vault" / "key_access.py"),
        str(PACKAGE / "vault" / "key_changes.py"),
        str(PACKAGE / "vault" / "lock.py"),
        str(PACKAGE / "vault" / "unlocking.py"),
        str(PACKAGE / "vault" / "vault.py"),
        keyrings.__file__,
        __file__,
    ]
)


def vault_in(folder: Path) -> Vault:
    return Vault(
        HistoryFiles.beside(folder / "history.db"), keyrings.FolderKeyring(folder / "ring"), CHEAP
    )


def open_store(vault: Vault, key: bytes) -> None:
    """Open the history, or make it: what the store does, in small."""
    history = vault.files.history
    connection = sqlcipher3.connect(str(history))
    connection.execute(f"pragma key = \"x'{key.hex()}'\"")
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = off")
    connection.execute("create table if not exists turn (text)")
    connection.commit()
    vault.record_salt(history.read_bytes()[:16])
    connection.execute("insert into turn values ('something said')")
    connection.commit()
    (history.parent / "said").touch()
    connection.close()


def begin(vault: Vault) -> None:
    """Start for the first time, with a keyring, as the application does."""
    if vault.examine() is VaultState.READY:
        open_store(vault, vault.unlock_with_keyring())
    else:
        open_store(vault, vault.create_with_keyring().key)


def begin_with_passphrase(vault: Vault) -> None:
    """Start for the first time, without a keyring."""
    if vault.examine() is VaultState.READY:
        open_store(vault, vault.unlock_with_passphrase("correct horse"))
    else:
        open_store(vault, vault.create_with_passphrase("correct horse").key)


def existing(change: Callable[[Vault, bytes], Any]) -> Callable[[Vault], None]:
    """Change the ways to the key of a history that exists."""

    def act(vault: Vault) -> None:
        change(vault, vault.unlock_with_keyring())

    return act


def lock_and_unlock(vault: Vault, key: bytes) -> None:
    """Lock with a passphrase, change it, and unlock again."""
    vault.enable_app_lock(key, "correct horse")
    vault.change_passphrase(key, "another horse", old="correct horse")
    vault.disable_app_lock(key)


ACTIONS: dict[str, Callable[[Vault], None]] = {
    "begin": begin,
    "begin with passphrase": begin_with_passphrase,
    "add keyring": existing(Vault.add_keyring_slot),
    "add passphrase": existing(lambda vault, key: vault.add_passphrase_slot(key, "another horse")),
    "renew recovery key": existing(Vault.renew_recovery_key),
    "lock": existing(lambda vault, key: vault.enable_app_lock(key, "correct horse")),
    "lock and unlock": existing(lock_and_unlock),
}


def prepare(action: str, folder: Path) -> None:
    """Make what the action needs: nothing, or a history."""
    folder.mkdir()
    if not action.startswith("begin"):
        vault = vault_in(folder)
        with vault.lock_file():
            new = vault.create_with_keyring()
            open_store(vault, new.key)
        (folder / "recovery").write_text(new.recovery_key)


def run(action: str, folder: Path, places: int) -> None:
    """Do it, and die at the given place: a line of the vault, reached by a way of its own."""
    met: set[tuple[int, ...]] = set()

    def trace(frame: FrameType, event: str, _argument: object) -> Any:
        if frame.f_code.co_filename not in WATCHED:
            return None
        if event == "line":
            met.add(way_to(frame))
            if len(met) == places:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    vault = vault_in(folder)
    sys.settrace(trace)
    with vault.lock_file():
        ACTIONS[action](vault)
    sys.settrace(None)


def way_to(frame: FrameType | None) -> tuple[int, ...]:
    """Tell where a frame is and where it was called from; rounds of a loop are the same way."""
    way = []
    while frame is not None:
        way += [id(frame.f_code), frame.f_lineno]
        frame = frame.f_back
    return tuple(way)


def main() -> None:
    action, root = sys.argv[1], Path(sys.argv[2])
    setattr(os, "fsync", lambda _descriptor: None)  # noqa: B010 - a process dies, not the machine
    prepare(action, root / "0")
    places = 0
    status = -1
    while status:
        places += 1
        shutil.copytree(root / "0", root / str(places))
        child = os.fork()
        if not child:
            run(action, root / str(places), places)
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status not in {0, -signal.SIGKILL}:
            sys.exit(f"place {places}: ended with {status}")
    print(places - 1)  # noqa: T201 - that is its answer


if __name__ == "__main__":
    main()
