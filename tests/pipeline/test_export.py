"""What is exported reads back equal, in every format; what cannot be written leaves nothing behind."""

from __future__ import annotations

import errno
import os
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.io.votable.exceptions import W50
from astropy.table import Table
from astropy.units import UnitsWarning
from regions import PointPixelRegion, PointSkyRegion, Regions

from astrotl_gui.core import files
from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.identify import identify
from astrotl_gui.core.labels import Label
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.project import Project
from astrotl_gui.core.ranking import Ranking
from astrotl_gui.core.settings import CutoutSettings, DetectionSettings
from astrotl_gui.pipeline.export import export, export_project, export_table

FORMATS = {
    ".csv": "ascii.csv",
    ".ecsv": "ascii.ecsv",
    ".fits": "fits",
    ".vot": "votable",
    ".xml": "votable",
    ".parquet": "parquet",
}
COMMENT = 'Einstein ring? z ≈ 0.6, "très beau", 重力レンズ, a;b\tc'
PROVENANCE = {"mosaic": "NGC 6976", "encoder": "tf_efficientnet_lite0", "vetter": "Zoë"}


def catalog(count: int = 5, on_sky: bool = True) -> Catalog:
    n = np.arange(count)
    magnitudes = np.where(n == 1, np.nan, 20.125 + n / 3).astype(np.float32)
    return Catalog.from_columns(
        {
            "id": n + 11,
            "ra": 359.9999 + n * 1e-5 if on_sky else np.full(count, np.nan),
            "dec": -52.123456789 + n * 1e-7 if on_sky else np.full(count, np.nan),
            "x": 10.25 + n,
            "y": 99.0 - n,
            "flux_g": (1.1 * n).astype(np.float32),
            "mag_g": magnitudes,
            "npix": 7 * n,
            "user_id": [f"Å-{i}" for i in n],
        }
    )


RANKING = Ranking("lens", np.array([13, 11, 15, 12]), np.array([0.9, 0.5, 0.25, 0.1], np.float32), "GP 3")
LABELS = [
    Label(13, "lens", "positive", "A", comment=COMMENT, vetter="Zoë", time="2026-11-23T10:00:00.000+00:00"),
    Label(12, "lens", "negative", "X", "spiral", vetter="mk", time="2026-11-23T10:01:00.000+00:00"),
    Label(14, "agn", "unsure", "C", vetter="mk", time="2026-11-23T10:02:00.000+00:00"),
]


def write(path: Path, sources: Catalog, **changes: object) -> int:
    wanted: dict = {
        "rankings": {"lens": RANKING},
        "labels": LABELS,
        "targets": ["lens", "agn"],
        "provenance": PROVENANCE,
    }
    return export(path, sources, **(wanted | changes))


def _masked(values: list) -> np.ma.MaskedArray:
    return np.ma.masked_array([0 if v is None else v for v in values], [v is None for v in values])


def read(path: Path) -> Table:
    if path.suffix == ".parquet":
        from pyarrow import parquet

        return Table({name: _masked(values) for name, values in parquet.read_table(path).to_pydict().items()})
    return Table.read(path, format=FORMATS[path.suffix])


def texts(column: object) -> list[str]:
    mask = np.ma.getmaskarray(np.ma.asarray(column))
    return ["" if gap else str(value) for value, gap in zip(column, mask, strict=True)]  # type: ignore[call-overload]


def assert_same(got: Table, wanted: Table) -> None:
    assert got.colnames == wanted.colnames
    assert len(got) == len(wanted)
    for name in wanted.colnames:
        kind = wanted[name].dtype.kind
        if kind in "US":
            assert texts(got[name]) == texts(wanted[name]), name
            continue
        if kind == "f":
            ours = np.ma.filled(np.ma.asarray(got[name], dtype=wanted[name].dtype), np.nan)
            np.testing.assert_array_equal(ours, np.ma.filled(np.ma.asarray(wanted[name]), np.nan), name)
            continue
        gaps = np.ma.getmaskarray(np.ma.asarray(wanted[name]))
        np.testing.assert_array_equal(np.ma.getmaskarray(np.ma.asarray(got[name])), gaps, name)
        np.testing.assert_array_equal(np.asarray(got[name])[~gaps], np.asarray(wanted[name])[~gaps], name)


@pytest.mark.parametrize("extension", FORMATS)
def test_reads_back_equal(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"lenses{extension}"
    assert write(path, catalog()) == 5
    assert_same(read(path), export_table(catalog(), {"lens": RANKING}, LABELS, ["lens", "agn"]))


@pytest.mark.parametrize("unit", ["ELECTRONS/S", "Data Value", "nmgy"])
@pytest.mark.parametrize("extension", FORMATS)
def test_units_as_headers_give_them(tmp_path: Path, extension: str, unit: str) -> None:
    """Hubble's and ZTF's are none that the standards know: they are written as they stand, without complaint."""
    path = tmp_path / f"lenses{extension}"
    columns = {name: np.array([1.5]) for name in ("ra", "dec", "x", "y", "flux_g")} | {"id": np.array([13])}
    assert write(path, Catalog.from_columns(columns, units={"flux_g": unit})) == 1
    if extension in (".fits", ".vot"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnitsWarning)
            warnings.simplefilter("ignore", W50)
            assert str(read(path)["flux_g"].unit).replace(" / ", "/") == unit


@pytest.mark.parametrize("extension", FORMATS)
def test_without_ranking_or_label(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"all{extension}"
    assert write(path, catalog(), rankings={}, labels=[]) == 5
    table = read(path)
    assert np.ma.getmaskarray(np.ma.asarray(table["rank_lens"])).all()
    assert texts(table["label_agn"]) == [""] * 5
    assert [int(i) for i in table["id"]] == [11, 12, 13, 14, 15]


@pytest.mark.parametrize("extension", FORMATS)
def test_empty_catalog(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"none{extension}"
    assert write(path, Catalog.empty(["g", "r"])) == 0
    table = read(path)
    assert len(table) == 0
    assert {"id", "ra", "mag_r", "rank_lens", "comment_agn"} <= set(table.colnames)


def test_values_and_order() -> None:
    table = export_table(catalog(), {"lens": RANKING}, LABELS, ["lens", "agn"])
    assert table["id"].tolist() == [13, 11, 15, 12, 14]  # by rank, the unranked last
    first, last = table[0], table[-1]
    assert (first["rank_lens"], first["score_lens"], first["label_lens"]) == (1, np.float32(0.9), "positive")
    assert (first["grade_lens"], first["vetter_lens"], first["comment_lens"]) == ("A", "Zoë", COMMENT)
    assert first["time_lens"].startswith("2026-11-23T10:00")
    assert first["label_agn"] == ""
    assert last["rank_lens"] is np.ma.masked
    assert np.isnan(last["score_lens"])
    assert (last["label_agn"], last["grade_agn"]) == ("unsure", "C")
    assert table[3]["contaminant_lens"] == "spiral"


def test_latest_event_holds_and_notes_are_kept() -> None:
    events = [
        LABELS[0],
        Label(13, "lens", "negative", "X", time="2026-11-23T11:00:00.000+00:00"),
        Label(12, "lens", "positive", "A", time="2026-11-23T10:00:00.000+00:00"),
        Label(12, "lens", "clear", time="2026-11-23T12:00:00.000+00:00"),
        Label(11, "", "note", comment="halo", time="2026-11-23T12:00:00.000+00:00"),
    ]
    table = export_table(catalog(), {}, events, ["lens"])
    assert table["label_lens"].tolist() == ["", "", "negative", "", ""]
    assert table["comment_lens"].tolist() == ["halo", "", "", "", ""]


def test_labelled_only(tmp_path: Path) -> None:
    path = tmp_path / "labels.ecsv"
    assert write(path, catalog(), labelled_only=True) == 3
    assert read(path)["id"].tolist() == [13, 12, 14]
    assert write(path, catalog(), labelled_only=True, targets=["agn"]) == 1
    assert read(path)["id"].tolist() == [14]


def test_yes_only(tmp_path: Path) -> None:
    path = tmp_path / "lenses.csv"
    assert write(path, catalog(), yes_only=True) == 1
    assert read(path)["id"].tolist() == [13]
    assert write(path, catalog(), yes_only=True, targets=["agn"]) == 0


@pytest.mark.parametrize("extension", [".ecsv", ".fits", ".vot", ".parquet"])
def test_units_and_descriptions(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"lenses{extension}"
    write(path, catalog())
    if extension == ".parquet":
        from pyarrow import parquet

        notes = parquet.read_schema(path).field("ra").metadata
        assert notes[b"unit"] == b"deg"
        assert notes[b"description"]
        assert parquet.read_schema(path).metadata[b"vetter"].decode() == "Zoë"
        return
    table = read(path)
    assert str(table["ra"].unit) == "deg"
    assert str(table["mag_g"].unit).startswith("mag")
    assert "1 is best, by GP 3" in table["rank_lens"].description
    text = path.read_bytes().decode("utf-8", "ignore")
    assert "tf_efficientnet_lite0" in text
    assert "NGC 6976" in text


def test_regions_on_the_sky(tmp_path: Path) -> None:
    path = tmp_path / "lenses.reg"
    assert write(path, catalog()) == 5
    marks = Regions.read(path, format="ds9")
    assert all(isinstance(mark, PointSkyRegion) for mark in marks)
    assert [str(mark.meta["text"]) for mark in marks] == ["13", "11", "15", "12", "14"]
    np.testing.assert_allclose(marks[0].center.dec.deg, catalog().dec[2], atol=1e-8)
    assert marks[0].center.frame.name == "icrs"
    looks = {str(m.meta["text"]): (m.visual["marker"], m.visual["color"]) for m in marks}
    assert len({looks["13"], looks["12"], looks["14"], looks["11"]}) == 4  # yes, no, unsure, none
    assert looks["11"] == looks["15"]
    assert marks[0].meta["tag"] == ["lens positive"]


def test_regions_without_wcs_count_from_one(tmp_path: Path) -> None:
    path = tmp_path / "lenses.reg"
    write(path, catalog(on_sky=False))
    assert "image\npoint(13.250,98.000)" in path.read_text()
    marks = Regions.read(path, format="ds9")
    assert isinstance(marks[0], PointPixelRegion)  # regions counts from 0 again
    assert (marks[0].center.x, marks[0].center.y) == pytest.approx((12.25, 97.0))


def test_regions_of_nothing(tmp_path: Path) -> None:
    assert write(tmp_path / "none.reg", Catalog.empty()) == 0
    assert len(Regions.read(tmp_path / "none.reg", format="ds9")) == 0


def test_unknown_extension_names_the_known(tmp_path: Path) -> None:
    with pytest.raises(AstroTLError) as caught:
        write(tmp_path / "lenses.doc", catalog())
    assert all(word in str(caught.value) for word in (".csv", ".ecsv", ".fits", ".vot", ".reg", ".parquet"))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("extension", [*FORMATS, ".reg"])
def test_full_disk_leaves_the_old_file(
    tmp_path: Path, extension: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"lenses{extension}"
    path.write_text("earlier")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(AstroTLError, match="disk is full"):
        write(path, catalog())
    assert path.read_text() == "earlier"
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.fixture
def read_only_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder nobody may write; root becomes nobody meanwhile, since root may write everywhere."""
    folder = tmp_path / "fixed"
    folder.mkdir()
    folder.chmod(0o555)
    was_root = os.geteuid() == 0
    if was_root:
        os.seteuid(65534)
    yield folder
    if was_root:
        os.seteuid(0)
    folder.chmod(0o755)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs POSIX permissions")
def test_read_only_folder(read_only_folder: Path) -> None:
    with pytest.raises(AstroTLError, match="cannot be written"):
        write(read_only_folder / "lenses.csv", catalog())


def test_replaces_an_earlier_export(tmp_path: Path) -> None:
    path = tmp_path / "lenses.fits"
    write(path, catalog(2))
    assert write(path, catalog(4)) == 4
    assert len(read(path)) == 4


def test_hundred_thousand_rows(tmp_path: Path) -> None:
    sources = catalog(100_000)
    ranking = Ranking("lens", sources.ids[::-1], np.linspace(1, 0, 100_000, dtype=np.float32), "GP")
    path = tmp_path / "big.parquet"
    assert write(path, sources, rankings={"lens": ranking}) == 100_000
    assert read(path)["rank_lens"][0] == 1


def test_export_of_an_open_project(tmp_path: Path) -> None:
    image = fits.PrimaryHDU(np.random.default_rng(1).normal(size=(40, 50)).astype(np.float32))
    image.writeto(tmp_path / "sky_g.fits")
    spec = replace(identify([tmp_path / "sky_g.fits"]).spec(pixel_scale=0.2), credit="CFHT, via a friend")
    project = Project.create(tmp_path / "sky.astrotl", spec, DetectionSettings(), CutoutSettings())
    project.labels.add([LABELS[0]])
    path = tmp_path / "out.ecsv"
    mosaic = Mosaic.open(project.spec)
    assert export_project(path, project, mosaic, catalog(), {"lens": RANKING}, ["lens"]) == 5
    table = read(path)
    assert table.meta["images"] == "g=sky_g.fits"
    assert table.meta["credit"] == "CFHT, via a friend"
    assert table.meta["fingerprint"] == mosaic.fingerprint
    assert table.meta["model_lens"] == "GP 3"
    assert table["comment_lens"][0] == COMMENT
    project.close()


@pytest.mark.parametrize("extension", [".csv", ".ecsv", ".fits", ".vot", ".parquet"])
def test_own_lists_are_columns_like_the_others(tmp_path: Path, extension: str) -> None:
    sources, path = catalog(), tmp_path / f"own{extension}"
    ids = sources.ids[::-1]
    rankings = {"etoile_d": Ranking("etoile_d", ids, np.linspace(1, 0, len(ids), dtype=np.float32), "gp")}
    export(
        path,
        sources,
        rankings=rankings,
        labels=[Label(int(ids[0]), "etoile_d", "positive", "A")],
        targets=["lens", "etoile_d"],
        provenance={},
        names={"lens": "Lens", "etoile_d": "Étoile ❄ d"},
    )
    table = read(path)
    places = {int(row["id"]): int(row["rank_etoile_d"]) for row in table}
    assert places == {source: place for place, source in enumerate(ids.tolist(), 1)}
    assert np.ma.getmaskarray(np.ma.asarray(table["rank_lens"])).all()
    assert [t for t in texts(table["label_etoile_d"]) if t] == ["positive"]
