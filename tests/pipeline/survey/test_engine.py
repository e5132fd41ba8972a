"""A survey by any number of workers is what one process makes of the same mosaics, whatever breaks on the way."""

from __future__ import annotations

import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.project import Project
from astrotl_gui.ml.preprocess import band_units
from astrotl_gui.pipeline.embed import embed
from astrotl_gui.pipeline.making import find_embeddings
from astrotl_gui.pipeline.survey import cluster
from astrotl_gui.pipeline.survey.cluster import connected
from astrotl_gui.pipeline.survey.engine import run
from astrotl_gui.pipeline.survey.folder import ID_STEP, Survey
from astrotl_gui.pipeline.survey.hats import read_sky_catalog
from astrotl_gui.pipeline.survey.opening import open_as_project
from astrotl_gui.pipeline.survey.ranking import rank_survey, similar_in_survey
from tests.pipeline.survey.conftest import CUTOUTS, ENCODER, begin, copy, parts
from tests.pipeline.survey.sky import make_mosaics

pytest.importorskip("distributed")
pytest.importorskip("cdshealpix")


def rows(survey: Survey) -> tuple[np.ndarray, np.ndarray]:
    """Ids and vectors of all parts, by id."""
    found = [embeddings for _, embeddings in parts(survey)]
    ids, vectors = [one.ids for one in found], [one.vectors.astype(float) for one in found]
    order = np.argsort(np.concatenate(ids))
    return np.concatenate(ids)[order], np.concatenate(vectors)[order]


def same_as(survey: Survey, other: Survey) -> bool:
    (ids, a), (others, b) = rows(survey), rows(other)
    cosine = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    return bool((ids == others).all() and cosine.min() >= 0.9999)


def test_each_position_is_embedded_once_on_the_mosaic_whose_edge_is_farthest(plain: Survey):
    assert [len(one.spec.bands) for one in plain.fields] == [2, 2, 2]
    ids, _ = rows(plain)
    assert ids.tolist() == list(range(1, 61))
    for number, mosaic in plain.work():
        catalog = Catalog.read(plain.part(number) / "catalog.parquet")
        here = plain.fields[mosaic].quality(catalog.x, catalog.y)
        for other in plain.fields:
            x, y = Mosaic.open(other.spec).pixel(catalog.ra, catalog.dec)
            assert (here >= np.where(other.holds(x, y), other.quality(x, y), -np.inf) - 1e-6).all()


def test_the_sky_catalog_holds_every_source_once(plain: Survey):
    table = pa.concat_tables(
        read_sky_catalog(plain.path / "catalog", ["id", "ra", "dec", "mosaic", "user_id"])
    )
    assert sorted(table["id"].to_pylist()) == list(range(1, 61))
    known = {f"s{k}": k + 1 for k in range(60)}
    assert all(
        known[name] == source
        for name, source in zip(table["user_id"].to_pylist(), table["id"].to_pylist(), strict=True)
    )


def test_a_part_is_what_embedding_its_mosaic_with_that_stretch_gives(plain: Survey, tmp_path: Path):
    """… and one opened as a project has nothing left to embed."""
    path = open_as_project(plain, plain.fields[1].spec.name, tmp_path / "one")
    project = Project.open(path)
    mosaic, catalog = Mosaic.open(project.spec), project.read_catalog()
    found = find_embeddings(project.embeddings_folder, catalog, mosaic, project.cutouts, project.encoder)
    project.close()
    assert found is not None and len(found) == len(catalog) > 10
    assert plain.preprocessing is not None
    fixed = replace(plain.preprocessing, unit=band_units(mosaic))
    alone = embed(mosaic, catalog, tmp_path / "alone", CUTOUTS, ENCODER, fixed=fixed).load(catalog)
    assert alone is not None
    a, b = alone.vectors.astype(float), found.vectors.astype(float)
    assert ((a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)).min() >= 0.9999


def test_what_breaks_is_listed_and_done_when_it_is_mended(laid_out: Path, plain: Survey, tmp_path: Path):
    """One mosaic cut short, one missing: the third is embedded; a second run does only what is missing."""
    images = tmp_path / "images"
    survey = begin(tmp_path / "bad.survey", [images], make_mosaics(images))
    run(survey, per_partition=15)
    for number, mosaic in survey.work():
        if mosaic:
            shutil.rmtree(survey.part(number))
    first, second = images / "sky1_r.fits", images / "sky2_g.fits"
    kept = first.read_bytes(), second.read_bytes()
    first.write_bytes(kept[0][:20_000])
    second.unlink()
    made = run(survey)
    assert {failure.where for failure in made.failures} == {"field1", "field2"}
    assert made.done == sum(mosaic == 0 for _, mosaic in survey.work()) and made.embedded == 0
    assert all("sky1_r" in failure.reason or "sky2_g" in failure.reason for failure in made.failures)
    first.write_bytes(kept[0])
    second.write_bytes(kept[1])
    again = run(survey)
    assert again.failures == () and again.embedded == sum(mosaic > 0 for _, mosaic in _of_sources(survey))
    assert same_as(survey, plain) and not list((survey.path / "failures").iterdir())


def _of_sources(survey: Survey) -> list[tuple[int, int]]:
    """(source, mosaic) of every row of the work."""
    return [
        (source, mosaic)
        for number, mosaic in survey.work()
        for source in pq.read_table(survey.positions_file(number))["id"].to_pylist()
    ]


def test_detections_of_two_mosaics_become_one_row(tmp_path: Path):
    make_mosaics(tmp_path / "images", count=2, sources=30)
    survey = begin(tmp_path / "found.survey", [tmp_path / "images"], None)
    made = run(survey)
    links = pq.read_table(survey.path / "links.parquet")
    ids, _ = rows(survey)
    assert made.failures == () and made.linked == len(links) >= 3
    assert not set(links["id"].to_pylist()) & set(ids.tolist())
    assert set(links["of"].to_pylist()) <= set(ids.tolist())
    detected = [Catalog.read(survey.sources_file(k)) for k in (0, 1)]
    assert sum(map(len, detected)) == len(ids) + len(links)
    assert set(ids // ID_STEP) == {0, 1}


def _fill_disk() -> None:
    """From now on this process can write no file of more than 1 kB, as on a full disk."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))


def test_a_mosaic_mended_after_detection_joins_without_renumbering_the_rest(tmp_path: Path):
    """The first of three is cut short: the others are done. Mended, it is added, and each source is there once."""
    images = tmp_path / "images"
    make_mosaics(images, sources=45)
    survey = begin(tmp_path / "found.survey", [images], None)
    broken = images / "sky0_g.fits"
    kept = broken.read_bytes()
    broken.write_bytes(kept[:20_000])
    made = run(survey, per_partition=10)
    assert {failure.where for failure in made.failures} == {"field0"}
    before = set(rows(survey)[0].tolist())
    assert before and {source // ID_STEP for source in before} == {1, 2}
    broken.write_bytes(kept)
    again = run(survey, per_partition=10)
    ids, _ = rows(survey)
    wanted = {
        source + number * ID_STEP
        for number in (0, 1, 2)
        for source in Catalog.read(survey.sources_file(number)).ids.tolist()
    } - set(pq.read_table(survey.path / "links.parquet")["id"].to_pylist())
    assert again.failures == () and len(ids) == len(set(ids.tolist())) and set(ids.tolist()) == wanted
    # Of the third mosaic, which does not touch the first, nothing was embedded again.
    assert again.embedded <= sum(source // ID_STEP < 2 for source in wanted)
    assert run(survey, per_partition=10).embedded == 0


@pytest.mark.slow
def test_workers_make_the_same_though_one_is_killed_and_one_cannot_write(
    laid_out: Path, plain: Survey, tmp_path: Path
):
    survey = Survey.open(copy(laid_out, tmp_path))
    with connected(workers=2) as client:
        (_, victim), (full, _) = client.run(os.getpid).items()
        client.run(_fill_disk, workers=[full])
        os.kill(victim, signal.SIGKILL)
        made = run(survey, client, per_partition=15)
        assert made.failures == () and made.sources == 60
        assert not list((survey.path / "failures").iterdir())
        shutil.rmtree(survey.part(1))
        missing = len(pq.read_table(survey.positions_file(1)))
        assert run(survey, client).embedded == missing
        for made, wanted in (
            (rank_survey(survey, "a", {3: 1, 40: -1}, 9, client), rank_survey(plain, "a", {3: 1, 40: -1}, 9)),
            (similar_in_survey(survey, 17, 9, client), similar_in_survey(plain, 17, 9)),
        ):
            assert made.ids.tolist() == wanted.ids.tolist()
            assert made.scores == pytest.approx(wanted.scores, abs=1e-3)
    assert same_as(survey, plain)


@pytest.mark.slow
def test_a_scheduler_that_dies_ends_the_run_and_loses_nothing(
    laid_out: Path, plain: Survey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from tests.pipeline.survey.processes import cluster_processes

    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 5)
    survey = Survey.open(copy(laid_out, tmp_path))
    with cluster_processes(workers=1) as (address, scheduler), connected(scheduler=address) as client:
        assert run(survey, client, per_partition=15).sources == 60
        for number in survey.finished()[1:]:
            shutil.rmtree(survey.part(number))
        scheduler.kill()
        scheduler.wait()
        with pytest.raises(AstroTLError, match="cluster went away"):
            run(survey, client)
        assert survey.finished() == [0]
    with cluster_processes(workers=2) as (address, _), connected(scheduler=address) as client:
        assert run(survey, client).failures == ()
    assert same_as(survey, plain)


@pytest.mark.slow
def test_two_surveys_run_on_one_machine():
    """… neither warns of the other's ports."""
    with connected(workers=1) as first, connected(workers=1) as second:
        assert first.submit(sum, (1, 2)).result() == second.submit(sum, (1, 2)).result() == 3
