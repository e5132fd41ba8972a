"""Marks of an order: scikit-learn's numbers, ties in file order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from astrotl_gui.pipeline.evaluation.metrics import Quality, best_first, quality, true_positive_rate


def test_a_known_answer() -> None:
    truth = np.array([1, 0, 1, 0, 0], bool)
    measured = quality(truth, np.array([0.9, 0.8, 0.7, 0.2, 0.1]))
    assert measured.auroc == pytest.approx(5 / 6)
    assert measured.auprc == pytest.approx((1 + 2 / 3) / 2)
    assert measured.precision == (None, None, None), "fewer than ten objects"
    assert (measured.tpr_0fp, measured.tpr_10fp) == (0.5, 1.0)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=2, max_size=60))
@settings(max_examples=60, deadline=None)
def test_areas_are_those_of_scikit_learn(pairs: list[tuple[bool, int]]) -> None:
    truth, scores = np.array([yes for yes, _ in pairs]), np.array([s for _, s in pairs], float)
    if truth.all() or not truth.any():
        return
    measured = quality(truth, scores)
    assert measured.auroc == pytest.approx(roc_auc_score(truth, scores))
    assert measured.auprc == pytest.approx(average_precision_score(truth, scores))


def test_precision_at_n_and_false_positives() -> None:
    truth = np.zeros(60, bool)
    truth[[0, 1, 2, 5, 20, 40]] = True
    measured = quality(truth, -np.arange(60.0))
    assert measured.precision == (0.4, 0.2, 6 / 50)
    assert measured.tpr_0fp == 0.5, "three before the first miss"
    assert measured.tpr_10fp == pytest.approx(4 / 6), (
        "rows 0 to 13 have four of six, row 14 is the eleventh miss"
    )
    assert list(measured.values()) == [
        "auroc", "auprc", "precision_10", "precision_20", "precision_50", "tpr_0fp", "tpr_10fp",
    ]  # fmt: skip


def test_ties_go_by_file_order() -> None:
    assert best_first(np.array([1.0, 3.0, 1.0, 3.0])).tolist() == [1, 3, 0, 2]
    assert true_positive_rate(np.array([True, True]), 0) == 1


def test_what_is_not_defined_is_none() -> None:
    assert quality(np.zeros(3, bool), np.arange(3.0)) == Quality()
    assert quality(np.zeros(0, bool), np.zeros(0)) == Quality()
    one_kind = quality(np.ones(12, bool), np.arange(12.0))
    assert one_kind.auroc is None and one_kind.auprc == 1 and one_kind.precision[0] == 1
