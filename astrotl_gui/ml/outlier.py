"""Outliers without labels: the methods that the review compares, each a library's, and three of them combined by rank.

All act on L2-normalised embeddings in their own directions, never on whitened vectors of unit length, in which no
point is far from another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.ml.coldstart import Columns, step, whole
from astrotl_gui.ml.kernel import uniform_ranks
from astrotl_gui.ml.reference import F64, Seen

COMBINED = "combined"
MEMBERS = ("mahalanobis", "knn", "pca")
"""What `combined` is the mean rank of."""

NEIGHBOURS = 5
LOF_NEIGHBOURS = 20
NOVELTY_NEIGHBOURS = 10
TREES = 200
CLUSTERS = 16
LEAST_SNR = 10.0
"""S/N at which oddness counts half."""


def mahalanobis(seen: Seen) -> F64:
    """Squared Mahalanobis distance with the shrunk covariance of Ledoit & Wolf (2004)."""
    from sklearn.covariance import LedoitWolf

    return LedoitWolf().fit(seen.components[seen.usual]).mahalanobis(seen.components)


def knn(seen: Seen) -> F64:
    """Distance to the fifth nearest other source (Ramaswamy et al. 2000)."""
    return seen.neighbours(NEIGHBOURS)[:, -1]


def pca(seen: Seen) -> F64:
    """Squared error of the reconstruction from the principal components (Shyu et al. 2003)."""
    return seen.residual


def lof(seen: Seen) -> F64:
    """Local outlier factor (Breunig et al. 2000) among the reference sources."""
    from sklearn.neighbors import LocalOutlierFactor

    factor = LocalOutlierFactor(min(LOF_NEIGHBOURS, len(seen.reference) - 1), novelty=True)
    factor.fit(seen.components[seen.reference])
    scores = np.empty(len(seen.components))
    others = np.setdiff1d(np.arange(len(scores)), seen.reference)
    # Of what it was fitted on, the factor among the others; `score_samples` would count each as its own neighbour.
    scores[seen.reference] = -factor.negative_outlier_factor_
    if len(others):
        scores[others] = -factor.score_samples(seen.components[others])
    return scores


def forest(seen: Seen) -> F64:
    """Isolation forest (Liu et al. 2008), 200 trees of 256 sources."""
    from sklearn.ensemble import IsolationForest

    trees = IsolationForest(n_estimators=TREES, random_state=0).fit(seen.components[seen.reference])
    return -trees.score_samples(seen.components)


def kmeans(seen: Seen) -> F64:
    """Distance to the nearest of up to 16 centres of k-means; the lonely, left out, cannot be a centre themselves."""
    from sklearn.cluster import KMeans

    clusters = max(1, min(CLUSTERS, len(seen.usual) // 10))
    centres = KMeans(clusters, n_init=1, random_state=0).fit(seen.components[seen.usual])
    return centres.transform(seen.components).min(axis=1)


def novelty(seen: Seen) -> F64:
    """Mean distance to the ten nearest other sources (the novelty of Lehman & Stanley 2011)."""
    return seen.neighbours(NOVELTY_NEIGHBOURS).mean(axis=1)


def autoencoder(seen: Seen) -> F64:
    """Squared error of a small autoencoder's reconstruction (Hinton & Salakhutdinov 2006), without the lonely."""
    from astrotl_gui.ml.autoencoder import VectorAutoencoder

    network = VectorAutoencoder(seen.distinct.units(seen.usual))
    blocks = seen.distinct.blocks(np.arange(len(seen.distinct)))
    return np.concatenate([network.errors(part) for _, part in blocks])


SINGLE: Mapping[str, Callable[[Seen], F64]] = MappingProxyType(
    {
        "mahalanobis": mahalanobis,
        "knn": knn,
        "pca": pca,
        "lof": lof,
        "forest": forest,
        "kmeans": kmeans,
        "novelty": novelty,
        "autoencoder": autoencoder,
    }
)


def method_scores(
    vectors: NDArray[np.floating],
    methods: Sequence[str] = MEMBERS,
    begin: Callable[[str], object] = lambda method: None,
) -> dict[str, F64]:
    """Return method → scores (N,), larger = odder, of embeddings (N, D), for names in `SINGLE`.

    Every method is scored against the same reference: all distinct embeddings, or 4,096 of them drawn by their
    content, so that neither the order of the rows nor copies of one matter; equal embeddings score the same. NaN
    counts as 0. Fewer than three distinct embeddings all score 0. `begin(method)` is called before each. KeyError for
    an unknown name.
    """
    wanted = {method: SINGLE[method] for method in methods}
    seen = Seen.of(vectors)
    scores = {}
    for method, score in wanted.items():
        begin(method)
        distinct = score(seen) if len(seen.reference) > 2 else np.zeros(len(seen.distinct))
        scores[method] = distinct[seen.distinct.place]
    return scores


def combine(scores: Sequence[F64]) -> F64:
    """Mean of the mid-ranks (N,) in (0, 1) that each of the scores gives, larger = odder."""
    return np.mean([uniform_ranks(score) for score in scores], axis=0)


def worth(c: Columns) -> F64:
    """What each score counts (N,), in (0, 1): little below S/N 10, where noise shows, and half if cut off."""
    snr = c["snr"]
    return whole(c) * step(
        np.log10(np.where(np.isnan(snr), snr, np.maximum(snr, 0.1))), np.log10(LEAST_SNR), 0.1
    )


def cold_scores(
    vectors: NDArray[np.floating],
    c: Columns,
    methods: Sequence[str] = MEMBERS,
    begin: Callable[[str], object] = lambda method: None,
) -> dict[str, F64]:
    """Return method → scores (N,) in (0, 1), larger first: each method's mid-ranks times what they are worth.

    Rounded to what is kept of them (see `core.outlier_table`), so that a list is the same when it is opened again.
    """
    counts = worth(c)
    found = method_scores(vectors, methods, begin)
    return {
        method: (uniform_ranks(scores) * counts).astype(np.float32).astype(np.float64)
        for method, scores in found.items()
    }


def outlier_scores(vectors: NDArray[np.floating], method: str = COMBINED) -> F64:
    """Return scores (N,), larger = odder, of embeddings (N, D) by a name in `METHODS`; see `method_scores`."""
    if method == COMBINED:
        return combine(list(method_scores(vectors).values()))
    return method_scores(vectors, [method])[method]


METHODS: Mapping[str, Callable[[NDArray[np.floating]], F64]] = MappingProxyType(
    {method: partial(outlier_scores, method=method) for method in (COMBINED, *SINGLE)}
)
"""Every method of embeddings by name: (N, D) → scores (N,), larger = odder."""
