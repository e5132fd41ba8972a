"""Which of the user's own sources can host a lens, an active nucleus or an artifact."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.flags import Flag
from astrotl_gui.pipeline.injection.instrument import Instrument

Floats = NDArray[np.float64]

SPOILED = Flag.SATURATED | Flag.EDGE | Flag.MASKED | Flag.TRUNCATED | Flag.APERTURE_TRUNCATED
EXTENDED = 1.25
"""Half-light radius beyond that of a star, by which a source is a galaxy."""
BRIGHT_SNR = 15.0
LUMINOUS = 4
"""One in so many galaxies counts as luminous."""
FEWEST = 8
"""With fewer luminous red galaxies than this, fainter ones and those of any colour are hosts too."""
LONGEST = 3.0
"""Longer than this (a / b) are trails, spikes and galaxies seen from the side."""


def galaxies(instrument: Instrument, least_snr: float = BRIGHT_SNR) -> NDArray[np.int64]:
    """Rows of extended sources that nothing spoils and of which all pixels are there, the brightest first."""
    catalog = instrument.catalog
    snr, radius = _column(instrument, "snr"), _column(instrument, "r50")
    star = instrument.reference.fwhm / 2 * EXTENDED
    good = (np.nan_to_num(snr) >= least_snr) & (np.nan_to_num(radius, nan=np.inf) > star * instrument.scale)
    rows = np.flatnonzero(good & _whole(instrument))
    return rows[np.argsort(-luminosity(instrument)[rows], kind="stable")] if len(catalog) else rows


def unspoiled(instrument: Instrument) -> NDArray[np.int64]:
    """Rows of all sources that nothing spoils and of which all pixels are there."""
    return np.flatnonzero(_whole(instrument))


def red_galaxies(instrument: Instrument) -> NDArray[np.int64]:
    """The redder half of the luminous galaxies; of a single band all of these."""
    rows = galaxies(instrument)
    rows = rows[: max(len(rows) // LUMINOUS, FEWEST)]
    colour = colours(instrument)[rows]
    if not np.isfinite(colour).any():
        return rows
    red = rows[colour >= np.nanmedian(colour)]
    return red if len(red) >= FEWEST else rows


def luminosity(instrument: Instrument) -> Floats:
    """Flux in the longest band that was measured [image units]; S/N where no flux is known."""
    name = f"flux_{instrument.bands[-1].name}"
    return np.nan_to_num(_column(instrument, name if name in instrument.catalog else "snr"), nan=-np.inf)


def host_flux(instrument: Instrument, row: int) -> float:
    """Flux of a source in the reference band [image units]; where it was not measured, what its S/N says."""
    band = instrument.reference
    flux = _column(instrument, f"flux_{band.name}")[row]
    if np.isfinite(flux) and flux > 0:
        return float(flux)
    return float(np.nan_to_num(_column(instrument, "snr")[row], nan=BRIGHT_SNR) * band.flux(band.depth) / 5)


def colours(instrument: Instrument) -> Floats:
    """Shortest minus longest band [mag, to a constant]; NaN where one is not seen, and for a single band."""
    first, last = (f"flux_{band.name}" for band in (instrument.bands[0], instrument.bands[-1]))
    if len(instrument.bands) < 2:
        return np.full(len(instrument.catalog), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = _column(instrument, last) / _column(instrument, first)
        return np.where(ratio > 0, 2.5 * np.log10(ratio), np.nan)


def image_angle(instrument: Instrument, row: int) -> float | None:
    """Direction of a source's major axis on the image [rad from +x to +y]; None where it is not known."""
    theta = _column(instrument, "theta")[row]
    north, flipped = instrument.north
    if not np.isfinite(theta) or not np.isfinite(north):
        return None
    turn = -theta if flipped else theta
    return float(np.radians(90 + north + turn))


def _column(instrument: Instrument, name: str, otherwise: float = np.nan) -> Floats:
    if name not in instrument.catalog:
        return np.full(len(instrument.catalog), otherwise)
    return np.asarray(instrument.catalog.column(name), np.float64)


def _whole(instrument: Instrument) -> NDArray[np.bool_]:
    """Whether nothing spoils a source, it is no needle, and all its pixels are there."""
    flags = _column(instrument, "flags", 0.0).astype(np.int64)
    good = (flags & int(SPOILED)) == 0
    good &= _column(instrument, "masked_fraction", 0.0) < 0.05
    with np.errstate(divide="ignore", invalid="ignore"):
        good &= ~(_column(instrument, "a") / _column(instrument, "b") > LONGEST)
    return np.asarray(good & _inside(instrument))


def _inside(instrument: Instrument) -> NDArray[np.bool_]:
    """Whether the cutout lies within the mosaic, but for a tenth of its side."""
    reach = 0.4 * instrument.size / instrument.scale
    height, width = instrument.mosaic.shape
    x, y = instrument.catalog.x, instrument.catalog.y
    return np.asarray((x >= reach) & (y >= reach) & (x < width - reach) & (y < height - reach))
