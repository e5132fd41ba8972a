"""How well scores order objects of which the truth is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

PRECISION_AT = (10, 20, 50)


@dataclass(frozen=True)
class Quality:
    """Of objects unlabelled when scored; None where it is not defined.

    `precision`: share of wanted among the first N of the order, for N in PRECISION_AT; `tpr_0fp`, `tpr_10fp`: share
    of the wanted that come before the first, and before the eleventh, of the others.
    """

    auroc: float | None = None
    auprc: float | None = None
    precision: tuple[float | None, ...] = (None,) * len(PRECISION_AT)
    tpr_0fp: float | None = None
    tpr_10fp: float | None = None

    def values(self) -> dict[str, float | None]:
        """All of them by name, `precision_N` for each N."""
        at = {f"precision_{n}": value for n, value in zip(PRECISION_AT, self.precision, strict=True)}
        return {
            "auroc": self.auroc,
            "auprc": self.auprc,
            **at,
            "tpr_0fp": self.tpr_0fp,
            "tpr_10fp": self.tpr_10fp,
        }


def best_first(scores: NDArray[np.floating]) -> NDArray[np.int64]:
    """Rows (N,) by falling score; equal scores in file order."""
    return np.argsort(-np.asarray(scores, np.float64), kind="stable")


def quality(positive: NDArray[np.bool_], scores: NDArray[np.floating]) -> Quality:
    """Measure scores (n,) of objects in file order against the truth (n,)."""
    hits = positive[best_first(scores)]
    precision = tuple(float(hits[:n].mean()) if len(hits) >= n else None for n in PRECISION_AT)
    if not positive.any():
        return Quality(precision=precision)
    auprc = average_precision(positive, scores)
    if positive.all():
        return Quality(auprc=auprc, precision=precision)
    shares = (true_positive_rate(hits, allowed) for allowed in (0, 10))
    return Quality(area_under_roc(positive, scores), auprc, precision, *shares)


# The two areas are scikit-learn's numbers; its checks of what it is given would take most of the time of a loop.


def area_under_roc(positive: NDArray[np.bool_], scores: NDArray[np.floating]) -> float:
    """Share of pairs (wanted, other) in which the wanted one scores higher; equal scores count half."""
    wanted, others = int(positive.sum()), int((~positive).sum())
    return float((rankdata(scores)[positive].sum() - wanted * (wanted + 1) / 2) / (wanted * others))


def average_precision(positive: NDArray[np.bool_], scores: NDArray[np.floating]) -> float:
    """Precision at each distinct score, weighted by the recall gained there."""
    order = best_first(scores)
    last = np.append(np.diff(scores[order]) != 0, True)  # of each group of equal scores
    found = np.cumsum(positive[order])[last]
    precision = found / (np.flatnonzero(last) + 1)
    return float((np.diff(found, prepend=0) * precision).sum() / found[-1])


def true_positive_rate(hits: NDArray[np.bool_], false_positives: int) -> float:
    """Share of the wanted found before one more than `false_positives` of the others is met. `hits` best first."""
    misses = np.flatnonzero(~hits)
    end = misses[false_positives] if len(misses) > false_positives else len(hits)
    return float(hits[:end].sum() / hits.sum())
