"""Visits of one field: seeing and depth that change, sources that vary, and visits that went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import galsim
import numpy as np

from astrotl_gui.pipeline.simulation.camera import Array, rng_for
from astrotl_gui.pipeline.simulation.observation import Observation

Problem = Literal["", "shifted", "defocused", "trailed", "cloudy"]
PROBLEMS: tuple[Problem, ...] = ("shifted", "defocused", "trailed", "cloudy")
FIRST_NIGHT = 60000.0  # MJD
BAD_SHARE = 0.25  # of the visits have a problem
VARIABLE_STARS = 0.03
LEAST_DIMMING, MOST_DIMMING = 0.9, 2.2  # mag of cloud


@dataclass(frozen=True)
class Visit:
    """One exposure. `offset` [px]: where the field's pixel (0, 0) lies; `header_error` [px]: by how much its header
    misplaces it; `transparency` multiplies all light; `fwhm_factor` that of the stack."""

    number: int
    mjd: float
    fwhm_factor: float
    transparency: float
    offset: tuple[float, float]
    header_error: tuple[float, float] = (0.0, 0.0)
    problem: Problem = ""

    def blur(self, fwhm: float, seed: int) -> galsim.GSObject | None:
        """What defocus or trailing does to the PSF, for a seeing of `fwhm` arcsec."""
        rng = rng_for(seed, "blur", self.number)
        if self.problem == "defocused":
            outer = rng.uniform(1.3, 2.0) * fwhm
            disc, hole = galsim.TopHat(outer), galsim.TopHat(0.45 * outer)
            return galsim.Add([disc * 1.25, hole * -0.25])
        if self.problem == "trailed":
            # A soft streak: the sharp ends of a box would ask for enormous transforms.
            streak = galsim.Gaussian(sigma=rng.uniform(0.25, 0.4) * fwhm)
            return streak.shear(q=0.1, beta=rng.uniform(0, np.pi) * galsim.radians)
        return None


def plan(seed: int, number: int) -> list[Visit]:
    """`number` visits in the order of time; at least one of every problem in ten or more visits."""
    rng = rng_for(seed, "visits of the field")
    nights = (
        FIRST_NIGHT
        + np.sort(rng.choice(np.arange(6 * number), number, replace=False))
        + rng.uniform(0.1, 0.4, number)
    )
    bad = max(len(PROBLEMS) if number >= 10 else 1, round(BAD_SHARE * number)) if number > 2 else 0
    wrong = dict(
        zip(rng.choice(number, bad, replace=False).tolist(), np.resize(PROBLEMS, bad).tolist(), strict=True)
    )
    visits = []
    for k in range(number):
        offset = rng.uniform(-9, 9, 2)
        visit = Visit(
            k, float(nights[k]), float(np.clip(rng.lognormal(0.05, 0.15), 0.85, 1.7)),
            float(np.clip(rng.normal(0.97, 0.03), 0.85, 1.0)), (float(offset[0]), float(offset[1])),
            problem=wrong.get(k, ""),
        )  # fmt: skip
        visits.append(_gone_wrong(rng, visit))
    return visits


def _gone_wrong(rng: np.random.Generator, visit: Visit) -> Visit:
    if visit.problem == "shifted":
        angle, length = rng.uniform(0, 2 * np.pi), rng.uniform(4, 12)
        return replace(visit, header_error=(float(length * np.cos(angle)), float(length * np.sin(angle))))
    if visit.problem == "cloudy":
        return replace(visit, transparency=float(10 ** (-0.4 * rng.uniform(LEAST_DIMMING, MOST_DIMMING))))
    return visit


def observe(deep: Observation, band: str, visit: Visit, visits: int) -> Observation:
    """One visit of a field in `band`: of `visits` that together are as deep as `deep`."""
    camera = deep.camera.with_bands([band])
    (one,) = camera.bands
    fwhm = one.fwhm * visit.fwhm_factor
    depth = one.depth - 1.25 * float(np.log10(visits)) - 2.5 * float(np.log10(visit.fwhm_factor))
    seen = replace(one, fwhm=fwhm, depth=depth, gain=one.gain / visits)
    return replace(
        deep,
        camera=replace(camera, bands=(seen,)),
        offset=visit.offset,
        transparency=visit.transparency,
        noise_seed=visit.number + 1,
        blur=visit.blur(fwhm, deep.seed),
        brightening=Light(visit.mjd),
        faintest=camera.faintest - 1.25 * float(np.log10(visits)) + 0.5,
    )


@dataclass(frozen=True)
class Light:
    """How much brighter [mag] each source is at one time than in the truth table of the field."""

    mjd: float

    def __call__(self, own: int, kind: str) -> float:
        if kind == "agn":
            return _damped_walk(own, self.mjd)
        rng = rng_for(own, "variable")
        if kind != "star" or rng.uniform() > VARIABLE_STARS:
            return 0.0
        return _periodic(rng, self.mjd)


def _damped_walk(own: int, mjd: float) -> float:
    """A nucleus: a damped random walk (Kelly et al. 2009) sampled daily from FIRST_NIGHT − 100 d."""
    rng = rng_for(own, "damped walk")
    tau, spread = 10 ** rng.normal(2.2, 0.2), 10 ** rng.normal(-0.75, 0.15)  # d, mag
    days = int(mjd - FIRST_NIGHT) + 101
    kept = np.exp(-1 / tau)
    level = rng.normal(0, spread)
    for step in rng.normal(0, spread * np.sqrt(1 - kept**2), max(days, 1)):  # the same walk, up to any day
        level = kept * level + step
    return float(level)


def _periodic(rng: np.random.Generator, mjd: float) -> float:
    """A pulsating or an eclipsing star."""
    period, phase, depth = 10 ** rng.uniform(-0.4, 1.0), rng.uniform(), rng.uniform(0.15, 0.8)
    turn = (mjd / period + phase) % 1
    if rng.uniform() < 0.5:
        return float(depth * (0.5 - turn if turn < 0.85 else (turn - 0.85) / 0.15 - 0.35))
    return float(-depth * np.exp(-0.5 * (min(turn, 1 - turn) / 0.04) ** 2))


def variation(visits: Sequence[Visit], own: int, kind: str) -> Array:
    """Magnitudes (visits,) by which a source is brighter in each visit."""
    return np.array([Light(visit.mjd)(own, kind) for visit in visits])
