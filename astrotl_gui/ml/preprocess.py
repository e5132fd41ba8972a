"""From cutouts to network input: one asinh stretch per band, fixed from a declared reference sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.regions import read_regions
from astrotl_gui.core.statistics import SIDE, local_background, radii

F32 = NDArray[np.float32]

REFERENCE_SIZE = 200
REFERENCE_SEED = 20240
BLACK, SOFTENING = -2.0, 3.0
"""Black level and asinh softening, in σ of the band's typical noise."""
WHITE_SHARE, LEAST_WHITE = 97.0, 20.0
"""White: this percentile of the reference sources' peaks, and at least so many σ."""
MOST_RANGE = 1e6
"""White in units of the softening, at most."""


@dataclass(frozen=True)
class Preprocessing:
    """The stretch of every band; per band in `bands` order, short to long wavelength.

    `unit`: what one unit of `Mosaic.read` is in µJy/arcsec² (1 where the zero point is unknown). `sky`,
    `scatter`, `noise`, `white` are in that unit: level of the background, its spread from place to place,
    σ per cutout pixel, and the peak shown white. `channels`: bands of R, G, B; "" in G is the mean of R
    and B. `reference`: ids of the sample they were measured on. `linear`: pictures that were stretched before, shown
    from 0 to `white` as they are.
    """

    bands: tuple[str, ...]
    channels: tuple[str, str, str]
    unit: tuple[float, ...]
    sky: tuple[float, ...]
    scatter: tuple[float, ...]
    noise: tuple[float, ...]
    white: tuple[float, ...]
    reference: tuple[int, ...]
    linear: bool = False

    @classmethod
    def fit(cls, mosaic: Mosaic, ids: ArrayLike, x: ArrayLike, y: ArrayLike, size: float) -> Preprocessing:
        """Measure the stretch on cutouts of `size` arcsec of a seeded sample of the sources at x, y [reference px]."""
        names = tuple(band.name for band in mosaic.bands)
        unit = band_units(mosaic)
        ids, xs, ys = np.asarray(ids, np.int64), np.asarray(x, float), np.asarray(y, float)
        rows = reference_rows(ids)
        regions = read_regions(mosaic, xs[rows], ys[rows], size, names, len(rows))
        parts = [part.resampled(SIDE) for part in regions]
        stamps = np.concatenate(parts or [np.zeros((0, len(names), SIDE, SIDE), np.float32)]) * _planes(unit)
        levels, noises = local_background(stamps)
        sky = _finite_median(levels, 0.0)
        scatter = 1.4826 * _finite_median(np.abs(levels - sky), 0.0)
        noise = np.maximum(_finite_median(noises, 1.0), 1e-30)
        central = stamps[:, :, radii(SIDE) < 0.25] - sky[:, None]
        peaks = np.nan_to_num(central).max(axis=2, initial=0)
        white = np.percentile(peaks, WHITE_SHARE, axis=0) if len(peaks) else np.zeros(len(names))
        white = np.maximum(white, LEAST_WHITE * noise)
        if mosaic.spec.white > 0:
            white = mosaic.spec.white * np.asarray(unit)
        return cls(
            bands=names,
            channels=mosaic.spec.colour,
            unit=unit,
            sky=tuple(sky.tolist()),
            scatter=tuple(scatter.tolist()),
            noise=tuple(noise.tolist()),
            white=tuple(white.tolist()),
            reference=tuple(ids[rows].tolist()),
            linear=mosaic.spec.white > 0,
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for meta.toml."""
        return {k: list(value) if isinstance(value, tuple) else value for k, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Preprocessing:
        """The inverse of `to_dict`; KeyError when a value is missing."""
        stored: dict[str, Any] = {
            name: tuple(value) if isinstance(value := values[name], list) else value
            for name in cls.__dataclass_fields__
        }
        return cls(**stored)

    def physical(self, stamps: F32) -> F32:
        """Cutouts (N, B, n, n) in image units → µJy/arcsec² where the zero point is known."""
        return (stamps * _planes(self.unit)).astype(np.float32)

    def in_image_units(self, level: F32) -> F32:
        """The inverse for one number a source and band, (N, B)."""
        return (level / np.asarray(self.unit)).astype(np.float32)

    def background(self, stamps: F32) -> tuple[F32, F32]:
        """Return (sky, noise), each (N, B), of physical cutouts.

        The cutout's own border, held within three scatters of the mosaic's level, so that a galaxy that
        fills its cutout is not subtracted from itself.
        """
        level, noise = local_background(stamps)
        sky, reach = np.array(self.sky), 3 * np.array(self.scatter) + np.array(self.noise)
        level = np.where(np.isfinite(level), np.clip(level, sky - reach, sky + reach), sky)
        good = np.isfinite(noise) & (noise > 0)
        return level.astype(np.float32), np.where(good, noise, self.noise).astype(np.float32)

    def stretch(self) -> Stretch:
        """The asinh stretch of each band, in its unit: from −2σ (0) to the reference peak (1)."""
        # A sky without noise has no σ to soften by; the stretch must stay within what float32 can hold.
        softening = np.maximum(SOFTENING * np.array(self.noise), np.array(self.white) / MOST_RANGE)
        low = np.full(len(self.bands), np.arcsinh(BLACK / SOFTENING))
        return Stretch(softening, low, np.arcsinh(np.array(self.white) / softening))


@dataclass(frozen=True, eq=False)
class Stretch:
    """Per band: value = (asinh(flux / softening) − low) / (high − low), clipped to 0…1."""

    softening: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def band_units(mosaic: Mosaic) -> tuple[float, ...]:
    """Return, per band, µJy/arcsec² of one unit of `Mosaic.read` (AB); 1 without zero point."""
    area = mosaic.pixel_scale() ** 2
    points = [mosaic.zeropoint(band.name) for band in mosaic.bands]
    return tuple(1.0 if zp is None else float(10 ** (-0.4 * (zp - 23.9)) / area) for zp in points)


def reference_rows(ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the rows of the reference sample: 200 seeded random sources, independent of catalog order."""
    order = np.argsort(ids, kind="stable")
    if len(ids) <= REFERENCE_SIZE:
        return order
    return order[
        np.sort(np.random.default_rng(REFERENCE_SEED).choice(len(ids), REFERENCE_SIZE, replace=False))
    ]


def _planes(values: Sequence[float]) -> F32:
    return np.asarray(values, np.float32)[:, None, None]


def _finite_median(values: NDArray[np.floating], otherwise: float) -> NDArray[np.float64]:
    """Median of each column over its finite values."""
    columns = [column[np.isfinite(column)] for column in np.asarray(values, float).T]
    return np.array([float(np.median(column)) if len(column) else otherwise for column in columns])
