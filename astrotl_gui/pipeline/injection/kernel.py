"""The PSF on a grid finer than the pixels, so that sharp light can be blurred before it is binned."""

from __future__ import annotations

from functools import lru_cache
from math import ceil

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from astrotl_gui.pipeline.psf import STAMP, adaptive_widths

Floats = NDArray[np.float64]

BETA = 3.5
"""Of the Moffat profile: seeing, with its wings."""
REACH = 4.0
"""Widths at which the profile ends."""


def kernel(fwhm: float, fine: int, image: NDArray[np.float32] | None = None) -> Floats:
    """A PSF of sum 1 on pixels `fine` times smaller, of odd side.

    From its `image` on whole pixels; without one a Moffat which, binned, has the adaptive width `fwhm` [px] as
    `pipeline.psf` measures it. It ends at four widths.
    """
    half = max(ceil(REACH * fwhm), 6)
    return _moffat(round(fwhm, 3), fine, half) if image is None else _enlarged(image, fine, half)


@lru_cache(maxsize=32)
def _moffat(fwhm: float, fine: int, half: int) -> Floats:
    # Adaptive widths of Moffats exceed their half maximum, and pixels widen them: three steps find the profile.
    width = fwhm
    for _ in range(3):
        measured = adaptive_widths(binned(_profile(width, fine, STAMP), fine)[None]).fwhm[0]
        width *= fwhm / measured if np.isfinite(measured) else 1.0
        width = max(width, 0.3)
    return _profile(width, fine, half)


def _profile(fwhm: float, fine: int, half: int) -> Floats:
    """A Moffat of half-maximum width `fwhm` [px], fading to nothing `half` px out: no square around bright points.

    On fine pixels; the side is an odd number.
    """
    reach = half * fine + (fine - 1) // 2
    axis = np.arange(-reach, reach + 1) / fine
    core = fwhm / 2 / np.sqrt(2 ** (1 / BETA) - 1)
    values = (1 + (axis[:, None] ** 2 + axis[None, :] ** 2) / core**2) ** -BETA
    values = np.maximum(values - (1 + (half / core) ** 2) ** -BETA, 0)
    return np.asarray(values / values.sum())


def _enlarged(image: NDArray[np.float32], fine: int, most: int) -> Floats:
    row, column = np.unravel_index(int(np.argmax(image)), image.shape)
    half = min(most, row, column, image.shape[0] - 1 - row, image.shape[1] - 1 - column)
    axis = np.arange(-half * fine, half * fine + 1) / fine
    grid = np.meshgrid(row + axis, column + axis, indexing="ij")
    values = np.maximum(map_coordinates(image.astype(np.float64), grid, order=3, mode="nearest"), 0)
    return np.asarray(values / values.sum())


def binned(values: Floats, fine: int) -> Floats:
    """Sums over blocks of fine × fine of an array whose sides are multiples of `fine`."""
    rows, columns = values.shape[0] // fine, values.shape[1] // fine
    return np.asarray(
        values[: rows * fine, : columns * fine].reshape(rows, fine, columns, fine).sum(axis=(1, 3))
    )
