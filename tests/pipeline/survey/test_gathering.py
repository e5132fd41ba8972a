"""The top of a survey opens as a project: cutouts, embeddings and places are the survey's own."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from astrotl_gui.cli import main
from astrotl_gui.core.cutout import cutout
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.fits import Plane
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import Cancelled, Progress
from astrotl_gui.core.project import Project
from astrotl_gui.pipeline.embed import embed
from astrotl_gui.pipeline.making import find_embeddings
from astrotl_gui.pipeline.survey.engine import run
from astrotl_gui.pipeline.survey.folder import Field, Survey
from astrotl_gui.pipeline.survey.gathering import open_list
from astrotl_gui.pipeline.survey.labelled import survey_labels
from astrotl_gui.pipeline.survey.listing import SurveyList
from astrotl_gui.pipeline.survey.ranking import rank_survey, similar_in_survey
from tests.core.serving import serving
from tests.pipeline.survey.conftest import begin, parts
from tests.pipeline.survey.sky import make_mosaics

LABELS = {3: 1, 17: 1, 40: -1, 22: -1, 58: 1}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Survey:
    """A survey whose images may be changed; the pixels of the third mosaic count in other units."""
    place = tmp_path_factory.mktemp("own")
    positions = make_mosaics(place / "images")
    for file in sorted((place / "images").glob("*.fits")):
        third = file.name.startswith("sky2")
        with fits.open(file, mode="update") as opened:
            opened[0].header["MAGZERO"] = 24.4 if third else 23.9
            opened[0].data = (opened[0].data * np.float32(10**0.2 if third else 1)).astype(np.float32)
    survey = begin(place / "own.survey", [place / "images"], positions)
    assert run(survey, per_partition=15).failures == ()
    return Survey.open(survey.path)


def test_the_sources_of_a_list_are_a_project_with_nothing_left_to_embed(own: Survey, tmp_path: Path):
    found = rank_survey(own, "lens", LABELS, 30)
    made = open_list(own, found, tmp_path / "best")
    assert made.count == 30 and made.missing == () and made.path.name == "best.astrotl"
    project = Project.open(made.path)
    mosaic, catalog = Mosaic.open(project.spec), project.read_catalog()
    assert catalog.ids.tolist() == found.ids.tolist()  # best first
    assert catalog.column("survey_rank").tolist() == list(range(1, 31))
    assert {"field0", "field1", "field2"} >= set(catalog.column("mosaic").tolist())
    embeddings = find_embeddings(project.embeddings_folder, catalog, mosaic, project.cutouts, project.encoder)
    again = embed(
        mosaic,
        catalog,
        project.embeddings_folder,
        project.cutouts,
        project.encoder,
        make_encoder=lambda *_: pytest.fail("embedded again"),
    )
    assert embeddings is not None and again.key == embeddings.key
    project.close()
    assert embeddings is not None
    vectors = {
        source: vector
        for of, made_there in parts(own)
        for source, vector in zip(of.ids.tolist(), made_there.vectors, strict=True)
    }
    places = {
        source: place
        for of, _ in parts(own)
        for source, *place in zip(of.ids.tolist(), of.ra, of.dec, strict=True)
    }
    for row, source in enumerate(catalog.ids.tolist()):
        assert (embeddings.vectors[row] == vectors[source]).all()
        assert [catalog.ra[row], catalog.dec[row]] == places[source]


def test_a_cutout_on_the_sheet_is_that_of_its_mosaic_in_one_unit(own: Survey, tmp_path: Path):
    found = rank_survey(own, "lens", LABELS, 60)
    project = Project.open(open_list(own, found, tmp_path / "all").path)
    sheet, catalog = Mosaic.open(project.spec), project.read_catalog()
    size = project.cutouts.size
    project.close()
    homes = found.catalog(own)
    tested = set()
    factor = {0: 1.0, 1: 1.0, 2: 10**-0.2}
    # The sheet counts in the units of the best source's mosaic.
    first = factor[int(homes.column("mosaic")[0])]
    for row in range(60):
        number = int(homes.column("mosaic")[row])
        mosaic = Mosaic.open(own.fields[number].spec)
        there = cutout(mosaic, float(homes.x[row]), float(homes.y[row]), size, 20, ["g", "r"])
        here = cutout(sheet, float(catalog.x[row]), float(catalog.y[row]), size, 20, ["g", "r"])
        assert (np.isnan(there) == np.isnan(here)).all()
        assert here == pytest.approx(there * factor[number] / first, rel=1e-4, nan_ok=True)
        tested.add(number)
    assert tested == {0, 1, 2}


def test_labels_given_there_rank_the_survey_again(
    own: Survey, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    first = tmp_path / "labels.csv"
    Table({"id": list(LABELS), "label": [int(value > 0) for value in LABELS.values()]}).write(first)
    project = tmp_path / "top.astrotl"
    line = ["survey", "--out", str(own.path), "--plain", "--json", "--top", "12"]
    assert main([*line, "--rank", str(first), "--target", "lens", "--open-as", str(project)]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["project"] == str(project) and said["sources"] == 12
    yes, no = said["rows"][0]["id"], said["rows"][-1]["id"]
    for source, value in ((yes, "positive"), (no, "negative")):
        given = ["label", str(project), "--id", str(source), "--target", "lens", "--class", value]
        assert main(given) == 0
    given = tmp_path / "given.ecsv"
    assert main(["label", str(project), "--export", str(given)]) == 0
    # Labels that made the list were carried over, where their sources are in it.
    listed = {row["id"] for row in said["rows"]}
    carried = {source: sign for source, sign in LABELS.items() if source in listed}
    assert carried
    assert survey_labels(own, given) == ("lens", carried | {yes: 1, no: -1})
    capsys.readouterr()
    # A kept list opens too, and what exists is refused before anything is computed.
    again = tmp_path / "again"
    assert main([*line[:-1], "5", "--list", "lens", "--open-as", str(again)]) == 0
    assert json.loads(capsys.readouterr().out)["sources"] == 5
    assert main([*line, "--list", "lens", "--open-as", str(again)]) == 2
    assert main([*line, "--list", "no such"]) == 2


def test_a_similarity_search_opens_with_its_distances(own: Survey, tmp_path: Path):
    found = similar_in_survey(own, 17, 8)
    found.write(own)
    kept = SurveyList.read(own, "similar-17").top(4)
    assert kept.ids.tolist() == found.ids[:4].tolist() and kept.measure == "distance"
    project = Project.open(open_list(own, kept, tmp_path / "alike").path)
    catalog = project.read_catalog()
    project.close()
    assert catalog.column("survey_distance") == pytest.approx(found.scores[:4])


def test_a_mosaic_out_of_reach_is_listed_and_passed_over(own: Survey, tmp_path: Path):
    found = rank_survey(own, "lens", LABELS, 60)
    images = own.path.parent / "images"
    for number in (0, 1, 2):
        away = images / f"sky{number}_g.fits"
        kept = shutil.move(away, tmp_path / "away.fits")
        try:
            made = open_list(own, found, tmp_path / f"without{number}")
        finally:
            shutil.move(kept, away)
        homes = found.catalog(own).column("mosaic")
        assert made.count == (homes != number).sum() < 60
        assert [name for name, _ in made.missing] == [f"field{number}"] and "sky" in made.missing[0][1]
        project = Project.open(made.path)
        left = project.read_catalog()
        assert left.ids.tolist() == found.ids[homes != number].tolist()
        project.close()


class _Stops(Progress):
    def __call__(self, done: float, total: float, text: str = "") -> None:
        if done >= 3:
            raise Cancelled


def test_a_cancelled_project_leaves_nothing_behind(own: Survey, tmp_path: Path):
    found = rank_survey(own, "lens", LABELS, 10)
    with pytest.raises(Cancelled):
        open_list(own, found, tmp_path / "half", progress=_Stops())
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(AstroTLError, match="empty"):
        open_list(own, found.top(0), tmp_path / "none")


def test_images_at_urls_give_the_same_project(own: Survey, tmp_path: Path):
    """… and those that the server lacks are passed over."""
    pytest.importorskip("fsspec")
    pytest.importorskip("aiohttp")
    images = own.path.parent / "images"
    found = rank_survey(own, "lens", LABELS, 40)
    near = open_list(own, found, tmp_path / "near").path / "sheet"
    with serving(images) as served:

        def at_url(field: Field, folder: str) -> Field:
            bands = tuple(
                replace(band, image=Plane.parse(f"{folder}/{band.image.path.name}[{band.image.hdu}]"))
                for band in field.spec.bands
            )
            return replace(field, spec=replace(field.spec, bands=bands))

        far = replace(own, fields=tuple(at_url(field, served.url) for field in own.fields))
        made = open_list(far, found, tmp_path / "far")
        assert made.count == 40 and made.missing == () and served.sent > 0
        for name in ("band1.fits", "band2.fits"):
            assert (made.path / "sheet" / name).read_bytes() == (near / name).read_bytes()
        lost = (at_url(own.fields[0], f"{served.url}/nowhere"), *far.fields[1:])
        without = open_list(replace(own, fields=lost), found, tmp_path / "without")
        assert [name for name, _ in without.missing] == ["field0"] and "nowhere" in without.missing[0][1]
        assert without.count == (found.catalog(own).column("mosaic") != 0).sum()
