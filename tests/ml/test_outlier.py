"""Outlier scores: planted oddities come first, and tiny catalogs are no accident."""

from __future__ import annotations

import numpy as np
import pytest

from astrotl_gui.ml.outlier import neighbour_distance, outlier_scores


def test_planted_outliers_come_first() -> None:
    rng = np.random.default_rng(0)
    basis = rng.normal(size=(10, 200))
    vectors = 3 + rng.normal(size=(400, 10)) @ basis + 0.1 * rng.normal(size=(400, 200))
    vectors[:4] += 12 * rng.normal(size=(4, 200))
    assert set(np.argsort(-outlier_scores(vectors))[:4]) == {0, 1, 2, 3}


def test_neighbour_distance_is_exact_for_small_samples() -> None:
    points = np.array([[0.0, 0], [1, 0], [3, 0], [7, 0]])
    np.testing.assert_allclose(neighbour_distance(points, 1), [1, 1, 2, 4])
    np.testing.assert_allclose(neighbour_distance(points, 99), [7, 6, 4, 7])


def test_many_sources_take_their_neighbours_from_a_sample() -> None:
    points = np.random.default_rng(1).normal(size=(5_000, 3))
    points[77] = 50
    assert neighbour_distance(points).argmax() == 77


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 30])
def test_any_number_of_sources(count: int) -> None:
    scores = outlier_scores(np.random.default_rng(2).normal(size=(count, 64)).astype(np.float16))
    assert scores.shape == (count,)
    assert np.isfinite(scores).all()
