"""The page of cutouts: a click keeps, keys move within the page, nothing scrolls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from astrotl_gui.core.labels import Label

from . import theme
from .cull_grid import page_grid, page_size
from .gallery import Gallery
from .gallery_layout import GridLayout
from .gallery_painter import Cell, badge_rect, paint_badge, paint_pixels, paint_ring
from .models import CandidateModel
from .thumbnails import Thumbnails

SIDES = (72, 84, 98, 118, 140, 168, 200, 240)
"""Wanted sides [px] of a cutout; the page takes the nearest that fills it."""
FIRST_SIDE = 118


class CullWall(Gallery):
    """A page of whole rows. `kept(id)`: a click on a cutout; `room_changed()`: other columns or rows fit now."""

    kept = Signal(int)
    room_changed = Signal()

    def __init__(
        self,
        model: CandidateModel,
        thumbnails: Thumbnails,
        label_of: Callable[[int], Label | None],
        parent: QWidget | None = None,
    ) -> None:
        self.wanted = FIRST_SIDE
        self.ahead: list[int] = []
        super().__init__(model, thumbnails, label_of, parent)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    # -- layout ---

    @property
    def grid(self) -> GridLayout:
        room = self.viewport().size()
        return page_grid(len(self.model), room.width(), room.height(), theme.scaled(self.wanted))

    @property
    def capacity(self) -> int:
        """How many cutouts a full page has."""
        room = self.viewport().size()
        return page_size(room.width(), room.height(), theme.scaled(self.wanted))

    def set_side(self, wanted: int) -> None:
        """Cutouts about so wide [px at text size 100 %]."""
        if wanted != self.wanted:
            self.wanted = wanted
            self._lay_out()
            self.room_changed.emit()

    def resize_cutouts(self, by: int) -> None:
        """Larger (+1) or smaller (−1) cutouts: the next size that changes the page."""
        before, wanted = self.capacity, self.wanted
        for side in SIDES if by > 0 else SIDES[::-1]:
            if (side - wanted) * by > 0:
                self.wanted = side
                if self.capacity != before:
                    break
        if self.capacity == before:
            self.wanted = wanted
        chosen, self.wanted = self.wanted, wanted
        self.set_side(chosen)

    def show_row(self, row: int) -> None:
        """Every row is in view."""

    def _lay_out(self) -> None:
        self.verticalScrollBar().setRange(0, 0)
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._lay_out()
        self.room_changed.emit()

    def sizeHint(self) -> QSize:
        return QSize(600, 400)

    # -- painting ---

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        rows = range(len(self.model))
        self._ask_for_pixels(rows)
        for row in rows:
            self._paint_cutout(painter, self.square(row), self.cell(row))

    def _paint_cutout(self, painter: QPainter, square: QRect, cell: Cell) -> None:
        paint_pixels(painter, square, cell.picture, cell.coarse)
        if cell.label is not None:
            if cell.label.value == "positive":
                paint_ring(painter, square, theme.SKY.yes, gap=-2)
            paint_badge(painter, badge_rect(square), _signed(cell.label))
        if cell.selected:
            paint_ring(painter, square)

    def _ask_for_pixels(self, rows: range) -> None:
        """This page, nearest to the current one first, then what the next may show."""
        asked = (rows, self.current_row, self.grid.size, self.devicePixelRatioF())
        if asked == self._asked:
            return
        self._asked = asked
        near = sorted(rows, key=lambda row: abs(row - max(self.current_row, 0)))
        side = self._pixels
        ahead = [self.thumbnails.stamp(source, side) for source in self.ahead]
        self.thumbnails.want(self._stamps(near), ahead=ahead)

    def expect(self, ids: list[int]) -> None:
        """Have the pixels of these read once those of the page are."""
        if ids != self.ahead:
            self.ahead = ids
            self._ask_again()

    # -- mouse ---

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row, held = self.row_at(event.position()), event.modifiers()
        if event.button() != Qt.MouseButton.LeftButton or row < 0:
            return
        if held & (Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier):
            super().mousePressEvent(event)
            return
        self._choose(row)
        self.kept.emit(self.model.id_at(row))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Two quick clicks are two clicks: kept, and not."""
        self.mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        over = self.row_at(event.position()) >= 0
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)

    def _action_at(self, position: QPointF, row: int) -> str:
        return ""


def _signed(label: Label) -> Label:
    """A page is for keeping, not for grading: certain is ✓, no is ✕."""
    return replace(label, grade="") if label.grade in ("A", "X") else label
