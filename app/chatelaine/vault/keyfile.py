"""The key file: the slots of one history, beside it.

    {"format": "chatelaine-keys", "version": 1, "kid": ..., "file_salt": ..., "slots": [...]}

`kid` names the key that the slots hold. `file_salt` is how the history begins; it is written when
the history has been made, so its absence says that making it was never finished. While the key of
the history is being changed, `next` is there as well (`next_key`). Reading is strict;
whatever a newer version has added is kept when the file is written again, slots included. A single
slot that is damaged closes only that way to the key, and is kept too.
"""

from __future__ import annotations

import errno
import json
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

from chatelaine.errors import DiskFull, HistoryReadOnly, KeyFileUnreadable
from chatelaine.paths import make_private_folder, replace_private_file
from chatelaine.vault.files import SALT_BYTES
from chatelaine.vault.next_key import NextKey
from chatelaine.vault.slots import Slot, SlotDamaged, SlotForeign, SlotKind, is_key_id, read_slot

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_FORMAT = "chatelaine-keys"
_VERSION = 1
_LARGEST_FILE = 1 << 20
_KNOWN = frozenset({"format", "version", "kid", "file_salt", "slots", "next"})
_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})
_REPAIR = "Put an older copy of it back beside the history; nothing was changed."


@dataclass(frozen=True, slots=True)
class KeyFile:
    """The contents of a key file.

    Attributes:
        kid: Names the key that its slots hold.
        file_salt: The first 16 bytes of the history; None before the history was made.
        records: All slots as they stand in the file, in order.
        extra: What else stands in the file, from a newer version.
        following: The key that is about to take the place of this one.
    """

    kid: str
    file_salt: bytes | None
    records: tuple[Mapping[str, Any], ...]
    extra: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    following: NextKey | None = None

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The slots that can be used here, in order."""
        return tuple(slot for _, slot in self._usable())

    @property
    def damage(self) -> tuple[str, ...]:
        """What is wrong with the slots that are damaged."""
        found = []
        for record in self.records:
            try:
                read_slot(record)
            except SlotForeign:
                continue
            except SlotDamaged as error:
                found.append(str(error))
        return tuple(found)

    def of_kind(self, kind: SlotKind) -> tuple[Slot, ...]:
        """Give the slots of one kind, the newest first."""
        return tuple(slot for slot in reversed(self.slots) if slot.kind is kind)

    def with_slot(self, slot: Slot, *, keep: int = 0) -> Self:
        """Add a slot, instead of older ones of its kind.

        Args:
            slot: The new one.
            keep: How many of the older ones stay, the newest of them.
        """
        same = [index for index, old in self._usable() if old.kind is slot.kind]
        dropped = set(same[: max(len(same) - keep, 0)])
        kept = (record for index, record in enumerate(self.records) if index not in dropped)
        return replace(self, records=(*kept, slot.record))

    def without(self, *kinds: SlotKind) -> Self:
        """Take out the slots of some kinds."""
        dropped = {index for index, old in self._usable() if old.kind in kinds}
        kept = (record for index, record in enumerate(self.records) if index not in dropped)
        return replace(self, records=tuple(kept))

    def with_file_salt(self, salt: bytes) -> Self:
        """Write down how the history begins."""
        return replace(self, file_salt=salt)

    def save(self, path: Path) -> None:
        """Write the file in one step, readable by its owner only.

        Raises:
            DiskFull: There is no room for it. What was there before still is.
            HistoryReadOnly: It cannot be written for another reason.
        """
        try:
            if not path.parent.exists():
                make_private_folder(path.parent)
            replace_private_file(path, self.to_bytes())
        except OSError as error:
            if error.errno in _NO_SPACE:
                raise DiskFull(f"{path} could not be written: there is no room for it.") from error
            raise HistoryReadOnly(f"{path} cannot be written ({error.strerror}).") from error

    def to_bytes(self) -> bytes:
        """Give the contents of the file."""
        record = {
            "format": _FORMAT,
            "version": _VERSION,
            "kid": self.kid,
            "file_salt": None if self.file_salt is None else self.file_salt.hex(),
            "slots": list(self.records),
            **({} if self.following is None else {"next": self.following.to_record()}),
            **self.extra,
        }
        return (json.dumps(record, indent=1) + "\n").encode("ascii")

    @classmethod
    def load(cls, path: Path) -> Self | None:
        """Read a key file; None where there is none.

        Raises:
            KeyFileUnreadable: It cannot be read, is damaged, or was made by a newer version.
        """
        try:
            with path.open("rb") as file:
                content = file.read(_LARGEST_FILE + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise KeyFileUnreadable(f"{path} cannot be read ({error.strerror}).") from error
        try:
            return cls.from_bytes(content)
        except ValueError as error:
            raise KeyFileUnreadable(f"{path} is damaged: {error}. {_REPAIR}") from error

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read the contents of a key file.

        Raises:
            ValueError: They are damaged; the text says how.
            KeyFileUnreadable: They were made by a newer version.
        """
        record = read_record(content, _FORMAT)
        kid = record.get("kid")
        if not isinstance(kid, str) or not is_key_id(kid):
            raise ValueError("it does not name its key")
        slots = record.get("slots")
        if not isinstance(slots, list) or not slots:
            raise ValueError("it has no slots")
        if "file_salt" not in record:
            raise ValueError("it does not tell whether the history was made")
        extra = {name: value for name, value in record.items() if name not in _KNOWN}
        following = NextKey.read(record["next"]) if "next" in record else None
        salt = _read_salt(record.get("file_salt"))
        found = cls(kid, salt, tuple(slots), MappingProxyType(extra), following)
        damage = found.damage
        if damage and len(damage) == len(slots):
            raise ValueError(damage[0])
        return found

    def _usable(self) -> list[tuple[int, Slot]]:
        found = []
        for index, record in enumerate(self.records):
            try:
                slot = read_slot(record)
            except (SlotForeign, SlotDamaged):
                continue
            if slot.kid == self.kid:
                found.append((index, slot))
        return found


def read_record(content: bytes, form: str) -> dict[str, Any]:
    """Read a file of keys as far as all of them are alike.

    Args:
        content: What is in the file.
        form: Which format it must say that it has.

    Raises:
        ValueError: It is damaged; the text says how.
        KeyFileUnreadable: It was made by a newer version.
    """
    record = _parse(content)
    if record.get("format") != form:
        raise ValueError("it does not say that it is a key file")
    version = record.get("version")
    if type(version) is not int or version < 1:
        raise ValueError("it has no version")
    if version > _VERSION:
        raise KeyFileUnreadable(
            "This key file was made by a newer version of Chatelaine. Use that version.",
            title="This history needs a newer version",
        )
    return record


def _parse(content: bytes) -> dict[str, Any]:
    if not content:
        raise ValueError("it is empty")
    if len(content) > _LARGEST_FILE:
        raise ValueError("it is far too large")
    try:
        record = json.loads(content, object_pairs_hook=_once, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    except ValueError:
        raise ValueError("it is not written as a key file is") from None
    if not isinstance(record, dict):
        raise ValueError("it does not hold a record")  # noqa: TRY004 - the content is wrong
    return record


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        raise ValueError("a name stands in it twice")
    return record


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no number")


def _read_salt(value: object) -> bytes | None:
    if value is None:
        return None
    if not isinstance(value, str) or len(value) != 2 * SALT_BYTES:
        raise ValueError("the beginning of the history is not noted properly")
    return bytes.fromhex(value)
