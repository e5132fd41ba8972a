"""Cold scores: each list puts its own kind first in a simulated zoo; missing columns are neutral."""

from __future__ import annotations

import numpy as np
import pytest

from astrotl_gui.core.flags import Flag
from astrotl_gui.ml.coldstart import (
    COLD,
    EXAMPLES,
    ColdScore,
    Columns,
    all_of,
    any_of,
    beside_signs,
    either,
    excess,
    held_back,
    rank,
    step,
    with_examples,
)
from tests.ml.zoo import zoo


def found(target: str, bands: tuple[int, ...], top: int = 20) -> float:
    """Share of the target's sources among the first `top`, mean over three zoos."""
    shares = []
    for seed in range(3):
        columns, kinds = zoo(seed, bands)
        order = np.argsort(-COLD[target](columns).score)
        shares.append((kinds[order[:top]] == target).sum() / (kinds == target).sum())
    return float(np.mean(shares))


@pytest.mark.parametrize(
    ("bands", "least"),
    [
        ((0, 1, 2), {"lens": 0.8, "agn": 0.4, "artifact": 0.9}),
        ((0, 2), {"lens": 0.8, "agn": 0.4, "artifact": 0.9}),
        ((1,), {"lens": 0.2, "agn": 0.4, "artifact": 0.9}),
    ],
)
def test_each_list_finds_its_kind_where_random_finds_seven_per_cent(
    bands: tuple[int, ...], least: dict[str, float]
) -> None:
    for target, share in least.items():
        assert found(target, bands) >= share, target


def test_stars_are_neither_lenses_nor_agn() -> None:
    columns, kinds = zoo(1)
    for target in ("lens", "agn"):
        first = kinds[np.argsort(-COLD[target](columns).score)[:40]]
        assert (first == "star").sum() <= 2


@pytest.mark.parametrize("count", [0, 1, 2, 5, 30])
@pytest.mark.parametrize("target", sorted(COLD))
def test_no_column_at_all_gives_finite_scores(target: str, count: int) -> None:
    scores = COLD[target](Columns(count, {})).score
    assert scores.shape == (count,)
    assert np.isfinite(scores).all()


def test_spoiled_sources_fall_in_lens_and_rise_in_artifact() -> None:
    columns, kinds = zoo(0)
    lens = int(np.flatnonzero(kinds == "lens")[0])
    flags = np.zeros(len(kinds))
    flags[lens] = Flag.SATURATED
    spoiled = Columns(columns.count, {**columns._columns, "flags": flags}, columns.fwhm)
    assert COLD["lens"](spoiled).score[lens] < COLD["lens"](columns).score[lens]
    assert COLD["artifact"](spoiled).score[lens] > COLD["artifact"](columns).score[lens]


def test_the_parts_of_the_formulas() -> None:
    np.testing.assert_allclose(rank(np.array([3.0, np.nan, 1.0])), [0.75, 0.5, 0.25])
    np.testing.assert_allclose(
        step(np.array([2.0, np.nan, 90.0, -90.0]), 2, 0.1), [0.5, 0.5, 1, 0], atol=1e-12
    )
    terms = {"a": np.array([0.5, 0.0]), "b": np.array([0.5, 1.0])}
    np.testing.assert_allclose(all_of(terms, {}).score, [0.5, 0.0316], rtol=1e-2)
    np.testing.assert_allclose(all_of(terms, {"c": np.array([0.5, 1.0])}).score, [0.25, 0.0316], rtol=1e-2)
    np.testing.assert_allclose(any_of(terms, {"c": np.array([0.1, 0.0])}).score, [0.8, 1.2])
    given = np.linspace(0, 1, 200)
    values = given * 100
    values[50] += 30
    assert np.nanargmax(excess(values, given)) == 50
    assert np.isnan(excess(np.array([1.0, 2.0]), np.array([np.nan, 1.0]))[0])


@pytest.mark.parametrize("target", sorted(COLD))
def test_the_named_parts_add_up_to_the_score(target: str) -> None:
    cold = COLD[target](zoo(0)[0])
    total = np.sum(list(cold.parts.values()), axis=0)
    np.testing.assert_allclose(np.exp(total) if target != "artifact" else total, cold.score, rtol=1e-12)


def test_what_was_learned_joins_the_lens_formula_and_takes_the_place_of_that_for_agn() -> None:
    columns, kinds = zoo(1, (0, 1, 2))
    lenses = kinds == "lens"
    learned = lenses + np.linspace(0, 0.5, len(kinds))
    both = with_examples("lens", COLD["lens"](columns), columns, learned)
    assert np.mean(rank(both.score)[lenses]) >= np.mean(rank(COLD["lens"](columns).score)[lenses])
    assert lenses[np.argmax(both.score)]
    assert sum(both.parts.values()) == pytest.approx(both.score)
    agn = with_examples("agn", COLD["agn"](columns), columns, learned).score
    assert (
        np.argsort(-agn)[:5] == np.argsort(-learned * np.prod(list(held_back(columns).values()), axis=0))[:5]
    ).all()


def test_either_puts_the_top_of_any_list_before_the_middle_of_all() -> None:
    combined = either({"one": np.linspace(0, 1, 101), "two": np.linspace(1, 0, 101)}).score
    assert np.argmin(combined) == 50 and np.argmax(combined) in (0, 100)
    assert np.isfinite(combined).all()


def test_what_weighs_less_only_breaks_ties_at_the_top() -> None:
    columns, _ = zoo(1, (0, 1, 2))
    learned = np.linspace(0, 1, columns.count)
    formula = COLD["lens"](columns)
    whole = with_examples("lens", formula, columns, learned).parts[EXAMPLES]
    less = with_examples("lens", formula, columns, learned, 0.1)
    np.testing.assert_allclose(less.parts[EXAMPLES], 0.1 * whole)
    assert np.argmax(less.score) == np.argmax(formula.score)


def test_certain_signs_stay_first_in_their_order_and_examples_order_the_rest() -> None:
    signs = np.array([0.0, 0.1, 0.1, 0.3, 0.95, 1.5, 0.95])
    formula = ColdScore({"Saturated": 0.8 * signs, "Needle-like": 0.2 * signs}, signs)
    both = beside_signs(formula, np.array([0.0, 9.0, 1.0, 2.0, 3.0, 1.0, 8.0]))
    assert np.argsort(-both.score, kind="stable")[:3].tolist() == [5, 4, 6]  # the examples move none of these
    assert (
        both.score[4] == both.score[6] and both.score[1] > both.score[2] and both.score[0] == both.score.min()
    )
    assert sum(both.parts.values()) == pytest.approx(both.score)
    assert np.ptp(both.parts[EXAMPLES][4:]) == 0 and both.parts["Saturated"][5] > 0
    nothing = beside_signs(formula, np.zeros(7))  # what has learned nothing changes no order
    assert np.array_equal(np.argsort(nothing.score, kind="stable"), np.argsort(signs, kind="stable"))
