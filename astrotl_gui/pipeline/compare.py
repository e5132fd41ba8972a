"""Compare: two descriptions side by side, at the magnitudes that both mosaics show."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ks_2samp

from astrotl_gui.pipeline.description.numbers import FEWEST, Description, Floats, Shares
from astrotl_gui.pipeline.description.quantities import RATIO, SHOWN, Quantity, quantities
from astrotl_gui.pipeline.description.source_numbers import quantiles, unit

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Pair:
    """One quantity of both mosaics; `changes` are second over first, or second minus first, as `compared` says.

    Values in different units ("adu | nanomaggy") have no change.
    """

    part: str
    name: str
    unit: str
    at: tuple[str, ...]
    compared: str
    first: Shares
    second: Shares
    changes: Shares


@dataclass(frozen=True)
class PairedDistribution:
    """One distribution of both mosaics between the same magnitudes: how many, quantiles, Kolmogorov–Smirnov.

    `ks` is the largest distance of the two cumulative distributions, `p` the chance of one as large were they
    one; both None where either has fewer than five sources.
    """

    name: str
    unit: str
    counts: tuple[int, int]
    first: Shares
    second: Shares
    ks: float | None
    p: float | None


@dataclass(frozen=True)
class PairedCount:
    """Sources of both mosaics between two magnitudes, per arcmin² and mag, and the ratio, second over first.

    `error` is 1σ of the ratio (Poisson); both None where one mosaic has no source.
    """

    bright: float
    faint: float
    counts: tuple[int, int]
    densities: tuple[float, float]
    ratio: float | None
    error: float | None


@dataclass(frozen=True)
class Comparison:
    """Two descriptions lined up. `magnitudes` (bright, faint) is the range that both mosaics show.

    `total`: all sources in that range; `counts`: bins of 0.5 mag, as they are. Both are None and empty, and
    distributions are of all described sources, where magnitudes are missing.
    """

    names: tuple[str, str]
    magnitude_bands: tuple[str, str]
    magnitudes: tuple[float, float] | None
    total: PairedCount | None
    numbers: tuple[Pair, ...]
    counts: tuple[PairedCount, ...]
    distributions: tuple[PairedDistribution, ...]

    def to_dict(self) -> dict[str, Any]:
        """Nested plain values, as JSON has them."""
        return asdict(self)


def compare(first: Description, second: Description) -> Comparison:
    """Line up two descriptions: every number with its ratio or difference, every distribution with a KS test.

    Bands are paired by name. Sources are compared from the fainter of the two brightest magnitudes down to the
    brighter of the two turn-overs, in each mosaic's reference band: beyond it one of them lacks sources.
    """
    shared = _shared_range(first, second)
    here, there = _chosen(first, shared), _chosen(second, shared)
    return Comparison(
        (first.name, second.name),
        (first.sources.band, second.sources.band),
        shared,
        _count(first, second, *shared) if shared else None,
        tuple(_pairs(first, second)),
        tuple(_counts(first, second)),
        tuple(
            _distribution(name, values[here], second.sample.columns[name][there])
            for name, values in first.sample.columns.items()
            if name in second.sample.columns
        ),
    )


def _shared_range(first: Description, second: Description) -> tuple[float, float] | None:
    """(bright, faint) of the magnitudes that both show; None where they have none in common."""
    ends = []
    for one in (first, second):
        if one.sources.turnover is None:
            return None
        ends.append((float(np.nanmin(one.sample.mag)), one.sources.turnover))
    bright, faint = max(bright for bright, _ in ends), min(faint for _, faint in ends)
    return (bright, faint) if bright < faint else None


def _chosen(one: Description, shared: tuple[float, float] | None) -> Mask:
    return np.ones(len(one.sample.mag), bool) if shared is None else _between(one, *shared)


def _between(one: Description, bright: float, faint: float) -> Mask:
    """Which sources lie between two magnitudes, the faint end excluded as in bins."""
    return np.asarray((one.sample.mag >= bright) & (one.sample.mag < faint))


def _counts(first: Description, second: Description) -> list[PairedCount]:
    """Every bin in which either has sources; none where one has no magnitudes."""
    if not (first.sources.counts and second.sources.counts):
        return []
    bins = sorted({(bin.bright, bin.faint) for one in (first, second) for bin in one.sources.counts})
    return [_count(first, second, bright, faint) for bright, faint in bins]


def _count(first: Description, second: Description, bright: float, faint: float) -> PairedCount:
    a, b = (int(_between(one, bright, faint).sum()) for one in (first, second))
    sky = faint - bright
    here, there = a / (first.sources.area * sky), b / (second.sources.area * sky)
    ratio = there / here if a and b else None
    error = ratio * float(np.sqrt(1 / a + 1 / b)) if ratio is not None else None
    return PairedCount(bright, faint, (a, b), (here, there), ratio, error)


def _pairs(first: Description, second: Description) -> list[Pair]:
    """What both have, in the order of the first, then what only one has."""
    left, right = ({(q.part, q.name): q for q in quantities(one)} for one in (first, second))
    return [_pair(left.get(key), right.get(key)) for key in dict.fromkeys([*left, *right])]


def _pair(left: Quantity | None, right: Quantity | None) -> Pair:
    known = left or right
    assert known is not None
    nothing = (None,) * len(known.values)
    values = left.values if left else nothing, right.values if right else nothing
    units = list(dict.fromkeys(q.unit for q in (left, right) if q))
    changes = tuple(_change(known.compared, a, b) for a, b in zip(*values, strict=True))
    return Pair(
        known.part,
        known.name,
        " | ".join(units),
        known.at,
        known.compared,
        *values,
        changes if len(units) == 1 else nothing,
    )


def _change(compared: str, a: float | None, b: float | None) -> float | None:
    if a is None or b is None or compared == SHOWN:
        return None
    if compared == RATIO:
        return b / a if a else None
    return b - a


def _distribution(name: str, first: Floats, second: Floats) -> PairedDistribution:
    first, second = first[np.isfinite(first)], second[np.isfinite(second)]
    ks = p = None
    if min(len(first), len(second)) >= FEWEST:
        test = ks_2samp(first, second)
        ks, p = float(test.statistic), float(test.pvalue)
    return PairedDistribution(
        name, unit(name), (len(first), len(second)), quantiles(first), quantiles(second), ks, p
    )
