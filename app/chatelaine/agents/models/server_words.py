"""What a server says when it refuses: found in the body, shortened, and without any key."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

_LONGEST_QUOTE = 300
_MASK = "…"
_LOOKS_LIKE_A_KEY = re.compile(
    r"(?:\b(?:sk|pk|rk|gsk|xai|hf|key|bearer)[-_ ](?=\S*[\d*])\S{4,})"  # by how they begin
    r"|(?:\S*\*{3,}\S*)"  # masked by the server, which leaves the ends to be seen
    r"|(?:\b(?=[a-z]*\d)(?=\d*[a-z])[a-z0-9]{20,}\b)",  # by how long they are
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ServerWords:
    """What a server says of a failure.

    Attributes:
        message: In words, as they came: to be shown only through `quoted`.
        names: Its codes and types, in lower case: what a program can go by.
    """

    message: str = ""
    names: frozenset[str] = frozenset()

    def quoted(self, key: str) -> str:
        """Give the message as a sentence of our own, to be put after another one; or ''.

        Args:
            key: The key in use, which is masked.
        """
        text = " ".join(without_keys(self.message, key).split())
        if not text:
            return ""
        if len(text) > _LONGEST_QUOTE:
            text = text[: _LONGEST_QUOTE - 1] + "…"
        return f" It says: “{text}”"


def words_in_body(body: str) -> ServerWords:
    """Find what a server says in the body of its response: JSON of any of the usual shapes."""
    try:
        return words_in(json.loads(body))
    except (ValueError, RecursionError):
        is_page = body.lstrip().startswith("<")
        return ServerWords() if is_page else ServerWords(body)


def words_in(document: object) -> ServerWords:
    """Find what a server says in a JSON document."""
    if isinstance(document, list) and document:
        document = document[0]
    if not isinstance(document, Mapping):
        return ServerWords(document if isinstance(document, str) else "")
    error = document.get("error") or document.get("detail") or document
    if isinstance(error, list):  # what a validator found: one entry for each fault
        faults = (fault.get("msg") for fault in error if isinstance(fault, Mapping))
        return ServerWords("; ".join(fault for fault in faults if isinstance(fault, str)))
    if not isinstance(error, Mapping):
        return ServerWords(error if isinstance(error, str) else "")
    message = error.get("message")
    names = (error.get("code"), error.get("type"), error.get("status"))
    return ServerWords(
        message if isinstance(message, str) else "",
        frozenset(str(name).lower() for name in names if isinstance(name, str | int)),
    )


def without_keys(text: str, key: str) -> str:
    """Mask the key, and whatever else looks like one."""
    if key:
        text = text.replace(key, _MASK)
    return _LOOKS_LIKE_A_KEY.sub(_MASK, text)
