"""A passphrase as one way to a key: Argon2id makes 32 bytes of it, slowly.

The parameters and the salt lie in the key file, so that they can be raised for new passphrases
while old ones go on working. They are checked before they are used: a key file that was tampered
with must not be able to fill the memory of the machine.
"""

from __future__ import annotations

import unicodedata
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chatelaine.crypto import KEY_BYTES, argon2id, random_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

_KDF = "argon2id"
_SALT_BYTES = 16
_MOST_TIME = 64
_MOST_MEMORY_KIB = 4 << 20
_MOST_LANES = 64
_LEAST_MEMORY_PER_LANE_KIB = 8


@dataclass(frozen=True, slots=True)
class PassphraseCost:
    """How hard it is to try a passphrase.

    Attributes:
        time: Passes over the memory.
        memory_kib: Memory that each try fills, in KiB.
        lanes: How many processors can share a try.

    Raises:
        ValueError: That is no cost, or more than any machine should pay.
    """

    time: int = 3
    memory_kib: int = 64 << 10
    lanes: int = 4

    def __post_init__(self) -> None:
        possible = (
            1 <= self.time <= _MOST_TIME
            and 1 <= self.lanes <= _MOST_LANES
            and self.lanes * _LEAST_MEMORY_PER_LANE_KIB <= self.memory_kib <= _MOST_MEMORY_KIB
        )
        if not possible:
            raise ValueError("the cost of the passphrase is out of range")


def new_parameters(cost: PassphraseCost) -> dict[str, Any]:
    """Make what is to be written down about a new passphrase: its cost, and a fresh salt."""
    return {
        "kdf": _KDF,
        "time": cost.time,
        "memory_kib": cost.memory_kib,
        "lanes": cost.lanes,
        "salt": b64encode(random_bytes(_SALT_BYTES)).decode(),
    }


def read_parameters(parameters: Mapping[str, Any]) -> tuple[PassphraseCost, bytes]:
    """Check what was written down about a passphrase.

    Returns:
        The cost and the salt.

    Raises:
        ValueError: Something is missing or out of range.
    """
    if parameters.get("kdf") != _KDF:
        raise ValueError("an unknown key derivation")
    numbers = [parameters.get(name) for name in ("time", "memory_kib", "lanes")]
    if not all(type(number) is int for number in numbers):
        raise ValueError("the cost of the passphrase is no number")
    text = parameters.get("salt")
    salt = b64decode(text, validate=True) if isinstance(text, str) else b""
    if len(salt) != _SALT_BYTES:
        raise ValueError("the salt of the passphrase has the wrong length")
    time, memory_kib, lanes = (int(number) for number in numbers if number is not None)
    return PassphraseCost(time, memory_kib, lanes), salt


def derive(passphrase: str, parameters: Mapping[str, Any]) -> bytes:
    """Make 32 bytes of a passphrase. Takes a quarter of a second, on purpose.

    Raises:
        ValueError: The parameters cannot be used.
        CryptoError: This machine cannot do it, for lack of memory for example.
    """
    cost, salt = read_parameters(parameters)
    # The same letters can be typed in two ways; which one depends on the keyboard.
    typed = unicodedata.normalize("NFC", passphrase).encode("utf-8", "surrogatepass")
    return argon2id(
        typed,
        salt,
        time=cost.time,
        memory_kib=cost.memory_kib,
        lanes=cost.lanes,
        length=KEY_BYTES,
    )
