"""A cold score learned from injected examples: what sets them apart from their own hosts and from all other sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from sklearn.linear_model import LogisticRegression

from astrotl_gui.core.injected import Injected
from astrotl_gui.ml.placing import Placing

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Floats = NDArray[np.floating]

REGULARISATION = 0.01
"""C of the logistic regression for a total weight of `WEIGHT`; the lists are alike from 0.003 to 0.03."""
WEIGHT = 400.0
HOST_SHARE = 0.1
"""Weight of the hosts among the negatives; the others stand for what else there is: stars, spirals, artifacts."""
CHUNK = 65_536
SAMPLE = 2000
"""Sources that stand for all others; among so many hardly any is of the target."""


@dataclass(frozen=True, eq=False)
class Seen:
    """What is known of n cutouts: `vectors` (n, k) in the ranking space and `statistics` (n, M), NaN where unknown."""

    vectors: Floats
    statistics: F32

    def __len__(self) -> int:
        return len(self.vectors)


def learned_scores(
    injected: Mapping[str, Injected], placing: Placing, vectors: Floats, statistics: F32
) -> dict[str, F64]:
    """Scores (N,) by target from its injected pairs, of sources with vectors (N, k) and statistics (N, M).

    `vectors`: where `placing` puts the last features of the sources, and those of the pairs. A target without pairs,
    or with those of other embeddings, has no scores.
    """
    if not placing.spaces:
        return {}
    last = list(placing.blocks)[-1]
    shape = max(part.stop for part in placing.blocks.values()), statistics.shape[1]
    found = {}
    for target, pairs in injected.items():
        if not len(pairs) or (pairs.vectors.shape[1], pairs.statistics.shape[1]) != shape:
            continue
        drawn = Seen(placing.layer(last, pairs.vectors), pairs.statistics)
        plain = Seen(placing.layer(last, pairs.host_vectors), pairs.host_statistics)
        found[target] = learned_score(Seen(vectors, statistics), drawn, plain)
    return found


def learned_score(sources: Seen, injected: Seen, hosts: Seen, *, seed: int = 0) -> F64:
    """Scores (N,) of all sources, larger = more like the injected.

    Logistic regression on standardised vectors, and statistics as normal scores of their ranks among the sources, so
    that it is a matter of order and not of units. Rare targets among the sources taken as negatives do not
    matter: they are few. `hosts` are the injected cutouts without what was injected, repeats included.
    """
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.choice(len(sources), min(len(sources), SAMPLE), replace=False))
    sample = Seen(sources.vectors[rows].astype(np.float32), sources.statistics[rows])
    centre, spread = sample.vectors.mean(axis=0), sample.vectors.std(axis=0) + 1e-6

    def features(seen: Seen) -> F32:
        ranks = normal_scores_among(sample.statistics, seen.statistics)
        return np.concatenate([(seen.vectors - centre) / spread, ranks], axis=1)

    parts = [injected, hosts, sample]
    shares = [0.5, 0.5 * HOST_SHARE, 0.5 * (1 - HOST_SHARE)]
    weights = [
        np.full(len(part), WEIGHT * share / len(part)) for part, share in zip(parts, shares, strict=True)
    ]
    truth = np.concatenate([np.full(len(part), number == 0) for number, part in enumerate(parts)])
    model = LogisticRegression(C=REGULARISATION, max_iter=1000)
    model.fit(np.concatenate([features(part) for part in parts]), truth, np.concatenate(weights))
    scores = np.empty(len(sources))
    for start in range(0, len(sources), CHUNK):
        block = slice(start, start + CHUNK)
        chunk = Seen(sources.vectors[block], sources.statistics[block])
        scores[block] = model.decision_function(features(chunk))
    return scores


def normal_scores_among(reference: F32, values: F32) -> F32:
    """Normal scores (n, M) of the ranks that values would have among the reference (m, M); NaN is the median, 0."""
    out = np.zeros(values.shape, np.float32)
    for column in range(values.shape[1]):
        known = np.sort(reference[:, column][np.isfinite(reference[:, column])])
        good = np.isfinite(values[:, column])
        if len(known):
            low, high = (np.searchsorted(known, values[good, column], side) for side in ("left", "right"))
            out[good, column] = ndtri((low + high + 1) / (2 * len(known) + 2))
    return out
