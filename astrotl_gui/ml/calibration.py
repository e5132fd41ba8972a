"""From scores that only order to probabilities, by labels of a random sample (Platt 1999; Zadrozny & Elkan 2002)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv, ndtri
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import brier_score_loss
from sklearn.model_selection import StratifiedKFold, cross_val_predict

FEWEST = 3
"""With fewer yes in the sample nothing can be fitted and checked."""
ISOTONIC_YES, ISOTONIC_LABELS = 50, 500
"""From so many on a free monotone curve, below Platt's two numbers: isotonic regression overfits few labels."""
FOLDS, BINS, LEAST_IN_BIN = 5, 10, 20
BOOTSTRAPS, INTERVAL = 400, 0.95

Floats = NDArray[np.float64]


class _Scores(ClassifierMixin, BaseEstimator):
    """Scores as they are, in the form that scikit-learn calibrates."""

    classes_ = np.array([0, 1])

    def fit(self, X: Any, y: Any) -> _Scores:
        return self

    def decision_function(self, X: Any) -> Floats:
        return np.asarray(X, float)[:, 0]

    def predict(self, X: Any) -> NDArray[np.int64]:
        return (self.decision_function(X) > 0).astype(np.int64)

    def __sklearn_is_fitted__(self) -> bool:
        return True


@dataclass(frozen=True, eq=False)
class Reliability:
    """A reliability diagram of n labels in m bins of as many each, by rising probability (m,).

    `said`: the mean probability; `seen`: the share of yes, `low` and `high` its 95 % interval (Clopper–Pearson);
    `counts` of labels.
    """

    said: Floats
    seen: Floats
    low: Floats
    high: Floats
    counts: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Calibration:
    """A monotone map from scores (0, 1) to probabilities, and how far it is off on labels it was not fitted to.

    `method`: sigmoid or isotonic. `error`: expected calibration error, mean |said − seen| over the bins of
    `reliability`, with the 95 % `interval` of its bootstrap; `brier`: mean (probability − label)².
    """

    method: str
    labels: int
    yes: int
    error: float
    interval: tuple[float, float]
    brier: float
    brier_interval: tuple[float, float]
    reliability: Reliability
    model: CalibratedClassifierCV

    def probability(self, scores: ArrayLike) -> NDArray[np.float32]:
        """Probabilities (N,) of scores (N,)."""
        values = np.asarray(scores, np.float64)
        if not len(values):
            return np.zeros(0, np.float32)
        return np.asarray(self.model.predict_proba(_features(values))[:, 1], np.float32)

    def to_dict(self) -> dict[str, Any]:
        """All that JSON can hold of it."""
        bins = {name: values.tolist() for name, values in vars(self.reliability).items()}
        apart = ("model", "reliability")
        return {**{k: v for k, v in vars(self).items() if k not in apart}, "reliability": bins}


def calibrate(scores: ArrayLike, truth: ArrayLike, *, seed: int = 0) -> Calibration | None:
    """Fit scores (n,) in (0, 1) to labels (n,) bool; None with fewer than `FEWEST` of either kind.

    Errors are of predictions across folds, each by the labels of the others.
    """
    x, y = _features(np.asarray(scores, np.float64)), np.asarray(truth, bool)
    yes, rarer = int(y.sum()), int(min(y.sum(), (~y).sum()))
    if rarer < FEWEST:
        return None
    method = "isotonic" if yes >= ISOTONIC_YES and len(y) >= ISOTONIC_LABELS else "sigmoid"
    fitted = _unfitted(method).fit(x, y)
    folds = StratifiedKFold(min(FOLDS, rarer), shuffle=True, random_state=seed)
    said = cross_val_predict(_unfitted(method), x, y, cv=folds, method="predict_proba")[:, 1]
    rng = np.random.default_rng(seed)
    draws = rng.integers(0, len(y), (BOOTSTRAPS, len(y)))
    errors = [expected_error(reliability(said[draw], y[draw])) for draw in draws]
    briers = ((said - y) ** 2)[draws].mean(axis=1)
    seen = reliability(said, y)
    return Calibration(
        method,
        len(y),
        yes,
        expected_error(seen),
        _interval(errors),
        float(brier_score_loss(y, said)),
        _interval(briers),
        seen,
        fitted,
    )


def reliability(said: Floats, truth: NDArray[np.bool_]) -> Reliability:
    """Probabilities (n,) against labels (n,), in bins of as many labels each."""
    order = np.argsort(said, kind="stable")
    parts = np.array_split(order, int(np.clip(len(said) // LEAST_IN_BIN, 1, BINS)))
    counts = np.array([len(part) for part in parts], np.int64)
    hits = np.array([truth[part].sum() for part in parts], np.int64)
    tail = (1 - INTERVAL) / 2
    low = np.where(hits > 0, betaincinv(np.maximum(hits, 1), counts - hits + 1, tail), 0.0)
    high = np.where(hits < counts, betaincinv(hits + 1, np.maximum(counts - hits, 1), 1 - tail), 1.0)
    means = np.array([said[part].mean() for part in parts])
    return Reliability(means, hits / counts, low, high, counts)


def expected_error(diagram: Reliability) -> float:
    """Mean |said − seen| over bins, weighed by their labels (Naeini et al. 2015)."""
    return float(np.average(np.abs(diagram.said - diagram.seen), weights=diagram.counts))


def _features(scores: Floats) -> Floats:
    """The ranker's scores are Φ(mean / σ): back to its mean, up to a factor, where a sigmoid is at home."""
    return np.asarray(ndtri(np.clip(scores, 1e-7, 1 - 1e-7)), float)[:, None]


def _unfitted(method: str) -> CalibratedClassifierCV:
    """Of a frozen estimator all labels fit the curve, whatever the folds."""
    return CalibratedClassifierCV(FrozenEstimator(_Scores()), method=method, cv=2)


def _interval(values: ArrayLike) -> tuple[float, float]:
    low, high = np.quantile(np.asarray(values, float), [(1 - INTERVAL) / 2, (1 + INTERVAL) / 2])
    return float(low), float(high)
