"""Filter names, zero points and roles as surveys write them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from astropy.io import fits

from astrotl_gui.core.filters import file_filters, filter_of, header_filter, title_filter
from astrotl_gui.core.roles import bit_names, mask_bits, role_in
from astrotl_gui.core.zeropoints import zeropoint


@pytest.mark.parametrize(
    ("text", "name", "wavelength"),
    [
        ("g.MP9401", "g", 477),
        ("Ks.WC8302", "Ks", 2147),
        ("i DECam SDSS c0003 7835.0 1470.0", "i", 783.5),
        ("DECAM_g", "g", 477),
        ("DES_G", "g", 477),
        ("NIR_Y", "Y", 1081),
        ("NIR_H", "H", 1771),
        ("VIS", "VIS", 715),
        ("OCAM_g_SDSS", "g", 477),
        ("r.00000", "r", 623),
        ("HSC-I2", "i", 763),
        ("HSC-Y", "Y", 1020),
        ("g'", "g", 477),
        ("SDSSr", "r", 623),
        ("z_SDSS", "z", 905),
        ("W-J-B", "B", 438),
        ("W-C-RC", "R", 641),
        ("W-S-I+", "i", 763),
        ("I 8321/1950 A  #1808", "I", 832.1),
        ("R", "R", 641),
        ("F606W", "F606W", 606),
        ("f160w", "F160W", 1600),
        ("F850LP", "F850LP", 850),
        ("F098M", "F098M", 980),
    ],
)
def test_filter_names_as_surveys_write_them(text: str, name: str, wavelength: float) -> None:
    found = filter_of(text)
    assert found is not None
    assert (found.name, found.wavelength) == (name, wavelength)


@pytest.mark.parametrize("text", ["", "narrow", "NB0921", "empty slot", "N6", "is", "up"])
def test_what_is_no_known_filter_is_none(text: str) -> None:
    assert filter_of(text) is None


@pytest.mark.parametrize(
    ("name", "instrument", "wavelength"),
    [
        ("F200W", "NIRCAM", 2000),
        ("F200W", "", 2000),
        ("F300W", "WFPC2 HST", 300),
        ("F410M", "WFC3 HST", 410),
        ("F444W", "NIRCAM JWST", 4440),
        ("F770W", "MIRI", 7700),
        ("F1000W", "MIRI", 10000),
        ("F222M", "NICMOS HST", 2220),
        ("F225W", "WFC3 HST", 225),
    ],
)
def test_hst_and_jwst_count_differently(name: str, instrument: str, wavelength: float) -> None:
    found = filter_of(name, instrument)
    assert found is not None
    assert found.wavelength == wavelength


def test_header_filters_pass_over_clear_wheels() -> None:
    acs = fits.Header({"INSTRUME": "ACS", "FILTER1": "CLEAR1L", "FILTER2": "F814W", "PHOTPLAM": 8045.5})
    found = header_filter(acs)
    assert found is not None
    assert found.name == "F814W"
    assert found.wavelength == pytest.approx(804.55)
    nircam = header_filter(fits.Header({"INSTRUME": "NIRCAM", "FILTER": "F150W2", "PUPIL": "F162M"}))
    assert nircam is not None
    assert nircam.name == "F162M"
    assert header_filter(fits.Header({"FILTER": "CLEAR"})) is None
    # The place in the wheel is no name.
    assert header_filter(fits.Header({"FILTERS": "4", "FILTERID": 6})) is None
    odd = header_filter(fits.Header({"FILTER": "NB0921"}))
    assert odd is not None
    assert odd.name == "NB0921"
    assert odd.wavelength is None


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("A671 R 1200sec", "R"),
        ("NGC 4321 B 600 s", "B"),
        ("M51 V 300s V 600s", "V"),
        ("ESO 137 B", None),
        ("a370 I mediane iraf de 5 files", None),
        ("A671 R 1200sec, B 600sec", None),
        ("", None),
    ],
)
def test_an_observers_title_tells_the_filter_beside_its_exposure(title: str, expected: str | None) -> None:
    found = title_filter(fits.Header({"OBJECT": title}))
    assert (found.name if found else None) == expected


@pytest.mark.parametrize(
    ("stems", "expected"),
    [
        (["CFHTLS_W3_g", "CFHTLS_W3_r"], ["g", "r"]),
        (["h_udf_wfc_b_drz", "h_udf_wfc_v_drz", "h_udf_wfc_i_drz"], ["B", "V", "i"]),
        (["jw01_clear-f200w_i2d_stamp"], ["F200W"]),
        (["g", "Y"], ["g", "Y"]),
        (["m31_gband", "m31_rband"], ["g", "r"]),
        (["wise_w1", "wise_w2"], ["W1", "W2"]),
        (["demo-sky", "other"], [None, None]),
        (["i_epoch1", "i_epoch2"], ["i", "i"]),
    ],
)
def test_file_names_tell_the_filter(stems: Sequence[str], expected: Sequence[str | None]) -> None:
    assert [found.name if found else None for found in file_filters(stems)] == expected


@pytest.mark.parametrize(
    ("cards", "expected"),
    [
        ({"MZP_AB": 30.0}, 30.0),
        ({"MAGZERO": 24.6}, 24.6),
        ({"MAGZP": "26.325"}, 26.325),
        ({"MAGZERO": 0.0}, None),
        ({"MAGZERO": 99.0}, None),
        ({"MAGZERO": "unknown"}, None),
        ({"MAGZP": 20.9, "ORIGIN": "2MASS"}, None),
        ({"MAGZP": 20.5, "TELESCOP": "WISE"}, None),
        ({"PHOTZP": 23.5, "PHOTSYS": "VEGA"}, None),
        ({"PHOTZP": 0.5, "PHOTSYS": "AB"}, None),
        ({"PHOTZP": 23.5, "PHOTSYS": "AB"}, 23.5),
        ({"BUNIT": "nanomaggy"}, 22.5),
        ({"BUNIT": "nJy"}, 31.4),
        ({"BUNIT": "mJy"}, 16.4),
        ({"BUNIT": "MJy"}, -6.1),
        ({"BUNIT": "Jy/beam"}, None),
        ({"FLUXMAG0": 10**10.8}, 27.0),
        ({"FPA.ZP": 24.76097, "EXPTIME": 40.0}, 24.76097 + 2.5 * np.log10(40)),
        ({"FPA.ZP": 25.0, "EXPTIME": 40.0, "BSOFTEN": 3.0}, None),
        ({"ZEROPNT": 0.0, "INSTRUME": "OMEGACAM"}, 0.0),
        ({"ZEROPNT": 0.0, "INSTRUME": "WFC"}, None),
        ({}, None),
    ],
)
def test_zero_points_in_headers(cards: dict[str, object], expected: float | None) -> None:
    found = zeropoint(fits.Header(cards))
    assert found == (None if expected is None else pytest.approx(expected, abs=1e-6))


def test_hst_zero_points_agree_with_the_published_ones() -> None:
    """ACS/WFC F606W in 2003: 26.493 AB (STScI zero point calculator) for PHOTFLAM 7.8e-20, PHOTPLAM 5922."""
    header = fits.Header(
        {"PHOTFLAM": 7.8625e-20, "PHOTPLAM": 5921.9, "BUNIT": "ELECTRONS/S", "EXPTIME": 100.0}
    )
    assert zeropoint(header) == pytest.approx(26.49, abs=0.01)
    header["BUNIT"] = "ELECTRONS"
    assert zeropoint(header) == pytest.approx(26.49 + 5, abs=0.01)


def test_surface_brightness_needs_the_pixel_area() -> None:
    """1 MJy/sr over 0.031″ pixels is 28.0 AB, the value NIRCam users know for the short channel."""
    header = fits.Header({"BUNIT": "MJy/sr"})
    assert zeropoint(header) is None
    assert zeropoint(header, 0.031) == pytest.approx(28.0, abs=0.03)
    header["PIXAR_SR"] = 2.25e-14
    assert zeropoint(header) == pytest.approx(-6.1 - 2.5 * np.log10(2.25e-14), abs=2e-3)
    assert zeropoint(header, 0.062) == pytest.approx(28.0 - 2.5 * np.log10(4), abs=0.03)


@pytest.mark.parametrize(
    ("text", "extension", "role", "rest"),
    [
        ("SCI", True, "image", ""),
        ("DES_G_BGSUB", True, "image", "DES_G"),
        ("DES_G_RMS", True, "rms", "DES_G"),
        ("VIS_PSF", True, "psf", "VIS"),
        ("ERR", True, "rms", ""),
        ("DQ", True, "mask", ""),
        ("VAR_POISSON", True, "ignored", "POISSON"),
        ("IVAR", True, "weight", ""),
        ("CON", True, "ignored", ""),
        ("xdf_f606w_wht", False, "weight", "xdf_f606w"),
        ("jw_stamp.noise", False, "rms", "jw_stamp"),
        ("jw_stamp.mask4sfft", False, "mask", "jw_stamp"),
        ("psf_matched_g", False, "image", "psf_matched_g"),
        ("exp_12_g", False, "image", "exp_12_g"),
        ("ztf_2020_zr_q3_mskimg", False, "mask", "ztf_2020_zr_q3"),
        ("ztf_2020_zr_q3_sciimg", False, "image", "ztf_2020_zr_q3_sciimg"),
        ("demo-sky_g", False, "image", "demo-sky_g"),
    ],
)
def test_roles_in_names(text: str, extension: bool, role: str, rest: str) -> None:
    assert role_in(text, extension) == (role, rest)


def test_mask_bits_of_surveys_leave_detections_out() -> None:
    bits = {"MP_BAD": 0, "MP_SAT": 1, "MP_CR": 3, "HIERARCH MP_DETECTED": 5, "HIERARCH MP_NO_DATA": 8}
    lsst = fits.Header(bits)
    assert mask_bits(lsst) == 1 | 2 | 8 | 256
    panstarrs = fits.Header({"MSKNUM": 2, "MSKNAM00": "MARK.VALUE", "MSKVAL00": 32768})
    panstarrs.update({"MSKNAM01": "MASK.VALUE", "MSKVAL01": 8575})
    assert mask_bits(panstarrs) == 8575
    assert mask_bits(fits.Header({"TELESCOP": "JWST", "EXTNAME": "DQ"})) == 1
    assert mask_bits(fits.Header()) == 0
    assert bit_names(lsst)[1] == "sat"
    assert bit_names(fits.Header({"TELESCOP": "JWST", "EXTNAME": "DQ"}))[1] == "saturated"
    assert bit_names(fits.Header({"MSKNUM": 1, "MSKNAM00": "GHOST", "MSKVAL00": 8})) == {3: "ghost"}
    assert bit_names(fits.Header([("BIT03", 3, "BAD COLUMN")])) == {3: "bad column"}
    assert bit_names(fits.Header()) == {}


def test_bits_that_the_header_itself_describes() -> None:
    """ZTF writes what each bit means into the comment of its card."""
    meanings = (
        "AIRCRAFT/SATELLITE TRACK", "CONTAINS SEXTRACTOR DETECTION", "LOW RESPONSIVITY", "HIGH RESPONSIVITY",
        "NOISY", "GHOST FROM BRIGHT SOURCE", "POSSIBLE GHOST FROM CHARGE SPILLAGE", "PIXEL SPIKE", "SATURATED",
        "DEAD (UNRESPONSIVE)", "NAN (not a number)", "CONTAINS PSF-EXTRACTED SOURCE POSITION",
        "HALO FROM BRIGHT SOURCE", "RESERVED FOR FUTURE USE",
    )  # fmt: skip
    ztf = fits.Header([(f"BIT{bit:02d}", bit, text) for bit, text in enumerate(meanings)])
    assert mask_bits(ztf) == sum(1 << bit for bit in range(13) if bit not in (1, 11)) == 6141
