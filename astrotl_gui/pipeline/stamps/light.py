"""What is measured of stamps: each is one object in the middle of its own sky."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.flags import Flag
from astrotl_gui.core.statistics import local_background, radii
from astrotl_gui.pipeline.measurement import magnitudes
from astrotl_gui.pipeline.shapes import Moments

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

APERTURE = 0.6
"""Radius of the aperture, in half sides of the stamp: what lies beyond is taken for sky and neighbours."""
ABOVE = 2.0
"""Pixels of the object are those above so many σ."""
MASKED_SHARE = 0.001


def measure_light(
    stamps: F32, names: Sequence[str], zeropoints: Sequence[float | None], pixel_scale: float
) -> dict[str, NDArray[np.generic]]:
    """Columns of stamps (N, B, n, n), NaN where there is no value, bands as in `names`.

    Sky and σ come from each stamp's border, fluxes [stamp units] from a circle around its middle, size and shape
    from the sum of the bands, each in its σ. θ is NaN: nothing says where north is.
    """
    count, _, n, _ = stamps.shape
    sky, noise = (values.astype(np.float64) for values in local_background(stamps))
    noise = np.where(noise > 0, noise, np.nan)  # a border of one value tells nothing of the noise
    inside = radii(n) < APERTURE
    signal = (stamps - sky[:, :, None, None])[:, :, inside].astype(np.float64)
    columns: dict[str, NDArray[np.generic]] = {}
    for band, (name, zeropoint) in enumerate(zip(names, zeropoints, strict=True)):
        flux = np.nansum(signal[:, band], axis=1)
        good = np.isfinite(signal[:, band]).sum(axis=1)
        columns[f"flux_{name}"] = np.where(good > 0, flux, np.nan)
        columns[f"fluxerr_{name}"] = noise[:, band] * np.sqrt(good)
        columns[f"mag_{name}"] = magnitudes(np.asarray(flux), zeropoint)
    missing = np.isnan(signal).mean(axis=(1, 2))
    flags = np.where(missing > MASKED_SHARE, int(Flag.MASKED), 0)
    shape = _shape(_sum(signal, noise), inside, pixel_scale)
    return {
        **columns,
        **shape,
        "theta": np.full(count, np.nan),
        "flags": flags,
        "masked_fraction": missing,
    }


def _sum(signal: F64, noise: F64) -> F64:
    """The bands added, each in its σ: σ of the sum is 1 again. A band without noise is left out."""
    known = np.isfinite(noise)
    scaled = np.nan_to_num(signal / np.where(known, noise, np.inf)[:, :, None])
    return scaled.sum(axis=1) / np.sqrt(np.maximum(known.sum(axis=1), 1))[:, None]


def _shape(image: F64, inside: NDArray[np.bool_], pixel_scale: float) -> dict[str, NDArray[np.generic]]:
    """snr, npix, r50, a and b [arcsec] of images (N, pixels inside), in σ."""
    n = inside.shape[0]
    offset = np.arange(n) - (n - 1) / 2
    y, x = (grid[inside] for grid in np.meshgrid(offset, offset, indexing="ij"))
    above = np.where(image > ABOVE, image, 0.0)
    total = above.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mx, my = above @ x / total, above @ y / total
        moments = Moments(
            above @ x**2 / total - mx**2, above @ y**2 / total - my**2, above @ (x * y) / total - mx * my
        )
    a, b, _ = moments.axes()
    order = np.argsort(np.hypot(x, y))
    grown = np.cumsum(above[:, order], axis=1)
    half = (grown < grown[:, -1:] / 2).sum(axis=1)
    r50 = np.sqrt((half + 1) / np.pi)
    seen = total > 0
    return {
        "a": np.where(seen, a * pixel_scale, np.nan),
        "b": np.where(seen, b * pixel_scale, np.nan),
        "r50": np.where(seen, r50 * pixel_scale, np.nan),
        "snr": np.where(seen, image.sum(axis=1) / np.sqrt(image.shape[1]), np.nan),
        "npix": (above > 0).sum(axis=1),
    }
