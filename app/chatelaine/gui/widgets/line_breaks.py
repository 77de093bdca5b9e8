"""Where a long word may be broken at the end of a line: paths have no spaces."""

from __future__ import annotations

import re

_LONG = re.compile(r"\S{36,}")
_JOINT = re.compile(r"[/\\._-]|\w{20}")


def breakable(text: str) -> str:
    """Let long words be broken behind a slash, a dot or a dash, where a line ends."""
    return _LONG.sub(lambda word: _JOINT.sub("\\g<0>\u200b", word[0]), text)
