"""Synthetic embeddings: common kinds of object in clusters, and one rare kind."""

from __future__ import annotations

import numpy as np


def clustered(count: int, rare: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Embeddings (N, 256), statistics (N, 12) and truth (N,): the rare kind lies near one of eight clusters."""
    rng = np.random.default_rng(seed)
    scales = 1 / np.sqrt(np.arange(1, 257))
    centres = rng.normal(size=(8, 256)) * scales
    kind = rng.integers(0, 8, count)
    truth = np.zeros(count, bool)
    truth[rng.choice(count, rare, replace=False)] = True
    kind[truth] = 0
    odd = rng.normal(size=256) * scales
    vectors = 0.5 + centres[kind] + 0.7 * truth[:, None] * odd + rng.normal(size=(count, 256)) * scales
    table = rng.normal(size=(count, 12)) + 0.8 * truth[:, None] * rng.normal(size=12)
    return vectors.astype(np.float32), table.astype(np.float32), truth
