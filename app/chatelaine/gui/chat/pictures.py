"""Loads the pictures of a thread: those within its text, and its files.

A picture that lies somewhere else is never fetched by itself: whoever wrote the address would learn
when and from where it is read. It is asked for with `load_requested` once the user wants it.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from PySide6.QtCore import QObject, Signal

from chatelaine.gui.chat.blocks.sources import PictureLoad, PictureState
from chatelaine.gui.chat.delivery import Delivery

if TYPE_CHECKING:
    from collections.abc import Callable

    ReadFile: TypeAlias = Callable[[str, Callable[[bytes | None], None]], None]

_MOST_PICTURES: Final = 200
_MOST_MEMORY: Final = 192 * 1024 * 1024
_GROWTH: Final = 1.5
"""A picture is read anew once it is shown this much larger than it was read for."""
_REMOTE: Final = PictureLoad(PictureState.REMOTE)
_LOADING: Final = PictureLoad(PictureState.LOADING)
_MISSING: Final = PictureLoad(PictureState.MISSING)
_FILE: Final = "attachment:"


@dataclass(slots=True)
class _Entry:
    shown: PictureLoad
    data: bytes | None = None
    width: int = 0  # it was read to be shown so wide
    wanted: int = 0
    is_busy: bool = False

    @property
    def memory(self) -> int:
        image = self.shown.image
        return len(self.data or b"") + (image.sizeInBytes() if image is not None else 0)


@dataclass(frozen=True, slots=True)
class _Job:
    source: str
    data: bytes | None
    width: int


class PictureLoader(QObject):
    """Gives pictures, some time later if it must.

    Signals:
        ready: Pictures that were asked for are there now, or cannot be had.
        load_requested: The user wants to see what lies at this address; `supply` it.
    """

    ready = Signal()
    load_requested = Signal(str)

    def __init__(self, read: ReadFile | None = None, parent: QObject | None = None) -> None:
        """Make one that knows nothing yet.

        Args:
            read: Reads a file of the thread by its name, and then calls with its bytes, in the
                window's thread; with None where there is none.
            parent: What it belongs to.
        """
        super().__init__(parent)
        self._read = read
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._jobs: list[_Job] = []
        self._open = 0
        self._delivery = Delivery("pictures", self)
        self._delivery.arrived.connect(self._take)

    # ------------------------------------------------------------------ asking

    def find(self, source: str, width: int) -> PictureLoad:
        """Give a picture as it is now; what is not remote is loaded.

        Args:
            source: Its address, as it is written in the message.
            width: How wide it will be shown at most, in device pixels.
        """
        if (entry := self._entries.get(source)) is None:
            is_remote = source.startswith(("http://", "https://"))
            entry = self._entries[source] = _Entry(_REMOTE if is_remote else _LOADING)
            entry.wanted = width
            if not is_remote:
                self._begin(source, entry)
            return entry.shown
        self._entries.move_to_end(source)
        entry.wanted = max(entry.wanted, width)
        by_itself = entry.shown.width
        is_small = entry.width * _GROWTH < min(width, by_itself) or entry.width < width < by_itself
        if entry.shown.state is PictureState.SHOWN and is_small and not entry.is_busy:
            self._begin(source, entry)
        return entry.shown

    def load(self, source: str) -> None:
        """Fetch a picture that the user wants to see."""
        entry = self._entries.setdefault(source, _Entry(_REMOTE))
        if entry.shown.state in {PictureState.REMOTE, PictureState.MISSING}:
            entry.shown = _LOADING
            self.ready.emit()
            self.load_requested.emit(source)

    def supply(self, source: str, data: bytes | None) -> None:
        """Take the bytes of a picture that was fetched; None where that failed."""
        entry = self._entries.setdefault(source, _Entry(_LOADING))
        if data is None:
            entry.shown, entry.is_busy = _MISSING, False
            self.ready.emit()
            return
        entry.data = data
        self._decode(source, entry)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being read, but for what others fetch."""
        return not self._open

    def _begin(self, source: str, entry: _Entry) -> None:
        entry.is_busy = True
        if source.startswith("data:") or entry.data is not None:
            self._decode(source, entry)
        elif self._read is None:
            entry.shown = _MISSING
        else:
            name = source.removeprefix(_FILE)
            self._read(name, lambda data: self.supply(source, data))

    # ------------------------------------------------------------------ working

    def _decode(self, source: str, entry: _Entry) -> None:
        entry.is_busy = True
        self._open += 1
        self._jobs.append(_Job(source, entry.data, max(entry.wanted, 1)))
        self._start()

    def _start(self) -> None:
        if self._jobs and not self._delivery.is_busy:
            self._delivery.start(_decoded, self._jobs.pop())

    def _take(self, given: tuple[_Job], made: PictureLoad | None) -> None:
        self._finish(*given, made or PictureLoad(PictureState.DAMAGED))
        self._start()

    def _finish(self, job: _Job, made: PictureLoad) -> None:
        self._open -= 1
        entry = self._entries.get(job.source)
        if entry is None:
            return
        entry.shown, entry.width, entry.is_busy = made, job.width, False
        self._forget_old()
        self.ready.emit()

    def _forget_old(self) -> None:
        memory = sum(entry.memory for entry in self._entries.values())
        for source, entry in list(self._entries.items())[:-1]:
            if memory <= _MOST_MEMORY and len(self._entries) <= _MOST_PICTURES:
                return
            if entry.is_busy:
                continue
            memory -= entry.memory
            del self._entries[source]


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
