"""The index of positions, beside looking at every one of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astrotl_gui.core.sky_index import SkyIndex, _by_count

SHAPE = (400, 600)
places = (
    st.floats(-200, 900, width=32) | st.just(float("nan")) | st.sampled_from([0.0, 3.0, 599.5, -0.5, 1e30])
)
clouds = st.lists(st.tuples(places, places), max_size=60)


def kept(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Which positions the index is to hold: within a tenth of the mosaic beyond its edges."""
    with np.errstate(invalid="ignore"):
        return (x >= -60.5) & (x <= 659.5) & (y >= -40.5) & (y <= 439.5)


@settings(max_examples=60, deadline=None)
@given(clouds, places, places, st.floats(0, 500), st.floats(0, 500))
def test_boxes_and_nearest_are_those_of_looking_at_all(
    cloud: list[tuple[float, float]], x0: float, y0: float, wide: float, high: float
) -> None:
    xy = np.array([*cloud, *cloud[:5]], np.float32).reshape(-1, 2)  # some twice
    x, y = xy.T
    index = SkyIndex.of(x, y, SHAPE)
    held = kept(x, y)
    assert len(index) == held.sum()
    if not np.isfinite([x0, y0]).all():
        return
    x1, y1 = x0 + wide, y0 + high
    with np.errstate(invalid="ignore"):
        within = held & (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)
    np.testing.assert_array_equal(np.sort(index.inside((x0, y0, x1, y1))), np.flatnonzero(within))
    assert index.count((x0, y0, x1, y1)) >= within.sum()
    away = np.where(held, (x.astype(float) - x0) ** 2 + (y.astype(float) - y0) ** 2, np.inf)
    nearest = index.nearest(x0, y0, wide)
    if not len(away) or away.min() > wide**2:
        assert nearest is None
    else:
        assert nearest == int(np.argmin(away)), "the first of equals"


def test_a_large_index_counts_and_orders_as_a_small_one() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.uniform(0, 600, 150_000), rng.uniform(0, 400, 150_000)
    index = SkyIndex.of(x, y, SHAPE)
    assert np.array_equal(np.sort(index.rows), np.arange(150_000))
    assert all(level.sum() == 150_000 for level in index.levels)
    assert len(index.densest) == len(index.levels) > 1
    assert index.densest[0] >= 150_000 / (600 * 400)
    assert index.nbytes < 20 * 150_000
    box = (100.25, 50.5, 130.75, 99.0)
    within = (x >= box[0]) & (x <= box[2]) & (y >= box[1]) & (y <= box[3])
    assert len(index.inside(box)) == pytest.approx(within.sum(), abs=2), "single precision at the rim"


@pytest.mark.parametrize("highest", [1000, 3_000_000])
def test_sorting_by_counting_is_stable(highest: int) -> None:
    cells = np.random.default_rng(0).integers(0, highest, 120_000).astype(np.int32)
    np.testing.assert_array_equal(_by_count(cells), np.argsort(cells, kind="stable"))


def test_no_positions_are_no_trouble() -> None:
    index = SkyIndex.of([], [], SHAPE)
    assert len(index) == 0
    assert index.nearest(3, 4, 1000) is None
    assert index.count((0, 0, 600, 400)) == 0
    assert index.inside((0, 0, 600, 400)).tolist() == []
    assert index.levels[0].sum() == 0
