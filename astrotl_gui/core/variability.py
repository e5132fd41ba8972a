"""How much light curves vary beyond their errors. All functions take N sources × E epochs in the order of time.

Values that are NaN, or of which `used` is False, do not count; sources with fewer than two left get NaN.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

LAGS = 3
"""Bins of the structure function: short, middle and long lags."""
LAG_NAMES = ("short", "middle", "long")


@dataclass(frozen=True, eq=False)
class Variability:
    """Of N sources: `mean` (weighted) and its `mean_error`; `count` of epochs used; reduced χ² of the constant;
    `excess` normalised excess variance and `excess_error`; `von_neumann` ratio; `structure` (N, LAGS) [units of the
    mean flux], of lags between the `lag_edges` [d]."""

    mean: Floats
    mean_error: Floats
    count: NDArray[np.int64]
    chi2: Floats
    excess: Floats
    excess_error: Floats
    von_neumann: Floats
    structure: Floats
    lag_edges: Floats


def variability(mjd: Floats, flux: Floats, error: Floats, used: Bools) -> Variability:
    """Every statistic of light curves `flux` ± `error` (N, E) at `mjd` (E,)."""
    good = used & np.isfinite(flux) & np.isfinite(error) & (error > 0)
    edges = lag_edges(mjd)
    mean, mean_error = weighted_mean(flux, error, good)
    excess, excess_error = excess_variance(flux, error, good)
    return Variability(
        mean,
        mean_error,
        good.sum(axis=1),
        reduced_chi2(flux, error, good),
        excess,
        excess_error,
        von_neumann(flux, good),
        structure_function(mjd, flux, error, good, edges),
        edges,
    )


def weighted_mean(flux: Floats, error: Floats, good: Bools) -> tuple[Floats, Floats]:
    """Inverse-variance mean and its 1σ (N,)."""
    weight = np.where(good, 1.0 / np.where(good, error, 1.0) ** 2, 0.0)
    total = weight.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (weight * np.where(good, flux, 0.0)).sum(axis=1) / total
        return np.where(total > 0, mean, np.nan), np.where(total > 0, 1 / np.sqrt(total), np.nan)


def reduced_chi2(flux: Floats, error: Floats, good: Bools) -> Floats:
    """χ² about the weighted mean over N − 1."""
    mean, _ = weighted_mean(flux, error, good)
    pull = np.where(good, (flux - mean[:, None]) / np.where(good, error, 1.0), 0.0)
    return _over((pull**2).sum(axis=1), good.sum(axis=1) - 1)


def excess_variance(flux: Floats, error: Floats, good: Bools) -> tuple[Floats, Floats]:
    """Normalised excess variance (S² − ⟨σ²⟩) / ⟨f⟩² (Nandra et al. 1997) and its error (Vaughan et al. 2003)."""
    count = good.sum(axis=1)
    mean = _over(np.where(good, flux, 0.0).sum(axis=1), count)
    spread = _over(np.where(good, (flux - mean[:, None]) ** 2, 0.0).sum(axis=1), count - 1)
    noise = _over(np.where(good, error**2, 0.0).sum(axis=1), count)
    with np.errstate(divide="ignore", invalid="ignore"):
        excess = (spread - noise) / mean**2
        share = noise / mean**2
        varies = np.sqrt(np.maximum(excess, 0))
        uncertain = np.sqrt(2 / count * share**2 + share / count * (2 * varies) ** 2)
    few = count < 2
    return np.where(few, np.nan, excess), np.where(few, np.nan, uncertain)


def von_neumann(flux: Floats, good: Bools) -> Floats:
    """Mean squared successive difference over the variance (von Neumann 1941): 2 for noise, less for smooth changes."""
    count = good.sum(axis=1)
    mean = _over(np.where(good, flux, 0.0).sum(axis=1), count)
    spread = _over(np.where(good, (flux - mean[:, None]) ** 2, 0.0).sum(axis=1), count - 1)
    order = np.argsort(~good, axis=1, kind="stable")  # the used ones first, in the order of time
    steps = np.diff(np.take_along_axis(flux, order, axis=1), axis=1) ** 2
    valid = np.arange(1, flux.shape[1])[None, :] < count[:, None]
    ratio = _over(np.where(valid, steps, 0.0).sum(axis=1), count - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(spread > 0, ratio / spread, np.nan)


def lag_edges(mjd: Floats) -> Floats:
    """Edges (LAGS + 1,) [d] of bins that hold equal numbers of pairs of epochs."""
    first, second = np.triu_indices(len(mjd), 1)
    lags = np.abs(mjd[second] - mjd[first])
    if not len(lags):
        return np.full(LAGS + 1, np.nan)
    return np.quantile(lags, np.linspace(0, 1, LAGS + 1))


def structure_function(mjd: Floats, flux: Floats, error: Floats, good: Bools, edges: Floats) -> Floats:
    """√max(⟨Δf² − σ₁² − σ₂²⟩, 0) / ⟨f⟩ in bins of lag, (N, LAGS); NaN in bins without a pair."""
    first, second = np.triu_indices(len(mjd), 1)
    bins = np.clip(np.searchsorted(edges, np.abs(mjd[second] - mjd[first]), "right") - 1, 0, LAGS - 1)
    mean, _ = weighted_mean(flux, error, good)
    found = np.full((len(flux), LAGS), np.nan)
    total, count = np.zeros((len(flux), LAGS)), np.zeros((len(flux), LAGS))
    for a, b, k in zip(first, second, bins, strict=True):  # pair by pair: N × E² values would not fit
        both = good[:, a] & good[:, b]
        step = (flux[:, b] - flux[:, a]) ** 2 - error[:, a] ** 2 - error[:, b] ** 2
        total[:, k] += np.where(both, step, 0.0)
        count[:, k] += both
    with np.errstate(divide="ignore", invalid="ignore"):
        amplitude = np.sqrt(np.maximum(total / count, 0)) / np.abs(mean)[:, None]
    found[count > 0] = amplitude[count > 0]
    return found


def _over(value: Floats, count: NDArray[np.integer]) -> Floats:
    """value / count, NaN for a count below 1."""
    return np.where(count > 0, value / np.maximum(count, 1), np.nan)
