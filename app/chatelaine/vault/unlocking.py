"""Ways to a key: what the keyring keeps, what somebody knows, what somebody has written down.

Each of them is given the slots that it may open, the newest first, and changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatelaine.crypto import CryptoError
from chatelaine.errors import (
    KeyOfAnotherHistory,
    KeyringEntryDamaged,
    KeyringEntryMissing,
    VaultError,
    WrongSecret,
)
from chatelaine.vault import recovery_key
from chatelaine.vault.keyring import KeyringEntry
from chatelaine.vault.passphrase import derive
from chatelaine.vault.slots import FactorKind, SlotRefused, unseal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from chatelaine.vault.keyring import Keyring
    from chatelaine.vault.slots import Slot

_DOES_NOT_FIT = "This passphrase does not open this history."


def by_keyring(slots: Iterable[Slot], keyring: Keyring, passphrase: str | None = None) -> bytes:
    """Get the key with what the keyring keeps, and with a passphrase where both are needed.

    Raises:
        KeyringUnavailable: There is no keyring that can be trusted, or it does not work.
        KeyringLocked: It is locked, or its prompt was dismissed.
        KeyringEntryMissing: It has no entry for this history.
        KeyringEntryDamaged: It has one, but not as it was written.
        KeyOfAnotherHistory: It has one, but it does not fit.
        WrongSecret: It is another passphrase.
        VaultError: This machine cannot derive a key from it.
    """
    problem: VaultError | None = None
    for slot in slots:
        try:
            secrets = [_entry(slot, keyring).secret]
            if passphrase is not None:
                secrets.append(_derive(passphrase, slot))
            return unseal(slot, secrets)
        except KeyringEntryMissing as error:  # another machine may have it
            problem = problem or error
        except (KeyringEntryDamaged, KeyOfAnotherHistory) as error:
            problem = problem if isinstance(problem, WrongSecret) else error
        except SlotRefused:
            if passphrase is not None:
                problem = WrongSecret(_DOES_NOT_FIT)
            else:
                problem = KeyOfAnotherHistory(
                    "The keyring has an entry for this history, but it does not open it."
                )
    raise problem or KeyringEntryMissing("The key of this history was never put into a keyring.")


def _entry(slot: Slot, keyring: Keyring) -> KeyringEntry:
    details = slot.details(FactorKind.KEYRING)
    text = keyring.read(details["entry"])
    if text is None:
        raise _no_entry(details.get("backend"))
    entry = KeyringEntry.from_text(text)
    if entry is None:
        raise KeyringEntryDamaged(
            "The keyring has an entry for this history, but its content is not what was put "
            "there. The recovery key or a passphrase opens the history."
        )
    if entry.kid != slot.kid:
        raise KeyOfAnotherHistory(
            "The keyring has an entry for this history, but it belongs to another key."
        )
    return entry


def by_passphrase(slots: Iterable[Slot], passphrase: str) -> bytes:
    """Get the key with a passphrase.

    Raises:
        WrongSecret: It is another one, or there is none.
        VaultError: This machine cannot derive a key from it.
    """
    problem = "This history was not set up with a passphrase."
    for slot in slots:
        try:
            return unseal(slot, [_derive(passphrase, slot)])
        except SlotRefused:
            problem = _DOES_NOT_FIT
    raise WrongSecret(problem)


def by_recovery_key(slots: Iterable[Slot], text: str) -> bytes:
    """Get the key with the recovery key, as somebody has typed it.

    Raises:
        RecoveryKeyMistyped: There is a slip in it; the message says where.
        WrongSecret: It is free of slips, but it is another one.
    """
    secret = recovery_key.from_text(text)
    for slot in slots:
        try:
            return unseal(slot, [secret])
        except SlotRefused:
            continue
    raise WrongSecret(
        "This recovery key has no slip in it, but it belongs to another history, "
        "or was replaced by a newer one."
    )


def derived(passphrase: str, parameters: Mapping[str, Any]) -> bytes:
    """Make the secret of a passphrase: see `derive`.

    Raises:
        VaultError: This machine cannot do that.
    """
    try:
        return derive(passphrase, parameters)
    except CryptoError as error:
        raise VaultError(f"This machine cannot work with a passphrase: {error}.") from error


def _derive(passphrase: str, slot: Slot) -> bytes:
    return derived(passphrase, slot.details(FactorKind.PASSPHRASE))


def _no_entry(backend: object) -> KeyringEntryMissing:
    where = f" It was put into {backend}." if isinstance(backend, str) else ""
    return KeyringEntryMissing(
        f"The system keyring answers, but has no entry for this history.{where} "
        "The recovery key or a passphrase opens it."
    )
