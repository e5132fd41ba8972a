"""The strip below the candidate: colour and each band, of which one is shown large."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from astrotl_gui.core.stretch import COLOUR

from . import theme
from .gallery_painter import paint_pixels, paint_ring
from .sky_ink import write
from .thumbnails import Stamp, Thumbnails

HEIGHT, LARGEST, GAP, REACH = 138, 128, 8, 4


class VetBands(QWidget):
    """Small pictures of one source, named; the mode shown large has a ring. `chosen(mode)` on a click."""

    chosen = Signal(str)

    def __init__(self, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails
        self._items: list[tuple[str, Stamp]] = []
        self._mode, self._hover = "", -1
        self.setMouseTracking(True)
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        thumbnails.ready.connect(lambda _: self.update())

    def show_items(self, items: list[tuple[str, Stamp]], mode: str) -> None:
        """Show (mode, stamp) pairs; `mode` is the one shown large."""
        self._items, self._mode = items, mode
        self.setAccessibleName(", ".join(_name(name) for name, _ in items))
        self.setAccessibleDescription(f"{_name(mode)} is shown")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(300, HEIGHT)

    def square(self, index: int) -> QRect:
        """Where one of them is drawn."""
        count = max(1, len(self._items))
        side = min(LARGEST, (self.width() - 2 * REACH - (count - 1) * GAP) // count)
        return QRect(REACH + index * (side + GAP), REACH, side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        for index, (mode, stamp) in enumerate(self._items):
            square = self.square(index)
            picture = self._thumbnails.picture(stamp)
            coarse = self._thumbnails.coarse(stamp) if picture is None else None
            paint_pixels(painter, square, picture, coarse)
            left = QPointF(square.left() + 8, square.bottom() - 10)
            room = square.width() - 12
            shown = painter.fontMetrics().elidedText(_name(mode), Qt.TextElideMode.ElideRight, room)
            write(painter, left, shown, px=11, weight=500)
            if mode == self._mode or index == self._hover:
                paint_ring(painter, square, "" if mode == self._mode else theme.tokens().border)

    def _at(self, event: QMouseEvent) -> int:
        position = event.position().toPoint()
        return next((i for i in range(len(self._items)) if self.square(i).contains(position)), -1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self._at(event)
        if index >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(self._items[index][0])

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(self._at(event))

    def leaveEvent(self, event: QEvent) -> None:
        self._point(-1)

    def _point(self, index: int) -> None:
        if index != self._hover:
            self._hover = index
            self.update()


def _name(mode: str) -> str:
    return "Colour" if mode == COLOUR else mode
