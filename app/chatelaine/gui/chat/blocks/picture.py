"""A picture, or a frame that says why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QGuiApplication, QPainter, QPainterPath, QPixmap

from chatelaine.gui.chat.blocks.layout import (
    BlockLayout,
    Control,
    Units,
    draw_border,
    frame_path,
    mark_colour,
)
from chatelaine.gui.chat.blocks.sources import PictureLoad, PictureState
from chatelaine.gui.overriding import override
from chatelaine.gui.theme import fonts, icons
from chatelaine.gui.theme.palette import colour
from chatelaine.markup.blocks import described

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatelaine.gui.chat.blocks.layout import Marked
    from chatelaine.gui.chat.blocks.sources import BlockSources
    from chatelaine.gui.chat.blocks.style import BlockStyle
    from chatelaine.markup.blocks import Picture

FRAME: Final = 60.0
"""The height of the frame in which there is no picture, in pixels at scale 1."""
_HIGHEST: Final = 480.0
_WIDEST_FRAME: Final = 520.0
_PAD: Final = 14.0
_SYMBOL: Final = 20.0
_BUTTON_HEIGHT: Final = 30.0
_BUTTON_SIDE: Final = 12.0
_LEAST_WORDS: Final = 170.0
_VEIL: Final = 0.45
_LONGEST_HOST: Final = 60
_NOT_SHOWN: Final = {
    PictureState.LOADING: "Loading…",
    PictureState.MISSING: "This picture could not be loaded",
    PictureState.DAMAGED: "This picture is damaged",
    PictureState.TOO_LARGE: "This picture is too large",
}


class PictureBlock(BlockLayout):
    """A picture. Its places are those of the words that stand for it."""

    def __init__(self, picture: Picture, style: BlockStyle, sources: BlockSources) -> None:
        super().__init__()
        self._style = style
        self._sources = sources
        self._source = picture.source
        self._title = picture.title
        self._description = picture.description
        self._units = Units(described(picture.description))
        self.length = self._units.length
        self._load = PictureLoad(PictureState.MISSING)
        self._ratio = 1.0
        self._width = 0.0
        self._shown = QSizeF()
        self._pixmap: QPixmap | None = None

    def _ask(self) -> PictureLoad | None:
        """Have it loaded if it is not there: only for what is seen, or soon will be."""
        if self._sources.pictures is None:
            return None
        return self._sources.pictures.find(self._source, round(self._width * self._ratio))

    def _take(self, load: PictureLoad | None) -> None:
        if load is not None:
            if load.image is not self._load.image:
                self._pixmap = None
            self._load = load

    def _look(self) -> None:
        if self._sources.pictures is not None:
            self._take(self._sources.pictures.look(self._source))

    @override
    def set_width(self, width: float) -> None:
        is_first, self._width = not self._width, width
        if is_first:
            self._ratio = QGuiApplication.instance().devicePixelRatio()  # type: ignore[union-attr]  # blocks are drawn by an application
            self._take(self._ask())
        else:
            self._look()
        self._arrange()

    def _arrange(self) -> None:
        load = self._load
        if not load.width:
            self._shown = QSizeF(min(self._width, self._style.px(_WIDEST_FRAME)), self._frame())
        else:
            highest = self._style.px(_HIGHEST)
            factor = min(1.0, self._width / load.width, highest / load.height)
            self._shown = QSizeF(
                max(round(load.width * factor), 1), max(round(load.height * factor), 1)
            )
        self.height = self._shown.height()
        self.natural_width = self._shown.width()

    def _frame(self) -> float:
        height = self._style.px(FRAME)
        return height + self._style.px(_BUTTON_HEIGHT + 8) if self._stands_below() else height

    @property
    def _can_load(self) -> bool:
        """Whether the user can have it fetched, for the first time or again."""
        is_missing = self._load.state is PictureState.MISSING
        return self._load.state is PictureState.REMOTE or (is_missing and bool(self._host))

    def _stands_below(self) -> bool:
        """Tell whether there is no room for the button beside the words."""
        if not self._can_load:
            return False
        room = min(self._width, self._style.px(_WIDEST_FRAME)) - self._button_width()
        return room - 3 * _PAD - self._style.px(_SYMBOL) < self._style.px(_LEAST_WORDS)

    @override
    def refresh(self) -> bool:
        if not self._width:
            return False
        before, load = self.height, self._load
        # What is out of sight may be gone meanwhile, and is not asked for: else what there is no
        # room for would be loaded for ever, each time in the place of something else.
        self._look()
        if (self._load.state, self._load.image) != (load.state, load.image):
            self.revision += 1
        self._arrange()
        return self.height != before

    # ------------------------------------------------------------------ controls

    @property
    def _host(self) -> str:
        try:
            host = urlsplit(self._source).hostname or ""
        except ValueError:
            host = ""
        return host if len(host) <= _LONGEST_HOST else f"…{host[-_LONGEST_HOST:]}"

    def _button_width(self) -> float:
        font = fonts.text_font(fonts.INTERFACE_PX * self._style.scale)
        words = QFontMetricsF(font).horizontalAdvance("Load picture")
        return float(round(words)) + 2 * self._style.px(_BUTTON_SIDE)

    @override
    def controls(self) -> list[Control]:
        if self._load.width:
            words = f"Open picture: {self._description}" if self._description else "Open picture"
            return [Control("open", words, QRectF(QPointF(0, 0), self._shown))]
        if not self._can_load:
            return []
        width, height = self._button_width(), self._style.px(_BUTTON_HEIGHT)
        if self._stands_below():
            left = min(2 * _PAD + self._style.px(_SYMBOL) - 2, self._shown.width() - width - 4)
            rect = QRectF(left, self.height - height - 12, width, height)
        else:
            rect = QRectF(
                self._shown.width() - width - _PAD, (self.height - height) / 2, width, height
            )
        words = f"Load picture from {self._host}" if self._host else "Load picture"
        return [Control("load", words, rect, "", "Load picture")]

    @override
    def hint_at(self, point: QPointF) -> str:
        if self._can_load:
            return self._source
        return self._title or self._description

    # ------------------------------------------------------------------ drawing

    @override
    def draw(self, painter: QPainter, clip: QRectF, marked: Sequence[Marked]) -> None:
        ratio = painter.device().devicePixelRatio()
        if ratio != self._ratio:
            self._ratio, self._pixmap = ratio, None
        self._ask()  # `refresh` takes it when it is there
        painter.save()
        whole = QRectF(QPointF(0, 0), self._shown)
        path = frame_path(whole.width(), whole.height(), clip)
        if self._load.image is None and self._load.width:
            self._draw_place(painter, path, whole)
        elif self._load.image is None:
            self._draw_frame(painter, path, marked)
        else:
            painter.save()
            painter.setClipPath(path, Qt.ClipOperation.IntersectClip)
            painter.drawPixmap(whole.topLeft(), self._scaled())
            for mark in marked:
                if mark.start < mark.end:
                    veil = colour(mark_colour(mark.kind, self._style).name()).toRgb()
                    veil.setAlphaF(_VEIL)
                    painter.fillRect(whole, veil)
            painter.restore()
        draw_border(painter, path, self._style)
        painter.restore()

    def _scaled(self) -> QPixmap:
        if self._pixmap is None:
            self._pixmap = _fitted(self._load, self._shown, self._ratio)
        return self._pixmap

    def _draw_place(self, painter: QPainter, path: QPainterPath, whole: QRectF) -> None:
        """Draw where a picture is that was let go of, until it is there again."""
        palette, size = self._style.palette, self._style.px(_SYMBOL)
        painter.fillPath(path, colour(palette.code))
        if min(whole.width(), whole.height()) > 2 * size:
            symbol = QRectF(0, 0, size, size)
            symbol.moveCenter(whole.center())
            icons.paint(painter, "picture", palette.text_muted, symbol)

    def _draw_frame(self, painter: QPainter, path: QPainterPath, marked: Sequence[Marked]) -> None:
        palette, style = self._style.palette, self._style
        painter.fillPath(path, colour(palette.code))
        height, size = style.px(FRAME), style.px(_SYMBOL)
        icons.paint(
            painter,
            "picture",
            palette.text_muted,
            QRectF(_PAD, (height - size) / 2, size, size),
        )
        left = 2 * _PAD + size - 2
        controls = self.controls()
        right = self._shown.width() - _PAD
        if controls and not self._stands_below():
            right = controls[0].rect.left() - _PAD
        above, below = self._words()
        metrics = QFontMetricsF(style.cell.font), QFontMetricsF(style.small)
        total = metrics[0].height() + 2 + metrics[1].height()
        top = (height - total) / 2
        for text, font, ink, lines in (
            (above, style.cell.font, palette.text, metrics[0]),
            (below, style.small, palette.text_muted, metrics[1]),
        ):
            painter.setFont(font)
            line = QRectF(left, top, max(right - left, 0.0), lines.height())
            shown = lines.elidedText(text, Qt.TextElideMode.ElideRight, line.width())
            if text is above:
                for mark in marked:
                    if mark.start < mark.end:
                        ground = QRectF(line)
                        ground.setWidth(lines.horizontalAdvance(shown))
                        painter.fillRect(ground, mark_colour(mark.kind, style))
            painter.setPen(colour(ink))
            painter.drawText(line, int(Qt.AlignmentFlag.AlignVCenter), shown)
            top += lines.height() + 2

    def _words(self) -> tuple[str, str]:
        """Give what the frame says: what the picture shows, and why it does not."""
        if self._load.state is PictureState.REMOTE:
            reason = f"On {self._host}" if self._host else "Somewhere else"
        else:
            reason = _NOT_SHOWN.get(self._load.state, "")
        return self._description or "Image", reason

    # ------------------------------------------------------------------ places

    @property
    @override
    def text(self) -> str:
        return self._units.text

    @override
    def rects(self, start: int, end: int) -> list[QRectF]:
        return [QRectF(QPointF(0, 0), self._shown)] if start < end else []

    @override
    def position_at(self, point: QPointF) -> int:
        return 0 if point.x() < self._shown.width() / 2 else self.length

    @override
    def selected_text(self, start: int, end: int) -> str:
        return self._units.slice(start, end)

    @override
    def word_at(self, position: int) -> tuple[int, int]:
        return 0, self.length

    @override
    def first_baseline(self) -> float:
        return min(self._shown.height(), self._style.px(_SYMBOL))


def _fitted(load: PictureLoad, size: QSizeF, ratio: float) -> QPixmap:
    assert load.image is not None  # noqa: S101  only asked for what is shown
    pixels = (size * ratio).toSize()
    made = QPixmap.fromImage(
        load.image.scaled(
            pixels, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        if load.image.size() != pixels
        else load.image
    )
    made.setDevicePixelRatio(ratio)
    return made
