"""The truth table and the image files: what is written piece by piece reads back as one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from astropy.io import fits
from astropy.table import Table
from astropy.wcs import WCS

from astrotl_gui.pipeline.simulation.astrometry import PROJECTIONS, FieldSky, field_header, position_angle
from astrotl_gui.pipeline.simulation.files import PlaneFile
from astrotl_gui.pipeline.simulation.truth import TruthWriter, band_values

ROWS = [
    {"class": "galaxy", "kind": "spiral", "ra": 150.1234567, "dec": -2.5, "x": 10.25, "y": 3.5, "mag_g": 21.5},
    {"class": "artifact", "kind": "bad column", "band": "g", "masked": True, "x": 1.0, "y": 2.0, "length": 4.4},
    {"class": "lens", "kind": "arc", "einstein_radius": 1.25, "x": 7.0, "y": 8.0, "mag_g": 20.0},
]  # fmt: skip


@pytest.mark.parametrize("parts", [[ROWS], [ROWS[:1], ROWS[1:]], [[], ROWS], [ROWS, []]])
def test_truth_reads_back_however_it_was_written(
    tmp_path: Path, parts: list[list[dict[str, object]]]
) -> None:
    with TruthWriter(tmp_path, "truth", ["g"]) as writer:
        for part in parts:
            writer.write(part)
    assert writer.count == 3
    ecsv, parquet = Table.read(tmp_path / "truth.ecsv"), pq.read_table(tmp_path / "truth.parquet")
    assert ecsv.colnames == parquet.column_names and list(ecsv["id"]) == [1, 2, 3]
    for name in ecsv.colnames:
        text, stored = (
            np.asarray(ecsv[name].filled("") if hasattr(ecsv[name], "filled") else ecsv[name]),
            parquet[name],
        )
        if np.asarray(text).dtype.kind == "f":
            np.testing.assert_allclose(text, stored.to_numpy(), atol=1e-4)
        else:
            assert text.tolist() == stored.to_pylist(), name
    assert parquet["ra"][0].as_py() == 150.1234567 and np.isnan(parquet["ra"][1].as_py())
    assert ecsv["einstein_radius"].unit == "arcsec" and "Simulated" in ecsv.meta["comments"][0]
    assert list(ecsv["masked"]) == [False, True, False]


def test_a_truth_without_rows_is_a_table_still(tmp_path: Path) -> None:
    with TruthWriter(tmp_path, "truth", ["g", "r"]) as writer:
        writer.write([])
    assert len(Table.read(tmp_path / "truth.ecsv")) == 0
    assert "mag_r" in pq.read_table(tmp_path / "truth.parquet").column_names


def test_values_by_band() -> None:
    assert dict(band_values("mag", ["g", "r"], [1.0, 2.0])) == {"mag_g": 1.0, "mag_r": 2.0}


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_an_image_written_in_boxes_reads_back(tmp_path: Path, dtype: type) -> None:
    values = np.arange(37 * 53).reshape(37, 53).astype(dtype)
    plane = PlaneFile(tmp_path / "plane.fits", values.shape, dtype)
    plane.create(fits.Header([("FILTER", "g"), ("SIMSEED", 7)]))
    for box in ((0, 0, 20, 37), (20, 0, 53, 11), (20, 11, 53, 37)):
        x0, y0, x1, y1 = box
        plane.write(box, values[y0:y1, x0:x1])
    with fits.open(plane.path) as opened:
        opened.verify("exception")
        assert opened[0].header["FILTER"] == "g" and np.array_equal(opened[0].data, values)
    assert plane.path.stat().st_size % 2880 == 0


@pytest.mark.parametrize("projection", PROJECTIONS)
def test_headers_say_where_things_are(projection: str) -> None:
    """Sky positions go back to their pixels by an independent inversion, east is left, the scale is right."""
    header = field_header((2000, 3000), 0.2, projection)
    rng = np.random.default_rng(1)
    x, y = rng.uniform(0, 3000, 50), rng.uniform(0, 2000, 50)
    ra, dec = FieldSky(header).sky(x, y)
    back = WCS(header).all_world2pix(ra, dec, 0)
    assert np.abs(back[0] - x).max() < 0.01 and np.abs(back[1] - y).max() < 0.01
    (ra0, ra1), (dec0, dec1) = FieldSky(header).sky(np.array([1499.5, 1509.5]), np.array([999.5, 999.5]))
    step = np.hypot((ra1 - ra0) * np.cos(np.radians(dec0)), dec1 - dec0) * 3600
    assert step == pytest.approx(2.0, rel=1e-3) and ra1 < ra0


def test_distortion_moves_the_corners() -> None:
    plain = FieldSky(field_header((2000, 2000), 0.2, "tan")).sky(np.array([0.0]), np.array([0.0]))
    for projection in ("sip", "tpv"):
        bent = FieldSky(field_header((2000, 2000), 0.2, projection)).sky(np.array([0.0]), np.array([0.0]))
        moved = np.hypot(bent[0] - plain[0], bent[1] - plain[1])[0] * 3600 / 0.2
        assert moved == pytest.approx(2.5e-3 * 1414, rel=0.05)


def test_position_angles_turn_with_the_field() -> None:
    """North is 4° counter-clockwise from +y, so an object along +y has position angle −4° (176°)."""
    assert position_angle(np.pi / 2) == pytest.approx(176.0)
    header = field_header((100, 100), 0.2, "tan")
    ra, dec = FieldSky(header).sky(np.array([50.0, 50.0]), np.array([50.0, 60.0]))
    angle = np.degrees(np.arctan2((ra[1] - ra[0]) * np.cos(np.radians(dec[0])), dec[1] - dec[0]))
    assert angle % 180 == pytest.approx(176.0, abs=0.01)
