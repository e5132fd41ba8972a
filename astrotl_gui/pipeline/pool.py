"""Millions of sources: a label re-ranks a pool at once, and the pass over all of them follows behind.

The pool holds the top of the last pass, the sources most like each example, and what was labelled. Whatever a label
lifts to the top is either there already or like the example.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.ranking import Ranking, descending
from astrotl_gui.ml.ranker import Ranker
from astrotl_gui.pipeline.rank import RankInputs, learned, model_name, rank

ALIKE, ALIKE_IN_ALL = 1_000, 10_000
"""So many sources like each example join the pool, fewer where there are many examples."""


def rank_pool(
    inputs: RankInputs, target: str, labels: Mapping[int, int], *, progress: Progress = SILENT
) -> Ranking:
    """Return the sources of the pool, best first, given labels (id → +1 or −1); `rest` says how many follow.

    Their scores are those that `rank` gives, up to rounding. All sources where no pass over them was made yet, or
    there are few.
    """
    ranker = learned(inputs, target, labels)
    if ranker is None or inputs.at_once or target not in inputs.seen:
        return rank(inputs, target, labels, progress=progress)
    rows, scores = _scored(inputs, target, ranker)
    order = descending(scores)
    name = model_name(inputs, target, ranker)
    rest = len(inputs.ids) - len(rows)
    return Ranking(target, inputs.ids[rows[order]], scores[order], name, rest)


def _scored(inputs: RankInputs, target: str, ranker: Ranker) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The rows of the pool, ascending, and their scores."""
    top = inputs.seen[target]
    assert top.pool is not None
    rest = np.setdiff1d(np.concatenate([ranker.rows, *_alike(inputs, ranker)]), top.pool)
    weights = ranker.weights()
    means = [top.weighted(ranker.rows, weights), inputs.kernel.weighted(ranker.rows, weights, rest)]
    rows = np.concatenate([top.pool, rest])
    scores = ranker.probability(np.concatenate(means) + ranker.prior[rows]).astype(np.float32)
    order = np.argsort(rows)
    return rows[order], scores[order]


def _alike(inputs: RankInputs, ranker: Ranker) -> list[NDArray[np.int64]]:
    """For each example, the sources most like it, nearest first; sought once."""
    positive = ranker.rows[ranker.labels > 0].tolist()
    if not inputs.indexed or not positive:
        return []
    for row in positive:
        if row not in inputs.neighbours:
            found, _ = inputs.index.search(inputs.alike[[row]], ALIKE)
            inputs.neighbours[row] = found[found >= 0]
    return [inputs.neighbours[row][: ALIKE_IN_ALL // len(positive)] for row in positive]
