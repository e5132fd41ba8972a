"""Explanations add up to the ranking's own scores, whatever the labels, and are undone with them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.special import ndtri

from astrotl_gui.core.embeddings import Embeddings
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.labels import TARGETS
from astrotl_gui.pipeline.explain import Explanation, explain
from astrotl_gui.pipeline.rank import RankInputs, prepare, rank
from tests.ml.clusters import clustered
from tests.pipeline.small_sky import make_catalog


def make_inputs(count: int = 150) -> RankInputs:
    vectors, table, _ = clustered(count, count // 12)
    table[::7, 2] = np.nan
    rng = np.random.default_rng(0)
    catalog = make_catalog(*rng.uniform(0, 99, (2, count)), snr=rng.uniform(3, 99, count))
    names = ("blue_ring", "blue_share", "colour_core", "ring_power", *(f"mean_{k}" for k in range(8)))
    return prepare(catalog, Embeddings(catalog.ids.copy(), vectors.astype(np.float16), table, names, "key"))


INPUTS = make_inputs()
SETS = (
    {103: 1},
    {103: -1},
    {103: 1, 120: 1, 140: 1},
    {103: -1, 120: -1},
    {int(i): 1 if i % 5 == 0 else -1 for i in range(101, 250, 4)},
)


@pytest.mark.parametrize("labels", SETS)
@pytest.mark.parametrize("target", TARGETS)
def test_start_and_examples_add_up_to_the_score_that_ranks(target: str, labels: dict[int, int]) -> None:
    ranking = rank(INPUTS, target, labels)
    for source in (103, 150, 250):
        found = explain(INPUTS, target, labels, source)
        assert found.score == pytest.approx(
            -1 + found.cold + sum(example.term for example in found.examples), abs=1e-9
        )
        assert sum(found.kernels.values()) == pytest.approx(sum(e.term for e in found.examples), abs=1e-9)
        # the list holds Φ(mean / √½), float32
        shown = ranking.score_of(source)
        assert shown is not None
        assert found.score == pytest.approx(float(ndtri(float(shown))) * np.sqrt(0.5), abs=1e-4)
        sizes = [abs(example.term) for example in found.examples]
        assert sizes == sorted(sizes, reverse=True)
        assert {example.id: example.value for example in found.examples} == labels


def same(a: Explanation, b: Explanation) -> bool:
    return json.dumps(a.to_dict()) == json.dumps(b.to_dict())


def test_order_of_labels_does_not_matter_and_undo_brings_the_old_one_back() -> None:
    labels = SETS[-1]
    before = explain(INPUTS, "lens", labels, 130)
    assert same(before, explain(INPUTS, "lens", dict(reversed(labels.items())), 130))
    assert not same(before, explain(INPUTS, "lens", {**labels, 131: 1}, 130))
    assert same(before, explain(INPUTS, "lens", labels, 130))


@pytest.mark.parametrize("target", TARGETS)
def test_before_any_label_the_parts_of_the_formula_tell(target: str) -> None:
    ranking = rank(INPUTS, target, {})
    first = int(ranking.ids[0])
    found = explain(INPUTS, target, {}, first, ("g",))
    assert found.examples == ()
    assert (found.cold_rank, found.count) == (1, 150)
    assert found.score == found.cold == pytest.approx(float(ranking.scores[0]))
    assert (not found.cold_parts) == (target == "outlier")
    if target == "lens":
        assert max(found.cold_parts.values()) > 0.02
        assert "Bluer light around it" in found.cold_parts
    for one in found.telling:
        assert one.share <= 0.25
    assert len(found.telling) <= 3


def test_ties_are_ranked_by_id_as_in_the_list() -> None:
    count = 6
    catalog = make_catalog(np.zeros(count), np.zeros(count))
    embeddings = Embeddings(
        catalog.ids.copy(), np.ones((count, 8), np.float16), np.zeros((count, 0), np.float32), (), "k"
    )
    made = prepare(catalog, embeddings)
    assert [explain(made, "lens", {}, i).cold_rank for i in range(101, 107)] == [1, 2, 3, 4, 5, 6]
    assert explain(made, "lens", {103: 1}, 104).examples[0].id == 103


def test_a_source_without_embedding_is_refused() -> None:
    with pytest.raises(AstroTLError, match="no embedding"):
        explain(INPUTS, "lens", {}, 999)
