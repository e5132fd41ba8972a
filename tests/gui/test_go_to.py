"""What typed text points at."""

from __future__ import annotations

import pytest
from astropy.coordinates import SkyCoord
from hypothesis import given
from hypothesis import strategies as st

from astrotl_gui.gui.go_to import Pixel, Place, Rank, SourceId, Zoom, parse


@pytest.mark.parametrize(
    ("text", "ra", "dec"),
    [
        ("53.1609 -27.8059", 53.1609, -27.8059),
        ("53.1609, −27.8059", 53.1609, -27.8059),
        ("03 32 38.61 -27 48 21.4", 53.160875, -27.805944),
        ("03:32:38.61 −27:48:21.4", 53.160875, -27.805944),
        ("3h32m38.61s -27d48m21.4s", 53.160875, -27.805944),
        ("3h32m -27°48′", 53.0, -27.8),
        ("00 00 00 -00 30 00", 0.0, -0.5),
        ("359.999 +89.5", 359.999, 89.5),
        ("SDSS J033238.61-274821.4", 53.160875, -27.805944),
        ("gal 223.532598 -54.538246", 53.0, -27.8),
        ("l=223.532598, b=-54.538246", 53.0, -27.8),
    ],
)
def test_coordinates(text: str, ra: float, dec: float) -> None:
    found = parse(text)
    assert isinstance(found, Place)
    assert (found.ra, found.dec) == pytest.approx((ra, dec), abs=1e-5)


@given(st.floats(0, 359.9), st.floats(-89.9, 89.9))
def test_sexagesimal_means_what_astropy_means(ra: float, dec: float) -> None:
    text = SkyCoord(ra, dec, unit="deg").to_string("hmsdms", sep=":", precision=4)
    found = parse(text)
    assert isinstance(found, Place)
    assert (found.ra, found.dec) == pytest.approx((ra, dec), abs=1e-6)


@pytest.mark.parametrize(("text", "rank"), [("7", 7), ("rank 12", 12), (" Rank 3 ", 3)])
def test_ranks(text: str, rank: int) -> None:
    assert parse(text) == Rank(rank)


@pytest.mark.parametrize(("text", "number"), [("id 123", 123), ("ID123", 123), ("#9", 9)])
def test_ids(text: str, number: int) -> None:
    assert parse(text) == SourceId(number)


@pytest.mark.parametrize("text", ["px 1234 567.5", "1234, 567.5 px", "x 1234 y 567.5", "pixel 1234 567.5"])
def test_pixels(text: str) -> None:
    assert parse(text) == Pixel(1234, 567.5)


@pytest.mark.parametrize(
    ("text", "factor"),
    [("2:1", 2), ("1:8", 0.125), ("zoom 50", 0.5), ("50 %", 0.5), ("zoom 3x", 3), ("1.5×", 1.5)],
)
def test_zooms(text: str, factor: float) -> None:
    assert parse(text) == Zoom(factor)


@pytest.mark.parametrize(
    "text",
    [
        "gal 400 0",
        "",
        "export",
        "0",
        "rank 0",
        "360 0",
        "10 91",
        "10 20 30",
        "03 75 00 -27 00 00",
        "1 -2 3 4",
        "m 31 7",
        "h d",
    ],
)
def test_what_is_no_place(text: str) -> None:
    assert parse(text) is None


@given(st.text(max_size=30))
def test_any_text_is_taken_without_failing(text: str) -> None:
    parse(text)
