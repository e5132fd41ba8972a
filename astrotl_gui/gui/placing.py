"""How the pixels of a mosaic lie on screen: along its rows and columns, or turned to match another mosaic's sky."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QTransform

from astrotl_gui.gui.viewport import Viewport

if TYPE_CHECKING:
    from astrotl_gui.core.mosaic import Mosaic
    from astrotl_gui.gui.mosaic_canvas import MosaicCanvas

Floats = NDArray[np.float64]

UPRIGHT = ((1.0, 0.0), (0.0, 1.0))
UNEVEN = 1 + 3e-6
"""Keeps what is turned from whole numbers of device px per pixel, at which pixels are drawn without smoothing."""
SAME_PX = 0.25
"""Mosaics whose pixels fall within this [logical px] of each other over the whole view are drawn unturned."""
_DOWN = np.diag([1.0, -1.0])  # image y points up, screen y down


@dataclass(frozen=True)
class Placing:
    """`viewport` is on the mosaic's own grid, unturned; `turn` (2 × 2) then acts on the screen, about its middle."""

    viewport: Viewport
    turn: tuple[tuple[float, float], tuple[float, float]] = UPRIGHT

    def to_screen(self, x: float, y: float) -> tuple[float, float]:
        """Logical px of an image position."""
        middle = np.array([self.viewport.width / 2, self.viewport.height / 2])
        sx, sy = np.array(self.turn) @ (np.array(self.viewport.to_screen(x, y)) - middle) + middle
        return float(sx), float(sy)

    def to_image(self, sx: float, sy: float) -> tuple[float, float]:
        """Image position of logical px."""
        middle = np.array([self.viewport.width / 2, self.viewport.height / 2])
        tx, ty = np.linalg.inv(self.turn) @ (np.array([sx, sy]) - middle) + middle
        return self.viewport.to_image(float(tx), float(ty))

    def part(self, rect: QRectF) -> tuple[Viewport, QTransform]:
        """What to paint for a part of the screen, and how what is painted is moved and turned there."""
        back = np.linalg.inv(self.turn)
        x, y = self.to_image(rect.center().x(), rect.center().y())
        width, height = np.abs(back) @ np.array([rect.width(), rect.height()])
        viewport = replace(self.viewport, x=x, y=y, width=float(width), height=float(height))
        (a, b), (c, d) = self.turn
        move = QTransform.fromTranslate(-width / 2, -height / 2) * QTransform(a, c, b, d, 0, 0)
        return viewport, move * QTransform.fromTranslate(rect.center().x(), rect.center().y())


@dataclass(frozen=True)
class Match:
    """A mosaic placed so that it shows the sky of another; `angle` [deg] and `mirrored` say how its grid lies there."""

    placing: Placing
    angle: float
    mirrored: bool


def matched(first: Mosaic, viewport: Viewport, other: Mosaic) -> Match | None:
    """Place `other` so that it shows what `viewport` shows of `first`.

    The two grids are joined by the affine map that fits best over the view, by least squares; None where the sky in
    view cannot be told.
    """
    x0, y0, x1, y1 = viewport.box
    x, y = (grid.ravel() for grid in np.meshgrid(np.linspace(x0, x1, 5), np.linspace(y0, y1, 5)))
    there = np.column_stack(other.pixel(*first.sky(x, y)))
    known = np.isfinite(there).all(axis=1)
    if known.sum() < 6:
        return None
    here = np.column_stack([x - viewport.x, y - viewport.y, np.ones_like(x)])
    fit, _, rank, _ = np.linalg.lstsq(here[known], there[known], rcond=None)
    grid = np.asarray(fit[:2].T, np.float64)
    size = math.sqrt(abs(float(np.linalg.det(grid))))
    if rank < 3 or not size:
        return None
    turn = size * (_DOWN @ np.linalg.inv(grid) @ _DOWN)
    extent = viewport.width, viewport.height
    moved = np.abs(turn - np.eye(2)) @ np.array(extent) / 2
    own = Viewport(other.shape, float(fit[2, 0]), float(fit[2, 1]), viewport.scale / size, *extent)
    if moved.max() < SAME_PX:
        placing = Placing(own)
    else:
        placing = Placing(replace(own, scale=own.scale * UNEVEN), _tuples(turn))
    return Match(placing, *_orientation(grid))


def paint_placed(
    painter: QPainter, canvas: MosaicCanvas, placing: Placing, part: QRectF, ratio: float
) -> None:
    """Draw the pixels of a part of the screen, where they are placed."""
    viewport, transform = placing.part(part)
    painter.save()
    painter.setClipRect(part)
    painter.setTransform(transform, True)
    canvas.paint(painter, viewport, ratio)
    painter.restore()


def _tuples(turn: Floats) -> tuple[tuple[float, float], tuple[float, float]]:
    (a, b), (c, d) = turn.tolist()
    return (a, b), (c, d)


def _orientation(grid: Floats) -> tuple[float, bool]:
    """The angle [deg, −180 to 180] a map of one grid to another turns by, and whether it mirrors."""
    mirrored = float(np.linalg.det(grid)) < 0
    proper = grid @ np.diag([-1.0, 1.0]) if mirrored else grid
    return math.degrees(math.atan2(proper[1, 0] - proper[0, 1], proper[0, 0] + proper[1, 1])), mirrored
