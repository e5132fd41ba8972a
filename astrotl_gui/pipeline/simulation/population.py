"""Which galaxies there are: mass functions, star formation, dust, sizes, shapes, and the magnitudes that follow.

Star-forming and quiescent galaxies are drawn from mass functions that evolve with redshift; all else follows
from mass, type and redshift by published relations, with their scatter.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.pipeline.simulation.spectra import COSMOLOGY, Array, Photometry

LAYERS = (25.0, 27.5, 29.5)
"""Galaxies are drawn in layers of expected i magnitude, each from its own random stream: a deeper image of
the same sky shows the same bright galaxies and more faint ones."""
MASSES = np.arange(6.5, 12.2, 0.1)  # log10 M*/M☉, lower edges
REDSHIFTS = np.geomspace(1.02, 6.5, 90) - 1  # lower edges
ARCMIN2_PER_SR = (180 * 60 / np.pi) ** 2

# Schechter functions of log mass, smoothed in redshift after Ilbert et al. (2013): log M*, α, φ* [10⁻³ Mpc⁻³]
KNOTS = np.array([0.1, 0.35, 0.65, 0.95, 1.3, 1.75, 2.25, 2.75, 3.5, 5.0])
STAR_FORMING = (
    np.array([10.65, 10.72, 10.75, 10.80, 10.85, 10.88, 10.90, 10.92, 10.95, 10.95]),
    np.array([-1.31, -1.34, -1.36, -1.39, -1.43, -1.49, -1.55, -1.59, -1.64, -1.69]),
    np.array([1.26, 1.08, 0.91, 0.76, 0.54, 0.36, 0.24, 0.16, 0.09, 0.03]),
)
QUIESCENT = (
    np.array([10.80, 10.88, 10.90, 10.84, 10.76, 10.72, 10.68, 10.68, 10.68, 10.68]),
    np.array([-0.70, -0.62, -0.48, -0.20, 0.00, 0.05, 0.10, 0.10, 0.10, 0.10]),
    np.array([1.45, 1.25, 1.10, 1.25, 0.70, 0.22, 0.09, 0.03, 0.008, 0.001]),
)


@dataclass
class Galaxies:
    """One entry a galaxy. Positions and lengths in arcsec on the tangent plane, angles in rad, magnitudes AB.

    `disc` and `bulge` are magnitudes (N, bands); a component without light has 99. `seed` fixes the galaxy's
    own random details. `kind` is elliptical, lenticular, spiral or irregular.
    """

    x: Array
    y: Array
    z: Array
    log_mass: Array
    log_sfr: Array
    kind: NDArray[np.str_]
    r50: Array  # of the disc, or of the whole where there is no disc; along the major axis
    bulge_r50: Array
    bulge_n: Array
    q: Array
    bulge_q: Array
    theta: Array
    bulge_share: Array  # of the mass
    disc: Array
    bulge: Array
    i_mag: Array  # total, in i, whatever the bands
    seed: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.x)

    @property
    def mags(self) -> Array:
        """Total AB magnitudes (N, bands)."""
        return add_magnitudes(self.disc, self.bulge)

    def take(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Galaxies:
        return Galaxies(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    @classmethod
    def join(cls, parts: list[Galaxies]) -> Galaxies:
        return cls(**{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)})


def add_magnitudes(*mags: Array) -> Array:
    """The magnitude of the sum of the light."""
    return -2.5 * np.log10(sum(10 ** (-0.4 * m) for m in mags))


class Population:
    """Draws galaxies in magnitudes of `bands`."""

    def __init__(self, photometry: Photometry) -> None:
        self.photometry = photometry
        self.i_band = photometry if photometry.bands == ("i",) else Photometry(["i"])

    def draw(self, rng: np.random.Generator, arcmin2: float, layer: int) -> Galaxies:
        """The galaxies of one layer on `arcmin2` of sky, at the origin; ordered at random."""
        edges, density = self._tables[layer]
        number = int(rng.poisson(density[-1] * arcmin2))
        chosen = np.searchsorted(density, rng.uniform(0, density[-1], number), side="right")
        quiescent, z_low, z_high, mass_low = edges[:, chosen]
        z = z_low + (z_high - z_low) * rng.uniform(size=number)
        log_mass = mass_low + 0.1 * rng.uniform(size=number)
        return self.make(rng, z, log_mass, quiescent > 0)

    def make(
        self, rng: np.random.Generator, z: Array, log_mass: Array, quiescent: NDArray[np.bool_]
    ) -> Galaxies:
        """Galaxies of given redshift, mass and type, at the origin."""
        number = len(z)
        offset = rng.normal(0, 0.28, number)
        log_sfr = np.where(quiescent, log_mass - 11.8 + 2 * offset, main_sequence(log_mass, z) + offset)
        bulge_share = _bulge_share(rng, log_mass, quiescent)
        dust_face_on = _attenuation(rng, log_mass, quiescent)
        size = _sizes(rng, log_mass, z, quiescent)
        irregular = ~quiescent & (rng.uniform(size=number) < _irregular_share(log_mass, z))
        round_one = quiescent & (
            rng.uniform(size=number) < np.clip(0.45 + 0.4 * (log_mass - 10.7), 0.25, 0.95)
        )
        bulge_share = np.where(round_one, 1.0, np.where(irregular, 0.0, bulge_share))
        kind = np.where(
            quiescent,
            np.where(round_one, "elliptical", "lenticular"),
            np.where(irregular, "irregular", "spiral"),
        )
        thickness = np.where(irregular, rng.uniform(0.3, 0.6, number), rng.normal(0.21, 0.05, number))
        cosine = rng.uniform(size=number)
        q = np.sqrt(np.clip(thickness, 0.1, 0.7) ** 2 * (1 - cosine**2) + cosine**2)
        round_q = np.clip(rng.normal(0.77, 0.14, number), 0.4, 1.0)
        a_v = dust_face_on * np.where(quiescent | irregular, 1.0, np.clip(q, 0.25, 1) ** -0.5)
        old = np.clip(0.1 + 0.28 * z + 0.25 * (10.4 - log_mass) + rng.normal(0, 0.1, number), 0, 2)
        young = _young_type(log_mass, log_sfr, rng.normal(0, 0.3, number))
        disc_type = np.where(quiescent, old, young)
        disc_mass, bulge_mass = (
            log_mass + np.log10(np.maximum(share, 1e-9)) for share in (1 - bulge_share, bulge_share)
        )
        disc, bulge = (disc_mass, disc_type, a_v, z), (bulge_mass, old, 0.4 * dust_face_on, z)
        has_disc, has_bulge = bulge_share[:, None] < 1, bulge_share[:, None] > 0
        galaxy, in_i = self.photometry.galaxy, self.i_band.galaxy
        return Galaxies(
            x=np.zeros(number),
            y=np.zeros(number),
            z=z,
            log_mass=log_mass,
            log_sfr=log_sfr,
            kind=kind,
            r50=size,
            bulge_r50=np.where(round_one, size, np.clip(0.28 * size, 0.02, None)),
            bulge_n=np.clip(np.where(round_one, rng.normal(2.6 + 1.1 * (log_mass - 10), 0.7), 2.5), 1.5, 5.5),
            q=np.where(round_one, round_q, q),
            bulge_q=np.where(round_one, round_q, np.maximum(q, 0.72)),
            theta=rng.uniform(0, np.pi, number),
            bulge_share=bulge_share,
            disc=np.where(has_disc, galaxy(*disc), 99.0),
            bulge=np.where(has_bulge, galaxy(*bulge), 99.0),
            i_mag=add_magnitudes(in_i(*disc), in_i(*bulge))[:, 0],
            seed=rng.integers(0, 2**62, number),
        )

    @cached_property
    def _tables(self) -> list[tuple[Array, Array]]:
        """For each layer: (quiescent, z low, z high, log mass) of its cells, and their cumulated number an arcmin²."""
        z_low, z_high = REDSHIFTS, np.append(REDSHIFTS[1:], 5.5)
        volume = (
            np.diff(COSMOLOGY.comoving_volume(np.append(z_low, z_high[-1])).value)
            / (4 * np.pi)
            / ARCMIN2_PER_SR
        )
        rows, numbers, expected = [], [], []
        for quiescent, schechter in ((0, STAR_FORMING), (1, QUIESCENT)):
            j, k = (part.ravel() for part in np.indices((len(z_low), len(MASSES))))
            middle_z, middle_mass = (z_low + z_high)[j] / 2, MASSES[k] + 0.05
            density = _schechter(middle_mass, middle_z, schechter) * 0.1 * volume[j]
            old = np.clip(0.1 + 0.28 * middle_z + 0.25 * (10.4 - middle_mass), 0, 2)
            young = _young_type(middle_mass, main_sequence(middle_mass, middle_z), 0.0)
            dust = np.zeros(len(j)) if quiescent else _typical_attenuation(middle_mass)
            mag = self.i_band.galaxy(middle_mass, old if quiescent else young, dust, middle_z)[:, 0]
            rows.append(np.stack([np.full(len(j), quiescent), z_low[j], z_high[j], MASSES[k]]))
            numbers.append(density)
            expected.append(mag)
        cells, number, mags = np.concatenate(rows, axis=1), np.concatenate(numbers), np.concatenate(expected)
        tables, brightest = [], -np.inf
        for faintest in LAYERS:
            inside = (mags >= brightest) & (mags < faintest) & (number > 0)
            tables.append((cells[:, inside], np.cumsum(number[inside])))
            brightest = faintest
        return tables


def main_sequence(log_mass: Array, z: Array) -> Array:
    """log10 SFR [M☉/yr] of the main sequence (Schreiber et al. 2015, eq. 9), for a Chabrier initial mass function."""
    r, m = np.log10(1 + z), log_mass - 9.0 + 0.24  # their masses and rates are Salpeter's
    return m - 0.5 + 1.5 * r - 0.3 * np.maximum(0, m - 0.36 - 2.5 * r) ** 2 - 0.24


def kpc_per_arcsec(z: Array) -> Array:
    """Proper length [kpc] of one arcsec."""
    return np.interp(z, *_SCALE)


_SCALE_Z = np.geomspace(1.005, 7.0, 300) - 1
_SCALE = (_SCALE_Z, COSMOLOGY.angular_diameter_distance(_SCALE_Z).value * 1000 * np.pi / 180 / 3600)


def _schechter(log_mass: Array, z: Array, knots: tuple[Array, Array, Array]) -> Array:
    """Number per Mpc³ and dex."""
    characteristic, slope, norm = (np.interp(z, KNOTS, values) for values in knots)
    x = 10 ** (log_mass - characteristic)
    return np.log(10) * 1e-3 * norm * x ** (slope + 1) * np.exp(-x)


def _young_type(log_mass: Array, log_sfr: Array, scatter: Array | float) -> Array:
    """Template coordinate of a disc from its specific star formation rate."""
    specific = log_sfr - log_mass
    return np.clip(3.2 + 1.25 * (specific + 9.0) + 0.35 * (9.9 - log_mass) + scatter, 0.7, 4.0)


def _typical_attenuation(log_mass: Array) -> Array:
    return np.clip(0.08 + 0.32 * (log_mass - 9.1), 0.02, 1.2)


def _attenuation(rng: np.random.Generator, log_mass: Array, quiescent: NDArray[np.bool_]) -> Array:
    """A_V [mag] of a disc seen face-on."""
    dust = _typical_attenuation(log_mass) * 10 ** rng.normal(0, 0.2, len(log_mass))
    return np.where(quiescent, 0.03, dust)


def _bulge_share(rng: np.random.Generator, log_mass: Array, quiescent: NDArray[np.bool_]) -> Array:
    """Bulge over total mass (Lang et al. 2014, as Schreiber et al. 2017 put it)."""
    log_share = np.where(quiescent, -0.3 + 0.1 * (log_mass - 10), -0.7 + 0.27 * (log_mass - 10))
    return np.clip(10 ** (log_share + rng.normal(0, 0.2, len(log_mass))), 0, 0.9)


def _irregular_share(log_mass: Array, z: Array) -> Array:
    """Low masses and early times have no orderly discs."""
    return np.clip(0.12 + 0.45 * (9.4 - log_mass) + 0.2 * z, 0.05, 0.9)


def _sizes(rng: np.random.Generator, log_mass: Array, z: Array, quiescent: NDArray[np.bool_]) -> Array:
    """Half-light radius along the major axis [arcsec] (van der Wel et al. 2014), flat for small quiescent ones."""
    x = log_mass - np.log10(5e10)
    late = np.log10(8.9) - 0.75 * np.log10(1 + z) + 0.22 * x + rng.normal(0, 0.18, len(z))
    early = np.log10(5.6) - 1.48 * np.log10(1 + z) + 0.75 * np.maximum(x, -0.55) + rng.normal(0, 0.12, len(z))
    return 10 ** np.where(quiescent, early, late) / kpc_per_arcsec(z)
