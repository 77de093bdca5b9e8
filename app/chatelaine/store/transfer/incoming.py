"""Documents of conversations that come in: read, checked to the last value, made into rows.

Nothing of a document is believed: not its types, nor its numbers, nor the names in it.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypeVar

from chatelaine.errors import ImportFailed
from chatelaine.store import attachments, deleted, tree
from chatelaine.store import turns as units
from chatelaine.store.items import encode, one_line, storable, time_from
from chatelaine.store.records import StepKind, TurnKind, TurnState

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chatelaine.store.database import SqlConnection

FORMAT = "chatelaine-conversations"
VERSION = 1
LARGEST = 1 << 30
"""Bytes of a document, at most: it is read as a whole."""
_EPOCH = datetime.fromtimestamp(0, UTC)
_MOST = 2**53
_UID_LENGTH = 1000

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")


@dataclass(slots=True)
class Incoming:
    """What a document has, as rows.

    Attributes:
        folders: The names of folders, each with its number.
        rows: By statement, the rows that it inserts.
        files: Contents of attached files: digest -> media type and bytes.
        attached: Item, position, digest, name.
        pinned: Items that are pinned: each once.
    """

    folders: dict[str, int] = field(default_factory=dict)
    rows: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    files: dict[bytes, tuple[str, bytes]] = field(default_factory=dict)
    attached: list[tuple[int, int, bytes, str]] = field(default_factory=list)
    pinned: set[int] = field(default_factory=set)

    def add(self, table: str, **values: Any) -> None:
        """Have a row inserted; the names are the program's own."""
        names = ", ".join(values)
        places = ", ".join("?" * len(values))
        statement = f"INSERT INTO {table} ({names}) VALUES ({places})"  # noqa: S608 -- as it says
        self.rows.setdefault(statement, []).append(tuple(values.values()))


def load(path: Path) -> Incoming:
    """Read a document; in a worker thread.

    Raises:
        ImportFailed: It cannot be read, is none, is damaged, too large, or from a newer version.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise ImportFailed(
            f"“{path.name}” could not be read: {error.strerror or 'unknown reason'}."
        ) from error
    if len(content) > LARGEST:
        raise ImportFailed(
            f"“{path.name}” is larger than {LARGEST >> 20} MB, more than a document can be."
        )
    return parse(content, path.name)


def parse(content: bytes, name: str) -> Incoming:
    """Make rows of a document.

    Args:
        content: Its bytes.
        name: What it is called.

    Raises:
        ImportFailed: It is none, damaged, or from a newer version.
    """
    try:
        whole = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise _no_document(name) from None  # what it holds is nobody's business
    if not isinstance(whole, dict) or whole.get("format") != FORMAT:
        raise _no_document(name)
    if type(version := whole.get("version")) is int and version > VERSION:
        raise ImportFailed(
            f"“{name}” has format {version}, this version of Chatelaine knows formats up to "
            f"{VERSION}. Install the newer version. Nothing was imported.",
            title="This document was made by a newer version",
        )
    try:
        _require(version == VERSION)
        return _read(whole)
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError):
        raise ImportFailed(
            f"“{name}” is a document of conversations, but not whole, or something in it was "
            "changed. Export it again where it comes from. Nothing was imported.",
            title="This document is damaged",
        ) from None


def fill(connection: SqlConnection, found: Incoming) -> None:
    """Put what was read into an empty history."""
    connection.execute("BEGIN")
    connection.executemany(
        "INSERT INTO folder (name, id, position, created) VALUES (?, ?, 0, 0)",
        found.folders.items(),
    )
    for statement, rows in found.rows.items():
        connection.executemany(statement, rows)
    for item, position, digest, name in found.attached:
        mime, content = found.files[digest]
        blob = attachments.keep(connection, digest, mime, lambda: content)  # noqa: B023 -- called at once
        connection.execute(
            "INSERT INTO attachment (item, position, blob, name) VALUES (?, ?, ?, ?)",
            (item, position, blob, name),
        )
    units.recover(connection)
    connection.execute("COMMIT")


def _no_document(name: str) -> ImportFailed:
    return ImportFailed(
        f"“{name}” is no document of conversations that Chatelaine has exported as JSON. Nothing "
        "was imported.",
        title="This file cannot be imported",
    )


# ---------------------------------------------------------------------------- the document


def _read(whole: dict[str, Any]) -> Incoming:
    found = Incoming()
    for each in _list(whole["files"]):
        content = base64.b64decode(_text(each["content"]), validate=True)
        digest = bytes.fromhex(_text(each["sha256"]))
        _require(sha256(content).digest() == digest)
        found.files[digest] = (one_line(_text(each["mime"])), content)
    owners: dict[str | None, int] = {None: 0}
    for number, each in enumerate(_list(whole["threads"]), 1):
        uid = _text(each["uid"])
        _require(0 < len(uid) <= _UID_LENGTH and uid not in owners)
        owners[uid] = number
    turns = _list(whole["turns"])
    items: set[int] = set()
    for number, each in enumerate(turns, 1):
        _turn(found, each, number, owners, items)
    for number, each in enumerate(whole["threads"], 1):
        _thread(found, each, number, len(turns))
    return found


def _turn(
    found: Incoming, each: Any, number: int, owners: dict[str | None, int], items: set[int]
) -> None:
    _require(_number(each["number"]) == number)
    kind, cut = _one_of(TurnKind, each["kind"]), _optional(_number, each["cut"])
    parent = _optional(_number, each["parent"])
    for earlier in (parent, cut):
        _require(earlier is None or 0 < earlier < number)
    _require((kind is TurnKind.COMPACTION) is (cut is not None))
    state = _one_of(TurnState, each["state"])
    found.add(
        "turn",
        id=number,
        parent=parent,
        thread=owners[_optional(_text, each["thread"])],
        kind=kind,
        cut=cut,
        state=state,
        agent=_text(each["agent"]),
        model=_text(each["model"]),
        error_title=_text(each["error_title"]),
        error_message=_text(each["error_message"]),
        created=_time(each["created"]),
    )
    if (draft := _text(each["draft"])) and state is TurnState.RUNNING:
        found.add("draft", kind="reply", owner=number, text=draft, updated=0)
    first = tree.item_range(number)[0]
    for item in _list(each["items"]):
        _require(isinstance(item["data"], dict))
        encoded = encode(item["data"])
        items.add(place := first + _below_capacity(item["position"]))
        found.add(
            "item",
            id=place,
            kind=encoded.kind,
            role=encoded.role,
            agent=_text(item["agent"]),
            chars=encoded.chars,
            lines=encoded.lines,
            created=_time(item["created"]),
            data=encoded.data,
        )
    _require(len({item["position"] for item in each["items"]}) == len(each["items"]))
    places: set[tuple[int, int]] = set()
    for one in _list(each["attachments"]):
        place, position = first + _below_capacity(one["item"]), _number(one["position"])
        digest = bytes.fromhex(_text(one["sha256"]))
        _require(place in items and digest in found.files and (place, position) not in places)
        places.add((place, position))
        found.attached.append((place, position, digest, one_line(_text(one["name"]))))
    for one in _list(each["usage"]):
        found.add(
            "usage",
            id=first + _below_capacity(one["number"]),
            model=_text(one["model"]),
            **{
                name: _number(one[name])
                for name in ("requests", "input", "cached", "output", "reasoning")
            },
            created=_time(one["created"]),
        )
    _require(len({one["number"] for one in each["usage"]}) == len(each["usage"]))


def _thread(found: Incoming, each: Any, number: int, last: int) -> None:
    def turn(value: object) -> int | None:
        reference = _optional(_number, value)
        _require(reference is None or 0 < reference <= last)
        return reference

    folder = _optional(_text, each["folder"])
    updated, lifetime = _time(each["updated"]), _optional(_number, each["lifetime"])
    time_from(updated + (lifetime or 0))  # it must be a point in time
    steps, done = _list(each["steps"]), _number(each["steps_done"])
    _require([step["number"] for step in steps] == list(range(1, len(steps) + 1)))
    _require(done <= len(steps))
    found.add(
        "thread",
        id=number,
        uid=_text(each["uid"]),
        title=one_line(_text(each["title"])),
        named=_flag(each["named"]),
        preview=one_line(_text(each["preview"])),
        head=turn(each["head"]),
        tip=turn(each["tip"]),
        steps=done,
        created=_time(each["created"]),
        updated=updated,
        trashed=_optional(_time, each["trashed"]),
        archived=_optional(_time, each["archived"]),
        pinned=_optional(_time, each["pinned"]),
        lifetime=lifetime,
        folder=_folder(found, folder),
        place=_text(each["place"]),
    )
    for step in steps:
        changes = step["changes"]
        _require(isinstance(changes, dict))
        read = {name: _change(found, name, values, turn) for name, values in changes.items()}
        found.add(
            "step",
            thread=number,
            number=_number(step["number"]),
            kind=_one_of(StepKind, step["kind"]),
            before=turn(step["before"]),
            after=turn(step["after"]),
            created=_time(step["created"]),
            data=json.dumps(read) if read else "",
        )
    for pin in _list(each["pinned_messages"]):
        of_turn = turn(pin["turn"])
        if of_turn is None:
            raise ValueError("a message of no turn")
        place = tree.item_range(of_turn)[0] + _below_capacity(pin["position"])
        _require(place not in found.pinned)
        found.pinned.add(place)
        found.add("pin", item=place, thread=number, created=_time(pin["created"]))
    for gone in {turn(value) for value in _list(each.get("deleted", []))}:
        _require(gone is not None)
        found.add("deleted_turn", thread=number, turn=gone)
    if (typed := each["typed"]) is not None:
        text, moment = _text(typed["text"]), _time(typed["updated"])
        found.add("draft", kind="composer", owner=number, text=text, updated=moment)


def _change(
    found: Incoming, name: str, values: object, turn: Callable[[Any], int | None]
) -> list[Any]:
    """Read the values of a column before and after a step: only of those that steps change."""
    before, after = _list(values)
    if name == deleted.COLUMN:
        _require(before is None and turn(after) is not None)
        return [None, turn(after)]
    read: dict[str, Callable[[Any], Any]] = {
        "title": lambda value: one_line(_text(value)),
        "named": lambda value: value if value in {0, 1} else _flag(value),
        "folder": lambda value: _folder(found, _optional(_text, value)),
        "archived": lambda value: _optional(_moment, value),
        "trashed": lambda value: _optional(_moment, value),
    }
    return [read[name](before), read[name](after)]


def _folder(found: Incoming, name: str | None) -> int | None:
    if name is None:
        return None
    name = one_line(name)
    _require(bool(name))
    return found.folders.setdefault(name, len(found.folders) + 1)


# ---------------------------------------------------------------------------- values


def _require(holds: bool) -> None:
    if not holds:
        raise ValueError("not as it was written")


def _list(value: Any) -> list[Any]:
    _require(isinstance(value, list))
    return list(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return storable(value)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("neither yes nor no")
    return value


def _number(value: object) -> int:
    if type(value) is not int or not 0 <= value < _MOST:
        raise ValueError("no number of things")
    return value


def _below_capacity(value: object) -> int:
    number = _number(value)
    _require(number < tree.CAPACITY)
    return number


def _moment(value: object) -> int:
    number = _number(value)
    time_from(number)
    return number


def _time(value: object) -> int:
    moment = datetime.fromisoformat(_text(value))
    _require(moment.tzinfo is not None)
    since = (moment - _EPOCH) // timedelta(microseconds=1)
    _require(since >= 0)
    return since


def _one_of(kinds: type[E], value: object) -> E:
    return kinds(_text(value))


def _optional(read: Callable[[Any], T], value: object) -> T | None:
    return None if value is None else read(value)
