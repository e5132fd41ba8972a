"""A series judged from end to end: embeddings resumed, flags, labels, tables, the command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.io.votable import parse
from astropy.table import Table

from astrotl_gui.cli import main
from astrotl_gui.core.embedding_reader import EmbeddingReader
from astrotl_gui.core.epoch_table import EpochTable
from astrotl_gui.core.epochs import label_target, read_series, visit_id, write_series
from astrotl_gui.core.labels import Label, Labels
from astrotl_gui.core.progress import Cancelled, Progress
from astrotl_gui.core.project import Project
from astrotl_gui.core.settings import CutoutSettings, DetectionSettings, EncoderSettings, EpochSettings
from astrotl_gui.ml import encoder, epoch_score
from astrotl_gui.pipeline.epochs import judging
from astrotl_gui.pipeline.epochs.embedding import visits_of
from astrotl_gui.pipeline.epochs.output import light_curve_table, write_epochs
from astrotl_gui.pipeline.epochs.run import Judged, judge_again, judge_series
from tests.pipeline.epochs.sky import Visits, make_visits

ROWS = np.array([7, 8, 13, 14, 20])
SIZE = 12.0


class Stops(Progress):
    """Cancels when embeddings are half done."""

    def __call__(self, done: float, total: float, text: str = "") -> None:
        if text == "Embedding epochs" and done > total / 2:
            raise Cancelled


@pytest.fixture(scope="module")
def visits(tmp_path_factory: pytest.TempPathFactory) -> Visits:
    made = make_visits(tmp_path_factory.mktemp("epochs"), epochs=5)
    data, header = fits.getdata(made.files[3], header=True)
    x, y = (int(axis[8]) for axis in (made.catalog.x, made.catalog.y))
    data[:, x + 1 : x + 3] += 400  # a bad column through one source in one epoch
    data[y - 2, x - 9 : x + 9] += 900
    fits.writeto(made.files[3], data, header, overwrite=True)
    return made


@pytest.fixture(scope="module", autouse=True)
def few_examples() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judging, "EXAMPLES", 16)
        patch.setitem(
            encoder.PRECISIONS, "cpu", ()
        )  # torch in small batches is the quickest for a few sources
        patch.setitem(encoder.BATCH, "cpu", 5)
        patch.setattr(epoch_score, "TREES", 20)
        yield


@pytest.fixture(scope="module")
def judged(
    few_examples: None, visits: Visits, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Judged, Path]:
    folder = tmp_path_factory.mktemp("store")
    with pytest.raises(Cancelled):
        run(visits, folder, Stops())
    return run(visits, folder), folder


def run(
    visits: Visits, folder: Path, progress: Progress | None = None, labels: Labels | None = None
) -> Judged:
    catalog = visits.catalog.take(ROWS)
    return judge_series(visits.mosaic, read_series(visits.files), catalog, folder, CutoutSettings(SIZE, 3 * SIZE),
                        EncoderSettings(), EpochSettings(), progress=progress or Progress())  # fmt: skip


def test_a_cancelled_run_is_taken_up_and_every_epoch_has_its_key(
    visits: Visits, judged: tuple[Judged, Path]
) -> None:
    found, folder = judged
    assert found.looked is not None
    catalog = visits.catalog.take(ROWS)
    assert not len(found.looked.visits.missing(visits_of(catalog, (0, 1, 2, 3, 4))))
    reader = EmbeddingReader(found.looked.visits)
    vectors = reader.vectors(visit_id(catalog.ids, 3))
    assert vectors.shape[0] == 5 and np.isfinite(vectors).all() and np.isnan(reader.vectors([1])).all()
    assert len(list(folder.glob("*/meta.toml"))) == 2  # visits and stacks: one making


def test_the_spoiled_epoch_stands_out_by_every_measure(judged: tuple[Judged, Path]) -> None:
    table = judged[0].table
    assert table.distance.shape == (5, 5) and np.isfinite(table.threshold).all()
    row = table.row_of(9)
    assert row is not None
    assert table.distance[row].argmax() == 3 and table.distance[row, 3] > table.threshold[row]
    assert table.score[row].argmax() == 3 and table.flagged[row].tolist() == [
        False,
        False,
        False,
        True,
        False,
    ]
    assert table.variability(cleaned=True).chi2[row] < table.variability(cleaned=False).chi2[row]


def test_labels_have_the_last_word(visits: Visits, judged: tuple[Judged, Path]) -> None:
    labels = Labels(
        [Label(9, label_target("visit_3"), "negative"), Label(8, label_target("visit_0"), "positive")]
    )
    catalog, rule = visits.catalog.take(ROWS), EpochSettings(rule="published")
    given = judging.epoch_labels(labels, catalog.ids, judged[0].table.names)
    by_rule = judge_again(judged[0], catalog, rule, np.zeros_like(given)).table
    row = by_rule.row_of(9)
    assert (
        by_rule.flagged[row, 3]
        and by_rule.variability().chi2[row] < by_rule.variability(cleaned=False).chi2[row]
    )
    table = judge_again(judged[0], catalog, rule, given).table
    assert not table.flagged[row, 3] and table.flagged[table.row_of(8), 0]
    assert "labelled" in light_curve_table(table, catalog)["reasons"][0]
    assert table.score[row, 3] != by_rule.score[row, 3]


def test_tables_state_their_time_frame(visits: Visits, judged: tuple[Judged, Path], tmp_path: Path) -> None:
    table, catalog = judged[0].table, visits.catalog.take(ROWS)
    for name in ("lc.ecsv", "lc.fits", "lc.vot"):
        assert write_epochs(tmp_path / name, table, catalog) == [tmp_path / name]
    header = fits.getheader(tmp_path / "lc.fits", 1)
    assert (header["TIMESYS"], header["MJDREF"]) == ("UTC", 0) and len(
        fits.getdata(tmp_path / "lc.fits")
    ) == 25
    read = Table.read(tmp_path / "lc.ecsv")
    assert read.meta["TIMESYS"] == "UTC" and str(read["mjd"].unit) == "d"
    assert np.array(read["flux"]).reshape(5, 5) == pytest.approx(table.flux)
    votable = parse(tmp_path / "lc.vot")
    system = next(votable.iter_timesys())
    assert (system.timescale, system.timeorigin) == ("UTC", "MJD-origin")
    assert votable.get_first_table().get_field_by_id_or_name("mjd").ref == system.ID
    assert len(light_curve_table(table, catalog, cleaned=True)) == 25 - table.flagged.sum()


def test_two_epochs_give_light_curves_and_no_flags(visits: Visits, tmp_path: Path) -> None:
    catalog = visits.catalog.take(ROWS)
    series = read_series(visits.files[:2])
    found = judge_series(
        visits.mosaic, series, catalog, tmp_path, CutoutSettings(SIZE, 30), EncoderSettings()
    )
    assert not found.table.flagged.any() and np.isfinite(found.table.flux).all() and found.looked is None
    assert sum("flags need 3" in note for note in found.table.notes) == 1 and not list(tmp_path.iterdir())


def test_the_command_writes_everything_and_keeps_it_in_the_project(
    visits: Visits, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = visits.mosaic.spec
    project = Project.create(tmp_path / "sky", spec, DetectionSettings(), CutoutSettings(SIZE, 30))
    project.write_catalog(visits.catalog.take(ROWS))
    project.close()
    files = [str(path) for path in visits.files[:2]]
    arguments = ["epochs", str(project.path), "--images", *files, "--out", str(tmp_path / "out"), "--json"]
    assert main([*arguments, "--aperture", "1.2"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["sources"], said["aperture"], said["flagged"]) == (5, 1.2, [])
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "epochs.ecsv", "light_curves.ecsv", "variability.ecsv",
    ]  # fmt: skip
    again = Project.open(project.path)
    assert again.epochs.aperture == 1.2 and "var_chi2" in again.read_catalog()
    assert EpochTable.read(again.epochs_folder) is not None
    again.close()
    assert main(["epochs", str(project.path), "--dates", files[0]]) == 2
    assert "--images" in capsys.readouterr().err
    # A format nobody knows is said before anything is measured, and what was found is kept before it is written.
    assert main(["epochs", str(project.path), "--aperture", "3", "--out", str(tmp_path / "lc.txt")]) == 2
    assert main(["epochs", str(project.path), "--as-registered"]) == 0
    blocked = tmp_path / "file"
    blocked.touch()
    assert main(["epochs", str(project.path), "--aperture", "1.5", "--out", str(blocked / "out")]) == 2
    again = Project.open(project.path)
    assert (again.epochs.aperture, again.epochs.align) == (1.5, False)
    again.close()


def test_an_epoch_is_labelled_by_command(
    visits: Visits, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = visits.mosaic.spec
    project = Project.create(tmp_path / "sky", spec, DetectionSettings(), CutoutSettings(SIZE, 30))
    project.write_catalog(visits.catalog.take(ROWS))
    label = ["label", str(project.path), "--id", "9", "--class", "positive", "--vetter", "me"]
    assert main([*label, "--epoch", "visit_1"]) == 2 and "No epochs yet" in capsys.readouterr().err
    write_series(project.epochs_folder, read_series(visits.files[:2]))
    assert main([*label, "--epoch", "visit_7"]) == 2 and "visit_0, visit_1" in capsys.readouterr().err
    assert main([*label, "--epoch", "visit_1", "--target", "lens"]) == 2
    assert main([*label, "--epoch", "visit_1"]) == 0
    assert main(["label", str(project.path), "--export", str(tmp_path / "l.csv")]) == 0
    assert main(["label", str(project.path), "--import", str(tmp_path / "l.csv")]) == 0
    assert main(["epochs", str(project.path), "--json"]) == 0
    *_, said = capsys.readouterr().out.splitlines()
    assert [(row["id"], row["epoch"]) for row in json.loads(said)["flagged"]] == [(9, "visit_1")]
    project.close()


def test_triplets_are_read_by_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row, column = np.mgrid[:31, :31] - 15.0
    star = 3000 / (2 * np.pi * 2.25) * np.exp(-(row**2 + column**2) / 4.5)
    noise = np.random.default_rng(1).normal(0, 1, (2, 3, 31, 31))
    np.savez(tmp_path / "cutouts.npz", np.stack([[2 * star, star, star]] * 2) + noise)
    (tmp_path / "alerts.csv").write_text("objectId,ra,dec,mjd\nZ1,10,20,59000.5\nZ1,10,20,59003.5\n")
    command = [
        "epochs",
        "--triplets",
        str(tmp_path / "cutouts.npz"),
        "--alerts",
        str(tmp_path / "alerts.csv"),
    ]
    assert main([*command, "--out", str(tmp_path / "d.ecsv"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["triplets"], said["objects"]) == (2, 1) and said["rows"][1]["mjd"] == 59003.5
    found = Table.read(tmp_path / "d.ecsv")
    assert found["flux_difference"] / found["flux_template"] == pytest.approx([1, 1], abs=0.05)
    assert found.meta["TIMESYS"] == "UTC" and np.abs(found["lacking"]).max() < 4
    assert main([*command, "--out", str(tmp_path / "d.txt")]) == 2
    assert main(["epochs"]) == 2 and "--triplets" in capsys.readouterr().err
