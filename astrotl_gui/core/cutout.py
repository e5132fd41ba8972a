"""Cutouts: squares of fixed angular size around sky positions, on the reference grid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from astrotl_gui.core.regions import MIN_COVERAGE, Box, read_good

if TYPE_CHECKING:
    from astrotl_gui.core.mosaic import Mosaic


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
    planes = [read_good(mosaic, name, box) for name in bands]
    return _stack(planes, box, x, y, side, npix)


def side_in_pixels(mosaic: Mosaic, x: float, y: float, size: float) -> float:
    """Return the side [reference px] of a square of `size` arcsec at (x, y)."""
    return float(size) / float(mosaic.pixel_scale(float(x), float(y)))


def _box(x: float, y: float, side: float, npix: int) -> Box:
    # One pixel more on each side than the square needs, for the linear interpolation at its border.
    half = side / 2 + 1
    return (
        int(np.floor(x - half)),
        int(np.floor(y - half)),
        int(np.ceil(x + half)) + 1,
        int(np.ceil(y + half)) + 1,
    )


def _stack(
    planes: Sequence[NDArray[np.float32]], box: Box, x: float, y: float, side: float, npix: int
) -> NDArray[np.float32]:
    across = resampling_weights(x - box[0], side, npix, box[2] - box[0])
    along = resampling_weights(y - box[1], side, npix, box[3] - box[1])
    return np.stack([resample_plane(plane, along, across) for plane in planes])


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


def resample_plane(plane: NDArray[np.float32], along: csr_array, across: csr_array) -> NDArray[np.float32]:
    """A plane by weights along its columns and across its rows; NaN where too little of a pixel has a value."""
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
