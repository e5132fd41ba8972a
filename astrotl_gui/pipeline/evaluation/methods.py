"""The methods that can be evaluated, by name; all see the same embeddings and statistics."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.settings import STRATEGIES
from astrotl_gui.ml.baselines.learned import Isolation, Logistic, MaxSimilarity
from astrotl_gui.ml.baselines.method import F64, Labels, Method
from astrotl_gui.ml.baselines.plain import Cue, Random, StatisticsProcess, cues
from astrotl_gui.ml.baselines.protege import Protege
from astrotl_gui.ml.outlier import METHODS as OUTLIER_METHODS
from astrotl_gui.ml.space import unit
from astrotl_gui.pipeline.evaluation.labelled_set import LabelledSet
from astrotl_gui.pipeline.evaluation.ours import Ours, OursBy
from astrotl_gui.pipeline.evaluation.tuned import Tuned

Factory = Callable[[LabelledSet], Method]
F32 = NDArray[np.float32]

OURS, CHANCE = "ours", "random"


class Fixed:
    """Scores that labels do not change."""

    def __init__(self, values: NDArray[np.floating]) -> None:
        self.values = np.asarray(values, np.float64)

    def scores(self, labels: Labels, seed: int) -> F64:
        return self.values


def _last(labelled: LabelledSet) -> F32:
    """The last features: what the methods were published with, and where the window's outlier list looks."""
    made = labelled.embeddings
    return made.vectors[:, made.last].astype(np.float32)


def _layers(labelled: LabelledSet) -> F32:
    """Every layer that ours sees, each of unit length, side by side."""
    made = labelled.embeddings
    return np.concatenate([unit(made.vectors[:, part]) for part in made.blocks.values()], axis=1)


def _cue(name: str) -> Factory:
    def make(labelled: LabelledSet) -> Method:
        made = labelled.embeddings
        return Cue(cues(made.statistic_names, made.statistics)[name])

    return make


def _outlier(score: Callable[[F32], NDArray[np.floating]]) -> Factory:
    return lambda labelled: Fixed(score(_last(labelled)))


METHODS: Mapping[str, Factory] = {
    OURS: Ours,
    CHANCE: lambda labelled: Random(len(labelled)),
    "colour": _cue("colour"),
    "size": _cue("size"),
    "brightness": _cue("brightness"),
    "statistics": lambda labelled: StatisticsProcess(labelled.embeddings.statistics),
    "ulisse": lambda labelled: MaxSimilarity(_last(labelled)),
    "logistic": lambda labelled: Logistic(_last(labelled)),
    "logistic-layers": lambda labelled: Logistic(_layers(labelled)),
    "isolation-forest": lambda labelled: Isolation(_last(labelled)),
    "protege": lambda labelled: Protege(_last(labelled)),
}
"""With labels: how each is made for a set."""


TUNED: Mapping[str, Factory] = {
    "tuned": Tuned,
    "tuned-always": lambda labelled: Tuned(labelled, gated=False),
}
"""With labels too, but minutes a start: only where they are named."""

BY_STRATEGY: Mapping[str, Factory] = {
    f"{OURS}-{strategy}": partial(OursBy, strategy=strategy) for strategy in STRATEGIES if strategy != "top"
}
"""Ours, labelling what another query strategy asks about: only where they are named."""

UNSUPERVISED: Mapping[str, Factory] = {
    **{name: _outlier(method) for name, method in OUTLIER_METHODS.items()},
    CHANCE: METHODS[CHANCE],
}
"""Without labels: what is unlike the rest."""


def chosen(names: Sequence[str], unsupervised: bool = False) -> dict[str, Factory]:
    """The methods of these names, all where none is named, in their order. AstroTLError for one that is not known."""
    usual = UNSUPERVISED if unsupervised else METHODS
    known = usual if unsupervised else {**usual, **TUNED, **BY_STRATEGY}
    for name in names:
        if name not in known:
            raise AstroTLError("There is no such method", f'"{name}". Choose from {", ".join(known)}.')
    return {name: known[name] for name in dict.fromkeys(names or usual)}
