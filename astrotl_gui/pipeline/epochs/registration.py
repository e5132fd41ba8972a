"""Where each epoch's sources really lie: the shift that its WCS leaves, measured on field sources."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import sep
from numpy.typing import NDArray
from scipy import fft
from scipy.ndimage import gaussian_filter

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.pipeline.epochs.opening import OpenSeries, View, unspoiled
from astrotl_gui.pipeline.psf import DEFAULT_FWHM, FWHM_PER_SIGMA

Floats = NDArray[np.float64]
F32 = NDArray[np.float32]

WINDOW = 2048
"""Side [px] of the part in the middle on which shifts are measured, at most."""
FARTHEST = 64
"""Shifts up to this [px] are found."""
BRIGHT, MOST_STARS, FEWEST_STARS = 15.0, 200, 3
CLIPPED = 5.0
"""Pixels count with at most this S/N in the coarse step: a saturated star must not decide alone."""


@dataclass(frozen=True)
class Shift:
    """Of one epoch, from `stars` sources: `dx`, `dy` ± `error` [px], `fwhm` [px] of the narrow ones; NaN unknown."""

    dx: float
    dy: float
    error: float
    stars: int
    fwhm: float


def register(opened: OpenSeries, catalog: Catalog, *, progress: Progress = SILENT) -> list[Shift]:
    """The shift of every epoch: its sources beside where the catalog has them, less the catalog's own error.

    A coarse step finds the peak of the cross-correlation with the reference image; windowed centroids of the
    brightest sources then give the median and its error. Zero, with NaN error, where too few sources are bright enough.
    """
    box = _box(opened.reference.shape)
    rows = _bright(catalog, box)
    x, y = catalog.x[rows] - box[0], catalog.y[rows] - box[1]
    band = opened.reference.reference.name
    reference = _flat(View(opened.reference, band).read(box))
    own = _centroids(reference, x, y)
    found = []
    for number, view in enumerate(opened.views):
        progress(number, len(opened), "Registering epochs")
        found.append(_shift(_flat(view.read(box)), reference, x, y, own))
    progress(len(opened), len(opened), "Registering epochs")
    return found


def _box(shape: tuple[int, int]) -> tuple[int, int, int, int]:
    ny, nx = shape
    x0, y0 = max((nx - WINDOW) // 2, 0), max((ny - WINDOW) // 2, 0)
    return x0, y0, min(x0 + WINDOW, nx), min(y0 + WINDOW, ny)


def _bright(catalog: Catalog, box: tuple[int, int, int, int]) -> NDArray[np.int64]:
    """The brightest clean sources of the window, away from its border."""
    inside = (
        (catalog.x > box[0] + 8)
        & (catalog.y > box[1] + 8)
        & (catalog.x < box[2] - 9)
        & (catalog.y < box[3] - 9)
    )
    signal = catalog.column("snr") if "snr" in catalog else np.full(len(catalog), np.inf)
    good = inside & (np.nan_to_num(signal) > BRIGHT)
    if (clean := good & unspoiled(catalog)).sum() >= FEWEST_STARS:
        good = clean
    rows = np.flatnonzero(good)
    return rows[np.argsort(-signal[rows], kind="stable")][:MOST_STARS]


def _flat(values: F32) -> F32:
    """S/N above the sky, bad pixels 0."""
    good = np.isfinite(values)
    if not good.any():
        return np.zeros(values.shape, np.float32)
    level = np.median(values[good])
    noise = max(float(level - np.percentile(values[good], 15.87)), 1e-30)
    return np.where(good, (values - level) / noise, 0).astype(np.float32)


def _shift(image: F32, reference: F32, x: Floats, y: Floats, own: tuple[Floats, Floats]) -> Shift:
    coarse = _coarse(image, reference)
    cx, cy = _centroids(image, x + coarse[0], y + coarse[1])
    dx, dy = cx - own[0], cy - own[1]
    near = np.isfinite(dx) & (np.hypot(dx - coarse[0], dy - coarse[1]) < 3)
    if near.sum() < FEWEST_STARS:
        return Shift(0.0, 0.0, float("nan"), int(near.sum()), float("nan"))
    centre = np.median(dx[near]), np.median(dy[near])
    # The median of a Rayleigh distribution is σ √ln 4.
    scatter = np.median(np.hypot(dx[near] - centre[0], dy[near] - centre[1])) / np.sqrt(np.log(4))
    error = float(1.2533 * scatter / np.sqrt(near.sum()))
    return Shift(float(centre[0]), float(centre[1]), error, int(near.sum()), _fwhm(image, cx[near], cy[near]))


def _coarse(image: F32, reference: F32) -> tuple[int, int]:
    """Whole-pixel shift at the peak of the cross-correlation of the smoothed, clipped images."""
    first, second = (np.clip(gaussian_filter(part, 1.0), 0, CLIPPED) for part in (image, reference))
    first, second = first - first.mean(), second - second.mean()
    shape = [fft.next_fast_len(n + FARTHEST, real=True) for n in image.shape]
    product = fft.rfft2(first, shape) * np.conj(fft.rfft2(second, shape))
    peak = fft.irfft2(product, shape)
    reach = min(FARTHEST, *(n // 3 for n in image.shape))
    rows, columns = (np.r_[0 : reach + 1, -reach:0] for _ in range(2))
    part = peak[np.ix_(rows, columns)]
    j, i = np.unravel_index(int(np.argmax(part)), part.shape)
    return int(columns[i]), int(rows[j])


def _centroids(image: F32, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Windowed positions (as SExtractor's XWIN) near x, y; NaN where they do not converge."""
    if not len(x):
        return np.zeros(0), np.zeros(0)
    cx, cy, flag = sep.winpos(np.ascontiguousarray(image), x, y, DEFAULT_FWHM / FWHM_PER_SIGMA * 1.2)
    good = (flag == 0) & (np.hypot(cx - x, cy - y) < 4)
    return np.where(good, cx, np.nan), np.where(good, cy, np.nan)


def _fwhm(image: F32, x: Floats, y: Floats) -> float:
    """FWHM [px] by the half-light radius of the narrower half of the sources (Gaussian: 2 r50)."""
    radius, _ = sep.flux_radius(np.ascontiguousarray(image), x, y, np.full(len(x), 10.0), 0.5, subpix=5)
    radius = radius[np.isfinite(radius) & (radius > 0)]
    return float(2 * np.percentile(radius, 25)) if len(radius) else float("nan")
