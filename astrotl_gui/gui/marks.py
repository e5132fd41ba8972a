"""Marks on the sky: the shape says the target, the ring says the label, ticks say what is selected."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPainterPath

from astrotl_gui.gui import theme
from astrotl_gui.gui.sky_ink import INK, lines, stroke, text_size, write
from astrotl_gui.gui.viewport import Viewport

SMALLEST, LARGEST = 13.0, 90.0
"""Radius of a mark [logical px]."""
ROOM = 2.5
"""Radius of a mark in semi-major axes of its source."""
CROWDED = 0.4
"""Where this share of the marks overlap, those without label shrink to dots."""
DOT = 2.5
LABEL_TONES = {"positive": "yes", "unsure": "unsure", "negative": "no"}


@dataclass(frozen=True)
class Mark:
    """One source to mark: image position, semi-major axis [px], rank, and label value ("" without one)."""

    id: int
    x: float
    y: float
    size: float
    rank: int | None
    value: str = ""
    selected: bool = False

    def radius(self, scale: float) -> float:
        """Radius on screen [logical px] at `scale` logical px per image pixel."""
        size = self.size if math.isfinite(self.size) else 0.0
        return min(max(ROOM * size * scale, SMALLEST), LARGEST)


@dataclass(frozen=True)
class Placed:
    """A mark on screen."""

    mark: Mark
    x: float
    y: float
    radius: float


def placed(marks: Sequence[Mark], viewport: Viewport, ratio: float = 1.0) -> list[Placed]:
    """The marks that show, selected ones last (on top), on whole device pixels (`ratio` a logical px)."""
    found = []
    for mark in marks:
        x, y = viewport.to_screen(mark.x, mark.y)
        radius = mark.radius(viewport.scale)
        if -radius < x < viewport.width + radius and -radius < y < viewport.height + radius:
            found.append(Placed(mark, round(x * ratio) / ratio, round(y * ratio) / ratio, radius))
    return sorted(found, key=lambda place: place.mark.selected)


def crowded(places: Sequence[Placed]) -> bool:
    """Whether so many marks overlap that they would hide the sky."""
    if len(places) < 8:
        return False
    xy = np.array([(place.x, place.y) for place in places])
    distance = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    np.fill_diagonal(distance, np.inf)
    radius = np.array([place.radius for place in places])
    return bool(np.mean(distance.min(axis=1) < 1.2 * radius) > CROWDED)


def paint_marks(
    painter: QPainter,
    marks: Sequence[Mark],
    viewport: Viewport,
    target: str,
    reserved: Sequence[QRectF] = (),
) -> None:
    """Draw the marks of a target's list; ranks where they run neither into each other nor into `reserved`."""
    places = placed(marks, viewport, painter.device().devicePixelRatioF())
    dense = crowded(places)
    taken = list(reserved)
    for place in places:
        mark = place.mark
        if dense and not mark.selected and not mark.value:
            _paint_dot(painter, place)
        else:
            _paint_mark(painter, place, target)
    by_rank = sorted(places, key=lambda p: (not p.mark.selected, p.mark.rank or 0))
    for place in by_rank:
        if not dense or place.mark.selected or place.mark.value:
            _paint_rank(painter, place, target, taken)


def shape(target: str, x: float, y: float, radius: float) -> QPainterPath:
    """The outline of a target: lens circle, AGN diamond, artifact square, outlier triangle, own hexagon."""
    path = QPainterPath()
    if target == "agn":
        _polygon(path, x, y, 1.2 * radius, 4, 0)
    elif target == "artifact":
        _polygon(path, x, y, 0.92 * math.sqrt(2) * radius, 4, 45)
    elif target == "outlier":
        _polygon(path, x, y + 0.15 * radius, 1.4 * radius, 3, 0)
    elif target != "lens":
        _polygon(path, x, y, 1.15 * radius, 6, 0)
    else:
        path.addEllipse(QPointF(x, y), radius, radius)
    return path


def _polygon(path: QPainterPath, x: float, y: float, radius: float, corners: int, turn: float) -> None:
    for corner in range(corners):
        angle = math.radians(turn + 360 * corner / corners)
        point = QPointF(x + radius * math.sin(angle), y - radius * math.cos(angle))
        path.lineTo(point) if corner else path.moveTo(point)
    path.closeSubpath()


def _edge(target: str, radius: float) -> float:
    """How far from its centre the outline crosses the lower diagonals, where the feet stand."""
    return {
        "agn": 1.2 * radius / math.sqrt(2),
        "artifact": 0.92 * math.sqrt(2) * radius,
        "outlier": 0.85 * math.sqrt(2) * radius,
        "lens": radius,
    }.get(target, 1.03 * radius)


def _paint_mark(painter: QPainter, place: Placed, target: str) -> None:
    paint_shape(painter, target, place.x, place.y, place.radius, place.mark.value, place.mark.selected)


def paint_shape(
    painter: QPainter, target: str, x: float, y: float, radius: float, value: str, selected: bool = False
) -> None:
    """The mark of one source: the target's outline, ringed as its label says, with ticks where it is selected."""
    outline = shape(target, x, y, radius)
    if value == "negative":
        outline.addPath(_feet(x, y, _edge(target, radius)))
    dashes = (4.0, 3.0) if value == "unsure" else None
    width = 2.0 if selected else 1.5 if value else 1.25
    stroke(painter, outline, INK if selected else _colour(value), width, dashes)
    if selected:
        stroke(painter, _ticks(x, y, _reach(target, radius)), INK, 2.0)


def _paint_dot(painter: QPainter, place: Placed) -> None:
    dot = QPainterPath()
    dot.addEllipse(QPointF(place.x, place.y), DOT, DOT)
    stroke(painter, dot, INK, 1.0)


def _colour(value: str) -> str:
    tone = LABEL_TONES.get(value)
    return getattr(theme.SKY, tone or "text")


def _feet(x: float, y: float, edge: float) -> QPainterPath:
    """Two short strokes across the outline, below on either side: a "no" that needs no colour."""
    inner, outer = (edge - 4) / math.sqrt(2), (edge + 4) / math.sqrt(2)
    return lines((x - inner, y + inner, x - outer, y + outer), (x + inner, y + inner, x + outer, y + outer))


def _reach(target: str, radius: float) -> float:
    return {"agn": 1.2, "artifact": 0.92, "outlier": 1.25, "lens": 1.0}.get(target, 1.15) * radius


def _ticks(x: float, y: float, radius: float, gap: float = 6, length: float = 10) -> QPainterPath:
    near, far = radius + gap, radius + gap + length
    return lines(
        (x, y - near, x, y - far),
        (x, y + near, x, y + far),
        (x - near, y, x - far, y),
        (x + near, y, x + far, y),
    )


def _corner(target: str, radius: float) -> float:
    """How far right and up of its centre the outline ends, on the diagonal where the rank stands."""
    return {"agn": 0.6, "artifact": 0.92, "outlier": 0.5}.get(target, 1 / math.sqrt(2)) * radius


def _paint_rank(painter: QPainter, place: Placed, target: str, taken: list[QRectF]) -> None:
    mark = place.mark
    if mark.rank is None:
        return
    away = _corner(target, place.radius) + 5
    place_at = QPointF(place.x + away, place.y - away)
    text = f"{mark.rank:,}"
    width, height = text_size(text, theme.font(12, 600))
    box = QRectF(place_at.x(), place_at.y() - height / 2, width, height).adjusted(-2, -2, 2, 2)
    if not mark.selected and any(box.intersects(other) for other in taken):
        return
    taken.append(box)
    write(painter, place_at, text, INK if mark.selected else _colour(mark.value))
