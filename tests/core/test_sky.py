"""Pixels to sky for any celestial WCS, and for broken ones."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.mosaic import BandSpec, Mosaic, MosaicSpec
from tests.core.grids import DEC, RA, one_band, sip_header, tan_header, two_bands, write


@pytest.mark.parametrize(
    ("ra", "dec"), [(0.0, 0.0), (359.9999, 30.0), (10.0, 89.9), (77.0, 90.0), (5.0, -89.99)]
)
def test_scale_and_round_trip_at_the_seam_and_the_poles(tmp_path: Path, ra: float, dec: float) -> None:
    mosaic = one_band(tmp_path, tan_header((100, 120), 0.2, 25.0, ra, dec))
    assert mosaic.pixel_scale() == pytest.approx(0.2, rel=1e-6)
    x, y = np.meshgrid(np.arange(0.0, 120, 7), np.arange(0.0, 100, 7))
    there = mosaic.sky(x, y)
    assert (there[0] >= 0).all()
    assert (there[0] < 360).all()
    np.testing.assert_allclose(mosaic.pixel(*there), (x, y), atol=1e-6)
    np.testing.assert_allclose(mosaic.pixel_scales(x, y), 0.2, rtol=1e-6)
    np.testing.assert_allclose(mosaic.pixel(there[0] - 360, there[1]), (x, y), atol=1e-6)


def test_separations_agree_with_astropy_near_the_pole(tmp_path: Path) -> None:
    mosaic = one_band(tmp_path, tan_header((100, 120), 0.5, 0.0, 30.0, 89.9))
    a, b = SkyCoord(*mosaic.sky(10, 20) * u.deg), SkyCoord(*mosaic.sky(13, 24) * u.deg)
    assert a.separation(b).arcsec == pytest.approx(2.5, rel=1e-6)


def test_north_and_parity(tmp_path: Path) -> None:
    for angle in (0.0, 30.0, -120.0):
        north, flipped = one_band(tmp_path, tan_header((100, 120), 0.2, angle)).north()
        mosaic = one_band(tmp_path, tan_header((100, 120), 0.2, angle))
        ra, dec = mosaic.sky(59.5, 49.5)
        x, y = mosaic.pixel(ra, dec + 1 / 3600)
        assert north == pytest.approx(np.degrees(np.arctan2(-(x - 59.5), y - 49.5)), abs=1e-3)
        assert not flipped
    mirrored = tan_header((100, 120), 0.2)
    mirrored["CD1_1"] *= -1
    assert one_band(tmp_path, mirrored).north() == (pytest.approx(0, abs=1e-6), True)


def tpv_header() -> fits.Header:
    header = tan_header((1000, 1000), 0.26)
    header.update({"CTYPE1": "RA---TPV", "CTYPE2": "DEC--TPV", "PV1_1": 1.0, "PV2_1": 1.0, "PV1_4": 0.5})
    header.update({"PV2_4": 0.3, "PV1_7": 2.0})
    return header


@pytest.mark.parametrize("header", [sip_header, tpv_header])
def test_the_scale_is_local_on_a_distorted_sky(tmp_path: Path, header: Callable[[], fits.Header]) -> None:
    mosaic = one_band(tmp_path, header(), (1000, 1000))
    wcs = WCS(header())
    scales = []
    for x, y in ((20.0, 30.0), (500.0, 500.0), (980.0, 970.0)):
        corners = SkyCoord(*wcs.all_pix2world([x, x + 2, x], [y, y, y + 2], 0), unit="deg")
        sides = corners[0].separation(corners[1:3]).arcsec / 2
        angle = corners[0].position_angle(corners[1]) - corners[0].position_angle(corners[2])
        area = sides[0] * sides[1] * abs(np.sin(angle.radian))
        assert mosaic.pixel_scale(x, y) == pytest.approx(np.sqrt(area), rel=3e-4)
        scales.append(mosaic.pixel_scale(x, y))
        np.testing.assert_allclose(mosaic.pixel(*mosaic.sky(x, y)), (x, y), atol=1e-3)
    assert np.ptp(scales) / scales[1] > 1e-3


def pc_header() -> fits.Header:
    header = tan_header((1000, 1000), 0.2)
    for card in ("CD1_1", "CD1_2", "CD2_1", "CD2_2"):
        del header[card]
    turn = np.radians(33.0)
    header.update(
        {"CDELT1": -0.2 / 3600, "CDELT2": 0.21 / 3600, "PC1_1": np.cos(turn), "PC2_2": np.cos(turn)}
    )
    header.update({"PC1_2": -np.sin(turn), "PC2_1": np.sin(turn)})
    return header


def crota_header() -> fits.Header:
    header = tan_header((1000, 1000), 0.2)
    for card in ("CD1_1", "CD1_2", "CD2_1", "CD2_2"):
        del header[card]
    header.update({"CDELT1": -0.2 / 3600, "CDELT2": 0.2 / 3600, "CROTA2": 71.0})
    return header


def skewed_header() -> fits.Header:
    header = tan_header((1000, 1000), 0.26, -64.0, 359.99, -70.0)
    header["CD1_2"] *= 1.03
    header["CD2_2"] *= -0.98
    return header


def real_tpv_header() -> fits.Header:
    """Distortions as large as a wide camera's: a few px at the edge, of third order."""
    header = tan_header((1000, 1000), 0.26, 5.0)
    header.update({"CTYPE1": "RA---TPV", "CTYPE2": "DEC--TPV", "PV1_0": 1e-5, "PV1_1": 1.001, "PV1_2": 2e-4})
    header.update(
        {"PV1_4": 0.02, "PV1_7": 0.4, "PV2_0": -1e-5, "PV2_1": 0.999, "PV2_2": -1e-4, "PV2_5": 0.03}
    )
    header.update({"PV2_7": 0.3, "CRPIX1": 2400.0, "CRPIX2": -1500.0})
    return header


EVERY_WCS = {
    "TAN, CD": lambda: tan_header((1000, 1000), 0.2, 12.0),
    "PC": pc_header,
    "CROTA2": crota_header,
    "skewed, mirrored CD": skewed_header,
    "SIP": sip_header,
    "TPV": real_tpv_header,
}


@pytest.mark.parametrize("kind", EVERY_WCS)
def test_positions_are_those_of_astropy_to_a_millionth_of_a_pixel(tmp_path: Path, kind: str) -> None:
    header = EVERY_WCS[kind]()
    mosaic = one_band(tmp_path, header, (1000, 1000))
    assert mosaic.has_sky
    wcs = WCS(header)
    x, y = np.random.default_rng(5).uniform(-0.5, 999.5, (2, 500))
    there = SkyCoord(*wcs.all_pix2world(x, y, 0), unit="deg")
    ours = SkyCoord(*mosaic.sky(x, y), unit="deg")
    assert ours.separation(there).arcsec.max() < 1e-6 * mosaic.pixel_scale()
    back = wcs.all_world2pix(there.ra.deg, there.dec.deg, 0, tolerance=1e-9, maxiter=100)
    np.testing.assert_allclose(mosaic.pixel(there.ra.deg, there.dec.deg), back, atol=1e-6)
    np.testing.assert_allclose(mosaic.pixel(there.ra.deg, there.dec.deg), (x, y), atol=1e-6)


def test_positions_far_off_a_distorted_image_are_nan_or_right(tmp_path: Path) -> None:
    mosaic = one_band(tmp_path, sip_header(), (1000, 1000))
    ra, dec = np.array([RA + 120, RA + 1, np.nan]), np.array([DEC, DEC + 3, DEC])
    x, y = mosaic.pixel(ra, dec)
    assert np.isnan(x[0])
    assert np.isnan(x[2])
    back = mosaic.sky(x, y)
    assert np.isnan(x[1]) or abs(back[0][1] - ra[1]) < 1e-3


@pytest.mark.parametrize(
    ("cards", "frame"),
    [
        ({"CTYPE1": "GLON-TAN", "CTYPE2": "GLAT-TAN"}, "galactic"),
        ({"RADESYS": "FK5", "EQUINOX": 2000.0}, "fk5"),
        ({"RADESYS": "FK4", "EQUINOX": 1950.0}, "fk4"),
        ({"CTYPE1": "DEC--TAN", "CTYPE2": "RA---TAN", "CRVAL1": DEC, "CRVAL2": RA}, "icrs"),
    ],
)
def test_every_frame_comes_out_as_icrs(tmp_path: Path, cards: dict[str, object], frame: str) -> None:
    header = tan_header((100, 120), 0.2, 15.0)
    header.update(cards)
    mosaic = one_band(tmp_path, header)
    assert mosaic.has_sky
    assert not mosaic.notes
    x, y = np.array([3.0, 50.0, 110.0]), np.array([90.0, 50.0, 2.0])
    expected = WCS(header).pixel_to_world(x, y).icrs
    ra, dec = mosaic.sky(x, y)
    separation = SkyCoord(ra, dec, unit="deg").separation(expected).arcsec
    assert separation.max() < 1e-4
    np.testing.assert_allclose(mosaic.pixel(ra, dec), (x, y), atol=1e-3)


def test_bands_in_different_frames_meet(tmp_path: Path) -> None:
    here = SkyCoord(RA, DEC, unit="deg").galactic
    galactic = tan_header((100, 120), 0.2, 0.0, here.l.deg, here.b.deg, CTYPE1="GLON-TAN", CTYPE2="GLAT-TAN")
    mosaic = two_bands(
        tmp_path,
        (np.zeros((100, 120), "f4"), tan_header((100, 120), 0.2)),
        (np.ones((100, 120), "f4"), galactic),
    )
    np.testing.assert_allclose(mosaic.to_band("b", 59.5, 49.5), (59.5, 49.5), atol=1e-4)


BROKEN: list[tuple[dict[str, object], str]] = [
    ({"CTYPE1": "LINEAR", "CTYPE2": "LINEAR"}, "not celestial"),
    ({"CTYPE1": "", "CTYPE2": ""}, "no WCS"),
    ({"CD1_1": 0.0, "CD1_2": 0.0}, "gives pixels"),
    ({"CTYPE2": "DEC--SIN"}, "cannot be used"),
    ({"CTYPE1": "RA---XYZ", "CTYPE2": "DEC--XYZ"}, "cannot be used"),
    ({"CRVAL2": 95.0}, "WCS"),
    ({"CD1_1": -5.0, "CD2_2": 5.0}, "WCS gives|map back"),
]


@pytest.mark.parametrize(("cards", "reason"), BROKEN)
def test_a_broken_wcs_counts_as_none_and_is_noted(
    tmp_path: Path, cards: dict[str, object], reason: str, recwarn: pytest.WarningsRecorder
) -> None:
    header = tan_header((100, 120), 0.2)
    header.update(cards)
    with pytest.raises(AstroTLError, match="--pixel-scale"):
        one_band(tmp_path, header)
    recwarn.clear()
    mosaic = one_band(tmp_path, header, pixel_scale=0.3)
    assert not recwarn.list, "astropy's warnings are the opener's to hold back"
    assert not mosaic.has_sky
    assert mosaic.wcs is None
    (note,) = mosaic.notes
    assert re.search(reason, note), note
    assert mosaic.pixel_scale() == 0.3
    assert np.isnan(mosaic.sky(1, 2)).all()
    assert np.isnan(mosaic.pixel([1.0, 2.0], [3.0, 4.0])).all()
    assert np.isnan(mosaic.north()[0])


def test_a_band_without_wcs_takes_that_of_its_equal(tmp_path: Path) -> None:
    plain = write(tmp_path / "plain.fits", np.ones((50, 60), "f4"))
    sky = write(tmp_path / "sky.fits", np.ones((50, 60), "f4"), tan_header((50, 60), 0.2))
    mosaic = Mosaic.open(MosaicSpec("t", (BandSpec("a", plain), BandSpec("b", sky)), "a"))
    assert mosaic.has_sky
    assert mosaic.aligned
    assert mosaic.pixel_scale() == pytest.approx(0.2)
    assert any("a is taken to lie on the grid of b" in note for note in mosaic.notes)


def test_threads_share_one_wcs(tmp_path: Path) -> None:
    mosaic = one_band(tmp_path, sip_header(), (1000, 1000))
    x, y = np.random.default_rng(0).uniform(0, 999, (2, 3000))
    expected = mosaic.sky(x, y)
    with ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            for back in pool.map(lambda _: mosaic.pixel(*expected), range(16)):
                np.testing.assert_allclose(back, (x, y), atol=1e-3)
