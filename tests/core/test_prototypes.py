"""Prototypes on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.labels import Label
from astrotl_gui.core.project import Project
from astrotl_gui.core.prototypes import prototypes_of, read_prototypes
from astrotl_gui.core.settings import CutoutSettings, DetectionSettings
from tests.core.test_project import spec_in


@pytest.fixture
def catalog() -> Catalog:
    places = {
        "ra": np.array([1.0, 2.0, np.nan]),
        "dec": [3.0, 4.0, np.nan],
        "x": [5.0, 6.0, 7.0],
        "y": [8.0, 9.0, 10.0],
    }
    return Catalog.from_columns({"id": np.array([11, 12, 13]), **places})


@pytest.fixture
def project(tmp_path: Path) -> Project:
    path = tmp_path / "work/Field"
    return Project.create(path, spec_in(tmp_path / "data"), DetectionSettings(), CutoutSettings())


def test_each_target_keeps_its_own(project: Project, catalog: Catalog) -> None:
    agn = prototypes_of(catalog, "agn", [12, 99, 11], "known.fits")
    project.write_prototypes("agn", agn)
    project.write_prototypes("lens", prototypes_of(catalog, "lens", [12]))
    assert [(p.id, p.ra, p.y, p.file) for p in agn] == [
        (12, 2.0, 9.0, "known.fits"),
        (11, 1.0, 8.0, "known.fits"),
    ]
    project.close()
    again = Project.open(project.path)
    assert again.prototype_ids() == {"agn": [12, 11], "lens": [12]}
    assert list(again.read_prototypes())[:2] == agn
    again.write_prototypes("agn", [])
    assert again.prototype_ids() == {"lens": [12]}
    again.close()


def test_those_of_a_removed_list_wait_for_it(project: Project, catalog: Catalog) -> None:
    key = project.add_target("Jellyfish")
    project.write_prototypes(key, prototypes_of(catalog, key, [11]))
    project.remove_target(key)
    assert project.prototype_ids() == {}
    project.add_target("Jellyfish")
    assert project.prototype_ids() == {key: [11]}
    project.close()


def test_they_hold_their_places_like_labels(project: Project, catalog: Catalog) -> None:
    project.labels.add([Label(11, "lens", "positive", x=5.0, y=8.0)])
    project.write_prototypes("agn", prototypes_of(catalog, "agn", [13]))
    assert [(held.source_id, held.x, held.y) for held in project.held_places()] == [
        (11, 5.0, 8.0),
        (13, 7.0, 10.0),
    ]
    project.close()


def test_a_file_that_is_none_is_refused_in_words(tmp_path: Path) -> None:
    assert read_prototypes(tmp_path / "none.parquet") == ()
    (tmp_path / "bad.parquet").write_text("not a table")
    with pytest.raises(AstroTLError, match="prototypes cannot be read"):
        read_prototypes(tmp_path / "bad.parquet")
