"""AstroTL's own ranker, as an evaluation sees it. The one place that knows how it is built."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.labels import TARGETS
from astrotl_gui.core.ranking import Ranking
from astrotl_gui.core.settings import QueueSettings
from astrotl_gui.ml.baselines.method import F64, Labels
from astrotl_gui.pipeline.evaluation.labelled_set import LabelledSet
from astrotl_gui.pipeline.queue import next_to_label
from astrotl_gui.pipeline.rank import RankInputs, prepare, rank

Rows = NDArray[np.int64]


class Ours:
    """`pipeline.rank` on the set's embeddings and statistics, with the cold formula of its target, if it has one."""

    def __init__(self, labelled: LabelledSet) -> None:
        inputs = prepare(labelled.catalog, labelled.embeddings)
        self.inputs = inputs if labelled.target else without_formulas(inputs)
        self.target = labelled.target or TARGETS[-1]
        self.catalog = labelled.catalog

    def scores(self, labels: Labels, seed: int) -> F64:
        ranking = self.ranking(labels)
        out = np.empty(len(self.catalog))
        out[self.catalog.rows_of(ranking.ids)] = ranking.scores
        return out

    def ranking(self, labels: Labels) -> Ranking:
        """The list as these labels (row → ±1) order it."""
        ids = self.catalog.ids
        return rank(self.inputs, self.target, {int(ids[row]): sign for row, sign in labels.items()})


class OursBy(Ours):
    """The same ranker, labelling what a query strategy of the window asks about instead of the top of the list."""

    def __init__(self, labelled: LabelledSet, strategy: str) -> None:
        super().__init__(labelled)
        self.queue = QueueSettings(strategy)

    def asks(self, labels: Labels, count: int, seed: int) -> Rows:
        """Up to `count` rows to label next."""
        done = self.catalog.ids[np.fromiter(labels, np.int64, len(labels))]
        ranking, turn = self.ranking(labels), np.random.SeedSequence((seed, len(labels)))
        drawn = int(turn.generate_state(1)[0])
        return self.catalog.rows_of(next_to_label(self.inputs, ranking, done, count, self.queue, drawn))


def without_formulas(inputs: RankInputs) -> RankInputs:
    """The same inputs with cold scores that prefer nothing."""
    return replace(inputs, cold={target: np.zeros_like(values) for target, values in inputs.cold.items()})
