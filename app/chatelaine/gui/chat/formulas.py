"""Sets formulas in a worker thread, one after the other, the latest request first."""

from __future__ import annotations

from collections import OrderedDict
from math import ceil
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QByteArray, QObject, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from chatelaine.gui.chat.blocks.sources import FormulaPicture
from chatelaine.gui.chat.delivery import Delivery

if TYPE_CHECKING:
    from chatelaine.gui.chat.blocks.sources import FormulaRequest

_REMEMBERED: Final = 600
_MOST_PIXELS: Final = 24_000_000
"""Of all formulas that are remembered; each pixel takes four bytes."""
_WAITING: Final = 300
_LARGEST: Final = 4_000_000
"""Pixels of one formula."""
_TOGETHER: Final = 15
"""Milliseconds in which formulas that are done are told together."""
_AT_A_TIME: Final = 4
"""Formulas that are set before those that were asked for meanwhile have their turn."""
_CANNOT: Final = FormulaPicture(None)


class FormulaRenderer(QObject):
    """Gives pictures of formulas, some time later if it must.

    Signals:
        ready: Formulas that were asked for are there now, or cannot be set.
    """

    ready = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._known: OrderedDict[FormulaRequest, FormulaPicture] = OrderedDict()
        self._pixels = 0
        self._waiting: OrderedDict[FormulaRequest, None] = OrderedDict()
        self._open: set[FormulaRequest] = set()  # asked for and not told
        self._telling = QTimer(self, singleShot=True, interval=_TOGETHER)
        self._telling.timeout.connect(self.ready)
        self._delivery = Delivery("formulas", self)
        self._delivery.arrived.connect(self._take)

    def find(self, request: FormulaRequest) -> FormulaPicture | None:
        """Give a formula; None while it is being set."""
        if (known := self._known.get(request)) is not None:
            self._known.move_to_end(request)
            return known
        if request in self._waiting or request not in self._open:
            self._waiting[request] = None
            self._waiting.move_to_end(request)
            self._open.add(request)
        while len(self._waiting) > _WAITING:
            # What was asked for longest ago is no longer seen; if it is again, it is asked for.
            forgotten, _ = self._waiting.popitem(last=False)
            self._open.discard(forgotten)
        self._start()
        return None

    def forget(self) -> None:
        """Forget every formula, those that are being set included: the history is left."""
        for known in (self._known, self._waiting, self._open):
            known.clear()
        self._pixels = 0

    @property
    def is_idle(self) -> bool:
        """Whether all that was asked for is there, and told."""
        return not self._open and not self._telling.isActive()

    def _start(self) -> None:
        if self._waiting and not self._delivery.is_busy:
            count = min(len(self._waiting), _AT_A_TIME)
            requests = [self._waiting.popitem()[0] for _ in range(count)]
            self._delivery.start(_set_all, requests)

    def _take(self, given: tuple[list[FormulaRequest]], made: list[FormulaPicture] | None) -> None:
        (requests,) = given
        for request, picture in zip(requests, made or [_CANNOT] * len(requests), strict=True):
            self._finish(request, picture)
        self._start()

    def _finish(self, request: FormulaRequest, made: FormulaPicture) -> None:
        if request not in self._open:
            return  # it was forgotten meanwhile
        self._open.discard(request)
        self._known[request] = made
        self._pixels += _pixels(made)
        while len(self._known) > _REMEMBERED or self._pixels > _MOST_PIXELS:
            _, old = self._known.popitem(last=False)
            self._pixels -= _pixels(old)
        if not self._telling.isActive():
            self._telling.start()


def _pixels(picture: FormulaPicture) -> int:
    return picture.image.width() * picture.image.height() if picture.image is not None else 0


def _set_all(requests: list[FormulaRequest]) -> list[FormulaPicture]:
    return [_set(request) for request in requests]


def _set(request: FormulaRequest) -> FormulaPicture:
    # Imported here: it loads a font, which takes 0.2 s.
    from chatelaine.gui.chat import formula_setting

    try:
        drawing = formula_setting.draw(
            request.tex, request.pixels, request.colour, display=request.display
        )
    except formula_setting.CannotSetError:
        return _CANNOT
    width, height = ceil(drawing.width * request.ratio), ceil(drawing.height * request.ratio)
    if not 0 < width * height <= _LARGEST:
        return _CANNOT
    image = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    renderer = QSvgRenderer(QByteArray(drawing.svg))
    painter = QPainter(image)
    scale = request.ratio
    renderer.render(painter, QRectF(0, 0, drawing.width * scale, drawing.height * scale))
    painter.end()
    return FormulaPicture(image, width / scale, drawing.ascent, height / scale - drawing.ascent)
