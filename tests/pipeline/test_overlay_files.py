"""Catalogs and regions over a mosaic, and overlays written as regions."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from astrotl_gui.core.bands import BandSpec, MosaicSpec
from astrotl_gui.core.catalog import Catalog, read_user_catalog
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.fits import Plane
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.outlines import outlines
from astrotl_gui.core.region_text import read_regions
from astrotl_gui.core.settings import DetectionSettings
from astrotl_gui.pipeline.measure import measure
from astrotl_gui.pipeline.overlay_files import (
    places_as_regions,
    read_overlay,
    save_regions,
    sources_as_regions,
)
from tests.gui.small_mosaic import SCALE, STARS, write_band


@pytest.fixture(scope="module")
def mosaic(tmp_path_factory: pytest.TempPathFactory) -> Mosaic:
    path = write_band(tmp_path_factory.mktemp("sky") / "r.fits", 1, 60.0)
    return Mosaic.open(MosaicSpec("sky", (BandSpec("r", Plane(path, 0)),)))


def test_a_catalog_with_both_kinds_of_places_lies_on_an_image_without_sky(tmp_path: Path) -> None:
    fits.writeto(tmp_path / "bare.fits", np.zeros((50, 60), np.float32))
    bare = Mosaic.open(
        MosaicSpec("bare", (BandSpec("r", Plane(tmp_path / "bare.fits", 0)),), pixel_scale=1.0)
    )
    (tmp_path / "own.csv").write_text("name,ra,dec,x,y\na,10,20,30,40\nb,10,20,,\n")
    found = read_overlay(tmp_path / "own.csv", bare)
    assert found.here == 1 and found.place(0) == (30, 40)
    assert len(measure(bare, read_user_catalog(tmp_path / "own.csv"), DetectionSettings())) == 1


def test_a_catalog_lies_on_the_sky_and_is_written_as_points(mosaic: Mosaic, tmp_path: Path) -> None:
    x, y = np.array(STARS).T
    ra, dec = mosaic.sky(x, y)
    lines = [f"S{k},{a:.9f},{b:.9f}" for k, (a, b) in enumerate(zip(ra, dec, strict=True))]
    file = tmp_path / "own.csv"
    file.write_text("name,ra,dec\n" + "\n".join([*lines, "far,10,-40", "nowhere,,"]))
    found = read_overlay(file, mosaic)
    assert found.here == len(STARS) == len(found.index)
    row = found.index.nearest(350.4, 250.2, 3)
    assert row is not None and found.names[row] == "S1"
    assert found.place(row) == pytest.approx(STARS[1], abs=1e-3)
    parts = [partial(places_as_regions, found, mosaic, "x")]
    assert save_regions(tmp_path / "own.reg", parts, 4) == 4
    back = read_overlay(tmp_path / "own.reg", mosaic)
    assert list(back.names) == ["S0", "S1", "S2", "S3"]
    assert [region.mark for region in back.regions] == ["x"] * 4
    assert back.outlines is not None
    np.testing.assert_allclose(back.outlines.x, x, atol=1e-3)


def test_a_catalog_of_pixels_needs_no_sky(mosaic: Mosaic, tmp_path: Path) -> None:
    file = tmp_path / "px.csv"
    file.write_text("x_image,y_image\n11,21\n-5000,3\n")
    found = read_overlay(file, mosaic)
    assert (found.here, len(found.index)) == (1, 1)
    assert found.place(0) == (10, 20)


def test_ellipses_of_the_catalog_are_written_as_they_are_drawn(mosaic: Mosaic, tmp_path: Path) -> None:
    x, y = np.array([100.0, 200.0]), np.array([50.0, 60.0])
    ra, dec = mosaic.sky(x, y)
    columns = {"id": [7, 8], "ra": ra, "dec": dec, "x": x, "y": y}
    shapes = {"a": [1.0, np.nan], "b": [0.5, np.nan], "theta": [30.0, np.nan]}
    catalog = Catalog.from_columns(columns | shapes)
    part = partial(sources_as_regions, catalog, np.arange(2), mosaic, True, "", lambda row: f"no {row}")
    save_regions(tmp_path / "e.reg", [part], 2)
    ellipse, point = read_regions(tmp_path / "e.reg").regions
    assert (ellipse.shape, ellipse.text, point.shape) == ("ellipse", "no 0", "point")
    placed = outlines([ellipse], mosaic)
    a, b, angle = placed.rings[0]
    assert (placed.x[0], placed.y[0]) == pytest.approx((100, 50), abs=1e-6)
    assert (a, b) == pytest.approx((2.5 / SCALE, 1.25 / SCALE), rel=1e-4)
    assert np.degrees(angle) == pytest.approx(120, abs=0.01), "30° east of north, north up and east left"


def test_a_bad_region_file_names_its_line(mosaic: Mosaic, tmp_path: Path) -> None:
    (tmp_path / "bad.reg").write_text("fk5\ncircle(150,2,5\n")
    with pytest.raises(AstroTLError, match=r"bad.reg, line 2"):
        read_overlay(tmp_path / "bad.reg", mosaic)
    (tmp_path / "odd.txt").write_text("# Region file format: DS9\nimage\ncircle(5,5,2)\nruler(1,2,3,4)\n")
    assert read_overlay(tmp_path / "odd.txt", mosaic).note == "1 is left out: ruler."
