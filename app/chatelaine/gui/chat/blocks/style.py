"""Fonts, measures and colours with which the blocks of a message are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from PySide6.QtGui import QColor, QFont, QFontMetricsF, QTextCharFormat

from chatelaine.gui.theme import fonts
from chatelaine.gui.theme.palette import Palette, colour
from chatelaine.markup.highlight import Tint

if TYPE_CHECKING:
    from collections.abc import Mapping

_HEADINGS: Final = (1.4, 1.2, 1.1, 1.0, 1.0, 1.0)
_LINE: Final = 1.6
_CODE_LINE: Final = 1.55
_TAB: Final = 4
_PANGRAM: Final = "The five boxing wizards jump quickly; how is it that they are not afraid at all?"


@dataclass(frozen=True, slots=True)
class TextStyle:
    """How a run of words is set.

    Attributes:
        font: The font of what has no span of its own.
        code_font: The font of code within it.
        line_height: From one line to the next, in pixels, unless a line needs more.
        colour: The colour of the words.
        average: The usual width of a character, in pixels.
        base: How far below the top of a line its words stand.
        tab: How wide a tab is, in pixels: as wide as four spaces.
    """

    font: QFont
    code_font: QFont
    line_height: float
    colour: QColor
    average: float
    base: float
    tab: float


@dataclass(frozen=True, slots=True)
class BlockStyle:
    """All that the layouts need to know. Two messages of the same look share one.

    Attributes:
        palette: The colours.
        scale: The text size; 1.0 is the usual.
        body: Paragraphs.
        cell: The cells of a table.
        cell_head: The head of a table.
        headings: Headings, level 1 first.
        code: The font of code blocks.
        code_line: The height of a line of code.
        code_advance: The width of a character of code.
        small: The font of labels.
        tints: The looks of the kinds of code. They are shared: do not change them.
    """

    palette: Palette
    scale: float
    body: TextStyle
    cell: TextStyle
    cell_head: TextStyle
    headings: tuple[TextStyle, ...]
    code: QFont
    code_line: float
    code_advance: float
    small: QFont
    tints: Mapping[Tint, QTextCharFormat]

    def px(self, pixels: float) -> float:
        """Scale a length with the text, to whole pixels."""
        return float(round(pixels * self.scale))


class Voice(StrEnum):
    """How loud a text is."""

    NORMAL = "normal"
    NOTE = "note"  # smaller
    ASIDE = "aside"  # smaller and paler


def _tinted(palette: Palette, tint: Tint) -> QTextCharFormat:
    look = QTextCharFormat()
    look.setForeground(colour(getattr(palette, f"code_{tint.value}")))
    if tint is Tint.COMMENT:
        look.setFontItalic(True)
    return look


@lru_cache(maxsize=16)
def block_style(palette: Palette, scale: float, voice: Voice = Voice.NORMAL) -> BlockStyle:
    """Make the style of a message.

    Args:
        palette: The colours.
        scale: The text size; 1.0 is the usual.
        voice: How loud the text is.
    """
    body_px = (fonts.MESSAGE_PX if voice is Voice.NORMAL else fonts.MESSAGE_PX - 1) * scale
    ink = colour(palette.text_muted if voice is Voice.ASIDE else palette.text)
    code = fonts.code_font(fonts.CODE_PX * scale)
    cell_px = min(body_px, (fonts.MESSAGE_PX - 1) * scale)
    return BlockStyle(
        palette=palette,
        scale=scale,
        body=_text_style(body_px, ink),
        cell=_text_style(cell_px, ink, line=1.5),
        cell_head=_text_style(cell_px, ink, QFont.Weight.DemiBold, line=1.5),
        headings=tuple(
            _text_style(body_px * factor, ink, QFont.Weight.DemiBold, line=1.35)
            for factor in _HEADINGS
        ),
        code=code,
        code_line=float(round(code.pixelSize() * _CODE_LINE)),
        code_advance=QFontMetricsF(code).horizontalAdvance("0"),
        small=fonts.text_font((fonts.MESSAGE_PX - 2) * scale),
        tints={tint: _tinted(palette, tint) for tint in Tint},
    )


def _text_style(
    pixels: float,
    ink: QColor,
    weight: QFont.Weight = QFont.Weight.Normal,
    *,
    line: float = _LINE,
) -> TextStyle:
    font = fonts.text_font(pixels, weight)
    code_font = fonts.code_font(pixels * 0.87)
    metrics = QFontMetricsF(font)
    average = metrics.horizontalAdvance(_PANGRAM) / len(_PANGRAM)
    height = float(round(font.pixelSize() * line))
    base = (height - metrics.ascent() - metrics.descent()) / 2 + metrics.ascent()
    tab = _TAB * metrics.horizontalAdvance(" ")
    return TextStyle(font, code_font, height, ink, average, base, tab)
