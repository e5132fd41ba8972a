"""The width of the point spread function, measured from stars."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import sep
from astropy.io import fits
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FWHM_PER_SIGMA = 2.3548200450309493
DEFAULT_FWHM = 3.0
"""Width [px] taken where nothing tells it: well sampled, as most mosaics are."""
NARROWEST = 1.2
"""Sharper than this [px] is no star but a cosmic ray or a hot pixel."""
ROUNDEST = 0.3
"""Stars have an ellipticity below this."""
FEWEST_STARS = 5
MANY = 20
SHARPEST_WINDOW = 0.9
"""The weight is not narrower than this σ [px]: it would see one pixel of an undersampled star."""
STAMP = 15
"""Half the side of the stamp [px] in which widths are measured."""
SEEING_CARDS = ("PSF_FWHM", "SEEING", "IQFINAL")


@dataclass(frozen=True)
class Stars:
    """Compact bright sources: adaptive-moment FWHM [px] and ellipticity, float (N,)."""

    fwhm: Floats
    ellipticity: Floats


def psf_fwhm(
    samples: Iterable[tuple[NDArray[np.float32], NDArray[np.float32]]],
    saturation: float,
    psf: NDArray[np.float32] | None,
    header: fits.Header,
    pixel_scale: float,
) -> float:
    """FWHM of the PSF [px]: from stars; too few of them, from the PSF image, the header, or a default.

    `samples` are (background-subtracted values, σ) of parts of the image, NaN where bad; `saturation` is in
    the unit of the values; `pixel_scale` [arcsec per px] turns the header's seeing into pixels.
    """
    found = [_stars(values, sigma, saturation) for values, sigma in samples]
    widths = np.concatenate([stars.fwhm[stars.ellipticity < ROUNDEST] for stars in found] or [np.empty(0)])
    widths = widths[(widths >= NARROWEST) & (widths < STAMP)]
    locus = stellar_locus(widths)
    if len(locus) >= FEWEST_STARS:
        return float(np.median(locus))
    if psf is not None and (width := image_fwhm(psf)) is not None:
        return width
    if len(locus):
        return float(np.median(locus))
    for card in SEEING_CARDS:
        value = header.get(card)
        if isinstance(value, int | float) and 1.0 < value / pixel_scale < STAMP:
            return float(value) / pixel_scale
    return DEFAULT_FWHM


def stellar_locus(widths: Floats) -> Floats:
    """The widths of the stars among those of compact sources: the narrowest marked peak of their distribution.

    Galaxies are broader than stars whatever their number, so a later, higher peak does not win. Among many a
    peak counts from 0.4 of the highest; among few the narrowest counts.
    """
    if len(widths) < 2:
        return widths
    marked = 0.4 if len(widths) >= MANY else 0.0
    logs = np.log10(widths)
    grid = np.arange(logs.min() - 0.1, logs.max() + 0.1, 0.005)
    density = np.exp(-0.5 * ((grid[:, None] - logs) / 0.03) ** 2).sum(axis=1)
    inner = density[1:-1]
    peaks = (
        np.flatnonzero((inner >= density[:-2]) & (inner > density[2:]) & (inner >= marked * density.max()))
        + 1
    )
    return widths[np.abs(logs - grid[peaks[0]]) < 0.06]


def image_fwhm(psf: NDArray[np.float32]) -> float | None:
    """FWHM [px] of an image of the PSF; None where it cannot be measured."""
    y, x = np.unravel_index(int(np.argmax(psf)), psf.shape)
    padded = np.pad(np.asarray(psf, float), STAMP)
    stamp = padded[y : y + 2 * STAMP + 1, x : x + 2 * STAMP + 1]
    stars = adaptive_widths(stamp[None])
    return float(stars.fwhm[0]) if np.isfinite(stars.fwhm[0]) and stars.fwhm[0] >= 0.5 else None


def adaptive_widths(stamps: Floats) -> Stars:
    """Widths of the sources at the centres of `stamps` (N, s, s), with a round Gaussian weight matched to each.

    The weight of width w turns a Gaussian of width σ into 1/m² = 1/σ² + 1/w²; w = σ is the fixed point
    (Bernstein & Jarvis 2002). NaN where it does not converge.
    """
    half = stamps.shape[-1] // 2
    grid = np.arange(-half, half + 1, dtype=float)
    x0, y0 = np.zeros((2, len(stamps), 1, 1))
    width2 = np.full((len(stamps), 1, 1), 4.0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for _ in range(25):
            dx, dy = grid[None, None, :] - x0, grid[None, :, None] - y0
            window2 = np.maximum(width2, SHARPEST_WINDOW**2)
            weight = np.exp(-0.5 * (dx**2 + dy**2) / window2) * stamps
            total = weight.sum(axis=(1, 2), keepdims=True)
            x0 = np.clip(x0 + 2 * (weight * dx).sum(axis=(1, 2), keepdims=True) / total, -3, 3)
            y0 = np.clip(y0 + 2 * (weight * dy).sum(axis=(1, 2), keepdims=True) / total, -3, 3)
            xx = (weight * dx**2).sum(axis=(1, 2), keepdims=True) / total
            yy = (weight * dy**2).sum(axis=(1, 2), keepdims=True) / total
            inverse = 2 / (xx + yy) - 1 / window2
            width2 = np.clip(np.where(inverse > 0, 1 / inverse, np.nan), 0.01, (half / 1.5) ** 2)
        xy = (weight * dx * dy).sum(axis=(1, 2), keepdims=True) / total
        # The weight halves the ellipticity of a source of its own width.
        ellipticity = 2 * np.hypot(xx - yy, 2 * xy) / (xx + yy)
    return Stars(FWHM_PER_SIGMA * np.sqrt(width2.ravel()), np.nan_to_num(ellipticity.ravel(), nan=np.inf))


def _stars(values: NDArray[np.float32], sigma: NDArray[np.float32], saturation: float) -> Stars:
    """Isolated, bright, unsaturated sources of one sample."""
    none = Stars(np.empty(0), np.empty(0))
    bad = ~(np.isfinite(values) & np.isfinite(sigma) & (sigma > 0))
    if bad.all() or min(values.shape) < 2 * STAMP + 2:
        return none
    clean = np.where(bad, 0, values).astype(np.float32)
    err = np.where(bad, 1, sigma).astype(np.float32)
    try:
        found = sep.extract(clean, 5.0, err=err, mask=bad, minarea=5, filter_kernel=None, deblend_cont=0.005)
    except Exception:  # SEP raises plain Exception where its buffers overflow: this part is too crowded
        return none
    x, y = np.rint(found["x"]).astype(int), np.rint(found["y"]).astype(int)
    ny, nx = values.shape
    inside = (x >= STAMP) & (x < nx - STAMP) & (y >= STAMP) & (y < ny - STAMP)
    noise = err[np.clip(y, 0, ny - 1), np.clip(x, 0, nx - 1)]
    good = inside & (found["flag"] == 0) & (found["peak"] < 0.8 * saturation) & (found["peak"] > 12 * noise)
    rows = np.flatnonzero(good)
    rows = rows[np.argsort(-found["peak"][rows])][:300]
    if not len(rows):
        return none
    offsets = np.arange(-STAMP, STAMP + 1)
    window = (y[rows, None, None] + offsets[None, :, None], x[rows, None, None] + offsets[None, None, :])
    whole = ~bad[window].any(axis=(1, 2))
    return adaptive_widths(clean[window][whole].astype(float))
