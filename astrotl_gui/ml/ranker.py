"""The ranker: a Gaussian process on labels ±1, updated label by label (Rasmussen & Williams 2006, ch. 2)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import cho_solve, solve_triangular
from scipy.special import ndtr

from astrotl_gui.ml.kernel import Kernel

NOISE = 0.5
PRIOR = -1.0
JITTER = 1e-6

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]


class Ranker:
    """Gaussian-process regression of labels ±1 over the N sources of a kernel.

    Mean function −1 (rare targets), or `prior` (N,), one value a source; label noise variance 0.5. The
    posterior does not depend on the order in which labels came. With positives only it is a similarity
    search. Samples are row numbers of the kernel's sources.
    """

    def __init__(self, kernel: Kernel, prior: ArrayLike = PRIOR, noise: float = NOISE) -> None:
        self.kernel = kernel
        self.noise = noise
        self.prior = np.broadcast_to(np.asarray(prior, np.float64), (len(kernel.vectors),))
        self._forget()

    def _forget(self) -> None:
        self.rows = np.zeros(0, np.int64)
        self.labels: F64 = np.zeros(0)
        self._factor: F64 = np.zeros((0, 0))
        self._columns = np.zeros((len(self.kernel.vectors), 0), np.float32)

    def fit(self, rows: ArrayLike, labels: ArrayLike, columns: F32 | None = None) -> Ranker:
        """Forget what was learned, then learn the labels (±1) of the given rows; see `partial_fit`."""
        self._forget()
        return self.partial_fit(rows, labels, columns)

    def partial_fit(self, rows: ArrayLike, labels: ArrayLike, columns: F32 | None = None) -> Ranker:
        """Learn further labels (±1); the Cholesky factor is extended, not made anew.

        A row labelled before takes its new label; of several labels of a row the last counts. `columns`
        (N, n): the kernel between all sources and `rows`, where the caller has them. ValueError for labels
        other than ±1.
        """
        chosen, values = _rows(rows), _labels(labels)
        if len(chosen) != len(values):
            raise ValueError("one label for each row")
        given = dict(zip(chosen.tolist(), values.tolist(), strict=True))
        place = dict(zip(chosen.tolist(), range(len(chosen)), strict=True))
        for known, row in enumerate(self.rows.tolist()):
            self.labels[known] = given.pop(row, self.labels[known])
        if given:
            new = np.array(list(given), np.int64)
            kept = [place[row] for row in given]
            self._extend(new, self.kernel.columns(new) if columns is None else columns[:, kept])
            self.labels = np.concatenate([self.labels, np.array(list(given.values()))])
        return self

    def _extend(self, rows: NDArray[np.int64], columns: F32) -> None:
        corner = columns[rows].astype(np.float64)
        corner = (corner + corner.T) / 2 + (self.noise + JITTER) * np.eye(len(rows))
        cross: F64 = np.zeros((len(self.rows), len(rows)))
        if len(self.rows):
            cross = solve_triangular(self._factor, columns[self.rows].astype(np.float64), lower=True)
        low = np.linalg.cholesky(corner - cross.T @ cross)
        self._factor = np.block([[self._factor, np.zeros(cross.shape)], [cross.T, low]])
        self.rows = np.concatenate([self.rows, rows])
        self._columns = np.concatenate([self._columns, columns], axis=1)

    def decision_function(self) -> F64:
        """Return the posterior mean (N,), by which sources are ranked: +1 target, −1 not."""
        if not len(self.rows):
            return self.prior.copy()
        weights = cho_solve((self._factor, True), self.labels - self.prior[self.rows])
        return self.prior + self._columns @ weights.astype(np.float32)

    def predict_proba(self, rows: ArrayLike | None = None) -> F64:
        """Return [p(not target), p(target)] (n, 2): Φ(mean / √noise), a monotonic score, not calibrated.

        All sources by default. The posterior variance is left out on purpose, so that p orders sources as
        the mean does.
        """
        mean = self.decision_function()
        p = ndtr((mean if rows is None else mean[_rows(rows)]) / np.sqrt(self.noise))
        return np.stack([1 - p, p], axis=1)

    def score(self, rows: ArrayLike, labels: ArrayLike) -> float:
        """Return the average precision of the ranking on labelled rows; NaN without a positive."""
        truth = _labels(labels) > 0
        chosen = _rows(rows)
        if not truth.any():
            return float("nan")
        hits = truth[np.lexsort((chosen, -self.decision_function()[chosen]))]
        return float((np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean())


def _rows(rows: ArrayLike) -> NDArray[np.int64]:
    return np.atleast_1d(np.asarray(rows, np.int64))


def _labels(labels: ArrayLike) -> F64:
    values = np.atleast_1d(np.asarray(labels, np.float64))
    if not np.isin(values, (-1.0, 1.0)).all():
        raise ValueError("labels are +1 (target) or -1 (not)")
    return values
