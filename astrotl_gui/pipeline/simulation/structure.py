"""What a galaxy shows when it is large enough: arms, bars, knots and dust, or no order at all.

Images are (N, N), the middle cell on the centre, one for each wavelength; only their shape counts, not their sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, cos, log, sin, tan, tau

import numpy as np
from scipy import ndimage

from astrotl_gui.pipeline.simulation.camera import Array
from astrotl_gui.pipeline.simulation.spectra import calzetti

EXTENT = 4.2  # half-light radii drawn
SCALE_LENGTHS = 1.678  # half-light radius of an exponential disc, in scale lengths
MOST_CELLS = 140  # on each side of the centre


@dataclass(frozen=True)
class Plane:
    """The plane of a disc seen inclined: radius [half-light radii], azimuth [rad], and offsets [cells]."""

    r: Array
    phi: Array
    u: Array  # along the major axis, half-light radii
    v: Array  # across, deprojected
    r50: float
    q: float

    @classmethod
    def of(cls, r50: float, q: float, theta: float) -> Plane:
        """`r50` in cells, axis ratio, angle [rad] from +x."""
        half = ceil(EXTENT * r50) + 1
        dx, dy = np.meshgrid(np.arange(-half, half + 1.0), np.arange(-half, half + 1.0))
        u = (dx * cos(theta) + dy * sin(theta)) / r50
        v = (dy * cos(theta) - dx * sin(theta)) / (r50 * q)
        return cls(np.hypot(u, v), np.arctan2(v, u), u, v, r50, q)


def disc_maps(
    rng: np.random.Generator, r50: float, q: float, theta: float, wavelengths: Sequence[float]
) -> list[Array]:
    """A spiral disc: old stars in a smooth disc with perhaps a bar, young ones in arms and knots, dust.

    `r50` in cells, `theta` [rad] from +x, `wavelengths` in nm.
    """
    plane = Plane.of(r50, q, theta)
    old = np.exp(-SCALE_LENGTHS * plane.r)
    arms, crest = _arms(rng, plane)
    young = np.exp(-0.9 * SCALE_LENGTHS * plane.r) * arms
    if rng.uniform() < 0.4:
        old, young = _with_bar(rng, plane, old, young)
    young = _with_knots(rng, plane, young, int(10 + min(plane.r50, 40)), rng.uniform(0.08, 0.25))
    dust = _lane(rng, plane) if q < 0.35 else rng.uniform(0.1, 0.5) * crest
    return [_composed(plane, old, young, dust, wavelength) for wavelength in wavelengths]


def irregular_maps(
    rng: np.random.Generator, r50: float, q: float, theta: float, wavelengths: Sequence[float]
) -> list[Array]:
    """A lopsided body of uneven light with bright knots; arguments as for `disc_maps`."""
    plane = Plane.of(r50, q, theta)
    lean = 1 + rng.uniform(0.1, 0.4) * np.cos(plane.phi - rng.uniform(0, tau))
    old = np.exp(-SCALE_LENGTHS * plane.r * lean)
    uneven = np.exp(0.75 * _texture(rng, plane.r.shape, max(0.3 * r50, 0.7)))
    young = _with_knots(rng, plane, old * uneven, int(rng.integers(4, 16)), rng.uniform(0.15, 0.45))
    return [_composed(plane, old, young, np.zeros_like(old), wavelength) for wavelength in wavelengths]


def _composed(plane: Plane, old: Array, young: Array, dust: Array, wavelength: float) -> Array:
    """Old and young light at one wavelength [nm] behind `dust` (optical depth in V), fading at the edge."""
    share = float(np.interp(wavelength, [350, 550, 900, 1600], [0.85, 0.65, 0.42, 0.3]))
    light = (1 - share) * old / old.sum() + share * young / young.sum()
    fade = np.clip((EXTENT - plane.r) / (0.2 * EXTENT), 0, 1)
    return np.asarray(light * np.exp(-dust * calzetti(np.array([wavelength]))[0]) * fade)


def _arms(rng: np.random.Generator, plane: Plane) -> tuple[Array, Array]:
    """(brightness ≥ 0 of arms, where dust lies): a wave of two to four logarithmic arms and flocculent patches."""
    number = int(rng.choice([2, 2, 2, 3, 4]))
    pitch = np.deg2rad(rng.uniform(11, 27)) * rng.choice([-1, 1])
    wind = np.log(np.maximum(plane.r, 0.08)) / tan(pitch)
    patches = _patches(rng, plane, wind)
    phase = number * (plane.phi - wind) + rng.uniform(0, tau) + 0.6 * patches
    inside = np.clip(plane.r / 0.5, 0, 1)
    wave = rng.uniform(0.4, 1.7) * inside
    arms = np.exp(wave * np.cos(phase) + rng.uniform(0.45, 0.8) * inside * patches)
    crest = inside * np.exp(1.2 * (np.cos(phase + 0.7) - 1)) * np.clip(2.5 - plane.r, 0, 1)
    return arms, crest


def _patches(rng: np.random.Generator, plane: Plane, wind: Array) -> Array:
    """Gaussian noise of unit variance, stretched along the winding: smooth in log radius and azimuth."""
    rows, columns = 40, 96
    noise = ndimage.gaussian_filter(
        rng.standard_normal((rows, columns)), (1.3, 2.6), mode=("nearest", "wrap")
    )
    noise /= noise.std()
    row = (np.log(np.maximum(plane.r, 0.08)) - log(0.08)) / log(EXTENT / 0.08) * (rows - 1)
    column = (plane.phi - wind) / tau * columns
    return np.asarray(
        ndimage.map_coordinates(noise, [np.clip(row, 0, rows - 1), column], order=1, mode="grid-wrap")
    )


def _with_bar(rng: np.random.Generator, plane: Plane, old: Array, young: Array) -> tuple[Array, Array]:
    """A bar among the old stars; the arms begin at its ends."""
    length, angle = rng.uniform(0.45, 0.85), rng.uniform(0, tau)
    along, across = plane.r * np.cos(plane.phi - angle), plane.r * np.sin(plane.phi - angle)
    bar = np.exp(-((np.abs(along) / length) ** 4) - 0.5 * (across / (0.2 * length)) ** 2)
    share = rng.uniform(0.08, 0.2)
    hollow = 1 - 0.75 * np.exp(-((plane.r / (0.8 * length)) ** 4))
    return (1 - share) * old / old.sum() + share * bar / bar.sum(), young * hollow


def _with_knots(rng: np.random.Generator, plane: Plane, light: Array, number: int, share: float) -> Array:
    """`light` with `share` of it in knots of star formation, which lie where it is bright; bright ones are rare."""
    weights = np.cumsum((light * np.minimum(plane.r, 2.0)).ravel())
    picked = np.searchsorted(weights, rng.uniform(0, weights[-1], number))
    rows, columns = np.unravel_index(picked, light.shape)
    knots = np.zeros_like(light)
    np.add.at(knots, (rows, columns), np.minimum(rng.pareto(1.6, number) + 0.3, 4.0))
    knots = ndimage.gaussian_filter(knots, max(0.055 * plane.r50, 0.6))
    return (1 - share) * light / light.sum() + share * knots / knots.sum()


def _lane(rng: np.random.Generator, plane: Plane) -> Array:
    """Optical depth in V of the dust lane of a disc seen nearly from its side."""
    across = plane.v * plane.q  # as projected
    side = rng.choice([-1, 1]) * 0.3 * plane.q
    lane = np.exp(
        -0.5 * ((across - side) / max(0.28 * plane.q, 0.7 / plane.r50)) ** 2 - np.abs(plane.u) / 1.6
    )
    return np.asarray(rng.uniform(0.3, 1.6) * lane)


def _texture(rng: np.random.Generator, shape: tuple[int, ...], scale: float) -> Array:
    """Gaussian noise of unit variance, smooth over `scale` cells."""
    noise = ndimage.gaussian_filter(rng.standard_normal(shape), scale, mode="wrap")
    return np.asarray(noise / noise.std())
