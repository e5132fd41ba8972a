"""AstroTL's ranker on an encoder tuned on the labels so far, where the gate accepts it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.settings import TuningSettings
from astrotl_gui.ml.baselines.method import F64, Labels
from astrotl_gui.pipeline.evaluation.labelled_set import LabelledSet
from astrotl_gui.pipeline.evaluation.ours import Ours

if TYPE_CHECKING:
    from astrotl_gui.pipeline.tuning.judged import Material


class Tuned:
    """`ours` until there are ten labels of each kind; then tuned and judged once, and on with what the gate chose.

    `gated` False: always on with the tuned network. AstroTLError for a set that has no pictures.
    """

    def __init__(self, labelled: LabelledSet, gated: bool = True) -> None:
        if not labelled.paths:
            raise AstroTLError(
                "Tuning is evaluated on pictures", "Give a folder with images/ and truth.csv, not a project."
            )
        from astrotl_gui.pipeline.tuning.pictures import picture_material

        self.labelled, self.ours, self.gated = labelled, Ours(labelled), gated
        self.target = self.ours.target
        self.settings = TuningSettings()
        self.material: Material = picture_material(labelled.paths, labelled, self.settings)
        self.chosen: dict[int, Ours] = {}
        self.accepted: dict[int, bool] = {}

    def scores(self, labels: Labels, seed: int) -> F64:
        if seed not in self.chosen and _enough(labels):
            self.chosen[seed] = self._choose({int(row): int(sign) for row, sign in labels.items()}, seed)
        return self.chosen.get(seed, self.ours).scores(labels, seed)

    def _choose(self, labels: dict[int, int], seed: int) -> Ours:
        """The set embedded by the tuned network, or as it is. Ids of a folder are its rows."""
        from astrotl_gui.ml.finetune import embed_maps, tune
        from astrotl_gui.pipeline.tuning.judged import judge, lesson_of

        settings, material = replace(self.settings, seed=seed + 1), self.material
        if self.gated:
            judged = judge(material, self.target, {self.target: labels}, settings, "cpu")
            self.accepted[seed] = judged.accepted
            if not judged.accepted:
                return self.ours
        lesson = lesson_of(material, labels, np.zeros(0, np.int64))
        tail = tune(material.cut, material.maps, lesson, settings, settings.seed, "cpu", lambda *_: None)
        made = self.labelled.embeddings
        vectors = made.vectors.copy()
        vectors[:, made.last] = embed_maps(tail, material.maps, "cpu")
        return Ours(replace(self.labelled, embeddings=replace(made, vectors=vectors)))


def _enough(labels: Labels) -> bool:
    from astrotl_gui.pipeline.tuning.judged import enough

    return enough({int(row): int(sign) for row, sign in labels.items()})
