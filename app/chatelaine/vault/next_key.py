"""The key that is to take the place of the present one, while that is going on.

    "next": {"key": {"v": 1, "kid": ..., "of": ..., ...}, "slots": [...]}

It stands in the key file beside the present slots from before the first page of the history is
written anew until after the last one. It is sealed under the present key: so whatever opens the
present key leads to both, and whichever of them the history needs after a crash is at hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from chatelaine.errors import KeyFileUnreadable
from chatelaine.vault.sealed_key import (
    SealDamaged,
    SealNewer,
    SealOfAnotherKey,
    check_seal,
    open_sealed_key,
    seal_key,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chatelaine.vault.slots import Slot

_PURPOSE = "next key"


@dataclass(frozen=True, slots=True)
class NextKey:
    """What the key file says about the key that follows.

    Attributes:
        sealed: The key, under the present one.
        records: Its slots, but for the recovery key, which is made when it has taken its place.
    """

    sealed: Mapping[str, Any]
    records: tuple[Mapping[str, Any], ...]

    @property
    def kid(self) -> str:
        """Names the key."""
        return str(self.sealed["kid"])

    @classmethod
    def make(cls, present: bytes, following: bytes, slots: Iterable[Slot]) -> Self:
        """Prepare what takes the place of the present key and its slots."""
        records = tuple(slot.record for slot in slots)
        return cls(seal_key(present, following, _PURPOSE), records)

    @classmethod
    def read(cls, record: object) -> Self:
        """Read what `to_record` gave.

        Raises:
            ValueError: It is damaged; the text says how.
            KeyFileUnreadable: It was made by a newer version.
        """
        slots = record.get("slots") if isinstance(record, dict) else None
        if not isinstance(record, dict) or not isinstance(slots, list):
            raise ValueError("it does not say properly which key follows")  # noqa: TRY004 - the content is wrong
        try:
            return cls(check_seal(record.get("key")), tuple(slots))
        except SealDamaged as error:
            raise ValueError(f"of the key that follows, {error}") from error
        except SealNewer as error:
            raise KeyFileUnreadable(
                "This key file was made by a newer version of Chatelaine. Use that version.",
                title="This history needs a newer version",
            ) from error

    def to_record(self) -> dict[str, Any]:
        """Give what stands in the key file."""
        return {"key": dict(self.sealed), "slots": list(self.records)}

    def open(self, present: bytes) -> bytes:
        """Get the key with the present one.

        Raises:
            ValueError: It is damaged, or was sealed under another key.
        """
        try:
            return open_sealed_key(present, self.sealed, _PURPOSE)
        except SealOfAnotherKey as error:
            raise ValueError("the key that follows was sealed under another one") from error
        except SealDamaged as error:
            raise ValueError(f"of the key that follows, {error}") from error
