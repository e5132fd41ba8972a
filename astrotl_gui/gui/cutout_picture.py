"""From a place in the mosaic to the picture of a cutout: plain functions that any thread may call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage, QPixmap

from astrotl_gui.core.cutout import cutout, side_in_pixels
from astrotl_gui.core.stretch import Levels, Look, render_bands, smoothed

if TYPE_CHECKING:
    from astrotl_gui.core.mosaic import Mosaic

BUCKETS = (48, 64, 96, 128, 160, 192, 256, 320, 384, 512, 640, 768, 896, 1024, 1280)
"""Sides [px] in which cutouts are read, so that a small change of the window reads nothing anew."""
COARSE = 14
"""Side [px] of the picture shown while the real one is on its way."""
LEAST_PIXELS = 16

Planes = NDArray[np.float32]


@dataclass(frozen=True)
class Stamp:
    """One cutout to show: `size` arcsec about reference px (x, y), `npix` on a side, of these bands.

    Looked up hundreds of times a frame: what tells most of them apart makes the hash, and the rest only equality.
    """

    source: int
    x: float
    y: float = field(hash=False)
    size: float = field(hash=False)
    npix: int
    mode: str = field(hash=False)
    bands: tuple[str, ...] = field(hash=False)


@dataclass(frozen=True, eq=False)
class Picture:
    """A rendered cutout, y up; `image` is None where there are no pixels at all.

    `masked` has alpha where pixels are masked or outside the mosaic; None where all are good.
    """

    image: QImage | None
    masked: QImage | None = None
    drawn: dict[tuple[int, float], QPixmap] = field(default_factory=dict)
    """As last drawn: (side [logical px], device px per logical px) → what the painter made of it."""

    @property
    def nbytes(self) -> int:
        """What it takes, with what the painter will make of it."""
        if self.image is None:
            return 200
        return 2 * self.image.sizeInBytes() + (self.masked.sizeInBytes() if self.masked is not None else 0)


UNREADABLE = Picture(None)


def pixels_read(mosaic: Mosaic, stamp: Stamp) -> int:
    """The side [px] of the planes to read: no more than the mosaic has, the same for every larger picture."""
    native = max(LEAST_PIXELS, round(side_in_pixels(mosaic, stamp.x, stamp.y, stamp.size)))
    return min(native, stamp.npix)


def read_planes(mosaic: Mosaic, stamp: Stamp) -> Planes:
    """The planes of a cutout (B, n, n), n = `pixels_read`. Raises AstroTLError when a file cannot be read."""
    return cutout(mosaic, stamp.x, stamp.y, stamp.size, pixels_read(mosaic, stamp), stamp.bands)


def render(stamp: Stamp, planes: Planes, levels: Mapping[str, Levels], mosaic: Mosaic, look: Look) -> Picture:
    """The picture of planes, enlarged where they are smaller than the stamp asks for."""
    if not np.isfinite(planes).any():
        return UNREADABLE
    if planes.shape[-1] < stamp.npix:
        planes = enlarged(planes, stamp.npix)
    step = side_in_pixels(mosaic, stamp.x, stamp.y, stamp.size) / stamp.npix
    shown = [smoothed(plane, look.smooth / step) for plane in planes]
    pixels = render_bands(dict(zip(stamp.bands, shown, strict=True)), levels, mosaic.spec, look)
    masked: NDArray[np.bool_] = np.all(np.isnan(planes), axis=0)
    return Picture(image_of(pixels), alpha_of(masked) if masked.any() else None)


def enlarged(planes: Planes, npix: int) -> Planes:
    """Planes enlarged to npix on a side by cubic splines; pixels without data stay whole blocks of NaN."""
    n = planes.shape[-1]
    weights, nearest = _spline(n, npix)
    good = np.isfinite(planes)
    filled = planes
    if not good.all():
        filled = planes.copy()
        for plane, there in zip(filled, good, strict=True):
            plane[~there] = np.median(plane[there]) if there.any() else 0
    made: Planes = (weights @ filled @ weights.T).astype(np.float32, copy=False)
    if not good.all():
        made[~good[:, nearest][:, :, nearest]] = np.nan
    return made


@lru_cache(maxsize=64)
def _spline(n: int, npix: int) -> tuple[Planes, NDArray[np.int64]]:
    """Weights (npix, n) of the cubic spline through n pixels at npix places, and the pixel nearest to each.

    Splines are linear and separable: these weights, made once, give what `map_coordinates` gives.
    """
    from scipy import ndimage

    grid = (np.arange(npix) + 0.5) * n / npix - 0.5
    one = [ndimage.map_coordinates(row, [grid], order=3, mode="nearest") for row in np.eye(n)]
    return np.stack(one, axis=1).astype(np.float32), np.clip(np.rint(grid), 0, n - 1).astype(np.int64)


def coarse_planes(mosaic: Mosaic, stamp: Stamp, overviews: Mapping[str, Planes]) -> dict[str, Planes]:
    """A few pixels of the overviews where a cutout is."""
    side = side_in_pixels(mosaic, stamp.x, stamp.y, stamp.size)
    return {band: _pick(overviews[band], mosaic.shape, stamp.x, stamp.y, side) for band in stamp.bands}


def _pick(overview: Planes, shape: tuple[int, int], x: float, y: float, side: float) -> Planes:
    """COARSE × COARSE pixels of an overview over a square of `side` reference px about (x, y)."""
    offsets = (np.arange(COARSE) - (COARSE - 1) / 2) * side / COARSE
    columns = np.floor((x + offsets + 0.5) * overview.shape[1] / shape[1]).astype(int)
    rows = np.floor((y + offsets + 0.5) * overview.shape[0] / shape[0]).astype(int)
    inside = ((rows >= 0) & (rows < overview.shape[0]))[:, None] & (
        (columns >= 0) & (columns < overview.shape[1])
    )
    values = overview[np.clip(rows, 0, overview.shape[0] - 1)][:, np.clip(columns, 0, overview.shape[1] - 1)]
    return np.where(inside, values, np.float32(np.nan))


def image_of(bgra: NDArray[np.uint8]) -> QImage:
    """BGRA rows, lowest y first, as an image with y up."""
    flipped = np.ascontiguousarray(bgra[::-1])
    height, width = flipped.shape[:2]
    return QImage(flipped.data, width, height, 4 * width, QImage.Format.Format_RGB32).copy()


def alpha_of(masked: NDArray[np.bool_]) -> QImage:
    flipped = np.ascontiguousarray(np.where(masked[::-1], 255, 0).astype(np.uint8))
    height, width = flipped.shape
    return QImage(flipped.data, width, height, width, QImage.Format.Format_Alpha8).copy()
