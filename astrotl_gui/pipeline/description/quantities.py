"""A description as one list of named quantities with units, for tables and comparisons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter

from astrotl_gui.pipeline.description.numbers import (
    BINS,
    LAGS,
    SEPARATIONS,
    BandNumbers,
    Description,
)

RATIO, DIFFERENCE, SHOWN = "ratio", "difference", "shown"
"""How two values are set against each other; what is only shown is not."""
SOURCES = "sources"
"""The part of a description that belongs to no single band."""


@dataclass(frozen=True)
class Quantity:
    """One quantity of a band or of the sources: one value, or one for each of `at` (lags, percentiles…).

    `part` is the band's name or "sources"; `compared` is one of RATIO, DIFFERENCE, SHOWN.
    """

    part: str
    name: str
    unit: str
    values: tuple[float | None, ...]
    at: tuple[str, ...] = ()
    compared: str = DIFFERENCE

    def items(self) -> Iterator[tuple[str, float | None]]:
        """(name, value) of each value."""
        labels = [f"{self.name}, {label}" for label in self.at] or [self.name]
        return zip(labels, self.values, strict=True)


_LAGS = tuple(f"{lag} px" for lag in LAGS)

_BAND: Sequence[tuple[str, str, str, tuple[str, ...], str]] = (
    ("pixel_scale", "pixel scale", "″", (), RATIO),
    ("zeropoint", "zero point", "mag", (), SHOWN),
    ("sky.level", "sky level", "UNIT", (), DIFFERENCE),
    ("sky.sigma", "sky σ per pixel", "UNIT", (), RATIO),
    ("sky.surface_brightness", "sky σ, surface brightness", "mag/″²", (), DIFFERENCE),
    ("sky.structure", "rms of the background", "σ", (), DIFFERENCE),
    ("sky.tail", "pixels below −3σ, over Gaussian", "", (), RATIO),
    ("sky.along_x", "noise correlation along x", "", _LAGS, DIFFERENCE),
    ("sky.along_y", "noise correlation along y", "", _LAGS, DIFFERENCE),
    ("sky.diagonal", "noise correlation, diagonal", "", _LAGS, DIFFERENCE),
    ("sky.binned", "σ of N × N px, over independent", "", tuple(f"N = {n}" for n in BINS), RATIO),
    ("sky.map_ratio", "sky σ over noise map", "", (), RATIO),
    ("psf.fwhm", "PSF FWHM, matched Gaussian", "″", (), RATIO),
    ("psf.stars", "stars it rests on", "", (), SHOWN),
    ("psf.ellipticity", "PSF ellipticity", "", (), DIFFERENCE),
    ("psf.core_fwhm", "PSF FWHM, Moffat", "″", (), RATIO),
    ("psf.beta", "PSF β, Moffat", "", (), DIFFERENCE),
    ("psf.inside", "light within 1 FWHM, over 2", "", (), DIFFERENCE),
    ("depth", "point source at 5σ", "mag", (), DIFFERENCE),
    ("turnover", "turn-over of the counts", "mag", (), DIFFERENCE),
    ("missing", "pixels without value", "%", (), DIFFERENCE),
    ("masked", "pixels masked", "%", (), DIFFERENCE),
    ("saturated", "pixels saturated", "%", (), DIFFERENCE),
)
_SOURCES: Sequence[tuple[str, str, str, tuple[str, ...], str]] = (
    ("count", "sources", "", (), SHOWN),
    ("area", "usable sky", "arcmin²", (), SHOWN),
    ("density", "density of sources", "arcmin⁻²", (), RATIO),
    ("turnover", "turn-over of the counts", "mag", (), DIFFERENCE),
    ("point_radius", "half-light radius of a point", "″", (), RATIO),
    ("point_share", "points among S/N ≥ 50", "%", (), DIFFERENCE),
    ("pairs", "pairs over random", "", tuple(f"< {r:g}″" for r in SEPARATIONS), RATIO),
)


def quantities(description: Description) -> list[Quantity]:
    """Every number of a description but its counts and distributions, band by band, then the sources."""
    found = [
        _quantity(band.name, band, row, _image_unit(band)) for band in description.bands for row in _BAND
    ]
    return found + [_quantity(SOURCES, description.sources, row, "") for row in _SOURCES]


def _image_unit(band: BandNumbers) -> str:
    """What one unit of the pixels is: the zero point gives it a meaning, else the header's word is all there is."""
    if band.zeropoint is not None:
        return f"AB {band.zeropoint:.2f} units"
    return band.unit or "image units"


def _quantity(
    part: str, numbers: object, row: tuple[str, str, str, tuple[str, ...], str], image_unit: str
) -> Quantity:
    path, name, unit, at, compared = row
    value = attrgetter(path)(numbers)
    values: tuple[float | None, ...] = value if at else (value,)
    if unit == "%":
        values = tuple(None if v is None else 100 * v for v in values)
    return Quantity(part, name, image_unit if unit == "UNIT" else unit, values, at, compared)
