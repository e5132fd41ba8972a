"""The gate: known answers of its statistics, and folds that keep what belongs together."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from astrotl_gui.ml.gate import compare, corrected_error, measures, neighbours, split, words


def scores(seed: int, lead: float, count: int = 60) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Labels, tuned and frozen scores of which tuned knows `lead` more, and folds."""
    rng = np.random.default_rng(seed)
    wanted = np.arange(count) % 3 == 0
    frozen = rng.normal(size=count) + 0.8 * wanted
    tuned = frozen + lead * wanted + rng.normal(0, 0.3, count)
    return wanted, tuned, frozen, np.arange(count) % 5


def test_a_perfect_order_beside_its_reverse() -> None:
    wanted = np.array([True, True, False, False])
    found = compare(wanted, np.array([4.0, 3, 2, 1]), np.array([1.0, 2, 3, 4]), np.zeros(4, int))
    assert found.tuned[0] == 1 and found.area_tuned == (1, 0) and found.area_frozen[0] == 0
    assert found.frozen[0] == pytest.approx((1 / 3 + 2 / 4) / 2)  # the two wanted stand third and fourth


def test_equal_scores_are_no_improvement() -> None:
    wanted, _, frozen, fold = scores(0, 0)
    found = compare(wanted, frozen, frozen, fold)
    assert found.difference == (0, 0) and not found.better and not found.harms
    assert "No better" in words(found)


def test_a_clear_lead_is_better_and_its_reverse_harms() -> None:
    wanted, tuned, frozen, fold = scores(1, 3)
    assert compare(wanted, tuned, frozen, fold).better
    back = compare(wanted, frozen, tuned, fold)
    assert back.harms and not back.better and words(back).startswith("Worse")
    assert "worse for AGN" in words(compare(wanted, tuned, frozen, fold), ["AGN"])


def test_noise_alone_is_seldom_better() -> None:
    passed = [compare(*scores(seed, 0), seed=seed).better for seed in range(100)]
    assert sum(passed) <= 10


def test_many_resamplings_at_once_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(4)
    wanted, ranked = rng.random(30) < 0.4, np.round(rng.normal(size=30), 1)  # with ties
    times = rng.integers(0, 4, size=(20, 30)).astype(float)
    for row, (precision, area) in zip(times, measures(wanted, ranked, times), strict=True):
        assert precision == pytest.approx(average_precision_score(wanted, ranked, sample_weight=row))
        assert area == pytest.approx(roc_auc_score(wanted, ranked, sample_weight=row))


def test_the_error_over_folds_is_that_of_nadeau_and_bengio() -> None:
    gaps = [0.1, 0.2, 0.3, 0.4, 0.5]
    assert corrected_error(gaps) == pytest.approx(np.std(gaps, ddof=1) * np.sqrt(1 / 5 + 1 / 4))
    assert corrected_error([0.3]) == 0


def test_neighbours_are_held_out_together() -> None:
    x = np.array([0.0, 1, 2, 50, 51, 200, *np.arange(300, 900, 20)])
    groups = neighbours(x, np.zeros(len(x)), 1.5)
    assert (
        groups[0] == groups[1] == groups[2] and groups[3] == groups[4] and len(set(groups[5:])) == len(x) - 5
    )
    wanted = np.arange(len(x)) % 2 == 0
    fold = split(wanted, groups, 5, 0)
    assert set(fold) == set(range(5)) and fold[0] == fold[1] == fold[2] and fold[3] == fold[4]
    for number in range(5):
        assert 0.2 < wanted[fold == number].mean() < 0.8
