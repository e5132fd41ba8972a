"""Rendered tiles side by side in one picture, and how a picture of the mosaic is drawn on screen."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from astrotl_gui.core.tiles import TILE, TileSource
from astrotl_gui.gui.viewport import Viewport

Pixels = NDArray[np.uint8]
Tile = tuple[int, int, int]
Place = tuple[int, int, int, int, int]
"""(level, ix0, iy0, ix1, iy1), half-open"""

PIXELS_SHOW = 6.0
"""From this many device px per image pixel on, pixels show as squares instead of being smoothed."""


class Sheet:
    """All tiles of one level in a rectangle of the tile grid. Transparent where a tile is missing."""

    def __init__(
        self,
        place: Place,
        shape: tuple[int, int],
        eye: tuple[float, float] | None = None,
        instead: Sheet | None = None,
    ) -> None:
        """`instead`: a sheet that is done with, whose memory is taken: new memory costs more than what is put there."""
        self.place = place
        self.level, self._ix0, self._iy0, self._ix1, self._iy1 = place
        ny, nx = (-(-n >> self.level) for n in shape)
        self._width = min(self._ix1 * TILE, nx) - self._ix0 * TILE
        self._height = min(self._iy1 * TILE, ny) - self._iy0 * TILE
        size = 4 * self._height * self._width
        if instead is not None and len(instead._memory) >= size:
            self._memory: Pixels = instead._memory
            self._memory[:size] = 0
        else:
            self._memory = np.zeros(size, np.uint8)
        self._pixels = self._memory[:size].reshape(self._height, self._width, 4)
        self.eye = eye or ((self._ix0 + self._ix1 - 1) / 2, (self._iy0 + self._iy1 - 1) / 2)
        """Where one looks, in tiles: what is near comes first."""
        self.missing = set(self.tiles())

    @property
    def complete(self) -> bool:
        """Whether every tile is rendered at full resolution."""
        return not self.missing

    def tiles(self) -> list[Tile]:
        """Every tile, nearest the eye first."""
        rows, columns = range(self._iy0, self._iy1), range(self._ix0, self._ix1)
        return self._nearest((self.level, ix, iy) for iy in rows for ix in columns)

    def _nearest(self, tiles: Iterable[Tile]) -> list[Tile]:
        x, y = self.eye
        return sorted(tiles, key=lambda tile: math.hypot(tile[1] - x, tile[2] - y))

    def waiting(self) -> list[Tile]:
        """The missing tiles, nearest the eye first."""
        return [tile for tile in self.tiles() if tile in self.missing] if self.missing else []

    def ring(self, source: TileSource) -> list[Tile]:
        """The tiles just outside, that panning shows next, nearest the eye first."""
        across, up = source.grid(self.level)
        columns = range(max(self._ix0 - 1, 0), min(self._ix1 + 1, across))
        rows = range(max(self._iy0 - 1, 0), min(self._iy1 + 1, up))
        inside = set(self.tiles())
        around = ((self.level, ix, iy) for iy in rows for ix in columns)
        return self._nearest(tile for tile in around if tile not in inside)

    def put(self, tile: Tile, pixels: Pixels) -> None:
        """Set a tile's BGRA pixels (lowest row first)."""
        row = self._height - (tile[2] - self._iy0) * TILE
        column = (tile[1] - self._ix0) * TILE
        h, w = pixels.shape[:2]
        self._pixels[row - h : row, column : column + w] = pixels[::-1]
        self.missing.discard(tile)

    def draft(self, tile: Tile, pixels: Pixels, stride: int) -> None:
        """Set a tile from every `stride`-th pixel; it still counts as missing."""
        bottom = self._height - (tile[2] - self._iy0) * TILE
        left = (tile[1] - self._ix0) * TILE
        height, width = min(TILE, bottom), min(TILE, self._width - left)
        coarse = pixels.view(np.uint32)[..., 0]
        fine = coarse.repeat(stride, axis=0).repeat(stride, axis=1)[:height, :width]
        self._pixels.view(np.uint32)[bottom - height : bottom, left : left + width, 0] = fine[::-1]

    def clear(self) -> None:
        """Every tile is missing again."""
        self._pixels[:] = 0
        self.missing = set(self.tiles())

    def expire(self) -> None:
        """Every tile is to be put anew; until then it stays as it is."""
        self.missing = set(self.tiles())

    def covers(self, viewport: Viewport) -> bool:
        """Whether nothing of the mosaic that is in view lies beyond this sheet, or shows through it."""
        span, (ny, nx) = TILE << self.level, viewport.shape
        x0, y0, x1, y1 = viewport.box
        left, low = self._ix0 * span - 0.5 <= max(x0, -0.5), self._iy0 * span - 0.5 <= max(y0, -0.5)
        right, top = self._ix1 * span - 0.5 >= min(x1, nx - 0.5), self._iy1 * span - 0.5 >= min(y1, ny - 0.5)
        return self.complete and left and low and right and top

    def draw(self, painter: QPainter, viewport: Viewport, ratio: float, finely: bool = True) -> None:
        kind = QImage.Format.Format_RGB32 if self.complete else QImage.Format.Format_ARGB32_Premultiplied
        image = QImage(self._pixels.data, self._width, self._height, 4 * self._width, kind)
        step = 1 << self.level
        corner = (self._ix0 * TILE * step - 0.5, self._iy0 * TILE * step - 0.5)
        draw_picture(painter, image, corner, step, viewport, ratio, finely)


def picture(pixels: Pixels) -> QImage:
    """A QImage (upper row first) of BGRA pixels (lowest row first); it owns its memory."""
    flipped = np.ascontiguousarray(pixels[::-1])
    height, width = flipped.shape[:2]
    return QImage(flipped.data, width, height, 4 * width, QImage.Format.Format_RGB32).copy()


def draw_picture(
    painter: QPainter,
    image: QImage,
    corner: tuple[float, float],
    step: int,
    viewport: Viewport,
    ratio: float,
    finely: bool = True,
) -> None:
    """Draw a picture whose lower left corner lies at an image position, `step` image px per picture pixel.

    Only the visible part is touched. At whole numbers of device px per pixel, pixels fall on device pixels. `finely`
    smooths what is scaled, which takes several times as long.
    """
    size = step * viewport.scale
    left, bottom = viewport.to_screen(*corner)
    top = bottom - image.height() * size
    device = size * ratio
    if abs(device - round(device)) < 1e-6:
        left, top = round(left * ratio) / ratio, round(top * ratio) / ratio
    c0, c1 = _visible(left, size, image.width(), viewport.width)
    r0, r1 = _visible(top, size, image.height(), viewport.height)
    if c0 >= c1 or r0 >= r1:
        return
    smooth = finely and device < PIXELS_SHOW * step and abs(device - 1) > 1e-6
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
    target = QRectF(left + c0 * size, top + r0 * size, (c1 - c0) * size, (r1 - r0) * size)
    painter.drawImage(target, image, QRectF(c0, r0, c1 - c0, r1 - r0))


def _visible(start: float, size: float, count: int, extent: float) -> tuple[int, int]:
    """The half-open range of pixels that show, one more on each side for smoothing."""
    first = math.floor(-start / size) - 1
    last = math.ceil((extent - start) / size) + 1
    return max(first, 0), min(last, count)
