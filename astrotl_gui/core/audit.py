"""What a random sample proves about a list: the least share of the targets of a declared set that were found.

Of a set, F sources were called yes and N were not. n of the N are drawn at random and labelled; k turn out to be
targets. Then with 95 % confidence at most U = ⌊N · p⌋ of the N are targets, p the one-sided limit of Clopper & Pearson
(1934), and the list holds at least F / (F + U) of all targets of the set. The sample is drawn without replacement, for
which the binomial limit is on the safe side (Uhlmann 1966).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv

CONFIDENCE = 0.95
RULE = 3.0
"""−ln(1 − CONFIDENCE), rounded up: without a hit among n, a share of at most 3 / n is left."""
HITS_SHOWN = 4
"""A plan says what 0, 1, 2 and 3 hits cost."""

Floats = NDArray[np.float64]


def upper_share(hits: ArrayLike, labelled: ArrayLike, confidence: float = CONFIDENCE) -> Floats:
    """One-sided Clopper–Pearson upper limit of a share of which `hits` of `labelled` were seen; 1 for none labelled."""
    k, n = np.broadcast_arrays(np.asarray(hits, float), np.asarray(labelled, float))
    return np.where(k < n, betaincinv(k + 1, np.maximum(n - k, 1), confidence), 1.0)


def most_unfound(count: ArrayLike, labelled: ArrayLike, hits: ArrayLike) -> NDArray[np.int64]:
    """U: the most targets among `count` sources, of which `labelled` random ones held `hits`; at 95 % confidence.

    All labelled, it is what was seen.
    """
    size, n, k = (np.asarray(values, np.int64) for values in (count, labelled, hits))
    most = np.floor(size * upper_share(k, n) + 1e-9).astype(np.int64)
    return np.clip(most, k, size - n + k)


def least_recall(found: ArrayLike, count: ArrayLike, labelled: ArrayLike, hits: ArrayLike) -> Floats:
    """F / (F + U): the least share found of all targets of a set, at 95 % confidence; 0 where nothing was found."""
    have = np.asarray(found, float)
    total = have + most_unfound(count, labelled, hits)
    return np.divide(have, total, out=np.zeros(np.broadcast(have, total).shape), where=total > 0)


def rule_of_three(size: int, found: int, recall: float) -> int:
    """n ≥ 3 · M · r / (F · (1 − r)): labels without a hit that show a recall of r in a set of M with F found."""
    return ceil(round(RULE * size * recall / (found * (1 - recall)), 6))


def labels_needed(found: int, count: int, recall: float, hits: int = 0) -> int | None:
    """The fewest labels that show the recall with so many hits among them; None where even all `count` do not."""
    low, high = hits, count
    if high < low or least_recall(found, count, count, hits) < recall:
        return None
    while low < high:
        middle = (low + high) // 2
        if least_recall(found, count, middle, hits) >= recall:
            high = middle
        else:
            low = middle + 1
    return low


@dataclass(frozen=True)
class Plan:
    """An audit that could be made: of `size` sources `found` are called yes; `labels` random others are to be labelled.

    `hits` among them do no harm to the `recall` to be shown. `by_hits`: how many labels it takes when 0, 1, 2, 3
    are hits, None where it cannot be shown. `pace`: seconds a label takes this vetter, None while unknown.
    """

    target: str
    words: str
    size: int
    found: int
    recall: float
    hits: int
    labels: int
    by_hits: tuple[int | None, ...]
    pace: float | None = None

    @property
    def seconds(self) -> float | None:
        return None if self.pace is None else self.pace * self.labels


def make_plan(
    target: str, words: str, size: int, found: int, recall: float, hits: int = 0, pace: float | None = None
) -> Plan:
    """Plan to show a recall (0 < r < 1) with so many hits allowed; `found` must be at least 1.

    Without a hit it asks for the rule of three, a few more than needed. Where the recall cannot be shown with so many
    hits, all that was not found is labelled.
    """
    count = size - found
    by_hits = tuple(labels_needed(found, count, recall, k) for k in range(max(HITS_SHOWN, hits + 1)))
    asked = rule_of_three(size, found, recall) if hits == 0 else by_hits[hits]
    labels = count if asked is None else min(asked, count)
    return Plan(target, words, size, found, recall, hits, labels, by_hits, pace)
