"""Mergers, rings, streams and shells: test particles in the fields of one or two galaxies.

The restricted problem of Toomre & Toomre (1972): stars feel the galaxies, galaxies feel each other. Units: G = 1,
the mass of the primary = 1, its half-light radius = 1. Each function returns the sky positions (N, 2) of debris,
the primary at the origin.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from astrotl_gui.pipeline.simulation.camera import Array

SOFTENING = 1.3  # Plummer radius of a galaxy's mass, in half-light radii of its disc
COMPACT = 0.4  # that of a dense intruder, and of an old galaxy
STARS = 2500  # of one disc
STEP = 0.06


@dataclass(frozen=True)
class Debris:
    """Stars (N, 2) on the sky [half-light radii of the primary], which galaxy each shines like (0 the primary, 1
    the companion), and where the companion ended (None without one)."""

    stars: Array
    origin: Array
    companion: Array | None = None


def merger(rng: np.random.Generator, ratio: float) -> Debris:
    """Two discs after a close passage; the companion has `ratio` of the primary's mass. Tails from both."""
    pericentre, size = rng.uniform(1.2, 2.6), np.sqrt(ratio)
    start, velocity = _parabola(1 + ratio, pericentre, before=9.0)
    first = _disc(rng, STARS, 1.0, 1.0, _turn(rng, rng.uniform(0, 0.9)))
    second = _disc(rng, int(STARS * (0.4 + 0.6 * ratio)), ratio, size, _turn(rng, rng.uniform(0, 0.9)))
    duration, tilt = rng.uniform(15, 24), rng.uniform(0, 1.0)
    return _passage(rng, (1.0, ratio), first, second, start, velocity, duration, tilt, SOFTENING)


def ring(rng: np.random.Generator) -> Debris:
    """A disc struck near its middle by a dense companion: a ring runs outwards (Lynds & Toomre 1976)."""
    ratio, offset = rng.uniform(0.6, 1.0), rng.uniform(0, 0.4)
    first = _disc(rng, 2 * STARS, 1.0, 1.0, np.eye(3))
    start, velocity = np.array([offset, 0.0, 4.0]), np.array([0.0, 0.0, -np.sqrt((1 + ratio) / 2)])
    second = np.empty((0, 3)), np.empty((0, 3))
    duration, tilt = rng.uniform(7.0, 11.0), rng.uniform(0.1, 0.9)
    return _passage(rng, (1.0, ratio), first, second, start, velocity, duration, tilt, COMPACT)


def stream(rng: np.random.Generator) -> Debris:
    """A small companion taken apart along its orbit: stars leave it at both sides, little by little."""
    radius = rng.uniform(2.6, 4.0)
    place, velocity = (
        np.array([radius, 0.0, 0.0]),
        np.array([0.0, rng.uniform(0.55, 0.8), 0.0]) * _circular(radius),
    )
    orbit = [(place, velocity)]
    steps = int(rng.uniform(45, 80) / STEP)
    for _ in range(steps):
        orbit.append(_leap(*orbit[-1], lambda x: _pull(x, 1.0)))
    released = rng.integers(0, steps, STARS)
    places = np.array([orbit[k][0] for k in released])
    away = places / np.linalg.norm(places, axis=1, keepdims=True) * rng.choice([-0.22, 0.22], (STARS, 1))
    stars = places + away + rng.normal(0, 0.06, (STARS, 3))
    speeds = np.array([orbit[k][1] for k in released]) + rng.normal(0, 0.015, (STARS, 3))
    for step in range(steps):
        free = released <= step
        stars[free], speeds[free] = _leap(stars[free], speeds[free], lambda x: _pull(x, 1.0))
    view = _turn(rng, rng.uniform(0, 1.1))
    return Debris((stars @ view.T)[:, :2], np.zeros(STARS))


def shells(rng: np.random.Generator) -> Debris:
    """Companions that fell straight in: their stars turn around together, in ever more shells (Quinn 1984)."""
    parts, radius = [], rng.uniform(3.0, 4.0)
    for duration in (rng.uniform(28, 36), rng.uniform(44, 56)):
        stars: Array = np.array([radius, 0.1, 0.0]) + rng.normal(0, 0.1, (STARS, 3))
        speeds: Array = rng.normal(0, 0.02, stars.shape)
        for _ in range(int(duration / STEP)):
            stars, speeds = _leap(stars, speeds, lambda x: _pull(x, 1.0, COMPACT))
        parts.append(stars)
    view = _turn(rng, rng.uniform(0, 0.5))
    return Debris((np.concatenate(parts) @ view.T)[:, :2], np.zeros(2 * STARS))


def debris_map(stars: Array, step: float, blur: float, knots: float = 0.0) -> Array:
    """Light of equal stars on a grid of cells of `step`, smoothed less where they are many: (N, N), N odd.

    `knots` of it is where a fiftieth of the stars are, hardly smoothed.
    """
    half = int(np.ceil(np.abs(stars).max() / step + 3 * blur / step)) + 2
    half = min(half, 400)
    edges = (np.arange(-half, half + 2) - 0.5) * step
    count, *_ = np.histogram2d(stars[:, 1], stars[:, 0], bins=(edges, edges))
    density = ndimage.gaussian_filter(count, 2 * blur / step)
    typical = np.median(density[count > 0])
    light = np.zeros_like(density)
    for width, low, high in ((0.5, 3.0, np.inf), (1.0, 0.5, 3.0), (2.2, 0.0, 0.5)):
        part = np.where((density >= low * typical) & (density < high * typical), count, 0)
        light += ndimage.gaussian_filter(part, max(width * blur / step, 0.5))
    if knots:
        few = stars[::50]
        strength = 1 / (1.0 + np.arange(len(few)))  # bright ones are rare
        places, *_ = np.histogram2d(few[:, 1], few[:, 0], bins=(edges, edges), weights=strength)
        bright = ndimage.gaussian_filter(places, max(0.6 * blur / step, 0.5))
        light = (1 - knots) * light + knots * light.sum() / bright.sum() * bright
    return np.asarray(light)


def _passage(
    rng: np.random.Generator, masses: tuple[float, float], first: tuple[Array, Array],
    second: tuple[Array, Array], start: Array, velocity: Array, duration: float, tilt: float, softening: float,
) -> Debris:  # fmt: skip
    """Let the companion pass from `start` with `velocity` relative to the primary; seen `tilt` from face-on."""
    share = masses[1] / sum(masses)
    centres = np.array([-start * share, start * (1 - share)])
    speeds = np.array([-velocity * share, velocity * (1 - share)])
    stars = np.concatenate([first[0] + centres[0], second[0] + centres[1]])
    motion = np.concatenate([first[1] + speeds[0], second[1] + speeds[1]])
    for _ in range(int(duration / STEP)):
        middle = centres + 0.5 * STEP * speeds

        def both(x: Array, middle: Array = middle) -> Array:
            return _pull(x - middle[0], masses[0]) + _pull(x - middle[1], masses[1], softening)

        stars, motion = _leap(stars, motion, both)
        force = _pull(middle[1] - middle[0], masses[0])
        speeds = speeds + STEP * np.array([-force * masses[1] / masses[0], force])
        centres = middle + 0.5 * STEP * speeds
    view = _turn(rng, tilt)
    stars, centres = stars @ view.T, centres @ view.T
    origin = np.repeat([0.0, 1.0], [len(first[0]), len(second[0])])
    return Debris((stars - centres[0])[:, :2], origin, (centres[1] - centres[0])[:2])


def _leap(x: Array, v: Array, pull: Callable[[Array], Array]) -> tuple[Array, Array]:
    """One leapfrog step."""
    middle = x + 0.5 * STEP * v
    v = v + STEP * pull(middle)
    return middle + 0.5 * STEP * v, v


def _pull(x: Array, mass: float, softening: float = SOFTENING) -> Array:
    """Acceleration by a Plummer sphere at the origin."""
    return np.asarray(-mass * x / ((x**2).sum(axis=-1, keepdims=True) + softening**2) ** 1.5)


def _circular(radius: Array | float, mass: float = 1.0) -> Array:
    return np.sqrt(mass * np.square(radius) / (np.square(radius) + SOFTENING**2) ** 1.5)


def _disc(
    rng: np.random.Generator, number: int, mass: float, size: float, turn: Array
) -> tuple[Array, Array]:
    """(positions, velocities) of stars on circular orbits in an exponential disc of half-light radius `size`."""
    radius = size * rng.gamma(2.0, 1 / 1.678, number)
    angle = rng.uniform(0, 2 * np.pi, number)
    flat = np.column_stack(
        [radius * np.cos(angle), radius * np.sin(angle), rng.normal(0, 0.05 * size, number)]
    )
    around = np.column_stack([-np.sin(angle), np.cos(angle), np.zeros(number)])
    speed = _circular(radius, mass)[:, None] * around + rng.normal(0, 0.04, (number, 3))
    return flat @ turn.T, speed @ turn.T


def _parabola(mass: float, pericentre: float, before: float) -> tuple[Array, Array]:
    """Relative position and velocity on a parabolic orbit `before` time units ahead of pericentre."""
    x = np.array([pericentre, 0.0, 0.0])
    v = np.array([0.0, np.sqrt(2 * mass / np.hypot(pericentre, SOFTENING)), 0.0])
    for _ in range(int(before / STEP)):
        x, v = _leap(x, -v, lambda x: _pull(x, mass))
        v = -v
    return x, v


def _turn(rng: np.random.Generator, tilt: float) -> Array:
    """A rotation by `tilt` [rad] about a random axis in the plane of the sky, then about the line of sight."""
    node, roll = rng.uniform(0, 2 * np.pi, 2)
    return _about_z(roll) @ _about_z(node) @ _about_x(tilt) @ _about_z(-node)


def _about_z(angle: float) -> Array:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def _about_x(angle: float) -> Array:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])
