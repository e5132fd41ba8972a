"""Baselines: each does what its name says, and finds a planted kind where it can."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from astrotl_gui.ml.baselines.learned import Isolation, Logistic, MaxSimilarity
from astrotl_gui.ml.baselines.method import Method, split
from astrotl_gui.ml.baselines.plain import Cue, Random, StatisticsProcess, cues
from astrotl_gui.ml.baselines.protege import Protege
from astrotl_gui.pipeline.evaluation.metrics import area_under_roc
from tests.ml.clusters import clustered

VECTORS, TABLE, TRUTH = clustered(200, 24, seed=1)
LABELS = {int(row): 1 for row in np.flatnonzero(TRUTH)[:8]} | {
    int(row): -1 for row in np.flatnonzero(~TRUTH)[:30]
}
REST = np.setdiff1d(np.arange(200), list(LABELS))

MAKERS: dict[str, Callable[[], Method]] = {
    "random": lambda: Random(200),
    "cue": lambda: Cue(TABLE[:, 0]),
    "statistics": lambda: StatisticsProcess(TABLE),
    "ulisse": lambda: MaxSimilarity(VECTORS),
    "logistic": lambda: Logistic(VECTORS),
    "isolation": lambda: Isolation(VECTORS),
    "protege": lambda: Protege(VECTORS),
}


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("labels", [{}, {3: 1}, {3: -1}, {3: 1, 7: -1}])
def test_any_labels_give_finite_scores_again_and_again(name: str, labels: dict[int, int]) -> None:
    one, two = MAKERS[name](), MAKERS[name]()
    scores = one.scores(labels, 5)
    assert scores.shape == (200,) and np.isfinite(scores).all()
    assert np.array_equal(scores, two.scores(dict(reversed(labels.items())), 5))


@pytest.mark.parametrize("name", ["statistics", "ulisse", "logistic", "protege"])
def test_learners_find_the_planted_kind(name: str) -> None:
    scores = MAKERS[name]().scores(LABELS, 0)
    assert area_under_roc(TRUTH[REST], scores[REST]) > 0.7


def test_chance_depends_on_the_seed_alone() -> None:
    method = Random(200)
    assert np.array_equal(method.scores({}, 1), method.scores(LABELS, 1))
    assert not np.array_equal(method.scores({}, 1), method.scores({}, 2))
    areas = [area_under_roc(TRUTH, method.scores({}, seed)) for seed in range(200)]
    assert np.mean(areas) == pytest.approx(0.5, abs=0.02)


def test_a_cue_turns_towards_the_wanted() -> None:
    method = Cue(np.array([5.0, 1.0, 3.0, np.nan, 9.0]))
    assert np.argsort(-method.scores({4: 1, 1: -1}, 0)).tolist()[0] == 4
    assert np.argsort(-method.scores({1: 1, 4: -1}, 0)).tolist()[0] == 1
    assert np.argsort(-method.scores({1: 1}, 0)).tolist()[0] == 1, "beside all, where no other is labelled"


def test_ulisse_is_the_nearest_example_unscaled() -> None:
    points = np.array([[0.0, 0], [3, 4], [10, 0], [9, 0]])
    assert MaxSimilarity(points).scores({0: 1, 2: 1, 3: -1}, 0).tolist() == [0, -5, 0, -1]


def test_expected_improvement_prefers_the_likely_then_the_unknown() -> None:
    line = np.linspace(0, 10, 41)[:, None] * [[1.0, 0.5]]
    scores = Protege(line).scores({0: -1, 4: -1, 20: 1, 24: 1}, 0)
    assert 20 <= scores.argmax() <= 24
    assert scores[40] > scores[2], "far from every label rather than between two that were not wanted"


def test_constant_embeddings_do_no_harm() -> None:
    flat = np.ones((12, 5), np.float32)
    for method in (
        MaxSimilarity(flat),
        Logistic(flat),
        Isolation(flat),
        Protege(flat),
        StatisticsProcess(flat),
    ):
        scores = method.scores({0: 1, 1: -1}, 0)
        assert np.allclose(scores[2:], scores[2])


def test_cues_by_name() -> None:
    table = np.array([[1.0, 2.0, 6.0, 0.5], [2.0, 2.0, 2.0, 0.7]])
    found = cues(("mean_0", "mean_1", "mean_2", "size"), table)
    assert found["colour"].tolist() == [5, 0]
    assert found["brightness"].tolist() == [3, 2] and found["size"].tolist() == [0.5, 0.7]
    assert not any(values.any() for values in cues(("other",), table[:, :1]).values())


def test_labels_are_split_into_ascending_rows() -> None:
    assert [part.tolist() for part in split({9: 1, 2: -1, 4: 1})] == [[4, 9], [2]]
