"""The numbers that describe a mosaic, as plain values; None is what this mosaic cannot tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Triple = tuple[float | None, float | None, float | None]
Shares = tuple[float | None, ...]

LAGS = (1, 2, 3)
"""Distances [px] at which the sky is compared with itself."""
BINS = (2, 4, 8)
"""Sides [px] of the blocks in which the sky is averaged."""
PERCENTILES = (10, 25, 50, 75, 90)
SEPARATIONS = (2.0, 5.0, 10.0)
"""Radii [arcsec] within which pairs of sources are counted."""
FEWEST = 5
"""Quantiles of fewer values than this say nothing."""


@dataclass(frozen=True)
class SkyNumbers:
    """The sky between the sources of one band, on the band's own pixels.

    `level` and `sigma` (per pixel) are in image units, `surface_brightness` is that σ as AB mag per arcsec².
    `structure`: rms of the background mesh in σ. `tail`: share of pixels below −3σ over the Gaussian 0.00135.
    `along_x`, `along_y`, `diagonal`: correlation of pixels (k, 0), (0, k), (k, ±k) apart, k in `LAGS`.
    `binned`: σ of the mean of N × N pixels, times N, over σ, N in `BINS`: 1 where pixels are independent.
    `map_ratio`: σ of pixel over noise map, 1 where the map is right.
    """

    level: float | None = None
    sigma: float | None = None
    surface_brightness: float | None = None
    structure: float | None = None
    tail: float | None = None
    along_x: Triple = (None, None, None)
    along_y: Triple = (None, None, None)
    diagonal: Triple = (None, None, None)
    binned: Triple = (None, None, None)
    map_ratio: float | None = None


@dataclass(frozen=True)
class PsfNumbers:
    """The PSF of one band. `fwhm` [arcsec] is that of the matched Gaussian, which detection uses.

    `origin` is what told it: stars (how many in `stars`), image, header; "" when nothing did. `ellipticity` is
    1 − b/a of the mean star. `core_fwhm` [arcsec] and `beta` are those of a Moffat (1969) profile, pixel
    included; `inside`: light within one FWHM of the centre over that within two (0.94 for a Gaussian).
    """

    fwhm: float | None = None
    origin: str = ""
    stars: int = 0
    ellipticity: float | None = None
    core_fwhm: float | None = None
    beta: float | None = None
    inside: float | None = None


@dataclass(frozen=True)
class BandNumbers:
    """One band: what its pixels are, its sky, its PSF and its depth.

    `depth`: AB magnitude of a point source at 5σ in PSF-weighted photometry. `turnover`: AB magnitude at which
    the counts of the described sources begin to fall. `missing` (NaN), `masked` and `saturated` are shares of pixels.
    """

    name: str
    unit: str
    zeropoint: float | None
    pixel_scale: float
    missing: float
    masked: float
    saturated: float
    sky: SkyNumbers
    psf: PsfNumbers
    depth: float | None
    turnover: float | None


@dataclass(frozen=True)
class Slice:
    """Quantiles of the sources between two magnitudes."""

    bright: float
    faint: float
    count: int
    quantiles: Shares


@dataclass(frozen=True)
class Distribution:
    """How one quantity is spread over `count` sources: values at `PERCENTILES`, and the same per magnitude."""

    name: str
    unit: str
    count: int
    quantiles: Shares
    by_magnitude: tuple[Slice, ...]


@dataclass(frozen=True)
class Count:
    """Sources between two magnitudes of the reference band: how many, and per arcmin² and mag with 1σ."""

    bright: float
    faint: float
    count: int
    density: float
    error: float


@dataclass(frozen=True)
class SourceNumbers:
    """The sources with S/N of at least `snr` in the detection image; `area` is usable sky [arcmin²].

    `point_radius` [arcsec] is the half-light radius of a point source in the catalog; `point_share`: how many of
    the clean sources with S/N ≥ 50 are as compact. `pairs`: pairs within `SEPARATIONS` over those of a
    random field of the same footprint. `band` is the one that `counts` and magnitudes refer to.
    """

    snr: float
    count: int
    area: float
    density: float | None
    band: str
    turnover: float | None
    point_radius: float | None
    point_share: float | None
    pairs: Triple
    counts: tuple[Count, ...]
    distributions: tuple[Distribution, ...]


@dataclass(frozen=True)
class Sample:
    """The described sources one by one: `mag` in the reference band, and a column per distribution (N,).

    NaN where a source has no such value: no colour below 5σ, no ellipticity when it is not resolved.
    """

    mag: Floats
    columns: Mapping[str, Floats]


@dataclass(frozen=True)
class Description:
    """What one mosaic looks like. `sample` holds the values behind the distributions and is not stored."""

    name: str
    shape: tuple[int, int]
    pixel_scale: float
    bands: tuple[BandNumbers, ...]
    sources: SourceNumbers
    sample: Sample = field(repr=False, compare=False)

    def band(self, name: str) -> BandNumbers | None:
        return next((band for band in self.bands if band.name == name), None)

    def to_dict(self) -> dict[str, Any]:
        """Nested plain values, as JSON has them."""
        values = asdict(self)
        del values["sample"]
        return values
