"""Which sources are unlike those that values were learned from: several tests, one flag at a stated false rate."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.ml.device import cores
from astrotl_gui.ml.parameters import Features

FALSE_RATE = 0.05
NEIGHBOUR = 5
QUANTILES = 500
MIXTURE, ROWS_A_PART = 6, 30
"""Gaussians that describe the plane of size and S/N: at most so many, each of at least so many sources."""
TREES, TREE_SHARE, LEAF, SPLIT_SHARE = 100, 0.5, 2, 0.3
"""Of a forest: trees, the share of sources each sees, the fewest in a leaf, the share of features a split asks."""
COMPONENTS = 16
"""Leading components of the embedding that a forest looks at."""
TAUGHT = 20_000
"""A forest sees at most so many known sources and so many others (seeded samples)."""
BINS = 20
"""Of S/N, in each of which known and other sources weigh the same."""
FEW = 50
"""Fewer other sources cannot be told from the known by what they have in common."""

F64 = NDArray[np.float64]
Rows = NDArray[np.int64]
Score = Callable[[Rows], F64]
"""How unlike the known rows of features are; larger is stranger."""


def outside(
    features: Features,
    known: Rows,
    fold: NDArray[np.int64],
    plane: tuple[int, ...] = (),
    false_rate: float = FALSE_RATE,
    progress: Progress = SILENT,
) -> NDArray[np.bool_]:
    """Whether each of N sources is stranger than all but `false_rate` of the `known` (n rows).

    `fold` (N,) says which sources are left out together; `plane` are the columns of size and S/N, if there.

    *Distant* by any of up to three tests: distance to the fifth nearest known in columns and embedding; Mahalanobis
    distance in the normal scores of statistics and columns (shrunken covariance, Ledoit & Wolf 2004); density in the
    plane, where stars part from galaxies, under a mixture of Gaussians. *Of another kind* if forests that were
    taught to tell the known from the rest of the catalog (Elkan & Noto 2008), and saw no source near it on the sky,
    find it among the rest: one source alone may look common where hundreds like it, all without a value, do
    not. Scores become p-values among the known, each left out (Vovk et al. 2005); the smallest decides, and its edge
    is read off the same left-out sources, so that the rate holds however many tests there are.
    """
    p_value = _p_value(-_p_value(_distances(features, known, fold[known], plane), known)[:, None], known)
    if len(features) - len(known) >= FEW:
        other = _otherness(features, known, fold, plane, progress)
        p_value = np.minimum(p_value, _p_value(other[:, None], known))
    return np.asarray(p_value < np.quantile(p_value[known], false_rate))


def _p_value(scores: F64, known: Rows) -> F64:
    """The smallest p-value (N,) of tests, by their scores (N, tests), among the known."""
    count = len(known)
    below = [np.searchsorted(np.sort(mine[known]), mine) for mine in scores.T]
    return np.asarray((1 + count - np.max(below, axis=0)) / (count + 1))


def _distances(features: Features, known: Rows, fold: NDArray[np.int64], plane: tuple[int, ...]) -> F64:
    """Scores (N, tests) of all sources; the known, whose `fold` (n,) is given, by tests that did not see them."""
    every = np.arange(len(features))
    made = np.stack([score(every) for score in _tests(features, known, plane)], axis=1)
    for number in np.unique(fold):
        out = fold == number
        for test, score in enumerate(_tests(features, known[~out], plane)):
            made[known[out], test] = score(known[out])
    return made


def _tests(features: Features, rows: Rows, plane: tuple[int, ...]) -> list[Score]:
    """The tests of distance that the numbers at hand allow, each learned from sources `rows`."""
    columns = features.values[:, : features.columns]
    beside = np.hstack([np.nan_to_num(features.statistics), columns])
    scores = [_far(features.values, rows)]
    if beside.shape[1]:
        scores.append(_odd(beside, rows))
    if plane:
        scores.append(_rare(columns[:, list(plane)], rows))
    return scores


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


def _otherness(
    features: Features, known: Rows, fold: NDArray[np.int64], plane: tuple[int, ...], progress: Progress
) -> F64:
    """Share of trees (N,) that put a source with the rest, of forests that did not see its part of the sky.

    One looks at the columns alone, where few numbers tell stars from galaxies; one at statistics and embedding too.
    """
    from sklearn.ensemble import RandomForestClassifier

    columns = features.values[:, : features.columns]
    looks = [np.hstack([np.nan_to_num(features.statistics), features.leading(COMPONENTS)])]
    if features.columns:
        looks.append(columns)
    rest = np.ones(len(features), bool)
    rest[known] = False
    weight = _weights(columns[:, plane[-1]] if plane else np.zeros(len(features)), rest)
    random = np.random.default_rng(0)
    share = np.zeros(len(features))
    numbers = np.unique(fold)
    for done, number in enumerate(numbers):
        progress(done, len(numbers), "Looking for what is unlike the known")
        out = fold == number
        kinds = (np.flatnonzero(~out & kind) for kind in (rest, ~rest))
        taught = np.concatenate([random.permutation(rows)[:TAUGHT] for rows in kinds])
        for values in looks:
            forest = RandomForestClassifier(
                TREES,
                min_samples_leaf=LEAF,
                max_features=SPLIT_SHARE,
                max_samples=TREE_SHARE,
                n_jobs=cores(),
                random_state=0,
            ).fit(values[taught], rest[taught], sample_weight=weight[taught])
            share[out] += forest.predict_proba(values[out])[:, 1] / len(looks)
    progress(len(numbers), len(numbers), "Looking for what is unlike the known")
    return share


def _weights(signal: F64, rest: NDArray[np.bool_]) -> F64:
    """Weights (N,) that make the rest as many as the known at every S/N: that it is fainter is no kind."""
    edges = np.quantile(signal[~rest], np.linspace(0, 1, BINS + 1)[1:-1])
    place = np.searchsorted(edges, signal)
    known, others = (np.bincount(place[kind], minlength=BINS) for kind in (~rest, rest))
    return np.where(rest, (known / np.maximum(others, 1))[place], 1.0)
