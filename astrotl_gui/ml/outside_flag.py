"""Which sources are unlike those that values were learned from: several tests, one flag at a stated false rate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.ml.parameters import Features

NEIGHBOUR = 5
QUANTILES = 500
MIXTURE, ROWS_A_PART = 6, 30
"""Gaussians that describe the plane of size and S/N: at most so many, each of at least so many sources."""

F64 = NDArray[np.float64]
Rows = NDArray[np.int64]
Score = Callable[[Rows], F64]
"""How unlike the known rows of features are; larger is stranger."""


@dataclass(frozen=True)
class Cloud:
    """Where known sources lie, by up to three tests whose left-out scores say what is strange.

    Distance to the fifth nearest known in columns and embedding; Mahalanobis distance in the normal scores of
    statistics and columns (shrunken covariance, Ledoit & Wolf 2004); density in the columns `plane`, size
    against S/N, where stars part from galaxies, under a mixture of Gaussians. A test whose numbers are not there is
    left out. Each score becomes a p-value among scores of known sources that were left out (Vovk et al. 2005); the flag
    goes by the smallest, whose edge is read off the same left-out sources, so that `false_rate` of them are flagged
    however many tests there are.
    """

    false_rate: float = 0.05
    plane: tuple[int, ...] = ()

    def fit(self, features: Features, rows: Rows, fold: Rows) -> FittedCloud:
        """Learn from sources `rows` (n,); `fold` (n,) says which are left out together."""
        scores = self._scores(features, rows)
        made = np.empty((len(rows), len(scores)))
        for number in np.unique(fold):
            out = fold == number
            for test, score in enumerate(self._scores(features, rows[~out])):
                made[out, test] = score(rows[out])
        fitted = FittedCloud(scores, np.sort(made, axis=0), 0.0)
        return replace(fitted, edge=float(np.quantile(fitted.p_value(made), self.false_rate)))

    def _scores(self, features: Features, rows: Rows) -> list[Score]:
        """The tests that the numbers at hand allow, each learned from sources `rows`."""
        columns = features.values[:, : features.columns]
        beside = np.hstack([np.nan_to_num(features.statistics), columns])
        scores = [_far(features.values, rows)]
        if beside.shape[1]:
            scores.append(_odd(beside, rows))
        if self.plane:
            scores.append(_rare(columns[:, list(self.plane)], rows))
        return scores


@dataclass(frozen=True, eq=False)
class FittedCloud:
    """Scores, those of left-out known sources in rising order (n, tests), and the p-value below which is outside."""

    scores: list[Score]
    left_out: F64
    edge: float

    def p_value(self, made: F64) -> F64:
        """The smallest p-value of the tests (n,), of scores (n, tests)."""
        count = len(self.left_out)
        below = [np.searchsorted(known, mine) for known, mine in zip(self.left_out.T, made.T, strict=True)]
        return np.asarray((1 + count - np.max(below, axis=0)) / (count + 1))

    def outside(self, features: Features, rows: Rows) -> NDArray[np.bool_]:
        """Whether sources `rows` are stranger than all but `false_rate` of the known."""
        return np.asarray(self.p_value(np.stack([score(rows) for score in self.scores], axis=1)) < self.edge)


def _far(values: F64, rows: Rows) -> Score:
    from sklearn.neighbors import NearestNeighbors

    found = NearestNeighbors(n_neighbors=min(NEIGHBOUR, len(rows))).fit(values[rows])
    return lambda asked: np.asarray(found.kneighbors(values[asked])[0][:, -1])


def _odd(values: F64, rows: Rows) -> Score:
    from sklearn.covariance import LedoitWolf

    normal = _normal_scores(values, rows)
    shape = LedoitWolf().fit(normal[rows])
    return lambda asked: np.asarray(shape.mahalanobis(normal[asked]))


def _rare(values: F64, rows: Rows) -> Score:
    from sklearn.mixture import GaussianMixture

    normal = _normal_scores(values, rows)
    parts = max(min(MIXTURE, len(rows) // ROWS_A_PART), 1)
    density = GaussianMixture(parts, reg_covar=1e-3, random_state=0).fit(normal[rows])
    return lambda asked: np.asarray(-density.score_samples(normal[asked]))


def _normal_scores(values: F64, rows: Rows) -> F64:
    """Ranks among the known as a normal distribution has them; beyond them all, 5.2 scatters."""
    from sklearn.preprocessing import QuantileTransformer

    ranks = QuantileTransformer(
        n_quantiles=min(QUANTILES, len(rows)), output_distribution="normal", subsample=None
    )
    return np.asarray(ranks.fit(values[rows]).transform(values))
