"""A screen: an X server of its own, in memory."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def x_server(*, open_to_all: bool = False) -> Iterator[str]:
    """Run an X server without network; give the name of its display.

    Args:
        open_to_all: Whether programs of other users of this machine may use it.
    """
    reading, writing = os.pipe()
    server = subprocess.Popen(
        [
            "Xvfb",
            "-displayfd",
            str(writing),
            "-screen",
            "0",
            "1280x900x24",
            "-nolisten",
            "tcp",
            "-noreset",
            *(["-ac"] if open_to_all else []),
        ],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as answers:
            number = answers.readline().strip()
        yield f":{number}"
    finally:
        server.terminate()
        server.wait(10)
