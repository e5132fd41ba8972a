"""The ranker: a Gaussian process on labels ±1, updated label by label (Rasmussen & Williams 2006, ch. 2)."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import cho_solve, solve_triangular
from scipy.special import ndtr

from astrotl_gui.core.progress import SILENT, Progress

NOISE = 0.5
PRIOR = -1.0
JITTER = 1e-6

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Rows = NDArray[np.int64]


class Similarities(Protocol):
    """What a ranker asks of a kernel over `count` sources (see `ml.kernel.Kernel`)."""

    @property
    def count(self) -> int: ...

    def between(self, these: Rows, rows: Rows) -> F32: ...

    def weighted(
        self, rows: Rows, weights: F64, at: Rows | None = None, progress: Progress = SILENT
    ) -> F64: ...


class Ranker:
    """Gaussian-process regression of labels ±1 over the N sources of a kernel.

    Mean function −1 (rare targets), or `prior` (N,), one value a source; label noise variance 0.5. The
    posterior does not depend on the order in which labels came. With positives only it is a similarity
    search. Samples are row numbers of the kernel's sources.
    """

    def __init__(self, kernel: Similarities, prior: ArrayLike = PRIOR, noise: float = NOISE) -> None:
        self.kernel = kernel
        self.noise = noise
        self.prior = np.broadcast_to(np.asarray(prior), (kernel.count,))
        self._forget()

    def _forget(self) -> None:
        self.rows = np.zeros(0, np.int64)
        self.labels: F64 = np.zeros(0)
        self._factor: F64 = np.zeros((0, 0))

    def fit(self, rows: ArrayLike, labels: ArrayLike) -> Ranker:
        """Forget what was learned, then learn the labels (±1) of the given rows; see `partial_fit`."""
        self._forget()
        return self.partial_fit(rows, labels)

    def partial_fit(self, rows: ArrayLike, labels: ArrayLike) -> Ranker:
        """Learn further labels (±1); the Cholesky factor is extended, not made anew.

        A row labelled before takes its new label; of several labels of a row the last counts. ValueError for
        labels other than ±1.
        """
        chosen, values = _rows(rows), _labels(labels)
        if len(chosen) != len(values):
            raise ValueError("one label for each row")
        given = dict(zip(chosen.tolist(), values.tolist(), strict=True))
        for known, row in enumerate(self.rows.tolist()):
            self.labels[known] = given.pop(row, self.labels[known])
        if given:
            self._extend(np.array(list(given), np.int64))
            self.labels = np.concatenate([self.labels, np.array(list(given.values()))])
        return self

    def _extend(self, new: Rows) -> None:
        every = np.concatenate([self.rows, new])
        block = self.kernel.between(every, new).astype(np.float64)
        cross, corner = block[: len(self.rows)], block[len(self.rows) :]
        corner = (corner + corner.T) / 2 + (self.noise + JITTER) * np.eye(len(new))
        if len(self.rows):
            cross = solve_triangular(self._factor, cross, lower=True)
        low = np.linalg.cholesky(corner - cross.T @ cross)
        self._factor = np.block([[self._factor, np.zeros(cross.shape)], [cross.T, low]])
        self.rows = every

    def weights(self) -> F64:
        """Return the weight (n,) of each labelled row: the score is the prior + Σ weight · K(source, labelled)."""
        return (
            cho_solve((self._factor, True), self.labels - self.prior[self.rows])
            if len(self.rows)
            else self.labels
        )

    def left_out(self) -> F64:
        """Return the posterior mean (n,) of each labelled row as if it had no label, by all others (ibid., 5.12)."""
        if not len(self.rows):
            return np.zeros(0)
        inverse = cho_solve((self._factor, True), np.eye(len(self.rows)))
        return self.labels - self.weights() / np.diag(inverse)

    def decision_function(self, rows: ArrayLike | None = None, progress: Progress = SILENT) -> F64:
        """Return the posterior mean (n,), by which sources are ranked: +1 target, −1 not. All sources by default."""
        at = None if rows is None else _rows(rows)
        prior = (self.prior if at is None else self.prior[at]).astype(np.float64)
        if not len(self.rows):
            return prior
        return prior + self.kernel.weighted(self.rows, self.weights(), at, progress)

    def predict_proba(self, rows: ArrayLike | None = None) -> F64:
        """Return [p(not target), p(target)] (n, 2): Φ(mean / √noise), a monotonic score, not calibrated.

        All sources by default. The posterior variance is left out on purpose, so that p orders sources as
        the mean does.
        """
        p = self.probability(self.decision_function(rows))
        return np.stack([1 - p, p], axis=1)

    def probability(self, mean: F64) -> F64:
        """Φ(mean / √noise) of posterior means, see `predict_proba`."""
        return np.asarray(ndtr(mean / np.sqrt(self.noise)))

    def score(self, rows: ArrayLike, labels: ArrayLike) -> float:
        """Return the average precision of the ranking on labelled rows; NaN without a positive."""
        truth = _labels(labels) > 0
        chosen = _rows(rows)
        if not truth.any():
            return float("nan")
        hits = truth[np.lexsort((chosen, -self.decision_function(chosen)))]
        return float((np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean())


def _rows(rows: ArrayLike) -> Rows:
    return np.atleast_1d(np.asarray(rows, np.int64))


def _labels(labels: ArrayLike) -> F64:
    values = np.atleast_1d(np.asarray(labels, np.float64))
    if not np.isin(values, (-1.0, 1.0)).all():
        raise ValueError("labels are +1 (target) or -1 (not)")
    return values
