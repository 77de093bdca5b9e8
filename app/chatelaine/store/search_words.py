"""Texts as the full-text index takes them.

Chinese, Japanese and Korean are written without spaces between words: each of their characters is a
word of its own in the index, so that every part of such a text is found.
"""

from __future__ import annotations

import re

TOKENIZER = "unicode61 remove_diacritics 2"
BETWEEN = "\u200b"
"""A space without width, which ends a word: it stands around each of those characters."""

_WITHOUT_SPACES = re.compile(
    "([\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3100-\u318f\u31a0-\u31bf\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff66-\uffdc"
    "\U00016fe0-\U00018dff\U0001aff0-\U0001b16f\U00020000-\U0003ffff])"
)


def split(text: str) -> str:
    """Put the marks between characters that are words of their own; `BETWEEN` takes them away."""
    return _WITHOUT_SPACES.sub(f"{BETWEEN}\\1{BETWEEN}", text)


def is_searched(kind: str, role: str) -> bool:
    """Tell whether an item is one that is found by its text: a message of the user or an agent."""
    return kind == "message" and role in ("user", "assistant")
