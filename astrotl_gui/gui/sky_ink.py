"""How anything is drawn on sky: light strokes and text with a dark halo, so that they read on any pixel."""

from __future__ import annotations

import math
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPaintEngine, QPainter, QPainterPath, QPen

from astrotl_gui.gui import theme

INK = "#F0F0F0"
HALO = QColor(0, 0, 0, 200)
HALO_PX = 1.0
PADDING = 6
"""Room [px] around written text for the halo and for what goes below the base line."""
LINE_PX = 1.5


def stroke(
    painter: QPainter,
    path: QPainterPath,
    colour: QColor | str = INK,
    width: float = LINE_PX,
    dashes: tuple[float, float] | None = None,
) -> None:
    """Draw a path `width` logical px wide with a 1 px halo; `dashes` are on and off lengths [px]."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for ink, thick in ((HALO, width + 2 * HALO_PX), (QColor(colour), width)):
        pen = QPen(ink, thick)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap if dashes else Qt.PenCapStyle.SquareCap)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        if dashes and ink is not HALO:
            pen.setDashPattern([length / thick for length in dashes])
        painter.setPen(pen)
        painter.drawPath(path)


def lines(*ends: tuple[float, float, float, float]) -> QPainterPath:
    """A path of straight lines (x0, y0, x1, y1)."""
    path = QPainterPath()
    for x0, y0, x1, y1 in ends:
        path.moveTo(x0, y0)
        path.lineTo(x1, y1)
    return path


def text_size(text: str, font: QFont) -> tuple[float, float]:
    """Width and height [logical px] of a line of text, from cap line to base line."""
    metrics = QFontMetricsF(font)
    return metrics.horizontalAdvance(text), metrics.capHeight()


def write(
    painter: QPainter,
    position: QPointF,
    text: str,
    colour: QColor | str = INK,
    px: float = 12,
    weight: int = 600,
    align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
) -> QRectF:
    """Write a line of text with a halo; `position` is its left, middle or right at half cap height."""
    font = theme.font(px, weight)
    width, height = text_size(text, font)
    left = position.x()
    if align == Qt.AlignmentFlag.AlignHCenter:
        left -= width / 2
    elif align == Qt.AlignmentFlag.AlignRight:
        left -= width
    if painter.paintEngine().type() != QPaintEngine.Type.Raster:
        _write_vectors(painter, QPointF(left, position.y() + height / 2), text, font, QColor(colour))
        return QRectF(left, position.y() - height / 2, width, height)
    ratio = painter.device().devicePixelRatioF()
    image = _written(text, font.toString(), QColor(colour).name(), ratio)
    corner = (left - PADDING, position.y() - height / 2 - PADDING)
    painter.drawImage(QPointF(*(round(v * ratio) / ratio for v in corner)), image)
    return QRectF(left, position.y() - height / 2, width, height)


def _write_vectors(painter: QPainter, base: QPointF, text: str, font: QFont, colour: QColor) -> None:
    """A line of text with its halo that stays sharp at any size, as a PDF or a picture in a file needs it."""
    font = QFont(font)
    font.clearFeatures()  # a PDF tells no reader which figures tabular ones are
    outline = QPainterPath()
    outline.addText(base, font, text)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.strokePath(outline, QPen(HALO, 2 * HALO_PX, j=Qt.PenJoinStyle.RoundJoin))
    painter.setFont(font)
    painter.setPen(colour)
    painter.drawText(base, text)


@lru_cache(maxsize=2000)
def _written(text: str, font_name: str, colour: str, ratio: float) -> QImage:
    """A line of text with its halo, cap line `PADDING` below the top; drawn once, since marks repeat it."""
    font = QFont()
    font.fromString(font_name)
    font.setFeature(QFont.Tag("tnum"), 1)
    width, height = text_size(text, font)
    columns, rows = (math.ceil((length + 2 * PADDING) * ratio) for length in (width, height))
    image = QImage(columns, rows, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
    painter.setFont(font)
    base = QPointF(PADDING, PADDING + height)
    painter.setPen(HALO)
    for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1), (-0.7, -0.7), (0.7, -0.7), (-0.7, 0.7), (0.7, 0.7)):
        painter.drawText(base + QPointF(dx, dy) * HALO_PX, text)
    painter.setPen(QColor(colour))
    painter.drawText(base, text)
    painter.end()
    return image
