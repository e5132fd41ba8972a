"""The kernel: a weighted sum by name, exact, and the same however it is asked."""

from __future__ import annotations

import numpy as np
import pytest

from astrotl_gui.ml import cached_kernel
from astrotl_gui.ml.cached_kernel import CachedKernel
from astrotl_gui.ml.kernel import EMBEDDING_WEIGHT, LAST_WEIGHT, Kernel, normal_scores
from astrotl_gui.ml.space import unit

RNG = np.random.default_rng(5)
COUNT = 90
LAYERS = {"2": unit(RNG.normal(size=(COUNT, 6))), "last": unit(RNG.normal(size=(COUNT, 9)))}
KINDS = {
    "colours": normal_scores(RNG.normal(size=(COUNT, 3))),
    "shape": normal_scores(RNG.normal(size=(COUNT, 5))),
}
KERNEL = Kernel.fit(LAYERS, KINDS, COUNT)
EVERY = np.arange(COUNT)


def by_hand() -> np.ndarray:
    """Σ weight · exp(−d / median d), written out."""
    total = np.zeros((COUNT, COUNT))
    for part in KERNEL.parts:
        table = {**LAYERS, **KINDS}[part.name].astype(float)
        difference = ((table[:, None] - table[None]) ** 2).sum(axis=2)
        distance = difference / 2 if part.name in LAYERS else np.sqrt(difference)
        total += part.weight * np.exp(-distance / part.scale)
    return total


def test_it_is_the_sum_of_its_parts() -> None:
    np.testing.assert_allclose(KERNEL.between(slice(None), EVERY), by_hand(), atol=2e-6)
    np.testing.assert_allclose(KERNEL.between(EVERY[5:9], EVERY[40:42]), by_hand()[5:9, 40:42], atol=2e-6)
    shares = {part.name: part.weight for part in KERNEL.parts}
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["2"] + shares["last"] == pytest.approx(EMBEDDING_WEIGHT) and shares[
        "last"
    ] == pytest.approx(LAST_WEIGHT * EMBEDDING_WEIGHT)
    assert shares["colours"] == shares["shape"]


def test_scales_are_medians_over_pairs() -> None:
    upper = np.triu_indices(COUNT, 1)
    for part in KERNEL.parts:
        table = {**LAYERS, **KINDS}[part.name].astype(float)
        square = ((table[:, None] - table[None]) ** 2).sum(axis=2)[upper]
        want = np.median(square / 2 if part.squared else np.sqrt(square))
        assert part.scale == pytest.approx(want, rel=0.03)


def test_columns_blocks_and_sums_agree() -> None:
    rows, weights = np.array([3, 70, 11]), np.array([0.5, -2.0, 1.0])
    columns = np.stack([KERNEL.column(row) for row in rows], axis=1)
    np.testing.assert_allclose(columns, KERNEL.between(slice(None), rows), atol=2e-6)
    np.testing.assert_allclose(KERNEL.weighted(rows, weights), by_hand()[:, rows] @ weights, atol=1e-5)
    at = np.array([80, 2])
    np.testing.assert_allclose(
        KERNEL.weighted(rows, weights, at), by_hand()[np.ix_(at, rows)] @ weights, atol=1e-5
    )
    for part in KERNEL.parts:
        np.testing.assert_allclose(part.to(part.values[4:6], rows), part.between(EVERY[4:6], rows), atol=1e-6)


def test_copies_are_as_near_as_can_be() -> None:
    doubled = Kernel.fit(
        {name: np.repeat(table, 2, axis=0) for name, table in LAYERS.items()},
        {name: np.repeat(table, 2, axis=0) for name, table in KINDS.items()},
        2 * COUNT,
    )
    column = doubled.column(10)
    assert (
        column[10] == pytest.approx(1, abs=1e-5)
        and column[11] == column[10] > np.delete(column, [10, 11]).max()
    )


def test_parts_in_which_all_are_alike_are_left_out() -> None:
    flat = Kernel.fit({"last": np.ones((COUNT, 4), np.float32)}, KINDS, COUNT)
    assert [part.name for part in flat.parts] == list(KINDS)
    assert sum(part.weight for part in flat.parts) == pytest.approx(1)
    nothing = Kernel.fit({"last": np.ones((COUNT, 4), np.float32)}, {}, COUNT)
    assert nothing.parts == () and (nothing.column(0) == 0).all()


def test_half_precision_changes_little() -> None:
    small = Kernel.fit(
        {name: table.astype(np.float16) for name, table in LAYERS.items()},
        {name: table.astype(np.float16) for name, table in KINDS.items()},
        COUNT,
    )
    np.testing.assert_allclose(small.between(slice(None), EVERY), by_hand(), atol=2e-3)


def test_kept_columns_never_decide_a_score(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, weights = np.array([3, 70, 11, 5]), np.array([0.5, -2.0, 1.0, 0.1])
    fresh = CachedKernel(KERNEL).weighted(rows, weights)
    used = CachedKernel(KERNEL)
    used.weighted(rows[::-1], weights)
    used.weighted(rows[1:3], weights[1:3])
    np.testing.assert_array_equal(used.weighted(rows, weights), fresh)
    monkeypatch.setattr(cached_kernel, "CACHED_BYTES", 4 * COUNT * 5)
    for start in range(0, 80, 4):
        used.weighted(EVERY[start : start + 4], weights)
        assert len(used._columns) <= 5
    np.testing.assert_array_equal(used.weighted(rows, weights), fresh)
    many = np.arange(6)
    np.testing.assert_allclose(used.weighted(many, np.ones(6)), KERNEL.weighted(many, np.ones(6)), atol=1e-6)


def test_a_pool_is_the_same_rows_of_all() -> None:
    pool = np.array([2, 8, 33, 60])
    rows, weights = np.array([3, 70]), np.array([1.0, -1.0])
    top = CachedKernel(KERNEL, pool)
    np.testing.assert_allclose(top.weighted(rows, weights), KERNEL.weighted(rows, weights)[pool], atol=1e-6)
