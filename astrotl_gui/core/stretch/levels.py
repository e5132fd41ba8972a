"""What a band's pixels are like, measured once at opening: sky, noise, and a sample for limits and histogram."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]

SAMPLE_SIDE = 384


@dataclass(frozen=True, eq=False)
class Sample:
    """Every n-th pixel of a band, NaN where there is no data; bands of one mosaic are sampled at the same places."""

    pixels: Plane
    low: float
    """Smallest of all pixels looked at, more than are kept."""
    high: float


@dataclass(frozen=True)
class Levels:
    """What one band's pixels are like, in image units."""

    black: float
    """The sky: mode of the background."""
    noise: float
    """Standard deviation of the sky (from the pixels below it, which hold no sources)."""
    white: float
    """Where display saturates unless the look says otherwise."""
    balance: float
    """Typical brightness of sources above the sky; equal balances in three bands show as white."""
    sample: Sample | None = field(default=None, repr=False)
    """What limits and histogram equalisation are taken from; without one they stay automatic and linear."""

    @property
    def white_sigma(self) -> float:
        """White in σ above the sky."""
        return max((self.white - self.black) / self.noise, 1.0)


def measure_levels(overview: Plane) -> Levels:
    """Display levels of a band from a sample of its pixels ((h, w), NaN ignored, image units).

    The sky is the 3σ-clipped mode (2.5 median − 1.5 mean, Bertin & Arnouts 1996), the noise the median
    absolute deviation of the pixels below it. An area filled with exact zeros counts as no data.
    """
    values = _values(overview)
    if values.size == 0:
        return Levels(0.0, 1.0, 1.0, 1.0)
    sky, noise = _sky(values)
    p97, p995, p998 = np.percentile(values, [97.0, 99.5, 99.8])
    bright = values[(values >= p97) & (values <= p995)]
    balance = max(float(bright.mean()) - sky if bright.size else 0.0, 3 * noise)
    return Levels(sky, noise, sky + max(2 * (float(p998) - sky), 60 * noise), balance, take_sample(overview))


def picture_levels(overview: Plane, white: float) -> Levels:
    """Levels of a picture, which are known: from 0 to `white`, the noise being one of 256 steps."""
    return Levels(0.0, white / 256, white, white, take_sample(overview))


def take_sample(overview: Plane) -> Sample | None:
    """At most SAMPLE_SIDE × SAMPLE_SIDE pixels of a (h, w) plane; None where it holds no values."""
    plane = np.atleast_2d(np.asarray(overview, np.float32))
    finite = np.isfinite(plane)
    blank = plane == 0
    if 0.02 * finite.sum() < blank.sum() < finite.sum():
        finite &= ~blank
    if not finite.any():
        return None
    low, high = (
        float(np.min(plane, where=finite, initial=np.inf)),
        float(np.max(plane, where=finite, initial=-np.inf)),
    )
    step = max(1, -(-max(plane.shape) // SAMPLE_SIDE))
    kept = np.where(finite[::step, ::step], plane[::step, ::step], np.float32(np.nan))
    return Sample(kept, low, high)


def _values(pixels: Plane, limit: int = 100_000) -> NDArray[np.float64]:
    flat = np.asarray(pixels).ravel()
    flat = flat[:: max(1, flat.size // limit)]
    values = flat[np.isfinite(flat)].astype(np.float64)
    blank = values == 0
    return values[~blank] if 0.02 * values.size < blank.sum() < values.size else values


def _sky(values: NDArray[np.float64]) -> tuple[float, float]:
    kept = values
    for _ in range(8):
        median = float(np.median(kept))
        spread = 1.4826 * float(np.median(np.abs(kept - median)))
        inside = kept[np.abs(kept - median) <= 3 * spread]
        if inside.size in (0, kept.size):
            break
        kept = inside
    median, mean = float(np.median(kept)), float(kept.mean())
    sky = 2.5 * median - 1.5 * mean if abs(mean - median) < 0.3 * (kept.std() or 1.0) else median
    below = sky - values[values < sky]
    noise = 1.4826 * float(np.median(below)) if below.size else 0.0
    tiny = 1e-6 * max(float(np.ptp(values)), abs(sky)) or 1.0
    return sky, max(noise, tiny)
