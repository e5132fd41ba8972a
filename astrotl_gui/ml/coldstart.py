"""Cold scores: four lists before any label, from statistics of the cutouts and columns of the catalog.

Each is a small formula in rank-mapped quantities, so that units, depth and survey do not matter, and every
term for which there are no data (colours of a single band) is neutral. Its terms have names, in the words that
the window shows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.flags import Flag
from astrotl_gui.ml.kernel import uniform_ranks

F64 = NDArray[np.float64]
R50_PER_SIGMA = 1.1774
"""Of a Gaussian."""


class Columns:
    """Statistics and catalog columns of N sources by name; what is missing is NaN."""

    def __init__(self, count: int, columns: Mapping[str, NDArray[np.generic]], fwhm: float = np.nan) -> None:
        self.count = count
        self._columns = columns
        self.fwhm = fwhm

    def __getitem__(self, name: str) -> F64:
        if name not in self._columns:
            return np.full(self.count, np.nan)
        return np.asarray(self._columns[name], np.float64)

    @property
    def flags(self) -> NDArray[np.int64]:
        return np.nan_to_num(self["flags"]).astype(np.int64)

    @property
    def has_mask(self) -> bool:
        """Whether the images have bad pixels elsewhere than beyond their edges."""
        return bool((flagged(self, Flag.MASKED) > flagged(self, Flag.EDGE)).any())

    @property
    def radius(self) -> F64:
        """Half-light radius in units of a star's."""
        return self._r50 / self.star

    @property
    def star(self) -> float:
        """Half-light radius of a star [arcsec]; the small end of the sample stands for it without a PSF."""
        return self.fwhm / 2 if self.fwhm > 0 else self._small_end(10)

    @property
    def pixelated_star(self) -> float:
        """The same as it comes out on the pixels, which widen a star that is hardly wider than they are.

        The smallest of the bright sources, within 1 to 1.4 times the PSF's: a field without a star has no others.
        """
        small = self._small_end(5)
        return float(np.clip(small, self.star, 1.4 * self.star)) if np.isfinite(small) else self.star

    @property
    def _r50(self) -> F64:
        return np.where(self["r50"] > 0, self["r50"], np.nan)

    def _small_end(self, percent: float) -> float:
        """Half-light radius below which so many per cent of the brighter half lie."""
        bright = self["snr"] >= np.nanmedian(finite(self["snr"]))
        good = self._r50[np.isfinite(self._r50) & (bright | np.isnan(self["snr"]))]
        return float(np.percentile(good, percent)) if len(good) else np.nan


@dataclass(frozen=True, eq=False)
class ColdScore:
    """A score (N,) and its parts by name, (N,) each; their sum is the score or, in `all_of`, its logarithm."""

    parts: Mapping[str, F64]
    score: F64


def all_of(terms: Mapping[str, F64], held_back: Mapping[str, F64]) -> ColdScore:
    """A soft "and": the geometric mean of terms in 0…1, one near zero keeps the whole near zero; times `held_back`."""
    parts = {name: np.log(np.clip(term, 1e-3, 1)) / len(terms) for name, term in terms.items()}
    parts |= {name: np.log(factor) for name, factor in held_back.items()}
    return ColdScore(parts, np.exp(np.sum(list(parts.values()), axis=0)))


def any_of(signs: Mapping[str, F64], among_equals: Mapping[str, F64]) -> ColdScore:
    """The largest of the signs in 0…1 plus a fifth of their sum, so that several outrank one; and `among_equals`."""
    values = np.array([np.nan_to_num(sign) for sign in signs.values()])
    largest = values.argmax(axis=0) == np.arange(len(values))[:, None]
    parts = dict(zip(signs, (0.2 + largest) * values, strict=True)) | dict(among_equals)
    return ColdScore(parts, np.sum(list(parts.values()), axis=0))


def lens_score(c: Columns) -> ColdScore:
    """Luminous, extended and red, with bluer light left around it, and structure in what is left.

    Geometric mean of the ranks of S/N, core colour, blue ring residual (twice: the one sign that is of
    lensing and not of its hosts), its share of the blue light, and ring residual (half; twice where there are no
    colours), times an extent well beyond a star's. Spoiled and cut-off sources are held back.
    """
    terms = {
        "Bright": rank(c["snr"]),
        "Larger than a star": step(c.radius, 1.6, 0.15),
        "Red core": rank(c["colour_core"]) ** 1.5,
        "Bluer light around it": rank(c["blue_ring"]) ** 2,
        "Blue light outside the core": rank(c["blue_share"]),
        "Structure in a ring": rank(c["ring_power"]) ** (0.5 if np.isfinite(c["blue_ring"]).any() else 2),
    }
    return all_of(terms, held_back(c))


def agn_score(c: Columns) -> ColdScore:
    """A point-like nucleus in a host: a core as sharp as a star's, of odd colour, with light around it.

    Geometric mean of the ranks of S/N, the host's light at twice the nucleus' extent, the core's share of the
    light, and how odd (bluer, above all) the core's colour is, times an extent just beyond a star's.
    """
    colour = c["colour_core"]
    blue = rank(-colour)
    odd = np.maximum(blue, 0.8 * rank(np.abs(colour - np.median(finite(colour)))))
    terms = {
        "Bright": rank(c["snr"]),
        "Light of a host": rank(c["host"]),
        "Light in the core": rank(c["light_core"]) ** 2,
        "Odd colour of the core": odd**1.5,
        "Larger than a star": step(c.radius, 1.15, 0.06),
        "Sharp for its size": rank(excess(c["sharpness"], rank(c.radius))),
    }
    return all_of(terms, held_back(c))


def artifact_score(c: Columns) -> ColdScore:
    """Any one of: saturated, cut off, masked, sharper or thinner than the PSF, in one band only, oversubtracted.

    The largest of the signs in [0, 1], plus a fifth of their sum, so that several signs outrank one. In images
    without a mask saturation is certain and news: it comes first, the brightest, which spoil the most pixels,
    before the others; a mask has told of it already, and it counts as other bad pixels do. `deepcr`, the part of
    the core's light that deepCR takes for a cosmic ray's, counts where it was asked for. A sign that cannot be
    measured is no sign.
    """
    whole_shape = 1 - flagged(
        c, Flag.EDGE | Flag.MASKED
    )  # the shape of a source that is cut off says nothing
    ratio = c["a"] / np.maximum(c["b"], 1e-6)
    thinness = c["b"] * R50_PER_SIGMA / c.star
    saturated = np.zeros(c.count) if c.has_mask else flagged(c, Flag.SATURATED)
    signs = {
        "Saturated": saturated,
        "Sharper than the PSF": whole_shape * sign(-c.radius * c.star / c.pixelated_star, -0.75, 0.06),
        "Bad pixels": np.maximum(sign(c["masked_fraction"], 0.15, 0.05), 0.8 * spoiled(c)),
        "Needle-like": whole_shape
        * np.maximum(sign(ratio, 5.0, 0.7), 0.9 * sign(ratio, 3.0, 0.3) * sign(-thinness, -0.7, 0.05)),
        "In one band only": sign(c["single_band"], 0.8, 0.15) * step(c["snr"], 5.0, 1.0),
        "Below the sky around it": sign(c["negative"], 0.01, 0.003),
        "A cosmic ray to deepCR": np.nan_to_num(c["deepcr"]),
    }
    # What puts saturated sources first, the brightest before the others, and orders those of which no sign speaks.
    bright = np.where(saturated > 0, rank(np.where(saturated > 0, c["snr"], np.nan)), 0.0)
    among_equals = {
        "Elongated": 0.05 * rank(ratio) * whole_shape * (1 - saturated),
        "Bright": 0.3 * saturated + 0.3 * bright,
    }
    return any_of(signs, among_equals)


COLD: dict[str, Callable[[Columns], ColdScore]] = {
    "lens": lens_score,
    "agn": agn_score,
    "artifact": artifact_score,
}


STAND_IN = 0.1
"""Weight of what was learned from shipped arcs: beside a formula at full weight they pushed real lenses down."""
BESIDE_SIGNS = 0.3
"""Weight of what was learned from injected artifacts: signs are the better half."""
CERTAIN_SIGNS = 0.9
"""Artifact score from which on signs are beyond doubt: the catalog's flags of saturation, edge or bad pixels (0.96),
any other sign at three quarters, or several that each speak."""
EXAMPLES = "Like the injected examples"


def with_examples(
    target: str, formula: ColdScore, c: Columns, learned: F64, weight: float = 1.0
) -> ColdScore:
    """A target's formula and what was `learned` (N,) from injected examples.

    For AGN what was learned takes the formula's place, for lenses the top of either list comes first, what was
    learned weighted by `weight`. For artifacts it orders those of which no sign is beyond doubt.
    """
    if target == "artifact":
        return beside_signs(formula, learned)
    examples = all_of({EXAMPLES: rank(learned)}, held_back(c))
    if target != "lens":
        return examples
    return either({"By its formula": formula.score, EXAMPLES: examples.score}, {EXAMPLES: weight})


def beside_signs(signs: ColdScore, learned: F64) -> ColdScore:
    """−ln(1 − rank) of the signs and, less, of what was learned; sources with certain signs stay first, in their order.

    Each sign keeps its share of the signs' part; to certain ones examples add as much as to a typical source.
    """
    certain = signs.score >= CERTAIN_SIGNS
    alike = -BESIDE_SIGNS * np.log1p(-rank(learned))
    usual = float(np.median(alike)) if len(alike) else 0.0
    place = -np.log1p(-rank(signs.score)) + np.where(certain, alike.max(initial=0) - usual, 0)
    share = place / np.maximum(signs.score, 1e-9)
    parts = {name: value * share for name, value in signs.parts.items()}
    parts[EXAMPLES] = np.where(certain, usual, alike)
    return ColdScore(parts, np.sum(list(parts.values()), axis=0))


def either(scores: Mapping[str, F64], weights: Mapping[str, float] = MappingProxyType({})) -> ColdScore:
    """−Σ weight · ln(1 − rank), weight 1 by default: the top of any list counts more than the middle of all (Fisher
    1932; weighted, Good 1955)."""
    parts = {name: -weights.get(name, 1.0) * np.log1p(-rank(score)) for name, score in scores.items()}
    return ColdScore(parts, np.sum(list(parts.values()), axis=0))


def spoiled(c: Columns) -> F64:
    """1 where the catalog flags a source as saturated, at the edge or with bad pixels, else 0."""
    return flagged(c, Flag.SATURATED | Flag.EDGE | Flag.MASKED)


def flagged(c: Columns, flags: Flag) -> F64:
    """1 where a source has any of the flags, else 0."""
    return ((c.flags & int(flags)) != 0).astype(float)


def held_back(c: Columns) -> dict[str, F64]:
    """Factors at most 1 of sources that are spoiled or cut off."""
    return {"Bad pixels": 1 - 0.7 * spoiled(c), "Missing pixels": whole(c)}


def whole(c: Columns) -> F64:
    """1 for a cutout with all its pixels, falling to 1/2 where more than a sixth of them is missing."""
    return 1 - 0.5 * np.where(np.isfinite(c["bad_fraction"]), step(c["bad_fraction"], 0.15, 0.03), 0.0)


def finite(values: F64) -> F64:
    """The finite values, or a single 0 when there are none."""
    good = values[np.isfinite(values)]
    return good if len(good) else np.zeros(1)


def rank(values: F64) -> F64:
    """Mid-ranks in (0, 1); NaN is neutral, 1/2."""
    out = np.full(len(values), 0.5)
    good = np.isfinite(values)
    out[good] = uniform_ranks(values[good])
    return out


def step(values: F64, at: float, width: float) -> F64:
    """A smooth step from 0 to 1 at `at`; NaN is neutral, 1/2."""
    return np.where(np.isfinite(values), 1 / (1 + np.exp(-np.clip((values - at) / width, -50, 50))), 0.5)


def sign(values: F64, at: float, width: float) -> F64:
    """A smooth step from 0 to 1 at `at`; NaN is 0."""
    return np.where(np.isfinite(values), step(values, at, width), 0.0)


def excess(values: F64, given: F64, bins: int = 20) -> F64:
    """How far values lie above the running median of sources with a like `given`, in MADs of their bin.

    NaN where either is unknown; with fewer than 30 sources one bin holds all.
    """
    out = np.full(len(values), np.nan)
    good = np.flatnonzero(np.isfinite(values) & np.isfinite(given))
    order = good[np.argsort(given[good], kind="stable")]
    for part in np.array_split(order, max(1, min(bins, len(order) // 15))):
        if len(part):
            centre = np.median(values[part])
            spread = np.median(np.abs(values[part] - centre))
            out[part] = (values[part] - centre) / (spread or 1.0)
    return out
