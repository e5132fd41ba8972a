"""The point spread function, measured from stars."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

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
    """Compact bright sources by their adaptive moments; float (N,), NaN where these do not converge.

    `fwhm` [px] is that of the Gaussian whose weight matches the source; for a Moffat profile it is wider than
    the half-maximum (15 % at β = 3). `e1`, `e2`: (xx − yy, 2 xy) / (xx + yy). `dx`, `dy` [px]: centre from the
    middle pixel of `stamps` (N, s, s), background-subtracted.
    """

    fwhm: Floats
    e1: Floats
    e2: Floats
    dx: Floats
    dy: Floats
    stamps: Floats

    def __len__(self) -> int:
        return len(self.fwhm)

    @property
    def ellipticity(self) -> Floats:
        """(xx − yy) / (xx + yy) along the major axis; ∞ where it is not known."""
        return np.nan_to_num(np.hypot(self.e1, self.e2), nan=np.inf)

    def take(self, rows: NDArray[np.bool_]) -> Stars:
        """Some of the stars."""
        return Stars(*(getattr(self, entry.name)[rows] for entry in fields(self)))

    @classmethod
    def join(cls, parts: Iterable[Stars]) -> Stars:
        """The stars of several parts, one after the other."""
        parts = [cls.none(), *parts]
        return cls(*(np.concatenate([getattr(part, e.name) for part in parts]) for e in fields(cls)))

    @classmethod
    def none(cls) -> Stars:
        nothing, side = np.empty(0), 2 * STAMP + 1
        return cls(nothing, nothing, nothing, nothing, nothing, np.empty((0, side, side)))


@dataclass(frozen=True)
class Psf:
    """Width [px] of the PSF, what told it (stars, image, header or default), and the stars or image measured."""

    fwhm: float
    origin: str
    stars: Stars


def measure_psf(
    samples: Iterable[tuple[NDArray[np.float32], NDArray[np.float32]]],
    saturation: float,
    psf: NDArray[np.float32] | None,
    header: fits.Header,
    pixel_scale: float,
) -> Psf:
    """The PSF from stars; too few of them, from the PSF image, the header, or a default.

    `samples` are (background-subtracted values, σ) of parts of the image, NaN where bad; `saturation` is in
    the unit of the values; `pixel_scale` [arcsec per px] turns the header's seeing into pixels.
    """
    found = Stars.join(_stars(values, sigma, saturation) for values, sigma in samples)
    round_ones = found.take((found.ellipticity < ROUNDEST) & (found.fwhm >= NARROWEST) & (found.fwhm < STAMP))
    stars = round_ones.take(stellar_locus(round_ones.fwhm))
    if len(stars) < FEWEST_STARS and psf is not None and (image := image_psf(psf)) is not None:
        return Psf(float(image.fwhm[0]), "image", image)
    if len(stars):
        return Psf(float(np.median(stars.fwhm)), "stars", stars)
    for card in SEEING_CARDS:
        value = header.get(card)
        if isinstance(value, int | float) and 1.0 < value / pixel_scale < STAMP:
            return Psf(float(value) / pixel_scale, "header", stars)
    return Psf(DEFAULT_FWHM, "default", stars)


def stellar_locus(widths: Floats) -> NDArray[np.bool_]:
    """Which of these widths of compact sources are those of stars: the narrowest marked peak of the distribution.

    Galaxies are broader than stars whatever their number, so a later, higher peak does not win. Among many a
    peak counts from 0.4 of the highest; among few the narrowest counts.
    """
    if len(widths) < 2:
        return np.ones(len(widths), bool)
    marked = 0.4 if len(widths) >= MANY else 0.0
    logs = np.log10(widths)
    grid = np.arange(logs.min() - 0.1, logs.max() + 0.1, 0.005)
    density = np.exp(-0.5 * ((grid[:, None] - logs) / 0.03) ** 2).sum(axis=1)
    inner = density[1:-1]
    peaks = (
        np.flatnonzero((inner >= density[:-2]) & (inner > density[2:]) & (inner >= marked * density.max()))
        + 1
    )
    return np.asarray(np.abs(logs - grid[peaks[0]]) < 0.06)


def image_psf(psf: NDArray[np.float32]) -> Stars | None:
    """An image of the PSF as one star; None where it cannot be measured."""
    y, x = np.unravel_index(int(np.argmax(psf)), psf.shape)
    padded = np.pad(np.asarray(psf, float), STAMP)
    stamp = padded[y : y + 2 * STAMP + 1, x : x + 2 * STAMP + 1]
    stars = adaptive_widths(stamp[None])
    return stars if np.isfinite(stars.fwhm[0]) and stars.fwhm[0] >= 0.5 else None


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
        e1, e2 = 2 * (xx - yy) / (xx + yy), 4 * xy / (xx + yy)
    fwhm = FWHM_PER_SIGMA * np.sqrt(width2)
    return Stars(fwhm.ravel(), e1.ravel(), e2.ravel(), x0.ravel(), y0.ravel(), np.asarray(stamps, float))


def _stars(values: NDArray[np.float32], sigma: NDArray[np.float32], saturation: float) -> Stars:
    """Isolated, bright, unsaturated sources of one sample."""
    bad = ~(np.isfinite(values) & np.isfinite(sigma) & (sigma > 0))
    if bad.all() or min(values.shape) < 2 * STAMP + 2:
        return Stars.none()
    clean = np.where(bad, 0, values).astype(np.float32)
    err = np.where(bad, 1, sigma).astype(np.float32)
    try:
        found = sep.extract(clean, 5.0, err=err, mask=bad, minarea=5, filter_kernel=None, deblend_cont=0.005)
    except Exception:  # SEP raises plain Exception where its buffers overflow: this part is too crowded
        return Stars.none()
    x, y = np.rint(found["x"]).astype(int), np.rint(found["y"]).astype(int)
    ny, nx = values.shape
    inside = (x >= STAMP) & (x < nx - STAMP) & (y >= STAMP) & (y < ny - STAMP)
    noise = err[np.clip(y, 0, ny - 1), np.clip(x, 0, nx - 1)]
    good = inside & (found["flag"] == 0) & (found["peak"] < 0.8 * saturation) & (found["peak"] > 12 * noise)
    rows = np.flatnonzero(good)
    rows = rows[np.argsort(-found["peak"][rows])][:300]
    if not len(rows):
        return Stars.none()
    offsets = np.arange(-STAMP, STAMP + 1)
    window = (y[rows, None, None] + offsets[None, :, None], x[rows, None, None] + offsets[None, None, :])
    whole = ~bad[window].any(axis=(1, 2))
    return adaptive_widths(clean[window][whole].astype(float))
