"""The gate: does a tuned network rank held-out labels better than the network as shipped, beyond the error?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree
from sklearn.model_selection import StratifiedGroupKFold

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Estimate = tuple[float, float]
"""A value and its standard error."""

RESAMPLES = 500
ERRORS = 1.645
"""Standard errors by which tuned has to lead: one in twenty of equals would (one-sided)."""
HARM = 1.0
"""Standard errors by which another list may fall behind."""


@dataclass(frozen=True)
class Comparison:
    """Tuned beside frozen on the same held-out labels: average precision and area under the ROC curve.

    Errors are over resampled labels; that of the `difference` in average precision is the larger of the paired
    bootstrap's and of the scatter over folds, corrected for their shared training labels (Nadeau & Bengio 2003).
    """

    tuned: Estimate
    frozen: Estimate
    difference: Estimate
    area_tuned: Estimate
    area_frozen: Estimate
    area_difference: Estimate

    @property
    def better(self) -> bool:
        """Tuned leads beyond its error, and the whole order agrees."""
        return self.difference[0] > ERRORS * self.difference[1] and self.area_difference[0] > 0

    @property
    def harms(self) -> bool:
        return self.difference[0] < -HARM * self.difference[1]


def compare(wanted: Bools, tuned: Floats, frozen: Floats, fold: Rows, seed: int = 0) -> Comparison:
    """Compare held-out scores (n,) of the same labels; `fold` (n,) says which were held out together."""
    both = (tuned, frozen)
    once = np.ones((1, len(wanted)))
    whole = np.stack([measures(wanted, scores, once)[0] for scores in both], axis=1)
    random = np.random.default_rng(seed)
    times = np.zeros((RESAMPLES, len(wanted)))
    for rows in (np.flatnonzero(wanted), np.flatnonzero(~wanted)):
        times[:, rows] = random.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), RESAMPLES)
    again = np.stack([measures(wanted, scores, times) for scores in both], axis=2)
    error = again.std(axis=0, ddof=1)
    between = (again[..., 0] - again[..., 1]).std(axis=0, ddof=1)
    parts = [np.where(fold == k, 1.0, 0.0)[None] for k in np.unique(fold)]
    gaps = [
        float(measures(wanted, tuned, part)[0, 0] - measures(wanted, frozen, part)[0, 0])
        for part in parts
        if 0 < part @ wanted < part.sum()
    ]
    error_of_gap = max(float(between[0]), corrected_error(gaps))

    def estimate(measure: int, which: int) -> Estimate:
        return float(whole[measure, which]), float(error[measure, which])

    return Comparison(
        estimate(0, 0),
        estimate(0, 1),
        (float(whole[0, 0] - whole[0, 1]), error_of_gap),
        estimate(1, 0),
        estimate(1, 1),
        (float(whole[1, 0] - whole[1, 1]), float(between[1])),
    )


def measures(wanted: Bools, scores: Floats, times: Floats) -> Floats:
    """Average precision and area under the ROC curve (R, 2) of labels (n,), each counted `times` (R, n).

    As scikit-learn's `average_precision_score` and `roc_auc_score` with weights, for all R at once. Each row has to
    count labels of both kinds.
    """
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)  # ties count together
    hits = np.cumsum(times[:, order] * wanted[order], axis=1)[:, ends]
    seen = np.cumsum(times[:, order], axis=1)[:, ends]
    new_hits, misses = np.diff(hits, prepend=0.0), seen - hits
    precision = np.divide(hits, seen, out=np.zeros_like(hits), where=seen > 0)
    area = (np.diff(misses, prepend=0.0) * (hits - new_hits / 2)).sum(axis=1) / misses[:, -1]
    return np.stack([(new_hits * precision).sum(axis=1), area], axis=1) / hits[:, -1:]


def corrected_error(gaps: Sequence[float]) -> float:
    """Standard error of the mean of J folds' differences that share training labels: s·√(1/J + 1/(J − 1)).

    Nadeau & Bengio 2003; in J-fold cross-validation a test set is 1 / (J − 1) of its training set. 0 for one fold.
    """
    count = len(gaps)
    if count < 2:
        return 0.0
    return float(np.std(gaps, ddof=1) * np.sqrt(1 / count + 1 / (count - 1)))


def neighbours(x: Floats, y: Floats, reach: float) -> Rows:
    """Group numbers (n,): sources within `reach` of each other, directly or through others, share one."""
    tree = cKDTree(np.stack([x, y], axis=1))
    pairs = tree.query_pairs(reach, output_type="ndarray")
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(x), len(x)))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)


def split(wanted: Bools, groups: Rows, folds: int, seed: int) -> Rows:
    """The fold (n,), from 0, in which each label is held out: classes spread evenly, groups kept together."""
    out = np.zeros(len(wanted), np.int64)
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    for number, (_, held) in enumerate(splitter.split(out, wanted, groups)):
        out[held] = number
    return out


def words(compared: Comparison, harmed: Sequence[str] = ()) -> str:
    """The verdict in a sentence."""
    (tuned, te), (frozen, fe), (gap, ge) = compared.tuned, compared.frozen, compared.difference
    numbers = f"average precision {tuned:.2f} ± {te:.2f} tuned, {frozen:.2f} ± {fe:.2f} as shipped"
    if compared.better and not harmed:
        return f"Better by {gap:.2f} ± {ge:.2f} on labels held out: {numbers}."
    if compared.better:
        return f"Better for this list but worse for {', '.join(harmed)}: {numbers}."
    if compared.harms:
        return f"Worse on labels held out: {numbers}."
    return f"No better on labels held out, within its error: {numbers}."
