"""Signs of a problematic epoch: how a cutout differs from the median of all epochs of its source, in numbers.

Each cutout is fitted by the median image, its shift, its blurring and a sky level: what seeing, registration and true
variability do goes into the coefficients, what nothing of this explains stays in the residual.
"""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, laplace
from scipy.sparse import csr_array

from astrotl_gui.core.statistics import OUTER, radii

F32 = NDArray[np.float32]
Floats = NDArray[np.float64]

CORE = 0.35
"""Radius of the core, in half sides of the cutout."""
MODEL_ERROR = 0.05
"""Relative error of the median image as a model of an epoch."""
ANGLES = 12
NAMES = (
    "highest", "lowest", "chi2", "chi2_core", "beyond_5", "line", "column", "blob", "shift", "shift_snr", "width",
    "width_snr", "flux", "flux_snr", "noise", "sky", "missing",
)  # fmt: skip
RELATIVE = NAMES[:10]
"""Signs that are also taken less their median over the epochs of the source."""
ALL_NAMES = (*NAMES, *(f"{name}_over_median" for name in RELATIVE), "brightness")


def median_image(cutouts: F32) -> F32:
    """The median (n, s, s) over epochs of cutouts (n, E, s, s), 0 where no epoch has a value."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.nan_to_num(np.nanmedian(cutouts, axis=1)).astype(np.float32)


def epoch_signs(cutouts: F32, noise: F32, sky: F32, median: F32) -> F32:
    """Return signs (n, E, len(ALL_NAMES)) of cutouts (n, E, s, s) less their sky, NaN where bad.

    `noise`, `sky` (n, E): σ per pixel and level that was taken away; `median` (n, s, s) of the epochs.
    """
    missing = np.isnan(cutouts).mean(axis=(2, 3))
    values = np.where(np.isnan(cutouts), median[:, None], cutouts)
    typical = np.maximum(np.nanmedian(noise, axis=1), 1e-30)
    coefficients, errors, model = _fit(values - median[:, None], median, typical)
    sigma = np.sqrt(noise[:, :, None, None] ** 2 + (MODEL_ERROR * median[:, None]) ** 2)
    residual = ((values - median[:, None] - model) / sigma).astype(np.float32)
    errors = errors[:, None] * (noise / typical[:, None])[..., None]
    table = [*_of_residual(residual), *_of_fit(coefficients, errors)]
    with np.errstate(divide="ignore", invalid="ignore"):
        table.append(np.log(noise / typical[:, None]))
        table.append(_signed((sky - np.nanmedian(sky, axis=1, keepdims=True)) / noise))
    table.append(missing)
    signs = np.stack(table, axis=-1)
    relative = np.where(missing[..., None] < 1, signs[..., : len(RELATIVE)], np.nan)
    over = relative - _over_epochs(relative)
    bright = np.log1p(np.maximum(median[:, radii(median.shape[-1]) < CORE].max(axis=1), 0) / typical)
    own = np.broadcast_to(bright[:, None, None], (*signs.shape[:2], 1))
    return np.nan_to_num(np.concatenate([signs, over, own], axis=-1)).astype(np.float32)


def _over_epochs(values: F32) -> F32:
    """The median (n, 1, M) over the epochs that have a value."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # sources without any
        return np.asarray(np.nanmedian(values, axis=1, keepdims=True), np.float32)


def _fit(change: F32, median: F32, typical: Floats) -> tuple[Floats, Floats, Floats]:
    """(coefficients (n, E, 5), errors (n, 5) for the typical noise, model (n, E, s, s)) of the change from the median:
    flux, shift along x and y [px], blurring, sky."""
    smooth = gaussian_filter(median, (0, 0.7, 0.7))
    parts = [smooth, -np.gradient(smooth, axis=2), -np.gradient(smooth, axis=1)]
    parts.append(np.stack([laplace(image) for image in smooth]) if len(smooth) else smooth)
    parts.append(np.ones_like(smooth))
    side = median.shape[-1]
    design = np.stack(parts, axis=1).astype(np.float64)  # (n, 5, s, s)
    weight = (radii(side) < OUTER) / (typical[:, None, None] ** 2 + (MODEL_ERROR * median) ** 2)
    flat = design.reshape(len(design), 5, -1)
    weighted = flat * weight.reshape(len(weight), 1, -1)
    gram = weighted @ flat.swapaxes(1, 2)
    ridge = np.trace(gram, axis1=1, axis2=2)[:, None, None] * 1e-9 * np.eye(5) + 1e-30 * np.eye(5)
    inverse = np.linalg.pinv(gram + ridge, hermitian=True)
    moments = weighted @ change.reshape(*change.shape[:2], -1).swapaxes(1, 2).astype(np.float64)
    coefficients = (inverse @ moments).swapaxes(1, 2)
    errors = np.sqrt(np.maximum(np.diagonal(inverse, axis1=1, axis2=2), 1e-30))
    return coefficients, errors, (coefficients @ flat).reshape(change.shape)


def _of_residual(residual: F32) -> list[NDArray[np.floating]]:
    side = residual.shape[-1]
    radius = radii(side)
    inner, core = radius < 1, radius < CORE
    within, middle = residual[..., inner], residual[..., core]
    sums, counts = _lines(side)
    flat = residual.reshape(-1, side * side)
    along = (sums @ np.clip(flat, -10, 10).T).T / np.sqrt(np.maximum(counts, 1))
    along = np.where(counts >= side / 2, along, 0).reshape(*residual.shape[:2], -1)
    columns = np.clip(residual, -10, 10).sum(axis=2) / np.sqrt(side)
    blobs = gaussian_filter(residual, (0, 0, 2, 2)) * (2 * np.sqrt(np.pi) * 2)
    return [
        np.log1p(np.maximum(within.max(axis=-1), 0)),
        np.log1p(np.maximum(-within.min(axis=-1), 0)),
        np.log1p((np.clip(within, -50, 50) ** 2).mean(axis=-1)),
        np.log1p((np.clip(middle, -50, 50) ** 2).mean(axis=-1)),
        np.sqrt((np.abs(within) > 5).mean(axis=-1)),
        np.log1p(np.abs(along).max(axis=-1)),
        np.log1p(np.abs(columns).max(axis=-1)),
        np.log1p(np.abs(blobs[..., inner]).max(axis=-1)),
    ]


def _of_fit(coefficients: Floats, errors: Floats) -> list[Floats]:
    flux, dx, dy, width = (coefficients[..., k] for k in range(4))
    snr = coefficients / errors
    return [
        np.log1p(np.minimum(np.hypot(dx, dy), 30)),
        np.log1p(np.hypot(snr[..., 1], snr[..., 2])),
        np.clip(width, -10, 10),
        _signed(snr[..., 3]),
        np.clip(flux, -2, 5),
        _signed(snr[..., 0]),
    ]


def _signed(value: NDArray[np.floating]) -> NDArray[np.floating]:
    """Sign and logarithm: large values of either sign stay apart and bounded."""
    return np.sign(value) * np.log1p(np.abs(value))


@cache
def _lines(side: int) -> tuple[csr_array, Floats]:
    """(sums, counts): a sparse matrix (lines, side²) of lines a pixel wide at ANGLES angles, and pixels in each."""
    offset = np.arange(side) - (side - 1) / 2
    rows, columns, start = [], [], 0
    for number in range(ANGLES):
        angle = np.pi * number / ANGLES
        across = offset[None, :] * np.sin(angle) + offset[:, None] * np.cos(angle)
        line = np.rint(across).astype(np.int64)
        line -= line.min()
        rows.append(start + line.ravel())
        columns.append(np.arange(side * side))
        start += int(line.max()) + 1
    row, column = np.concatenate(rows), np.concatenate(columns)
    matrix = csr_array((np.ones(len(row), np.float32), (row, column)), shape=(start, side * side))
    return matrix, np.asarray(matrix.sum(axis=1), np.float64).ravel()
