"""A kernel that remembers its columns: a further label costs one of them, whatever the target."""

from __future__ import annotations

import threading
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.ml.kernel import Kernel

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Rows = NDArray[np.int64]

CACHED_BYTES = 512 * 2**20


class CachedKernel:
    """`kernel` with the columns of labelled sources kept, up to `CACHED_BYTES`; safe to share between threads.

    Columns are of all sources, or of the rows `pool`. A request for more columns than fit is computed in a pass, so
    that what is kept never decides a score.
    """

    def __init__(self, kernel: Kernel, pool: Rows | None = None) -> None:
        self.kernel, self.pool = kernel, pool
        self.count = kernel.count
        self._height = kernel.count if pool is None else len(pool)
        self._columns: dict[int, F32] = {}
        self._lock = threading.Lock()

    def between(self, these: Rows, rows: Rows) -> F32:
        return self.kernel.between(these, rows)

    def weighted(self, rows: Rows, weights: F64, at: Rows | None = None, progress: Progress = SILENT) -> F64:
        """Return Σ_i weight_i K(x, row_i) for the sources `at`, all (of the pool) by default."""
        if at is not None or 4 * self._height * len(rows) > CACHED_BYTES:
            return self.kernel.weighted(rows, weights, self.pool if at is None else at, progress)
        out = np.zeros(self._height, np.float32)
        for column, weight in zip(self.columns(rows), weights.astype(np.float32), strict=True):
            out += weight * column
        return out.astype(np.float64)

    def columns(self, rows: Rows) -> list[F32]:
        """K between all sources (of the pool) and each of the given rows."""
        with self._lock:
            kept = self._columns
            new = [row for row in rows.tolist() if row not in kept]
            if 4 * self._height * (len(kept) + len(new)) > CACHED_BYTES:
                wanted = set(rows.tolist())
                kept = self._columns = {row: column for row, column in kept.items() if row in wanted}
            kept.update(zip(new, self._computed(new), strict=True))
            return [kept[row] for row in rows.tolist()]

    def _computed(self, rows: list[int]) -> Iterable[F32]:
        if self.pool is None:  # one by one, so that a score never depends on what was asked for together
            return (self.kernel.column(row) for row in rows)
        return self.kernel.between(self.pool, np.array(rows, np.int64)).T.copy()
