"""ULISSE's lists: exact, and what they do to the order before labels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table
from hypothesis import given
from hypothesis import strategies as st

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.embeddings import Embeddings
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.pipeline.prototypes import efficiency, match_catalog, prototype_lists
from astrotl_gui.pipeline.rank import rank
from tests.pipeline.test_rank import SMALL


def embedded(count: int = 60, seed: int = 0, first: int = 100) -> Embeddings:
    rng = np.random.default_rng(seed)
    ids = rng.permutation(np.arange(first, first + count))
    vectors = rng.normal(size=(count, 24)).astype(np.float16)
    return Embeddings(ids, vectors, np.zeros((count, 0), np.float32), (), "key")


def by_hand(embeddings: Embeddings, source: int) -> tuple[list[int], list[float]]:
    """Every other source by its distance, then its id."""
    vectors = embeddings.vectors.astype(float)
    (row,) = np.flatnonzero(embeddings.ids == source)
    apart = np.sqrt(((vectors - vectors[row]) ** 2).sum(axis=1))
    order = [i for i in np.lexsort((embeddings.ids, np.round(apart, 6))) if i != row]
    return embeddings.ids[order].tolist(), apart[order].tolist()


@given(st.integers(1, 20), st.integers(0, 5))
def test_each_list_is_exact(k: int, seed: int) -> None:
    made = embedded(seed=seed)
    found = prototype_lists(made, [103, 150, 117], k)
    assert found.prototypes.tolist() == [103, 117, 150]
    for place, source in enumerate(found.prototypes.tolist()):
        ids, apart = by_hand(made, source)
        assert found.nearest[place].tolist() == ids[:k]
        assert found.distances[place] == pytest.approx(apart[:k], abs=1e-4)


def test_the_union_is_ordered_by_best_rank_then_distance_and_counted() -> None:
    made, k = embedded(), 16
    found = prototype_lists(made, [103, 117, 150], k)
    lists = [by_hand(made, source) for source in (103, 117, 150)]
    best: dict[int, tuple[int, float, int]] = {}
    for ids, apart in lists:
        for place, source in enumerate(ids[:k], 1):
            best[source] = min(best.get(source, (999, 0.0, 0)), (place, apart[place - 1], source))
    wanted = sorted(best, key=best.__getitem__)
    assert found.sources[found.union].tolist() == wanted
    assert found.best[found.union].tolist() == [best[source][0] for source in wanted]
    assert found.counts[found.union].tolist() == [sum(s in ids[:k] for ids, _ in lists) for s in wanted]


def test_cold_puts_prototypes_first_then_the_union_taken_to_its_end() -> None:
    made = embedded()
    found = prototype_lists(made, [103, 117], 4)
    cold = found.cold(None)
    order = made.ids[np.argsort(-cold)].tolist()
    assert set(order[:2]) == {103, 117}
    union = [source for source in found.sources[found.union].tolist() if source not in (103, 117)]
    assert order[2 : 2 + len(union)] == union
    assert len(set(cold.tolist())) == len(made)
    assert 0 < cold.min() < cold.max() < 1


def test_the_formula_is_one_more_list() -> None:
    made = embedded()
    found = prototype_lists(made, [103], 4)
    formula = np.zeros(len(made), np.float32)
    odd = int(np.argmax(found.best * (made.ids != 103) * (found.best < len(made))))
    formula[odd] = 1
    order = made.ids[np.argsort(-found.cold(formula))].tolist()
    assert order[0] == 103
    assert int(made.ids[odd]) in order[1:3]
    assert int(found.nearest[0, 0]) in order[1:4]


def test_twins_are_at_no_distance_and_ordered_by_id() -> None:
    made = embedded()
    vectors = made.vectors.copy()
    vectors[:] = vectors[0]
    found = prototype_lists(replace(made, vectors=vectors), [130], 5)
    assert found.nearest[0].tolist() == [100, 101, 102, 103, 104]
    assert found.distances[0].tolist() == [0.0] * 5


@pytest.mark.parametrize("prototypes", [[], [7]])
def test_without_prototypes_there_are_no_lists(prototypes: list[int]) -> None:
    found = prototype_lists(embedded(), prototypes)
    assert len(found.prototypes) == len(found.union) == 0
    assert found.nearest.shape == (0, 16)


def test_one_source_alone() -> None:
    found = prototype_lists(embedded(1), [100])
    assert found.nearest.shape == (1, 0)
    assert found.cold(None).tolist() == [0.5]


def test_efficiency_of_two_clusters() -> None:
    made = embedded(40)
    vectors = made.vectors.copy()
    rare = made.ids < 110  # ten of forty, far from the others
    vectors[rare] += 50
    made = replace(made, vectors=vectors)
    known = list(range(100, 110))
    told = efficiency(prototype_lists(made, [100, 105], 9), known)
    assert told.lists == told.union == 1
    assert told.base == pytest.approx(9 / 39)
    assert told.union_base == pytest.approx(8 / 38)
    told = efficiency(prototype_lists(made, [100, 105], 18), known)
    assert told.lists == pytest.approx(0.5)
    only = efficiency(prototype_lists(made, [100, 105], 9), [100, 105])
    assert only.lists == pytest.approx(1 / 9)
    assert np.isnan(only.union)


def test_prototypes_start_the_list_and_labels_go_on() -> None:
    cold = np.linspace(0.01, 0.99, len(SMALL.ids), dtype=np.float32)
    for target in ("agn", "jellyfish"):
        given_inputs = replace(SMALL, given={target: cold})
        first = rank(given_inputs, target, {})
        assert first.ids.tolist() == SMALL.ids[::-1].tolist()
        assert first.model == f"prototypes {target}"
        low = int(SMALL.ids[0])
        assert rank(given_inputs, target, {low: 1}).ids[0] == low
        assert rank(replace(SMALL, given={}), "agn", {}).model == "cold agn"


def test_a_catalog_is_matched_on_the_sky(tmp_path: Path) -> None:
    ra = 150 + np.arange(4) / 1000
    places = {"ra": ra, "dec": np.zeros(4), "x": np.arange(4.0), "y": np.zeros(4)}
    catalog = Catalog.from_columns({"id": np.arange(1, 5), **places})
    path = tmp_path / "known.csv"
    Table({"RA": [150.001 + 1 / 3600, 150.003, 150.003, 10.0], "DEC": [0.0, 0.0, 1e-5, 0.0]}).write(path)
    assert match_catalog(path, catalog) == ([2, 4], 1)
    path.write_text("a,b\n1,2\n")
    with pytest.raises(AstroTLError, match="No coordinates"):
        match_catalog(path, catalog)
