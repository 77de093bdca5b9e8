"""How a history stands, told without its key: the rule that is followed at every start.

A history or a key file that exists is never taken for a new one, however little of it is left.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from chatelaine.errors import (
    HistoryDamaged,
    HistoryEmpty,
    HistoryMissing,
    HistoryNotEncrypted,
    KeyFileMissing,
    KeyOfAnotherHistory,
)
from chatelaine.vault.files import PLAIN_HEADER, SALT_BYTES
from chatelaine.vault.keyfile import KeyFile

if TYPE_CHECKING:
    from chatelaine.vault.files import HistoryFiles


_ERASED = frozenset({bytes(SALT_BYTES), b"\xff" * SALT_BYTES})
_WORN = 24
"""Bits; with fewer of them changed, the beginning of a history is taken for its own, damaged."""


class VaultState(StrEnum):
    """How a history stands."""

    NEW = "new"  # neither a history nor a key: both can be made
    UNFINISHED = "unfinished"  # making it was interrupted: its key is there, nothing was written
    CHANGING = "changing"  # changing its key was interrupted: only the history tells how far it got
    READY = "ready"  # both are there, and fit as far as can be told without the key


def examine(files: HistoryFiles) -> VaultState:
    """Tell how a history stands. Raises as `Vault.examine` says."""
    keys = KeyFile.load(files.keys)
    header = files.read_header()
    if header == PLAIN_HEADER:
        raise HistoryNotEncrypted(
            f"{files.history} is an ordinary database, which everybody can read. It is not "
            "opened as a history: choose another one, or put yours back in its place."
        )
    if keys is None:
        return _without_key_file(files, header)
    if keys.file_salt is None:
        return VaultState.UNFINISHED
    _compare(files, header, keys.file_salt)
    return VaultState.READY if keys.following is None else VaultState.CHANGING


def is_worn(header: bytes, salt: bytes) -> bool:
    """Tell whether a history begins like another one only because its beginning is damaged.

    Of two salts that were drawn by lot, half of the 128 bits differ, give or take a few.
    """
    differing = int.from_bytes(header) ^ int.from_bytes(salt)
    return differing.bit_count() <= _WORN or header in _ERASED


def no_keys(files: HistoryFiles) -> str:
    """Say that the key file is missing."""
    return (
        f"{files.keys} is missing. Put it back beside the history: "
        "without it, neither the keyring nor the recovery key can open anything."
    )


def not_its_keys(files: HistoryFiles) -> str:
    """Say that the key file and the history do not belong together."""
    return (
        f"{files.keys} belongs to another history than {files.history}. "
        "Bring the two together that belong together; neither was changed."
    )


def _without_key_file(files: HistoryFiles, header: bytes | None) -> VaultState:
    if header is None:
        return VaultState.NEW
    if not header:
        raise HistoryEmpty(
            f"{files.history} has no content. It was not touched: "
            "put a backup in its place, or start a new history."
        )
    raise KeyFileMissing(no_keys(files))


def _compare(files: HistoryFiles, header: bytes | None, salt: bytes) -> None:
    history = files.history
    if header is None:
        raise HistoryMissing(
            f"{history} is not there, but its key is. If it was moved, put it back and try again."
        )
    if not header:
        raise HistoryEmpty(
            f"There is nothing left in {history}, although its key is here. If you have a copy "
            "of it, put that in its place and try again."
        )
    if len(header) < SALT_BYTES:
        raise HistoryDamaged(f"Of {history} only the first few bytes are left.")
    if header != salt and not is_worn(header, salt):
        raise KeyOfAnotherHistory(not_its_keys(files))
