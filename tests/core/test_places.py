"""Places of ids and lists without a few of them: as a plain Python list says, for dense and for scattered ids."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astrotl_gui.core.places import Places, Without


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(-5000, 5000) | st.integers(-(2**60), 2**60), unique=True, max_size=20),
    st.lists(st.integers(-5000, 5000), max_size=10),
)
def test_every_id_has_its_place(ids: list[int], others: list[int]) -> None:
    places = Places(np.array(ids, np.int64))
    asked = [*ids, *others]
    assert places.of(np.array(asked, np.int64)).tolist() == [ids.index(i) if i in ids else -1 for i in asked]
    assert [places.of_one(i) for i in asked] == places.of(np.array(asked, np.int64)).tolist()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 60), st.lists(st.integers(-1, 59), max_size=60))
def test_what_is_left_once_some_are_gone(count: int, taken: list[int]) -> None:
    gone = [place for place in taken if place < count]
    left = [place for place in range(count) if place not in gone]
    without = Without(count, np.array(gone, np.int64))
    assert len(without) == len(left)
    assert without.at(np.arange(len(left))).tolist() == left
    numbers = [left.index(place) if place in left else -1 for place in range(-1, count)]
    assert without.number_of(np.arange(-1, count)).tolist() == numbers


@pytest.mark.parametrize("spread", [1, 1000])
def test_millions_are_found_in_any_order(spread: int) -> None:
    ids = spread * (np.random.default_rng(2).permutation(300_000) + 1)
    places = Places(ids)
    assert np.array_equal(places.of(ids), np.arange(len(ids)))
    assert places.of([0, spread * 300_001]).tolist() == [-1, -1]
