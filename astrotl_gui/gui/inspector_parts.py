"""The parts of the inspector: large cutout, strip of bands, label buttons, rows of ranks and of facts."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from astrotl_gui.core.labels import Label

from . import theme
from .controls import Button
from .gallery_painter import badge_rect, paint_badge, paint_dashes, paint_pixels, paint_score
from .sky_ink import INK, lines, stroke, write
from .thumbnails import Stamp, Thumbnails

ROW = 22
SCALE_SHARE = 0.5
"""Longest scale bar, as a share of the cutout's side."""


class CutoutPanel(QWidget):
    """One large cutout with its scale bar; a frame marks the cutout in a wider view."""

    def __init__(self, thumbnails: Thumbnails, side: int = 0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails
        self.stamp: Stamp | None = None
        self.label: Label | None = None
        self.frame = 0.0
        if side:
            self.setFixedSize(theme.scaled(side), theme.scaled(side))
        else:
            self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._square = bool(side)
        thumbnails.ready.connect(lambda _: self.update())

    def show_stamp(self, stamp: Stamp | None, label: Label | None = None, frame: float = 0.0) -> None:
        """Show a cutout, its badge, and a frame of `frame` arcsec."""
        self.stamp, self.label, self.frame = stamp, label, frame
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        if not self._square and self.height() != self.width():
            self.setFixedHeight(self.width())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, square = QPainter(self), self.rect()
        if self.stamp is None:
            paint_dashes(painter, square)
            return
        picture = self._thumbnails.picture(self.stamp)
        paint_pixels(
            painter, square, picture, self._thumbnails.coarse(self.stamp) if picture is None else None
        )
        if picture is not None and picture.image is None:
            return
        if self.frame:
            paint_frame(painter, square, self.frame / self.stamp.size)
        paint_scale(painter, square, self.stamp.size)
        if self.label is not None:
            paint_badge(painter, badge_rect(square), self.label)


def paint_frame(painter: QPainter, square: QRect, share: float) -> None:
    """A square about the middle that takes up `share` of the side."""
    side = square.width() * share
    frame = QRectF(0, 0, side, side)
    frame.moveCenter(QRectF(square).center())
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, width in ((theme.SKY.behind_sky, 3.0), (INK, 1.5)):
        painter.setPen(QPen(QColor(colour), width))
        painter.drawRect(frame)


def scale_length(size: float) -> float:
    """The longest round angle [arcsec] that fits half a cutout of `size` arcsec: 1, 2, 3 or 5 × 10^k."""
    candidates = (step * 10.0**power for power in range(-3, 5) for step in (1, 2, 3, 5))
    return max(length for length in candidates if length <= SCALE_SHARE * size)


def scale_text(arcsec: float) -> str:
    """An angle with its sign: "3″", "0.5″", "2′"."""
    return f"{arcsec / 60:g}′" if arcsec >= 60 and arcsec % 60 == 0 else f"{arcsec:g}″"


def paint_scale(painter: QPainter, square: QRect, size: float) -> None:
    """The scale bar at the lower left of a cutout of `size` arcsec."""
    arcsec = scale_length(size)
    length = square.width() * arcsec / size
    x, y = square.left() + 12.0, square.bottom() - 13.0
    stroke(
        painter, lines((x, y, x + length, y), (x, y - 5, x, y + 5), (x + length, y - 5, x + length, y + 5))
    )
    write(
        painter,
        QPointF(x + length / 2, y - 13),
        scale_text(arcsec),
        px=11,
        align=Qt.AlignmentFlag.AlignHCenter,
    )


class BandStrip(QWidget):
    """Each band of the source in grey and a wider view, small. `pointed(mode)`: under the pointer now, "" none."""

    pointed = Signal(str)

    def __init__(self, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails
        self._items: list[tuple[str, Stamp]] = []
        self._frame = 0.0
        self._hover = -1
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        thumbnails.ready.connect(lambda _: self.update())

    def show_items(self, items: Sequence[tuple[str, Stamp]], frame: float) -> None:
        """Show (name, stamp) pairs, the wide view last; `frame`: the cutout's share of it, 1 without wide view."""
        self._items, self._frame = list(items), frame
        self.setAccessibleName(", ".join(name for name, _ in items))
        self._fit()
        self.update()

    @property
    def columns(self) -> int:
        """Squares in a row: all up to six, else two rows."""
        count = len(self._items)
        return max(4, count if count <= 6 else -(-count // 2))

    def square(self, index: int) -> QRect:
        gap = 6 if self.columns <= 4 else 4
        side = (self.width() - (self.columns - 1) * gap) // self.columns
        row, column = divmod(index, self.columns)
        return QRect(column * (side + gap), row * (side + theme.scaled(20)), side, side)

    def _fit(self) -> None:
        rows = -(-len(self._items) // self.columns) or 1
        self.setFixedHeight(rows * (self.square(0).height() + theme.scaled(20)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        small = self.columns > 4
        for index, (name, stamp) in enumerate(self._items):
            square = self.square(index)
            picture = self._thumbnails.picture(stamp)
            coarse = self._thumbnails.coarse(stamp) if picture is None else None
            paint_pixels(painter, square, picture, coarse)
            last = index == len(self._items) - 1
            if last and self._frame < 1 and (picture is None or picture.image is not None):
                paint_frame(painter, square, self._frame)
            painter.setFont(theme.font(10 if small else 11, 500))
            painter.setPen(theme.color("text" if index == self._hover else "text2"))
            line = QRect(square.left() - 3, square.bottom() + 1, square.width() + 6, theme.scaled(20))
            text = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, line.width())
            painter.drawText(line, Qt.AlignmentFlag.AlignCenter, text)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        position = event.position().toPoint()
        inside = (i for i in range(len(self._items)) if self.square(i).contains(position))
        self._point(next(inside, -1))

    def leaveEvent(self, event: QEvent) -> None:
        self._point(-1)

    def _point(self, index: int) -> None:
        if index != self._hover:
            self._hover = index
            self.update()
            self.pointed.emit(self._items[index][0] if index >= 0 else "")


class LabelButton(Button):
    """A button with its key at the right, close enough for three or four to stand side by side."""

    EDGE = 8

    def __init__(self, text: str, icon: str, key: str, tone: str = "") -> None:
        super().__init__(text, icon, key, height=36, icon_tone=tone)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def _text_width(self) -> float:
        return QFontMetricsF(self.font()).horizontalAdvance(self.text())

    def sizeHint(self) -> QSize:
        key = QFontMetricsF(theme.font(11, 500)).horizontalAdvance(self.key)
        width = 2 * self.EDGE + theme.scaled(16) + 5 + self._text_width() + 6 + key
        return QSize(round(width + 0.5), theme.scaled(36))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, rect = QPainter(self), QRectF(self.rect())
        self._paint_box(painter)
        tone = theme.color(self._tone())
        tint = theme.color(self.icon_tone) if self.icon_tone and self.isEnabled() else tone
        icon = QRectF(self.EDGE, 0, theme.scaled(16), rect.height())
        theme.paint_icon(painter, icon, self.icon_name or "", tint)
        inside = rect.adjusted(icon.right() + 5, 0, -self.EDGE - 1, 0)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(self.font())
        painter.setPen(tone)
        painter.drawText(inside, Qt.AlignmentFlag.AlignLeft | middle, self.text())
        painter.setFont(theme.font(11, 500))
        painter.setPen(theme.color("text2" if self.isEnabled() else "border"))
        painter.drawText(inside, Qt.AlignmentFlag.AlignRight | middle, self.key)


class RankRows(QWidget):
    """A row for each target: name, score, rank. `chosen(target)`: the user clicked a row."""

    chosen = Signal(str)

    def __init__(self, bars: bool = True, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bars = bars
        self._rows: list[tuple[str, str, float | None, str]] = []
        self._current = ""
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_ranks(self, rows: Sequence[tuple[str, str, float | None, str]], current: str) -> None:
        """Show (target, name, score, rank) rows; that of the current target is bright."""
        self._rows, self._current = list(rows), current
        self.setAccessibleName(", ".join(f"{name} rank {rank}" for _, name, _, rank in rows))
        self.setFixedHeight(theme.scaled(ROW) * len(rows))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, height = QPainter(self), theme.scaled(ROW)
        start, end = self._bar_start(), self.width() - theme.scaled(40)
        for index, (target, name, score, rank) in enumerate(self._rows):
            line = QRectF(0, index * height, self.width(), height)
            on, room = target == self._current, start - 8 if self._bars else 0
            paint_fact(painter, line, name, rank, bold=on, quiet=self._bars and not on, room=room)
            if self._bars and score is not None:
                bar = QRectF(start, line.center().y() - 2, end - start, 4)
                paint_score(painter, bar, score, "text" if on else "text2")

    def _bar_start(self) -> float:
        """Where the bars begin: behind the longest name, which may take so much and no more."""
        metrics = QFontMetricsF(theme.font(12, 500))
        longest = max((metrics.horizontalAdvance(name) for _, name, _, _ in self._rows), default=0.0)
        return min(max(theme.scaled(78), longest + 10), theme.scaled(116))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = int(event.position().y()) // theme.scaled(ROW)
        if 0 <= index < len(self._rows):
            self.chosen.emit(self._rows[index][0])


class FactRows(QWidget):
    """Rows of a name and a value."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[tuple[str, str]] = []

    def show_facts(self, rows: Sequence[tuple[str, str]]) -> None:
        self._rows = list(rows)
        self.setAccessibleName(", ".join(f"{name} {value}" for name, value in rows))
        self.setFixedHeight(theme.scaled(ROW) * len(rows))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, theme.scaled(ROW) * len(self._rows))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, height = QPainter(self), theme.scaled(ROW)
        for index, (name, value) in enumerate(self._rows):
            paint_fact(painter, QRectF(0, index * height, self.width(), height), name, value)


def paint_fact(
    painter: QPainter,
    line: QRectF,
    name: str,
    value: str,
    bold: bool = False,
    quiet: bool = False,
    room: float = 0,
) -> None:
    """A name at the left, cut to `room` where that is given, and its value at the right of a line."""
    middle = Qt.AlignmentFlag.AlignVCenter
    painter.setFont(theme.font(12, 600 if bold else 500))
    painter.setPen(theme.color("text2" if quiet else "text"))
    painter.drawText(line, Qt.AlignmentFlag.AlignRight | middle, value)
    room = room or line.width() - painter.fontMetrics().horizontalAdvance(value) - 8
    painter.setFont(theme.font(12, 500))
    painter.setPen(theme.color("text2"))
    text = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, int(room))
    painter.drawText(line, Qt.AlignmentFlag.AlignLeft | middle, text)
