"""Rows of a sum: a name, a signed bar and a value each, some with the cutout they come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRect, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from astrotl_gui.core.labels import Label

from . import theme
from .gallery_painter import paint_badge, paint_pixels
from .thumbnails import Stamp, Thumbnails

ROW, EXAMPLE, THUMB, BAR, BADGE = 24, 52, 44, 4, 14
NAME_SHARE = 0.56
MIDDLE = Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True)
class Addend:
    """One row: `value` to the right of zero towards yes, to the left towards no; `source` has a cutout."""

    name: str
    value: float
    source: int | None = None
    label: Label | None = None
    stamp: Stamp | None = None


def signed(value: float) -> str:
    """ "+0.42", "−0.10"."""
    return f"{value:+.2f}".replace("-", "−")


class SumRows(QWidget):
    """Addends below each other, their bars on one scale. `chosen(source)`: the user clicked one with a cutout."""

    chosen = Signal(int)

    def __init__(self, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails
        self.rows: list[Addend] = []
        thumbnails.ready.connect(lambda _: self.update())

    def show_rows(self, rows: Sequence[Addend]) -> None:
        self.rows = list(rows)
        self.setAccessibleName(", ".join(f"{row.name} {signed(row.value)}" for row in rows))
        tall = any(row.source is not None for row in rows)
        self.setCursor(Qt.CursorShape.PointingHandCursor if tall else Qt.CursorShape.ArrowCursor)
        self.setFixedHeight(sum(self._height(row) for row in rows))
        self.update()

    @staticmethod
    def _height(row: Addend) -> int:
        return theme.scaled(EXAMPLE if row.source is not None else ROW)

    def _boxes(self) -> list[QRect]:
        top, boxes = 0, []
        for row in self.rows:
            boxes.append(QRect(0, top, self.width(), self._height(row)))
            top += self._height(row)
        return boxes

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        most = max((abs(row.value) for row in self.rows), default=0.0) or 1.0
        for row, box in zip(self.rows, self._boxes(), strict=True):
            if row.source is None:
                self._paint_line(painter, QRectF(box), row, most)
            else:
                self._paint_example(painter, box, row, most)

    def _paint_line(self, painter: QPainter, box: QRectF, row: Addend, most: float) -> None:
        value = theme.scaled(44)
        name = round(NAME_SHARE * box.width())
        _write(painter, QRectF(box.left(), box.top(), name, box.height()), row.name, "text2")
        _write(painter, box, signed(row.value), "text", right=True)
        bar = QRectF(name + 8, box.center().y() - BAR / 2, box.width() - name - 8 - value, BAR)
        paint_signed(painter, bar, row.value / most)

    def _paint_example(self, painter: QPainter, box: QRect, row: Addend, most: float) -> None:
        side = theme.scaled(THUMB)
        square = QRect(box.left(), box.top(), side, side)
        stamp = row.stamp
        if stamp is not None:
            picture = self._thumbnails.picture(stamp)
            paint_pixels(
                painter, square, picture, self._thumbnails.coarse(stamp) if picture is None else None
            )
        if row.label is not None:
            paint_badge(painter, _badge_rect(square), row.label)
        beside = QRectF(square.right() + 11, box.top(), box.width() - side - 11, side)
        line = beside.adjusted(0, 4, 0, -side / 2)
        _write(painter, line, row.name, "text2")
        _write(painter, line, signed(row.value), "text", right=True)
        paint_signed(
            painter, QRectF(beside.left(), beside.center().y() + 7, beside.width(), BAR), row.value / most
        )

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = event.position().toPoint()
        for row, box in zip(self.rows, self._boxes(), strict=True):
            if box.contains(place) and row.source is not None:
                self.chosen.emit(row.source)
                return


def _badge_rect(square: QRect) -> QRectF:
    """Smaller than a list's, and in the corner, so that it leaves room for the source."""
    side = theme.scaled(BADGE)
    return QRectF(square.right() - side, square.top() + 2, side, side)


def paint_signed(painter: QPainter, bar: QRectF, share: float) -> None:
    """A bar about its middle: `share` −1…1 of a half, in the colour of yes to the right, of no to the left."""
    t, radius = theme.tokens(), bar.height() / 2
    theme.paint_box(painter, bar, t.hover, None, radius)
    reach = min(abs(share), 1.0) * bar.width() / 2
    filled = QRectF(bar)
    filled.setWidth(max(reach, 1.0))
    filled.moveLeft(bar.center().x() if share >= 0 else bar.center().x() - filled.width())
    theme.paint_box(painter, filled, theme.color("yes" if share >= 0 else "no"), None, 0)
    zero = QRectF(bar.center().x() - 0.5, bar.top() - 2, 1, bar.height() + 4)
    theme.paint_box(painter, zero, theme.color("text2"), None, 0)


def _write(painter: QPainter, box: QRectF, text: str, tone: str, right: bool = False) -> None:
    painter.setFont(theme.font(12, 500))
    painter.setPen(theme.color(tone))
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(box.width()))
    painter.drawText(
        box, (Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft) | MIDDLE, shown
    )
