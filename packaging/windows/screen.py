"""A screen that programs are tried out on: keys that are pressed, and what is seen."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING

from PIL import Image, ImageChops, ImageGrab

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE = 120.0
"""Seconds for whatever has to appear."""
STILL = 2.0
"""Seconds in which nothing has moved: what was going on has come to an end."""
DETAILS = 0.002
"""The share of a screen that a time, a caret or a button under the pointer takes."""
_LOOK = 0.25
_KEY_DELAY = "60"
"""Milliseconds between two keys; with fewer, some get lost under Wine."""


class NothingHappened(AssertionError):
    """The screen does not show what it has to."""


class Screen:
    """The screen of an X server."""

    def __init__(self, display: str) -> None:
        """Look at the screen of this display."""
        self.display = display

    def look(self) -> Image.Image:
        """Give what is seen."""
        return ImageGrab.grab(xdisplay=self.display)

    def keep(self, path: Path) -> None:
        """Write down what is seen, to be looked at."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.look().save(path)

    def type(self, text: str) -> None:
        """Press the keys of a text."""
        self._xdotool("type", "--delay", _KEY_DELAY, text)

    def press(self, *keys: str) -> None:
        """Press keys, as xdotool names them."""
        self._xdotool("key", "--delay", _KEY_DELAY, *keys)

    def has_window(self, name: str) -> bool:
        """Tell whether there is a window with these words in its title."""
        found = subprocess.run(
            ["xdotool", "search", "--onlyvisible", "--name", name],
            env={"DISPLAY": self.display, "PATH": "/usr/bin:/bin"},
            capture_output=True,
            check=False,
        )
        return bool(found.stdout.strip())

    def wait_for_window(self, name: str) -> None:
        """Wait until there is a window with these words in its title.

        Raises:
            NothingHappened: There is none.
        """
        end = time.monotonic() + PATIENCE
        while not self.has_window(name):
            if time.monotonic() > end:
                raise NothingHappened(f"no window is called {name!r}")
            _pause()

    def wait_until_still(self, *, other_than: Image.Image | None = None) -> Image.Image:
        """Wait until nothing but the caret moves; give what is seen then.

        Args:
            other_than: What was seen before, and must not be seen any more.

        Raises:
            NothingHappened: It goes on moving, or nothing has changed.
        """
        end = time.monotonic() + PATIENCE
        last, since = self.look(), time.monotonic()
        while time.monotonic() < end:
            _pause()
            seen = self.look()
            if moved(last, seen):
                last, since = seen, time.monotonic()
            elif time.monotonic() - since >= STILL and (
                other_than is None or moved(other_than, seen)
            ):
                return seen
        raise NothingHappened("the screen goes on moving, or nothing has changed on it")

    def wait_until_like(self, wanted: Image.Image) -> None:
        """Wait until the screen shows what it has shown before, but for details.

        Raises:
            NothingHappened: It does not.
        """
        end = time.monotonic() + PATIENCE
        while (share := differing(wanted, self.look())) > DETAILS:
            if time.monotonic() > end:
                raise NothingHappened(f"{share:.1%} of the screen is other than it was")
            _pause()

    def _xdotool(self, *arguments: str) -> None:
        subprocess.run(
            ["xdotool", *arguments],
            env={"DISPLAY": self.display, "PATH": "/usr/bin:/bin"},
            check=True,
        )


def moved(before: Image.Image, after: Image.Image) -> bool:
    """Tell whether two pictures differ by more than a caret that blinks."""
    box = ImageChops.difference(before.convert("L"), after.convert("L")).getbbox()
    return box is not None and box[2] - box[0] > 4  # noqa: PLR2004 - pixels


def differing(one: Image.Image, other: Image.Image) -> float:
    """Give which share of two pictures differs."""
    difference = ImageChops.difference(one.convert("L"), other.convert("L"))
    same = difference.histogram()[0]
    return 1 - same / (one.width * one.height)


def _pause() -> None:
    time.sleep(_LOOK)  # noqa: TID251 - another program is waited for, which tells nothing
