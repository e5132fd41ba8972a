"""The terms of a score add up to it; telling quantities and occlusion maps have known answers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astrotl_gui.ml.explain import against_typical, drops, share_beyond, telling, terms
from astrotl_gui.ml.kernel import Kernel, normal_scores
from astrotl_gui.ml.placing import Placing
from astrotl_gui.ml.ranker import Ranker
from tests.ml.clusters import clustered

VECTORS, TABLE, TRUTH = clustered(120, 15)
NAMES = tuple(f"light_{k}" if k < 6 else f"colour_{k}" for k in range(12))
BLOCKS = {"2": slice(0, 100), "last": slice(100, 256)}
PLACING = Placing.fit(VECTORS, BLOCKS, TABLE, NAMES)
EVERY = np.arange(120)
KERNEL = Kernel.fit(
    {name: PLACING.layer(name, VECTORS) for name in BLOCKS},
    {kind: normal_scores(TABLE[:, columns]) for kind, columns in PLACING.kinds.items()},
    120,
)
PRIOR = np.linspace(-1, -0.5, 120)


@given(st.dictionaries(st.integers(0, 119), st.sampled_from([1.0, -1.0]), max_size=30))
@settings(max_examples=30, deadline=None)
def test_prior_and_terms_add_up_to_the_score(labels: dict[int, float]) -> None:
    ranker = Ranker(KERNEL, PRIOR).fit(list(labels), list(labels.values()))
    scores = ranker.decision_function()
    for row in (0, 60, 119):
        total = PRIOR[row] + sum(part.sum() for part in terms(KERNEL, ranker, row).values())
        assert total == pytest.approx(scores[row], abs=2e-5)


def test_terms_do_not_depend_on_the_order_of_labels() -> None:
    rows, labels = np.arange(0, 120, 9), np.where(TRUTH[::9], 1.0, -1.0)
    one, other = Ranker(KERNEL).fit(rows, labels), Ranker(KERNEL)
    for row, label in zip(rows[::-1], labels[::-1], strict=True):
        other.partial_fit(row, label)
    for name, part in terms(KERNEL, one, 5).items():
        np.testing.assert_allclose(terms(KERNEL, other, 5)[name][::-1], part, atol=1e-6)


@pytest.mark.parametrize("label", [1.0, -1.0])
def test_a_single_label_pulls_its_own_way(label: float) -> None:
    ranker = Ranker(KERNEL, 0.0).fit([7], [label])
    parts = terms(KERNEL, ranker, 7)
    # α = y / (1 + noise), and k(x, x) = 1, shared out by the parts' weights
    shares = {part.name: part.weight for part in KERNEL.parts}
    for name, pull in parts.items():
        assert pull[0] == pytest.approx(shares[name] * label / 1.5, abs=1e-5)
    assert sum(part[0] for part in parts.values()) == pytest.approx(label / 1.5, abs=1e-5)


def test_parts_by_name_add_up_to_the_kernel() -> None:
    rows = np.array([3, 50, 90])
    parts = KERNEL.terms(11, rows)
    assert list(parts) == ["2", "last", "light profile", "colours"]
    np.testing.assert_allclose(sum(parts.values()), KERNEL.between(np.array([11]), rows)[0], atol=1e-6)


def test_a_source_is_placed_where_it_is_and_others_between_and_beyond() -> None:
    rows = np.array([3, 50, 90])
    there = KERNEL.to(PLACING.values(VECTORS, TABLE), rows)
    np.testing.assert_allclose(there, KERNEL.between(EVERY, rows), atol=1e-5)
    one = Placing.fit(VECTORS[:4], {}, np.array([[1.0], [2.0], [3.0], [np.nan]], np.float32), ("gini",))
    want = normal_scores(np.array([[1.0], [2.0], [3.0]]))[:, 0]
    new = np.array([[2.0], [2.5], [99.0], [np.nan]], np.float32)
    got = one.values(VECTORS[:4], new)["light profile"][:, 0]
    assert got[0] == want[1] == 0
    assert want[1] < got[1] < want[2] == pytest.approx(got[2])
    assert got[3] == 0


def test_telling_quantities_are_those_shared_with_the_examples() -> None:
    source = np.array([2.0, 2.0, -1.5, 0.0], np.float32)
    examples = np.array([[2.0, 0.0, -2.0, 3.0], [0.0, 2.0, 0.0, 0.0]], np.float32)
    assert telling(source, examples, np.array([1.0, -1.0])).tolist() == [0, 2]
    assert telling(source, examples[:0], np.zeros(0), most=2).tolist() == [0, 1]
    assert share_beyond(1.959964) == ("top", pytest.approx(0.025, abs=1e-6))
    assert share_beyond(-1.959964) == ("bottom", pytest.approx(0.025, abs=1e-6))


def test_parts_against_a_typical_source() -> None:
    assert against_typical({"a": np.array([1.0, 2.0, 5.0])}, 2) == {"a": 3.0}


def test_drops_are_means_over_the_patches_that_cover_a_cell() -> None:
    patches = np.zeros((2, 2, 2), bool)
    patches[0, 0], patches[1, :, 0] = True, True
    got = drops(np.array([1.0, 0.0, 0.6]), patches)
    np.testing.assert_allclose(got, [[0.7, 1.0], [0.4, 0.0]])
