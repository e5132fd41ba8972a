"""Artifacts drawn into a cutout of one epoch, for the learned score: what detectors and nights do to an exposure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import convolve

from astrotl_gui.pipeline.injection.artifact_kinds import KINDS, SHARP, Frame
from astrotl_gui.pipeline.psf import FWHM_PER_SIGMA

F32 = NDArray[np.float32]
Floats = NDArray[np.float64]

STRENGTHS = (5.0, 150.0)
"""Brightness of added light, in units of the noise of a pixel; of a star's area for what is as wide as the PSF."""
SHIFTS = (0.8, 6.0)
"""How far [px] a misregistered epoch is off."""
BLURS = (0.6, 1.4)
"""Radius of the pupil's image out of focus, in FWHM."""
DIMMING = (0.1, 0.6)
"""Share of the light that clouds let through."""


@dataclass(frozen=True)
class Site:
    """Where an artifact is drawn: `plane` (L, L), the source at `x`, `y` [px], `side` of the cutout and `fwhm` [px],
    `sky` level and `noise` per pixel."""

    plane: F32
    x: float
    y: float
    side: float
    fwhm: float
    sky: float
    noise: float


@dataclass(frozen=True)
class Drawn:
    """The plane with an artifact, and where the source is looked for in it."""

    plane: F32
    x: float
    y: float


Draw = Callable[[Site, np.random.Generator], Drawn]


def added(kind: str) -> Draw:
    """One of the kinds that are injected for the artifact list."""

    def draw(site: Site, rng: np.random.Generator) -> Drawn:
        off = rng.uniform(-0.3, 0.3, 2) * site.side
        pixels = np.arange(site.plane.shape[-1], dtype=np.float64)
        frame = Frame(
            (pixels - site.x - off[0])[None, :],
            (pixels - site.y - off[1])[:, None],
            np.array([site.fwhm]),
            site.side,
        )
        unit = site.noise if kind in SHARP else site.noise / _area(site.fwhm)
        light = KINDS[kind](frame, rng)[0] * unit * np.exp(rng.uniform(*np.log(STRENGTHS)))
        return Drawn((site.plane + light).astype(np.float32), site.x, site.y)

    return draw


def misregistered(site: Site, rng: np.random.Generator) -> Drawn:
    """The source is looked for some pixels beside where it is."""
    angle, length = rng.uniform(0, 2 * np.pi), np.exp(rng.uniform(*np.log(SHIFTS)))
    return Drawn(site.plane, site.x + float(length * np.cos(angle)), site.y + float(length * np.sin(angle)))


def defocused(site: Site, rng: np.random.Generator) -> Drawn:
    """Light spread over the image of the pupil, with or without its hole; noise as before."""
    outer = rng.uniform(*BLURS) * site.fwhm
    reach = int(np.ceil(outer)) + 1
    away = np.hypot(*np.mgrid[-reach : reach + 1, -reach : reach + 1])
    kernel = np.clip(outer - away + 0.5, 0, 1) - 0.8 * np.clip(rng.uniform(0, 0.6) * outer - away + 0.5, 0, 1)
    kernel /= kernel.sum()
    blurred = convolve(np.nan_to_num(site.plane - site.sky), kernel, mode="nearest")
    lost = np.sqrt(max(1 - float((kernel**2).sum()), 0))
    return Drawn(_noisy(site, blurred, lost, rng), site.x, site.y)


def clouded(site: Site, rng: np.random.Generator) -> Drawn:
    """Only a share of the light comes through; noise as before."""
    share = rng.uniform(*DIMMING)
    return Drawn(_noisy(site, (site.plane - site.sky) * share, np.sqrt(1 - share**2), rng), site.x, site.y)


DRAWS: dict[str, Draw] = {
    "cosmic-ray": added("cosmic-ray"),
    "trail": added("trail"),
    "bad-column": added("bad-column"),
    "ghost": added("ghost"),
    "chip-edge": added("chip-edge"),
    "misregistration": misregistered,
    "defocus": defocused,
    "cloud": clouded,
}
"""What the learned score is taught before any label."""


def _area(fwhm: float) -> float:
    """√ of the pixels over which a star's noise adds."""
    return float(np.sqrt(4 * np.pi) * max(fwhm / FWHM_PER_SIGMA, 0.3))


def _noisy(site: Site, light: NDArray[np.floating], noise: float, rng: np.random.Generator) -> F32:
    values = light + site.sky + rng.normal(0, noise * site.noise, light.shape)
    return np.where(np.isfinite(site.plane), values, np.nan).astype(np.float32)
