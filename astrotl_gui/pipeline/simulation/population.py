"""Which galaxies there are: counts, redshifts, types, colours, sizes and places."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from astrotl_gui.pipeline.simulation.instrument import MARGIN, PIXEL_SCALE, Array

# log10 of galaxies per deg² and 0.5 mag in i, after Capak et al. (2007)
COUNT_MAGS = np.array([15.0, 16.0, 17.0, 18.0, 19.0, 20.0, 21.0, 22.0, 23.0, 24.0, 25.0, 26.0, 27.0])
COUNT_LOGS = np.array([0.55, 1.05, 1.55, 2.02, 2.47, 2.90, 3.28, 3.63, 3.96, 4.25, 4.52, 4.74, 4.92])
BRIGHTEST, FAINTEST_MAG = 16.0, 27.0

# observed-frame g − r and r − i against redshift: old, spiral and star-forming populations
COLOUR_Z = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.3, 1.6, 2.0, 3.0, 3.6, 4.0])
COLOURS = {
    "old": (
        np.array([0.72, 0.92, 1.15, 1.40, 1.58, 1.66, 1.65, 1.58, 1.48, 1.25, 1.05, 0.90, 0.80, 1.20, 1.60]),
        np.array([0.34, 0.40, 0.46, 0.51, 0.60, 0.76, 0.93, 1.10, 1.15, 1.10, 0.95, 0.75, 0.55, 0.40, 0.40]),
    ),
    "spiral": (
        np.array([0.46, 0.56, 0.68, 0.80, 0.90, 0.94, 0.93, 0.85, 0.74, 0.58, 0.48, 0.42, 0.45, 0.90, 1.40]),
        np.array([0.28, 0.31, 0.34, 0.37, 0.43, 0.51, 0.60, 0.72, 0.75, 0.66, 0.52, 0.40, 0.25, 0.20, 0.30]),
    ),
    "young": (
        np.array([0.28, 0.33, 0.38, 0.42, 0.45, 0.44, 0.40, 0.33, 0.26, 0.20, 0.18, 0.17, 0.28, 0.80, 1.35]),
        np.array([0.08, 0.12, 0.15, 0.18, 0.21, 0.26, 0.31, 0.37, 0.36, 0.28, 0.20, 0.13, 0.10, 0.12, 0.25]),
    ),
}


@dataclass
class Galaxies:
    """One entry a galaxy, ordered from bright to faint. Lengths in px, angles in rad, magnitudes AB."""

    x: Array
    y: Array
    mag: Array  # i
    z: Array
    kind: NDArray[np.str_]  # elliptical, spiral, irregular
    r50: Array
    q: Array
    theta: Array
    n: Array
    bulge: Array  # fraction of the i-band light

    def __len__(self) -> int:
        return len(self.x)


def colours(population: str, z: float | Array) -> tuple[Array, Array]:
    """(g − r, r − i) in the observed frame of a population at redshift z."""
    g_r, r_i = COLOURS[population]
    return np.interp(z, COLOUR_Z, g_r), np.interp(z, COLOUR_Z, r_i)


def magnitudes(population: str, mag_i: float | Array, z: float | Array, shift: float | Array = 0.0) -> Array:
    """(g, r, i) magnitudes (..., 3) of a population with total `mag_i`; `shift` reddens g − r."""
    g_r, r_i = colours(population, z)
    r = np.asarray(mag_i) + r_i + 0.5 * np.asarray(shift)
    return np.stack([r + g_r + shift, r, np.asarray(mag_i) + 0 * r], axis=-1)


def draw_galaxies(rng: np.random.Generator, size: int) -> Galaxies:
    """The field population of a size × size px field and its margin."""
    side = size + 2 * MARGIN
    area = (side * PIXEL_SCALE / 3600) ** 2
    axis = np.arange(BRIGHTEST, FAINTEST_MAG, 0.02)
    density = 10 ** np.interp(axis, COUNT_MAGS, COUNT_LOGS) * 2 * 0.02 * area
    number = int(rng.poisson(density.sum()))
    mag = np.sort(rng.choice(axis, number, p=density / density.sum()) + rng.uniform(0, 0.02, number))
    z = _redshifts(rng, mag)
    kind = _kinds(rng, mag, z)
    x, y = _places(rng, number, size)
    return _shaped(rng, x, y, mag, z, kind)


def draw_cluster(rng: np.random.Generator, size: int, number: int, z: float = 0.38) -> Galaxies:
    """A loose cluster: red galaxies on one colour sequence about a brightest one, thinning outwards."""
    mag = np.sort(np.concatenate([[17.3], 18.6 + 4.2 * rng.beta(1.9, 1.1, number - 1)]))
    centre = size * np.array([0.66, 0.62])
    reach = 0.24 * size
    r = 0.15 * reach * np.expm1(rng.uniform(0.25, 1, number) * np.log1p(1 / 0.15))
    angle = rng.uniform(0, 2 * np.pi, number)
    r[0] = 0
    x, y = centre[0] + r * np.cos(angle) * 1.25, centre[1] + r * np.sin(angle) * 0.85
    kind = np.full(number, "elliptical")
    members = _shaped(rng, x, y, mag, np.full(number, z) + rng.normal(0, 0.003, number), kind)
    members.r50[0], members.q[0], members.n[0] = 3.0 / PIXEL_SCALE, 0.72, 5.0
    return members


def typical_size(mag: float | Array) -> Array:
    """Median half-light radius [arcsec] of galaxies of i magnitude `mag`."""
    mags, logs = (15.0, 17.0, 18.0, 20.0, 22.0, 24.0, 26.0), (0.68, 0.47, 0.33, 0.05, -0.22, -0.42, -0.63)
    return np.asarray(10 ** np.interp(mag, mags, logs))


def _redshifts(rng: np.random.Generator, mag: Array) -> Array:
    scale = np.interp(mag, [16, 18, 20, 22, 24, 26], [0.05, 0.11, 0.22, 0.42, 0.66, 0.85])
    return np.clip(scale * rng.gamma(4.5, 1 / 3.2, len(mag)), 0.015, 4.0)


def _kinds(rng: np.random.Generator, mag: Array, z: Array) -> NDArray[np.str_]:
    red = np.interp(mag, [16, 20, 23, 26], [0.36, 0.30, 0.14, 0.05]) * np.clip(1.8 - z, 0.15, 1)
    irregular = np.interp(mag, [17, 21, 24, 27], [0.04, 0.15, 0.45, 0.65])
    dice = rng.uniform(size=len(mag))
    return np.where(dice < red, "elliptical", np.where(dice > 1 - irregular, "irregular", "spiral"))


def _places(rng: np.random.Generator, number: int, size: int) -> tuple[Array, Array]:
    """Clustered positions: a log-normal density field with structure from 6" to 1'."""
    cells = 128
    field = np.zeros((cells, cells))
    for scale, weight in ((1.5, 0.55), (4.0, 0.5), (12.0, 0.45)):
        layer = ndimage.gaussian_filter(rng.standard_normal((cells, cells)), scale, mode="wrap")
        field += weight * layer / layer.std()
    weight_map = np.exp(0.65 * field).ravel()
    cell = rng.choice(cells * cells, number, p=weight_map / weight_map.sum())
    step = (size + 2 * MARGIN) / cells
    x = (cell % cells + rng.uniform(size=number)) * step - MARGIN - 0.5
    y = (cell // cells + rng.uniform(size=number)) * step - MARGIN - 0.5
    return x, y


def _shaped(
    rng: np.random.Generator, x: Array, y: Array, mag: Array, z: Array, kind: NDArray[np.str_]
) -> Galaxies:
    """Sizes, axis ratios and bulges by type: discs are thick discs seen at random inclination."""
    number = len(x)
    red, odd = kind == "elliptical", kind == "irregular"
    r50 = typical_size(mag) * 10 ** rng.normal(0, 0.15, number) * np.where(red, 0.8, np.where(odd, 0.9, 1.1))
    thin = np.where(odd, 0.35, 0.14)
    disc_q = np.sqrt(thin**2 + (1 - thin**2) * rng.uniform(size=number) ** 2)
    q = np.where(red, np.clip(rng.normal(0.76, 0.15, number), 0.4, 1), disc_q)
    n = np.where(red, np.clip(rng.normal(3.9, 0.8, number), 2.2, 5.5), np.where(odd, 0.8, 1.0))
    bulge = np.where(kind == "spiral", np.clip(rng.beta(1.3, 4.5, number), 0.01, 0.7), 0.0)
    theta = rng.uniform(0, np.pi, number)
    return Galaxies(x, y, mag, z, kind, np.clip(r50, 0.07, 9.0) / PIXEL_SCALE, q, theta, n, bulge)
