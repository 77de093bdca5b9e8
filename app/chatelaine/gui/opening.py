"""What the program can be asked to open: a thread, by a link to it, or a backup.

Such a wish comes from outside: from a link in a browser or a mail, from a file manager, from a
second start. So this is a border. A link has one form and one meaning, the length of everything is
bound, and what is not exactly right is nothing. A link can have a thread shown, and nothing else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final, TypeAlias
from urllib.parse import quote, unquote_to_bytes, urlsplit
from urllib.request import url2pathname

SCHEME: Final = "chatelaine:"
BACKUP_SUFFIX: Final = ".chtlbak"
LONGEST_UID: Final = 512
"""Characters of a session ID, which is what a link has of its thread."""
LONGEST_PATH: Final = 4096
"""Bytes of a path."""
_BEGINNING: Final = f"{SCHEME}thread/"
# What `quote` makes of a session ID: a letter takes up to four bytes, each of them three signs.
_QUOTED: Final = re.compile(r"(?:[A-Za-z0-9_.~-]|%[0-9A-F]{2})+")
_LONGEST_QUOTED: Final = 12 * LONGEST_UID
_LONGEST_NAME: Final = 255
_LINK, _THREAD, _FILE = "link", "thread", "file-"
"""What cannot be opened, as it is handed on; behind the last one stands the name of the file."""
_TOKEN: Final = re.compile(rb"[!-~]{1,1024}")


@dataclass(frozen=True, slots=True)
class ThreadLink:
    """A link to a thread.

    Attributes:
        uid: Its session ID; there may be no such thread.
    """

    needs_history: ClassVar = True
    uid: str


@dataclass(frozen=True, slots=True)
class BackupFile:
    """A backup that may be restored, after its user has said how.

    Attributes:
        path: Where it is; it may not exist.
    """

    needs_history: ClassVar = True
    path: Path


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """Something that cannot be opened.

    Attributes:
        is_link: Whether it was to be a link.
        names_thread: Whether the link was to lead to a thread, and only its ID is none.
        name: How the file is called; '' where there is nothing to be shown.
    """

    needs_history: ClassVar = False
    is_link: bool
    names_thread: bool = False
    name: str = ""


Wanted: TypeAlias = ThreadLink | BackupFile | NotUnderstood


def link_to(uid: str) -> str:
    """Give the link to a thread."""
    return _BEGINNING + quote(uid, safe="")


def parse_link(text: str) -> ThreadLink | NotUnderstood:
    """Read a link to a thread; only what `link_to` gives is one."""
    if not text.startswith(_BEGINNING):
        return NotUnderstood(is_link=True)
    fits = len(text) <= len(_BEGINNING) + _LONGEST_QUOTED
    uid = _unquoted(text.removeprefix(_BEGINNING)) if fits else ""
    if not 1 <= len(uid) <= LONGEST_UID or not uid.isprintable():
        return NotUnderstood(is_link=True, names_thread=True)
    return ThreadLink(uid)


def parse(text: str, folder: Path) -> Wanted:
    """Read an argument of the command line.

    Args:
        text: A link to a thread, the path of a backup, or its address.
        folder: What the path is relative to.
    """
    if text[: len(SCHEME)].lower() == SCHEME:
        return parse_link(text)
    if text.startswith("file:"):
        text = _path_of(text)
    return _backup(folder / text) if text else NotUnderstood(is_link=False)


def to_words(wanted: Wanted) -> bytes:
    """Put it into the words that `from_words` reads: letters, digits and a few signs."""
    match wanted:
        case ThreadLink(uid):
            return b"thread " + quote(uid, safe="").encode()
        case BackupFile(path):
            return b"backup " + quote(str(path), safe="", errors="surrogateescape").encode()
        case NotUnderstood(is_link, names_thread, name):
            kind = _THREAD if names_thread else _LINK if is_link else _FILE
            return b"nothing " + (kind + quote(name, safe="")).encode()


def from_words(verb: bytes, what: bytes) -> Wanted | None:
    """Read what `to_words` has put down; None where it is something else."""
    text = what.decode("ascii", "replace")
    match verb:
        case b"thread":
            link = parse_link(_BEGINNING + text)
            return link if isinstance(link, ThreadLink) else None
        case b"backup":
            path = _unquoted(text, errors="surrogateescape")
            found = _backup(Path(path)) if path else None
            return found if isinstance(found, BackupFile) else None
        case b"nothing":
            return _not_understood(text)
        case _:
            return None


def is_token(token: bytes) -> bool:
    """Tell whether this may be what a desktop gives to a program that a click has started."""
    return _TOKEN.fullmatch(token) is not None


def _backup(path: Path) -> Wanted:
    # Absolute without being looked at: that is done where it is opened, off the window's thread.
    text = str(path)
    fits = len(text.encode("utf-8", "surrogateescape")) <= LONGEST_PATH and "\0" not in text
    if not fits or not path.is_absolute() or path.suffix.lower() != BACKUP_SUFFIX:
        return NotUnderstood(is_link=False, name=_shown_name(path.name))
    return BackupFile(path)


def _shown_name(name: str) -> str:
    """Give the name of a file that is no backup, where it can be shown in a line."""
    is_shown = name.isprintable() and len(name) <= _LONGEST_NAME
    return name if is_shown and not name.lower().endswith(BACKUP_SUFFIX) else ""


def _not_understood(text: str) -> NotUnderstood:
    if not text.startswith(_FILE):
        return NotUnderstood(is_link=text in {_LINK, _THREAD}, names_thread=text == _THREAD)
    return NotUnderstood(is_link=False, name=_shown_name(_unquoted(text.removeprefix(_FILE))))


def _path_of(address: str) -> str:
    """Give the path of a file on this machine from its address; '' where it is none."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    if parts.netloc not in {"", "localhost"} or parts.query or parts.fragment:
        return ""
    return url2pathname(parts.path)


def _unquoted(text: str, errors: str = "strict") -> str:
    """Undo `quote`; '' for whatever it does not give."""
    if _QUOTED.fullmatch(text) is None:
        return ""
    try:
        plain = unquote_to_bytes(text).decode("utf-8", errors)
    except UnicodeDecodeError:
        return ""
    return plain if quote(plain, safe="", errors=errors) == text else ""
