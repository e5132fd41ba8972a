"""Probabilities of a list, from a ranker that never saw the labels they are fitted to."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr

from astrotl_gui.core.labels import Label
from astrotl_gui.ml.ranker import NOISE
from astrotl_gui.pipeline.calibration import calibrate_list, unseen_scores
from astrotl_gui.pipeline.rank import learned, rank
from tests.pipeline.test_rank import inputs

MADE, TRUTH = inputs(1_500, 220, seed=3)
IDS = MADE.ids


def labelled(rows: np.ndarray) -> dict[int, int]:
    return {int(IDS[row]): 1 if TRUTH[row] else -1 for row in rows}


def answered(rows: np.ndarray) -> dict[int, Label]:
    return {
        int(IDS[row]): Label(int(IDS[row]), "lens", "positive" if TRUTH[row] else "negative") for row in rows
    }


def test_probabilities_are_right_on_sources_that_nobody_labelled() -> None:
    rows = np.random.default_rng(1).permutation(1_500)
    training, sample, rest = labelled(rows[:60]), rows[60:500], rows[500:]
    found = calibrate_list(MADE, "lens", training, answered(sample))
    assert found is not None and found.labels == 440
    ranking = rank(MADE, "lens", training)
    probability = dict(zip(ranking.ids.tolist(), found.probability(ranking.scores).tolist(), strict=True))
    said = np.array([probability[int(i)] for i in IDS[rest]])
    assert said.mean() == pytest.approx(TRUTH[rest].mean(), abs=0.03)
    high = said > np.quantile(said, 0.9)
    assert said[high].mean() == pytest.approx(TRUTH[rest][high].mean(), abs=0.12)
    assert (np.diff(found.probability(ranking.scores)) <= 1e-7).all()


def test_a_source_that_the_ranker_learned_is_judged_without_its_own_label() -> None:
    rows = np.random.default_rng(1).permutation(1_500)[:60]
    training = labelled(rows)
    ids = list(training)
    ranker = learned(MADE, "lens", training)
    assert ranker is not None
    scores = unseen_scores(MADE, "lens", training, ids)
    at = dict(zip(ranker.rows.tolist(), ranker.left_out().tolist(), strict=True))
    assert scores.tolist() == pytest.approx([ndtr(at[MADE.rows[i]] / np.sqrt(NOISE)) for i in ids])
    seen = rank(MADE, "lens", training)
    assert np.mean([seen.score_of(i) > s for i, s in zip(ids, scores, strict=True) if training[i] > 0]) == 1
    assert unseen_scores(MADE, "lens", {}, ids).tolist() == MADE.cold_of("lens")[MADE.rows.of(ids)].tolist()


def test_a_sample_with_hardly_a_yes_calibrates_nothing() -> None:
    rows = np.flatnonzero(~TRUTH)[:100]
    assert calibrate_list(MADE, "lens", labelled(np.arange(20)), answered(rows)) is None
    assert calibrate_list(MADE, "lens", labelled(np.arange(20)), {}) is None
