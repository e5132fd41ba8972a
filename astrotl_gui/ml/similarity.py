"""Exact nearest neighbours with FAISS; the only module that imports it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.errors import AstroTLError


class NearestNeighbours:
    """An exact Euclidean index (IndexFlatL2) of float32 vectors (N, k)."""

    def __init__(self, vectors: NDArray[np.float32]) -> None:
        try:
            import faiss
        except (ImportError, RuntimeError) as problem:  # a missing CUDA library is a RuntimeError
            raise AstroTLError(
                "Similarity search is not installed",
                f"FAISS cannot be loaded: {problem}. Install faiss-gpu (Linux) or faiss-cpu, not both.",
            ) from problem
        self.size = len(vectors)
        self._index = faiss.IndexFlatL2(vectors.shape[1])
        self._index.add(np.ascontiguousarray(vectors, np.float32))

    def search(self, queries: NDArray[np.float32], k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return (rows, distances), each (n, min(k, N)), nearest first; distances are not squared."""
        square, rows = self._index.search(np.ascontiguousarray(queries, np.float32), min(k, self.size))
        return rows, np.sqrt(np.maximum(square, 0))
