"""The sky level and noise of an image, from a mesh of cells that is fixed to the image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RectBivariateSpline
from scipy.ndimage import distance_transform_edt, median_filter

from astrotl_gui.core.mosaic import Box

Floats = NDArray[np.float64]
Read = Callable[[Box], NDArray[np.float32]]

FEWEST_GOOD = 0.1
"""A cell with a smaller share of usable pixels takes its values from the nearest cell."""
SKEWED = 0.3
"""Where mean and median differ by more than this many σ the mode estimate fails and the median is taken."""


@dataclass(frozen=True)
class Background:
    """Sky level and σ per pixel, interpolated between cells: bicubic (level) and bilinear (σ).

    The value at a pixel depends on the image alone, never on the box asked for.
    """

    level_spline: RectBivariateSpline
    sigma_spline: RectBivariateSpline
    typical_sigma: float

    @classmethod
    def measure(cls, read: Read, shape: tuple[int, int], size: int, smooth: int = 3) -> Background:
        """Measure an image of `shape` (ny, nx) in cells of about `size` px, median-filtered over `smooth` cells.

        `read` returns a box with NaN where there is no usable value. One row of cells is in memory at a time.
        Level and σ are those of SExtractor (Bertin & Arnouts 1996): 3σ-clipped, mode = 2.5 median − 1.5 mean.
        """
        rows, columns = _edges(shape[0], size), _edges(shape[1], size)
        level = np.full((len(rows) - 1, len(columns) - 1), np.nan)
        sigma = np.full_like(level, np.nan)
        for j, (y0, y1) in enumerate(pairwise(rows)):
            strip = read((0, int(y0), shape[1], int(y1)))
            level[j], sigma[j] = _clipped(_cells(strip, columns))
        level, sigma = (_smoothed(_filled(values), smooth) for values in (level, sigma))
        return cls(
            _spline(level, rows, columns, degree=3, extend=1.5),
            _spline(sigma, rows, columns, degree=1, extend=1.0),
            float(np.median(sigma)),
        )

    def level(self, box: Box) -> NDArray[np.float32]:
        """Sky level, float32 (h, w)."""
        return _evaluate(self.level_spline, box)

    def sigma(self, box: Box) -> NDArray[np.float32]:
        """σ per pixel of the sky, float32 (h, w)."""
        return _evaluate(self.sigma_spline, box)


def _edges(length: int, size: int) -> NDArray[np.int64]:
    """Edges of cells of nearly one size that cover `length` pixels."""
    return np.linspace(0, length, max(round(length / size), 1) + 1).round().astype(np.int64)


def _cells(strip: NDArray[np.float32], columns: NDArray[np.int64]) -> NDArray[np.float32]:
    """(cells, pixels) of one row of cells, sorted along each row; NaN (also as padding) at the end."""
    widths = np.diff(columns)
    cells = np.full((len(widths), strip.shape[0] * int(widths.max())), np.nan, np.float32)
    for i, (x0, x1) in enumerate(pairwise(columns)):
        part = strip[:, x0:x1]
        cells[i, : part.size] = part.ravel()
    cells.sort(axis=1)
    return cells


def _clipped(cells: NDArray[np.float32]) -> tuple[Floats, Floats]:
    """(level, σ) of each sorted row of `cells`; NaN where too few pixels are usable."""
    count = np.isfinite(cells).sum(axis=1)
    enough = count >= max(FEWEST_GOOD * cells.shape[1], 4)
    row = np.arange(len(cells))
    middle = cells[row, count // 2].astype(float)
    middle[~enough] = 0.0
    centred = np.where(np.isfinite(cells), cells - middle[:, None], 0.0)
    sums = np.concatenate([np.zeros((len(cells), 1)), np.cumsum(centred, axis=1)], axis=1)
    squares = np.concatenate([np.zeros((len(cells), 1)), np.cumsum(centred**2, axis=1)], axis=1)
    low, high = np.zeros_like(count), np.maximum(count, 1)
    valid = np.arange(cells.shape[1]) < count[:, None]
    for _ in range(30):
        n = np.maximum(high - low, 1)
        mean = (sums[row, high] - sums[row, low]) / n
        sigma = np.sqrt(np.maximum((squares[row, high] - squares[row, low]) / n - mean**2, 0.0))
        median = (centred[row, (low + high - 1) // 2] + centred[row, (low + high) // 2]) / 2
        new_low = (valid & (centred < (median - 3 * sigma)[:, None])).sum(axis=1)
        new_high = (valid & (centred <= (median + 3 * sigma)[:, None])).sum(axis=1)
        new_high = np.maximum(new_high, new_low + 1)
        if np.array_equal(new_low, low) and np.array_equal(new_high, high):
            break
        low, high = new_low, new_high
    level = np.where(np.abs(mean - median) < SKEWED * sigma, 2.5 * median - 1.5 * mean, median) + middle
    return np.where(enough, level, np.nan), np.where(enough, sigma, np.nan)


def _filled(values: Floats) -> Floats:
    """Cells without a value take that of the nearest cell; 0 where no cell has one."""
    missing = ~np.isfinite(values)
    if missing.all():
        return np.zeros_like(values)
    nearest = distance_transform_edt(missing, return_distances=False, return_indices=True)
    return np.asarray(values[tuple(nearest)])


def _smoothed(values: Floats, size: int) -> Floats:
    """Median over `size` × `size` cells; gradients go on beyond the edges, or the corners would be biased."""
    if size < 2:
        return values
    half = size // 2
    around = [(min(half, length - 1), min(half, length - 1)) for length in values.shape]
    padded = median_filter(np.pad(values, around, mode="reflect", reflect_type="odd"), size, mode="nearest")
    inner = tuple(slice(before, before + n) for (before, _), n in zip(around, values.shape, strict=True))
    return np.asarray(padded[inner])


def _spline(
    values: Floats, rows: NDArray[np.int64], columns: NDArray[np.int64], degree: int, extend: float
) -> RectBivariateSpline:
    """Interpolate between cell centres; the image edge is reached by a line (`extend` 1.5) or held (1.0)."""
    for axis in (0, 1):
        first, last = values.take([0], axis), values.take([-1], axis)
        second, before = (
            values.take([min(1, values.shape[axis] - 1)], axis),
            values.take([-2 % values.shape[axis]], axis),
        )
        start, end = extend * first + (1 - extend) * second, extend * last + (1 - extend) * before
        values = np.concatenate([start, values, end], axis=axis)
    nodes = [np.concatenate([[e[0]], (e[:-1] + e[1:]) / 2, [e[-1]]]) - 0.5 for e in (rows, columns)]
    kx, ky = (min(degree, size - 1) for size in values.shape)
    return RectBivariateSpline(nodes[0], nodes[1], values, kx=kx, ky=ky, s=0)


def _evaluate(spline: RectBivariateSpline, box: Box) -> NDArray[np.float32]:
    x0, y0, x1, y1 = box
    return np.asarray(spline(np.arange(y0, y1), np.arange(x0, x1)), np.float32)
