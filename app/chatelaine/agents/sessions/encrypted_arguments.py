"""What an encrypted session is made of, in the two orders in which it may be given."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chatelaine.agents.sessions.protocol import Session

NAMES = {"session_id", "base_session", "underlying_session", "encryption_key", "ttl"}


def read_arguments(
    arguments: tuple[Any, ...], named: dict[str, Any]
) -> tuple[str | None, Session, Any, float | None]:
    """Give id, session, key and ttl, in whichever order and by whichever names they were given.

    Raises:
        TypeError: One of them is missing, given twice, or no session at all.
    """
    names = ["base_session", "encryption_key", "ttl"]
    if arguments and isinstance(arguments[0], str):
        names.insert(0, "session_id")
    if len(arguments) > len(names):
        raise TypeError(f"EncryptedSession takes at most {len(names)} positional arguments")
    given = dict(zip(names, arguments, strict=False))
    for name, value in named.items():
        if name not in NAMES:
            continue
        as_one = "base_session" if name == "underlying_session" else name
        if as_one in given:
            raise TypeError(f"EncryptedSession was given {as_one!r} twice")
        given[as_one] = value
    base, key = given.get("base_session"), given.get("encryption_key")
    if base is None or isinstance(base, str | bytes):
        raise TypeError("EncryptedSession needs a session to put its items into")
    if key is None:
        raise TypeError("EncryptedSession needs an encryption_key")
    return given.get("session_id"), base, key, given.get("ttl")


def milliseconds(ttl: object) -> int | None:
    """Give a ttl, which is in seconds, in milliseconds.

    Raises:
        TypeError: It is no number.
        ValueError: It is not positive.
    """
    if ttl is None:
        return None
    if not isinstance(ttl, int | float) or isinstance(ttl, bool):
        raise TypeError(f"the ttl of a session is a number of seconds, not {ttl!r}")
    if not (ttl > 0 and math.isfinite(ttl)):
        raise ValueError("a ttl is a positive number of seconds, or None")
    return math.ceil(ttl * 1000)
