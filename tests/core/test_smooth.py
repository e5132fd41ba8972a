"""Smoothing: keeps the light, leaves no seam between tiles, and stops at pixels without data."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from astrotl_gui.core.stretch import smoothed, smoothed_tile

SIDE = 32
RNG = np.random.default_rng(0)
PLANE = RNG.normal(0, 1, (75, 90)).astype(np.float32)
GRID = (3, 3)


def tiles(plane: np.ndarray) -> Callable[[int, int], np.ndarray]:
    return lambda x, y: plane[y * SIDE : (y + 1) * SIDE, x * SIDE : (x + 1) * SIDE]


@pytest.mark.parametrize("sigma", [0.5, 1.7, 6.0])
def test_light_is_kept(sigma: float) -> None:
    assert smoothed(PLANE, sigma).sum() == pytest.approx(PLANE.sum(), abs=0.02)
    point = np.zeros((61, 61), np.float32)
    point[30, 30] = 1
    assert smoothed(point, sigma)[30, 30] == pytest.approx(
        1 / (2 * np.pi * sigma**2), rel=0.12 if sigma < 1 else 0.01
    )


def test_little_smoothing_is_none() -> None:
    assert smoothed(PLANE, 0.1) is PLANE


def test_pixels_without_data_do_not_spread() -> None:
    plane = np.full((40, 40), 5.0, np.float32)
    plane[10:14, 20] = np.nan
    plane[30, 30] = np.inf
    made = smoothed(plane, 3.0)
    assert np.array_equal(np.isnan(made), ~np.isfinite(plane))
    assert made[np.isfinite(made)] == pytest.approx(5.0, abs=1e-5)


@pytest.mark.parametrize("sigma", [0.0, 0.8, 4.0])
def test_tiles_are_parts_of_the_smoothed_plane(sigma: float) -> None:
    plane = PLANE.copy()
    plane[31:34, 40:50] = np.nan
    whole = smoothed(plane, sigma)
    for iy in range(3):
        for ix in range(3):
            made = smoothed_tile(tiles(plane), GRID, (ix, iy), sigma)
            assert made is not None
            expected = whole[iy * SIDE : (iy + 1) * SIDE, ix * SIDE : (ix + 1) * SIDE]
            assert made == pytest.approx(expected, abs=2e-5, nan_ok=True)


@pytest.mark.parametrize("thin", [2, 4])
def test_a_draft_is_the_smoothed_thinned_plane(thin: int) -> None:
    whole = smoothed(np.ascontiguousarray(PLANE[::thin, ::thin]), 4.0 / thin)
    for ix, iy in ((0, 0), (1, 1), (2, 2)):
        made = smoothed_tile(tiles(PLANE), GRID, (ix, iy), 4.0, thin)
        side = SIDE // thin
        assert made == pytest.approx(
            whole[iy * side : (iy + 1) * side, ix * side : (ix + 1) * side], abs=2e-5
        )
    plain = smoothed_tile(tiles(PLANE), GRID, (0, 0), 0.0, thin)
    assert plain is not None
    assert np.array_equal(plain, PLANE[:SIDE:thin, :SIDE:thin])


def test_a_tile_waits_for_those_beside_it() -> None:
    def some(x: int, y: int) -> np.ndarray | None:
        return None if (x, y) == (0, 0) else tiles(PLANE)(x, y)

    assert smoothed_tile(some, GRID, (1, 1), 2.0) is None
    assert smoothed_tile(some, GRID, (2, 2), 2.0) is not None
    assert smoothed_tile(some, GRID, (1, 1), 0.0) is not None
