"""What the user has chosen, and where the window was: the values, their limits, nothing else.

They lie in a plain file, so nothing is kept here that somebody has written: no titles, no session
IDs, no keys. What belongs to a history is in the history.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Value: TypeAlias = str | int
"""A value as it stands in the file."""

SMALLEST_TEXT = 70
LARGEST_TEXT = 250
AUTO_LOCK = (0, 1, 5, 15, 60)
"""Minutes without input that can be chosen for locking; 0 for never."""

TRASH_DAYS = (0, 7, 30, 90)
"""The choices; 0 is for ever."""

_LONGEST_PATH = 4096
_LONGEST_STATE = 65536


class Theme(StrEnum):
    """Which colours the window has."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Contrast(StrEnum):
    """How much words and edges stand out."""

    SYSTEM = "system"
    USUAL = "usual"
    HIGH = "high"


class Motion(StrEnum):
    """Whether things move."""

    SYSTEM = "system"
    FULL = "full"
    REDUCED = "reduced"


class Looks(NamedTuple):
    """Those of the settings that say how the window looks."""

    theme: Theme
    text_size: int
    contrast: Contrast
    motion: Motion


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user has chosen. Every value has a default that works.

    Attributes:
        theme: Light, dark, or as the system is.
        contrast: High, as usual, or as the system is.
        motion: Whether things move, or stand still as far as possible; or as the system is.
        text_size: In percent of the usual size; kept between `SMALLEST_TEXT` and `LARGEST_TEXT`.
        history: The absolute path of the history that was open last; empty for the usual one.
        geometry: Where the window was, as Qt saved it, in base64; empty if it never was.
        splitter: How its regions shared the width, as Qt saved it, in base64.
        auto_lock: One of `AUTO_LOCK`; it counts only while the app lock is on.
        lock_on_sleep: Whether the computer's sleep locks as well; it counts only likewise.
    """

    theme: Theme = Theme.SYSTEM
    contrast: Contrast = Contrast.SYSTEM
    motion: Motion = Motion.SYSTEM
    text_size: int = 100
    history: str = ""
    geometry: str = ""
    splitter: str = ""
    trash_days: int = 30
    auto_lock: int = 0
    lock_on_sleep: bool = True

    def __post_init__(self) -> None:
        within = min(max(self.text_size, SMALLEST_TEXT), LARGEST_TEXT)
        object.__setattr__(self, "text_size", within)

    @property
    def looks(self) -> Looks:
        """How the window looks."""
        return Looks(self.theme, self.text_size, self.contrast, self.motion)


def from_record(record: Mapping[str, Any]) -> tuple[Settings, tuple[str, ...]]:
    """Read settings from the contents of a file.

    Args:
        record: What the file holds; keys that are not known here are passed over.

    Returns:
        The settings, and the names of those values that could not be used and have their default.
    """
    values: dict[str, Any] = {}
    ignored: list[str] = []
    for name in names():
        if name not in record:
            continue
        try:
            values[name] = _READERS[name](record[name])
        except ValueError:
            ignored.append(name)
    return Settings(**values), tuple(ignored)


def to_record(settings: Settings) -> dict[str, Value]:
    """Give the settings as they are written to a file."""
    values = {name: getattr(settings, name) for name in names()}
    return {name: str(value) if isinstance(value, str) else value for name, value in values.items()}


def names() -> tuple[str, ...]:
    """Give the names of all settings, in the order in which they are declared."""
    return tuple(field.name for field in fields(Settings))


def _text(value: object, longest: int) -> str:
    if not isinstance(value, str) or len(value) > longest:
        raise ValueError("not a text, or too long")
    return value


def _theme(value: object) -> Theme:
    return Theme(_text(value, longest=20))


def _contrast(value: object) -> Contrast:
    return Contrast(_text(value, longest=20))


def _motion(value: object) -> Motion:
    return Motion(_text(value, longest=20))


def _absolute_path(value: object) -> str:
    text = _text(value, _LONGEST_PATH)
    if text and ("\0" in text or not Path(text).is_absolute()):
        raise ValueError("not an absolute path")
    return text


def _minutes(value: object) -> int:
    if isinstance(value, bool) or value not in AUTO_LOCK:
        raise ValueError("not a time that can be chosen")
    return int(str(value))


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("neither true nor false")  # noqa: TRY004 - one error for all that is unusable
    return value


def _base64(value: object) -> str:
    text = _text(value, _LONGEST_STATE)
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    return text


def _number(smallest: int, largest: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError("not a number")  # noqa: TRY004 - one error for all that is unusable
        if not smallest <= value <= largest:
            raise ValueError("out of range")
        return value

    return read


def _trash_days(value: object) -> int:
    days = _number(min(TRASH_DAYS), max(TRASH_DAYS))(value)
    if days not in TRASH_DAYS:
        raise ValueError("not one of the choices")
    return days


_READERS: Mapping[str, Callable[[object], Any]] = MappingProxyType(
    {
        "theme": _theme,
        "contrast": _contrast,
        "motion": _motion,
        "text_size": _number(SMALLEST_TEXT, LARGEST_TEXT),
        "history": _absolute_path,
        "geometry": _base64,
        "splitter": _base64,
        "trash_days": _trash_days,
        "auto_lock": _minutes,
        "lock_on_sleep": _flag,
    }
)
