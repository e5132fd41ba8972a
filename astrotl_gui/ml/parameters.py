"""Physical parameters of sources from what the network sees of them: estimators, each with an error a source.

Values are learned from sources where they are known. What all estimators look at is a `Features`: components of the
embedding, image statistics and, where given, columns of the catalog.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.ml.space import Space

COMPONENTS = 16
"""Leading components of the embedding that a Gaussian process looks at; each has a length scale of its own."""
LINEAR_COMPONENTS = 128
CLIP = 5.0
"""Columns are cut at so many of their own scatters: one wild measurement must not be a dimension of its own."""
NEIGHBOURS = 20
LENGTH_ROWS, EXACT_ROWS = 400, 3000
"""Length scales are learned from so many of the known, values from at most so many (seeded samples)."""
STEPS = 20
"""Steps of the search for length scales; more change estimates by less than their error."""
CHUNK = 4096

F64 = NDArray[np.float64]
Floats = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Features:
    """What is known of each source (N, k): scaled columns first, then components of the embedding.

    `columns` counts the former; `statistics` (N, s) of the cutout stand apart, as they are. Nothing here has seen the
    values that are to be estimated.
    """

    values: F64
    columns: int
    statistics: F64

    @classmethod
    def of(cls, vectors: Floats, columns: Floats | None = None, statistics: Floats | None = None) -> Features:
        """Components of embeddings (N, D), in units of the first one's scatter, beside columns (N, m).

        Columns are centred on their median and divided by 1.4826 MAD; a missing value counts as the median.
        """
        seen = Space.fit(vectors, LINEAR_COMPONENTS).components(vectors).astype(np.float64)
        seen /= max(float(seen[:, 0].std()), 1e-12)
        given = np.zeros((len(seen), 0)) if columns is None else np.asarray(columns, np.float64)
        apart = np.zeros((len(seen), 0)) if statistics is None else np.asarray(statistics, np.float64)
        return cls(np.hstack([_scaled(given), seen]), given.shape[1], apart)

    def __len__(self) -> int:
        return len(self.values)

    def leading(self, components: int) -> F64:
        """The columns and the first components only."""
        return self.values[:, : self.columns + components]


def _scaled(columns: F64) -> F64:
    columns = np.where(np.isfinite(columns), columns, np.nan)
    known = np.isfinite(columns).any(axis=0)
    middle, scatter = np.zeros(columns.shape[1]), np.ones(columns.shape[1])
    middle[known] = np.nanmedian(columns[:, known], axis=0)
    scatter[known] = 1.4826 * np.nanmedian(np.abs(columns[:, known] - middle[known]), axis=0)
    return np.clip(np.nan_to_num((columns - middle) / np.where(scatter > 0, scatter, 1.0)), -CLIP, CLIP)


@dataclass(frozen=True, eq=False)
class Estimate:
    """Values (n,) and their 1σ errors (n,) as the estimator sees them, before calibration."""

    value: F64
    sigma: F64


class Estimator(Protocol):
    """Learns values from known sources."""

    def fit(self, features: Features, rows: NDArray[np.int64], values: F64) -> Estimator:
        """Learn `values` (n,) of the sources `rows` (n,)."""
        ...

    def predict(self, features: Features, rows: NDArray[np.int64]) -> Estimate:
        """Estimate the values of the sources `rows`."""
        ...


class Neighbours:
    """The mean of the twenty nearest known sources, weighted by 1 / distance; σ is their weighted scatter."""

    def fit(self, features: Features, rows: NDArray[np.int64], values: F64) -> Neighbours:
        from sklearn.neighbors import NearestNeighbors

        self._values = values
        self._found = NearestNeighbors(n_neighbors=min(NEIGHBOURS, len(rows))).fit(features.values[rows])
        return self

    def predict(self, features: Features, rows: NDArray[np.int64]) -> Estimate:
        distance, nearest = self._found.kneighbors(features.values[rows])
        weight = 1 / np.maximum(distance, 1e-9)
        weight /= weight.sum(axis=1, keepdims=True)
        known = self._values[nearest]
        mean = (weight * known).sum(axis=1)
        spread = (weight * (known - mean[:, None]) ** 2).sum(axis=1)
        # The mean of n values is uncertain itself: n effective neighbours are 1 / Σ w².
        return Estimate(mean, np.sqrt(spread * (1 + (weight**2).sum(axis=1))))


class Ridge:
    """Bayesian ridge regression (MacKay 1992): the shrinkage is learned, σ is that of the posterior."""

    def fit(self, features: Features, rows: NDArray[np.int64], values: F64) -> Ridge:
        from sklearn.linear_model import BayesianRidge

        self._line = BayesianRidge().fit(features.values[rows], values)
        return self

    def predict(self, features: Features, rows: NDArray[np.int64]) -> Estimate:
        value, sigma = self._line.predict(features.values[rows], return_std=True)
        return Estimate(value, sigma)


class GaussianProcess:
    """A Gaussian process whose squared-exponential kernel has one length a column and a component (Neal 1996).

    Lengths and noise maximise the marginal likelihood of a sample of the known; the process itself is exact.
    """

    def fit(self, features: Features, rows: NDArray[np.int64], values: F64) -> GaussianProcess:
        from sklearn.gaussian_process import GaussianProcessRegressor
        from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
        from threadpoolctl import threadpool_limits

        seen = features.leading(COMPONENTS)
        self._mean, self._scale = float(values.mean()), float(values.std()) or 1.0
        target = (values - self._mean) / self._scale
        order = np.random.default_rng(0).permutation(len(rows))
        few, many = order[:LENGTH_ROWS], order[:EXACT_ROWS]
        width = np.full(seen.shape[1], np.sqrt(seen.shape[1]))
        kernel = ConstantKernel(1.0, (1e-2, 1e2)) * RBF(width, (0.3, 300.0)) + WhiteKernel(0.5, (1e-4, 2.0))
        # Threads that wait for each other cost seven times what they save on matrices this small.
        with _quiet(), threadpool_limits(1):
            learned = (
                GaussianProcessRegressor(kernel, optimizer=_search).fit(seen[rows[few]], target[few]).kernel_
            )
        self._process = GaussianProcessRegressor(learned, optimizer=None)
        self._process.fit(seen[rows[many]], target[many])
        return self

    def predict(self, features: Features, rows: NDArray[np.int64]) -> Estimate:
        seen = features.leading(COMPONENTS)[rows]
        parts = [
            self._process.predict(seen[start : start + CHUNK], return_std=True)
            for start in range(0, len(rows), CHUNK)
        ]
        value = np.concatenate([part[0] for part in parts]) if parts else np.zeros(0)
        sigma = np.concatenate([part[1] for part in parts]) if parts else np.zeros(0)
        return Estimate(value * self._scale + self._mean, sigma * self._scale)


def _search(objective: Any, start: F64, bounds: F64) -> tuple[F64, float]:
    """L-BFGS-B as scikit-learn's, with a limit: the last steps cost most and change least."""
    from scipy.optimize import minimize

    box = [(float(low), float(high)) for low, high in bounds]
    found = minimize(objective, start, method="L-BFGS-B", jac=True, bounds=box, options={"maxiter": STEPS})
    return found.x, float(found.fun)


@contextmanager
def _quiet() -> Iterator[None]:
    """Lengths at their bounds say that a column does not matter: nothing to warn of."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


class Combined:
    """The mean of the Gaussian process and of gradient-boosted trees (Friedman 2001; histograms, scikit-learn).

    Trees also take the statistics of the cutout, most of which say nothing: they choose. σ is the process's.
    """

    def fit(self, features: Features, rows: NDArray[np.int64], values: F64) -> Combined:
        from sklearn.ensemble import HistGradientBoostingRegressor

        self._process = GaussianProcess().fit(features, rows, values)
        self._trees = HistGradientBoostingRegressor(learning_rate=0.05, max_iter=200, random_state=0)
        self._trees.fit(self._seen(features, rows), values)
        return self

    def predict(self, features: Features, rows: NDArray[np.int64]) -> Estimate:
        smooth = self._process.predict(features, rows)
        return Estimate((smooth.value + self._trees.predict(self._seen(features, rows))) / 2, smooth.sigma)

    @staticmethod
    def _seen(features: Features, rows: NDArray[np.int64]) -> F64:
        return np.hstack([features.leading(COMPONENTS)[rows], features.statistics[rows]])


METHODS: dict[str, type[Estimator]] = {
    "combined": Combined,
    "gp": GaussianProcess,
    "ridge": Ridge,
    "neighbours": Neighbours,
}


def conformal(error: F64, sigma: F64, share: float) -> float:
    """By how much σ must be stretched for a share of the intervals to hold the truth (Lei et al. 2018).

    `error`, `sigma` (n,) of sources that were left out when their values were estimated; the ⌈(n + 1) · share⌉th
    smallest |error| / σ.
    """
    ratio = np.sort(np.abs(error) / np.maximum(sigma, 1e-12))
    place = int(np.ceil((len(ratio) + 1) * share)) - 1
    return float(ratio[min(max(place, 0), len(ratio) - 1)])
