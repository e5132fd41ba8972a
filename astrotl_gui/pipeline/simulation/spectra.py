"""Broad-band magnitudes of galaxies and quasars: template spectra, dust, redshift, real filter curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import galsim
import numpy as np
from astropy.cosmology import FlatLambdaCDM
from numpy.typing import NDArray
from scipy.interpolate import RegularGridInterpolator

Array = NDArray[np.floating]

COSMOLOGY = FlatLambdaCDM(H0=70, Om0=0.3)
TEMPLATES = ("CWW_E_ext", "CWW_Sbc_ext", "CWW_Scd_ext", "CWW_Im_ext")  # Coleman, Wu & Weedman (1980)
YOUNG = 4.0  # the template coordinate: 0 E, 1 Sbc, 2 Scd, 3 Im, 4 a starburst bluer than Im
WAVELENGTHS = np.geomspace(30.0, 2200.0, 4000)  # rest frame, nm
REDSHIFTS = np.geomspace(1.005, 7.0, 140) - 1
TYPES = np.linspace(0.0, YOUNG, 9)
REDDENINGS = np.array([0.0, 0.4, 0.8, 1.6, 3.2])  # A_V, mag
SOLAR_I = 4.58  # AB magnitude of the Sun in i
YOUNGER = 0.12  # dex by which M*/L falls for each unit of redshift at the same colour: the stars are younger
FILES = {
    **{name: f"LSST_{name}" for name in "ugrizy"},
    **{name: f"ACS_wfc_{name}" for name in ("F435W", "F606W", "F775W", "F814W", "F850LP")},
    **{name: f"WFC3_ir_{name}" for name in ("F105W", "F125W", "F160W")},
}
"""The bands that can be simulated, and their transmission curves in GalSim's share."""
QUASAR_LINES = {
    121.6: (93.0, 4.0), 154.9: (24.0, 3.0), 190.9: (21.0, 4.5), 279.9: (32.0, 4.5), 486.3: (46.0, 4.5),
    500.7: (13.0, 0.9), 656.5: (195.0, 5.0),
}  # fmt: skip
"""Rest wavelength [nm] → (equivalent width [Å], σ [nm]) of the strongest lines (Vanden Berk et al. 2001)."""


@dataclass(frozen=True)
class Filter:
    """A transmission curve: wavelengths [nm], throughput, effective wavelength [nm]."""

    name: str
    wavelengths: Array
    throughput: Array

    @classmethod
    @cache
    def named(cls, name: str) -> Filter:
        curve = galsim.Bandpass(f"{FILES[name]}.dat", wave_type="nm")
        grid = np.linspace(curve.blue_limit, curve.red_limit, 600)
        return cls(name, grid, np.asarray(curve(grid), float))

    @property
    def effective(self) -> float:
        """Photon-weighted mean wavelength [nm]."""
        return float((self.wavelengths * self.throughput).sum() / self.throughput.sum())

    def magnitude(self, wavelengths: Array, flux: Array) -> Array:
        """AB magnitudes, up to one constant for all filters, of f_λ (..., wavelengths) [any unit per nm]."""
        flat = np.moveaxis(flux, -1, 0).reshape(len(wavelengths), -1)
        at = np.interp(self.wavelengths, wavelengths, np.arange(len(wavelengths)))
        low = np.minimum(at.astype(int), len(wavelengths) - 2)
        share = (at - low)[:, None]
        sampled = flat[low] * (1 - share) + flat[low + 1] * share
        photons = (sampled * (self.wavelengths * self.throughput)[:, None]).sum(axis=0)
        reference = (self.throughput / self.wavelengths).sum()
        with np.errstate(divide="ignore"):
            return -2.5 * np.log10(photons / reference).reshape(flux.shape[:-1])


class Photometry:
    """Magnitudes in `bands` on a grid of type, dust and redshift, interpolated between."""

    def __init__(self, bands: Sequence[str]) -> None:
        self.bands = tuple(bands)
        self.filters = [Filter.named(name) for name in bands]

    def galaxy(self, log_mass: Array, kind: Array, a_v: Array, z: Array) -> Array:
        """AB magnitudes (N, bands) of stellar populations of log10 M*/M☉ seen at redshift z.

        `kind` is the template coordinate, `a_v` the attenuation [mag] (Calzetti et al. 2000). M*/L_i follows
        the rest-frame colour, log M*/L_i = −0.68 + 0.70 (g − i) (Taylor et al. 2011).
        """
        points = np.column_stack(
            [
                np.clip(kind, 0, YOUNG),
                np.clip(a_v, 0, REDDENINGS[-1]),
                np.clip(z, REDSHIFTS[0], REDSHIFTS[-1]),
            ]
        )
        return np.asarray(self._galaxies(points)) - 2.5 * np.asarray(log_mass)[:, None]

    def quasar(self, mag: Array | float, z: Array | float, slope: Array | float = -0.44) -> Array:
        """AB magnitudes (N, bands) of a quasar of i magnitude `mag`: f_ν ∝ ν^slope with broad lines."""
        mag, z, slope = (np.atleast_1d(np.asarray(v, float)) for v in np.broadcast_arrays(mag, z, slope))
        base = np.column_stack([np.interp(z, REDSHIFTS, column) for column in self._quasar_colours.T])
        pivots = np.array([band.effective for band in self.filters])
        tilt = 2.5 * (slope[:, None] + 0.44) * np.log10(pivots / 760.0)
        return np.asarray(mag[:, None] + base + tilt)

    @cached_property
    def _galaxies(self) -> RegularGridInterpolator:
        spectra = _galaxy_spectra()[:, None, :] * 10 ** (
            -0.4 * REDDENINGS[:, None] * calzetti(WAVELENGTHS)[None, :]
        )
        rest = {name: Filter.named(name).magnitude(WAVELENGTHS, spectra) for name in "gi"}
        mass_to_light = -0.68 + 0.70 * (rest["g"] - rest["i"])
        values = np.empty((len(TYPES), len(REDDENINGS), len(REDSHIFTS), len(self.bands)))
        for j, z in enumerate(REDSHIFTS):
            seen = spectra * _lyman_transmission(WAVELENGTHS, z) / (1 + z)
            modulus = COSMOLOGY.distmod(z).value
            for k, band in enumerate(self.filters):
                shift = band.magnitude(WAVELENGTHS * (1 + z), seen) - rest["i"]
                young = YOUNGER * min(z, 2.0)
                values[:, :, j, k] = SOLAR_I + 2.5 * (mass_to_light - young) + shift + modulus
        return RegularGridInterpolator((TYPES, REDDENINGS, REDSHIFTS), np.minimum(values, 99.0))

    @cached_property
    def _quasar_colours(self) -> Array:
        """Band − i of the composite at each of REDSHIFTS."""
        flux = (WAVELENGTHS / 500.0) ** (-2 + 0.44)
        for line, (width, sigma) in QUASAR_LINES.items():
            at = np.interp(line, WAVELENGTHS, flux)
            profile = np.exp(-0.5 * ((WAVELENGTHS - line) / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi))
            flux = flux + at * 0.1 * width * profile
        colours = np.empty((len(REDSHIFTS), len(self.bands)))
        i_band = Filter.named("i")
        for j, z in enumerate(REDSHIFTS):
            seen, grid = flux * _lyman_transmission(WAVELENGTHS, z), WAVELENGTHS * (1 + z)
            colours[j] = [band.magnitude(grid, seen) - i_band.magnitude(grid, seen) for band in self.filters]
        return np.clip(colours, -5, 9)


def calzetti(wavelengths: Array) -> Array:
    """Attenuation A(λ)/A_V at wavelengths [nm] (Calzetti et al. 2000), continued as they end."""
    micron = np.clip(wavelengths / 1000, 0.12, 2.2)
    blue = 2.659 * (-2.156 + 1.509 / micron - 0.198 / micron**2 + 0.011 / micron**3) + 4.05
    red = 2.659 * (-1.857 + 1.040 / micron) + 4.05
    return np.asarray(np.where(micron < 0.63, blue, red) / 4.05)


def _galaxy_spectra() -> Array:
    """f_λ (types, wavelengths), 1 at 500 nm: neighbours among the templates mixed, and one bluer than Im."""
    pure = []
    for name in TEMPLATES:
        table = np.loadtxt(f"{galsim.meta_data.share_dir}/SEDs/{name}.sed")
        flux = np.interp(WAVELENGTHS, table[:, 0] / 10, table[:, 1])
        pure.append(flux / np.interp(500.0, WAVELENGTHS, flux))
    pure.append(pure[-1] * (WAVELENGTHS / 500.0) ** -0.75)
    return np.array([_mixed(pure, t) for t in TYPES])


def _mixed(pure: Sequence[Array], t: float) -> Array:
    low = min(int(t), len(pure) - 2)
    return pure[low] * (1 - (t - low)) + pure[low + 1] * (t - low)


def _lyman_transmission(wavelengths: Array, z: float) -> Array:
    """Mean Lyman-α forest at rest wavelengths [nm] (Madau 1995, α line) and nothing below the Lyman limit."""
    forest = np.exp(-0.0036 * ((1 + z) * wavelengths / 121.6) ** 3.46)
    return np.where(wavelengths < 91.2, 1e-6, np.where(wavelengths < 121.6, forest, 1.0))
