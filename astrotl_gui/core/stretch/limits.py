"""Where black and white lie: by hand, from the sky and its noise, or by one of astropy's intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .levels import Levels
from .look import AUTO, Look

Floats = NDArray[np.float64]
LEAST_SPAN = 0.5
"""White lies at least so many σ above black."""


@dataclass(frozen=True, eq=False)
class Spread:
    """The intensities of a sample of the mosaic [σ above the sky], finite and sorted."""

    sigma: Floats


def intensity_sigma(levels: Sequence[Levels]) -> float:
    """Noise of the mean of balanced channels, in units of the balance."""
    return float(np.sqrt(sum((v.noise / v.balance) ** 2 for v in levels))) / len(levels)


def white_sigma(levels: Sequence[Levels], look: Look) -> float:
    """Where display saturates [σ of the intensity above the sky] for these channels, unless the image chooses."""
    if look.white is not None:
        return max(look.white, look.black + LEAST_SPAN)
    white = float(np.mean([(v.white - v.black) / v.balance for v in levels])) / intensity_sigma(levels)
    return max(white, look.black + LEAST_SPAN)


def limits(levels: Sequence[Levels], look: Look) -> tuple[float, float]:
    """(black, white) [σ of the intensity above the sky] of what these channels show.

    Limits that the image chooses are those of the intensity as shown, from a sample of the mosaic (min–max: from
    more of its pixels, in colour the mean of the channels'); without a sample they are automatic.
    """
    found = _measured(tuple(levels), look.limits) if look.limits != AUTO else None
    if found is None:
        return look.black, white_sigma(levels, look)
    return found[0], max(found[1], found[0] + LEAST_SPAN)


@lru_cache(maxsize=16)
def spread(levels: tuple[Levels, ...]) -> Spread | None:
    """The intensities that these channels show; None where a channel has no sample."""
    samples = [level.sample for level in levels]
    total = np.zeros(1)
    for level, sample in zip(levels, samples, strict=True):
        if sample is None or sample.pixels.shape != (samples[0].pixels.shape if samples[0] else None):
            return None
        total = total + (sample.pixels.astype(np.float64) - level.black) / level.balance
    sigma = total[np.isfinite(total)] / (len(levels) * intensity_sigma(levels))
    return Spread(np.sort(sigma)) if sigma.size else None


@lru_cache(maxsize=64)
def _measured(levels: tuple[Levels, ...], name: str) -> tuple[float, float] | None:
    """The limits [σ] of that name."""
    found = spread(levels)
    if found is None:
        return None
    if name == "minmax":
        ends = np.array(
            [
                [(end - v.black) / v.balance for end in (v.sample.low, v.sample.high)]
                for v in levels
                if v.sample
            ]
        )
        low, high = ends.mean(axis=0) / intensity_sigma(levels)
        return float(low), float(high)
    from astropy.visualization import PercentileInterval, ZScaleInterval  # brings matplotlib: 0.1 s, once

    interval = ZScaleInterval() if name == "zscale" else PercentileInterval(float(name))
    low, high = interval.get_limits(found.sigma)
    return float(low), float(high)
