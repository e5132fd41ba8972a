"""Baselines on the embedding: look-alikes, a linear classifier, what is easily isolated."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize

from astrotl_gui.ml.baselines.method import F64, Labels, split

ITERATIONS = 1000
WEAKNESS = 10.0
"""C of the regression: unit vectors are close together, and 1 holds it back on every sky tried."""


class MaxSimilarity:
    """ULISSE (Doorenbos et al. 2022): least Euclidean distance of raw embeddings to any wanted example."""

    def __init__(self, vectors: NDArray[np.floating]) -> None:
        self.vectors = np.asarray(vectors, np.float64)

    def scores(self, labels: Labels, seed: int) -> F64:
        wanted, _ = split(labels)
        if not len(wanted):
            return np.zeros(len(self.vectors))
        return -cdist(self.vectors, self.vectors[wanted]).min(axis=1)


class Logistic:
    """Logistic regression, classes weighted alike, on embeddings of unit length.

    Until both classes have a label, the cosine to the mean of what there is, or from it.
    """

    def __init__(self, vectors: NDArray[np.floating]) -> None:
        self.vectors = normalize(np.asarray(vectors, np.float64))

    def scores(self, labels: Labels, seed: int) -> F64:
        if not labels:
            return np.zeros(len(self.vectors))
        wanted, others = split(labels)
        if not len(wanted) or not len(others):
            mean = self.vectors[[*wanted, *others]].mean(axis=0)
            return np.asarray(self.vectors @ mean) * (1 if len(wanted) else -1)
        rows = np.concatenate([wanted, others])
        classes = np.concatenate([np.ones(len(wanted)), np.zeros(len(others))])
        model = LogisticRegression(C=WEAKNESS, class_weight="balanced", max_iter=ITERATIONS)
        return np.asarray(model.fit(self.vectors[rows], classes).decision_function(self.vectors))


class Isolation:
    """Isolation forest (Liu et al. 2008) on embeddings, blind to labels; one forest a seed."""

    def __init__(self, vectors: NDArray[np.floating]) -> None:
        self.vectors = np.asarray(vectors, np.float32)
        self._grown: tuple[int, F64] | None = None

    def scores(self, labels: Labels, seed: int) -> F64:
        if self._grown is None or self._grown[0] != seed:
            forest = IsolationForest(random_state=seed).fit(self.vectors)
            self._grown = seed, -np.asarray(forest.score_samples(self.vectors), np.float64)
        return self._grown[1]
