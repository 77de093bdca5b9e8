"""Titles and metadata as the metadata of a server's conversation: a few pairs of short texts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from chatelaine.agents.errors import SessionError

if TYPE_CHECKING:
    from collections.abc import Mapping

SESSION_ID, TITLE, CLEARED = "session_id", "session_title", "session_cleared"
OURS = frozenset({SESSION_ID, TITLE, CLEARED})
"""The keys that a session uses itself."""

MOST_PAIRS, LONGEST_KEY, LONGEST_VALUE = 16, 64, 512
"""What a conversation takes (https://platform.openai.com/docs/api-reference/conversations)."""

_AS_JSON = "json:"
"""How the text of a value begins that is not a text itself."""


def as_pairs(metadata: Mapping[Any, Any]) -> dict[str, str]:
    """Write metadata as a conversation takes them: texts as they are, all else as JSON.

    Raises:
        SessionError: They do not fit.
    """
    pairs = {}
    for key, value in metadata.items():
        if not isinstance(key, str) or not 1 <= len(key) <= LONGEST_KEY or key in OURS:
            raise SessionError(
                f"The metadata of a conversation has keys of 1 to {LONGEST_KEY} characters, other"
                f" than {', '.join(sorted(OURS))}."
            )
        pairs[key] = _as_text(key, value)
    return pairs


def checked(pairs: dict[str, str]) -> dict[str, str]:
    """Give all pairs of a conversation back.

    Raises:
        SessionError: They do not fit.
    """
    for key, text in pairs.items():
        if len(text) > LONGEST_VALUE:
            raise SessionError(
                f"The {key!r} of a conversation has at most {LONGEST_VALUE} characters here, also"
                " when written as JSON."
            )
        if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
            raise SessionError(
                f"The {key!r} of a conversation has neither NUL nor half characters."
            )
    if len(pairs) > MOST_PAIRS:
        raise SessionError(
            f"A conversation has at most {MOST_PAIRS} pairs of metadata, its title, its id and a"
            " note that it was cleared among them."
        )
    return pairs


def from_pairs(pairs: Mapping[str, Any]) -> dict[str, Any]:
    """Read the metadata of a conversation, without what is the session's own."""
    return {key: _from_text(text) for key, text in pairs.items() if key not in OURS}


def _as_text(key: str, value: Any) -> str:
    if isinstance(value, str) and not value.startswith(_AS_JSON):
        return value
    try:
        return _AS_JSON + json.dumps(value, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise SessionError(f"The metadata {key!r} cannot be stored as JSON: {error}.") from None


def _from_text(text: Any) -> Any:
    if not isinstance(text, str) or not text.startswith(_AS_JSON):
        return text
    try:
        return json.loads(text.removeprefix(_AS_JSON))
    except (ValueError, RecursionError):
        return text
