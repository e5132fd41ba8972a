"""The ranking space: half-whitened principal components of embeddings, every vector of unit length."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

COMPONENTS = 128
FIT_ROWS = 20_000
"""The components of more vectors than this are fitted on a seeded sample."""
CHUNK = 65_536

F32 = NDArray[np.float32]


def unit(vectors: NDArray[np.floating]) -> F32:
    """Scale each row to unit length; rows of zeros stay zero and NaN counts as 0."""
    rows = np.nan_to_num(np.asarray(vectors, np.float32), posinf=0.0, neginf=0.0)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.where(length > 0, length, 1)).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Space:
    """A fitted map from embeddings to the ranking space: centre (D,), axes (D, k), eigenvalues (k,)."""

    centre: F32
    axes: F32
    eigenvalues: F32

    @classmethod
    def fit(cls, vectors: NDArray[np.floating], components: int = COMPONENTS) -> Space:
        """Fit on embeddings (N, D): L2 → centre → PCA with k = min(components, N − 2, D), at least 1."""
        if len(vectors) > FIT_ROWS:
            sample = np.random.default_rng(0).choice(len(vectors), FIT_ROWS, replace=False)
            vectors = vectors[np.sort(sample)]
        rows = unit(vectors)
        centre = rows.mean(axis=0)
        eigenvalues, axes = _principal(rows - centre, max(1, min(components, len(rows) - 2, rows.shape[1])))
        return cls(centre, axes, eigenvalues)

    def components(self, vectors: NDArray[np.floating]) -> F32:
        """Project embeddings (N, D) on the principal axes, not whitened: (N, k)."""
        return ((unit(vectors) - self.centre) @ self.axes).astype(np.float32, copy=False)

    def transform(self, vectors: NDArray[np.floating]) -> F32:
        """Map embeddings (N, D) to the ranking space (N, k): components / eigenvalue^(1/4), then L2.

        Half-whitening keeps more of the natural order of the directions than full whitening, which with k
        near N leaves every point equally far from every other.
        """
        out = np.empty((len(vectors), len(self.eigenvalues)), np.float32)
        for start in range(0, len(vectors), CHUNK):
            part = vectors[start : start + CHUNK]
            out[start : start + CHUNK] = unit(self.components(part) / self.eigenvalues**0.25)
        return out


def _principal(rows: F32, k: int) -> tuple[F32, F32]:
    """Return the k largest eigenvalues of the covariance (k,) and their axes (D, k), signs fixed."""
    n, d = rows.shape
    if n < d:  # the small Gram matrix has the same non-zero eigenvalues
        values, left = np.linalg.eigh((rows @ rows.T).astype(np.float64))
        values, left = values[::-1][:k], left[:, ::-1][:, :k]
        axes = rows.T @ (left / np.sqrt(np.maximum(values, 1e-12)))
    else:
        values, axes = np.linalg.eigh((rows.T @ rows).astype(np.float64))
        values, axes = values[::-1][:k], axes[:, ::-1][:, :k]
    signs = np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    variance = np.maximum(values / max(n - 1, 1), 1e-10)
    return variance.astype(np.float32), (axes * np.where(signs == 0, 1, signs)).astype(np.float32)
