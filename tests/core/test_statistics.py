"""Statistics of cutouts: known answers on simple pictures."""

from __future__ import annotations

import numpy as np
import pytest

from astrotl_gui.core.statistics import azimuthal_profile, local_background, radii, shrink, statistics


def disc(size: float = 0.1, ratio: float = 1.0, dx: float = 0.0, n: int = 56) -> np.ndarray:
    offset = (np.arange(n) - (n - 1) / 2) / (n / 2)
    y, x = np.meshgrid(offset, offset, indexing="ij")
    return np.exp(-np.hypot((x - dx) / size, y / size / ratio)).astype(np.float32)


def table(stamps: np.ndarray, noise: float = 1.0) -> dict[str, np.ndarray]:
    values, names = statistics(stamps, np.zeros(stamps.shape[1]), np.full(stamps.shape[1], noise))
    assert values.shape == (len(stamps), len(names))
    assert len(set(names)) == len(names)
    return {name: values[:, k] for k, name in enumerate(names)}


def test_colours_are_magnitudes_between_bands() -> None:
    got = table(np.stack([disc() * 100, disc() * 1000])[None], 1e-3)
    for name in ("colour_core", "colour_annulus", "colour_core_0", "colour_wide_0"):
        assert got[name][0] == pytest.approx(2.5, abs=1e-3)


def test_blue_outskirts_show_in_the_annulus() -> None:
    arc = np.where((radii(56) > 0.3) & (radii(56) < 0.4), 5, 0).astype(np.float32)
    got = table(np.stack([100 * disc() + arc, 300 * disc()])[None], 1e-3)
    assert got["colour_core"][0] > got["colour_annulus"][0] + 0.3


def test_light_bluer_than_the_core_is_left_and_light_of_one_colour_is_not() -> None:
    galaxy, arc = 1000 * disc(), np.where(abs(radii(56) - 0.25) < 0.05, 20, 0).astype(np.float32)
    got = table(np.stack([np.stack([0.4 * galaxy, galaxy]), np.stack([0.4 * galaxy + arc, galaxy])]))
    assert got["blue_ring"][0] == pytest.approx(0, abs=1e-3)
    assert got["blue_ring"][1] > 1.5
    assert got["blue_share"][1] > 0.1 > abs(got["blue_share"][0])


def test_asymmetry_shape_and_offset() -> None:
    round_, long, off = 1000 * disc(), 1000 * disc(0.05, 4), 1000 * disc(dx=0.15)
    got = table(np.stack([round_, long, off])[:, None])
    assert got["asymmetry_180"][0] == pytest.approx(0, abs=1e-5)
    assert got["asymmetry_90"][0] == pytest.approx(0, abs=1e-5)
    assert got["asymmetry_90"][1] > 0.3 > got["asymmetry_180"][1]
    assert got["asymmetry_180"][2] > 0.3
    assert got["ellipticity"][0] < 0.01 < 0.5 < got["ellipticity"][1]
    assert got["offset"][2] > 0.05 > got["offset"][0]


def test_light_fractions_grow_and_points_are_concentrated() -> None:
    point, extended = 1000 * disc(0.02), 1000 * disc(0.2)
    got = table(np.stack([point, extended])[:, None])
    for k in range(2):
        light = [got[f"light_{name}"][k] for name in ("core", "inner", "middle", "outer")]
        assert light == sorted(light)
    assert got["light_core"][0] > 2 * got["light_core"][1]
    assert got["gini"][0] > got["gini"][1]
    flat = table(np.full((1, 1, 56, 56), 5.0, np.float32))
    assert flat["gini"][0] == pytest.approx(0, abs=1e-5)


def test_a_ring_lies_above_the_profile_only_where_it_is_broken() -> None:
    profile, residual = azimuthal_profile(1000 * disc()[None])
    assert profile.shape == (1, 28)
    assert np.abs(residual).max() < 0.2 * profile.max()
    ring = (radii(56) > 0.3) & (radii(56) < 0.4)
    half = ring & (np.arange(56) < 20)[:, None]
    got = table(np.stack([1000 * disc(), 1000 * disc() + 50 * half])[:, None])
    assert got["ring_power"][1] > got["ring_power"][0] + 0.1


def test_a_nucleus_rises_above_the_profile_of_its_host() -> None:
    host = 300 * disc(0.3)
    got = table(np.stack([host, host + 3000 * disc(0.02)])[:, None])
    assert got["nucleus"][1] > got["nucleus"][0] + 0.5


def test_background_of_noise_and_of_nothing() -> None:
    stamps = np.random.default_rng(0).normal(7, 2, (3, 2, 64, 64)).astype(np.float32)
    stamps[0, 0, :6] = 900  # a neighbour at the border
    sky, noise = local_background(stamps)
    np.testing.assert_allclose(sky, 7, atol=0.5)
    np.testing.assert_allclose(noise, 2, rtol=0.25)
    stamps[2] = np.nan
    assert np.isnan(local_background(stamps)[0][2]).all()


def test_nan_and_empty_cutouts_do_no_harm() -> None:
    stamps = np.full((2, 3, 64, 64), np.nan, np.float32)
    stamps[1, :, 20:, :] = 1.0
    values, names = statistics(stamps, np.zeros(3), np.ones(3))
    assert not np.isinf(values).any()
    assert values[0, names.index("bad_fraction")] == 1
    assert values[1, names.index("bad_fraction")] == pytest.approx(20 / 64, abs=0.01)
    assert statistics(np.zeros((0, 1, 64, 64), np.float32), [0], [1])[0].shape[0] == 0
    assert np.isfinite(statistics(stamps[1:], np.zeros(3), np.zeros(3))[0]).any()


def test_one_band_has_no_colours() -> None:
    _, names = statistics(np.ones((1, 1, 56, 56), np.float32), [0], [1])
    assert not [name for name in names if name.startswith(("colour", "single"))]


def test_shrink_averages_whole_blocks() -> None:
    image = np.arange(224 * 224, dtype=np.float32).reshape(1, 1, 224, 224)
    assert shrink(image).shape == (1, 1, 56, 56)
    assert shrink(image)[0, 0, 0, 0] == image[0, 0, :4, :4].mean()
    assert shrink(image[..., :50, :50]).shape == (1, 1, 50, 50)


def test_concentration_and_m20_of_a_gaussian_are_the_analytic_ones() -> None:
    """Of a round Gaussian: r_f = σ √(−2 ln(1 − f)), and M20 = log10(1 − 0.8 (1 − ln 0.8))."""
    row, column = np.mgrid[:56, :56] - 27.5
    square = row**2 + column**2
    wide = 1e6 * np.exp(-square / 2 / 5.0**2)
    two = wide + 1e6 * np.exp(-((row - 9) ** 2 + column**2) / 2 / 1.5**2)
    got = table(np.stack([wide, two])[:, None].astype(np.float32))
    assert got["concentration"][0] == pytest.approx(2.145, abs=0.12)
    assert got["m20"][0] == pytest.approx(np.log10(1 - 0.8 * (1 - np.log(0.8))), abs=0.05)
    assert got["m20"][1] > got["m20"][0] + 0.4, "a second nucleus"
    empty = table(np.zeros((1, 1, 56, 56), np.float32))
    assert np.isnan(empty["concentration"][0])
    assert np.isnan(empty["m20"][0])
