"""Paints the rows that are seen: each as it is laid out, or by its shape where there is no time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from chatelaine.gui.chat.blocks.style import block_style
from chatelaine.gui.chat.row_layouts.controls import RowState
from chatelaine.gui.chat.row_layouts.sketch import draw_row
from chatelaine.gui.chat.rows import KINDS
from chatelaine.gui.chat.timeline_area import AROUND_ROW
from chatelaine.gui.theme import palette as palettes
from chatelaine.gui.theme.fonts import current_scale
from chatelaine.gui.theme.palette import colour

if TYPE_CHECKING:
    from chatelaine.gui.chat.hit_marks import HitMarks
    from chatelaine.gui.chat.laid_out_rows import AnyLayout
    from chatelaine.gui.chat.row_layouts.base import MarkedStretches
    from chatelaine.gui.chat.timeline_surface import TimelineSurface


class RowPainting:
    """Paints what a timeline shows.

    Attributes:
        phase: How far what moves in it has come.
    """

    def __init__(self, surface: TimelineSurface, hits: HitMarks) -> None:
        self.phase = 0
        self._surface = surface
        self._hits = hits

    def paint(self, painter: QPainter, area: QRectF) -> None:
        """Paint what lies in an area of the viewport."""
        painter.fillRect(area, colour(palettes.current().window))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rows = self._surface.laid_out
        for row in self._surface.visible_rows():
            origin = self._surface.origin(row)
            clip = area.translated(-origin)
            if rows.budget.is_limited and rows.made_layout(row) is None:
                self._sketch(painter, row)
                continue
            layout = rows.layout(row)
            if clip.bottom() < -AROUND_ROW or clip.top() > layout.height + AROUND_ROW:
                continue
            painter.save()
            painter.translate(origin)
            layout.draw(painter, clip, self.marks(row, layout), self._state(row))
            painter.restore()

    def marks(self, row: int, layout: AnyLayout) -> MarkedStretches:
        """Give what is marked in a row: what is selected there, and what was found."""
        return self._hits.marks(row, layout, self._surface.selection.marks(row, layout))

    def moving(self, row: int) -> QRectF | None:
        """Give where something moves in a row, on the viewport; None where nothing does."""
        layout = self._surface.laid_out.made_layout(row)
        if layout is None or layout.moving.isEmpty():
            return None
        return layout.moving.translated(self._surface.origin(row))

    def _sketch(self, painter: QPainter, row: int) -> None:
        laid_out, origin = self._surface.laid_out, self._surface.origin(row)
        rows = laid_out.model.rows
        height = laid_out.heights[row] - laid_out.gap(row)
        room = QRectF(origin.x(), origin.y(), laid_out.width, height)
        style = block_style(palettes.current(), current_scale())
        seen = QRectF(self._surface.viewport().rect())
        kind = KINDS[rows.kinds[row]]
        draw_row(painter, room, seen, style, kind=kind, chars=rows.chars[row])

    def _state(self, row: int) -> RowState:
        mouse, keys = self._surface.mouse, self._surface.keys
        is_current = keys.row == row and self._surface.hasFocus() and keys.shown
        is_under = mouse.row == row
        return RowState(
            revealed=is_under or is_current,
            ringed=is_current and keys.control is None,
            hovered=mouse.hovered if is_under else None,
            pressed=mouse.pressed if is_under else None,
            focused=keys.control if is_current else None,
            thanked=mouse.thanked(row),
            phase=self.phase,
        )
