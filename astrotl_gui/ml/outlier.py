"""Outliers without labels: three views of what is unlike the rest, combined by rank."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.ml.kernel import uniform_ranks
from astrotl_gui.ml.space import Space

F64 = NDArray[np.float64]

COMPONENTS = 32
NEIGHBOURS = 5
REFERENCE = 4096
"""Nearest neighbours are sought in a seeded sample of this many sources."""
TRIM = 0.1
SHRINK = 0.1
"""Ridge of the Mahalanobis distance, as a share of the mean eigenvalue."""


def outlier_scores(vectors: NDArray[np.floating]) -> F64:
    """Return scores (N,), larger = odder, of embeddings (N, D): mean rank of the three distances below.

    They act on L2-normalised, centred principal components, never on whitened vectors of unit length, in
    which no point is far from another.
    """
    if len(vectors) < 3:
        return np.full(len(vectors), 0.5)
    space = Space.fit(vectors, COMPONENTS)
    distance = neighbour_distance(space.components(vectors).astype(np.float64))
    # Outliers pull components towards themselves and then fit them: fit again without the loneliest tenth.
    usual = distance <= np.quantile(distance, 1 - TRIM)
    if usual.sum() > 2:
        space = Space.fit(vectors[usual], COMPONENTS)
    components = space.components(vectors).astype(np.float64)
    views = [
        mahalanobis(components, space.eigenvalues),
        distance,
        pca_residual(vectors, space, components),
    ]
    return np.mean([uniform_ranks(np.round(view, 9)) for view in views], axis=0)


def mahalanobis(components: F64, eigenvalues: NDArray[np.floating]) -> F64:
    """Squared Mahalanobis distance, the eigenvalues shrunk by a tenth of their mean."""
    ridge = SHRINK * float(np.mean(eigenvalues))
    return (components**2 / (np.asarray(eigenvalues, np.float64) + ridge)).sum(axis=1)


def neighbour_distance(components: F64, k: int = NEIGHBOURS) -> F64:
    """Distance to the k-th nearest other source (of a sample, for many sources)."""
    n = len(components)
    rows = np.arange(n)
    if n > REFERENCE:
        rows = np.sort(np.random.default_rng(0).choice(n, REFERENCE, replace=False))
    sample = components[rows].astype(np.float32)
    k = min(k, len(rows) - 1)
    out = np.empty(n)
    for start in range(0, n, 1024):
        part = components[start : start + 1024].astype(np.float32)
        square = (part**2).sum(1)[:, None] + (sample**2).sum(1)[None] - 2 * part @ sample.T
        own = (rows >= start) & (rows < start + len(part))
        square[rows[own] - start, np.flatnonzero(own)] = np.inf
        out[start : start + len(part)] = np.partition(square, k - 1, axis=1)[:, k - 1]
    return np.sqrt(np.maximum(out, 0))


def pca_residual(vectors: NDArray[np.floating], space: Space, components: F64) -> F64:
    """Squared length of what the principal components leave of each centred unit vector."""
    return space.squared_lengths(vectors) - (components**2).sum(axis=1)
