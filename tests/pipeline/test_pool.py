"""With millions of sources a label ranks a pool at once, as the pass over all of them will."""

from __future__ import annotations

import numpy as np
import pytest

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.ml import similarity
from astrotl_gui.ml.similarity import NearestNeighbours
from astrotl_gui.pipeline import pool
from astrotl_gui.pipeline import rank as ranking
from astrotl_gui.pipeline.pool import rank_pool
from astrotl_gui.pipeline.rank import RankInputs, rank
from tests.pipeline.test_rank import inputs

COUNT = 3_000


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> tuple[RankInputs, np.ndarray]:
    """3,000 sources count as many, 400 as the top of a list."""
    monkeypatch.setattr(ranking, "AT_ONCE", 1_000)
    monkeypatch.setattr(ranking, "SEEN", 400)
    monkeypatch.setattr(pool, "ALIKE", 60)
    return inputs(COUNT, 40)


def test_the_pool_is_ranked_as_all_will_be(many: tuple[RankInputs, np.ndarray]) -> None:
    made, truth = many
    assert made.vectors.dtype == np.float16 and not made.at_once
    labels = {int(i): 1 for i in made.ids[truth][:3]} | {int(i): -1 for i in made.ids[~truth][:5]}
    whole = rank_pool(made, "lens", labels)
    assert len(whole) == COUNT and whole.rest == 0, "without a pass over all there is no pool"
    assert made.index is not None and made.indexed
    new = [int(made.ids[truth][10]), int(whole.ids[-1]), int(whole.ids[20])]
    for source in new:
        labels[source] = 1 if truth[made.rows[source]] else -1
        quick, full = rank_pool(made, "lens", labels), rank(made, "lens", labels)
        assert 400 <= len(quick) < 700 and quick.rest == COUNT - len(quick)
        assert len(set(quick.ids[:100].tolist()) & set(full.ids[:100].tolist())) >= 95
        assert quick.model == full.model and quick.rank_of(source) is not None
        for i in quick.ids[:50].tolist():
            assert quick.score_of(i) == pytest.approx(full.score_of(i), abs=1e-5)


def test_what_is_like_a_new_example_joins(many: tuple[RankInputs, np.ndarray]) -> None:
    made, truth = many
    first = rank(made, "lens", {int(made.ids[~truth][0]): -1})
    example = int(first.ids[-1])  # nothing at the top is like it
    assert made.index is not None
    quick = rank_pool(made, "lens", {int(made.ids[~truth][0]): -1, example: 1})
    rows, _ = made.index.search(made.alike[[made.rows[example]]], 60)
    assert set(made.ids[rows[0]].tolist()) <= set(quick.ids.tolist())
    assert quick.rank_of(example) == 1


def test_few_sources_need_no_pool() -> None:
    made, truth = inputs(150, 12)
    labels = {int(made.ids[truth][0]): 1}
    rank(made, "lens", labels)
    assert rank_pool(made, "lens", labels).ids.tolist() == rank(made, "lens", labels).ids.tolist()
    assert made.seen == {}


@pytest.mark.parametrize("exact", [10, 100_000])
def test_indices_by_size_find_the_same(monkeypatch: pytest.MonkeyPatch, exact: int) -> None:
    vectors = np.random.default_rng(0).normal(size=(2_000, 8)).astype(np.float16)
    want = np.argsort(((vectors[:5, None].astype(float) - vectors[None]) ** 2).sum(axis=2), axis=1)[:, :10]
    monkeypatch.setattr(similarity, "EXACT", exact)
    rows, distances = NearestNeighbours(vectors).search(vectors[:5], 10)
    assert np.mean([len(set(a) & set(b)) for a, b in zip(rows.tolist(), want.tolist(), strict=True)]) > 9.8
    assert (np.diff(distances, axis=1) >= 0).all()
    for name, value in (("EXACT", 10), ("HALF", 20), ("CELLS", 16), ("PROBED", 8), ("TRAINED", 1_000)):
        monkeypatch.setattr(similarity, name, value)
    rows, _ = NearestNeighbours(vectors).search(vectors[:5], 10)
    assert np.mean([len(set(a) & set(b)) for a, b in zip(rows.tolist(), want.tolist(), strict=True)]) > 8


def test_embeddings_that_are_not_numbers_are_refused() -> None:
    from astrotl_gui.core.embeddings import Embeddings
    from astrotl_gui.pipeline.rank import prepare
    from tests.pipeline.small_sky import make_catalog

    catalog = make_catalog(np.zeros(6), np.zeros(6))
    vectors = np.ones((6, 8), np.float16)
    vectors[3, 2] = np.nan
    with pytest.raises(AstroTLError, match="not numbers"):
        prepare(catalog, Embeddings(catalog.ids, vectors, np.ones((6, 1), np.float32), ("s",), "k"))
