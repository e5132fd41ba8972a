"""Plain statistics of cutouts: what a few dozen physical numbers say, without any network."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

F32 = NDArray[np.float32]

SIDE = 56
"""Cutouts are averaged to about this many pixels on a side first."""
CORE, INNER, MIDDLE, OUTER = 0.1, 0.2, 0.35, 0.6
"""Radii of the apertures, in half sides of the cutout."""


KINDS = {
    "colours": ("colour", "blue_", "reddening", "single_band"),
    "brightness": ("mean_", "spread_", "median_", "peak_", "core_"),
    "light profile": ("light_", "gini", "concentration", "m20", "ring_", "nucleus", "host"),
}
"""Kinds of statistics by how their names begin; all others are of shape."""


def kind_of(name: str) -> str:
    """What kind of quantity a statistic is: colours, brightness, light profile or shape."""
    return next((kind for kind, starts in KINDS.items() if name.startswith(starts)), "shape")


def local_background(cutouts: F32) -> tuple[F32, F32]:
    """Return (sky, noise), each (N, B), from the border (beyond 0.8 half sides) of cutouts (N, B, n, n).

    Median, and median less the 15.87th percentile (1σ of Gaussian noise, on the side where no source is), after one
    3σ clip; NaN where the border has no pixel.
    """
    every = max(cutouts.shape[-1] // SIDE // 2, 1)  # neighbours in an enlarged cutout repeat each other
    border = cutouts[:, :, radii(cutouts.shape[-1]) > 0.8][..., ::every]
    ordered = np.sort(border, axis=-1)  # NaN sorts last
    count = np.isfinite(ordered).sum(axis=-1)
    sky, noise = _median_and_scatter(ordered, np.zeros_like(count), count)
    with np.errstate(invalid="ignore"):
        first = (ordered < (sky - 3 * noise)[..., None]).sum(axis=-1)
        last = (ordered <= (sky + 3 * noise)[..., None]).sum(axis=-1)
    return _median_and_scatter(ordered, first, np.maximum(last, first))


def _median_and_scatter(ordered: F32, first: NDArray[np.int64], last: NDArray[np.int64]) -> tuple[F32, F32]:
    """Median, and median − 15.87th percentile, of sorted values [first, last) along the last axis; NaN for none."""
    count = last - first
    where = [
        first + np.maximum(count - 1, 0) // 2,
        first + count // 2,
        first + (count * 0.1587).astype(np.int64),
    ]
    place = np.minimum(np.stack(where, axis=-1), ordered.shape[-1] - 1)
    low, high, below = np.moveaxis(np.take_along_axis(ordered, place, axis=-1), -1, 0)
    sky = (low + high) / 2
    known = count > 0
    return np.where(known, sky, np.float32(np.nan)), np.where(known, sky - below, np.float32(np.nan))


def _median(values: F32) -> F32:
    """Median over the last axis; sorting is much faster here than NumPy's partition."""
    ordered = np.sort(values, axis=-1)
    n = ordered.shape[-1]
    return ((ordered[..., (n - 1) // 2] + ordered[..., n // 2]) / 2).astype(np.float32, copy=False)


@cache
def radii(n: int) -> NDArray[np.float64]:
    """Return the distance of each pixel (n, n) from the centre, in half sides of the cutout."""
    offset = (np.arange(n) - (n - 1) / 2) / (n / 2)
    return np.hypot(offset[:, None], offset[None, :])


def shrink(cutouts: F32, side: int = SIDE) -> F32:
    """Average blocks of whole pixels of (N, B, n, n) until at most 2·side − 1 on a side; a bad pixel makes NaN."""
    step = max(cutouts.shape[-1] // side, 1)
    if step == 1:
        return cutouts
    keep = cutouts.shape[-1] // step * step
    count, bands = cutouts.shape[:2]
    blocks = cutouts[..., :keep, :keep].reshape(count, bands, keep // step, step, keep // step, step)
    return blocks.mean(axis=(3, 5))


def statistics(cutouts: F32, sky: ArrayLike, noise: ArrayLike) -> tuple[F32, tuple[str, ...]]:
    """Return (values float32 (N, M), names) of cutouts (N, B, n, n), bands from short to long wavelength.

    `sky` and `noise` (B,) or (N, B) are the background level and σ per cutout pixel, in the cutouts' unit
    (surface brightness). Per band: mean, spread, median, peak and core mean. Between neighbouring bands:
    colours [mag] in growing apertures. Over the σ-weighted sum of the bands: light fractions, Gini and M20 (Lotz
    et al. 2004), concentration and asymmetry under 90° and 180° (Conselice 2003), moments, gradient, nucleus and
    ring. Pixels that are NaN count as sky; `bad_fraction` says how many. Numbers that cannot be had are NaN.
    """
    count, bands = cutouts.shape[:2]
    level = np.broadcast_to(np.asarray(sky, np.float32), (count, bands))
    sigma = np.broadcast_to(np.asarray(noise, np.float32), (count, bands))
    small = shrink(np.asarray(cutouts, np.float32))
    flux = np.nan_to_num(small - np.nan_to_num(level)[:, :, None, None], posinf=0.0, neginf=0.0)
    table: dict[str, NDArray[np.floating]] = {}
    with np.errstate(divide="ignore", invalid="ignore"):
        table["bad_fraction"] = np.isnan(small).mean(axis=(1, 2, 3))
        _per_band(table, flux)
        _colours(table, flux, sigma)
        total = _weighted_sum(flux, sigma)
        _light(table, total)
        _shape(table, total)
        _structure(table, total)
    values = np.stack([np.asarray(column, np.float32) for column in table.values()], axis=1)
    values[~np.isfinite(values)] = np.nan
    return values.reshape(count, len(table)), tuple(table)


def _per_band(table: dict[str, NDArray[np.floating]], flux: F32) -> None:
    core = radii(flux.shape[-1]) < CORE
    for band in range(flux.shape[1]):
        pixels = flux[:, band].reshape(len(flux), flux.shape[2] * flux.shape[3])
        table[f"mean_{band}"] = pixels.mean(axis=1)
        table[f"spread_{band}"] = pixels.std(axis=1)
        table[f"median_{band}"] = _median(pixels)
        table[f"peak_{band}"] = pixels.max(axis=1)
        table[f"core_{band}"] = flux[:, band][:, core].mean(axis=1)


def _colours(table: dict[str, NDArray[np.floating]], flux: F32, sigma: F32) -> None:
    radius = radii(flux.shape[-1])
    apertures = {"core": radius < CORE, "inner": radius < MIDDLE, "wide": radius < OUTER}
    for band in range(flux.shape[1] - 1):
        for name, inside in apertures.items():
            table[f"colour_{name}_{band}"] = _colour(flux, sigma, inside, band, band + 1)
    if flux.shape[1] > 1:
        annulus = (radius >= INNER) & (radius < OUTER)
        last = flux.shape[1] - 1
        table["colour_core"] = _colour(flux, sigma, apertures["core"], 0, last)
        table["colour_annulus"] = _colour(flux, sigma, annulus, 0, last)
        zone = (radius >= CORE) & (radius < MIDDLE)
        table["blue_ring"], table["blue_share"] = _blue_ring(flux, sigma, apertures["core"], zone)
        table["reddening"] = _reddening(flux, sigma, apertures["core"], annulus)
        table["single_band"] = _single_band(flux, sigma, apertures["core"])


def _colour(flux: F32, sigma: F32, inside: NDArray[np.bool_], blue: int, red: int) -> F32:
    """Colour [mag] blue − red of the mean surface brightness; a flux below its σ is taken as σ (a limit)."""
    floor = sigma / np.sqrt(max(inside.sum() / 4, 1))  # neighbouring pixels share their noise
    short = np.maximum(flux[:, blue][:, inside].mean(axis=1), floor[:, blue])
    long = np.maximum(flux[:, red][:, inside].mean(axis=1), floor[:, red])
    return (2.5 * np.log10(long / short)).astype(np.float32)


def _reddening(flux: F32, sigma: F32, core: NDArray[np.bool_], annulus: NDArray[np.bool_]) -> F32:
    """Core minus annulus colour [mag] of the outermost bands, positive for blue outskirts.

    NaN where the annulus is below 3σ in both bands: a limit of two limits says nothing.
    """
    last = flux.shape[1] - 1
    change = _colour(flux, sigma, core, 0, last) - _colour(flux, sigma, annulus, 0, last)
    least = 3 * sigma / np.sqrt(max(annulus.sum() / 4, 1))
    seen = [flux[:, band][:, annulus].mean(axis=1) > least[:, band] for band in (0, last)]
    return np.where(seen[0] | seen[1], change, np.nan).astype(np.float32)


def _blue_ring(
    flux: F32, sigma: F32, core: NDArray[np.bool_], zone: NDArray[np.bool_]
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """(log10(1 + S/N), share of the blue light) of what is left around the core of blue − α·red.

    α is the core's flux ratio, so that a galaxy of one colour vanishes and bluer arcs stay (RingFinder,
    Gavazzi et al. 2014).
    """
    blue, red = flux[:, 0], flux[:, -1]
    alpha = np.maximum(blue[:, core].mean(axis=1), 0) / np.maximum(red[:, core].mean(axis=1), sigma[:, -1])
    left = (blue - alpha[:, None, None] * red)[:, zone].sum(axis=1)
    noise = np.hypot(sigma[:, 0], alpha * sigma[:, -1]) * np.sqrt(4 * zone.sum())
    share = left / np.maximum(np.abs(blue[:, zone]).sum(axis=1), 1e-30)
    return np.log10(1 + np.maximum(left / noise, 0)), share


def _single_band(flux: F32, sigma: F32, core: NDArray[np.bool_]) -> F32:
    """log10 of the core S/N of the best band over that of the second best (both at least 1)."""
    signal = np.sort(flux[:, :, core].mean(axis=2) / sigma, axis=1)
    return np.log10(np.maximum(signal[:, -1], 1) / np.maximum(signal[:, -2], 1)).astype(np.float32)


def _weighted_sum(flux: F32, sigma: F32) -> F32:
    """Sum of the bands in S/N, (N, n, n): σ of every band is 1, of the sum again 1."""
    known = np.where(np.isfinite(sigma) & (sigma > 0), sigma, np.float32(np.inf))
    scaled = flux / known[:, :, None, None]
    return (scaled.sum(axis=1) / np.sqrt(flux.shape[1])).astype(np.float32)


def _light(table: dict[str, NDArray[np.floating]], image: F32) -> None:
    radius = radii(image.shape[-1])
    positive = np.maximum(image, 0)
    whole = positive[:, radius < 1].sum(axis=1)
    for name, limit in (("core", CORE), ("inner", INNER), ("middle", MIDDLE), ("outer", OUTER)):
        table[f"light_{name}"] = positive[:, radius < limit].sum(axis=1) / whole
    values = np.sort(positive[:, radius < OUTER], axis=1)
    n = values.shape[1]
    table["gini"] = (values @ (2 * np.arange(1, n + 1) - n - 1)) / (values.sum(axis=1) * (n - 1))
    _concentration(table, image)


def _concentration(table: dict[str, NDArray[np.floating]], image: F32) -> None:
    """C = 5 log10(r80 / r20) and M20, of the light more than 1σ above the sky within the outer radius."""
    radius = radii(image.shape[-1])
    outwards = np.argsort(radius[radius < OUTER], kind="stable")
    distance = radius[radius < OUTER][outwards].astype(np.float32)
    light = np.maximum(image - 1, 0)[:, radius < OUTER][:, outwards]
    growth = np.cumsum(light, axis=1)
    total = growth[:, -1]
    # Pixels within a radius measure it more finely than the pixels' distances do.
    within20, within80 = (0.5 + (growth < share * total[:, None]).sum(axis=1) for share in (0.2, 0.8))
    table["concentration"] = np.where(total > 0, 2.5 * np.log10(within80 / within20), np.nan)
    brightest = np.argsort(-light, axis=1)
    light = np.take_along_axis(light, brightest, axis=1)
    moment = light * distance[brightest] ** 2
    early = np.cumsum(light, axis=1) < 0.2 * total[:, None]
    table["m20"] = np.log10((moment * early).sum(axis=1) / moment.sum(axis=1))


def _shape(table: dict[str, NDArray[np.floating]], image: F32) -> None:
    n = image.shape[-1]
    inside = radii(n) < MIDDLE
    weight = np.maximum(image - 1, 0)[:, inside]
    offset = (np.arange(n) - (n - 1) / 2) / (n / 2)
    y, x = (grid[inside] for grid in np.meshgrid(offset, offset, indexing="ij"))
    sums = weight.sum(axis=1)
    mx, my = weight @ x / sums, weight @ y / sums
    xx, yy, xy = weight @ x**2 / sums - mx**2, weight @ y**2 / sums - my**2, weight @ (x * y) / sums - mx * my
    table["size"] = np.sqrt(np.maximum(xx + yy, 0))
    table["ellipticity"] = np.hypot(xx - yy, 2 * xy) / (xx + yy)
    table["offset"] = np.hypot(mx, my)


def _structure(table: dict[str, NDArray[np.floating]], image: F32) -> None:
    radius = radii(image.shape[-1])
    inside = radius < OUTER
    light = np.abs(image[:, inside]).sum(axis=1)
    for turns, name in ((1, "asymmetry_90"), (2, "asymmetry_180")):
        turned = np.rot90(image, turns, axes=(1, 2))
        table[name] = np.abs(image - turned)[:, inside].sum(axis=1) / (2 * light)
    down, across = np.gradient(image, axis=(1, 2))
    slope = np.hypot(down, across)
    table["gradient"] = slope[:, inside].sum(axis=1) / light
    table["sharpness"] = slope[:, radius < INNER].max(axis=1) / np.abs(image[:, radius < INNER]).max(axis=1)
    table["negative"] = (image < -5).mean(axis=(1, 2))
    profile, residual = azimuthal_profile(image)
    annulus = (radius >= CORE) & (radius < MIDDLE)
    table["ring_power"] = np.log10(1 + np.maximum(residual[:, annulus], 0).mean(axis=1))
    table["ring_share"] = np.maximum(residual[:, annulus], 0).sum(axis=1) / light
    # A host fades exponentially: how far the centre rises above the line through two rings of it.
    ring = [np.maximum(profile[:, k], 0.3) for k in _rings(profile.shape[1])]
    table["nucleus"] = np.log10(np.maximum(profile[:, 0], 0.3)) - 2 * np.log10(ring[0]) + np.log10(ring[1])
    table["host"] = np.log10(ring[1])


def _rings(count: int) -> tuple[int, int]:
    first = max(1, round(count * 0.16))
    return min(first, count - 1), min(2 * first, count - 1)


def azimuthal_profile(image: F32) -> tuple[F32, F32]:
    """Return (profile (N, rings), image − profile (N, n, n)); the profile is the median over rings 1 px wide."""
    n = image.shape[-1]
    ring = np.round(radii(n) * n / 2 - (0.5 if n % 2 == 0 else 0)).astype(int)
    ring = np.minimum(ring, n // 2 - 1) if n > 1 else ring
    profile = np.stack([_median(image[:, ring == k]) for k in range(ring.max() + 1)], axis=1)
    return profile.astype(np.float32), (image - profile[:, ring]).astype(np.float32)
