"""Groups and clusters of galaxies: a brightest one, a red sequence, members thinning outwards."""

from __future__ import annotations

import numpy as np

from astrotl_gui.pipeline.simulation.population import Galaxies, Population, kpc_per_arcsec

SCALE_KPC = 250.0


def draw_group(rng: np.random.Generator, population: Population, members: int, z: float) -> Galaxies:
    """A group of about `members` galaxies at redshift z about the origin, the brightest first."""
    number = max(int(rng.poisson(members)), 3)
    log_mass = 9.3 + 1.75 * rng.beta(1.3, 1.9, number)
    log_mass[0] = 10.75 + 0.42 * np.log10(members) + rng.normal(0, 0.08)
    quiescent = rng.uniform(size=number) < np.clip(0.55 + 0.25 * (log_mass - 9.6), 0.4, 0.92)
    quiescent[0] = True
    speed = 300 + 5.0 * members  # km/s, along the line of sight
    redshifts = z + (1 + z) * rng.normal(0, speed / 299_792, number)
    group = population.make(rng, redshifts, log_mass, quiescent)
    radius = _radii(rng, number) * SCALE_KPC * (members / 60) ** (1 / 3) / kpc_per_arcsec(np.array(z))
    angle, flat, turn = rng.uniform(0, 2 * np.pi, number), rng.uniform(0.6, 1.0), rng.uniform(0, np.pi)
    u, v = radius * np.cos(angle), flat * radius * np.sin(angle)
    u[0] = v[0] = 0.0
    group.x, group.y = u * np.cos(turn) - v * np.sin(turn), u * np.sin(turn) + v * np.cos(turn)
    _make_central(group, turn, flat)
    return group


def _radii(rng: np.random.Generator, number: int) -> np.ndarray:
    """Projected radii in units of the scale radius: surface density ∝ 1 / (0.15 + x)², to x = 3."""
    x = np.linspace(0, 3, 400)
    enclosed = np.cumsum(x / (0.15 + x) ** 2)
    return np.interp(rng.uniform(0, enclosed[-1], number), enclosed, x)


def _make_central(group: Galaxies, turn: float, flat: float) -> None:
    """The brightest galaxy is a large elliptical along the group, with a shallow envelope."""
    group.kind[0], group.bulge_share[0] = "elliptical", 1.0
    light = -2.5 * np.log10(10 ** (-0.4 * group.bulge[0]) + 10 ** (-0.4 * group.disc[0]))
    group.bulge[0], group.disc[0] = light, 99.0
    group.bulge_r50[0] = group.r50[0] = 1.4 * group.r50[0]
    group.bulge_n[0], group.theta[0] = 4.5, turn
    group.bulge_q[0] = group.q[0] = 0.5 * (flat + 1)
