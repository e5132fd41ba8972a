"""How epochs are looked at: cutouts of every epoch of some sources on one grid, with constants fixed for all."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from astropy.stats import sigma_clip
from numpy.typing import NDArray

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.regions import Regions
from astrotl_gui.core.statistics import SIDE
from astrotl_gui.ml.preprocess import Preprocessing
from astrotl_gui.pipeline.epochs.opening import OpenSeries

F32 = NDArray[np.float32]
Rows = NDArray[np.int64]

SAMPLED = 5
"""Epochs on which the stretch is measured."""
STACK_CLIP = 3.0


@dataclass(frozen=True, eq=False)
class Cutouts:
    """Of n sources in E epochs: `values` (n, E, SIDE, SIDE) less their sky [physical units], NaN where bad, `sky` and
    `noise` (n, E)."""

    values: F32
    sky: F32
    noise: F32


@dataclass(frozen=True, eq=False)
class Chunk:
    """Some sources: `rows` (n,) of the catalog, and their regions in each epoch and in a given stack."""

    rows: Rows
    epochs: tuple[Regions, ...]
    given: Regions | None

    @property
    def stack(self) -> Regions:
        """The given stack's regions, else the clipped, inverse-variance mean of the epochs'."""
        return stacked(self.epochs) if self.given is None else self.given


def chunks(opened: OpenSeries, catalog: Catalog, rows: Rows, size: float, count: int) -> Iterator[Chunk]:
    """The sources `rows`, `count` at a time, in cutouts of `size` arcsec."""
    views = [*opened.views, *([opened.stack] if opened.stack is not None else [])]
    x, y = np.asarray(catalog.x, np.float64), np.asarray(catalog.y, np.float64)
    readers = [view.regions(x, y, size, count, rows) for view in views]
    for parts in zip(*readers, strict=True):
        given = parts[-1] if opened.stack is not None else None
        yield Chunk(parts[0].rows, parts[: len(opened)], given)


def cutouts(regions: tuple[Regions, ...], preprocessing: Preprocessing) -> Cutouts:
    """Cutouts of the same sources in each of E regions, in physical units."""
    values, skies, noises = [], [], []
    for part in regions:
        small = preprocessing.physical(part.resampled(SIDE))
        sky, noise = preprocessing.background(small)
        values.append(small[:, 0] - sky[:, 0, None, None])
        skies.append(sky[:, 0])
        noises.append(noise[:, 0])
    return Cutouts(*(np.stack(parts, axis=1) for parts in (values, skies, noises)))


def stacked(epochs: tuple[Regions, ...]) -> Regions:
    """The inverse-variance mean of epochs on one pixel grid, clipped at 3σ about the median of each pixel."""
    first = epochs[0]
    length = first.planes.shape[-1]
    straight = [
        replace(part, side=np.full_like(part.side, length)).resampled(length)[:, 0] for part in epochs
    ]
    pixels = np.stack(straight, axis=1)
    # Masked, so that astropy does not warn: filters of warnings are not each thread's own.
    known = np.ma.masked_invalid(pixels, copy=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pixels without a value in any epoch
        level = np.nan_to_num(np.nanmedian(pixels, axis=(2, 3), keepdims=True))
        spread = np.nanmedian(np.abs(pixels - level), axis=(2, 3), keepdims=True)
        clipped = np.asarray(sigma_clip(known - level, sigma=STACK_CLIP, axis=1, masked=False, copy=True))
    weight = 1 / np.where(spread > 0, spread, np.inf) ** 2
    weight = np.where(np.isfinite(clipped), weight, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (np.nan_to_num(clipped) * weight).sum(axis=1) / weight.sum(axis=1)
    centre = np.full(len(first), (length - 1) / 2, np.float32)
    return Regions(first.rows, mean[:, None].astype(np.float32), centre, centre, first.side)


def fit_preprocessing(opened: OpenSeries, catalog: Catalog, size: float) -> Preprocessing:
    """One stretch for all epochs: the median of those measured on some, in fluxes of the series."""
    some = np.unique(np.linspace(0, len(opened) - 1, min(SAMPLED, len(opened))).round().astype(int))
    fitted = []
    area = opened.reference.pixel_scale() ** 2
    point = opened.zeropoint
    unit = float(10 ** (-0.4 * (point - 23.9)) / area) if np.isfinite(point) else 1.0
    for number in some.tolist():
        view = opened.views[number]
        one = Preprocessing.fit(view.mosaic, catalog.ids, catalog.x, catalog.y, size)
        band = one.bands.index(view.name)
        factor = view.scale * unit / one.unit[band]
        fitted.append([getattr(one, name)[band] * factor for name in ("sky", "scatter", "noise", "white")])
    sky, scatter, noise, white = (float(value) for value in np.median(fitted, axis=0))
    name = opened.series.band
    return Preprocessing(
        (name,), (name, name, name), (unit,), (sky,), (scatter,), (noise,), (white,), one.reference
    )
