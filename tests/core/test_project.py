"""Project folders: what is written reads back, moves with its images, and is whole or not there."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from astrotl_gui.core.bands import BandSpec, MosaicSpec
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.fits import Plane
from astrotl_gui.core.labels import Label
from astrotl_gui.core.project import Project
from astrotl_gui.core.ranking import Ranking
from astrotl_gui.core.recent import recent_projects, remember_project
from astrotl_gui.core.settings import CutoutSettings, DetectionSettings


def spec_in(folder: Path) -> MosaicSpec:
    folder.mkdir(parents=True, exist_ok=True)
    for band in "gr":
        (folder / f"{band}.fits").touch()
    return MosaicSpec(
        "Field",
        (
            BandSpec("g", Plane(folder / "g.fits", 0), rms=Plane(folder / "g.fits", 1), zeropoint=30.0),
            BandSpec("r", Plane(folder / "r.fits", 0), wavelength=620.0, mask_bits=6),
        ),
    )


@pytest.fixture
def project(tmp_path):
    spec = spec_in(tmp_path / "data")
    made = Project.create(
        tmp_path / "work/Field", spec, DetectionSettings(threshold=4.0), CutoutSettings(size=12.0)
    )
    yield made
    made.close()


def test_what_is_written_reads_back(project, tmp_path):
    project.view = {"target": "agn", "selected": 7, "look": {"mode": "r"}}
    project.labels.add([Label(3, "lens", "positive")])
    project.save()
    again = Project.open(tmp_path / "work/Field.astrotl")
    assert again.spec == spec_in(tmp_path / "data")
    assert (again.detection, again.cutouts) == (DetectionSettings(threshold=4.0), CutoutSettings(size=12.0))
    assert again.view == project.view and again.created == project.created
    assert again.labels.training("lens") == {3: 1}
    again.close()


def test_a_credit_is_kept_and_none_is_not_written(project, tmp_path):
    assert "credit =" not in (project.path / "project.toml").read_text()
    project.spec = replace(project.spec, credit="CFHT/FOCAM, López-Cruz & Yee")
    project.save()
    again = Project.open(project.path)
    assert again.spec.credit == "CFHT/FOCAM, López-Cruz & Yee"
    again.close()


def test_a_project_moves_with_its_images(project, tmp_path):
    project.close()
    shutil.move(tmp_path / "work", tmp_path / "elsewhere/work")
    shutil.move(tmp_path / "data", tmp_path / "elsewhere/data")
    again = Project.open(tmp_path / "elsewhere/work/Field.astrotl")
    assert again.spec.bands[0].image.path == tmp_path / "elsewhere/data/g.fits"
    again.close()


def test_a_project_that_moves_alone_finds_its_images(project, tmp_path):
    project.close()
    shutil.move(tmp_path / "work", tmp_path / "a/b/c/work")
    again = Project.open(tmp_path / "a/b/c/work/Field.astrotl")
    assert again.spec.bands[1].image.path == tmp_path / "data/r.fits"
    again.close()


def test_rankings_read_back_and_a_broken_one_is_left_out(project):
    ranking = Ranking("lens", np.array([5, 2, 9]), np.array([0.9, 0.5, 0.1], "f4"), "3 labels")
    project.write_ranking(ranking)
    (project.path / "rankings/agn.parquet").write_text("broken")
    (stored,) = project.read_rankings().values()
    assert stored.ids.tolist() == [5, 2, 9] and stored.model == "3 labels"
    assert stored.rank_of(2) == 2 and stored.rank_of(4) is None
    assert stored.score_of(9) == pytest.approx(0.1)


def test_nothing_is_left_of_a_project_that_could_not_be_made(tmp_path, monkeypatch):
    def full(*args, **kwargs):
        raise AstroTLError("The disk is full", "Free some space.")

    monkeypatch.setattr(Project, "save", full)
    with pytest.raises(AstroTLError, match="disk is full"):
        Project.create(tmp_path / "p", spec_in(tmp_path / "d"), DetectionSettings(), CutoutSettings())
    assert [p.name for p in tmp_path.iterdir()] == ["d"]


def test_what_is_no_project_is_refused(tmp_path, project):
    with pytest.raises(AstroTLError, match="not a project"):
        Project.open(tmp_path / "nowhere")
    with pytest.raises(AstroTLError, match="not a project"):
        Project.open(tmp_path)
    with pytest.raises(AstroTLError, match="exists already"):
        Project.create(project.path, project.spec, DetectionSettings(), CutoutSettings())
    (project.path / "project.toml").write_text("schema = 99")
    with pytest.raises(AstroTLError, match="newer"):
        Project.open(project.path)
    (project.path / "project.toml").write_text("schema = 1\nmosaic = 3")
    with pytest.raises(AstroTLError, match="cannot be read"):
        Project.open(project.path)


def test_recent_projects_newest_first_without_the_gone(project, tmp_path):
    other = Project.create(tmp_path / "Other", project.spec, DetectionSettings(), CutoutSettings())
    other.close()
    remember_project(project.path, "Field", 10, 2)
    remember_project(other.path, "Other", 5, 0)
    remember_project(project.path, "Field", 12, 3)
    assert [(r["name"], r["sources"]) for r in recent_projects()] == [("Field", 12), ("Other", 5)]
    shutil.rmtree(other.path)
    assert [r["name"] for r in recent_projects()] == ["Field"]
