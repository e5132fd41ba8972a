"""Cutouts: position, scale, surface brightness, NaN."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from astrotl_gui.core.cutout import cutout, resampling_weights
from tests.core.plain_mosaic import Plain


def ramp(ny: int = 120, nx: int = 150) -> np.ndarray:
    row, column = np.mgrid[:ny, :nx]
    return (3.0 * column + 7.0 * row).astype(np.float32)


def test_native_scale_at_an_integer_centre_copies_the_pixels() -> None:
    plane = np.random.default_rng(1).normal(size=(60, 70)).astype(np.float32)
    got = cutout(Plain({"g": plane}), 30, 20, size=0.2 * 11, npix=11, bands=["g"])
    np.testing.assert_allclose(got[0], plane[15:26, 25:36], rtol=1e-6)


@pytest.mark.parametrize(("x", "y"), [(70, 60), (70.37, 58.81), (69.5, 59.5)])
@pytest.mark.parametrize("npix", [8, 21, 64, 224])
def test_a_ramp_is_sampled_at_the_true_positions(x: float, y: float, npix: int) -> None:
    side = 42.0
    got = cutout(Plain({"g": ramp()}), x, y, size=0.2 * side, npix=npix, bands=["g"])[0]
    offset = (np.arange(npix) - (npix - 1) / 2) * side / npix
    want = 3 * (x + offset)[None, :] + 7 * (y + offset)[:, None]
    # Averages of a ramp over boxes not aligned with the pixels differ by at most an eighth of a pixel.
    np.testing.assert_allclose(got, want, atol=10 / 8 + 1e-3)
    assert abs(got.mean() - (3 * x + 7 * y)) < 0.05


def test_shrinking_keeps_the_flux() -> None:
    plane = np.zeros((101, 101), np.float32)
    plane[50, 50] = 900.0
    got = cutout(Plain({"g": plane}), 50, 50, size=0.2 * 63, npix=21, bands=["g"])[0]
    assert got.sum() * 9 == pytest.approx(900, rel=1e-5)
    assert np.unravel_index(got.argmax(), got.shape) == (10, 10)


def test_angular_size_follows_the_pixel_scale() -> None:
    coarse = cutout(Plain({"g": ramp()}, scale=0.4), 70, 60, size=8.0, npix=20, bands=["g"])[0]
    assert coarse[10, 11] - coarse[10, 10] == pytest.approx(3.0, rel=1e-4)


def test_outside_and_bad_pixels_are_nan_per_band() -> None:
    mask = np.zeros((120, 150), bool)
    mask[60, 70] = True
    mosaic = Plain({"g": ramp(), "r": ramp()}, bits={"g": mask, "r": np.zeros_like(mask)})
    got = cutout(mosaic, 70, 60, size=0.2 * 5, npix=5, bands=["g", "r"])
    assert np.isnan(got[0, 2, 2])
    assert np.isnan(got[0]).sum() == 1
    assert np.isfinite(got[1]).all()
    edge = cutout(mosaic, -0.5, 60, size=0.2 * 20, npix=20, bands=["r"])[0]
    assert np.isnan(edge[:, :10]).all()
    assert np.isfinite(edge[:, 10:]).all()
    assert np.isnan(cutout(mosaic, -500, -500, 4.0, 16, ["g"])).all()


@given(st.floats(5, 25), st.floats(0.5, 60), st.integers(1, 80))
def test_weights_of_every_output_pixel_sum_to_one(centre: float, side: float, npix: int) -> None:
    weights = resampling_weights(centre + 40, side, npix, 120).toarray()
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-5)
    assert (weights >= 0).all()
