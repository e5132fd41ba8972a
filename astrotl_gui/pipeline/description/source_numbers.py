"""Counts, sizes, shapes, colours and clustering of the sources of a catalog."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.spatial import cKDTree

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.flags import Flag
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.pipeline.description.footprint import Footprint
from astrotl_gui.pipeline.description.numbers import (
    FEWEST,
    PERCENTILES,
    SEPARATIONS,
    Count,
    Distribution,
    Sample,
    Slice,
    SourceNumbers,
    Triple,
)
from astrotl_gui.pipeline.psf import stellar_locus

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

SPOILED = (
    Flag.TRUNCATED | Flag.DEGENERATE_SHAPE | Flag.APERTURE_TRUNCATED | Flag.EDGE
    | Flag.MASKED | Flag.SATURATED | Flag.NOT_DETECTED
)  # fmt: skip
"""Sizes and shapes of sources with one of these flags are not the sources' own."""
BRIGHT = 50.0
"""S/N from which points and galaxies are told apart by size."""
COMPACT = 1.15
"""Up to this many times the half-light radius of a star a source counts as a point."""
POINT_RADIUS = 0.55
"""Half-light radius of a point source in FWHM where no star shows it (0.5 for a Gaussian, 0.6 for a Moffat)."""
COLOUR_SNR = 5.0
COUNT_STEP, SLICE_STEP = 0.5, 1.0
"""Widths [mag] of the bins of the counts and of the distributions."""
KERNEL, FINE = 0.3, 0.02
"""Width of the Gaussian that smooths the counts and the step at which they are looked at [mag]."""
PLATEAU = 0.9
"""Counts turn over where they fall below this share of their highest: many are flat before they fall."""
MOST_PAIRED = 50_000
"""Of more sources than this pairs are counted in a random part."""
RANDOM_PER_SOURCE = 20


def sample_sources(mosaic: Mosaic, catalog: Catalog, snr: float) -> tuple[Catalog, Sample]:
    """The sources with S/N ≥ `snr`, and the values that describe each."""
    kept = catalog.take(catalog.column("snr") >= snr) if len(catalog) else catalog
    radius, ellipticity = kept.column("r50"), ellipticities(kept)
    clean = (kept.column("flags") & int(SPOILED)) == 0
    mag = kept.column(f"mag_{mosaic.reference.name}")
    resolved = clean & (radius > COMPACT * point_radius(kept))
    columns = {
        "half-light radius": np.where(clean, radius, np.nan),
        "ellipticity": np.where(resolved, ellipticity, np.nan),
        "surface brightness": np.where(clean, _mean_brightness(mag, radius), np.nan),
        "nearest neighbour": _neighbours(kept, mosaic.pixel_scale()),
    }
    return kept, Sample(mag, columns | colours(kept))


def source_numbers(
    mosaic: Mosaic, kept: Catalog, sample: Sample, snr: float, footprint: Footprint
) -> SourceNumbers:
    """Numbers of the sources that `sample_sources` kept, on the `footprint` of the reference band."""
    ny, nx = mosaic.shape
    area = footprint.good * ny * nx * (mosaic.pixel_scale() / 60) ** 2
    compact = kept.column("r50") < COMPACT * point_radius(kept)
    bright = (kept.column("snr") >= BRIGHT) & ((kept.column("flags") & int(SPOILED)) == 0)
    return SourceNumbers(
        snr=snr,
        count=len(kept),
        area=area,
        density=len(kept) / area if area > 0 else None,
        band=mosaic.reference.name,
        turnover=turnover(sample.mag),
        point_radius=point_radius(kept) if len(kept) else None,
        point_share=float(compact[bright].mean()) if bright.sum() >= FEWEST else None,
        pairs=_pairs(kept, footprint, mosaic.pixel_scale()),
        counts=counts(sample.mag, area),
        distributions=tuple(
            distribution(name, values, sample.mag) for name, values in sample.columns.items()
        ),
    )


def ellipticities(catalog: Catalog) -> Floats:
    """1 − b/a of each source."""
    a, b = catalog.column("a"), catalog.column("b")
    return np.asarray(1 - np.divide(b, a, out=np.ones_like(b), where=a > 0))


def colours(catalog: Catalog) -> dict[str, Floats]:
    """ "B1 − B2" → colour [AB mag] for each pair of neighbouring bands; NaN below 5σ in either."""
    bands = catalog.bands
    found = {}
    for blue, red in pairwise(bands):
        seen = np.ones(len(catalog), bool)
        for band in (blue, red):
            seen &= catalog.column(f"flux_{band}") >= COLOUR_SNR * catalog.column(f"fluxerr_{band}")
        colour = catalog.column(f"mag_{blue}") - catalog.column(f"mag_{red}")
        found[f"{blue} − {red}"] = np.where(seen, colour, np.nan)
    return found


def point_radius(catalog: Catalog) -> float:
    """Half-light radius [arcsec] of point sources: that of the narrowest bright round ones, if five agree.

    Otherwise 0.55 of the median PSF width of the bands; 0 where that is not known either.
    """
    widths = list(catalog.fwhm.values())
    fwhm = float(np.median(widths)) if widths else 0.0
    radius = catalog.column("r50")
    good = (catalog.column("snr") >= BRIGHT) & ((catalog.column("flags") & int(SPOILED)) == 0)
    good &= (ellipticities(catalog) < 0.2) & (radius > 0.35 * fwhm) & (radius < 1.2 * fwhm)
    stars = radius[good][stellar_locus(radius[good])]
    return float(np.median(stars)) if len(stars) >= FEWEST else POINT_RADIUS * fwhm


def turnover(mag: Floats) -> float | None:
    """The faintest magnitude at which the smoothed counts reach 0.9 of their highest; None for few sources.

    Fainter sources are missed: about half of them where this is a sharp edge.
    """
    mag = mag[np.isfinite(mag)]
    if len(mag) < FEWEST:
        return None
    grid = np.arange(mag.min(), mag.max() + FINE, FINE)
    fine, _ = np.histogram(mag, np.append(grid, grid[-1] + FINE) - FINE / 2)
    smooth = gaussian_filter1d(fine.astype(float), KERNEL / FINE, mode="constant")
    return float(grid[np.flatnonzero(smooth >= PLATEAU * smooth.max())[-1]])


def counts(mag: Floats, area: float) -> tuple[Count, ...]:
    """Sources per arcmin² and mag in bins of 0.5 mag, with the Poisson error √N."""
    mag = mag[np.isfinite(mag)]
    if not len(mag) or not area > 0:
        return ()
    edges = _edges(mag, COUNT_STEP)
    number, _ = np.histogram(mag, edges)
    per = area * COUNT_STEP
    return tuple(
        Count(float(low), float(low + COUNT_STEP), int(n), float(n / per), float(np.sqrt(n) / per))
        for low, n in zip(edges, number, strict=False)
    )


def distribution(name: str, values: Floats, mag: Floats) -> Distribution:
    """Quantiles of the finite values, of all and in slices of one magnitude."""
    known = np.isfinite(values)
    slices = []
    if (known & np.isfinite(mag)).any():
        for low in _edges(mag[known & np.isfinite(mag)], SLICE_STEP)[:-1]:
            inside = known & (mag >= low) & (mag < low + SLICE_STEP)
            if inside.sum() >= FEWEST:
                high = float(low + SLICE_STEP)
                slices.append(Slice(float(low), high, int(inside.sum()), quantiles(values[inside])))
    return Distribution(name, unit(name), int(known.sum()), quantiles(values[known]), tuple(slices))


def unit(name: str) -> str:
    """The unit of a column of a `Sample`."""
    named = {
        "half-light radius": "″",
        "nearest neighbour": "″",
        "ellipticity": "",
        "surface brightness": "mag/″²",
    }
    return named.get(name, "mag")


def quantiles(values: Floats) -> tuple[float | None, ...]:
    """Values at `PERCENTILES`, all None for fewer than five values."""
    if len(values) < FEWEST:
        return (None,) * len(PERCENTILES)
    return tuple(float(value) for value in np.percentile(values, PERCENTILES))


def _edges(mag: Floats, step: float) -> Floats:
    return np.arange(np.floor(mag.min() / step) * step, mag.max() + step, step)


def _mean_brightness(mag: Floats, radius: Floats) -> Floats:
    """Mean AB mag per arcsec² within the half-light radius."""
    area = 2 * np.pi * np.where(radius > 0, radius, np.nan) ** 2
    return np.asarray(mag + 2.5 * np.log10(area))


def _neighbours(catalog: Catalog, pixel_scale: float) -> Floats:
    """Distance [arcsec] of each source to the next."""
    if len(catalog) < 2:
        return np.full(len(catalog), np.nan)
    places = np.column_stack([catalog.x, catalog.y])
    distance = np.asarray(cKDTree(places).query(places, k=2)[0])
    return np.asarray(distance[:, 1] * pixel_scale)


def _pairs(catalog: Catalog, footprint: Footprint, pixel_scale: float) -> Triple:
    """Pairs within `SEPARATIONS` over those expected of random positions on the same footprint (DD/RR)."""
    if len(catalog) < FEWEST or not footprint.usable.any():
        return None, None, None
    rng = np.random.default_rng(0)
    places = np.column_stack([catalog.x, catalog.y])
    if len(places) > MOST_PAIRED:
        places = places[rng.choice(len(places), MOST_PAIRED, replace=False)]
    random = footprint.scatter(min(RANDOM_PER_SOURCE * len(places), MOST_PAIRED), rng)
    radii = np.array(SEPARATIONS) / pixel_scale
    found, expected = (
        _within(points, radii) / (len(points) * (len(points) - 1)) for points in (places, random)
    )
    ratio = [float(f / e) if e > 0 else None for f, e in zip(found, expected, strict=True)]
    return ratio[0], ratio[1], ratio[2]


def _within(points: Floats, radii: Floats) -> Floats:
    """Ordered pairs of different points closer than each radius [px]."""
    tree = cKDTree(points)
    return np.asarray(tree.count_neighbors(tree, radii), float) - len(points)
