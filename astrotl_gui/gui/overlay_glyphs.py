"""The small shapes that overlays mark positions with."""

from __future__ import annotations

import math
from functools import lru_cache

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath

from astrotl_gui.gui import theme
from astrotl_gui.gui.marks import LABEL_TONES, SMALLEST, paint_shape, shape
from astrotl_gui.gui.overlay_ink import Picture, of_image
from astrotl_gui.gui.sky_ink import INK, lines, stroke


@lru_cache(maxsize=64)
def glyph_of(name: str, ratio: float) -> Picture:
    """A small mark as pixels: "dot", "dot positive", "target lens", "label lens positive", "cross" …"""
    kind, *rest = name.split(" ")
    size = {"label": 2 * SMALLEST + 22, "target": 22}.get(kind, 21)
    side = math.ceil(size * ratio) | 1
    image = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    middle = side / 2
    painter.translate(middle, middle)
    painter.scale(ratio, ratio)
    _paint_glyph(painter, kind, rest)
    painter.end()
    return of_image(image)


def paint_sample(painter: QPainter, name: str) -> None:
    """What an overlay looks like, about the origin, in a box of 26 px: a glyph's name, "ellipse" or "circle"."""
    kind, *rest = name.split(" ")
    if kind in ("ellipse", "circle"):
        path = QPainterPath()
        path.addEllipse(QPointF(0, 0), 8, 5 if kind == "ellipse" else 8)
        stroke(painter, path, theme.SKY.text2 if kind == "ellipse" else theme.SKY.text, 1.25)
    elif kind == "label":
        paint_shape(painter, rest[0], 0, 0, 7, rest[1])
    else:
        _paint_glyph(painter, kind, rest)


def _paint_glyph(painter: QPainter, kind: str, rest: list[str]) -> None:
    text, quiet = theme.SKY.text, theme.SKY.text2
    if kind == "label":
        paint_shape(painter, rest[0], 0.0, 0.0, SMALLEST, rest[1])
    elif kind == "target":
        stroke(painter, shape(rest[0], 0, 0, 6), quiet, 1.25)
    elif kind in ("dot", "selected", "selected-dot"):
        chosen = kind != "dot"
        labelled = getattr(theme.SKY, LABEL_TONES[rest[0]]) if rest else ""
        tone = labelled or (INK if chosen else theme.SKY.text3)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        radius = 2.0 if rest or chosen else 1.0
        for ink, reach in ((QColor(0, 0, 0, 130), radius + 0.8), (QColor(tone), radius)):
            painter.setBrush(ink)
            painter.drawEllipse(QPointF(0, 0), reach, reach)
        if kind == "selected":
            stroke(painter, shape("lens", 0, 0, 6), INK, 1.5)
    else:
        stroke(painter, _GLYPHS[kind](), text, 1.25)


def _mirrored(*ends: tuple[float, float, float, float]) -> QPainterPath:
    """Lines and their images across both axes."""
    return lines(
        *((p * x0, q * y0, p * x1, q * y1) for x0, y0, x1, y1 in ends for p in (1, -1) for q in (1, -1))
    )


_GLYPHS = {
    "cross": lambda: _mirrored((3, 3, 7, 7)),
    "plus": lambda: lines((4, 0, 9, 0), (-4, 0, -9, 0), (0, 4, 0, 9), (0, -4, 0, -9)),
    "corners": lambda: _mirrored((7, 7, 3.5, 7), (7, 7, 7, 3.5)),
    "sides": lambda: lines((-6, -6, -6, 6), (6, -6, 6, 6)),
    "point": lambda: lines((-4, 0, 4, 0), (0, -4, 0, 4)),
}
