"""The active loop, played against the truth: score, label the best, score again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.ml.baselines.method import Method
from astrotl_gui.pipeline.evaluation.metrics import Quality, best_first, quality
from astrotl_gui.pipeline.evaluation.ours import OursBy
from astrotl_gui.pipeline.evaluation.protocols import Protocol, start


@dataclass(frozen=True)
class Round:
    """The state with `n_labels` labels, the starting ones included, of which `found` are wanted.

    `recall`: found of all wanted. `quality`: of the scores these labels gave, on objects without a label.
    `seconds`: fit and score.
    """

    method: str
    seed: int
    n_labels: int
    found: int
    recall: float
    quality: Quality
    seconds: float


@dataclass(frozen=True, eq=False)
class Played:
    """One method from one start: its rounds, and `hits` (n,), whether each object labelled, in order, is wanted."""

    method: str
    seed: int
    rounds: tuple[Round, ...]
    hits: NDArray[np.bool_]


def play(
    name: str,
    method: Method,
    positive: NDArray[np.bool_],
    protocol: Protocol,
    seed: int,
    report: Callable[[int], object] = lambda labels: None,
) -> Played:
    """Label the start, then the best unlabelled `batch` of each round, up to the protocol's end.

    A method that `asks` says itself what to label. Equal scores are taken in file order. `report(labels)` is called
    before each round.
    """
    rows = start(positive, protocol, seed).tolist()
    rounds = []
    end = protocol.end(len(positive))
    while True:
        report(len(rows))
        labels = {row: 1 if positive[row] else -1 for row in rows}
        began = time.perf_counter()
        scores = np.asarray(method.scores(labels, seed), np.float64)
        seconds = time.perf_counter() - began
        rest = np.setdiff1d(np.arange(len(positive)), rows)
        found = int(positive[rows].sum()) if rows else 0
        measured = quality(positive[rest], scores[rest])
        rounds.append(Round(name, seed, len(rows), found, found / int(positive.sum()), measured, seconds))
        if len(rows) >= end:
            return Played(name, seed, tuple(rounds), positive[rows])
        batch = min(protocol.batch, end - len(rows))
        if isinstance(method, OursBy):
            rows += method.asks(labels, batch, seed).tolist()
        else:
            rows += rest[best_first(scores[rest])][:batch].tolist()
