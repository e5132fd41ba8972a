"""The epochs of a source side by side, in the order of time, after their stack."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QSizePolicy, QToolTip, QWidget

from astrotl_gui.core.epoch_proposal import date_text
from astrotl_gui.core.epoch_table import EpochTable

from . import theme
from .epoch_pixels import STACK, EpochPixels
from .epoch_signs import paint_sign, said, state_of
from .gallery_painter import badge_rect, paint_pixels, paint_ring

CELL, GAP, CAPTION, EDGE, BAR = 104, 8, 34, 4, 12
AFTER_STACK = 12


class EpochStrip(QAbstractScrollArea):
    """`chosen(number)`: a click on an epoch. The ring is around what is shown, which blinking moves."""

    chosen = Signal(int)

    def __init__(self, pixels: EpochPixels, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pixels = pixels
        self._table: EpochTable | None = None
        self._row = 0
        self.shown = 0
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.viewport().setAutoFillBackground(False)
        self.viewport().setMouseTracking(True)
        self.setAccessibleName("Epochs")
        self.horizontalScrollBar().valueChanged.connect(lambda _: self.viewport().update())
        pixels.ready.connect(self.viewport().update)

    def show_source(self, table: EpochTable, row: int, shown: int) -> None:
        """Show the epochs of the source in a row of the table, this one in front."""
        other = (table.ids[row], table.names) != (self._table and self._table.ids[self._row],
                                                  self._table and self._table.names)  # fmt: skip
        self._table, self._row = table, row
        self._fit()
        self.set_shown(shown, follow=other or shown != self.shown)

    def set_shown(self, number: int, follow: bool = True) -> None:
        """Ring an epoch, and with `follow` bring it into view."""
        self.shown = number
        if self._table is None:
            return
        fact = self._table.facts[number]
        place = f"Epoch {number + 1} of {len(self._table.facts)}, {fact.name}"
        self.setAccessibleDescription(f"{place}. {said(self._table, self._row, number)}")
        if follow:
            bar, left = self.horizontalScrollBar(), self._left(number)
            room = self.viewport().width() - CELL - 2 * EDGE
            bar.setValue(min(max(bar.value(), left - EDGE - room), left - EDGE))
        self.viewport().update()

    def _left(self, number: int) -> int:
        """Where a cell begins, before scrolling; the stack is at the very left."""
        return EDGE if number == STACK else EDGE + (number + 1) * (CELL + GAP) + AFTER_STACK

    def cell(self, number: int) -> QRect:
        """The cutout of an epoch, or of the STACK, in the viewport."""
        return QRect(self._left(number) - self.horizontalScrollBar().value(), EDGE, CELL, CELL)

    def number_at(self, at: QPoint) -> int | None:
        """Which epoch is at a point of the viewport; None for none and for the stack."""
        count = len(self._table.facts) if self._table is not None else 0
        tall = theme.scaled(CAPTION)
        return next((k for k in range(count) if self.cell(k).adjusted(0, 0, 0, tall).contains(at)), None)

    def sizeHint(self) -> QSize:
        return QSize(600, CELL + 2 * EDGE + theme.scaled(CAPTION) + BAR)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()
        self.set_shown(self.shown)

    def _fit(self) -> None:
        count = len(self._table.facts) if self._table is not None else 0
        whole = self._left(count) - GAP + EDGE
        self.horizontalScrollBar().setRange(0, max(0, whole - self.viewport().width()))
        self.horizontalScrollBar().setPageStep(self.viewport().width())
        self.horizontalScrollBar().setSingleStep(CELL + GAP)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        number = self.number_at(event.position().toPoint())
        if number is not None and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(number)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        number = self.number_at(event.position().toPoint())
        if number is not None and self._table is not None:
            fact = self._table.facts[number]
            words = f"{fact.name}\nMJD {fact.mjd:.5f}\n{said(self._table, self._row, number)}"
            QToolTip.showText(event.globalPosition().toPoint(), words, self.viewport(), self.cell(number))

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._table is None:
            return
        painter = QPainter(self.viewport())
        self._paint_one(painter, STACK)
        line = self._left(0) - (GAP + AFTER_STACK) / 2 - self.horizontalScrollBar().value()
        painter.fillRect(QRectF(line, EDGE, 1, CELL), theme.color("line"))
        for number in range(len(self._table.facts)):
            if self.cell(number).intersects(self.viewport().rect()):
                self._paint_one(painter, number)

    def _paint_one(self, painter: QPainter, number: int) -> None:
        assert self._table is not None
        square = self.cell(number)
        paint_pixels(painter, square, self._pixels.picture(number))
        above, below = "Stack", "of all epochs"
        if number != STACK:
            fact = self._table.facts[number]
            above, below = date_text(fact.mjd)[:10], fact.name
            paint_sign(painter, badge_rect(square), state_of(self._table, self._row, number))
            if number == self.shown:
                paint_ring(painter, square)
        lines = ((above, 600, "text" if number == self.shown else "text2"), (below, 400, "text3"))
        top = square.bottom() + 5
        for text, weight, tone in lines:
            painter.setFont(theme.font(11, weight))
            painter.setPen(theme.color(tone))
            box = QRectF(square.left() + 2, top, square.width() - 2, theme.scaled(14))
            shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, int(box.width()))
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, shown)
            top += theme.scaled(14)
