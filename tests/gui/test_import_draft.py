"""The mosaic to be as the user corrects it, and the numbers and names the import page shows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from astrotl_gui.core.bands import BandSpec
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.fits import Plane
from astrotl_gui.core.identify import Proposal, identify
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.gui.import_count import Found, estimate_text, found_text
from astrotl_gui.gui.import_draft import Draft, bits_text, key_of, parse_bits, zeropoints_text
from astrotl_gui.gui.import_form import free_path
from astrotl_gui.gui.import_preview import angle_text
from astrotl_gui.gui.mosaic_part import central_part


@pytest.fixture
def mosaic(tmp_path: Path) -> Mosaic:
    """Two bands of noise, 120 × 120 px of 0.2″."""
    rng = np.random.default_rng(1)
    for band in "gr":
        header = fits.Header({"FILTER": band, "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN"})
        header.update({"CRVAL1": 150.0, "CRVAL2": 2.0, "CRPIX1": 60.0, "CRPIX2": 60.0})
        header.update({"CDELT1": -0.2 / 3600, "CDELT2": 0.2 / 3600})
        fits.PrimaryHDU(rng.normal(size=(120, 120)).astype(np.float32), header).writeto(
            tmp_path / f"{band}.fits"
        )
    return Mosaic.open(identify(sorted(tmp_path.glob("*.fits"))).spec())


# --- the draft ---------------------------------------------------------------------------------------


def draft(*names: str) -> Draft:
    bands = tuple(
        BandSpec(n, Plane(Path(f"/{n}.fits"), 0), wavelength=400.0 + k) for k, n in enumerate(names)
    )
    return Draft.of(Proposal(bands, "field"))


def key(name: str) -> str:
    return key_of(draft(name).bands[0])


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_every_channel_choice_gives_a_valid_colour(count: int) -> None:
    start = draft(*"abcde"[:count])
    for band in start.keys:
        for channel in start.channels():
            after = start.with_channel(band, channel)
            assert after.channel(band) == channel
            red, green, blue = after.spec().colour
            assert red
            assert blue
            if count > 1:
                assert red != blue
                assert green not in (red, blue)
            if count > 2:
                assert green


def test_joined_keeps_corrections() -> None:
    first = draft("a", "b").renamed(key("a"), "X").with_zeropoint(key("b"), 25.0)
    more = Proposal(
        (*draft("a", "b").bands, BandSpec("c", Plane(Path("/c.fits"), 0), wavelength=900.0)), "field"
    )
    after = first.joined(more)
    assert [band.name for band in after.bands] == ["X", "b", "c"]
    assert after.band(key("b")).zeropoint == 25.0


def test_removing_the_reference_band_leaves_a_valid_mosaic() -> None:
    start = Draft.of(Proposal(draft("a", "b", "c").bands, "field", reference="b"))
    assert start.spec().reference == "b"
    assert start.removed(key("b")).spec().reference in ("a", "c")


def test_spec_refuses_equal_names() -> None:
    with pytest.raises(AstroTLError):
        draft("a", "b").renamed(key("a"), "b").spec()


def test_zero_points_in_words() -> None:
    start = draft("g", "r")
    assert zeropoints_text(start) == "No zero points"
    one = start.with_zeropoint(key("g"), 25.0)
    assert zeropoints_text(one) == "No zero point for r"
    assert zeropoints_text(one.with_zeropoint(key("r"), 26.0)) == "Zero points"


@pytest.mark.parametrize(("text", "mask"), [("", 0), ("0, 4 7", 145), ("2,2", 4), ("-1", None), ("x", None)])
def test_bits(text: str, mask: int | None) -> None:
    assert parse_bits(text) == mask
    if mask:
        assert parse_bits(bits_text(mask)) == mask


# --- counting ----------------------------------------------------------------------------------------


def test_a_count_is_exact_only_when_it_is_true() -> None:
    assert found_text(Found(1184, True)) == "1,184 found"
    assert found_text(Found(1184, False)) == "about 1,200"
    assert found_text(Found(58_312, False)) == "about 58,000"
    assert found_text(Found(7, False)) == "about 7"


def test_part_of_a_mosaic_agrees_with_the_whole(mosaic: Mosaic) -> None:
    whole, share = central_part(mosaic, 120 * 120)
    assert whole is mosaic
    assert share == 1
    part, share = central_part(mosaic, 3600)
    assert part.shape == (60, 60)
    assert share == 0.25
    np.testing.assert_array_equal(part.read("r", (0, 0, 10, 20)), mosaic.read("r", (30, 30, 40, 50)))
    np.testing.assert_array_equal(part.bad("r", (0, 0, 9, 9)), mosaic.bad("r", (30, 30, 39, 39)))
    np.testing.assert_allclose(part.sky(3.0, 4.0), mosaic.sky(33.0, 34.0))
    np.testing.assert_allclose(part.pixel(*part.sky(3.0, 4.0)), (3, 4), atol=1e-6)
    np.testing.assert_allclose(part.to_band("g", 3.0, 4.0), mosaic.to_band("g", 33.0, 34.0))
    assert part.pixel_scale() == pytest.approx(mosaic.pixel_scale(), rel=1e-9)


def test_the_estimate_grows_with_the_work(mosaic: Mosaic) -> None:
    assert estimate_text(None, None) == ""
    assert estimate_text(mosaic, None) == "You can look around while it works."
    assert estimate_text(mosaic, 100_000).startswith("About ")
    assert " h " not in estimate_text(mosaic, 100)


# --- small things ------------------------------------------------------------------------------------


def test_free_names(tmp_path: Path) -> None:
    assert free_path(tmp_path, 'NGC 6976: a/b?"').name == "NGC 6976 a b.astrotl"
    (tmp_path / "M31.astrotl").mkdir()
    (tmp_path / "M31 2.astrotl").mkdir()
    assert free_path(tmp_path, "M31").name == "M31 3.astrotl"
    assert free_path(tmp_path, " .. ").name == "Mosaic.astrotl"


@pytest.mark.parametrize(
    ("arcsec", "text"), [(0.186, "0.186″"), (30, "30″"), (810, "13.5′"), (7200, "2°"), (7100, "118′")]
)
def test_angles(arcsec: float, text: str) -> None:
    assert angle_text(arcsec) == text
