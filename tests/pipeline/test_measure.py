"""A user's catalog: forced photometry where they say, shapes where a source lies there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from astrotl_gui.core.catalog import Catalog, read_user_catalog
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.flags import Flag
from astrotl_gui.core.identify import identify
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.settings import DetectionSettings
from astrotl_gui.pipeline.detect import detect
from astrotl_gui.pipeline.measure import measure
from tests.pipeline.injected import SCALE, Injected, draw, mosaic, tan, write_band

SIDE = 600


@pytest.fixture
def sources() -> Injected:
    return Injected.grid(SIDE, 80, flux=20_000, a=4.0, b=2.5)


@pytest.fixture
def field(tmp_path: Path, sources: Injected) -> Mosaic:
    bands = []
    for seed, name in enumerate("gr"):
        image = np.random.default_rng(seed).normal(10, 1, (SIDE, SIDE))
        draw(image, sources, 1 + seed)
        bands.append(write_band(tmp_path, name, image, tan((SIDE, SIDE), 0.0, 40.0, rotation=20)))
    return mosaic(*bands, reference="r")


def written(path: Path, ra: np.ndarray, dec: np.ndarray) -> Catalog:
    rows = "".join(f"galaxy {i},{a},{d},{i * 2}\n" for i, (a, d) in enumerate(zip(ra, dec, strict=True)))
    path.write_text("name,RA,DEC,z_spec\n" + rows)
    return read_user_catalog(path)


def test_positions_on_sources_get_their_shapes(field: Mosaic, sources: Injected, tmp_path: Path) -> None:
    positions = written(tmp_path / "mine.csv", *field.sky(sources.x, sources.y))
    catalog = measure(field, positions, DetectionSettings(tile=256))
    assert len(catalog) == len(sources.x)
    assert catalog.column("user_id").tolist() == [f"galaxy {i}" for i in range(len(sources.x))]
    assert "z_spec" not in catalog and set(catalog.names) == {*Catalog.empty(["g", "r"]).names, "user_id"}
    np.testing.assert_allclose(catalog.x, sources.x, atol=1e-6)
    np.testing.assert_allclose(catalog.column("flux_g"), 20_000, rtol=0.03)
    np.testing.assert_allclose(catalog.column("flux_r"), 40_000, rtol=0.03)
    np.testing.assert_allclose(catalog.column("a"), 4.0 * SCALE, rtol=0.1)
    assert (catalog.column("npix") > 50).all()
    assert set(catalog.fwhm) == {"g", "r"}


def test_measured_like_detected(field: Mosaic, sources: Injected) -> None:
    found = detect(field, DetectionSettings())
    again = measure(field, found, DetectionSettings(tile=200))
    assert again.ids.tolist() == found.ids.tolist()
    for name in ("flux_g", "fluxerr_r", "mag_r", "a", "b", "theta", "r50", "snr", "npix", "flags"):
        np.testing.assert_allclose(again.column(name), found.column(name), rtol=1e-5, err_msg=name)


def test_blank_sky_is_measured_as_a_point(field: Mosaic, sources: Injected) -> None:
    x, y = np.array([sources.x[0], sources.x[0] + 40]), np.array([sources.y[0], sources.y[0] + 40])
    nowhere = np.full(2, np.nan)
    positions = Catalog.from_columns({"id": [11, 5], "ra": nowhere, "dec": nowhere, "x": x, "y": y})
    catalog = measure(field, positions, DetectionSettings())
    assert catalog.ids.tolist() == [11, 5], "ids and order are the user's"
    empty = catalog.row(5)
    assert empty["flags"] & Flag.NOT_DETECTED and empty["npix"] == 0
    assert abs(empty["flux_r"]) < 5 * empty["fluxerr_r"] and np.isfinite(empty["ra"])
    assert empty["a"] == pytest.approx(empty["b"])
    assert not catalog.row(11)["flags"] & Flag.NOT_DETECTED


def test_two_positions_on_one_source_share_no_shape(field: Mosaic, sources: Injected) -> None:
    x, y = sources.x[3] + np.array([1.5, 0.0]), np.repeat(sources.y[3], 2)
    nowhere = np.full(2, np.nan)
    positions = Catalog.from_columns({"id": [1, 2], "ra": nowhere, "dec": nowhere, "x": x, "y": y})
    flags = measure(field, positions, DetectionSettings()).column("flags")
    assert flags[0] & Flag.NOT_DETECTED and not flags[1] & Flag.NOT_DETECTED


def test_positions_outside_are_left_out(field: Mosaic, sources: Injected) -> None:
    ra, dec = field.sky(np.array([100.0, -50.0, 300.0]), np.array([100.0, 100.0, 650.0]))
    positions = Catalog.from_columns(
        {"id": [1, 2, 3], "ra": [*ra[:2], 200.0], "dec": dec, "x": [np.nan] * 3, "y": [np.nan] * 3}
    )
    assert measure(field, positions, DetectionSettings()).ids.tolist() == [1]
    with pytest.raises(AstroTLError, match=r"No source of this catalog lies here.*All 2 positions"):
        measure(field, positions.take([1, 2]), DetectionSettings())


def test_sky_positions_need_a_wcs(tmp_path: Path) -> None:
    flat = mosaic(
        write_band(tmp_path, "r", np.random.default_rng(0).normal(size=(80, 80)), None), pixel_scale=1
    )
    positions = written(tmp_path / "mine.csv", np.array([1.0]), np.array([2.0]))
    with pytest.raises(AstroTLError, match="no sky coordinates"):
        measure(flat, positions, DetectionSettings())


def test_cfhtls_lens_at_its_position(shared_data: Path, tmp_path: Path) -> None:
    field = Mosaic.open(identify(sorted((shared_data / "fits/cfhtls_w3").glob("*.fits"))).spec())
    positions = written(tmp_path / "lens.csv", *field.sky(np.array([222.0]), np.array([230.0])))
    lens = measure(field, positions, DetectionSettings()).row(1)
    assert (lens["x"], lens["y"]) == (pytest.approx(222, abs=1e-6), pytest.approx(230, abs=1e-6))
    assert not lens["flags"] & Flag.NOT_DETECTED
    assert 17 < lens["mag_i"] < lens["mag_r"] < lens["mag_g"] < 22
