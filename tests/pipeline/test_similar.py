"""Similarity search: exactly what a sort of all distances gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.pipeline.similar import similar
from tests.pipeline.test_rank import inputs

MADE, _ = inputs(300, 20)
IDS = st.lists(st.integers(101, 400), min_size=1, max_size=5, unique=True)


def distances_to(ids: list[int]) -> np.ndarray:
    examples = MADE.vectors[[MADE.rows[i] for i in ids]].astype(float)
    return np.linalg.norm(MADE.vectors[:, None].astype(float) - examples[None], axis=2).min(axis=1)


@given(IDS, st.lists(st.integers(101, 400), max_size=3, unique=True), st.sampled_from([1, 10, 200, 1000]))
@settings(max_examples=40, deadline=None)
def test_it_is_exact(more: list[int], less: list[int], k: int) -> None:
    got = similar(MADE, more, less, k)
    less = [i for i in less if i not in more]
    near = distances_to(more)
    allowed = ~np.isin(MADE.ids, more + less)
    if less:
        allowed &= near <= distances_to(less) + 1e-6
    want = np.sort(near[allowed])[:k]
    np.testing.assert_allclose(got.distances, want, atol=1e-3)
    np.testing.assert_allclose(near[[MADE.rows[int(i)] for i in got.ids]], got.distances, atol=1e-3)
    assert not set(got.ids.tolist()) & set(more + less)
    assert (got.nearest_less is None) == (not less)


def test_the_nearest_less_example_is_told() -> None:
    got = similar(MADE, [101], [150, 160])
    want = min(np.linalg.norm(MADE.vectors[0] - MADE.vectors[i - 101]) for i in (150, 160))
    assert got.nearest_less == pytest.approx(want, abs=1e-3)


def test_distances_are_sorted_and_at_most_two() -> None:
    got = similar(MADE, [123], k=50)
    assert len(got.ids) == 50
    assert (np.diff(got.distances) >= 0).all()
    assert got.distances[-1] <= 2


def test_an_example_without_embedding_is_one_clear_message() -> None:
    with pytest.raises(AstroTLError, match="no embedding"):
        similar(MADE, [5])
    assert len(similar(MADE, [5, 101], k=3).ids) == 3


def test_a_single_source_has_no_neighbours() -> None:
    made, _ = inputs(1)
    assert len(similar(made, [101]).ids) == 0
