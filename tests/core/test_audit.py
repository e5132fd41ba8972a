"""What a random sample proves, against scipy's distributions and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, binom

from astrotl_gui.core.audit import (
    labels_needed,
    least_recall,
    make_plan,
    most_unfound,
    rule_of_three,
    upper_share,
)


def test_the_limit_is_clopper_and_pearsons() -> None:
    n, k = np.array([1, 10, 480, 480, 2000]), np.array([0, 3, 0, 7, 1999])
    assert upper_share(k, n) == pytest.approx(beta.ppf(0.95, k + 1, n - k), rel=1e-9)
    assert binom.cdf(k, n, upper_share(k, n)) == pytest.approx(0.05, rel=1e-6)
    assert upper_share([0, 5], [0, 5]).tolist() == [1.0, 1.0]


def test_480_labels_without_a_hit_show_80_per_cent_of_500_among_20000() -> None:
    assert rule_of_three(20_000, 500, 0.8) == 480
    assert rule_of_three(2_014, 41, 0.8) == 590
    assert least_recall(500, 19_500, 480, 0) >= 0.8
    assert least_recall(500, 19_500, 480, 1) < 0.8


def test_all_labelled_the_bound_is_what_was_seen() -> None:
    assert most_unfound(30, 30, 4) == 4
    assert least_recall(12, 30, 30, 4) == 12 / 16
    assert most_unfound(30, 29, 0) <= 1
    assert least_recall(0, 30, 10, 0) == 0


@given(
    st.integers(1, 300), st.integers(1, 3_000), st.floats(0.05, 0.95), st.integers(0, 4)
)  # fmt: skip
def test_the_labels_needed_are_the_fewest(found: int, count: int, recall: float, hits: int) -> None:
    needed = labels_needed(found, count, recall, hits)
    if needed is None:
        assert hits > count or least_recall(found, count, count, hits) < recall
        return
    assert least_recall(found, count, needed, hits) >= recall
    assert needed == hits or least_recall(found, count, needed - 1, hits) < recall


@given(st.integers(1, 300), st.integers(0, 3_000), st.floats(0.05, 0.95))
def test_the_plan_without_a_hit_shows_what_it_says(found: int, count: int, recall: float) -> None:
    plan = make_plan("lens", "all sources", found + count, found, recall)
    assert plan.labels <= count
    assert least_recall(found, count, plan.labels, 0) >= recall
    assert plan.by_hits[0] is not None and plan.by_hits[0] <= plan.labels


def test_each_hit_costs_more_labels() -> None:
    plan = make_plan("lens", "i < 22.5", 20_000, 500, 0.8, hits=2, pace=6.0)
    assert plan.by_hits == (463, 733, 973, 1198)
    assert (plan.labels, plan.seconds) == (973, 973 * 6.0)
    cannot = make_plan("lens", "all sources", 100, 2, 0.8, hits=1)
    assert cannot.by_hits[1] is None and cannot.labels == 98  # a hit among so few leaves two of three
