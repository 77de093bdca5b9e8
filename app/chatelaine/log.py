"""What the program says on stderr: warnings and faults, never what somebody has written.

Three precautions, because a log is read by others and kept for long. Libraries that log what passes
through them (aiosqlite: every value written; HTTP clients: every request) stay at WARNING whatever
level is asked for. Whatever looks like a key is struck out of each line after it has been put
together, tracebacks included. And a record that cannot be formatted is not printed with its
arguments, as Python would do.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from typing import TextIO

from typing_extensions import override

REDACTED = "[redacted]"

# Their DEBUG and INFO lines carry message text, request bodies or keys.
_TALKATIVE = ("aiosqlite", "openai", "httpx", "httpx2", "httpcore", "httpcore2", "keyring")

_SECRETS = re.compile(
    r"""
      \bsk-[A-Za-z0-9_-]{8,}                              # API keys
    | (?<=[Bb]earer\ )[^\s'",;]+                          # whatever authorises a request
    | (?<![0-9A-Za-z])[0-9A-Fa-f]{64,}(?![0-9A-Za-z])     # raw keys of 32 bytes and more, in hex
    | (?<![0-9A-Za-z+/_-])[0-9A-Za-z+/_-]{43}=            # 32 bytes in base64
    | (?<![0-9A-Za-z])(?:[0-9A-Za-z]{4}-){7}[0-9A-Za-z]{4}(?![0-9A-Za-z])   # recovery keys
    """,
    re.VERBOSE,
)


def redact(text: str) -> str:
    """Strike out whatever in a text looks like a key."""
    return _SECRETS.sub(REDACTED, text)


def configure(level: int = logging.WARNING, stream: TextIO | None = None) -> None:
    """Send the log to a stream, and nowhere else. Calling it again replaces what it did before.

    Args:
        level: From which level on records are printed.
        stream: Where to; stderr as it is now if not given; nowhere if there is none.
    """
    # A program of Windows that has no console has no stderr either.
    chosen = stream or sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - as long as the log
    handler = _CarefulHandler(chosen)
    handler.setFormatter(
        _RedactingFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%d %H:%M:%S")
    )
    root = logging.getLogger()
    for old in [handler for handler in root.handlers if isinstance(handler, _CarefulHandler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


class _RedactingFormatter(logging.Formatter):
    """Strikes out keys when the line is complete, so that nothing comes in after it."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


class _CarefulHandler(logging.StreamHandler[TextIO]):
    """Says where a record could not be printed, but not what was in it."""

    @override
    def handleError(self, record: logging.LogRecord) -> None:
        kind = sys.exc_info()[0]
        name = kind.__name__ if kind else "error"
        self.stream.write(f"{name} while logging at {record.pathname}:{record.lineno}\n")
