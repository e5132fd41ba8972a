"""AstroTL's own ranker, as an evaluation sees it. The one place that knows how it is built."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from astrotl_gui.core.labels import TARGETS
from astrotl_gui.ml.baselines.method import F64, Labels
from astrotl_gui.pipeline.evaluation.labelled_set import LabelledSet
from astrotl_gui.pipeline.rank import RankInputs, prepare, rank


class Ours:
    """`pipeline.rank` on the set's embeddings and statistics, with the cold formula of its target, if it has one."""

    def __init__(self, labelled: LabelledSet) -> None:
        inputs = prepare(labelled.catalog, labelled.embeddings)
        self.inputs = inputs if labelled.target else without_formulas(inputs)
        self.target = labelled.target or TARGETS[-1]
        self.catalog = labelled.catalog

    def scores(self, labels: Labels, seed: int) -> F64:
        ids = self.catalog.ids
        ranking = rank(self.inputs, self.target, {int(ids[row]): sign for row, sign in labels.items()})
        out = np.empty(len(ids))
        out[self.catalog.rows_of(ranking.ids)] = ranking.scores
        return out


def without_formulas(inputs: RankInputs) -> RankInputs:
    """The same inputs with cold scores that prefer nothing."""
    return replace(inputs, cold={target: np.zeros_like(values) for target, values in inputs.cold.items()})
