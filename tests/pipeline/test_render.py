"""A region as a picture: the right pixels at the right place at every zoom, and real fields by other means."""

from __future__ import annotations

from pathlib import Path

import astropy.units as u
import numpy as np
import pytest
from astropy.io import fits
from astropy.stats import sigma_clipped_stats
from astropy.wcs import WCS
from PIL import Image
from scipy.ndimage import gaussian_filter, map_coordinates

from astrotl_gui.core import tiles
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.identify import identify
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.stretch import Look, render_bands
from astrotl_gui.pipeline.render import Region, render, write_picture
from tests.core.grids import one_band, tan_header, two_bands

SHAPE = (90, 120)


@pytest.fixture
def mosaic(tmp_path: Path) -> Mosaic:
    rng = np.random.default_rng(1)
    a, b = rng.normal(0, 1, (2, *SHAPE)).astype("f4")
    a[20:23, 100:103] += 90  # one bright block low on the right
    b[70:73, 10:13] += 90
    return two_bands(tmp_path, (a, tan_header(SHAPE, 0.2)), (b, tan_header(SHAPE, 0.2)))


def test_a_pixel_each_is_the_mosaic_upper_row_first(mosaic: Mosaic) -> None:
    picture = render(mosaic, Region.of(mosaic), bands=["a"])
    planes = {"a": mosaic.read("a", (0, 0, 120, 90))}
    expected = render_bands(planes, picture.levels, mosaic.spec, Look(mode="a"))[::-1, :, 2::-1]
    np.testing.assert_array_equal(picture.pixels, expected)
    assert (picture.pixels[90 - 1 - 21, 101] > 200).all()


def test_bands_are_red_to_blue_and_the_project_chooses_where_nothing_is_said(mosaic: Mosaic) -> None:
    colour = render(mosaic, Region.of(mosaic), bands=["a", "b"]).pixels.astype(int)
    assert colour[90 - 1 - 21, 101, 0] > colour[90 - 1 - 21, 101, 2] + 25
    assert colour[90 - 1 - 71, 11, 2] > colour[90 - 1 - 71, 11, 0] + 25
    grey = render(mosaic, Region.of(mosaic), Look(mode="b", invert=True)).pixels
    assert (grey[90 - 1 - 71, 11] < 50).all()
    assert render(mosaic, Region.of(mosaic)).look.mode == "colour"


@pytest.mark.parametrize("zoom", [3.0, 1.0, 0.5, 0.24])
def test_what_is_at_a_place_stays_there_at_every_zoom(mosaic: Mosaic, zoom: float) -> None:
    region = Region.of(mosaic, xy=(95.0, 24.0), size=(50, 40, False))
    picture = render(mosaic, region, Look(mode="a", stretch="linear", white=120.0), longest=round(50 * zoom))
    assert picture.pixels.shape == (round(40 * zoom), round(50 * zoom), 3)
    light = np.clip(picture.pixels[..., 0].astype(float) - 25, 0, None)
    row, column = (np.sum(axis * light) / light.sum() for axis in np.indices(light.shape))
    x = 95 + (column + 0.5) * 50 / picture.pixels.shape[1] - 25
    y = 24 + 20 - (row + 0.5) * 40 / picture.pixels.shape[0]
    within = max(0.5, 0.5 / zoom)  # half a pixel of the mosaic, or of the picture
    assert (x, y) == (pytest.approx(101, abs=within), pytest.approx(21, abs=within))


def test_beyond_the_edge_there_is_nothing(mosaic: Mosaic) -> None:
    picture = render(mosaic, Region.of(mosaic, xy=(0, 0), size=(40, 40, False)), bands=["a"])
    assert (picture.pixels[25:, :] == picture.pixels[-1, 0]).all()
    assert len(np.unique(picture.pixels[:20, 20:])) > 5


def test_a_large_mosaic_is_drawn_from_means_and_leaves_its_pyramid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_folders: Path
) -> None:
    monkeypatch.setattr(tiles, "TILE", 8)
    monkeypatch.setattr(tiles, "WHOLE_PIXELS", 100)
    mosaic = one_band(tmp_path, tan_header((100, 120), 0.2))
    ones = render(mosaic, Region.of(mosaic), longest=20)
    assert ones.pixels.shape == (17, 20, 3)
    (place,) = (own_folders / "cache" / "astrotl" / "tiles").iterdir()
    assert (place / "level-2.npy").exists()


def test_a_size_in_arcsec_and_a_place_on_the_sky(mosaic: Mosaic) -> None:
    ra, dec = (float(value) for value in mosaic.sky(30.0, 40.0))
    region = Region.of(mosaic, radec=(ra, dec), size=(6.0, 6.0, True))
    assert (region.x, region.y) == (pytest.approx(30, abs=1e-6), pytest.approx(40, abs=1e-6))
    assert region.width == pytest.approx(30, rel=1e-4)
    told = render(mosaic, region, longest=60).to_dict(mosaic)
    assert told["arcsec_per_px"] == pytest.approx(0.1, rel=1e-4)
    assert (told["region"]["ra"], told["region"]["dec"]) == (pytest.approx(ra), pytest.approx(dec))


def test_what_cannot_be_drawn_is_told(mosaic: Mosaic, tmp_path: Path) -> None:
    with pytest.raises(AstroTLError, match="Outside the mosaic: Pixel 500, 2"):
        Region.of(mosaic, xy=(500, 2))
    with pytest.raises(AstroTLError, match="Outside the mosaic"):
        Region.of(mosaic, radec=(10.0, 2.0))
    with pytest.raises(AstroTLError, match="Nothing to show"):
        Region.of(mosaic, size=(0, 5, False))
    with pytest.raises(AstroTLError, match="goes from 1 to"):
        render(mosaic, Region.of(mosaic), longest=10**6)
    with pytest.raises(AstroTLError, match="z"):
        render(mosaic, Region.of(mosaic), bands=["z"])
    picture = render(mosaic, Region.of(mosaic))
    with pytest.raises(AstroTLError, match="PNG"):
        write_picture(tmp_path / "a.jpg", picture)
    (tmp_path / "file").write_text("")
    with pytest.raises(AstroTLError):
        write_picture(tmp_path / "file" / "a.png", picture)
    write_picture(tmp_path / "a.png", picture)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "a.png")), picture.pixels)


# --- real fields, drawn by other means --------------------------------------------------------------

SILENT_WCS = pytest.mark.filterwarnings("ignore::astropy.wcs.FITSFixedWarning")
FIELDS = {"cfhtls_w3": "CFHTLS*", "sdss": "reprojected*", "jwst_a2744": "jw01324*stamp.fits"}


@pytest.fixture(scope="module", params=FIELDS)
def field(request: pytest.FixtureRequest, shared_data: Path) -> Mosaic:
    files = sorted((shared_data / "fits" / request.param).glob(FIELDS[request.param]))
    return Mosaic.open(identify(files).spec())


def by_astropy(mosaic: Mosaic, band: str) -> tuple[np.ndarray, WCS]:
    plane = mosaic.band(band).spec.image
    with fits.open(plane.path) as hdus:
        return hdus[plane.hdu].data.astype(float), WCS(hdus[plane.hdu].header).celestial


@SILENT_WCS
def test_north_and_handedness_of_real_fields(field: Mosaic) -> None:
    """A star 25 px away at position angle 210° is drawn where astropy has it, and the compass points there."""
    band = field.reference.name
    data, wcs = by_astropy(field, band)
    inner = gaussian_filter(np.nan_to_num(data), 1.5)
    inner[:80], inner[-80:], inner[:, :80], inner[:, -80:] = 0, 0, 0, 0
    y, x = np.unravel_index(inner.argmax(), inner.shape)
    star = wcs.pixel_to_world(x, y)
    scale = field.pixel_scale()
    middle = star.directional_offset_by(30 * u.deg, 25 * scale * u.arcsec)
    region = Region.of(field, radec=(middle.icrs.ra.deg, middle.icrs.dec.deg), size=(100, 100, False))
    picture = render(field, region, Look(mode=band), longest=200)
    drawn = picture.pixels[::-1, :, 0].astype(float)  # y up, half a pixel a px
    x0, y0 = (float(v) for v in wcs.world_to_pixel(middle))
    places = np.mgrid[:200, :200] * 0.5 + 0.25 - 50.0
    expected = map_coordinates(np.nan_to_num(data), [places[0] + y0, places[1] + x0], order=1)
    order = np.argsort(expected.ravel())[::-1][:400]
    assert np.median(drawn.ravel()[order]) > np.percentile(drawn, 95), (
        "bright pixels are where astropy has them"
    )
    assert drawn[round((y - y0 + 50) * 2), round((x - x0 + 50) * 2)] >= np.percentile(drawn, 98)
    north, flipped = field.north()
    angle = np.radians(north + (210.0 if not flipped else -210.0))
    along = 25 * np.array([-np.sin(angle), np.cos(angle)])
    np.testing.assert_allclose((x - x0, y - y0), along, atol=0.5)
    assert not flipped, "these are skies as seen from inside"


@SILENT_WCS
def test_colours_of_real_fields_are_lupton_s(field: Mosaic) -> None:
    """Written anew from the paper: f(I)·u/I of sky-subtracted, balanced bands; medians agree to 4 of 255."""
    if len(field.bands) < 3:
        pytest.skip("a field of one band has no colour")
    picture = render(field, Region.of(field))
    stack, noises, whites = [], [], []
    for band in field.spec.colour:
        data, _ = by_astropy(field, band)
        _, sky, noise = sigma_clipped_stats(data, sigma=3)
        low, high, top = np.nanpercentile(data, [97, 99.5, 99.8])
        balance = max(data[(data >= low) & (data <= high)].mean() - sky, 3 * noise)
        stack.append((data - sky) / balance)
        noises.append(noise / balance)
        whites.append(max(2 * (top - sky), 60 * noise) / balance)
    sigma = np.sqrt(np.sum(np.square(noises))) / 3
    intensity = np.mean(stack, axis=0) / sigma
    white = np.mean(whites) / sigma
    bright = (intensity > 12) & (intensity < 0.5 * white)
    assert bright.sum() > 500
    value = np.arcsinh(intensity / 5) / np.arcsinh(white / 5)
    expected = 255 * value[..., None] * np.stack(stack, axis=-1) / sigma / intensity[..., None]
    inside = bright & (expected.max(axis=-1) < 250) & (expected.min(axis=-1) > 2)
    away = abs(picture.pixels[::-1][inside].astype(float) - expected[inside])
    assert np.median(away) < 4
    assert np.percentile(away, 95) < 16
