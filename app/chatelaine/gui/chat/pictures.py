"""Loads the pictures of a thread: those within its text, and its files.

A picture that lies somewhere else is never fetched by itself: whoever wrote the address would learn
when and from where it is read. It is asked for with `load_requested` once the user wants it, and
from then on whenever it is seen, until the history is left.

What a source means depends on the thread: two of them may have files of the same name. So nothing
of a thread outlives it here, but for what was fetched from elsewhere.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

from PySide6.QtCore import QObject, Signal

from chatelaine.gui.chat.blocks.sources import PictureLoad, PictureState
from chatelaine.gui.chat.delivery import Delivery

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    Take: TypeAlias = Callable[[bytes | None], None]
    ReadFile: TypeAlias = Callable[[str, Take], None]

_MOST_PICTURES: Final = 200
_MOST_MEMORY: Final = 192 * 1024 * 1024
_LONGEST_KEY: Final = 10_000
_GROWTH: Final = 1.5
"""A picture is read anew once it is shown this much larger than it was read for."""
_REMOTE: Final = PictureLoad(PictureState.REMOTE)
_LOADING: Final = PictureLoad(PictureState.LOADING)
_MISSING: Final = PictureLoad(PictureState.MISSING)
_FILE: Final = "attachment:"
_AT_ONCE: Final = 4
"""Pictures that are read at the same time: each may be large, and waits to be decoded."""


@dataclass(slots=True, eq=False)
class _Entry:
    shown: PictureLoad
    data: bytes | None = field(default=None, repr=False)
    width: int = 0  # it was read to be shown so wide
    wanted: int = 0
    is_busy: bool = False

    @property
    def memory(self) -> int:
        return len(self.data or b"") + self.pixels

    @property
    def pixels(self) -> int:
        image = self.shown.image
        return image.sizeInBytes() if image is not None else 0


@dataclass(frozen=True, slots=True)
class _Job:
    source: str
    data: bytes | None = field(repr=False)
    width: int


class PictureLoader(QObject):
    """Gives pictures, some time later if it must.

    Attributes:
        seen: Gives the sources of the pictures that are seen: of these it lets go of none.

    Signals:
        ready: Pictures that were asked for are there now, or cannot be had.
        load_requested: The user wants to see what lies at this address; and what to call with its
            bytes, with None where they cannot be had.
    """

    ready = Signal()
    load_requested = Signal(str, object)

    def __init__(self, read: ReadFile | None = None, parent: QObject | None = None) -> None:
        """Make one that knows nothing yet.

        Args:
            read: Reads a file of the thread by its name, and then calls with its bytes, in the
                window's thread; with None where there is none.
            parent: What it belongs to.
        """
        super().__init__(parent)
        self.seen: Callable[[], Collection[str]] = tuple
        self._read = read
        self._entries: dict[str, _Entry] = {}
        # Of them those that take memory; what was asked for last comes last.
        self._held: OrderedDict[str, _Entry] = OrderedDict()
        self._agreed: set[str] = set()
        self._waiting: list[tuple[str, _Entry]] = []
        self._reading: list[_Entry] = []
        self._jobs: list[tuple[_Entry, _Job]] = []
        self._working: _Entry | None = None
        self._delivery = Delivery("pictures", self)
        self._delivery.arrived.connect(self._take)

    # ------------------------------------------------------------------ asking

    def find(self, source: str, width: int) -> PictureLoad:
        """Give a picture as it is now, and have it loaded if it is not there.

        What is remote is not loaded unless the user has agreed to it.

        Args:
            source: Its address, as it is written in the message.
            width: How wide it will be shown at most, in device pixels.
        """
        key = _key(source)
        if (entry := self._entries.get(key)) is None:
            is_asked_first = _is_remote(source) and source not in self._agreed
            entry = self._entries[key] = _Entry(_REMOTE if is_asked_first else _LOADING)
        if key in self._held:
            self._held.move_to_end(key)
        entry.wanted = max(entry.wanted, width)
        if not entry.is_busy and (_is_away(entry.shown) or _is_small(entry, width)):
            self._begin(source, entry)
        return entry.shown

    def look(self, source: str) -> PictureLoad | None:
        """Give a picture as it is now, and load nothing; None where nobody has asked for it."""
        entry = self._entries.get(_key(source))
        return None if entry is None else entry.shown

    def load(self, source: str) -> None:
        """Fetch a picture that the user wants to see."""
        self._agreed.add(source)
        entry = self._entries.setdefault(_key(source), _Entry(_REMOTE))
        if entry.shown.state in {PictureState.REMOTE, PictureState.MISSING}:
            entry.shown = _LOADING
            self.ready.emit()
            self._begin(source, entry)

    def fetch(self, source: str, take: Take) -> None:
        """Give the bytes of a picture that is shown, to do something with them.

        Args:
            source: Its address, which must not be one that holds the bytes itself.
            take: Called with them, perhaps at once; with None where they cannot be had.
        """
        entry = self._entries.get(_key(source))
        if entry is not None and entry.data is not None:
            take(entry.data)
        elif source in self._agreed and _is_remote(source):
            self.load_requested.emit(source, take)
        elif self._read is None or _is_remote(source):
            take(None)
        else:
            self._read(source.removeprefix(_FILE), take)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being read, but for what others fetch."""
        return not self._jobs and self._working is None

    # ------------------------------------------------------------------ forgetting

    def leave_thread(self) -> None:
        """Forget the pictures of the thread: another one is shown, or none.

        What is still being read for it is not taken when it comes. What was fetched from elsewhere
        is the same in each thread, and stays.
        """
        kept = {_key(source) for source in self._agreed if _is_remote(source)}
        for key in [key for key in self._entries if key not in kept]:
            entry = self._entries.pop(key)
            self._held.pop(key, None)
            if entry in self._reading:
                self._reading.remove(entry)
        self._waiting = [one for one in self._waiting if _key(one[0]) in kept]
        self._jobs = [one for one in self._jobs if _key(one[1].source) in kept]
        self._read_on()

    def forget(self) -> None:
        """Forget every picture, and what the user has agreed to: the history is left."""
        self._agreed.clear()
        self.leave_thread()

    def _forget_old(self) -> None:
        """Let go of what was not asked for longest, but of nothing that is seen."""
        memory = sum(entry.memory for entry in self._held.values())
        if memory <= _MOST_MEMORY and len(self._held) <= _MOST_PICTURES:
            return
        free = [(key, entry) for key, entry in self._held.items() if not entry.is_busy]
        # What is only needed to show a picture larger goes first.
        for _, entry in free:
            if memory <= _MOST_MEMORY:
                break
            memory -= len(entry.data or b"")
            entry.data = None
        seen = {_key(source) for source in self.seen()}
        for key, entry in free:
            if memory <= _MOST_MEMORY and len(self._held) <= _MOST_PICTURES:
                return
            if key in seen:
                continue
            memory -= entry.memory
            entry.data = None
            if entry.shown.image is not None:
                # Its size is still known: what comes below it stays where it is.
                entry.shown = replace(entry.shown, state=PictureState.LOADING, image=None)
            del self._held[key]

    # ------------------------------------------------------------------ working

    def _begin(self, source: str, entry: _Entry) -> None:
        entry.is_busy = True
        if source.startswith("data:") or entry.data is not None:
            self._decode(source, entry)
        elif self._read is None and not _is_remote(source):
            entry.shown, entry.is_busy = _MISSING, False
        else:
            self._waiting.append((source, entry))
            self._read_on()

    def _read_on(self) -> None:
        while self._waiting and len(self._reading) < _AT_ONCE:
            # The latest is the likeliest to be seen.
            source, entry = self._waiting.pop()
            self._reading.append(entry)
            take = partial(self._supply, source, entry)
            if _is_remote(source):
                self.load_requested.emit(source, take)
            elif self._read is not None:
                self._read(source.removeprefix(_FILE), take)

    def _supply(self, source: str, entry: _Entry, data: bytes | None) -> None:
        if self._entries.get(_key(source)) is not entry:
            return  # it was asked for in another thread
        if data is None:
            entry.shown, entry.is_busy = _MISSING, False
            self._end_reading(entry)
            self.ready.emit()
            return
        entry.data = data
        self._decode(source, entry)

    def _end_reading(self, entry: _Entry) -> None:
        if entry in self._reading:
            self._reading.remove(entry)
            self._read_on()

    def _decode(self, source: str, entry: _Entry) -> None:
        self._jobs.append((entry, _Job(source, entry.data, max(entry.wanted, 1))))
        self._start()

    def _start(self) -> None:
        if self._jobs and not self._delivery.is_busy:
            self._working, job = self._jobs.pop()
            self._delivery.start(_decoded, job)

    def _take(self, given: tuple[_Job], made: PictureLoad | None) -> None:
        (job,), entry = given, self._working
        self._working = None
        if entry is not None and self._entries.get(_key(job.source)) is entry:
            self._finish(job, entry, made or PictureLoad(PictureState.DAMAGED))
        self._start()

    def _finish(self, job: _Job, entry: _Entry, made: PictureLoad) -> None:
        entry.shown, entry.width, entry.is_busy = made, job.width, False
        if made.image is None:
            entry.data = None
        else:
            self._held[_key(job.source)] = entry
            self._held.move_to_end(_key(job.source))
            self._forget_old()
        self._end_reading(entry)
        self.ready.emit()


def _key(source: str) -> str:
    """Give what a picture is known by: one whose address holds it is not kept for that."""
    return source if len(source) <= _LONGEST_KEY else f"{len(source)} characters: {hash(source)}"


def _is_remote(source: str) -> bool:
    return source[:8].lower().startswith(("http://", "https://"))


def _is_away(shown: PictureLoad) -> bool:
    """Tell whether a picture is to be read: for the first time, or again."""
    return shown.state is PictureState.LOADING


def _is_small(entry: _Entry, width: int) -> bool:
    """Tell whether a picture that is there was read to be shown smaller than it is."""
    if entry.shown.state is not PictureState.SHOWN:
        return False
    by_itself = entry.shown.width
    return entry.width * _GROWTH < min(width, by_itself) or entry.width < width < by_itself


def _decoded(job: _Job) -> PictureLoad:
    # Here, in the worker thread, and with what reads drawings: most threads have no picture.
    from chatelaine.gui.chat import picture_decoding

    try:
        data = picture_decoding.data_of(job.source) if job.data is None else job.data
        made = picture_decoding.decode(data, job.width)
    except picture_decoding.TooLargeError:
        return PictureLoad(PictureState.TOO_LARGE)
    except picture_decoding.DamagedError:
        return PictureLoad(PictureState.DAMAGED)
    return PictureLoad(PictureState.SHOWN, made.image, made.width, made.height)
