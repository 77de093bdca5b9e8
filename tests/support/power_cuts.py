"""Power cuts, simulated: what a disk could hold after each moment of a program's life.

`record` runs a program and notes every change that it makes to the files of a folder, in order.
`cuts` then gives, for as many moments as are wanted, a folder as it could be found after the power
failed there: what was synchronised is kept; of everything later each sector may be kept or not, and
of new, renamed and removed names those that came first.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from itertools import cycle
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

SECTOR = 512
ODDS = (0.0, 0.1, 0.5, 0.9, 1.0)
"""How likely a sector is kept that was written after the last synchronisation of its file."""
CALLS = (
    "openat",
    "pwrite64",
    "write",
    "ftruncate",
    "fsync",
    "fdatasync",
    "rename",
    "renameat",
    "renameat2",
    "unlink",
    "unlinkat",
)
_LONGEST = 1 << 24
_CERTAIN = random.Random(0)  # noqa: S311 - no secret
_LINE = re.compile(r"^\d+ +(\w+)\((.*)\) += (\d+)(?:<([^>]*)>)?$")
_STARTED = re.compile(r"^(\d+) +(\w+\(.*) <unfinished \.\.\.>$")
_RESUMED = re.compile(r"^(\d+) +<\.\.\. \w+ resumed>(.*)$")
_FILE = re.compile(r"^(\d+)<([^>]*)>")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')


class What(Enum):
    """What a program did."""

    CREATED = auto()
    WRITTEN = auto()
    CUT = auto()
    SYNCED = auto()
    RENAMED = auto()
    REMOVED = auto()
    SAID = auto()


@dataclass(frozen=True, slots=True)
class Event:
    """One change, or something that the program said.

    Attributes:
        what: Its kind.
        path: The file, or the folder that was synchronised, inside the folder.
        data: What was written or said; for a new name, that name.
        at: Where it was written, -1 for at the end; the new length of a file that was cut.
    """

    what: What
    path: str
    data: bytes = b""
    at: int = 0


def record(command: Sequence[str | os.PathLike[str]], folder: Path, log: Path) -> list[Event]:
    """Run a program to its end; give what it changed in a folder, and said, in order.

    Raises:
        AssertionError: It failed.
    """
    tracer = ["strace", "-f", "-y", "-xx", "-s", str(_LONGEST), "-e", f"trace={','.join(CALLS)}"]
    done = subprocess.run(
        [*tracer, "-e", "signal=none", "-o", log, "--", *command],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return list(_events(log, folder))


def _events(log: Path, folder: Path) -> Iterator[Event]:
    inside = str(folder.resolve())
    started: dict[str, str] = {}
    with log.open() as lines:
        for line in lines:
            text = line.rstrip("\n")
            if begun := _STARTED.match(text):
                started[begun[1]] = begun[2]
                continue
            if resumed := _RESUMED.match(text):
                text = f"{resumed[1]} {started.pop(resumed[1])}{resumed[2]}"
            if call := _LINE.match(text):
                for event in _called(*call.groups()):
                    if event.what is What.SAID:
                        yield event
                    elif event.path == inside or event.path.startswith(inside.rstrip("/") + "/"):
                        yield _inside(event, inside)


def _inside(event: Event, folder: str) -> Event:
    data = event.data
    if event.what is What.RENAMED:
        data = os.fsencode(os.path.relpath(os.fsdecode(data), folder))
    return replace(event, path=os.path.relpath(event.path, folder), data=data)


def _called(  # noqa: C901 - one line for each kind of call
    name: str, arguments: str, result: str, opened: str | None
) -> Iterator[Event]:
    """Read one call; nothing comes of one that changed nothing."""
    texts = []
    for text, is_cut in _TEXT.findall(arguments):
        assert not is_cut, "something was written that is too long to be recorded"
        texts.append(_plain(text))
    held = _FILE.match(arguments)
    path = os.fsdecode(_plain(held[2])) if held else ""
    last = arguments.rpartition(", ")[2]
    if name == "openat" and opened is not None:
        path = os.fsdecode(_plain(opened))
        if "O_CREAT" in arguments:
            yield Event(What.CREATED, path)
        if "O_TRUNC" in arguments:
            yield Event(What.CUT, path)
    elif name in {"pwrite64", "write"}:
        data = texts[0][: int(result)]
        if held is not None and held[1] == "1":
            yield Event(What.SAID, "", data)
        else:
            yield Event(What.WRITTEN, path, data, int(last) if name == "pwrite64" else -1)
    elif name == "ftruncate":
        yield Event(What.CUT, path, at=int(last))
    elif name in {"fsync", "fdatasync"}:
        yield Event(What.SYNCED, path)
    elif name.startswith("rename"):
        yield Event(What.RENAMED, os.fsdecode(texts[0]), texts[1])
    elif name.startswith("unlink"):
        yield Event(What.REMOVED, os.fsdecode(texts[0]))


def _plain(text: str) -> bytes:
    # The tracer adds what it knows to some names: "(deleted)".
    return bytes.fromhex(text.partition("(")[0].replace("\\x", ""))


@dataclass(slots=True)
class _Held:
    """A file: what is on the disk for sure, and what was written since."""

    durable: bytearray = field(default_factory=bytearray)
    since: list[tuple[int, bytes | None]] = field(default_factory=list)  # None: cut to this length

    def all_of_it(self) -> bytearray:
        return self.after(_CERTAIN, 1.0)

    def synced(self) -> None:
        self.durable, self.since = self.all_of_it(), []

    def after(self, chance: random.Random, odds: float) -> bytearray:
        content = bytearray(self.durable)
        for at, data in self.since:
            if data is None:
                if chance.random() < odds:
                    del content[at:]
                    content.extend(bytes(max(0, at - len(content))))
                continue
            start = at
            while start < at + len(data):
                end = min((start // SECTOR + 1) * SECTOR, at + len(data))
                if chance.random() < odds:
                    content.extend(bytes(max(0, start - len(content))))
                    content[start:end] = data[start - at : end - at]
                start = end
        return content


class Disk:
    """The files of one folder, as the programs see them and as the disk has them."""

    def __init__(self, folder: Path) -> None:
        self._seen: dict[str, _Held] = {
            str(path.relative_to(folder)): _Held(bytearray(path.read_bytes()))
            for path in folder.rglob("*")
            if path.is_file()
        }
        self._durable = dict(self._seen)
        self._later: list[dict[str, _Held]] = []  # the names after each change since

    def happen(self, event: Event) -> None:
        """Go on by one event."""
        path = event.path
        if path.endswith("-shm"):  # memory that is shared; made anew at each start
            return
        match event.what:
            case What.CREATED if path not in self._seen:
                self._name({**self._seen, path: _Held()})
            case What.RENAMED:
                names = dict(self._seen)
                names[os.fsdecode(event.data)] = names.pop(path)
                self._name(names)
            case What.REMOVED if path in self._seen:
                self._name({name: held for name, held in self._seen.items() if name != path})
            case What.WRITTEN if path in self._seen:
                held = self._seen[path]
                at = event.at if event.at >= 0 else len(held.all_of_it())
                held.since.append((at, event.data))
            case What.CUT if path in self._seen:
                self._seen[path].since.append((event.at, None))
            case What.SYNCED if path in self._seen:
                self._seen[path].synced()
            case What.SYNCED:
                self._durable, self._later = dict(self._seen), []
            case _:
                pass

    def _name(self, names: dict[str, _Held]) -> None:
        self._seen = names
        self._later.append(names)

    def lose_power(self, folder: Path, chance: random.Random, odds: float) -> None:
        """Write what the disk could hold now."""
        shutil.rmtree(folder, ignore_errors=True)
        kept = sum(chance.random() < odds for _ in self._later)
        names = self._later[kept - 1] if kept else self._durable
        folder.mkdir(mode=0o700)
        for path, held in names.items():
            place = folder / path
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            place.write_bytes(held.after(chance, odds))
            place.chmod(0o600)


@dataclass(frozen=True, slots=True)
class Cut:
    """A moment at which the power failed.

    Attributes:
        number: It is the how-manieth.
        odds: How likely a sector was kept that was not synchronised.
        said: The lines that the program had said until then.
    """

    number: int
    odds: float
    said: list[str]


def cuts(
    events: Sequence[Event], before: Path, into: Path, *, number: int, after: str = ""
) -> Iterator[Cut]:
    """Have the power fail at so many moments; each time, `into` is what was left.

    Args:
        events: What was recorded.
        before: The folder as it was before that.
        into: The folder that is made.
        number: How often.
        after: What the program must have said before.
    """
    chance = random.Random(4)  # noqa: S311 - the same moments each time
    disk = Disk(before)
    said = b""
    first = _begin(events, after)
    moments = sorted(chance.choices(range(first, len(events) + 1), k=number))
    done = 0
    for nth, (moment, odds) in enumerate(zip(moments, cycle(ODDS), strict=False)):
        for event in events[done:moment]:
            if event.what is What.SAID:
                said += event.data
            else:
                disk.happen(event)
        done = moment
        disk.lose_power(into, chance, odds)
        yield Cut(nth, odds, said[: said.rfind(b"\n") + 1].decode().splitlines())


def _begin(events: Sequence[Event], after: str) -> int:
    if not after:
        return 0
    said = b""
    for place, event in enumerate(events, 1):
        if event.what is What.SAID:
            said += event.data
            if after.encode() in said:
                return place
    raise AssertionError(f"the program never said {after!r}")
