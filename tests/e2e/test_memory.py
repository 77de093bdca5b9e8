"""What a core dump of the program would hold: counted in its memory while it runs.

What SECURITY.md says of memory is what is measured here. The passphrase is typed with keys, so that
only the program itself puts it together.
"""

from __future__ import annotations

import base64
import sys
from base64 import b64decode
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chatelaine.vault.keyfile import KeyFile
from chatelaine.vault.keyring import KeyringEntry, system_keyring
from chatelaine.vault.passphrase import derive
from chatelaine.vault.slots import FactorKind, SlotKind, _wrapping_key
from chatelaine.vault.vault import HistoryFiles, Vault
from support.process_memory import counts

if TYPE_CHECKING:
    from collections.abc import Mapping

MASK = 0x155
PASSPHRASE = "Ombrellina four words marker"
MESSAGE = "Zyxomma message marker"
FEW = 16
"""The most copies that are taken for what was freed and not yet overwritten."""

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.skipif(sys.platform != "linux", reason="the memory of a process is a file there"),
]


def in_binary(secret: bytes) -> tuple[bytes, ...]:
    return (secret, secret.hex().encode(), secret.hex().upper().encode(), base64.b64encode(secret))


def secrets_of(files: HistoryFiles, key: bytes) -> dict[str, tuple[bytes, ...]]:
    """Give everything that opens the history with the app lock on, as it may lie in memory."""
    keys = KeyFile.load(files.keys)
    assert keys is not None
    (slot,) = keys.of_kind(SlotKind.KEYRING_PASSPHRASE)
    text = system_keyring().read(slot.details(FactorKind.KEYRING)["entry"])
    assert text is not None
    entry = KeyringEntry.from_text(text)
    assert entry is not None
    derived = derive(PASSPHRASE, slot.details(FactorKind.PASSPHRASE))
    salt = b64decode(slot.record["salt"])
    return {
        "passphrase as it was typed": (PASSPHRASE.encode("utf-16-le"),),
        "passphrase as it was used": (PASSPHRASE.encode(),),
        "derived from the passphrase": in_binary(derived),
        "key of the slot": in_binary(_wrapping_key(slot.kind, [entry.secret, derived], salt)),
        "secret of the keyring": in_binary(entry.secret),
        "data key": (key,),
        "data key in a statement": (key.hex().encode(), key.hex().upper().encode()),
        "message": (MESSAGE.encode(), MESSAGE.encode("utf-16-le")),
    }


def test_a_locked_program_holds_no_key_of_a_slot_and_few_copies_of_the_rest(
    start, user, desktop, monkeypatch
):
    for name, value in desktop.environment.items():
        monkeypatch.setenv(name, value)
    files = HistoryFiles.beside(Path(user["XDG_DATA_HOME"]) / "chatelaine" / "history.db")
    with start() as program:
        program.wait_open()
        key = Vault(files, system_keyring()).unlock_with_keyring()
        program.trigger("settings")
        program.wait_for(lambda state: state["dialog"] is not None)
        program.tell("show_tab", name="Security")
        for field in ("newPassphrase", "newPassphraseAgain"):
            program.type_masked(field, PASSPHRASE, MASK)
        program.click("turnOnLock")
        program.wait_for(lambda state: "The app lock is on." in state["dialog"])
        program.click("Cancel")
        program.wait_for(lambda state: state["dialog"] is None)
        program.press("Ctrl+L")
        program.wait_for(lambda state: state["focus"] == "Passphrase")
        program.type_masked("Passphrase", PASSPHRASE, MASK)
        program.press("Return")
        program.wait_open()
        program.send(MESSAGE)
        program.wait_idle(1)
        forms = secrets_of(files, key)
        before = look(program.process.pid, forms)
        program.press("Ctrl+L")
        program.wait_for(lambda state: state["focus"] == "Passphrase")
        locked = look(program.process.pid, forms)
    assert before["message"] > 1, "nothing would be found"
    assert before["data key"] >= 1
    for found in (before, locked):
        for name in (
            "passphrase as it was typed",
            "derived from the passphrase",
            "key of the slot",
        ):
            assert found[name] == 0, name
        for name in (
            "passphrase as it was used",
            "secret of the keyring",
            "data key",
            "data key in a statement",
        ):
            assert found[name] <= FEW, name


def look(pid: int, forms: Mapping[str, tuple[bytes, ...]]) -> dict[str, int]:
    try:
        found = counts(pid, forms)
    except PermissionError:
        pytest.skip("this system lets no process look into another")
    sys.stdout.write(f"{found}\n")
    return found
