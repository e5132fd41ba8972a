"""Regions: every source once, the same cutouts as one by one, few reads, eight views."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from astrotl_gui.core.cutout import cutout, resampling_weights
from astrotl_gui.core.regions import Regions, overlap, read_regions
from tests.core.plain_mosaic import Plain


@given(st.floats(5, 25), st.floats(2, 60), st.integers(1, 80))
def test_the_weights_are_those_of_single_cutouts(centre: float, side: float, npix: int) -> None:
    index = np.arange(120, dtype=np.float32)
    got = overlap(np.array([centre + 40], np.float32), np.array([side], np.float32), npix, index)[0]
    np.testing.assert_allclose(got, resampling_weights(centre + 40, side, npix, 120).toarray(), atol=2e-4)


@pytest.mark.parametrize("npix", [24, 70])
def test_every_source_is_served_once_and_equals_its_single_cutout(npix: int) -> None:
    rng = np.random.default_rng(3)
    mosaic = Plain({"g": rng.normal(size=(1500, 2300)).astype(np.float32)})
    x, y = rng.uniform(-5, 2305, 90), rng.uniform(-5, 1505, 90)
    seen, sizes = np.zeros(90, int), []
    for part in read_regions(mosaic, x, y, 6.0, ["g"], 7):
        sizes.append(len(part))
        for i, got in zip(part.rows, part.resampled(npix), strict=True):
            seen[i] += 1
            want = cutout(mosaic, x[i], y[i], 6.0, npix, ["g"])
            assert (np.isnan(got) == np.isnan(want)).mean() > 0.98  # coverage of exactly a half
            both = np.isfinite(got) & np.isfinite(want)
            np.testing.assert_allclose(got[both], want[both], atol=2e-4)
    assert (seen == 1).all()
    assert sizes == [7] * 12 + [6], "batches are full whatever the tiles hold"
    assert not list(read_regions(mosaic, [], [], 6.0, ["g"], 7))


def test_rows_come_in_the_order_asked_for() -> None:
    mosaic = Plain({"g": np.ones((300, 300), np.float32)})
    x = np.linspace(20, 280, 30)
    rows = np.random.default_rng(0).permutation(30)[:20]
    got = np.concatenate([part.rows for part in read_regions(mosaic, x, x, 4.0, ["g"], 8, rows)])
    assert got.tolist() == rows.tolist()


def test_a_crowded_tile_is_read_once() -> None:
    rng = np.random.default_rng(4)
    mosaic = Plain({"g": np.ones((600, 600), np.float32)}, bits={"g": np.zeros((600, 600), bool)})
    for _ in read_regions(mosaic, rng.uniform(0, 600, 2000), rng.uniform(0, 600, 2000), 8.0, ["g"], 32):
        pass
    assert mosaic.pixels_read < 650 * 650 * 1.2


def test_bad_pixels_are_filled_with_the_level() -> None:
    planes = np.ones((2, 1, 9, 9), np.float32)
    planes[1, 0, 4, 4] = np.nan
    middle = np.full(2, 4.0, np.float32)
    regions = Regions(np.arange(2), planes, middle, middle, np.full(2, 5.0, np.float32))
    filled = regions.filled(np.array([[7.0], [8.0]], np.float32))
    assert filled.planes[1, 0, 4, 4] == 8
    assert (filled.planes[0] == 1).all()
    assert np.isnan(regions.resampled(5)[1, 0, 2, 2])


def test_the_eight_views_are_the_dihedral_group() -> None:
    rng = np.random.default_rng(5)
    planes = rng.normal(size=(1, 1, 21, 21)).astype(np.float32)
    place = [np.array([value], np.float32) for value in (10.3, 9.6, 15.0)]
    regions = Regions(np.arange(1), planes, *place)
    plain = regions.resampled(31)[0, 0]
    views = [regions.turned(view).resampled(31)[0, 0] for view in range(8)]
    want = [np.rot90(m, k) for m in (plain, plain[:, ::-1]) for k in range(4)]
    for one in want:
        assert sum(np.allclose(one, view, atol=1e-4) for view in views) == 1


def test_what_lies_beyond_the_pixels_is_nothing() -> None:
    with np.errstate(all="raise"):
        weights = overlap(np.array([0.0]), np.array([8.0]), 8, np.arange(4.0))[0]
    known = np.isfinite(weights).all(axis=1)
    assert known.tolist() == [False] * 3 + [True] * 5 and weights[known].sum(axis=1) == pytest.approx(1)
