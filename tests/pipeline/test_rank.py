"""Ranking: four lists before any label, better with every label, deterministic, quick."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astrotl_gui.core.embeddings import Embeddings
from astrotl_gui.core.labels import TARGETS
from astrotl_gui.pipeline.rank import RankInputs, Rows, learned, prepare, rank
from tests.ml.clusters import clustered
from tests.pipeline.small_sky import make_catalog


def inputs(count: int, rare: int = 1, seed: int = 0, nan: bool = False) -> tuple[RankInputs, np.ndarray]:
    vectors, table, truth = clustered(count, rare, seed)
    if nan:
        table[::3, 2] = np.nan
        table[:, 5] = np.nan
    rng = np.random.default_rng(seed)
    catalog = make_catalog(
        rng.uniform(0, 99, count), rng.uniform(0, 99, count), snr=rng.uniform(3, 99, count)
    )
    names = tuple(f"s{k}" for k in range(table.shape[1]))
    embeddings = Embeddings(catalog.ids.copy(), vectors.astype(np.float16), table, names, "key")
    return prepare(catalog, embeddings), truth


SMALL, SMALL_TRUTH = inputs(150, 12)


@pytest.mark.parametrize("count", [1, 2, 5, 30])
def test_every_list_exists_before_any_label(count: int) -> None:
    made, _ = inputs(count, nan=True)
    for target in TARGETS:
        for labels in ({}, {101: 1}, {101: -1}):
            ranking = rank(made, target, labels)
            assert sorted(ranking.ids.tolist()) == list(range(101, 101 + count))
            assert np.isfinite(ranking.scores).all()
            assert ((ranking.scores >= 0) & (ranking.scores <= 1)).all()
            assert (np.diff(ranking.scores) <= 0).all()


def test_no_sources() -> None:
    catalog = make_catalog(np.zeros(0), np.zeros(0))
    empty = Embeddings(catalog.ids, np.zeros((0, 8), np.float16), np.zeros((0, 0), np.float32), (), "k")
    assert len(rank(prepare(catalog, empty), "lens", {5: 1})) == 0


def test_ids_of_any_integer_type_have_rows() -> None:
    rows = Rows(np.array([3, 7, 900]))
    assert 7 in rows and np.int64(7) in rows and np.int32(900) in rows
    assert 4 not in rows and np.int64(901) not in rows and "7" not in rows and 7.0 not in rows
    assert rows[np.int64(900)] == 2 and rows.of([900, 5, 3]).tolist() == [2, 0]
    assert 3 not in Rows(np.zeros(0, np.int64)) and Rows(np.zeros(0, np.int64)).of([3]).tolist() == []


def test_labels_of_sources_without_embedding_are_passed_over() -> None:
    made = learned(SMALL, "lens", {np.int64(120): 1, 9_999: -1, 101: -1, -5: 1})
    assert made is not None and made.rows.tolist() == [0, 19] and made.labels.tolist() == [-1, 1]
    assert learned(SMALL, "lens", {9_999: 1}) is None and learned(SMALL, "lens", {}) is None


@given(st.dictionaries(st.integers(101, 250), st.sampled_from([1, -1]), max_size=25), st.randoms())
@settings(max_examples=40, deadline=None)
def test_labels_in_any_order_give_the_same_ranking(labels: dict[int, int], random) -> None:  # type: ignore[no-untyped-def]
    items = list(labels.items())
    random.shuffle(items)
    one, two = rank(SMALL, "agn", labels), rank(SMALL, "agn", dict(items))
    assert np.array_equal(one.ids, two.ids)
    assert np.array_equal(one.scores, two.scores)


@pytest.mark.parametrize(("count", "rare"), [(150, 15), (1_000, 30), (20_000, 200)])
def test_ten_labels_beat_random(count: int, rare: int) -> None:
    made, truth = inputs(count, rare)
    good, bad = made.ids[truth][:5].tolist(), made.ids[~truth][:5].tolist()
    ranking = rank(made, "lens", {**dict.fromkeys(good, 1), **dict.fromkeys(bad, -1)})
    hidden = set(made.ids[truth][5:].tolist())
    top = [source for source in ranking.ids.tolist() if source not in good and source not in bad][: 2 * rare]
    hits = len(hidden & set(top))
    by_chance = 2 * rare * len(hidden) / count
    assert hits > by_chance + 3 * np.sqrt(by_chance), (hits, by_chance)


def test_labels_move_their_own_sources_and_only_their_target() -> None:
    before = rank(SMALL, "lens", {})
    last = int(before.ids[-1])
    after = rank(SMALL, "lens", {last: 1})
    assert after.rank_of(last) == 1
    first = int(before.ids[0])
    assert (rank(SMALL, "lens", {last: 1, first: -1}).rank_of(first) or 0) > 1
    assert np.array_equal(rank(SMALL, "agn", {}).ids, rank(SMALL, "agn", {999_999: 1}).ids)


def test_equal_scores_are_ordered_by_id() -> None:
    catalog = make_catalog(np.zeros(6), np.zeros(6)).take([3, 1, 5, 0, 2, 4])
    same = Embeddings(
        catalog.ids.copy(), np.ones((6, 8), np.float16), np.ones((6, 1), np.float32), ("s",), "k"
    )
    made = prepare(catalog, same)
    for labels in ({}, {103: 1}):
        for target in TARGETS:
            assert rank(made, target, labels).ids.tolist() == [101, 102, 103, 104, 105, 106]


def test_sources_gone_from_the_catalog_are_left_out() -> None:
    vectors, table, _ = clustered(10, 1)
    catalog = make_catalog(np.zeros(10), np.zeros(10))
    names = tuple(f"s{k}" for k in range(12))
    embeddings = Embeddings(catalog.ids.copy(), vectors.astype(np.float16), table, names, "k")
    made = prepare(catalog.take(np.arange(7)), embeddings)
    assert made.ids.tolist() == list(range(101, 108))
    assert len(rank(made, "outlier", {110: 1})) == 7


def test_a_label_on_five_thousand_sources_is_ranked_at_once() -> None:
    made, _ = inputs(5_000, 20)
    labels = {
        int(i): (1 if k % 5 == 0 else -1) for k, i in enumerate(made.ids[:: len(made.ids) // 100][:100])
    }
    rank(made, "lens", labels)
    seconds = []
    for k in range(5):
        labels[int(made.ids[7 + 11 * k])] = 1
        start = time.perf_counter()
        rank(made, "lens", labels)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.030, seconds


def test_a_list_of_ones_own_waits_for_a_label_and_then_ranks_all() -> None:
    made, truth = inputs(1_000, 30)
    assert len(rank(made, "jellyfish", {})) == 0
    assert len(rank(made, "jellyfish", {5: 1})) == 0  # a source that is not here
    good, bad = made.ids[truth][:3].tolist(), made.ids[~truth][:3].tolist()
    ranking = rank(made, "jellyfish", {**dict.fromkeys(good, 1), **dict.fromkeys(bad, -1)})
    assert sorted(ranking.ids.tolist()) == made.ids.tolist()
    assert set(ranking.ids[:3].tolist()) == set(good)
    found = set(made.ids[truth].tolist()) & set(ranking.ids[:30].tolist())
    assert len(found) >= 20
    only_no = rank(made, "jellyfish", dict.fromkeys(bad, -1))
    assert set(only_no.ids[-3:].tolist()) == set(bad)
