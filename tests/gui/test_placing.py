"""Mosaics of other grids are placed so that they show the same sky."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from astropy.wcs import WCS
from PySide6.QtCore import QPointF, QRectF

from astrotl_gui.core.sky import Sky
from astrotl_gui.gui.mosaic_panes import boxes
from astrotl_gui.gui.placing import UPRIGHT, Placing, matched
from astrotl_gui.gui.viewport import Viewport


@dataclass
class Grid:
    """What placing needs of a mosaic."""

    shape: tuple[int, int]
    own: Sky

    def sky(self, x: Any, y: Any) -> Any:
        return self.own.sky(x, y)

    def pixel(self, ra: Any, dec: Any) -> Any:
        return self.own.pixel(ra, dec)


def grid(degrees: float = 0, scale: float = 0.2, mirrored: bool = False, crpix: float = 200.0) -> Any:
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crval = ["RA---TAN", "DEC--TAN"], [53.1, -27.8]
    wcs.wcs.crpix = [crpix, crpix - 30]
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    turn = np.array([[c, -s], [s, c]]) @ np.diag([-1 if mirrored else 1, 1])
    wcs.wcs.cd = np.diag([-scale, scale]) @ turn / 3600
    return Grid((400, 400), Sky.of(wcs.to_header(), (400, 400)))


VIEW = Viewport((400, 400), 180.0, 190.0, 1.7, 640.0, 480.0)


@pytest.mark.parametrize(
    ("degrees", "scale", "mirrored"), [(0, 0.2, False), (12, 0.31, False), (-75, 0.1, True)]
)
def test_the_same_sky_comes_to_the_same_point(degrees: float, scale: float, mirrored: bool) -> None:
    first, other = grid(), grid(degrees, scale, mirrored)
    match = matched(first, VIEW, other)
    assert match is not None
    assert match.mirrored is mirrored
    for x, y in ((180.0, 190.0), (20.0, 60.0), (360.0, 310.0)):
        there = [float(v) for v in other.pixel(*first.sky(x, y))]
        at = match.placing.to_screen(*there)
        assert at == pytest.approx(VIEW.to_screen(x, y), abs=0.05)
        assert match.placing.to_image(*at) == pytest.approx(there, abs=1e-6)
    assert abs(match.angle) == pytest.approx(abs(degrees), abs=0.01)


def test_a_mosaic_on_the_same_grid_is_not_turned() -> None:
    match = matched(grid(), VIEW, grid(crpix=231.25))
    assert match is not None
    assert match.placing.turn == UPRIGHT
    assert match.placing.viewport.scale == pytest.approx(VIEW.scale)


def test_sky_that_cannot_be_told_is_not_matched() -> None:
    nowhere = grid()
    nowhere.pixel = lambda ra, dec: (np.full_like(ra, np.nan), np.full_like(ra, np.nan))
    assert matched(grid(), VIEW, nowhere) is None


def test_parts_of_the_screen_are_painted_where_the_whole_is() -> None:
    match = matched(grid(), VIEW, grid(33, 0.3, True))
    assert match is not None
    for placing in (match.placing, Placing(VIEW)):
        for part in (QRectF(0, 0, 640, 480), QRectF(128, 256, 100, 60)):
            viewport, transform = placing.part(part)
            for x, y in ((150.0, 210.0), (200.0, 150.0)):
                at = transform.map(QPointF(*viewport.to_screen(x, y)))
                assert (at.x(), at.y()) == pytest.approx(placing.to_screen(x, y), abs=1e-6)
            corners = [transform.inverted()[0].map(p) for p in (part.topLeft(), part.bottomRight())]
            for corner in corners:
                assert -1e-6 <= corner.x() <= viewport.width + 1e-6
                assert -1e-6 <= corner.y() <= viewport.height + 1e-6


@pytest.mark.parametrize(
    ("count", "size", "rows"),
    [
        (1, (700, 700), 1),
        (2, (776, 791), 1),
        (2, (500, 900), 2),
        (3, (776, 791), 2),
        (4, (908, 611), 2),
        (3, (908, 611), 1),
        (3, (1500, 500), 1),
    ],
)
def test_panes_fill_the_room_a_line_apart(count: int, size: tuple[int, int], rows: int) -> None:
    found = boxes(count, *size)
    assert len({box.top() for box in found}) == rows
    assert max(box.right() for box in found) == size[0] - 1
    assert max(box.bottom() for box in found) == size[1] - 1
    assert not any(a.intersects(b) for a in found for b in found if a is not b)
    widths = [box.width() for box in found if box.top() == 0]
    assert max(widths) - min(widths) <= 1
