"""What stands on the sky whatever it shows: the compass, the scale bar, and whose data these are."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.gui import theme
from astrotl_gui.gui.sky_ink import lines, stroke, text_size, write
from astrotl_gui.gui.viewport import Viewport

MARGIN = 20
COMPASS_MIDDLE = (40.0, 46.0)
COMPASS_ARM = 24.0
BAR_SHORTEST, BAR_LONGEST = 80.0, 200.0
"""Length of the scale bar [logical px]."""
BAR_ROOM = 230.0
"""What the scale bar takes of the lower edge [logical px]."""
CREDIT_PX, CREDIT_MARGIN, LEAST_CREDIT = 11, 14.0, 60.0
WORDS_LEFT, WORDS_TOP = 16.0, 96.0
CROSS = 6.0, 18.0
"""Where the arms of a cross-hair begin and end [px from the middle]."""
_ROUND_SEXAGESIMAL = (1, 2, 5, 10, 20, 30)


def paint_compass(painter: QPainter, mosaic: Mosaic, viewport: Viewport) -> None:
    """Arrows to celestial north and east at the middle of the view; nothing without a WCS."""
    angle, flipped = mosaic.north(viewport.x, viewport.y)
    if not math.isfinite(angle):
        return
    north = (-math.sin(math.radians(angle)), -math.cos(math.radians(angle)))  # screen, y down
    east = (-north[1], north[0]) if flipped else (north[1], -north[0])
    x = COMPASS_MIDDLE[0] - COMPASS_ARM * (north[0] + east[0]) / 2
    y = COMPASS_MIDDLE[1] - COMPASS_ARM * (north[1] + east[1]) / 2
    for (dx, dy), name in ((north, "N"), (east, "E")):
        tip = (x + COMPASS_ARM * dx, y + COMPASS_ARM * dy)
        stroke(painter, lines((x, y, *tip), *_head(tip, dx, dy)))
        write(
            painter,
            QPointF(tip[0] + 10 * dx, tip[1] + 9 * dy),
            name,
            align=Qt.AlignmentFlag.AlignHCenter,
        )


def _head(tip: tuple[float, float], dx: float, dy: float) -> list[tuple[float, float, float, float]]:
    """The two strokes of an arrow head pointing along (dx, dy)."""
    ends = []
    for side in (-1, 1):
        back = (-dx - side * dy, -dy + side * dx)
        ends.append((*tip, tip[0] + 4.5 * back[0], tip[1] + 4.5 * back[1]))
    return ends


def paint_scale_bar(painter: QPainter, mosaic: Mosaic, viewport: Viewport) -> None:
    """A bar of round angular length at the lower left, right for the middle of the view."""
    scale = mosaic.pixel_scale(viewport.x, viewport.y)
    if not math.isfinite(scale) or scale <= 0:
        return
    arcsec, text = bar_length(scale / viewport.scale)
    length = arcsec / scale * viewport.scale
    y = viewport.height - 24
    x = float(MARGIN)
    stroke(
        painter, lines((x, y, x + length, y), (x, y - 5, x, y + 5), (x + length, y - 5, x + length, y + 5))
    )
    write(painter, QPointF(x + length / 2, y - 14), text, align=Qt.AlignmentFlag.AlignHCenter)


def credit_box(text: str, viewport: Viewport) -> QRectF:
    """Where the credit is written: lower right, on the line of the scale bar and clear of it; empty without room."""
    width, height = text_size(text, theme.font(CREDIT_PX, 400))
    width = min(width, viewport.width - BAR_ROOM - CREDIT_MARGIN)
    if not text or width < LEAST_CREDIT:
        return QRectF()
    middle = viewport.height - 24
    return QRectF(viewport.width - CREDIT_MARGIN - width, middle - height / 2, width, height)


def paint_credit(painter: QPainter, text: str, viewport: Viewport) -> None:
    """Whose data these are, cut with an ellipsis where the view is narrow."""
    box = credit_box(text, viewport)
    if box.isEmpty():
        return
    metrics = QFontMetricsF(theme.font(CREDIT_PX, 400))
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, box.width() + 1)
    right, colour = QPointF(box.right(), box.center().y()), theme.SKY.text
    write(painter, right, shown, colour, CREDIT_PX, 400, Qt.AlignmentFlag.AlignRight)


def paint_words(painter: QPainter, viewport: Viewport, *rows: str, sky: bool = True) -> None:
    """Write under the compass (at the top, without `sky`) whose mosaic this is, and what is to be known of it."""
    top, room = (WORDS_TOP if sky else 20.0), viewport.width - WORDS_LEFT - CREDIT_MARGIN
    for number, text in enumerate(filter(None, rows)):
        px, weight = (12, 600) if number == 0 else (CREDIT_PX, 400)
        shown = QFontMetricsF(theme.font(px, weight)).elidedText(text, Qt.TextElideMode.ElideMiddle, room)
        write(painter, QPointF(WORDS_LEFT, top + 18 * number), shown, theme.SKY.text, px, weight)


def paint_cross(painter: QPainter, x: float, y: float) -> None:
    """A cross-hair, open in the middle, at a point of the view."""
    x, y = math.floor(x) + 0.5, math.floor(y) + 0.5
    near, far = CROSS
    arms = ((1, 0), (-1, 0), (0, 1), (0, -1))
    stroke(
        painter, lines(*((x + near * a, y + near * b, x + far * a, y + far * b) for a, b in arms)), width=1
    )


def bar_length(arcsec_per_px: float) -> tuple[float, str]:
    """The longest round angle [arcsec] of 80 to 200 logical px, and how to write it."""
    longest = BAR_LONGEST * arcsec_per_px
    for unit, name, top in ((3600.0, "°", math.inf), (60.0, "′", 60.0), (1.0, "″", 60.0)):
        value = _round_below(longest / unit, sexagesimal=unit < 3600 and longest / unit >= 1)
        fits = value * unit >= BAR_SHORTEST * arcsec_per_px
        if fits and value < top and (value >= 1 or unit == 1.0):
            return value * unit, f"{value:g}{name}"
    return longest, f"{longest:.2g}″"


def _round_below(value: float, sexagesimal: bool) -> float:
    """The largest round number that is not larger: 1, 2, 5 times a power of ten, or a fraction of sixty."""
    if sexagesimal and value < 60:
        return float(max(step for step in _ROUND_SEXAGESIMAL if step <= value))
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (5, 2, 1) if step * power <= value * (1 + 1e-9))
