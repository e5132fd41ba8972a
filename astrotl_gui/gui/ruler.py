"""The ruler: how far apart two points of the sky are, and in which direction."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter

from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.gui.sky_ink import lines, stroke, write
from astrotl_gui.gui.viewport import Viewport

Point = tuple[float, float]
"""Image position (x, y) [0-based px]"""


def separation(mosaic: Mosaic, start: Point, end: Point) -> tuple[float, float]:
    """Great-circle distance [arcsec] and position angle [deg, north through east] from start to end.

    NaN without a WCS.
    """
    ra, dec = mosaic.sky([start[0], end[0]], [start[1], end[1]])
    ra1, dec1, ra2, dec2 = (math.radians(v) for v in (ra[0], dec[0], ra[1], dec[1]))
    dra = ra2 - ra1
    east = math.cos(dec2) * math.sin(dra)
    north = math.cos(dec1) * math.sin(dec2) - math.sin(dec1) * math.cos(dec2) * math.cos(dra)
    along = math.sin(dec1) * math.sin(dec2) + math.cos(dec1) * math.cos(dec2) * math.cos(dra)
    distance = math.atan2(math.hypot(east, north), along)
    return math.degrees(distance) * 3600, math.degrees(math.atan2(east, north)) % 360


def ruler_text(mosaic: Mosaic, start: Point, end: Point) -> str:
    """What the ruler reads: "3.42″, PA 127°"; pixels, and an angle from +y, without a WCS."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    arcsec, angle = separation(mosaic, start, end)
    if math.isfinite(arcsec):
        return f"{angle_text(arcsec)}, PA {round(angle) % 360}°"
    scale = mosaic.spec.pixel_scale
    length = math.hypot(dx, dy)
    return f"{angle_text(length * scale)}, {length:.1f} px" if scale > 0 else f"{length:.1f} px"


def angle_text(arcsec: float) -> str:
    """An angle in its natural unit: 0.42″, 12.3″, 4.2′, 1.31°."""
    if round(arcsec, 2) < 10:
        return f"{arcsec:.2f}″"
    if arcsec < 120:
        return f"{arcsec:.1f}″"
    if arcsec < 7200:
        return f"{arcsec / 60:.2f}′"
    return f"{arcsec / 3600:.2f}°"


def paint_ruler(painter: QPainter, mosaic: Mosaic, viewport: Viewport, start: Point, end: Point) -> None:
    """Draw the ruler with end ticks; its reading beside the end."""
    x0, y0 = viewport.to_screen(*start)
    x1, y1 = viewport.to_screen(*end)
    length = math.hypot(x1 - x0, y1 - y0)
    if length < 1:
        return
    across = (-(y1 - y0) / length * 5, (x1 - x0) / length * 5)
    ticks = [(x - across[0], y - across[1], x + across[0], y + across[1]) for x, y in ((x0, y0), (x1, y1))]
    stroke(painter, lines((x0, y0, x1, y1), *ticks))
    right = x1 >= x0 and x1 < viewport.width - 150
    align = Qt.AlignmentFlag.AlignLeft if right else Qt.AlignmentFlag.AlignRight
    write(painter, QPointF(x1 + (12 if right else -12), y1), ruler_text(mosaic, start, end), align=align)
