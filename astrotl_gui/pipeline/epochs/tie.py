"""Zero points tied between epochs on constant field stars, robustly and again until the variables are out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.pipeline.epochs.opening import unspoiled

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

PER_MAG = 2.5 / np.log(10)
BRIGHT, FEWEST = 20.0, 3
"""S/N of a star in at least half of the epochs, and how many stars an epoch needs."""
ROUNDS, CLIP, VARIES = 12, 4.0, 3.0
"""Points beyond CLIP σ, and stars of reduced χ² above VARIES times the median, do not count."""


@dataclass(frozen=True, eq=False)
class Tie:
    """Per epoch (E,): `offset` [mag] to add to its magnitudes, its 1σ `error` (NaN where too few stars), and `floor`,
    the relative scatter of the stars beyond their errors. `stars` (N,): which were used."""

    offset: Floats
    error: Floats
    floor: Floats
    stars: Bools

    @property
    def scales(self) -> Floats:
        """What fluxes are multiplied by."""
        return np.asarray(10 ** (-0.4 * self.offset))


def tie(flux: Floats, error: Floats, suitable: Bools) -> Tie:
    """Offsets of the epochs from fluxes and errors (N, E) of sources of which `suitable` (N,) may be constant stars.

    m(star, epoch) = m(star) + z(epoch), solved in turn with weights 1 / (σ² + floor²); offsets are −z, their median
    0. Epochs without enough stars keep their zero point.
    """
    epochs = flux.shape[1]
    with np.errstate(divide="ignore", invalid="ignore"):
        mag, sigma = -PER_MAG * np.log(np.where(flux > 0, flux, np.nan)), PER_MAG * error / np.abs(flux)
    good = np.isfinite(mag) & np.isfinite(sigma) & (sigma < PER_MAG / BRIGHT)
    stars = suitable & (good.sum(axis=1) >= max(2, (epochs + 1) // 2))
    nothing = Tie(np.zeros(epochs), np.full(epochs, np.nan), np.zeros(epochs), np.zeros(len(flux), bool))
    if stars.sum() < FEWEST:
        return nothing
    rows = np.flatnonzero(stars)
    mag, sigma, good = mag[rows], sigma[rows], good[rows]
    zero, floor = np.zeros(epochs), np.full(epochs, 0.003)
    kept, steady = good.copy(), np.ones(len(rows), bool)
    for _ in range(ROUNDS):
        variance = sigma**2 + floor**2
        weight = np.where(kept & steady[:, None], 1 / variance, 0.0)
        own = np.where(kept, 1 / variance, 0.0)
        mean = _average(mag - zero, own, axis=1)
        zero = np.nan_to_num(_median(mag - mean[:, None], weight > 0))
        away = mag - mean[:, None] - zero
        pull = np.abs(away) / np.sqrt(variance)
        kept = good & (pull < CLIP)
        chi2 = np.array(
            [np.median(row[use] ** 2) if use.any() else np.inf for row, use in zip(pull, good, strict=True)]
        )
        steady = chi2 <= VARIES * max(np.median(chi2), 0.455)
        floor = _floor(away, sigma, kept & steady[:, None])
    used = kept & steady[:, None]
    count = used.sum(axis=0)
    spread = np.sqrt(np.where(used, sigma**2 + floor**2, 0).sum(axis=0)) / np.maximum(count, 1)
    enough = count >= FEWEST
    zero = np.where(enough, zero - (np.median(zero[enough]) if enough.any() else 0.0), 0.0)
    chosen = np.zeros(len(flux), bool)
    chosen[rows[steady]] = True
    return Tie(
        -zero, np.where(enough, 1.2533 * spread, np.nan), np.where(enough, floor, 0.0) / PER_MAG, chosen
    )


def suitable_stars(catalog: Catalog, inside: Bools) -> Bools:
    """Sources that may tie the epochs: clean ones, of the narrower half where there are enough."""
    good = inside.copy()
    clean = good & unspoiled(catalog)
    if clean.sum() >= FEWEST:
        good = clean
    if "r50" in catalog and good.sum() >= 8 * FEWEST:
        r50 = catalog.column("r50")
        good &= r50 <= np.nanmedian(r50[good])
    return good


def _average(values: Floats, weight: Floats, axis: int) -> Floats:
    total = weight.sum(axis=axis)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(weight > 0, values * weight, 0.0).sum(axis=axis) / total)


def _median(values: Floats, use: Bools) -> Floats:
    """Median of each column over what is used; NaN for none."""
    return np.array([np.median(v[u]) if u.any() else np.nan for v, u in zip(values.T, use.T, strict=True)])


def _floor(away: Floats, sigma: Floats, used: Bools) -> Floats:
    """Scatter [mag] of each epoch's stars beyond their errors: where their median squared pull is a normal one's."""
    floors = []
    for column, errors, use in zip(away.T, sigma.T, used.T, strict=True):
        trial = np.concatenate([[0.0], np.geomspace(3e-4, 0.3, 40)])
        if use.sum() < FEWEST:
            floors.append(0.003)
            continue
        squares = column[use][:, None] ** 2 / (errors[use][:, None] ** 2 + trial**2)
        floors.append(float(trial[np.argmin(np.abs(np.median(squares, axis=0) - 0.4549))]))
    return np.array(floors)
