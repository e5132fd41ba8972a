"""Catalogs: columns, ids, files, other people's tables, and matching on the sphere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.table import Table
from hypothesis import given
from hypothesis import strategies as st

from astrotl_gui.core.catalog import Catalog, match_pixels, match_sky, read_user_catalog
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.flags import Flag, flag_texts


@pytest.fixture
def catalog() -> Catalog:
    return Catalog.from_columns(
        {
            "id": [7, 3, 12],
            "ra": [10.0, 10.1, 10.2],
            "dec": [-1.0, -1.1, -1.2],
            "x": [1.5, 2.5, 3.5],
            "y": [5.0, 6.0, 7.0],
            "flux_g": [1.0, np.nan, 3.0],
            "flags": [0, 1, 2],
        },
        fwhm={"g": 0.71},
        units={"flux_g": "nmgy"},
    )


def test_columns_and_rows(catalog: Catalog) -> None:
    assert len(catalog) == 3
    assert catalog.ids.dtype == np.int64
    assert catalog.bands == ("g",)
    assert "flux_g" in catalog and "flux_r" not in catalog
    np.testing.assert_array_equal(catalog.rows_of([12, 99, 7]), [2, -1, 0])
    assert catalog.row(3)["x"] == 2.5
    with pytest.raises(KeyError):
        catalog.row(99)
    with pytest.raises(ValueError, match="read-only"):
        catalog.x[0] = 0


def test_take_and_with_columns_leave_the_original(catalog: Catalog) -> None:
    assert catalog.take([2, 0]).ids.tolist() == [12, 7]
    assert catalog.take(catalog.x > 2).ids.tolist() == [3, 12]
    assert catalog.take(catalog.x > 2).fwhm == {"g": 0.71}
    wider = catalog.with_columns(snr=[1.0, 2.0, 3.0], x=[0.0, 0.0, 0.0])
    assert wider.column("snr").tolist() == [1, 2, 3] and wider.x.tolist() == [0, 0, 0]
    assert catalog.x[0] == 1.5 and "snr" not in catalog
    assert wider.fwhm == {"g": 0.71}


def test_parquet_round_trip_keeps_metadata(catalog: Catalog, tmp_path: Path) -> None:
    catalog.write(tmp_path / "catalog.parquet")
    again = Catalog.read(tmp_path / "catalog.parquet")
    assert again.table.schema.equals(catalog.table.schema, check_metadata=True)
    for name in catalog.names:
        np.testing.assert_array_equal(again.column(name), catalog.column(name))
    assert again.fwhm == {"g": 0.71}
    assert again.table.schema.field("ra").metadata[b"unit"] == b"deg"
    assert not [p for p in tmp_path.iterdir() if p.name != "catalog.parquet"]


def test_astropy_has_units_and_descriptions(catalog: Catalog) -> None:
    table = catalog.to_astropy()
    assert table["ra"].unit == u.deg and "ICRS" in table["ra"].description
    assert str(table["flux_g"].unit) == "nmgy" and table.meta["fwhm"] == {"g": 0.71}


def test_empty() -> None:
    empty = Catalog.empty(["g", "r"])
    assert len(empty) == 0 and empty.bands == ("g", "r")
    assert empty.rows_of([1]).tolist() == [-1]
    assert len(empty.to_astropy()) == 0
    assert {"mag_r", "theta", "masked_fraction"} <= set(empty.names)


def test_damaged_missing_and_foreign_files(tmp_path: Path) -> None:
    with pytest.raises(AstroTLError, match="missing"):
        Catalog.read(tmp_path / "none.parquet")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 this is not one")
    with pytest.raises(AstroTLError, match="damaged"):
        Catalog.read(tmp_path / "bad.parquet")
    pq.write_table(pa.table({"a": [1]}), tmp_path / "foreign.parquet")
    with pytest.raises(AstroTLError, match="no AstroTL catalog"):
        Catalog.read(tmp_path / "foreign.parquet")


def test_flag_texts() -> None:
    assert flag_texts(0) == []
    assert flag_texts(int(Flag.SATURATED | Flag.EDGE)) == ["Touches the edge of the mosaic", "Saturated"]


# --- other people's tables -------------------------------------------------------------------------------

RA, DEC = np.array([150.25, 359.9999, 0.5]), np.array([2.5, -89.5, 45.0])


def written(kind: str, folder: Path) -> Path:
    path = folder / f"mine.{kind}"
    if kind == "csv":
        path.write_text(
            "OBJID,RA,DEC,mag\n"
            + "\n".join(f"s{i},{r},{d},20" for i, (r, d) in enumerate(zip(RA, DEC, strict=True)))
        )
    elif kind == "ecsv":
        Table({"id": ["s0", "s1", "s2"], "RAJ2000": RA * u.deg, "DEJ2000": DEC * u.deg}).write(path)
    elif kind == "fits":
        Table(
            {"NUMBER": ["s0", "s1", "s2"], "ALPHA_J2000": RA, "DELTA_J2000": DEC, "v": np.ones((3, 2))}
        ).write(path)
    elif kind == "vot":
        table = Table({"name": ["s0", "s1", "s2"], "where1": RA * u.deg, "where2": DEC * u.deg})
        table["where1"].meta["ucd"], table["where2"].meta["ucd"] = (
            "pos.eq.ra;meta.main",
            "pos.eq.dec;meta.main",
        )
        table.write(path, format="votable")
    elif kind == "parquet":
        rows = pa.table(
            {"source_id": ["s0", "s1", "s2"], "ra": RA, "dec": DEC, "spectrum": [[1.0], [2.0], []]}
        )
        pq.write_table(rows, path)
    elif kind == "txt":
        path.write_text(
            "# name ra dec\n"
            + "\n".join(f"s{i} {r} {d}" for i, (r, d) in enumerate(zip(RA, DEC, strict=True)))
        )
    elif kind == "sexa":
        path.write_text(
            "name;ra;dec\ns0;10:01:00.0;+02:30:00\ns1;23 59 59.976;-89 30 00\ns2;0h2m0s;45d0m0s\n"
        )
    return path


@pytest.mark.parametrize("kind", ["csv", "ecsv", "fits", "vot", "parquet", "txt", "sexa"])
def test_user_catalog_formats(kind: str, tmp_path: Path) -> None:
    catalog = read_user_catalog(written(kind, tmp_path))
    np.testing.assert_allclose(catalog.ra, RA, atol=1e-7)
    np.testing.assert_allclose(catalog.dec, DEC, atol=1e-7)
    assert catalog.ids.tolist() == [1, 2, 3]
    if kind != "vot":
        assert catalog.column("user_id").tolist() == ["s0", "s1", "s2"]
    assert set(catalog.names) == {"id", "ra", "dec", "x", "y", "user_id"}, "extra columns stay out"
    assert np.isnan(catalog.x).all()


def test_pixel_catalogs_and_their_conventions(tmp_path: Path) -> None:
    (tmp_path / "zero.csv").write_text("x,y\n10.0,20.0\n")
    (tmp_path / "one.csv").write_text("X_IMAGE,Y_IMAGE\n11.0,21.0\n")
    for name in ("zero.csv", "one.csv"):
        catalog = read_user_catalog(tmp_path / name)
        assert (catalog.x[0], catalog.y[0]) == (10, 20) and np.isnan(catalog.ra[0])
        assert catalog.column("user_id").tolist() == ["1"]


def test_hours_radians_and_integer_ids(tmp_path: Path) -> None:
    Table({"ID": [5, 6], "RA": [1.0, 2.0] * u.hourangle, "Dec": [0.1, 0.2] * u.rad}).write(
        tmp_path / "t.ecsv"
    )
    catalog = read_user_catalog(tmp_path / "t.ecsv")
    np.testing.assert_allclose(catalog.ra, [15, 30])
    np.testing.assert_allclose(catalog.dec, np.rad2deg([0.1, 0.2]))
    assert catalog.column("user_id").tolist() == ["5", "6"]


def test_ldac_takes_the_table_with_coordinates(tmp_path: Path) -> None:
    head = fits.BinTableHDU(Table({"Field Header Card": ["x"]}), name="LDAC_IMHEAD")
    rows = fits.BinTableHDU(
        Table({"NUMBER": [4], "ALPHA_J2000": [1.5], "DELTA_J2000": [2.5]}), name="LDAC_OBJECTS"
    )
    fits.HDUList([fits.PrimaryHDU(), head, rows]).writeto(tmp_path / "ldac.cat")
    assert read_user_catalog(tmp_path / "ldac.cat").ra.tolist() == [1.5]


def test_rows_without_a_position_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "holes.csv").write_text("name,ra,dec\na,1.0,2.0\nb,,\nc,-3.0,4.0\nd,5,95\n")
    catalog = read_user_catalog(tmp_path / "holes.csv")
    assert catalog.column("user_id").tolist() == ["a", "c"] and catalog.ra.tolist() == [1.0, 357.0]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"flux,mag\n1,2\n", "No coordinates in this catalog.*flux, mag"),
        (b"ra,dec\n", "no sources"),
        (b"ra,dec\nhere,there\n", "usable position"),
        (b"SIMPLE  = truncated", "cannot be read"),
        (b"\x00\x01\x02 binary", "binary"),
        (b"PAR1nonsense", "cannot be read"),
    ],
)
def test_bad_catalogs_say_what_is_wrong(content: bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_bytes(content)
    with pytest.raises(AstroTLError, match=says):
        read_user_catalog(tmp_path / "bad.csv")
    with pytest.raises(AstroTLError, match="missing"):
        read_user_catalog(tmp_path / "none.csv")


# --- matching --------------------------------------------------------------------------------------------


def test_match_across_zero_and_at_the_pole() -> None:
    assert match_sky([359.99995], [0.0], [0.00005, 10], [0.0, 0.0], 1.0).tolist() == [0]
    # At dec 89.9999 half a turn in RA is only 0.72 arcsec.
    assert match_sky([0.0], [89.9999], [180.0], [89.9999], 1.0).tolist() == [0]
    assert match_sky([0.0], [89.9999], [180.0], [89.9999], 0.5).tolist() == [-1]
    assert match_sky([np.nan, 1.0], [0.0, 0.0], [1.0, np.nan], [0.0, 0.0], 1.0).tolist() == [-1, 0]
    assert match_sky([1.0], [0.0], [], [], 1.0).tolist() == [-1]


@given(
    ra=st.floats(0, 360),
    dec=st.floats(-90, 90),
    distance=st.floats(0.01, 3600),
    angle=st.floats(0, 360),
)
def test_match_radius_is_the_angle_between(ra: float, dec: float, distance: float, angle: float) -> None:
    from astropy.coordinates import SkyCoord

    there = SkyCoord(ra, dec, unit="deg").directional_offset_by(angle * u.deg, distance * u.arcsec)
    to = ([there.ra.deg], [there.dec.deg])
    assert match_sky([ra], [dec], *to, distance * 1.001 + 1e-3).tolist() == [0]
    assert match_sky([ra], [dec], *to, distance * 0.999 - 1e-3).tolist() == [-1] or distance < 2e-3


def test_match_pixels_takes_the_nearest() -> None:
    assert match_pixels([0, 50], [0, 50], [3, 1, 90], [0, 0, 90], 5).tolist() == [1, -1]
