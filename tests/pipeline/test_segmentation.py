"""Which pixel belongs to which source, and which detection is none."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from astrotl_gui.pipeline.cleaning import spurious
from astrotl_gui.pipeline.psf import adaptive_widths, stellar_locus
from astrotl_gui.pipeline.segmentation import Basins
from astrotl_gui.pipeline.shapes import Moments


def two_hills(height: float = 0.8) -> np.ndarray:
    y, x = np.mgrid[:40, :60]
    first = np.exp(-0.5 * ((x - 20) ** 2 + (y - 20) ** 2) / 25)
    return (first + height * np.exp(-0.5 * ((x - 38) ** 2 + (y - 20) ** 2) / 25)).astype(np.float32)


def test_two_hills_meet_in_the_valley() -> None:
    image = two_hills()
    basins = Basins.of(image, image > 0.02)
    assert sorted(zip(basins.peak_row.tolist(), basins.peak_column.tolist(), strict=True)) == [
        (20, 20),
        (20, 38),
    ]
    assert len(basins.pairs) == 1
    segments = basins.joined(basins.numbers[[20, 20], [20, 38]].astype(np.int64))
    assert segments[20, 20] == 1 and segments[20, 38] == 2
    valley = 20 + int(np.argmin(image[20, 20:38]))
    assert segments[20, valley - 1] == 1 and segments[20, valley + 1] == 2
    assert ((segments > 0) == (image > 0.02)).all()


def test_hill_that_is_no_source_joins_its_neighbour() -> None:
    image = two_hills()
    basins = Basins.of(image, image > 0.02)
    segments = basins.joined(basins.numbers[[20], [20]].astype(np.int64))
    assert set(np.unique(segments[image > 0.02])) == {1}


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**31), dx=st.integers(0, 9), dy=st.integers(0, 9))
def test_segments_do_not_depend_on_the_window(seed: int, dx: int, dy: int) -> None:
    rng = np.random.default_rng(seed)
    image = rng.normal(size=(30, 30)).astype(np.float32)
    inside = rng.random((30, 30)) > 0.3
    image[[0, -1]], inside[[0, -1]] = 0, False
    padded = np.pad(image, ((dy, 3), (dx, 5))), np.pad(inside, ((dy, 3), (dx, 5)))
    one, other = Basins.of(image, inside), Basins.of(*padded)
    np.testing.assert_array_equal(one.numbers, other.numbers[dy : dy + 30, dx : dx + 30])
    markers = np.arange(1, len(one.peak_row) + 1, 2)
    np.testing.assert_array_equal(one.joined(markers), other.joined(markers)[dy : dy + 30, dx : dx + 30])


def test_wings_of_a_bright_star_are_cleaned_and_real_neighbours_kept() -> None:
    x, y = np.array([0.0, 40.0, 40.0, 500.0]), np.array([0.0, 0.0, 10.0, 0.0])
    moments = Moments(np.full(4, 25.0), np.full(4, 25.0), np.zeros(4))
    peak, lowest = np.array([1000.0, 3.3, 60.0, 3.3]), np.array([900.0, 3.1, 50.0, 3.1])
    npix = np.array([2800, 6, 60, 6])
    assert spurious(x, y, moments, peak, lowest, npix, 3.0).tolist() == [False, True, False, False]
    apart = np.array([1, 2, 1, 3])
    assert not spurious(x, y, moments, peak, lowest, npix, 3.0, apart).any()


def test_adaptive_widths_of_gaussians() -> None:
    y, x = np.mgrid[-15:16, -15:16]
    sigmas = np.array([0.8, 1.3, 2.0, 4.0])
    stamps = np.array([np.exp(-0.5 * ((x - 0.3) ** 2 + (y + 0.2) ** 2) / s**2) for s in sigmas])
    stars = adaptive_widths(stamps)
    np.testing.assert_allclose(stars.fwhm, 2.3548 * sigmas, rtol=0.02)
    assert (stars.ellipticity < 0.02).all()
    np.testing.assert_allclose(stars.dx, 0.3, atol=0.02)
    np.testing.assert_allclose(stars.dy, -0.2, atol=0.02)
    long = np.exp(-0.5 * (x**2 / 9 + y**2 / 2))[None]
    assert adaptive_widths(long).e1[0] > 0.3
    turned = adaptive_widths(np.exp(-0.5 * ((x + y) ** 2 / 18 + (x - y) ** 2 / 4))[None])
    assert turned.e2[0] > 0.3 and abs(turned.e1[0]) < 0.01


def test_stars_are_the_narrow_peak_below_a_sea_of_galaxies() -> None:
    rng = np.random.default_rng(0)
    stars, galaxies = rng.normal(3.0, 0.05, 60), 3.2 + rng.gamma(3, 1.0, 400)
    widths = np.concatenate([galaxies, stars])
    assert abs(np.median(widths[stellar_locus(widths)]) - 3.0) < 0.1
