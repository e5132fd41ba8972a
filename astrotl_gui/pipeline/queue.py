"""What to label next: the top of a list, or what another query strategy asks about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.ranking import Ranking
from astrotl_gui.core.settings import STRATEGIES, QueueSettings

if TYPE_CHECKING:
    from astrotl_gui.pipeline.rank import RankInputs

__all__ = ["STRATEGIES", "left_of", "next_to_label"]

THINNED = 5
"""Diverse takes every fifth, about, of so many times what is asked for."""

Ids = NDArray[np.int64]


def left_of(ranking: Ranking, done: Ids, inputs: RankInputs | None = None) -> Ids:
    """The ids that are left to label, best first: those of the list that are not among `done`.

    Where only a pool is ranked yet, the sources outside of it follow, by id.
    """
    ids = ranking.ids
    if ranking.rest and inputs is not None:
        ids = np.concatenate([ids, np.setdiff1d(inputs.ids, ids)])
    return ids[~np.isin(ids, done)]


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
    left = left_of(ranking, done, inputs)
    count = min(max(count, 0), len(left))
    rng = np.random.default_rng(seed)
    match settings.strategy:
        case "explore":
            return _explore(left, count, settings.explore, rng)
        case "uncertain" if ranking.learned:
            return _uncertain(ranking, left, done, count)
        case "diverse" if inputs is not None:
            return _diverse(inputs, left[: THINNED * count], count)
        case "random":
            return left[rng.choice(len(left), count, replace=False)] if count else left[:0]
    return left[:count]


def _explore(left: Ids, count: int, share: float, rng: np.random.Generator) -> Ids:
    """Every (1/share)-th place is random, drawn from what the top does not take."""
    places = np.arange(1, count + 1)
    random = np.floor(places * share) > np.floor((places - 1) * share)
    top = count - int(random.sum())
    chosen = np.empty(count, np.int64)
    chosen[~random] = left[:top]
    chosen[random] = (
        left[top + rng.choice(len(left) - top, count - top, replace=False)] if count > top else []
    )
    return chosen


def _uncertain(ranking: Ranking, left: Ids, done: Ids, count: int) -> Ids:
    """Ties, and sources outside of a pool, as ranked."""
    scores = ranking.scores[~np.isin(ranking.ids, done)]
    away = np.full(len(left), np.inf, np.float32)
    away[: len(scores)] = np.abs(scores - 0.5)
    return left[np.argsort(away, kind="stable")[:count]]


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
