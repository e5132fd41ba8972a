"""A ranked list knows the place of each source, and scores are put in order quickly and always alike."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from astrotl_gui.core.ranking import Ranking, descending

FLOATS = st.floats(width=32, allow_nan=False)


@given(
    st.lists(st.one_of(FLOATS, st.sampled_from([0.0, -0.0, 0.5, float("inf"), -float("inf")])), max_size=40)
)
def test_order_is_that_of_a_stable_sort(values: list[float]) -> None:
    scores = np.array(values, np.float32)
    want = np.argsort(-scores, kind="stable")
    np.testing.assert_array_equal(descending(scores), want)


def test_scores_that_are_not_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="not numbers"):
        descending(np.array([0.1, np.nan], np.float32))


def test_places() -> None:
    made = Ranking("lens", np.array([7, 3, 900]), np.array([0.9, 0.5, 0.25], np.float32), "cold lens")
    assert [made.rank_of(source) for source in (7, 3, 900, 4, 901)] == [1, 2, 3, None, None]
    assert made.score_of(900) == 0.25 and made.score_of(0) is None and len(made) == 3 and made.rest == 0
    empty = Ranking("lens", np.zeros(0, np.int64), np.zeros(0, np.float32), "cold lens")
    assert empty.rank_of(1) is None and len(empty) == 0
