"""Calibration on simulated scores whose probabilities are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, ndtr

from astrotl_gui.ml.calibration import calibrate, expected_error, reliability


def sigmoid_truth(n: int, seed: int, offset: float = -1.0) -> tuple[np.ndarray, np.ndarray]:
    """Scores Φ(z) and probabilities expit(2 z + offset)."""
    z = np.random.default_rng(seed).normal(size=n)
    return ndtr(z), expit(2 * z + offset)


def drawn(probability: np.ndarray, seed: int) -> np.ndarray:
    return np.random.default_rng(seed + 1000).uniform(size=len(probability)) < probability


def test_few_labels_are_fitted_by_platts_sigmoid_and_recover_the_truth() -> None:
    scores, truth = sigmoid_truth(300, 1, -3.0)
    found = calibrate(scores, drawn(truth, 1))
    assert found is not None and found.method == "sigmoid"
    others, known = sigmoid_truth(20_000, 2, -3.0)
    assert np.abs(found.probability(others) - known).mean() < 0.03
    assert np.abs(others - known).mean() > 0.3  # the scores themselves are no probabilities


def test_many_labels_are_fitted_by_a_free_curve_that_a_sigmoid_would_miss() -> None:
    z = np.random.default_rng(3).normal(size=6_000)
    step = np.where(z < 0, 0.05, np.where(z < 1, 0.4, 0.45))
    found = calibrate(ndtr(z), drawn(step, 3))
    assert found is not None and found.method == "isotonic"
    others = np.random.default_rng(4).normal(size=20_000)
    known = np.where(others < 0, 0.05, np.where(others < 1, 0.4, 0.45))
    assert np.abs(found.probability(ndtr(others)) - known).mean() < 0.02
    order = np.argsort(others)
    assert (np.diff(found.probability(ndtr(others))[order]) >= 0).all()


def test_the_stated_error_is_of_labels_that_were_not_fitted() -> None:
    """What is left after calibration, on fresh labels, lies within the interval it states in most draws."""
    inside = 0
    for seed in range(12):
        scores, truth = sigmoid_truth(500, seed)
        found = calibrate(scores, drawn(truth, seed))
        assert found is not None
        others, known = sigmoid_truth(500, seed + 50)
        fresh = expected_error(reliability(found.probability(others).astype(float), drawn(known, seed + 50)))
        inside += found.interval[0] <= fresh <= found.interval[1]
        assert found.brier == pytest.approx((known * (1 - known)).mean(), abs=0.04)
        assert found.brier_interval[0] < found.brier < found.brier_interval[1]
    assert inside >= 9


def test_too_few_of_a_kind_give_none() -> None:
    scores = np.linspace(0.1, 0.9, 100)
    assert calibrate(scores, scores > 0.885) is None
    assert calibrate(scores, scores > 0) is None
    assert calibrate([], []) is None


def test_the_diagram_counts_by_hand() -> None:
    said = np.repeat([0.1, 0.8], 20)
    truth = np.array([True] * 4 + [False] * 16 + [True] * 20)
    found = reliability(said, truth)
    assert found.said.tolist() == pytest.approx([0.1, 0.8])
    assert (found.seen.tolist(), found.counts.tolist()) == ([0.2, 1.0], [20, 20])
    assert found.low == pytest.approx([0.0573, 0.8316], abs=1e-3)
    assert found.high == pytest.approx([0.4366, 1.0], abs=1e-3)
    assert expected_error(found) == pytest.approx(0.15)


def test_extreme_scores_stay_probabilities() -> None:
    scores, truth = sigmoid_truth(300, 1)
    found = calibrate(scores, drawn(truth, 1))
    assert found is not None
    values = found.probability([0.0, 1.0])
    assert 0 <= values[0] < values[1] <= 1
    assert found.probability([]).shape == (0,)
