"""Kinds of artifacts, one function each: what it adds to the pixels about its centre."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.pipeline.psf import FWHM_PER_SIGMA

Floats = NDArray[np.float64]

BETA = 3.5
"""Of the Moffat profile of a star."""
STAR_OVER_SPIKE = 30.0
"""A star reaches saturation at so many times the brightness of its spike."""
POINTS = 40
"""Of a cosmic ray's track in a pixel's length."""


@dataclass(frozen=True, eq=False)
class Frame:
    """Pixels about an artifact's centre: columns `x` (1, L) and rows `y` (L, 1) from it [px].

    `widths` (B,): FWHM of the PSF by band [px]; `side` of the cutout [px].
    """

    x: Floats
    y: Floats
    widths: Floats
    side: float

    @property
    def shape(self) -> tuple[int, int, int]:
        return len(self.widths), self.y.shape[0], self.x.shape[1]

    def turned(self, angle: float) -> tuple[Floats, Floats]:
        """Distance (L, L) along and across a direction [rad from +x to +y] through the centre."""
        cos, sin = np.cos(angle), np.sin(angle)
        return self.x * cos + self.y * sin, self.y * cos - self.x * sin


Draw = Callable[[Frame, np.random.Generator], Floats]
"""Light (B, L, L), its characteristic brightness 1, NaN where pixels are missing, below 0 where light is."""


def cosmic_ray(frame: Frame, rng: np.random.Generator) -> Floats:
    """A hit or a short track in one band, narrower than any PSF; 1 in its brightest pixel."""
    length = min(rng.exponential(2.5), 15.0) if rng.uniform() < 0.7 else 0.0
    count = max(int(length * POINTS), POINTS)
    along, angle = rng.uniform(-0.5, 0.5, count) * length, rng.uniform(0, np.pi)
    spread = rng.normal(0, rng.uniform(0.05, 0.45), (2, count))  # charge wanders before it is collected
    column, row = along * np.cos(angle) + spread[0], along * np.sin(angle) + spread[1]
    left, low = frame.x[0, 0] - 0.5, frame.y[0, 0] - 0.5
    edges = [start + np.arange(n + 1) for start, n in ((low, frame.shape[1]), (left, frame.shape[2]))]
    energy = np.histogram2d(row, column, edges)[0]
    return in_one_band(frame, rng, energy / max(energy.max(), 1))


def bad_column(frame: Frame, rng: np.random.Generator) -> Floats:
    """One to three hot or, one in three, dull columns of one band, right through or from the centre on."""
    first = -rng.integers(0, 3)
    inside = (frame.x > first - 0.5) & (frame.x <= 0.5)
    sense = rng.choice([-1, 0, 0, 1])  # from where to where
    reach = np.broadcast_to(frame.y * sense >= 0, frame.shape[1:])
    light = np.where(inside & reach, 1.0, 0.0)
    return in_one_band(frame, rng, light if rng.uniform() < 2 / 3 else -light)


def trail(frame: Frame, rng: np.random.Generator) -> Floats:
    """A satellite or an aeroplane: a straight line through the cutout, as wide as the PSF or out of focus, in one
    band (another exposure) or in all."""
    across = frame.turned(rng.uniform(0, np.pi))[1]
    blur = rng.uniform(0, 2) if rng.uniform() < 0.5 else 0.0
    light = np.array([gaussian(across, np.hypot(width, blur * width)) for width in frame.widths])
    if rng.uniform() < 0.5:
        light[np.arange(len(light)) != rng.integers(len(light))] = 0
    return light


def bleed(frame: Frame, rng: np.random.Generator) -> Floats:
    """Charge along the column of a saturated star, which may be outside: its full well is 1."""
    width, length = rng.integers(1, 5), rng.uniform(0.2, 1.0) * frame.side
    star = rng.uniform(-0.5, 0.5) * length
    along = frame.y - star
    inside = (frame.x > -width / 2) & (frame.x <= width / 2)
    column = np.where(inside & (np.abs(along) < length / 2), 1.0, 0.0)
    peak = 10 ** rng.uniform(0.5, 2.5)
    cores = [np.minimum(peak * moffat(np.hypot(frame.x, along), width), 1) for width in frame.widths]
    return np.maximum(column, np.array(cores)) * by_band(frame, rng)


def spikes(frame: Frame, rng: np.random.Generator) -> Floats:
    """Diffraction spikes of a bright star, which may be outside; 1 is the spike's brightness at the centre."""
    angle, arms = rng.uniform(0, np.pi), rng.choice([4, 6])
    distance = rng.uniform(0, 0.8) * frame.side
    star = Frame(
        frame.x + distance * np.cos(angle), frame.y + distance * np.sin(angle), frame.widths, frame.side
    )
    radius, scale = np.hypot(star.x, star.y), rng.uniform(0.15, 0.6) * frame.side
    light = []
    for width in frame.widths:
        rays = np.zeros(frame.shape[1:])
        for number in range(arms // 2):
            along, across = star.turned(angle + 2 * np.pi * number / arms)
            rays = np.maximum(rays, gaussian(across, width) * np.exp((distance - np.abs(along)) / scale))
        core = STAR_OVER_SPIKE * np.exp(distance / scale) * moffat(radius, width)
        light.append(np.minimum(rays + core, STAR_OVER_SPIKE))
    return np.array(light) * by_band(frame, rng)


def ghost(frame: Frame, rng: np.random.Generator) -> Floats:
    """A faint disc or ring, the pupil out of focus, around or beside the centre."""
    radius, hole = rng.uniform(0.15, 0.6) * frame.side, rng.uniform(0, 0.85)
    angle, off = rng.uniform(0, 2 * np.pi), rng.uniform(0, 1) * radius
    distance = np.hypot(frame.x - off * np.cos(angle), frame.y - off * np.sin(angle))
    soft = np.maximum(frame.widths / 2, 1)[:, None, None]
    disc = 1 / (1 + np.exp(np.clip((distance - radius) / soft, -50, 50)))
    inside = 1 / (1 + np.exp(np.clip((distance - hole * radius) / soft, -50, 50)))
    return np.asarray((disc - inside * (hole > 0.3)) * by_band(frame, rng))


def chip_edge(frame: Frame, rng: np.random.Generator) -> Floats:
    """The edge of a chip near the centre: beyond it pixels are missing, after a bright row or not, or the sky is
    another."""
    angle = rng.integers(4) * np.pi / 2 + rng.normal(0, 0.01)
    beyond = frame.turned(angle)[0] - rng.uniform(0.02, 0.25) * frame.side
    how = rng.integers(3)
    light = np.where(beyond > 0, 1.0 if how == 0 else np.nan, 0.0)
    if how == 2:
        light[(beyond > -rng.integers(1, 3)) & (beyond <= 0)] = 1.0
    return np.broadcast_to(light, frame.shape) * 1.0


KINDS: dict[str, Draw] = {  # as ARTIFACT_KINDS calls them
    "cosmic-ray": cosmic_ray,
    "bad-column": bad_column,
    "trail": trail,
    "bleed": bleed,
    "spikes": spikes,
    "ghost": ghost,
    "chip-edge": chip_edge,
}
SHARP = ("cosmic-ray", "bad-column", "bleed", "chip-edge")
"""Kinds whose brightness is that of a pixel; that of the others fills the area of a star."""
BRIGHTNESS = {"bleed": 20.0, "ghost": 0.4}
"""How many times as bright as the other kinds: bleeds reach the full well, ghosts are faint."""


def in_one_band(frame: Frame, rng: np.random.Generator, plane: Floats) -> Floats:
    light = np.zeros(frame.shape)
    light[rng.integers(frame.shape[0])] = plane
    return light


def by_band(frame: Frame, rng: np.random.Generator) -> Floats:
    """Brightness (B, 1, 1) in each of the bands, that of one of them 1."""
    shares = rng.uniform(0.3, 1, frame.shape[0])
    return cast(Floats, shares / shares.max())[:, None, None]


def gaussian(distance: Floats, fwhm: float) -> Floats:
    """1 in the middle."""
    return np.asarray(np.exp(-0.5 * (distance * FWHM_PER_SIGMA / max(fwhm, 1.0)) ** 2))


def moffat(distance: Floats, fwhm: float) -> Floats:
    """1 in the middle."""
    core = max(fwhm, 1.0) / 2 / np.sqrt(2 ** (1 / BETA) - 1)
    return np.asarray((1 + (distance / core) ** 2) ** -BETA)
