"""A small picture of a sky in a rounded box, on the cards of the first page."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPainterPath, QPixmap

from . import theme


def paint_picture(
    painter: QPainter, box: QRectF, picture: QPixmap, radius: float = theme.RADIUS_CUTOUT
) -> None:
    """Fill `box` with the middle of a picture in the box's proportions; an icon where there is none."""
    theme.paint_box(painter, box, theme.SKY.behind_sky, radius=radius)
    if picture.isNull():
        theme.paint_icon(painter, box, "ph.stack", theme.SKY.text3, 20)
        return
    scale = min(picture.width() / box.width(), picture.height() / box.height())
    width, height = box.width() * scale, box.height() * scale
    corner = QPointF((picture.width() - width) / 2, (picture.height() - height) / 2)
    shape = QPainterPath()
    shape.addRoundedRect(box, radius, radius)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setClipPath(shape)
    painter.drawPixmap(box, picture, QRectF(corner.x(), corner.y(), width, height))
    painter.restore()
