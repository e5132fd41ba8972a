"""Baselines that no network is needed for: chance, one number a picture, and plain statistics."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF

from astrotl_gui.ml.baselines.method import F64, Labels, split
from astrotl_gui.ml.kernel import normal_scores

NOISE = 0.5
PAIRS = 20_000


class Random:
    """An order drawn once a seed."""

    def __init__(self, count: int) -> None:
        self.count = count

    def scores(self, labels: Labels, seed: int) -> F64:
        return np.random.default_rng([seed, self.count]).random(self.count)


class Cue:
    """One number an object, large first or small first: whichever end the wanted ones lie towards.

    The wanted ones' mean is compared with that of the others labelled, or of all where none is.
    """

    def __init__(self, values: NDArray[np.floating]) -> None:
        self.values = normal_scores(np.asarray(values)[:, None])[:, 0].astype(np.float64)

    def scores(self, labels: Labels, seed: int) -> F64:
        wanted, others = split(labels)
        if not len(wanted):
            return np.zeros(len(self.values))
        usual = self.values[others].mean() if len(others) else self.values.mean()
        return self.values if self.values[wanted].mean() >= usual else -self.values


class StatisticsProcess:
    """A Gaussian process on labels ±1 whose kernel sees plain statistics (N, M) alone.

    Squared-exponential in their normal scores, its scale the median square distance; mean −1, noise 0.5.
    """

    def __init__(self, statistics: NDArray[np.floating]) -> None:
        self.values = normal_scores(statistics).astype(np.float64)
        a, b = np.random.default_rng(0).integers(0, max(len(self.values), 1), (2, PAIRS))
        squares = ((self.values[a] - self.values[b]) ** 2).sum(axis=1)[a != b]
        length = float(np.sqrt(np.median(squares) / 2)) if len(squares) else 0.0
        self.kernel = RBF(length or 1.0)

    def scores(self, labels: Labels, seed: int) -> F64:
        if not labels:
            return np.zeros(len(self.values))
        wanted, others = split(labels)
        rows = np.concatenate([wanted, others])
        targets = np.concatenate([np.full(len(wanted), 2.0), np.zeros(len(others))])
        process = GaussianProcessRegressor(self.kernel, alpha=NOISE, optimizer=None)
        return np.asarray(process.fit(self.values[rows], targets).predict(self.values)) - 1


def cues(names: tuple[str, ...], statistics: NDArray[np.floating]) -> Mapping[str, F64]:
    """Colour, size and brightness (N,) of statistics (N, M) as `core.statistics` names them.

    Colour is the mean light of the longest band less that of the shortest, brightness the mean light of all bands,
    size the second-moment radius. What cannot be had (the colour of one band) is 0 for all.
    """
    table = dict(zip(names, np.asarray(statistics, np.float64).T, strict=True))
    nothing = np.zeros(len(statistics))
    means = [table[name] for name in names if name.startswith("mean_")] or [nothing]
    return {
        "colour": means[-1] - means[0],
        "size": table.get("size", nothing),
        "brightness": np.mean(means, axis=0),
    }
