"""A learned score of epochs: from drawn artifacts before any label, and by the ranker once there are labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.ensemble import ExtraTreesClassifier

from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.ml.ranker import Ranker

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Rows = NDArray[np.int64]

TREES, LEAF, FOLDS = 200, 3, 4
FALSE_FLAGS = 0.03
"""The threshold is where so many of the epochs as they are lie above it, within `LIMITS`: some are problematic."""
LIMITS = (0.6, 0.75)
CHUNK = 20_000
STRENGTH = 0.25
"""How much of the cold score (as log-odds) the ranker takes for its prior mean."""


@dataclass(frozen=True, eq=False)
class ColdScore:
    """Trees that tell epochs with a drawn artifact from epochs as they are.

    Those of a fold have seen no source of that fold: else they would know its epochs, problematic ones too, as clean.
    Scores are moved so that 0.5 is the threshold above which an epoch is flagged.
    """

    trees: tuple[ExtraTreesClassifier, ...]
    threshold: float

    @classmethod
    def fit(
        cls, clean: F32, clean_sources: Rows, drawn: F32, drawn_sources: Rows, *, seed: int = 1
    ) -> ColdScore:
        """Learn from signs (n, M) of epochs as they are and of epochs with an artifact drawn in, and whose they are."""
        signs = np.concatenate([clean, drawn])
        truth = np.arange(len(signs)) >= len(clean)
        folds = _folds(np.concatenate([clean_sources, drawn_sources]))
        trees = tuple(_trees(signs, truth, folds != fold, seed) for fold in range(FOLDS))
        level = np.quantile(cls(trees, 0.5).scores(clean, clean_sources), 1 - FALSE_FLAGS)
        return cls(trees, float(np.clip(level, *LIMITS)))

    def scores(self, signs: F32, sources: Rows) -> F64:
        """Scores (n,) in 0…1 of epochs by their signs (n, M) and sources (n,): 0.5 is the threshold."""
        found = np.zeros(len(signs))
        folds = _folds(sources)
        for fold, trees in enumerate(self.trees):
            rows = np.flatnonzero(folds == fold)
            for start in range(0, len(rows), CHUNK):
                part = rows[start : start + CHUNK]
                found[part] = trees.predict_proba(signs[part])[:, 1]
        return np.asarray(expit(logit(np.clip(found, 1e-3, 1 - 1e-3)) - logit(self.threshold)))


def _folds(sources: Rows) -> Rows:
    """Fold of each source, whatever others there are."""
    return np.asarray(sources, np.int64) % FOLDS


def _trees(signs: F32, truth: NDArray[np.bool_], kept: NDArray[np.bool_], seed: int) -> ExtraTreesClassifier:
    """Trees on the rows kept (all, where one kind would be missing), both kinds of the same weight."""
    if len(np.unique(truth[kept])) < 2:
        kept = np.ones(len(truth), bool)
    signs, truth = signs[kept], truth[kept]
    weight = np.where(truth, 0.5 / truth.sum(), 0.5 / (~truth).sum()) * len(truth)
    # All signs at each split: a few of them tell each kind, and by chance they would seldom be looked at.
    trees = ExtraTreesClassifier(TREES, min_samples_leaf=LEAF, max_features=None, random_state=seed, n_jobs=1)
    return trees.fit(signs, truth, weight)


class LeafKernel:
    """Similarity of epochs: the share of the cold score's trees in which two end in the same leaf (Breiman 2001).

    What a `Ranker` asks for. Trees know which signs matter; distances between standardised signs do not, and labels
    by these make the score worse.
    """

    def __init__(self, cold: ColdScore, signs: F32) -> None:
        chunks = range(0, len(signs), CHUNK)
        parts = [cold.trees[0].apply(signs[k : k + CHUNK]).astype(np.int16) for k in chunks]
        self._leaves = np.concatenate(parts) if parts else np.zeros((0, 0), np.int16)

    @property
    def count(self) -> int:
        return len(self._leaves)

    def between(self, these: Rows, rows: Rows) -> F32:
        columns = [(self._leaves[these] == self._leaves[row]).mean(axis=1, dtype=np.float32) for row in rows]
        return np.stack(columns, axis=1) if columns else np.zeros((len(these), 0), np.float32)

    def weighted(self, rows: Rows, weights: F64, at: Rows | None = None, progress: Progress = SILENT) -> F64:
        wanted = np.arange(self.count) if at is None else at
        parts = [wanted[k : k + CHUNK] for k in range(0, len(wanted), CHUNK)]
        # The weight that lies in each leaf of each tree: what it costs does not grow with the rows.
        trees = np.arange(self._leaves.shape[1])
        held = np.zeros((len(trees), int(self._leaves.max(initial=0)) + 1))
        np.add.at(held, (trees, self._leaves[rows]), weights[:, None] / max(len(trees), 1))
        sums = []
        for number, part in enumerate(parts):
            progress(number, len(parts), "Scoring epochs")
            sums.append(held[trees, self._leaves[part]].sum(axis=1))
        return np.concatenate(sums) if sums else np.zeros(0)


def labelled_scores(
    cold: ColdScore, signs: F32, sources: Rows, labels: Mapping[int, int], progress: Progress = SILENT
) -> F64:
    """Scores (n,) in 0…1 of epochs by their signs (n, M) and sources (n,); `labels`: row → +1 problematic, −1 good.

    Without labels the cold scores. With them the ranker's, whose prior mean is the cold score's log-odds; as many
    epochs as before lie above 0.5, so that labels say which, not how many.
    """
    plain = cold.scores(signs, sources)
    if not labels:
        return plain
    prior = STRENGTH * logit(np.clip(plain, 1e-3, 1 - 1e-3))
    ranker = Ranker(LeafKernel(cold, signs), prior)
    ranker.fit(list(labels), [float(value) for value in labels.values()])
    mean = ranker.decision_function(progress=progress)
    above = int((plain > 0.5).sum())
    level = np.partition(mean, len(mean) - above - 1)[len(mean) - above - 1] if 0 < above < len(mean) else 0.0
    return np.asarray(expit((mean - level) / STRENGTH))
