"""What turns light into pixels of a mosaic, band by band: zero point, gain, PSF, noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.regions import read_regions
from astrotl_gui.core.statistics import local_background, shrink
from astrotl_gui.ml.preprocess import reference_rows
from astrotl_gui.pipeline.injection.kernel import kernel
from astrotl_gui.pipeline.psf import DEFAULT_FWHM, FWHM_PER_SIGMA

Floats = NDArray[np.float64]

TYPICAL_SLOPE = 3.0
"""Magnitudes per factor of ten in wavelength by which sources of median brightness are taken to be redder than
a flat spectrum, where a zero point is missing."""
UNKNOWN_STEP = 0.1
"""log10 of the ratio of neighbouring wavelengths where they are not known."""
ASSUMED_ZEROPOINT = 25.0
RELATIVE = "colours are relative to those of sources of median brightness."
NOISE_SAMPLE = 32


@dataclass(frozen=True)
class Response:
    """One band on the reference grid.

    `zeropoint` is the AB magnitude of one image unit in one pixel, `gain` the electrons in one (None: unknown),
    `log_wavelength` log10 of nm, `fwhm` [px] the width of the PSF by adaptive moments, `psf` its image on reference
    pixels (None: a Moffat of that width), `sigma` the noise [image units] of the sum over a pixel's area.
    """

    name: str
    zeropoint: float
    gain: float | None
    log_wavelength: float
    fwhm: float
    psf: NDArray[np.float32] | None
    sigma: float

    def flux(self, magnitude: float) -> float:
        """Image units summed over pixels."""
        return float(10 ** (-0.4 * (magnitude - self.zeropoint)))

    @property
    def depth(self) -> float:
        """5σ limit [AB] of a point source, in the area 4π σ² of its PSF."""
        width = self.fwhm / FWHM_PER_SIGMA
        return self.zeropoint - 2.5 * np.log10(5 * self.sigma * np.sqrt(4 * np.pi) * max(width, 0.3))

    def kernel(self, fine: int) -> Floats:
        """The PSF on pixels `fine` times smaller, of sum 1."""
        return kernel(self.fwhm, fine, self.psf)


@dataclass(frozen=True, eq=False)
class Instrument:
    """The bands of a mosaic, short to long wavelength, its sources, and sentences on what had to be assumed.

    `size` is the side of the cutouts [arcsec], `scale` that of a reference pixel.
    """

    mosaic: Mosaic
    catalog: Catalog
    bands: tuple[Response, ...]
    size: float
    scale: float
    notes: tuple[str, ...]

    @classmethod
    def of(cls, mosaic: Mosaic, catalog: Catalog, size: float) -> Instrument:
        """What is known of a mosaic; for what is not, an assumption and a note."""
        scale, notes = mosaic.pixel_scale(), []
        names = tuple(band.name for band in mosaic.bands)
        waves = _log_wavelengths(mosaic, names)
        points = [mosaic.zeropoint(name) for name in names]
        if None in points:
            notes.append(
                f"No zero point in {_listed(names, [point is None for point in points])}: "
                + ("magnitudes are relative." if len(names) == 1 else RELATIVE)
            )
            points = list(_relative_zeropoints(mosaic, catalog, names, waves))
        gains = [gain(mosaic.band(name).header) for name in names]
        if None in gains:
            notes.append(
                f"No GAIN in {_listed(names, [gain is None for gain in gains])}: what is injected there brings no "
                "photon noise of its own."
            )
        widths = [catalog.fwhm.get(name, np.nan) / scale for name in names]
        if unknown := [not width > 0 for width in widths]:
            widths = [DEFAULT_FWHM if bad else w for bad, w in zip(unknown, widths, strict=True)]
        if any(unknown):
            notes.append(f"PSF not measured in {_listed(names, unknown)}: {DEFAULT_FWHM:g} px are assumed.")
        sigmas = sky_noise(mosaic, catalog, names, size, widths)
        bands = tuple(
            Response(
                name, float(points[k] or 0.0), gains[k], waves[k], widths[k], _psf(mosaic, name), sigmas[k]
            )
            for k, name in enumerate(names)
        )
        return cls(mosaic, catalog, bands, size, scale, tuple(notes))

    @property
    def reference(self) -> Response:
        """The band in which magnitudes are given: that of the reference grid."""
        return next(band for band in self.bands if band.name == self.mosaic.reference.name)

    @cached_property
    def north(self) -> tuple[float, bool]:
        """Where north is on the image, as `Mosaic.north` says it of the centre."""
        return self.mosaic.north()

    @cached_property
    def baseline(self) -> float:
        """log10 of the ratio of the longest to the shortest wavelength."""
        return self.bands[-1].log_wavelength - self.bands[0].log_wavelength

    def magnitudes(self, reference: float, colour: float) -> list[float]:
        """AB magnitudes in every band of light of this magnitude in the reference band.

        `colour` [mag] is between the shortest and the longest band, a power law between.
        """
        slope = colour / self.baseline if self.baseline > 0 else 0.0
        middle = self.reference.log_wavelength
        return [reference - slope * (band.log_wavelength - middle) for band in self.bands]

    def fluxes(self, reference: float, colour: float) -> Floats:
        """The same in image units, (B,)."""
        magnitudes = self.magnitudes(reference, colour)
        return np.array([band.flux(mag) for band, mag in zip(self.bands, magnitudes, strict=True)])


def sky_noise(
    mosaic: Mosaic, catalog: Catalog, names: tuple[str, ...], size: float, widths: Sequence[float]
) -> Floats:
    """σ [image units] of the sky in a pixel, per band, from the borders of cutouts of a sample of the sources.

    It is that of blocks about as wide as the PSF, which have the noise of sources in them whatever its correlation.
    """
    rows = reference_rows(catalog.ids)[:NOISE_SAMPLE]
    sigmas = np.full(len(names), 1.0)
    for regions in read_regions(mosaic, catalog.x[rows], catalog.y[rows], size, names, len(rows)):
        for number, width in enumerate(widths):
            block = max(round(width), 1)
            small = shrink(regions.planes[:, number : number + 1], max(regions.planes.shape[-1] // block, 1))
            found = local_background(small)[1]
            if (found > 0).any():
                sigmas[number] = float(np.median(found[found > 0])) * block
    return sigmas


def gain(header: fits.Header) -> float | None:
    """Electrons in one image unit: GAIN, or what a unit of electrons says with EXPTIME; None where neither tells."""
    unit = str(header.get("BUNIT", "")).lower().replace(" ", "")
    exposure, card = header.get("EXPTIME"), header.get("GAIN")
    if unit in ("electrons", "electron", "e-", "e"):
        return 1.0
    if unit in ("electrons/s", "electron/s", "e-/s", "e/s") and isinstance(exposure, int | float):
        return float(exposure) if exposure > 0 else None
    if isinstance(card, int | float) and np.isfinite(card) and card > 0:
        return float(card)
    return None


def _log_wavelengths(mosaic: Mosaic, names: tuple[str, ...]) -> list[float]:
    known = [mosaic.spec.band(name).wavelength for name in names]
    if all(known):
        return [float(np.log10(wave or 1.0)) for wave in known]
    return [2.7 + UNKNOWN_STEP * k for k in range(len(names))]


def _relative_zeropoints(
    mosaic: Mosaic, catalog: Catalog, names: tuple[str, ...], waves: list[float]
) -> Floats:
    """Zero points that make the median source redder than flat by `TYPICAL_SLOPE`; the reference band keeps its own."""
    fluxes = [catalog.column(f"flux_{name}") if f"flux_{name}" in catalog else np.ones(1) for name in names]
    medians = [float(np.median(flux[flux > 0])) if (flux > 0).any() else 1.0 for flux in fluxes]
    points = 2.5 * np.log10(medians) - TYPICAL_SLOPE * np.array(waves)
    base = names.index(mosaic.reference.name)
    known = mosaic.zeropoint(mosaic.reference.name)
    return points - points[base] + (ASSUMED_ZEROPOINT if known is None else known)


def _psf(mosaic: Mosaic, name: str) -> NDArray[np.float32] | None:
    """The band's image of its PSF, where that is on the pixels of the reference grid."""
    band = mosaic.band(name)
    same = band.sky is None or abs(float(band.sky.scale(0, 0)) / mosaic.pixel_scale() - 1) < 0.02
    return band.psf() if same else None


def _listed(names: tuple[str, ...], which: list[bool]) -> str:
    return ", ".join(name for name, here in zip(names, which, strict=True) if here)
