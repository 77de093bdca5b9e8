"""Which addresses may be followed or shown, and which are links though nobody marked them as such.

Bare addresses are found as GitHub's specification says: `www.`, `http://`, `https://` and addresses
of mail. One of them may stand behind any character that is no letter and no digit, as on GitHub
itself, rather than behind white space alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator

_FOLLOWED: Final = ("http://", "https://", "mailto:", "chatelaine:thread/")
_SHOWN: Final = ("http://", "https://", "data:image/", "attachment:")
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_UNSEEN: Final = re.compile(r"[\x00-\x1f\x7f\\]")
_BARE: Final = re.compile(
    r"(?<![^\W_])(?:https?://|www\.)(?P<domain>[\w.-]+)(?P<rest>[^\s<]*)"
    r"|(?<![\w.+/-])(?:mailto:)?[a-z0-9._+-]+@[a-z0-9_-]+(?:\.[a-z0-9_-]+)+",
    re.IGNORECASE,
)
_ENTITY: Final = re.compile(r"&[a-z0-9]+;$", re.IGNORECASE)


def is_safe_link(target: str) -> bool:
    """Tell whether a link may be followed."""
    return target.lower().startswith(_FOLLOWED)


def picture_source(address: str) -> str:
    """Give what a picture may be loaded from; '' for what it may not.

    On the web, within the text itself, or a file of the thread: a relative name, which comes
    back as the file is called.
    """
    if address.lower().startswith(_SHOWN):
        return address
    name = unquote(address)
    outside = name.startswith(("/", "~", "#", "?")) or ".." in name.split("/")
    return "" if outside or _SCHEME.match(name) or _UNSEEN.search(name) else name


def bare_links(words: str) -> Iterator[tuple[int, int, str]]:
    """Give where the addresses in a text without marks begin and end, and where they lead."""
    if "@" not in words and "://" not in words and "ww." not in words.lower():
        return
    for found in _BARE.finditer(words):
        address = found[0]
        if found["domain"] is None:
            if address[-1] not in "-_":
                target = address if address.lower().startswith("mailto:") else f"mailto:{address}"
                yield found.start(), found.end(), target
            continue
        address = _trimmed(address)
        is_www = address[:4].lower() == "www."
        domain = f"www.{found['domain']}" if is_www else found["domain"]
        if address.endswith("/") and address.count("/") == 2 and not is_www:  # noqa: PLR2004
            continue
        if _is_domain(domain.rstrip("._-"), must_have_dot=is_www):
            target = f"http://{address}" if is_www else address
            yield found.start(), found.start() + len(address), target


def _is_domain(domain: str, *, must_have_dot: bool) -> bool:
    """Tell whether a name may be one of a host: no underscore in its last two parts."""
    parts = domain.split(".")
    if must_have_dot and len(parts) < 2:  # noqa: PLR2004
        return False
    return all(parts) and not any("_" in part for part in parts[-2:])


def _trimmed(address: str) -> str:
    """Take off what ends the sentence rather than the address."""
    while True:
        shorter = address.rstrip("?!.,:*_~'\"")
        if (shorter.endswith(")") and shorter.count(")") > shorter.count("(")) or (
            shorter.endswith("]") and shorter.count("]") > shorter.count("[")
        ):
            shorter = shorter[:-1]
        elif shorter.endswith(";"):
            entity = _ENTITY.search(shorter)
            shorter = shorter[: entity.start()] if entity else shorter[:-1]
        if shorter == address:
            return address
        address = shorter
