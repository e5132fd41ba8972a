"""How brightness rises from black to white."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .levels import Levels
from .limits import Spread, limits, spread
from .look import GAMMA_RANGE, SOFT_STRETCHES, SOFTNESS_RANGE, Look

_POWERS = {"sqrt": 0.5, "linear": 1.0, "square": 2.0}


@dataclass(frozen=True)
class Curve:
    """Brightness 0–1 by intensity [σ above the sky], with h = (white − black) / softness and t from 0 at black to 1
    at white:

    - asinh(h t) / asinh(h). As in Lupton et al. (2004), asinh(α Q x) / Q with x = σ − black: Q = asinh(h) and
      α Q = 1 / softness, exactly;
    - log(1 + h t) / log(1 + h);
    - t^½, t or t², to the power of gamma;
    - histogram: the share of the mosaic's pixels between black and white that are fainter, to the power of gamma.
    """

    stretch: str
    black: float
    white: float
    softness: float = Look.softness
    gamma: float = Look.gamma
    spread: Spread | None = None

    @property
    def span(self) -> float:
        return self.white - self.black

    @property
    def hardness(self) -> float:
        """h: how many times the softness lies between black and white."""
        return max(self.span / self.softness, 1e-3)

    @property
    def q(self) -> float:
        """Lupton's Q of the asinh stretch."""
        return math.asinh(self.hardness)

    def __call__(self, sigma: Any) -> NDArray[np.float64]:
        """Brightness (0–1) of intensities [σ]."""
        sigma = np.asarray(sigma, np.float64)
        t = np.clip((sigma - self.black) / self.span, 0, 1)
        if self.stretch == "asinh":
            return np.arcsinh(self.hardness * t) / np.arcsinh(self.hardness)
        if self.stretch == "log":
            return np.log1p(self.hardness * t) / np.log1p(self.hardness)
        if self.stretch == "histogram":
            return self._share(np.clip(sigma, self.black, self.white)) ** self.gamma
        return t ** (_POWERS[self.stretch] * self.gamma)

    @property
    def mid(self) -> float:
        """The intensity [σ] that shows half bright."""
        if self.stretch == "asinh":
            return self.black + self.span / (2 * math.cosh(self.q / 2))
        if self.stretch == "log":
            return self.black + self.span / (math.sqrt(1 + self.hardness) + 1)
        half = 0.5 ** (1 / self.gamma)
        if self.stretch == "histogram":
            knots = self._knots()
            return float(np.interp(half, np.linspace(0, 1, len(knots)), knots))
        return self.black + self.span * half ** (1 / _POWERS[self.stretch])

    def with_mid(self, sigma: float) -> Curve:
        """The curve of the same kind that shows this intensity half bright, as nearly as its ranges allow.

        It has another softness (asinh, log) or another gamma (the others).
        """
        t = min(max((sigma - self.black) / self.span, 1e-6), 1 - 1e-6)
        if self.stretch in SOFT_STRETCHES:
            t = min(t, 0.499)
            h = math.sinh(2 * math.acosh(1 / (2 * t))) if self.stretch == "asinh" else (1 / t - 1) ** 2 - 1
            return self.with_softness(self.span / max(h, 1e-9))
        base = (
            float(self._share(np.float64(sigma)))
            if self.stretch == "histogram"
            else t ** _POWERS[self.stretch]
        )
        gamma = math.log(0.5) / math.log(min(max(base, 1e-6), 1 - 1e-6))
        return replace(self, gamma=min(max(gamma, GAMMA_RANGE[0]), GAMMA_RANGE[1]))

    def with_q(self, q: float) -> Curve:
        """The asinh curve of this Q."""
        return self.with_softness(self.span / math.sinh(max(q, 1e-3)))

    def with_softness(self, softness: float) -> Curve:
        low, high = SOFTNESS_RANGE
        return replace(self, softness=min(max(softness, low), high))

    def _knots(self) -> NDArray[np.float64]:
        """Intensities from black to white with equally many pixels between neighbours."""
        inside = np.empty(0)
        if self.spread is not None:
            sigma = self.spread.sigma
            inside = sigma[np.searchsorted(sigma, self.black, "right") : np.searchsorted(sigma, self.white)]
        return np.concatenate([[self.black], inside, [self.white]])

    def _share(self, sigma: NDArray[np.float64] | np.float64) -> NDArray[np.float64]:
        knots = self._knots()
        return np.asarray(np.interp(sigma, knots, np.linspace(0, 1, len(knots))))


def curve_of(levels: Sequence[Levels], look: Look) -> Curve:
    """The curve by which a look shows channels of these levels."""
    black, white = limits(levels, look)
    equalised = look.stretch == "histogram"
    pixels = spread(tuple(levels)) if equalised else None
    soft = look.stretch in SOFT_STRETCHES
    return Curve(
        look.stretch,
        black,
        white,
        look.softness if soft else Look.softness,
        Look.gamma if soft else look.gamma,
        pixels,
    )
