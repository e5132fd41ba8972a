"""Regions: squares of mosaic pixels around many sources, as they are in the file, in batches of one shape."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from astrotl_gui.core.mosaic import Mosaic

TILE = 1024
"""Side [px] of the squares by which the mosaic is walked."""
MIN_COVERAGE = 0.5
"""Smallest share of an output pixel that must be good; below it the pixel is NaN."""
MARGIN = 3
"""Pixels more than the cutout's side, for interpolation at its border and a centre between pixels."""

F32 = NDArray[np.float32]
Box = tuple[int, int, int, int]

_FIELDS = ("rows", "planes", "x", "y", "side")


@dataclass(frozen=True, eq=False)
class Regions:
    """Squares of pixels around n sources, and where each cutout lies in its square.

    `rows` int64 (n,): which sources. `planes` float32 (n, B, L, L): values of `Mosaic.read`, NaN where bad or
    outside. `x`, `y` float32 (n,): the source within its square, and `side` (n,) of its cutout [px of the planes].
    """

    rows: NDArray[np.int64]
    planes: F32
    x: F32
    y: F32
    side: F32

    def __len__(self) -> int:
        return len(self.rows)

    def resampled(self, npix: int) -> F32:
        """Return the cutouts, (n, B, npix, npix), NaN where less than half of a pixel is good."""
        index = np.arange(self.planes.shape[-1], dtype=np.float32)
        along = overlap(self.y, self.side, npix, index)[:, None]
        across = overlap(self.x, self.side, npix, index)[:, None].swapaxes(2, 3)
        good = np.isfinite(self.planes)
        if good.all():
            return along @ self.planes @ across
        total = along @ np.where(good, self.planes, np.float32(0)) @ across
        coverage = along @ good.astype(np.float32) @ across
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(coverage >= MIN_COVERAGE, total / coverage, np.float32(np.nan))

    def take(self, which: Sequence[int]) -> Regions:
        """Some of them, in this order."""
        return Regions(*(getattr(self, name)[list(which)] for name in _FIELDS))

    def filled(self, level: F32) -> Regions:
        """Bad pixels at `level` (n, B)."""
        good = np.isfinite(self.planes)
        if good.all():
            return self
        return replace(self, planes=np.where(good, self.planes, level[:, :, None, None]))

    def turned(self, view: int) -> Regions:
        """One of the eight views of the dihedral group D4: 0 as they are, 4–7 mirrored, each turned by 90°."""
        last = np.float32(self.planes.shape[-1] - 1)
        planes, x, y = self.planes, self.x, self.y
        if view & 1:
            planes, x, y = planes.swapaxes(2, 3), y, x
        if view & 2:
            planes, y = planes[:, :, ::-1], last - y
        if view & 4:
            planes, x = planes[..., ::-1], last - x
        return replace(self, planes=np.ascontiguousarray(planes), x=x, y=y)


def overlap(centre: Any, side: Any, npix: int, index: Any) -> Any:
    """Return weights (n, npix, L) that resample pixels `index` (L,) to cutouts of `side` (n,) around `centre` (n,).

    Each row sums to 1, or is NaN where it lies beyond the pixels. Output pixels at least one input pixel wide average
    by overlap; narrower ones interpolate linearly. NumPy arrays or torch tensors.
    """
    pitch = side[:, None] / npix
    position = centre[:, None] + (_steps(npix, index) - (npix - 1) / 2)[None] * pitch
    reach = (pitch / 2 + 0.5).clip(min=1)
    weights = (reach[:, :, None] - abs(position[:, :, None] - index)).clip(0, 1)
    with np.errstate(invalid="ignore"):
        return weights / weights.sum(-1)[:, :, None]


def _steps(npix: int, like: Any) -> Any:
    if isinstance(like, np.ndarray):
        return np.arange(npix, dtype=like.dtype)
    return like.new_ones(npix).cumsum(0) - 1


def read_regions(
    mosaic: Mosaic,
    x: ArrayLike,
    y: ArrayLike,
    size: float,
    bands: Sequence[str],
    batch: int,
    rows: NDArray[np.int64] | None = None,
) -> Iterator[Regions]:
    """Yield the regions of every source, `batch` at a time (the last may be fewer).

    x, y: 0-based reference px; `size`: side of the cutouts [arcsec]. `rows`: the sources wanted, in this order
    (see `in_tiles`); all by default. Neighbours in that order are read together.
    """
    xs, ys = np.atleast_1d(np.asarray(x, float)), np.atleast_1d(np.asarray(y, float))
    wanted = in_tiles(xs, ys) if rows is None else rows
    tiles = _tiles(xs, ys, wanted)
    sides = [size / _scale(mosaic, xs, ys, tile) for tile in tiles]
    length = int(np.ceil(max(sides, default=1.0))) + MARGIN
    pending: list[Regions] = []
    for tile, side in zip(tiles, sides, strict=True):
        # The first part fills the batch begun before, so that few pixels are copied.
        room = batch - sum(map(len, pending))
        starts = [0, *range(room, len(tile), batch)]
        for part in _cut(mosaic, tile, xs[tile], ys[tile], side, length, bands, starts):
            pending.append(part)
            if sum(map(len, pending)) == batch:
                yield _joined(pending)
                pending = []
    if pending:
        yield _joined(pending)


def in_tiles(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the order in which sources at x, y are read tile by tile."""
    return np.lexsort((np.arange(len(x)), np.floor(x / TILE), np.floor(y / TILE))).astype(np.int64)


def _tiles(
    x: NDArray[np.float64], y: NDArray[np.float64], rows: NDArray[np.int64]
) -> list[NDArray[np.int64]]:
    """Runs of consecutive rows in the same tile."""
    if not len(rows):
        return []
    keys = np.stack([np.floor(y[rows] / TILE), np.floor(x[rows] / TILE)])
    steps = np.flatnonzero(np.any(np.diff(keys, axis=1) != 0, axis=0)) + 1
    return np.split(rows, steps)


def _scale(mosaic: Mosaic, x: NDArray[np.float64], y: NDArray[np.float64], tile: NDArray[np.int64]) -> float:
    """Pixel scale [arcsec] in the middle of a tile: the same for all its sources, whichever are asked for."""
    ny, nx = mosaic.shape
    column, row = ((np.floor(axis[tile[0]] / TILE) + 0.5) * TILE for axis in (x, y))
    return float(mosaic.pixel_scale(float(np.clip(column, 0, nx - 1)), float(np.clip(row, 0, ny - 1))))


def _cut(
    mosaic: Mosaic,
    rows: NDArray[np.int64],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    side: float,
    length: int,
    bands: Sequence[str],
    starts: Sequence[int],
) -> Iterator[Regions]:
    """Regions of the sources of one tile, in parts that begin at `starts`."""
    left, low = (np.rint(centre).astype(np.int64) - length // 2 for centre in (x, y))
    union = (int(left.min()), int(low.min()), int(left.max()) + length, int(low.max()) + length)
    # Few sources far apart: single reads touch fewer pixels than one box around them all, but cost more each.
    together = _area(union) <= 6 * len(rows) * length**2
    whole = [read_good(mosaic, name, union) for name in bands] if together else None
    for start, end in pairwise([*starts, len(rows)]):
        part = slice(start, end)
        planes = np.empty((len(rows[part]), len(bands), length, length), np.float32)
        for row, (x0, y0) in enumerate(zip(left[part].tolist(), low[part].tolist(), strict=True)):
            box = (x0, y0, x0 + length, y0 + length)
            for band, name in enumerate(bands):
                planes[row, band] = _crop(whole[band], union, box) if whole else read_good(mosaic, name, box)
        place = (x - left)[part].astype(np.float32), (y - low)[part].astype(np.float32)
        yield Regions(rows[part], planes, *place, np.full(len(planes), side, np.float32))


def read_good(mosaic: Mosaic, name: str, box: Box) -> F32:
    """Pixels of a band, NaN where they are flagged bad or lie outside the mosaic."""
    values = mosaic.read(name, box)
    bad = mosaic.bad(name, box)
    if bad is None or not np.any(bad):
        return values
    return np.where(bad, np.float32(np.nan), values)


def _crop(plane: F32, outer: Box, box: Box) -> F32:
    return plane[box[1] - outer[1] : box[3] - outer[1], box[0] - outer[0] : box[2] - outer[0]]


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _joined(parts: list[Regions]) -> Regions:
    if len(parts) == 1:
        return parts[0]
    return Regions(*(np.concatenate([getattr(part, name) for part in parts]) for name in _FIELDS))
