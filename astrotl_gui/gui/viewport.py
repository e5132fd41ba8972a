"""Which part of the mosaic is on screen: the map between image pixels and logical screen pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", float, NDArray[np.float64])

LARGEST_PIXEL = 64.0
"""Zooming in ends where one image pixel covers this many logical pixels."""
SMALLEST_SHARE = 0.25
"""Zooming out ends where the mosaic covers this share of the view."""
EDGE_MARGIN = 0.15
"""At most this share of the view shows what lies beyond an edge."""


@dataclass(frozen=True)
class Viewport:
    """Image pixel (x, y) stands at the middle of a view of width × height logical px; y points up.

    `scale` is logical px per image pixel; `shape` the mosaic's (ny, nx).
    """

    shape: tuple[int, int]
    x: float = 0.0
    y: float = 0.0
    scale: float = 1.0
    width: float = 1.0
    height: float = 1.0

    def to_screen(self, x: Number, y: Number) -> tuple[Number, Number]:
        """Logical px of image positions (pixel centres at integers)."""
        return (x - self.x) * self.scale + self.width / 2, self.height / 2 - (y - self.y) * self.scale

    def to_image(self, sx: Number, sy: Number) -> tuple[Number, Number]:
        """Image positions of logical px."""
        return (sx - self.width / 2) / self.scale + self.x, (self.height / 2 - sy) / self.scale + self.y

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The visible part (x0, y0, x1, y1) in image pixels; it may reach beyond the mosaic."""
        half_w, half_h = self.width / 2 / self.scale, self.height / 2 / self.scale
        return self.x - half_w, self.y - half_h, self.x + half_w, self.y + half_h

    @property
    def fit_scale(self) -> float:
        """The scale at which the whole mosaic is just visible."""
        ny, nx = self.shape
        return min(self.width / nx, self.height / ny)

    def resized(self, width: float, height: float) -> Viewport:
        """The same place and scale in a view of another size."""
        return replace(self, width=max(width, 1.0), height=max(height, 1.0))

    def fitted(self) -> Viewport:
        """The whole mosaic."""
        ny, nx = self.shape
        return replace(self, x=(nx - 1) / 2, y=(ny - 1) / 2, scale=self.fit_scale)

    def centred(self, x: float, y: float) -> Viewport:
        """Image position (x, y) in the middle, or as near as the mosaic's edges let it come.

        Beyond an edge at most a margin shows; what is smaller than the view stays in its middle.
        """
        ny, nx = self.shape
        x = _between_edges(x, nx, self.width / self.scale)
        return replace(self, x=x, y=_between_edges(y, ny, self.height / self.scale))

    def panned(self, dx: float, dy: float) -> Viewport:
        """The sky moved by (dx, dy) logical px, right and down."""
        return self.centred(self.x - dx / self.scale, self.y + dy / self.scale)

    def zoomed(self, factor: float, sx: float | None = None, sy: float | None = None) -> Viewport:
        """Zoomed about a point of the screen (the middle by default), which keeps its place."""
        sx = self.width / 2 if sx is None else sx
        sy = self.height / 2 if sy is None else sy
        x, y = self.to_image(sx, sy)
        smallest = min(self.fit_scale * SMALLEST_SHARE, 1.0)
        scale = min(max(self.scale * factor, smallest), LARGEST_PIXEL)
        zoomed = replace(self, scale=scale)
        x1, y1 = zoomed.to_image(sx, sy)
        return zoomed.centred(self.x + x - x1, self.y + y - y1)

    def screens_to(self, x: float, y: float) -> float:
        """How many views away an image position is."""
        return max(abs(x - self.x) / self.width, abs(y - self.y) / self.height) * self.scale

    def level(self, ratio: float, levels: int) -> int:
        """The tile level whose pixels come nearest to device pixels (`ratio` device px per logical px)."""
        wanted = round(-math.log2(self.scale * ratio))
        return min(max(wanted, 0), levels - 1)


def _between_edges(place: float, length: int, extent: float) -> float:
    """The nearest allowed middle of a view of `extent` image px on an axis of `length` px."""
    reach = extent * (0.5 - EDGE_MARGIN)
    low, high = reach - 0.5, length - 0.5 - reach
    if length <= extent:
        return (length - 1) / 2
    return min(max(place, low), high)
