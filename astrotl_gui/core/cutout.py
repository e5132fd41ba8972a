"""Cutouts: squares of fixed angular size around sky positions, on the reference grid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

if TYPE_CHECKING:
    from astrotl_gui.core.mosaic import Mosaic

TILE = 1024
"""Side [px] of the squares by which `cutouts` walks the mosaic."""
MIN_COVERAGE = 0.5
"""Smallest share of an output pixel that must be good; below it the pixel is NaN."""

Box = tuple[int, int, int, int]


def cutout(
    mosaic: Mosaic, x: float, y: float, size: float, npix: int, bands: Sequence[str]
) -> NDArray[np.float32]:
    """Return a cutout, float32 (B, npix, npix), of `size` arcsec on a side.

    (x, y) are 0-based reference px and fall on the exact centre of the cutout; row 0 has the lowest y.
    The angular size is converted with the pixel scale at (x, y). Values keep the units of
    `mosaic.read` (per reference pixel): shrinking averages by area, enlarging interpolates linearly.
    Pixels outside the mosaic or flagged bad are NaN.
    """
    side = side_in_pixels(mosaic, x, y, size)
    box = _box(x, y, side, npix)
    planes = [_read(mosaic, name, box) for name in bands]
    return _stack(planes, box, x, y, side, npix)


def cutouts(
    mosaic: Mosaic,
    x: ArrayLike,
    y: ArrayLike,
    size: float,
    npix: int,
    bands: Sequence[str],
    batch: int = 64,
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]]:
    """Yield (indices (n,), cutouts (n, B, npix, npix), bad fraction (n,)) until every source is served.

    Sources are taken tile by tile, so that each region of the mosaic is read once; `indices` points into
    x and y. n ≤ batch. The bad fraction is the share of NaN pixels, averaged over the bands.
    """
    xs, ys = np.atleast_1d(np.asarray(x, float)), np.atleast_1d(np.asarray(y, float))
    for tile in _tiles(xs, ys):
        sides = [side_in_pixels(mosaic, xs[i], ys[i], size) for i in tile]
        boxes = [_box(xs[i], ys[i], side, npix) for i, side in zip(tile, sides, strict=True)]
        union = _union(boxes)
        # Few sources far apart: single reads touch fewer pixels than one box around them all.
        region = None
        if _area(union) <= 2 * sum(map(_area, boxes)):
            region = [_read(mosaic, name, union) for name in bands]
        for start in range(0, len(tile), batch):
            part = range(start, min(start + batch, len(tile)))
            stamps = np.empty((len(part), len(bands), npix, npix), np.float32)
            for row, k in enumerate(part):
                planes = _crop(region, union, boxes[k]) if region is not None else None
                if planes is None:
                    planes = [_read(mosaic, name, boxes[k]) for name in bands]
                stamps[row] = _stack(planes, boxes[k], xs[tile[k]], ys[tile[k]], sides[k], npix)
            bad = np.isnan(stamps).mean(axis=(1, 2, 3), dtype=np.float32)
            yield tile[part.start : part.stop], stamps, bad


def side_in_pixels(mosaic: Mosaic, x: float, y: float, size: float) -> float:
    """Return the side [reference px] of a square of `size` arcsec at (x, y)."""
    return float(size) / float(mosaic.pixel_scale(float(x), float(y)))


def _tiles(x: NDArray[np.float64], y: NDArray[np.float64]) -> list[NDArray[np.int64]]:
    if not len(x):
        return []
    keys = np.stack([np.floor(y / TILE), np.floor(x / TILE)])
    order = np.lexsort((np.arange(len(x)), keys[1], keys[0]))
    steps = np.flatnonzero(np.any(np.diff(keys[:, order], axis=1) != 0, axis=0)) + 1
    return [part.astype(np.int64) for part in np.split(order, steps)]


def _box(x: float, y: float, side: float, npix: int) -> Box:
    # One pixel more on each side than the square needs, for the linear interpolation at its border.
    half = side / 2 + 1
    return (
        int(np.floor(x - half)),
        int(np.floor(y - half)),
        int(np.ceil(x + half)) + 1,
        int(np.ceil(y + half)) + 1,
    )


def _union(boxes: Sequence[Box]) -> Box:
    low = np.min(boxes, axis=0)
    high = np.max(boxes, axis=0)
    return int(low[0]), int(low[1]), int(high[2]), int(high[3])


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _crop(planes: list[NDArray[np.float32]], outer: Box, box: Box) -> list[NDArray[np.float32]]:
    rows = slice(box[1] - outer[1], box[3] - outer[1])
    columns = slice(box[0] - outer[0], box[2] - outer[0])
    return [plane[rows, columns] for plane in planes]


def _read(mosaic: Mosaic, name: str, box: Box) -> NDArray[np.float32]:
    values = mosaic.read(name, box)
    bad = mosaic.bad(name, box)
    if bad is None or not np.any(bad):
        return values
    return np.where(bad, np.float32(np.nan), values)


def _stack(
    planes: Sequence[NDArray[np.float32]], box: Box, x: float, y: float, side: float, npix: int
) -> NDArray[np.float32]:
    across = resampling_weights(x - box[0], side, npix, box[2] - box[0])
    along = resampling_weights(y - box[1], side, npix, box[3] - box[1])
    return np.stack([_resample(plane, along, across) for plane in planes])


def resampling_weights(centre: float, side: float, npix: int, length: int) -> csr_array:
    """Return weights, sparse float32 (npix, length), from `length` input pixels to `npix` over `side` input px.

    Each row sums to 1. Output pixels at least one input pixel wide average by overlap; narrower ones
    interpolate linearly.
    """
    pitch = side / npix
    position = centre + (np.arange(npix) - (npix - 1) / 2) * pitch
    reach = pitch / 2 + 0.5 if pitch >= 1 else 1.0
    taps = int(np.ceil(2 * reach)) + 1
    index = np.floor(position - reach).astype(np.int64)[:, None] + np.arange(taps)
    distance = np.abs(position[:, None] - index)
    weights = np.clip(reach - distance, 0.0, 1.0) * ((index >= 0) & (index < length))
    weights /= weights.sum(axis=1, keepdims=True)
    starts = np.arange(0, npix * taps + 1, taps)
    columns = np.clip(index, 0, length - 1).ravel()
    return csr_array((weights.ravel().astype(np.float32), columns, starts), shape=(npix, length))


def _resample(plane: NDArray[np.float32], along: csr_array, across: csr_array) -> NDArray[np.float32]:
    good = np.isfinite(plane)
    if good.all():
        return _apply(plane, along, across)
    total = _apply(np.where(good, plane, np.float32(0)), along, across)
    coverage = _apply(good.astype(np.float32), along, across)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(coverage >= MIN_COVERAGE, total / coverage, np.nan).astype(np.float32)


def _apply(plane: NDArray[np.float32], along: csr_array, across: csr_array) -> NDArray[np.float32]:
    # Sparse products are tens of times cheaper than dense ones here, and leave the cores to the network.
    return np.ascontiguousarray((across @ np.ascontiguousarray((along @ plane).T)).T, np.float32)
