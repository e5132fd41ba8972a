"""Lines of equal right ascension and declination, of pixels without a WCS, with their values at the edges."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.gui import theme
from astrotl_gui.gui.sky_ink import text_size, write
from astrotl_gui.gui.viewport import Viewport

Floats = NDArray[np.float64]

LINES = 5
"""About so many lines cross the view each way."""
POINTS = 49
INK, INK_INVERTED = QColor(240, 240, 240, 90), QColor(10, 10, 10, 90)
TEXT = "#D2D2D2"
_DEGREES = [90, 45, 30, 20, 10, 5, 2, 1]
_SIXTIETHS = [30, 20, 10, 5, 2, 1]
DEC_STEPS = [*_DEGREES, *(s / 60 for s in _SIXTIETHS), *(s / 3600 for s in _SIXTIETHS)]
RA_STEPS = [
    *(15.0 * h for h in (6, 3, 2, 1)), *(s / 4 for s in _SIXTIETHS), *(s / 240 for s in _SIXTIETHS)
]  # fmt: skip
"""Round steps in degrees: of declination in ° ′ ″, of right ascension in h m s."""


@dataclass(frozen=True)
class GridLine:
    """One line on screen: points (N, 2) in logical px, and its value; `vertical` ones are labelled below."""

    points: Floats
    text: str
    vertical: bool


def grid_lines(mosaic: Mosaic, viewport: Viewport) -> list[GridLine]:
    """The grid for what is in view."""
    return _sky_lines(mosaic, viewport) if mosaic.has_sky else _pixel_lines(viewport)


def paint_grid(painter: QPainter, lines: list[GridLine], viewport: Viewport, inverted: bool = False) -> None:
    """Draw grid lines and write their values where they leave the view; dark lines on an inverted sky."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(INK_INVERTED if inverted else INK, theme.hairline(painter)))
    for line in lines:
        painter.drawPath(_path(line.points))
    for box, text in line_names(lines, viewport):
        write(painter, QPointF(box.left(), box.center().y()), text, TEXT, 11, 500)


def _path(points: Floats) -> QPainterPath:
    path = QPainterPath()
    drawing = False
    for x, y in points:
        if not (math.isfinite(x) and math.isfinite(y)):
            drawing = False
        elif drawing:
            path.lineTo(x, y)
        else:
            path.moveTo(x, y)
            drawing = True
    return path


def line_names(lines: list[GridLine], viewport: Viewport) -> list[tuple[QRectF, str]]:
    """Where the value of each line is written, and what: vertical lines at the lower edge, the others at the left.

    Where a line does not reach that edge, at another; clear of what stands in the corners and of each other. A line
    that has no room anywhere goes without.
    """
    found: list[tuple[QRectF, str]] = []
    for line in lines:
        width, height = text_size(line.text, theme.font(11, 500))
        for edge in (
            ("below", "left", "above", "right") if line.vertical else ("left", "below", "right", "above")
        ):
            at = _at_edge(line.points, viewport, edge, width)
            box = QRectF(at.x(), at.y() - height, width, 2 * height) if at is not None else QRectF()
            if at is not None and not any(box.intersects(other) for other, _ in found):
                found.append((box, line.text))
                break
    return found


def _at_edge(points: Floats, viewport: Viewport, edge: str, width: float) -> QPointF | None:
    """Where a line is named at an edge of the view; None where it does not cross it, or something stands there."""
    if edge in ("below", "above"):
        level, corners = (viewport.height - 12, (220, 8)) if edge == "below" else (14.0, (100, 150))
        x = _crossing(points[:, ::-1], level)
        fits = x is not None and corners[0] < x < viewport.width - width - corners[1]
        return QPointF(x + 5, level) if x is not None and fits else None
    upright, corners = (6.0, (130, 60)) if edge == "left" else (viewport.width - 6.0, (190, 60))
    y = _crossing(points, upright)
    if y is None or not corners[0] < y < viewport.height - corners[1]:
        return None
    return QPointF(8 if edge == "left" else upright - width, y - 9)


def _crossing(points: Floats, edge: float) -> float | None:
    """The second coordinate where the first one crosses `edge`."""
    first, second = points[:, 0], points[:, 1]
    with np.errstate(invalid="ignore"):
        steps = np.flatnonzero((first[:-1] - edge) * (first[1:] - edge) <= 0)
    if not len(steps) or first[steps[0]] == first[steps[0] + 1]:
        return None
    i = steps[0]
    share = (edge - first[i]) / (first[i + 1] - first[i])
    return float(second[i] + share * (second[i + 1] - second[i]))


# --- right ascension and declination -----------------------------------------------------------------


def _sky_lines(mosaic: Mosaic, viewport: Viewport) -> list[GridLine]:
    x0, y0, x1, y1 = viewport.box
    x, y = np.meshgrid(np.linspace(x0, x1, 15), np.linspace(y0, y1, 15))
    ra, dec = mosaic.sky(x, y)
    if not np.isfinite(ra).any():
        return []
    middle = float(mosaic.sky(viewport.x, viewport.y)[0])
    middle = middle if math.isfinite(middle) else float(np.nanmedian(ra))
    offset = (ra - middle + 180) % 360 - 180
    pad_dec = 0.1 * max(float(np.ptp(dec[np.isfinite(dec)])), 1e-6)
    low, high = max(float(np.nanmin(dec)) - pad_dec, -90.0), min(float(np.nanmax(dec)) + pad_dec, 90.0)
    for sign in (-1, 1):
        px, py = mosaic.pixel(0.0, 90.0 * sign)
        if x0 <= px <= x1 and y0 <= py <= y1:  # all right ascensions meet in view
            low, high = (low, 90.0) if sign > 0 else (-90.0, high)
            offset = np.array([-180.0, 180.0])
    pad_ra = 0.1 * max(float(np.nanmax(offset) - np.nanmin(offset)), 1e-6)
    left, right = (
        max(float(np.nanmin(offset)) - pad_ra, -180.0),
        min(float(np.nanmax(offset)) + pad_ra, 180.0),
    )
    return [
        *_meridians(mosaic, viewport, middle + left, middle + right, low, high),
        *_parallels(mosaic, viewport, middle + left, middle + right, low, high),
    ]


def _meridians(
    mosaic: Mosaic, viewport: Viewport, left: float, right: float, low: float, high: float
) -> list[GridLine]:
    step = _step((right - left) / LINES, RA_STEPS, 15)
    dec = np.linspace(low, high, POINTS)
    found = []
    for ra in _multiples(left, right, step):
        points = _on_screen(mosaic, viewport, np.full(POINTS, ra % 360), dec)
        found.append(GridLine(points, ra_text(ra % 360, step), True))
    return found


def _parallels(
    mosaic: Mosaic, viewport: Viewport, left: float, right: float, low: float, high: float
) -> list[GridLine]:
    step = _step((high - low) / LINES, DEC_STEPS, 1)
    ra = np.linspace(left, right, POINTS) % 360
    found = []
    for dec in _multiples(low, high, step):
        points = _on_screen(mosaic, viewport, ra, np.full(POINTS, dec))
        found.append(GridLine(points, dec_text(dec, step), False))
    return found


def _on_screen(mosaic: Mosaic, viewport: Viewport, ra: Floats, dec: Floats) -> Floats:
    """Screen points of sky positions; NaN far outside the view."""
    sx, sy = viewport.to_screen(*mosaic.pixel(ra, dec))
    far = 3 * max(viewport.width, viewport.height)
    with np.errstate(invalid="ignore"):
        outside = ~((np.abs(sx) < far) & (np.abs(sy) < far))
    return np.where(outside[:, None], np.nan, np.column_stack([sx, sy]))


def _step(wanted: float, steps: list[float], hour: float) -> float:
    """The smallest round step that is not finer than wanted; below a second, decimals of it."""
    coarse = [step for step in steps if step >= wanted]
    if coarse and wanted > steps[-1]:
        return min(coarse)
    second = hour / 3600
    power = 10.0 ** math.floor(math.log10(max(wanted / second, 1e-6)))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= wanted / second * (1 - 1e-9)) * second


def _multiples(low: float, high: float, step: float) -> list[float]:
    first, last = math.ceil(low / step), math.floor(high / step)
    return [index * step for index in range(first, min(last, first + 40) + 1)]


def ra_text(ra: float, step: float) -> str:
    """A right ascension [deg] as h m s, as fine as the step [deg] needs: "14h 22m 09.5s"."""
    hours, minutes, seconds = _sixty(ra / 15, step / 15)
    parts = [f"{int(hours) % 24:02d}h", f"{int(minutes):02d}m", f"{seconds}s"]
    return " ".join(parts[: _parts(step / 15)])


def dec_text(dec: float, step: float) -> str:
    """A declination [deg] as ° ′ ″, as fine as the step [deg] needs: "+52° 46′ 53″"."""
    degrees, minutes, seconds = _sixty(abs(dec), step)
    sign = "−" if dec < 0 else "+"
    parts = [f"{sign}{int(degrees):02d}°", f"{int(minutes):02d}′", f"{seconds}″"]
    return " ".join(parts[: _parts(step)])


def _parts(step: float) -> int:
    """How many of (whole, minutes, seconds) a step in units of the whole needs."""
    return 1 if step >= 1 - 1e-9 else 2 if step >= 1 / 60 - 1e-9 else 3


def _sixty(value: float, step: float) -> tuple[float, float, str]:
    decimals = max(0, math.ceil(-math.log10(step * 3600) - 1e-9))
    total = round(value * 3600, decimals)
    width = 2 if decimals == 0 else 3 + decimals
    return total // 3600, total % 3600 // 60, f"{total % 60:0{width}.{decimals}f}"


# --- pixels ------------------------------------------------------------------------------------------


def _pixel_lines(viewport: Viewport) -> list[GridLine]:
    x0, y0, x1, y1 = viewport.box
    wanted = max((x1 - x0) / LINES, 1.0)
    power = 10.0 ** math.floor(math.log10(wanted))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= wanted)
    found = []
    for x in _multiples(x0, x1, step):
        ends = [viewport.to_screen(x, y0), viewport.to_screen(x, y1)]
        found.append(GridLine(np.array(ends), f"{x:,.0f}", True))
    for y in _multiples(y0, y1, step):
        ends = [viewport.to_screen(x0, y), viewport.to_screen(x1, y)]
        found.append(GridLine(np.array(ends), f"{y:,.0f}", False))
    return found
