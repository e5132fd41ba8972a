"""Nearest neighbours with FAISS; the only module that imports it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.errors import AstroTLError

EXACT, HALF = 200_000, 1_500_000
"""Up to so many vectors are compared one by one in float32, and in float16 (recall 1.000); more in cells."""
CELLS, PROBED = 4096, 32
TRAINED = 64 * CELLS
"""Vectors on which cells are trained, a seeded sample."""
ADDED = 262_144

F32 = NDArray[np.float32]
Floats = NDArray[np.floating]


class NearestNeighbours:
    """A Euclidean index of vectors (N, k).

    Exact up to 200,000; then float16 codes; beyond 1.5 million 8-bit codes in cells of which the nearest are
    looked through (IVF-SQ8: 96 % of the ten nearest of 200,000 are found, in a tenth of the time).
    """

    def __init__(self, vectors: Floats) -> None:
        try:
            import faiss
        except (ImportError, RuntimeError) as problem:  # a missing CUDA library is a RuntimeError
            raise AstroTLError(
                "Similarity search is not installed",
                f"FAISS cannot be loaded: {problem}. Install faiss-gpu (Linux) or faiss-cpu, not both.",
            ) from problem
        self.size = len(vectors)
        self._index = _empty(faiss, self.size, vectors.shape[1])
        if not self._index.is_trained:
            sample = np.random.default_rng(0).choice(self.size, min(self.size, TRAINED), replace=False)
            self._index.train(_plain(vectors[np.sort(sample)]))
        for start in range(0, self.size, ADDED):
            self._index.add(_plain(vectors[start : start + ADDED]))

    def search(self, queries: Floats, k: int) -> tuple[NDArray[np.int64], F32]:
        """Return (rows, distances), each (n, min(k, N)), nearest first; distances are not squared.

        Where fewer are found than asked for, rows end with −1.
        """
        square, rows = self._index.search(_plain(queries), min(k, self.size))
        return rows, np.sqrt(np.maximum(square, 0))


def _empty(faiss: Any, size: int, dimensions: int) -> Any:
    if size <= EXACT:
        return faiss.IndexFlatL2(dimensions)
    if size <= HALF:
        return faiss.IndexScalarQuantizer(dimensions, faiss.ScalarQuantizer.QT_fp16)
    index = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatL2(dimensions), dimensions, CELLS, faiss.ScalarQuantizer.QT_8bit
    )
    index.nprobe = PROBED
    index.cp.seed, index.cp.niter = 0, 10
    return index


def _plain(vectors: Floats) -> F32:
    return np.ascontiguousarray(vectors, np.float32)
