"""What to label next: the top of a list, or what another query strategy asks about."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from astrotl_gui.core.places import Without
from astrotl_gui.core.ranking import Ranking
from astrotl_gui.core.settings import STRATEGIES, QueueSettings

if TYPE_CHECKING:
    from astrotl_gui.pipeline.rank import RankInputs

__all__ = ["STRATEGIES", "Left", "next_to_label"]

THINNED = 5
"""Diverse takes every fifth, about, of so many times what is asked for."""

Ids = NDArray[np.int64]


class Left:
    """The ids that are left to label, best first: those of the list that are not among `done`.

    Where only a pool is ranked yet, the sources outside of it follow, by id. Neither list is copied: asking how many
    there are, or for some of them, is as quick for ten million as for ten.
    """

    def __init__(self, ranking: Ranking, done: Ids, inputs: RankInputs | None = None) -> None:
        self.ranking = ranking
        self.listed = Without(len(ranking), ranking.places.of(done))
        self._all, self._outside = ranking.ids[:0], Without(0, ranking.ids[:0])
        if ranking.rest and inputs is not None:
            self._all = inputs.ids
            rows, there = inputs.rows.found(np.concatenate([ranking.ids, done]))  # type: ignore[arg-type]
            self._outside = Without(len(inputs.ids), rows[there])

    def __len__(self) -> int:
        return len(self.listed) + len(self._outside)

    def at(self, numbers: ArrayLike) -> Ids:
        """The n-th of those left, for each of `numbers` (from 0)."""
        wanted = np.asarray(numbers, np.int64)
        found = np.empty(len(wanted), np.int64)
        inside = wanted < len(self.listed)
        found[inside] = self.ranking.ids[self.listed.at(wanted[inside])]
        found[~inside] = self._all[self._outside.at(wanted[~inside] - len(self.listed))]
        return found

    def first(self, count: int) -> Ids:
        """Up to so many, best first."""
        return self.at(np.arange(min(count, len(self))))


def next_to_label(
    inputs: RankInputs | None,
    ranking: Ranking,
    done: Ids,
    count: int,
    settings: QueueSettings = QueueSettings(),  # noqa: B008 (frozen)
    seed: int = 0,
) -> Ids:
    """Return up to `count` different ids to label next, none of `done` (labelled, seen, held back).

    The same arguments give the same ids, and with `count` at least what is left all of them come. Strategies:
    *top*, as ranked. *explore*: the share `settings.explore` of the places goes to sources drawn at random from the
    rest, spread evenly. *uncertain*: scores nearest 1/2, nearest first; before the ranker has labels its scores mean
    no probability, and the top is taken. *diverse*: of the first 5 · count, the best and then always the one farthest
    in ranking space from all taken (k-centre greedy; Sener & Savarese 2018), as ranked; the top without `inputs`.
    *random*: drawn evenly. A strategy of a newer version is the top.
    """
    left = Left(ranking, done, inputs)
    count = min(max(count, 0), len(left))
    rng = np.random.default_rng(seed)
    match settings.strategy:
        case "explore":
            return _explore(left, count, settings.explore, rng)
        case "uncertain" if ranking.learned:
            return _uncertain(left, count)
        case "diverse" if inputs is not None:
            return _diverse(inputs, left.first(THINNED * count), count)
        case "random":
            return left.at(rng.choice(len(left), count, replace=False) if count else [])
    return left.first(count)


def _explore(left: Left, count: int, share: float, rng: np.random.Generator) -> Ids:
    """Every (1/share)-th place is random, drawn from what the top does not take."""
    places = np.arange(1, count + 1)
    random = np.floor(places * share) > np.floor((places - 1) * share)
    top = count - int(random.sum())
    chosen = np.empty(count, np.int64)
    chosen[~random] = left.first(top)
    chosen[random] = left.at(
        top + rng.choice(len(left) - top, count - top, replace=False) if count > top else []
    )
    return chosen


def _uncertain(left: Left, count: int) -> Ids:
    """Ties, and sources outside of a pool, as ranked.

    Scores descend, so that those nearest 1/2 stand in one piece around it.
    """
    scores, listed = left.ranking.scores, left.listed

    def away(number: int) -> float:
        return float(abs(scores[int(listed.at(number))] - np.float32(0.5)))

    few, most = min(count, len(listed)), len(listed)
    middle = bisect_left(range(most), True, key=lambda n: bool(scores[int(listed.at(n))] < 0.5))
    near = range(max(middle - few, 0), min(middle + few, most))
    if not few:
        return left.first(count)
    limit = sorted(map(away, near))[few - 1]
    start = bisect_left(range(middle), -limit, key=lambda n: -away(n))
    end = bisect_right(range(most), limit, lo=middle, key=away)
    numbers = np.arange(start, end)
    nearest = np.abs(scores[listed.at(numbers)] - np.float32(0.5))
    chosen = numbers[np.argsort(nearest, kind="stable")[:few]]
    return left.at(np.concatenate([chosen, np.arange(most, most + count - few)]))


def _diverse(inputs: RankInputs, left: Ids, count: int) -> Ids:
    """Of `left`, `count` far from each other; those without a vector come last."""
    if count == 0:
        return left
    rows, there = inputs.rows.found(left.tolist())
    vectors = inputs.vectors[rows].astype(np.float32)
    away = np.where(there, np.inf, -1.0).astype(np.float32)
    taken = np.zeros(len(left), bool)
    for _ in range(count):
        place = int(np.argmax(away))
        taken[place], away[place] = True, -2.0
        distance = ((vectors - vectors[place]) ** 2).sum(axis=1)
        open_ = away >= 0
        away[open_] = np.minimum(away[open_], distance[open_])
    return left[taken]
