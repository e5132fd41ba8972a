"""The shape of the PSF from the stars that told its width."""

from __future__ import annotations

import numpy as np
import sep
from numpy.typing import NDArray
from scipy.optimize import least_squares

from astrotl_gui.pipeline.description.numbers import PsfNumbers
from astrotl_gui.pipeline.psf import Psf, Stars

Floats = NDArray[np.float64]

FEWEST = 2
"""A single compact source may be anything; two that agree are taken for stars."""
FITTED = 2.5
"""The Moffat profile is fitted out to this many FWHM."""
STEEPEST = 20.0
"""A larger β is a Gaussian."""


def psf_numbers(psf: Psf, pixel_scale: float) -> PsfNumbers:
    """Shape and wings of a PSF; only its width where neither two stars nor an image of it were there.

    `pixel_scale` [arcsec]. A width that nothing told (`default`) is not reported.
    """
    stars = psf.stars
    if psf.origin == "default":
        return PsfNumbers(stars=len(stars))
    fwhm, count = psf.fwhm * pixel_scale, len(stars) if psf.origin == "stars" else 0
    if psf.origin != "image" and len(stars) < FEWEST:
        return PsfNumbers(fwhm, psf.origin, count)
    core, beta = moffat(stars, psf.fwhm)
    return PsfNumbers(
        fwhm, psf.origin, count, axis_ellipticity(stars), core * pixel_scale, beta, _inside(stars, psf.fwhm)
    )


def axis_ellipticity(stars: Stars) -> float:
    """1 − b/a of the mean star: components are averaged first, so that noise does not add up."""
    e = float(np.hypot(np.median(stars.e1), np.median(stars.e2)))
    return 1 - float(np.sqrt((1 - e) / (1 + e)))


def moffat(stars: Stars, fwhm: float) -> tuple[float, float]:
    """(FWHM [px], β) of the Moffat profile (1 + r²/α²)^−β that fits the pixels of all stars at once.

    `fwhm` [px] is a first guess. Pixels are taken as points, so the width includes that of the pixel.
    """
    radius, light = _points(stars, fwhm)

    def off(guess: Floats) -> Floats:
        peak, width, beta = np.exp(guess)
        scale2 = (width / 2) ** 2 / (2 ** (1 / beta) - 1)
        return np.asarray(peak * (1 + radius**2 / scale2) ** -beta - light)

    start = np.log([light.max(), fwhm, 3.0])
    bounds = ([-np.inf, np.log(0.3), np.log(1.05)], [np.inf, np.log(3 * fwhm + 3), np.log(STEEPEST)])
    found = least_squares(off, start, bounds=bounds, loss="soft_l1", f_scale=0.02 * light.max())
    _, width, beta = np.exp(found.x)
    return float(width), float(beta)


def _points(stars: Stars, fwhm: float) -> tuple[Floats, Floats]:
    """(distance from the centre [px], value over the flux within one FWHM) of the pixels of all stars."""
    half = stars.stamps.shape[-1] // 2
    grid = np.arange(-half, half + 1, dtype=float)
    dx, dy = grid - stars.dx[:, None, None], grid[:, None] - stars.dy[:, None, None]
    radius = np.hypot(dx, dy)
    light = stars.stamps / _fluxes(stars, fwhm)[:, None, None]
    near = radius < min(FITTED * fwhm, half)
    return radius[near], light[near]


def _inside(stars: Stars, fwhm: float) -> float | None:
    """Light within one FWHM over that within two, the median over the stars; None where two leave the stamps."""
    if 2 * fwhm > stars.stamps.shape[-1] // 2:
        return None
    return float(np.median(_fluxes(stars, fwhm) / _fluxes(stars, 2 * fwhm)))


def _fluxes(stars: Stars, radius: float) -> Floats:
    middle = stars.stamps.shape[-1] // 2
    centres = zip(stars.stamps, middle + stars.dx, middle + stars.dy, strict=True)
    return np.array([sep.sum_circle(stamp, [x], [y], radius, subpix=10)[0][0] for stamp, x, y in centres])
