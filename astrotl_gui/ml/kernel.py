"""The kernel of the ranker: embeddings in the ranking space and plain statistics, weighted 0.7 and 0.3."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

EMBEDDING_WEIGHT = 0.7
PAIRS = 20_000
"""Random pairs from which the two length scales are taken."""

F32 = NDArray[np.float32]


def normal_scores(values: NDArray[np.floating]) -> F32:
    """Map each column (N, M) to normal scores of its ranks; ties share a rank and NaN becomes 0 (the median)."""
    table = np.asarray(values, np.float32)
    out = np.zeros(table.shape, np.float32)
    for column in range(table.shape[1]):
        good = np.isfinite(table[:, column])
        out[good, column] = ndtri(uniform_ranks(table[good, column]))
    return out


def uniform_ranks(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Map finite values (N,) to mid-ranks in (0, 1): (rank − 1/2) / N, ties averaged."""
    found, place, count = np.unique(values, return_inverse=True, return_counts=True)
    if not len(found):
        return np.zeros(0)
    last = np.cumsum(count)
    return (((last - count) + last) / 2 / len(values))[place]


@dataclass(frozen=True, eq=False)
class Kernel:
    """K(a, b) = w·exp((a·b − 1)/m) + (1 − w)·exp(−|s_a − s_b|²/d) over N sources.

    `vectors` (N, k) have unit length, `scores` (N, M) are normal scores (M may be 0: then w = 1);
    m is the median of 1 − a·b and d that of |s_a − s_b|² over random pairs.
    """

    vectors: F32
    scores: F32
    length: float
    spread: float
    weight: float

    @classmethod
    def fit(cls, vectors: F32, scores: F32, weight: float = EMBEDDING_WEIGHT) -> Kernel:
        """Take the length scales from seeded random pairs of the given sources."""
        n = len(vectors)
        rng = np.random.default_rng(0)
        a, b = rng.integers(0, max(n, 1), (2, PAIRS if n > 1 else 0))
        a, b = a[a != b], b[a != b]
        angles = 1 - np.einsum("nk,nk->n", vectors[a], vectors[b])
        squares = ((scores[a] - scores[b]) ** 2).sum(axis=1)
        mixed = weight if scores.shape[1] and _median(squares) > 0 else 1.0
        return cls(vectors, scores, _median(angles) or 1.0, _median(squares) or 1.0, mixed)

    def columns(self, rows: NDArray[np.int64]) -> F32:
        """Return K between all N sources and the given rows: (N, len(rows))."""
        out = self.vectors @ self.vectors[rows].T
        out -= 1
        out /= np.float32(self.length)
        np.exp(out, out=out)
        if self.weight == 1:
            return out
        out *= np.float32(self.weight)
        out += np.float32(1 - self.weight) * self._alike(rows)
        return out

    def _alike(self, rows: NDArray[np.int64]) -> F32:
        some = self.scores[rows]
        square = (self.scores @ some.T) * np.float32(-2)
        square += (self.scores**2).sum(axis=1)[:, None]
        square += (some**2).sum(axis=1)[None, :]
        np.maximum(square, 0, out=square)
        square /= np.float32(-self.spread)
        return np.exp(square, out=square)


def _median(values: NDArray[np.floating]) -> float:
    return float(np.median(values)) if len(values) else 0.0
