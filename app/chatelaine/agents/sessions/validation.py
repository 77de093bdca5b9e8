"""What may be stored: ids that work everywhere, and items that no server would refuse later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chatelaine.agents.errors import SessionError
from chatelaine.agents.items import as_item

LONGEST_ID = 512
"""Characters of a session id, at most."""

_ROLES = frozenset({"user", "assistant", "system", "developer"})
_TEXTS = {
    "function_call": ("call_id", "name", "arguments"),
    "function_call_output": ("call_id",),
}
"""What items of a type must have, and what must be a text."""

_ENVELOPE = "__enc__"
"""What marks an item that openai-agents' EncryptedSession has hidden: it has no type."""


def checked_id(session_id: str) -> str:
    """Give a session id back.

    Raises:
        TypeError: It is no text.
        ValueError: It is empty, too long, or has characters that not every store can keep.
    """
    if not isinstance(session_id, str):
        raise TypeError(f"a session id is a text, not {type(session_id).__name__}")
    if not 1 <= len(session_id) <= LONGEST_ID:
        raise ValueError(f"a session id has 1 to {LONGEST_ID} characters")
    if "\0" in session_id or any("\ud800" <= character <= "\udfff" for character in session_id):
        raise ValueError("a session id has neither NUL nor half characters")
    return session_id


def checked_title(title: str) -> str:
    """Give a title back.

    Raises:
        SessionError: It is no text, or has half characters.
    """
    if not isinstance(title, str):
        raise SessionError(f"A title is a text, not {type(title).__name__}.")
    try:
        title.encode()
    except UnicodeEncodeError:
        raise SessionError("A title cannot have half characters.") from None
    return title


def checked_items(items: Sequence[Any], *, validate: bool = True) -> list[dict[str, Any]]:
    """Give items as dicts: mappings as they are, and objects of pydantic as what they say.

    Args:
        items: What was passed to `add_items`.
        validate: Whether to look at what they are. Nothing is asked of a type that is not known.

    Raises:
        SessionError: One of them is no item. The message says which, and why.
    """
    if isinstance(items, Mapping | str | bytes | None):
        raise SessionError(
            f"A session takes a list of items, and was given {type(items).__name__}: a single item "
            "is put into a list."
        )
    checked = []
    for number, item in enumerate(items, 1):
        as_dict = as_item(item)
        if as_dict is None:
            raise SessionError(f"Item {number} cannot be stored: it is no mapping.")
        if validate and (wrong := _what_is_wrong_with(as_dict)):
            raise SessionError(f"Item {number} cannot be stored: {wrong}.")
        checked.append(as_dict)
    return checked


def _what_is_wrong_with(item: dict[str, Any]) -> str:
    if _ENVELOPE in item:
        return ""
    kind = item.get("type", "message")
    if kind == "message":
        return _what_is_wrong_with_message(item)
    if not isinstance(kind, str) or not kind:
        return "its type is no text"
    for name in _TEXTS.get(kind, ()):
        if not isinstance(item.get(name), str):
            return f"a {kind} has a text as its {name!r}"
    return ""


def _what_is_wrong_with_message(item: dict[str, Any]) -> str:
    role, content = item.get("role"), item.get("content")
    if role is None:
        return "it has no role" if "type" in item else "it has neither a type nor a role"
    if role not in _ROLES:
        return f"the role of a message cannot be {role!r}"
    if isinstance(content, str):
        return ""
    if not isinstance(content, list):
        return "the content of a message is a text or a list of parts"
    if all(isinstance(part, dict) and isinstance(part.get("type"), str) for part in content):
        return ""
    return "each part of a message's content is a mapping with a type"
