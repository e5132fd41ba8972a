"""Test particles in the fields of galaxies: orbits that are known, and the shapes that encounters are known for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from astrotl_gui.pipeline.simulation import encounters
from astrotl_gui.pipeline.simulation.camera import rng_for
from astrotl_gui.pipeline.simulation.encounters import STEP, _circular, _leap, _parabola, _pull
from astrotl_gui.pipeline.simulation.structure import disc_maps, irregular_maps

SEEDS = range(4)
Maps = Callable[[np.random.Generator, float, float, float, Sequence[float]], list[np.ndarray]]


def test_a_circular_orbit_stays_circular() -> None:
    x, v = np.array([2.0, 0.0, 0.0]), np.array([0.0, float(_circular(2.0)), 0.0])
    for _ in range(int(60 / STEP)):
        x, v = _leap(x, v, lambda at: _pull(at, 1.0))
        assert np.hypot(x[0], x[1]) == pytest.approx(2.0, abs=0.02)


def test_energy_is_conserved() -> None:
    x, v = np.array([[3.0, 0.0, 0.5]]), np.array([[0.0, 0.25, 0.0]])

    def energy() -> float:
        depth = 1 / np.sqrt((x**2).sum() + encounters.SOFTENING**2)
        return float((v**2).sum() / 2 - depth)

    start = energy()
    for _ in range(int(100 / STEP)):
        x, v = _leap(x, v, lambda at: _pull(at, 1.0))
    assert energy() == pytest.approx(start, abs=1e-3)


def test_the_companion_comes_in_on_a_parabola() -> None:
    """Zero energy, and at pericentre after the time before it."""
    x, v = _parabola(1.5, 2.0, 9.0)
    assert (v**2).sum() / 2 == pytest.approx(1.5 / np.sqrt((x**2).sum() + encounters.SOFTENING**2), rel=0.01)
    for _ in range(int(9.0 / STEP)):
        x, v = _leap(x, v, lambda at: _pull(at, 1.5))
    assert np.linalg.norm(x) == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize("seed", SEEDS)
def test_mergers_have_tails(seed: int) -> None:
    """Stars far beyond where any of an undisturbed disc would be, from both galaxies, and a companion beside."""
    debris = encounters.merger(rng_for(seed, "merger"), 0.7)
    own = debris.stars[debris.origin == 0]
    assert (np.linalg.norm(own, axis=1) > 4).mean() > 0.03  # of a disc: 0.9 %
    assert debris.companion is not None and set(debris.origin) == {0.0, 1.0}
    near = np.linalg.norm(debris.stars[debris.origin == 1] - debris.companion, axis=1)
    assert np.median(near) < 2.5


@pytest.mark.parametrize("seed", SEEDS)
def test_rings_are_denser_than_what_they_enclose(seed: int) -> None:
    """Seen face-on (the axis ratio is undone): surface density rises outwards somewhere beyond the nucleus."""
    stars = encounters.ring(rng_for(seed, "ring")).stars
    values, vectors = np.linalg.eigh(np.cov(stars.T))
    flat = (stars @ vectors) / np.sqrt(values) * np.sqrt(values.max())
    radius = np.linalg.norm(flat, axis=1)
    edges = np.linspace(0.2, 3.2, 13)
    density = np.histogram(radius, edges)[0] / (edges[1:] ** 2 - edges[:-1] ** 2)
    assert (density[1:] > 1.1 * density[:-1]).any()


@pytest.mark.parametrize("seed", SEEDS)
def test_streams_are_thin(seed: int) -> None:
    """Most of their stars lie on a small part of the area they span."""
    stars = encounters.stream(rng_for(seed, "stream")).stars
    count, *_ = np.histogram2d(stars[:, 0], stars[:, 1], bins=30)
    densest = np.sort(count.ravel())[::-1].cumsum() / len(stars)
    assert np.searchsorted(densest, 0.8) < 0.25 * count.size


@pytest.mark.parametrize("knots", [0.0, 0.4])
def test_debris_keeps_its_light_and_its_place(knots: float) -> None:
    stars = rng_for(1, "debris").normal([1.5, -0.5], 1.0, (4000, 2))
    image = encounters.debris_map(stars, 0.1, 0.13, knots)
    assert image.shape[0] == image.shape[1] and image.shape[0] % 2 == 1
    assert image.sum() == pytest.approx(4000, rel=0.01) and image.min() >= 0
    rows, columns = (np.indices(image.shape) - image.shape[0] // 2) * 0.1
    wander = 0.06 + 0.5 * knots  # few bright knots pull the centre
    assert (columns * image).sum() / image.sum() == pytest.approx(1.5, abs=wander)
    assert (rows * image).sum() / image.sum() == pytest.approx(-0.5, abs=wander)


@pytest.mark.parametrize(("maps", "lopsided"), [(disc_maps, 0.25), (irregular_maps, 0.45)])
def test_structure_is_patchy_and_bluer_light_more_so(maps: Maps, lopsided: float) -> None:
    """The residual about a smooth disc: not nil, and larger at short wavelengths; the disc lies along theta."""
    for seed in SEEDS:
        blue, red = maps(rng_for(seed, "structure"), 14.0, 0.6, 0.5, [450.0, 850.0])
        assert blue.shape == red.shape and blue.min() >= 0 and blue.shape[0] % 2 == 1
        rough = [float(np.abs(np.diff(image / image.sum(), axis=0)).sum()) for image in (blue, red)]
        assert rough[0] > rough[1]
        rows, columns = np.indices(red.shape) - red.shape[0] // 2
        light = red / red.sum()
        angle = 0.5 * np.arctan2(2 * (light * rows * columns).sum(), (light * (columns**2 - rows**2)).sum())
        assert angle == pytest.approx(0.5, abs=lopsided)
