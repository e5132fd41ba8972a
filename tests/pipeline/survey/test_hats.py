"""Sky catalogs: what is written is what is read, in partitions, by LSDB too; bad input is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from astropy.io import fits
from astropy.table import Table

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.pipeline.survey import hats, sky_sort
from astrotl_gui.pipeline.survey.healpix import COLUMN, pixels_of, range_of, within_any

pytest.importorskip("cdshealpix")
ROWS = 3000


def sky_table(rows: int = ROWS, seed: int = 3) -> pa.Table:
    """Sources over two separate patches, one of them about RA 0."""
    made = np.random.default_rng(seed)
    ra = np.where(made.random(rows) < 0.5, made.uniform(-1, 1, rows) % 360, made.uniform(150, 152, rows))
    return pa.table(
        {
            "id": np.arange(rows) + 7,
            "ra": ra,
            "dec": made.uniform(-2, 2, rows),
            "mag": made.normal(22, 1, rows).astype(np.float32),
            "mosaic": [f"m{k % 3}" for k in range(rows)],
        }
    )


def pieces(table: pa.Table, size: int = 700) -> list[pa.Table]:
    return [table.slice(start, size) for start in range(0, len(table), size)]


def by_id(tables) -> pa.Table:
    return pa.concat_tables(tables).sort_by("id")


@pytest.fixture(scope="module")
def catalog(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("sky") / "ours"
    hats.write_sky_catalog(folder, pieces(sky_table()), "ours", most=400)
    return folder


def test_partitions_hold_every_row_once_within_their_pixel_and_bound(catalog):
    table = sky_table()
    parts = hats.partitions(catalog)
    assert len(parts) > 6
    for file, pixel in parts:
        rows = pq.read_table(file)
        low, high = range_of(pixel)
        numbers = rows[COLUMN].to_numpy()
        assert 0 < len(rows) <= 400
        assert (np.diff(numbers) >= 0).all() and low <= numbers[0] and numbers[-1] < high
    assert by_id(hats.read_sky_catalog(catalog, table.column_names)).equals(table)


def test_runs_on_disk_are_merged_as_one_sort(tmp_path, monkeypatch, catalog):
    """Memory is bounded by runs: however short these are, the partitions are the same."""
    monkeypatch.setattr(sky_sort, "RUN_ROWS", 250)
    monkeypatch.setattr(sky_sort, "GROUP_ROWS", 60)
    hats.write_sky_catalog(tmp_path / "again", pieces(sky_table(), 333), "ours", most=400)
    again, before = hats.partitions(tmp_path / "again"), hats.partitions(catalog)
    assert [pixel for _, pixel in again] == [pixel for _, pixel in before]
    assert all(
        pq.read_table(a).equals(pq.read_table(b)) for (a, _), (b, _) in zip(again, before, strict=True)
    )
    assert not (tmp_path / "again" / "runs").exists()


def test_plain_parquet_and_hats_hold_identical_rows(tmp_path, monkeypatch, catalog):
    monkeypatch.setattr(hats, "has_hats", lambda: False)
    hats.write_sky_catalog(tmp_path / "plain", pieces(sky_table()), "ours", most=400)
    assert not (tmp_path / "plain" / "properties").exists()
    plain = list(hats.read_sky_catalog(tmp_path / "plain"))
    assert pa.concat_tables(plain).equals(pa.concat_tables(hats.read_sky_catalog(catalog)))


def test_only_files_that_touch_the_asked_pixels_are_opened(catalog, monkeypatch):
    opened = []
    read = hats.parquet_tables
    monkeypatch.setattr(
        hats, "parquet_tables", lambda file, columns: opened.append(file) or read(file, columns)
    )
    table = sky_table()
    within = [hats.partitions(catalog)[0][1]]
    inside = within_any(pixels_of(table["ra"].to_numpy(), table["dec"].to_numpy()), within)
    found = by_id(hats.read_sky_catalog(catalog, ["id"], within))
    assert found["id"].equals(table.filter(pa.array(inside))["id"]) and found.column_names == ["id"]
    assert len(opened) == 1


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the libraries among themselves
def test_lsdb_opens_and_crossmatches_ours_and_we_open_its_own(catalog, tmp_path):
    lsdb = pytest.importorskip("lsdb")
    import dask

    table = sky_table()
    chosen = table.take(np.arange(0, ROWS, 100)).to_pandas()
    chosen["dec"] += 0.2 / 3600
    with dask.config.set(scheduler="synchronous"):
        other = lsdb.from_dataframe(
            chosen, catalog_name="other", ra_column="ra", dec_column="dec", margin_threshold=None
        )
        other.write_catalog(tmp_path / "other", progress_bar=False)
        ours = lsdb.open_catalog(catalog)
        assert len(ours) == ROWS
        match = other.crossmatch(ours, radius_arcsec=1, suffixes=("_other", "_ours")).compute()
    assert len(match) == 30 and (match["id_other"] == match["id_ours"]).all()
    assert np.allclose(match["_dist_arcsec"], 0.2, atol=1e-3)
    back = by_id(hats.read_sky_catalog(tmp_path / "other", ["id", "ra"]))
    assert back["id"].to_pylist() == chosen["id"].tolist()
    assert np.array_equal(back["ra"].to_numpy(), chosen["ra"].to_numpy())


@pytest.mark.parametrize("kind", ["parquet", "folder", "fits", "csv", "ecsv", "hats"])
def test_positions_of_a_users_catalog_of_any_kind(kind, tmp_path, monkeypatch, catalog):
    from astrotl_gui.pipeline.survey import catalog_files

    monkeypatch.setattr(catalog_files, "ROWS", 450)
    table = sky_table(1000).rename_columns(["ID", "RAJ2000", "DEJ2000", "mag", "mosaic"])
    path = tmp_path / kind
    if kind == "parquet":
        pq.write_table(table, path)
    elif kind == "folder":
        path.mkdir()
        for number, piece in enumerate(pieces(table, 300)):
            pq.write_table(piece, path / f"{number}.parquet")
    elif kind == "fits":
        Table.from_pandas(table.to_pandas()).write(path, format="fits")
    elif kind == "csv":
        pyarrow.csv.write_csv(table, path)
    elif kind == "ecsv":
        Table.from_pandas(table.to_pandas()).write(path, format="ascii.ecsv")
    else:
        hats.write_sky_catalog(path, [sky_table(1000)], "x", most=300)
    tables = list(hats.read_positions(path, ["mag"]))
    found = pa.concat_tables(tables)
    assert len(tables) > 1 and max(len(part) for part in tables) <= 450
    assert found.column_names == ["id", "ra", "dec", "user_id", "mag"]
    assert found["id"].to_pylist() == list(range(1, 1001))
    order = np.argsort(found["user_id"].to_numpy().astype(int))
    assert np.array_equal(found["ra"].to_numpy()[order], table["RAJ2000"].to_numpy())
    assert np.allclose(found["mag"].to_numpy()[order], table["mag"].to_numpy(), atol=1e-6)


def test_what_is_wrong_is_said_once_and_nothing_is_left(tmp_path):
    good = sky_table(50)
    ra, dec = (good[name].to_numpy().copy() for name in ("ra", "dec"))
    ra[4] = np.nan
    bad = good.set_column(1, "ra", pa.array(ra))
    with pytest.raises(AstroTLError, match=r"Positions are missing.*id 11"):
        hats.write_sky_catalog(tmp_path / "a", [good, bad], "a")
    ra[4], dec[3] = 361, -91
    with pytest.raises(AstroTLError, match=r"RA is out of range.*id 11 \(361"):
        hats.write_sky_catalog(tmp_path / "a", [good.set_column(1, "ra", pa.array(ra))], "a")
    with pytest.raises(AstroTLError, match=r"Dec is out of range.*id 10"):
        hats.write_sky_catalog(tmp_path / "a", [good.set_column(2, "dec", pa.array(dec))], "a")
    with pytest.raises(AstroTLError, match=r"No coordinates.*no column ra"):
        hats.write_sky_catalog(tmp_path / "a", [good.drop_columns(["ra"])], "a")
    with pytest.raises(AstroTLError, match=r"different columns.*mag"):
        hats.write_sky_catalog(tmp_path / "a", [good, good.drop_columns(["mag"])], "a")
    with pytest.raises(AstroTLError, match="No rows"):
        hats.write_sky_catalog(tmp_path / "a", [], "a")
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_catalog_is_said(tmp_path):
    (tmp_path / "empty").mkdir()
    fits.PrimaryHDU(np.zeros((9, 9))).writeto(tmp_path / "image.fits")
    (tmp_path / "text").write_text("nothing here\n")
    (tmp_path / "cut").write_bytes(b"PAR1" + bytes(50))
    (tmp_path / "names.csv").write_text("a,b\n1,2\n")
    said = {"gone": "missing", "empty": "no catalog", "image.fits": "no table", "text": "no columns"}
    for name, title in {**said, "cut": "cannot be read"}.items():
        with pytest.raises(AstroTLError, match=title):
            list(hats.read_sky_catalog(tmp_path / name))
    with pytest.raises(AstroTLError, match="columns a, b"):
        list(hats.read_positions(tmp_path / "names.csv"))
    with pytest.raises(AstroTLError, match="No such column"):
        list(hats.read_sky_catalog(tmp_path / "names.csv", ["mag"]))
