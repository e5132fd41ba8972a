"""Aperture photometry of every source in every epoch (photutils), and what ties the epochs together."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from astropy.stats import mad_std, sigma_clip
from numpy.typing import NDArray
from photutils.aperture import CircularAperture

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.regions import TILE, in_tiles
from astrotl_gui.pipeline.epochs.opening import OpenSeries, View

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

ANNULUS = (2.0, 3.0)
"""The sky is measured between these many aperture radii."""
BLOCK = 128
"""Sources whose annuli are clipped at once."""
MOST_MISSING = 0.05
"""A larger share of missing aperture pixels gives no flux."""
BLANKS = 200


@dataclass(frozen=True, eq=False)
class Photometry:
    """Fluxes and 1σ (N, E) [units of each epoch], share of missing aperture pixels `missing`, and of each epoch the
    `correlation` of its noise. NaN where too much is missing."""

    flux: Floats
    error: Floats
    missing: Floats
    correlation: Floats


def measure(
    opened: OpenSeries, catalog: Catalog, radius: float, *, progress: Progress = SILENT
) -> Photometry:
    """Photometry within `radius` [arcsec] at the catalog's places, moved by each epoch's shift.

    The sky is the clipped median of an annulus. σ² = Σ σ_pixel² c² + flux / gain + the error of that median; σ_pixel
    from the noise map, else from the annulus; c, the `correlation`, is how much more blank apertures scatter between
    epochs than independent pixels would.
    """
    scale = opened.reference.pixel_scale()
    pixels = radius / scale
    blank_x, blank_y = blank_places(catalog, opened.reference.shape, pixels)
    x = np.concatenate([catalog.x, blank_x])
    y = np.concatenate([catalog.y, blank_y])
    shape = len(x), len(opened)
    flux, error, missing = np.full(shape, np.nan), np.full(shape, np.nan), np.ones(shape)
    poisson = np.zeros(shape)
    for number, view in enumerate(opened.views):
        progress(number, len(opened), "Measuring light curves")
        values = aperture_fluxes(view, x, y, pixels)
        flux[:, number], error[:, number], missing[:, number] = values
        gain = opened.gains[number]
        if np.isfinite(gain):
            poisson[:, number] = np.maximum(values[0], 0) / gain
    progress(len(opened), len(opened), "Measuring light curves")
    factor = _correlations(flux[len(catalog) :], error[len(catalog) :])
    whole = np.sqrt((error * factor) ** 2 + poisson)
    kept = slice(0, len(catalog))
    return Photometry(flux[kept], whole[kept], missing[kept], factor)


def aperture_fluxes(view: View, x: Floats, y: Floats, radius: float) -> tuple[Floats, Floats, Floats]:
    """(flux, sky noise 1σ, missing share), each (N,), within `radius` px of places, tile by tile."""
    flux, error, missing = np.full(len(x), np.nan), np.full(len(x), np.nan), np.ones(len(x))
    for rows in _tiles(x, y):
        margin = int(np.ceil(ANNULUS[1] * radius)) + 2
        px, py = x[rows] + view.dx, y[rows] + view.dy
        x0, y0 = int(np.floor(px.min())) - margin, int(np.floor(py.min())) - margin
        box = x0, y0, int(np.ceil(px.max())) + margin + 1, int(np.ceil(py.max())) + margin + 1
        places = np.stack([px - x0, py - y0], axis=1)
        flux[rows], error[rows], missing[rows] = photometry(view.read(box), view.noise(box), places, radius)
    return flux, error, missing


def photometry(
    values: NDArray[np.float32], noise: NDArray[np.float32] | None, places: Floats, radius: float
) -> tuple[Floats, Floats, Floats]:
    """(flux, sky noise 1σ, missing share) of an image (h, w), NaN where bad, at places (N, 2) [0-based px]."""
    data = values.astype(np.float64)
    bad = ~np.isfinite(data)
    aperture = CircularAperture(places, radius)
    level, spread, count = sky_levels(data, places, ANNULUS[0] * radius, ANNULUS[1] * radius)
    total, _ = aperture.do_photometry(np.where(bad, 0.0, data), method="exact")
    good, _ = aperture.do_photometry((~bad).astype(np.float64), method="exact")
    missing = 1 - good / aperture.area
    variance = good * spread**2
    if noise is not None:
        known = np.isfinite(noise)
        map_variance, _ = aperture.do_photometry(
            np.where(known, noise, 0.0).astype(np.float64) ** 2, method="exact"
        )
        variance = np.where(map_variance > 0, map_variance, variance)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = variance + good**2 * spread**2 * (np.pi / 2) / count
    usable = (missing <= MOST_MISSING) & np.isfinite(level)
    return (
        np.where(usable, total - good * level, np.nan),
        np.where(usable, np.sqrt(variance), np.nan),
        np.clip(missing, 0, 1),
    )


def sky_levels(data: Floats, places: Floats, inner: float, outer: float) -> tuple[Floats, Floats, Floats]:
    """(median, σ by the median absolute deviation, pixels) of the annuli's clipped pixels; NaN pixels do not count.

    Pixels whose centres are in the annulus count whole, as photutils' ApertureStats takes them.
    """
    reach = int(np.ceil(outer)) + 1
    padded = np.pad(data, reach + 1, constant_values=np.nan)
    offsets = np.arange(-reach, reach + 1)
    found = np.full((3, len(places)), np.nan)
    for start in range(0, len(places), BLOCK):
        part = places[start : start + BLOCK]
        middle = np.rint(part).astype(np.int64)
        columns, rows = (middle[:, axis, None] + offsets for axis in (0, 1))
        clear = (columns >= -reach - 1) & (columns < data.shape[1] + reach + 1)
        inside = (rows >= -reach - 1) & (rows < data.shape[0] + reach + 1)
        height, width = padded.shape
        y = np.clip(rows + reach + 1, 0, height - 1)[:, :, None]
        x = np.clip(columns + reach + 1, 0, width - 1)[:, None, :]
        squares = np.where(inside[:, :, None] & clear[:, None, :], padded[y, x], np.nan)
        away = np.hypot(
            columns[:, None, :] - part[:, 0, None, None], rows[:, :, None] - part[:, 1, None, None]
        )
        ring = np.where((away >= inner) & (away < outer), squares, np.nan).reshape(len(part), -1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # annuli without a pixel
            known = np.ma.masked_invalid(ring, copy=False)
            clipped = np.asarray(sigma_clip(known, sigma=3.0, maxiters=5, axis=1, masked=False, copy=True))
            found[0, start : start + BLOCK] = np.nanmedian(clipped, axis=1)
            found[1, start : start + BLOCK] = mad_std(clipped, axis=1, ignore_nan=True)
            found[2, start : start + BLOCK] = np.isfinite(clipped).sum(axis=1)
    return found[0], found[1], found[2]


def _tiles(x: Floats, y: Floats) -> list[Rows]:
    """Rows of places tile by tile; places that are not numbers are left out."""
    order = in_tiles(x, y)
    order = order[np.isfinite(x[order]) & np.isfinite(y[order])]
    if not len(order):
        return []
    keys = np.stack([np.floor(y[order] / TILE), np.floor(x[order] / TILE)])
    steps = np.flatnonzero(np.any(np.diff(keys, axis=1) != 0, axis=0)) + 1
    return np.split(order, steps)


def blank_places(catalog: Catalog, shape: tuple[int, int], radius: float) -> tuple[Floats, Floats]:
    """Seeded places [px] without a source within two apertures: some hundreds, fewer in crowded fields."""
    from scipy.spatial import cKDTree

    rng = np.random.default_rng(5)
    margin = ANNULUS[1] * radius
    if min(shape) <= 2 * margin + 1:
        return np.zeros(0), np.zeros(0)
    x = rng.uniform(margin, shape[1] - 1 - margin, 8 * BLANKS)
    y = rng.uniform(margin, shape[0] - 1 - margin, 8 * BLANKS)
    if len(catalog):
        near, _ = cKDTree(np.stack([catalog.x, catalog.y], axis=1)).query(np.stack([x, y], axis=1))
        x, y = x[near > 2 * radius], y[near > 2 * radius]
    return x[:BLANKS], y[:BLANKS]


def _correlations(flux: Floats, error: Floats) -> Floats:
    """How much more (or less) blank apertures (M, E) scatter from the other epochs' mean than their errors say.

    1 where there are too few places or epochs. The mean of the others takes what is there in all of them away.
    """
    places, epochs = flux.shape
    if epochs < 3 or places < 20:
        return np.ones(epochs)
    factor = np.ones(epochs)
    for _ in range(3):
        for number in range(epochs):
            others = np.delete(np.arange(epochs), number)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a place without data in any epoch
                middle = np.nanmean(flux[:, others], axis=1)
                counted = np.isfinite(flux[:, others] + error[:, others]).sum(axis=1)
                with_data = np.where(counted > 0, counted, np.nan)
                spread = np.nansum((error[:, others] * factor[others]) ** 2, axis=1) / with_data**2
            away = (flux[:, number] - middle) ** 2 - spread
            scaled = away / error[:, number] ** 2
            known = np.isfinite(scaled)
            if known.sum() < 20:
                continue
            pull = (flux[:, number] - middle) / np.sqrt((error[:, number] * factor[number]) ** 2 + spread)
            width = 1.4826 * np.median(np.abs(pull[known] - np.median(pull[known])))
            factor[number] = float(np.clip(factor[number] * width, 0.5, 4.0))
    return factor
