"""Labels out and in again: by position, by pixel, by id; and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.table import Table

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.labels import Label
from astrotl_gui.pipeline.label_table import read_labels, write_labels


def catalog(ra=(10.0, 10.001, 10.002)) -> Catalog:
    places = {"ra": np.array(ra), "dec": np.zeros(3), "x": [0.0, 20.0, 40.0], "y": [5.0, 5.0, 5.0]}
    return Catalog.from_columns({"id": np.array([11, 12, 13]), **places})


@pytest.mark.parametrize("ending", ["csv", "ecsv", "fits", "vot", "parquet"])
def test_what_is_written_reads_back(tmp_path, ending):
    sources = catalog()
    place = {name: float(sources.column(name)[1]) for name in ("ra", "dec", "x", "y")}
    labels = [
        Label(
            12, "lens", "positive", "A", "", "Arc, “blue” – 2″", "ann", "2026-01-02T03:04:05+00:00", **place
        ),
        Label(12, "agn", "negative", "X", "star", vetter="bob", time="2026-01-02T03:04:06+00:00", **place),
    ]
    path = tmp_path / f"labels.{ending}"
    assert write_labels(path, labels) == 2
    assert read_labels(path, sources, "me") == labels


def test_a_note_reads_back_with_the_labels(tmp_path):
    sources = catalog()
    first, second = (
        {name: float(sources.column(name)[row]) for name in ("ra", "dec", "x", "y")} for row in (0, 1)
    )
    said = [
        Label(11, "lens", "positive", vetter="ann", **first),
        Label(12, "lens", "note", comment="counter-image?", vetter="ann", **second),
    ]
    write_labels(tmp_path / "said.ecsv", said)
    assert read_labels(tmp_path / "said.ecsv", sources, "bob") == said


def test_positions_win_over_ids_and_far_rows_are_left_out(tmp_path):
    path = tmp_path / "labels.csv"
    Table(
        {
            "ID": [13, 11],
            "RA": [10.0001, 50.0],
            "Dec": [0.0, 0.0],
            "target": ["lens"] * 2,
            "value": ["positive"] * 2,
        }
    ).write(path)
    (label,) = read_labels(path, catalog(), "me")
    assert (label.source_id, label.vetter) == (11, "me")


def test_pixels_serve_where_there_is_no_sky(tmp_path):
    path = tmp_path / "labels.csv"
    Table(
        {"x": [21.0], "y": [4.0], "ra": [np.nan], "dec": [np.nan], "target": ["agn"], "grade": ["C"]}
    ).write(path)
    (label,) = read_labels(path, catalog(ra=(np.nan,) * 3), "me")
    assert (label.source_id, label.value, label.grade) == (12, "unsure", "C")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"name": ["a"], "target": ["lens"], "value": ["positive"]}, "No positions"),
        ({"id": [11], "target": ["quasar"], "value": ["positive"]}, "Unknown label"),
        ({"id": [11], "target": ["lens"], "value": ["maybe"]}, "Unknown label"),
        ({"id": [99], "target": ["lens"], "value": ["positive"]}, "No label found its source"),
    ],
)
def test_what_is_refused(tmp_path, columns, message):
    path = tmp_path / "labels.csv"
    Table(columns).write(path)
    with pytest.raises(AstroTLError, match=message):
        read_labels(path, catalog(), "me")


def test_a_file_that_is_no_table(tmp_path):
    path = tmp_path / "labels.fits"
    path.write_text("nothing of the kind")
    with pytest.raises(AstroTLError, match="cannot be read"):
        read_labels(path, catalog(), "me")
    with pytest.raises(AstroTLError, match="cannot be read"):
        read_labels(tmp_path / "absent.csv", catalog(), "me")


def test_own_lists_travel_by_key_or_name_and_unknown_ones_are_refused(tmp_path):
    path, lists = tmp_path / "labels.csv", {"lens": "Lens", "ring_galaxy": "Ring galaxy"}
    Table({"id": [11, 12], "target": ["ring_galaxy", "Ring Galaxy"], "value": ["positive"] * 2}).write(path)
    assert [label.target for label in read_labels(path, catalog(), "me", lists)] == ["ring_galaxy"] * 2
    with pytest.raises(AstroTLError, match="Targets are lens, agn, artifact, outlier;"):
        read_labels(path, catalog(), "me")
