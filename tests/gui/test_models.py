"""The hold-still rule and the order of a list, as properties."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from astrotl_gui.gui.list_order import ListFilter, ListOrder, arrange, whole
from astrotl_gui.gui.models import CandidateModel


def ordered(ids: list[int] | np.ndarray) -> ListOrder:
    ids = np.asarray(ids, np.int64)
    return whole(ids, np.linspace(1, 0, len(ids)).astype(np.float32))


@st.composite
def label_sequences(draw: st.DrawFn) -> tuple[int, list[tuple[list[int], int, int]]]:
    """A list length, and re-rankings with the selected and hovered row at the time (−1: none)."""
    n = draw(st.integers(1, 30))
    row = st.integers(-1, n - 1)
    step = st.tuples(st.permutations(range(n)), row, row)
    return n, draw(st.lists(step, min_size=1, max_size=5))


@given(label_sequences())
def test_nothing_at_or_before_the_eye_moves(case: tuple[int, list[tuple[list[int], int, int]]]) -> None:
    n, steps = case
    model = CandidateModel()
    model.reset(ordered(list(range(n))))
    for permutation, selected, hovered in steps:
        new = ordered(np.asarray(permutation))
        before = model.ids.copy()
        still = max(selected, hovered)
        model.update(new, still)
        assert np.array_equal(model.ids[: still + 1], before[: still + 1])
        assert sorted(model.ids.tolist()) == list(range(n))
        beyond = [i for i in permutation if i not in set(before[: still + 1].tolist())]
        assert model.ids[still + 1 :].tolist() == beyond
        for row in range(n):
            assert model.rank_at(row) == permutation.index(model.id_at(row)) + 1
    model.release()
    assert model.ids.tolist() == list(steps[-1][0])
    assert not model.held


@given(label_sequences(), st.sets(st.integers(0, 29)))
def test_held_rows_outlive_a_filter_until_release(
    case: tuple[int, list[tuple[list[int], int, int]]], gone: set[int]
) -> None:
    n, steps = case
    permutation, selected, hovered = steps[0]
    model = CandidateModel()
    model.reset(ordered(list(range(n))))
    left = np.array([i for i in permutation if i not in gone], np.int64)
    still = max(selected, hovered)
    model.update(ordered(left), still)
    assert model.ids[: still + 1].tolist() == list(range(still + 1))
    assert set(model.ids.tolist()) == set(left.tolist()) | set(range(still + 1))
    assert len(set(model.ids.tolist())) == len(model)
    model.release()
    assert model.ids.tolist() == left.tolist()


def test_release_without_a_held_row_changes_nothing() -> None:
    model = CandidateModel()
    model.reset(ordered([3, 1, 2]))
    model.update(ordered([2, 3, 1]), still=-1)
    assert model.ids.tolist() == [2, 3, 1]
    assert not model.release()


def test_row_of_follows_updates() -> None:
    model = CandidateModel()
    model.reset(ordered([3, 1, 2]))
    assert (model.row_of(2), model.row_of(9), model.row_of(None)) == (2, -1, -1)
    model.update(ordered([2, 3, 1]))
    assert model.row_of(2) == 0


def test_new_in_the_first_hundred() -> None:
    model = CandidateModel()
    model.reset(ordered(np.arange(300)))
    model.update(ordered(np.r_[250, np.arange(250), np.arange(251, 300)]))
    assert model.is_new(250)
    assert not model.is_new(5)
    model.reset(ordered(np.arange(300)))
    assert not model.is_new(250)


def test_a_label_in_a_list_of_five_thousand_is_quick() -> None:
    rng = np.random.default_rng(1)
    model = CandidateModel()
    model.reset(ordered(np.arange(5000)))
    start = time.perf_counter()
    for _ in range(10):
        model.update(ordered(rng.permutation(5000)), still=40)
    assert (time.perf_counter() - start) / 10 < 0.02


def test_a_million_rows_hold_still_and_know_their_ranks() -> None:
    count, rng = 1_000_000, np.random.default_rng(8)
    before, after = (rng.permutation(count) + 1 for _ in range(2))
    model = CandidateModel()
    model.reset(ordered(before))
    model.update(ordered(after), still=500_000)
    assert len(model) == count and model.held
    assert np.array_equal(model.ids[:500_001], before[:500_001])
    held = np.zeros(count + 1, bool)
    held[before[:500_001]] = True
    assert np.array_equal(model.ids[500_001:], after[~held[after]])
    for row in (0, 500_000, 500_001, 777_777, count - 1):
        source = model.id_at(row)
        assert source == model.ids[row]
        assert model.row_of(source) == row
        assert after[model.rank_at(row) - 1] == source
    assert model.release() and model.id_at(3) == after[3]


class Table:
    """A catalogue of columns, rows in the order of the ids."""

    def __init__(self, ids: np.ndarray, **columns: np.ndarray) -> None:
        self.ids, self.columns = ids, columns
        self.names = list(columns)

    def column(self, name: str) -> np.ndarray:
        return self.columns[name]

    def rows_of(self, ids: np.ndarray) -> np.ndarray:
        lookup = {int(i): row for row, i in enumerate(self.ids)}
        return np.array([lookup.get(int(i), -1) for i in ids], np.int64)


@pytest.fixture
def table() -> Table:
    return Table(
        np.array([10, 11, 12, 13]),
        mag_i=np.array([20.0, 17.5, np.nan, 18.0]),
        snr=np.array([5.0, 90.0, 7.0, 60.0]),
        masked_fraction=np.array([0.0, 0.5, 0.0, 0.0]),
    )


RANKED = np.array([12, 10, 13, 11], np.int64)
SCORES = np.array([0.9, 0.7, 0.5, 0.1], np.float32)


def test_brightness_limit_hides_the_faint_and_the_unmeasured(table: Table) -> None:
    order = arrange(RANKED, SCORES, table, ListFilter("i", 19.0))
    assert order.ids.tolist() == [13, 11]
    assert order.ranks.tolist() == [3, 4]
    assert (order.total, order.hidden) == (4, 2)
    assert ListFilter("i", 18.0).text() == "i brighter than 18"


def test_hiding_labels_masked_and_artifacts(table: Table) -> None:
    shown = arrange(RANKED, SCORES, table, ListFilter(hide_masked=True))
    assert shown.ids.tolist() == [12, 10, 13]
    shown = arrange(RANKED, SCORES, table, ListFilter(hide_labelled=True), labelled=[12, 13])
    assert shown.ids.tolist() == [10, 11]
    shown = arrange(RANKED, SCORES, table, ListFilter(hide_artifacts=True), artifacts=[11])
    assert shown.ids.tolist() == [12, 10, 13]


def test_sorts(table: Table) -> None:
    assert arrange(RANKED, SCORES, table, ListFilter(), "snr").ids.tolist() == [11, 13, 12, 10]
    bright = arrange(RANKED, SCORES, table, ListFilter(), "brightness", "i")
    assert bright.ids.tolist() == [11, 13, 10, 12]
    assert bright.ranks.tolist() == [4, 3, 2, 1]
