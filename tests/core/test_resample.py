"""One band read on the grid of another: flux, place, noise and masks survive."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy.wcs import WCS

from tests.core.grids import DEC, RA, full, sip_header, tan_header, two_bands, write

GRIDS = [(0.2, 0.26, 30.0), (0.26, 0.2, 30.0), (0.2, 0.26, -77.0), (0.5, 0.1, 12.0), (0.1, 0.5, 200.0)]


@pytest.mark.parametrize("unit", ["", "MJy/sr"])
@pytest.mark.parametrize(("scale_a", "scale_b", "angle"), GRIDS)
def test_a_uniform_sky_keeps_its_surface_brightness(
    tmp_path: Path, scale_a: float, scale_b: float, angle: float, unit: str
) -> None:
    brightness = 7.0  # per arcsec²
    shape_a, shape_b = _shapes(scale_a, scale_b)
    value = brightness if unit else brightness * scale_b**2
    mosaic = two_bands(
        tmp_path,
        (np.zeros(shape_a, "f4"), tan_header(shape_a, scale_a)),
        (np.full(shape_b, value, "f4"), tan_header(shape_b, scale_b, angle, BUNIT=unit)),
    )
    values = mosaic.read("b", full(mosaic))
    np.testing.assert_allclose(values, brightness * (1 if unit else scale_a**2), rtol=0.001)


@pytest.mark.parametrize("unit", ["", "MJy/sr"])
@pytest.mark.parametrize(("scale_a", "scale_b", "angle"), GRIDS)
def test_a_gaussian_source_keeps_its_flux_and_place(
    tmp_path: Path, scale_a: float, scale_b: float, angle: float, unit: str
) -> None:
    shape_a, shape_b = _shapes(scale_a, scale_b)
    header_b = tan_header(shape_b, scale_b, angle, BUNIT=unit)
    ra, dec = RA + 1.3 / 3600, DEC - 0.7 / 3600
    x, y = WCS(header_b).all_world2pix([ra], [dec], 0)
    yy, xx = np.mgrid[: shape_b[0], : shape_b[1]]
    sigma = 1.0 / scale_b  # 1″: well sampled on every grid here
    source = np.exp(-((xx - x[0]) ** 2 + (yy - y[0]) ** 2) / (2 * sigma**2)) / (2 * np.pi * sigma**2)
    data = source * 1000 / (scale_b**2 if unit else 1)
    mosaic = two_bands(
        tmp_path,
        (np.zeros(shape_a, "f4"), tan_header(shape_a, scale_a)),
        (data.astype("f4"), header_b),
    )
    values = mosaic.read("b", full(mosaic)).astype(float)
    flux = values.sum() * (scale_a**2 if unit else 1)
    assert flux == pytest.approx(1000, rel=0.01)
    yy, xx = np.mgrid[: mosaic.shape[0], : mosaic.shape[1]]
    centre = (values * xx).sum() / values.sum(), (values * yy).sum() / values.sum()
    np.testing.assert_allclose(centre, [float(v) for v in mosaic.pixel(ra, dec)], atol=0.02)


def _shapes(scale_a: float, scale_b: float) -> tuple[tuple[int, int], tuple[int, int]]:
    """Reference of 24″ × 20″ inside a band of 48″ × 48″."""
    return (round(20 / scale_a), round(24 / scale_a)), (round(48 / scale_b), round(48 / scale_b))


def test_boxes_and_steps_of_a_resampled_band_agree_with_the_whole(tmp_path: Path) -> None:
    data = np.random.default_rng(2).normal(size=(700, 700)).astype("f4")
    mosaic = two_bands(
        tmp_path,
        (np.zeros((600, 500), "f4"), tan_header((600, 500), 0.2)),
        (data, tan_header((700, 700), 0.17, 33.0)),
    )
    whole = mosaic.read("b", full(mosaic))
    np.testing.assert_allclose(mosaic.read("b", (123, 45, 410, 399)), whole[45:399, 123:410], atol=0.02)
    np.testing.assert_allclose(mosaic.read("b", (3, 5, 490, 590), 7), whole[5:590:7, 3:490:7], atol=0.02)
    beyond = mosaic.read("b", (-500, -500, 20, 20))
    np.testing.assert_allclose(beyond[500:, 500:], whole[:20, :20], atol=0.02)
    assert np.isnan(beyond[0, 0])


def test_exact_rebinning_by_two(tmp_path: Path) -> None:
    data = np.random.default_rng(2).normal(size=(200, 200)).astype("f4")
    mosaic = two_bands(
        tmp_path,
        (np.zeros((100, 100), "f4"), tan_header((100, 100), 0.4)),
        (data, tan_header((200, 200), 0.2)),
    )
    expected = data.reshape(100, 2, 100, 2).sum(axis=(1, 3))
    np.testing.assert_allclose(mosaic.read("b", full(mosaic)), expected, atol=1e-3)


def test_a_small_distorted_band_shows_whole_on_a_large_grid(tmp_path: Path) -> None:
    """Far off a distorted image its inversion fails; the tiles around it must not go with it."""
    header = sip_header()
    header.update({"A_2_0": 2e-4, "A_0_2": 1e-4, "B_1_1": -2e-4, "CRPIX1": 100.5, "CRPIX2": 100.5})
    mosaic = two_bands(
        tmp_path,
        (np.zeros((2000, 2000), "f4"), tan_header((2000, 2000), 0.05)),
        (np.ones((200, 200), "f4"), header),
    )
    far_x, _ = mosaic.to_band("b", [0.0, 1999.0], [0.0, 1999.0])
    assert np.isnan(far_x).any(), "the case is not the one meant"
    values = mosaic.read("b", (800, 800, 1200, 1200))
    # Each value is the number of band pixels in the pixel: together they are the whole band.
    assert np.nansum(values) == pytest.approx(200 * 200, rel=0.02)
    whole = mosaic.read("b", full(mosaic))
    assert np.nansum(whole) == pytest.approx(float(np.nansum(values)), rel=1e-3)


def test_a_shifted_grid_is_read_without_resampling(tmp_path: Path) -> None:
    data = np.random.default_rng(3).normal(size=(90, 80)).astype("f4")
    header = tan_header((60, 70), 0.2)
    shifted = header.copy()
    shifted["CRPIX1"] += 5
    shifted["CRPIX2"] -= 3
    mosaic = two_bands(tmp_path, (np.zeros((60, 70), "f4"), header), (data, shifted))
    assert not mosaic.aligned
    np.testing.assert_array_equal(mosaic.read("b", (0, 5, 60, 50)), data[2:47, 5:65])
    np.testing.assert_allclose(mosaic.to_band("b", 10.0, 20.0), (15.0, 17.0), atol=1e-6)
    assert np.isnan(mosaic.read("b", (0, 0, 10, 10))[:3]).all()


def test_noise_of_sums_survives_resampling(tmp_path: Path) -> None:
    """σ² adds with area: over one region both grids give the same noise of the total flux."""
    for unit in ("", "MJy/sr"):
        weight = write(tmp_path / "w.fits", np.full((300, 300), 1 / 0.3**2, "f4"))
        mosaic = two_bands(
            tmp_path,
            (np.zeros((100, 100), "f4"), tan_header((100, 100), 0.26)),
            (np.ones((300, 300), "f4"), tan_header((300, 300), 0.2, 30.0, BUNIT=unit)),
            weight=weight,
        )
        noise = mosaic.noise("b", full(mosaic))
        assert noise is not None
        assert mosaic.noise("a", full(mosaic)) is None
        area = 0.26**2 if unit else 1.0  # flux of one pixel of unit value
        total = np.sqrt(np.sum((noise.astype(float) * area) ** 2))
        own = 0.3 * (0.2**2 if unit else 1.0) * np.sqrt(100 * 100 * 0.26**2 / 0.2**2)
        assert total == pytest.approx(own, rel=0.005)


def test_nan_pixels_stay_local_and_bad_after_resampling(tmp_path: Path) -> None:
    data = np.ones((300, 300), "f4")
    data[150:153, 150:153] = np.nan
    mosaic = two_bands(
        tmp_path,
        (np.zeros((100, 100), "f4"), tan_header((100, 100), 0.26)),
        (data, tan_header((300, 300), 0.2, 30.0)),
    )
    values, bad = mosaic.read("b", full(mosaic)), mosaic.bad("b", full(mosaic))
    assert 1 <= np.isnan(values).sum() <= 12
    assert bad[np.isnan(values)].all()
    assert bad.sum() <= 30
    np.testing.assert_allclose(values[~np.isnan(values)], 0.26**2 / 0.2**2, rtol=0.001)


def test_zero_point_on_the_reference_grid(tmp_path: Path) -> None:
    mosaic = two_bands(
        tmp_path,
        (np.zeros((100, 100), "f4"), tan_header((100, 100), 0.2)),
        (np.ones((100, 100), "f4"), tan_header((100, 100), 0.1, BUNIT="MJy/sr")),
    )
    mosaic.band("b").zeropoint = 28.0
    assert mosaic.zeropoint("b") == pytest.approx(28.0 - 5 * np.log10(2), abs=1e-4)
    assert mosaic.zeropoint("a") is None
