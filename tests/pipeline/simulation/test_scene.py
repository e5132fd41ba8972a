"""The scene is one sky: the same whoever asks, whatever the camera sees of it."""

from __future__ import annotations

import numpy as np
import pytest

from astrotl_gui.pipeline.simulation.scene import CELL, FARTHEST, Densities, Scene

GRI = ("g", "r", "i")


def test_a_cell_is_the_same_in_whatever_order_it_is_asked_for() -> None:
    one, other = Scene(5, GRI, 24), Scene(5, GRI, 24)
    first = one.cell(3, 2)
    list(other.cells((0, 0, 300, 200)))
    again = other.cell(3, 2)
    assert np.array_equal(first.galaxies.x, again.galaxies.x)
    assert np.array_equal(first.stars.mags, again.stars.mags)
    assert [(r.kind, r.x, r.y) for r in first.rare] == [(r.kind, r.x, r.y) for r in again.rare]
    assert not np.array_equal(first.galaxies.x[:5], Scene(6, GRI, 24).cell(3, 2).galaxies.x[:5])


def test_everything_lies_in_its_cell() -> None:
    """But for members of groups, which spread around theirs."""
    cell = Scene(5, GRI, 24).cell(-1, 4)
    assert len(cell.stars) and (np.floor(cell.stars.x / CELL) == -1).all()
    assert (np.floor(cell.stars.y / CELL) == 4).all()
    away = np.hypot(cell.galaxies.x + CELL / 2, cell.galaxies.y - 4.5 * CELL)
    assert len(away) and np.median(away) < CELL / 2 and away.max() < FARTHEST


def test_a_deeper_scene_only_adds_to_it() -> None:
    shallow, deep = Scene(9, GRI, 23.0).cell(1, 1), Scene(9, GRI, 26.5).cell(1, 1)
    assert len(deep.galaxies) > 4 * len(shallow.galaxies)
    assert set(shallow.galaxies.seed) <= set(deep.galaxies.seed)
    assert [r.kind for r in shallow.rare] == [r.kind for r in deep.rare]
    assert [(r.x, r.y) for r in shallow.rare] == [(r.x, r.y) for r in deep.rare]


def test_other_bands_show_the_same_sky() -> None:
    optical, other = Scene(9, GRI, 25.0), Scene(9, ("g", "z"), 25.0)
    for cell, seen in ((optical.cell(i, 0), other.cell(i, 0)) for i in range(6)):
        same = dict(zip(seen.galaxies.seed, seen.galaxies.x, strict=True))
        shared = [k for k, seed in enumerate(cell.galaxies.seed) if seed in same]
        assert len(shared) > 0.5 * len(cell.galaxies)
        assert all(cell.galaxies.x[k] == same[cell.galaxies.seed[k]] for k in shared)
        assert np.array_equal(cell.stars.x, seen.stars.x) and np.allclose(
            cell.stars.mags[:, 0], seen.stars.mags[:, 0]
        )
        assert [(r.kind, r.x) for r in cell.rare] == [(r.kind, r.x) for r in seen.rare]


def test_densities_are_what_is_asked_for() -> None:
    plain, other = (
        [scene.cell(i, j) for i in range(8) for j in range(8)]
        for scene in (Scene(3, GRI, 22.0), Scene(3, GRI, 22.0, Densities(stars=12.6, rare=0)))
    )
    stars = [sum(len(cell.stars) for cell in cells) for cells in (plain, other)]
    assert stars[1] / stars[0] == pytest.approx(3.0, rel=0.15)
    kinds = [{rare.kind for cell in cells for rare in cell.rare} for cells in (plain, other)]
    assert len(kinds[0]) > 8 and kinds[1] <= {"cluster arc"}


def test_galaxies_cluster() -> None:
    """Counts in cells of one arcmin² scatter by more than Poisson's."""
    scene = Scene(2, GRI, 23.5)
    counts = np.array([len(scene.cell(i, j).galaxies) for i in range(12) for j in range(12)])
    assert counts.var() > 1.25 * counts.mean()


def test_rare_objects_are_rare_and_apart_from_bright_neighbours() -> None:
    scene = Scene(2, GRI, 26.0)
    cells = [scene.cell(i, j) for i in range(10) for j in range(10)]
    kinds = [rare.class_ for cell in cells for rare in cell.rare]
    galaxies = sum(len(cell.galaxies) for cell in cells)
    assert (
        18 <= kinds.count("lens") <= 45
        and 35 <= kinds.count("agn") <= 85
        and 7 <= kinds.count("outlier") <= 30
    )
    assert kinds.count("lens") < 0.01 * galaxies and kinds.count("outlier") < 0.01 * galaxies
    close = 0
    for cell in cells:
        bright = cell.galaxies.i_mag < 20.5
        for rare in cell.rare:
            if rare.class_ in ("lens", "outlier") and bright.any():
                gap = np.hypot(cell.galaxies.x[bright] - rare.x, cell.galaxies.y[bright] - rare.y).min()
                close += bool(gap < 4)
    assert close <= 3
