"""The simulated camera: bands, point-spread function, noise level, exposure map and astrometry."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from astropy.wcs import WCS
from numpy.typing import NDArray

Array = NDArray[np.floating]

PIXEL_SCALE = 0.2  # arcsec
MARGIN = 64  # px drawn around the field, so that the sky does not thin out at its borders
SATURATION_MAG = 17.7  # AB magnitude of the star whose peak just saturates under 0.75" seeing
CENTRE = (150.116, 2.206)  # ICRS degrees of the field centre
ROTATION = 4.0  # degrees from +y to north, counter-clockwise
SPIKE_ANGLES = np.deg2rad([47.0, 137.0])  # the secondary's spider, in pixel angle
CORE_BETA, WING_BETA, WING_FWHM, WING_FRACTION = 3.2, 1.6, 3.0, 0.04


@dataclass(frozen=True)
class SimulatedBand:
    """One filter: seeing FWHM [arcsec], AB zero point, sky noise [image units per px], gain [e-/unit]."""

    name: str
    wavelength: float  # nm
    seeing: float
    zeropoint: float
    sky_noise: float
    gain: float

    @property
    def saturate(self) -> float:
        """The level [image units] at which pixels clip; one AB flux in all bands, so clipped cores stay white."""
        return float(0.063 * self.counts(SATURATION_MAG))

    def counts(self, mag: float | Array) -> Array:
        """AB magnitude → image units."""
        return np.asarray(10 ** (-0.4 * (np.asarray(mag, float) - self.zeropoint)))


BANDS = (
    SimulatedBand("g", 477.0, 0.86, 30.00, 0.36, 66.0),
    SimulatedBand("r", 622.0, 0.77, 29.80, 0.52, 42.0),
    SimulatedBand("i", 763.0, 0.71, 29.60, 0.62, 39.0),
)


def rng_for(seed: int, part: str) -> np.random.Generator:
    """An own random stream for each part: changing one leaves the others as they are."""
    return np.random.default_rng([seed, zlib.crc32(part.encode())])


def counts_of(mags: Array) -> Array:
    """Magnitudes (..., bands) → image units (..., bands)."""
    return np.stack([band.counts(mags[..., k]) for k, band in enumerate(BANDS)], axis=-1)


def _moffat(r2: Array, fwhm: float, beta: float) -> Array:
    """Unit-flux Moffat profile per px²; `fwhm` in px (Moffat 1969)."""
    alpha2 = (fwhm / 2) ** 2 / (2 ** (1 / beta) - 1)
    return (beta - 1) / (np.pi * alpha2) * (1 + r2 / alpha2) ** -beta


def psf(band: SimulatedBand, r2: Array) -> Array:
    """Unit-flux PSF at squared radius `r2` [px²]: a Moffat core (β = 3.2) and an aureole with 4 % of the light."""
    core = _moffat(r2, band.seeing / PIXEL_SCALE, CORE_BETA)
    return (1 - WING_FRACTION) * core + WING_FRACTION * _moffat(r2, WING_FWHM / PIXEL_SCALE, WING_BETA)


def psf_image(band: SimulatedBand, half: int = MARGIN) -> Array:
    """The PSF on a (2·half + 1)² grid, summing to 1."""
    axis = np.arange(-half, half + 1, dtype=float)
    image = psf(band, axis[:, None] ** 2 + axis[None, :] ** 2)
    return image / image.sum()


def field_wcs(size: int) -> WCS:
    """TAN world coordinates of a size × size field, rotated by `ROTATION`, east on the left."""
    wcs = WCS(naxis=2)
    turn, step = np.deg2rad(ROTATION), PIXEL_SCALE / 3600
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.cunit = ["deg", "deg"]
    wcs.wcs.crval = list(CENTRE)
    wcs.wcs.crpix = [(size + 1) / 2, (size + 1) / 2]
    wcs.wcs.cd = step * np.array([[-np.cos(turn), -np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    wcs.wcs.radesys = "ICRS"
    return wcs


def position_angle(theta: float | Array) -> Array:
    """Pixel angle from +x [rad] → degrees east of north in [0, 180)."""
    return np.asarray((np.degrees(theta) - 90.0 - ROTATION) % 180.0)


def coverage(rng: np.random.Generator, size: int, visits: int = 5) -> Array:
    """Fraction of visits that saw each pixel: chip gaps of 26 px and field edges, moved by the dither."""
    seen = np.zeros((size, size), np.float32)
    for _ in range(visits):
        line = np.ones((2, size), bool)
        for axis in range(2):
            shift = rng.integers(-45, 46)
            for gap in (size // 3, 2 * size // 3 + 40):
                line[axis, max(gap + shift, 0) : max(gap + shift + 26, 0)] = False
            trim = int(rng.integers(0, 22))
            line[axis, :trim] = False
            line[axis, size - int(rng.integers(0, 22)) :] = False
        seen += line[0][:, None] & line[1][None, :]
    return np.maximum(seen, 1) / visits


def rms_map(band: SimulatedBand, rng: np.random.Generator, size: int) -> NDArray[np.float32]:
    """1σ background noise per pixel [image units] after `coverage`; the light of sources adds to it."""
    return (band.sky_noise / np.sqrt(coverage(rng, size))).astype(np.float32)


def unit_noise(rng: np.random.Generator, shape: tuple[int, int], lag: float = 0.1) -> NDArray[np.float32]:
    """Gaussian noise of unit variance whose neighbours correlate by `lag`, as resampled images do."""
    white = rng.standard_normal((shape[0] + 2, shape[1] + 2), dtype=np.float32)
    side = (1 - np.sqrt(1 - 2 * lag**2)) / (2 * lag)  # solves 2a / (1 + 2a²) = lag
    kernel = np.array([side, 1.0, side], np.float32) / np.float32(np.sqrt(1 + 2 * side**2))
    rows = kernel[0] * white[:-2] + kernel[1] * white[1:-1] + kernel[2] * white[2:]
    return kernel[0] * rows[:, :-2] + kernel[1] * rows[:, 1:-1] + kernel[2] * rows[:, 2:]


def sky_residual(rng: np.random.Generator, size: int, noise: float) -> NDArray[np.float32]:
    """What sky subtraction left: a smooth surface within about ±0.3 σ."""
    axis = np.linspace(-1, 1, size, dtype=np.float32)
    c = rng.normal(0, 0.1, 5)
    wave = np.float32(0.08) * np.sin(2.2 * np.pi * axis + rng.uniform(0, 6.28)).astype(np.float32)
    surface = c[0] * axis[None, :] + c[1] * axis[:, None] + c[2] * axis[None, :] * axis[:, None]
    surface = surface + c[3] * axis[None, :] ** 2 + c[4] * axis[:, None] ** 2 + wave[:, None]
    return (noise * surface).astype(np.float32)
