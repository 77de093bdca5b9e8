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
            f"{files.history} is an ordinary database, not an encrypted history. "
            "It was not touched."
        )
    if keys is None:
        return _without_key_file(files, header)
    if keys.file_salt is None:
        return VaultState.UNFINISHED
    _compare(files, header, keys.file_salt)
    return VaultState.READY if keys.following is None else VaultState.CHANGING


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
            f"{history} is not there, but its key is. Put it back, or restore a backup."
        )
    if not header:
        raise HistoryEmpty(f"{history} has lost its content. Restore a backup in its place.")
    if len(header) < SALT_BYTES:
        raise HistoryDamaged(f"{history} is cut off. Restore a backup in its place.")
    if header != salt:
        raise KeyOfAnotherHistory(not_its_keys(files))
