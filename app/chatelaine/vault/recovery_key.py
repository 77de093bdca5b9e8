"""The recovery key: 128 bits that somebody can write down, and type again with slips.

It is 16 random bytes and 4 check bytes, written in Crockford's base 32 as eight groups of four:
``8QH7-P6K7-...``. Small letters are capitals, the letter O is a zero, I and L are a one, and
whatever stands between the characters does not matter. When the check bytes do not fit, one slip
(a wrong, missing, superfluous or swapped character) is found by trying: there are some two thousand
of them, and hardly any but the right one passes a check of 32 bits.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from chatelaine.crypto import random_bytes, sha256
from chatelaine.errors import RecoveryKeyMistyped

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET_BYTES = 16
CHARACTERS = 32
GROUP = 4

_CHECK_BYTES = 4
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = frozenset(_ALPHABET)
_TO_DIGITS = str.maketrans(_ALPHABET, "0123456789abcdefghijklmnopqrstuv")  # those of int()
_ALIASES = {"O": "0", "I": "1", "L": "1"}
_BETWEEN = frozenset({"Zs", "Zl", "Zp", "Pd", "Pc", "Cc", "Cf"})  # spaces, dashes, invisible signs
_BITS = 5
_MOST_SHOWN = 3


def new_secret() -> bytes:
    """Make the 16 bytes of a new recovery key."""
    return random_bytes(SECRET_BYTES)


def to_text(secret: bytes) -> str:
    """Write the 16 bytes as 32 characters in 8 groups."""
    if len(secret) != SECRET_BYTES:
        raise ValueError(f"a recovery key has {SECRET_BYTES} bytes")
    number = int.from_bytes(secret + _check(secret), "big")
    characters = [
        _ALPHABET[number >> shift & (len(_ALPHABET) - 1)]
        for shift in range(_BITS * (CHARACTERS - 1), -1, -_BITS)
    ]
    return "-".join(_groups("".join(characters)))


def from_text(text: str) -> bytes:
    """Read a recovery key that somebody has typed.

    Returns:
        The 16 bytes.

    Raises:
        RecoveryKeyMistyped: There is a slip; the message says where, if it is only one.
    """
    typed = _clean(text)
    secret = _secret(typed)
    if secret is None:
        raise RecoveryKeyMistyped(_explain(typed))
    return secret


def _clean(text: str) -> str:
    """Drop what stands between the characters, and settle what looks alike."""
    plain = unicodedata.normalize("NFKC", text)
    capitals = (c.upper() if c.isascii() else c for c in plain if _counts(c))
    return "".join(_ALIASES.get(character, character) for character in capitals)


def _counts(character: str) -> bool:
    """Tell a character of the key, or a wrong one, from what people put between groups."""
    return character != "." and unicodedata.category(character) not in _BETWEEN


def _secret(characters: str) -> bytes | None:
    if len(characters) != CHARACTERS or not _VALUES.issuperset(characters):
        return None
    number = int(characters.translate(_TO_DIGITS), len(_ALPHABET))
    content = number.to_bytes(SECRET_BYTES + _CHECK_BYTES, "big")
    secret, check = content[:SECRET_BYTES], content[SECRET_BYTES:]
    return secret if check == _check(secret) else None


def _check(secret: bytes) -> bytes:
    return sha256(b"recovery v1" + secret)[:_CHECK_BYTES]


def _explain(typed: str) -> str:
    foreign = [index for index, character in enumerate(typed) if character not in _VALUES]
    if len(foreign) <= 1:
        meant = next((k for k in _one_slip_away(typed, foreign) if _secret(k) is not None), None)
        if meant is not None:
            return _suggest(typed, meant)
    if len(typed) != CHARACTERS:
        return (
            f"A recovery key has {CHARACTERS} letters and digits; {len(typed)} were typed. "
            "Compare it group by group."
        )
    if foreign:
        numbers = sorted({index // GROUP + 1 for index in foreign})
        where = ", ".join(map(str, numbers[:_MOST_SHOWN]))
        return f"There are characters that no recovery key has: look at group {where}."
    return "More than one character is not right. Compare it group by group."


def _suggest(typed: str, meant: str) -> str:
    groups = _groups(meant)
    wrong = [
        n for n, pair in enumerate(zip(_groups(typed), groups, strict=False)) if len({*pair}) > 1
    ]
    if len(typed) != CHARACTERS:
        del wrong[1:]  # those after it are only shifted
    if not wrong:  # the last character was typed twice
        wrong = [len(groups) - 1]
    where = " and ".join(str(n + 1) for n in wrong)
    noun = "Group" if len(wrong) == 1 else "Groups"
    return f"{noun} {where}: did you mean {'-'.join(groups[n] for n in wrong)}?"


def _one_slip_away(typed: str, foreign: list[int]) -> Iterator[str]:
    """Give every key that one slip would have turned into what was typed."""
    if len(typed) == CHARACTERS:
        for index in foreign or range(CHARACTERS):
            for character in _ALPHABET:
                yield typed[:index] + character + typed[index + 1 :]
        for index in range(CHARACTERS - 1):
            first, second = typed[index], typed[index + 1]
            yield typed[:index] + second + first + typed[index + 2 :]
    elif len(typed) == CHARACTERS - 1 and not foreign:
        for index in range(CHARACTERS):
            for character in _ALPHABET:
                yield typed[:index] + character + typed[index:]
    elif len(typed) == CHARACTERS + 1:
        for index in foreign or range(CHARACTERS + 1):
            yield typed[:index] + typed[index + 1 :]


def _groups(characters: str) -> list[str]:
    return [characters[index : index + GROUP] for index in range(0, len(characters), GROUP)]
