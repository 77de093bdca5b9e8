"""Making ways to a key: the factors of new slots.

Nothing of what there was is touched here: an entry in the keyring has a name of its own, so none
that is in use is ever overwritten, even if this process dies before the slot is in the key file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatelaine.crypto import random_bytes
from chatelaine.errors import KeyringUnavailable, VaultError
from chatelaine.vault import recovery_key
from chatelaine.vault.keyring import SECRET_BYTES, KeyringEntry
from chatelaine.vault.passphrase import new_parameters
from chatelaine.vault.slots import Factor, FactorKind, key_id, seal
from chatelaine.vault.unlocking import derived

if TYPE_CHECKING:
    from chatelaine.vault.keyring import Keyring
    from chatelaine.vault.passphrase import PassphraseCost
    from chatelaine.vault.slots import Slot

SHORTEST_PASSPHRASE = 8
"""Characters that a new passphrase has at the least."""
_ENTRY_NAME_BYTES = 8


def keyring_factor(key: bytes, keyring: Keyring) -> Factor:
    """Make an entry in the keyring, and read it back: what is not kept is not relied on.

    Raises:
        KeyUnavailable: There is no keyring, it is locked, or it did not keep what it was given.
    """
    name = random_bytes(_ENTRY_NAME_BYTES).hex()
    entry = KeyringEntry(key_id(key), random_bytes(SECRET_BYTES))
    keyring.write(name, entry.to_text())
    kept = KeyringEntry.from_text(keyring.read(name) or "")
    if kept != entry:
        raise KeyringUnavailable(
            f"The keyring ({keyring.name}) did not keep what it was given, "
            "so it cannot be trusted with a key."
        )
    return Factor(FactorKind.KEYRING, kept.secret, {"entry": name, "backend": keyring.name})


def passphrase_factor(passphrase: str, cost: PassphraseCost) -> Factor:
    """Derive a secret from a new passphrase.

    Raises:
        VaultError: It is empty or short, or this machine cannot derive a key from it.
    """
    require_strength(passphrase)
    details = new_parameters(cost)
    return Factor(FactorKind.PASSPHRASE, derived(passphrase, details), details)


def require_strength(passphrase: str) -> None:
    """Refuse a new passphrase that anybody could try out.

    Raises:
        VaultError: It is empty or short.
    """
    if not passphrase.strip():
        raise VaultError("An empty passphrase protects nothing.", title="Choose a passphrase")
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise VaultError(
            f"A passphrase needs at least {SHORTEST_PASSPHRASE} characters: a few words that "
            "do not belong together are easy to remember and hard to guess.",
            title="This passphrase is too short",
        )


def recovery_slot(key: bytes, text: str) -> Slot:
    """Let a recovery key open the slot that is made."""
    return seal(key, [Factor(FactorKind.RECOVERY, recovery_key.from_text(text), {})])


def new_recovery_key() -> str:
    """Make a recovery key that opens nothing yet: 8 groups of 4 characters."""
    return recovery_key.to_text(recovery_key.new_secret())
