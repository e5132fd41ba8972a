"""Physical parameters of a project's sources: by parts of the sky left out, with intervals that hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.table import Table

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.estimates import Estimates
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import Cancelled, Progress
from astrotl_gui.core.project import Project
from astrotl_gui.core.source_filter import chosen
from astrotl_gui.pipeline.known_values import KnownValues, read_known
from astrotl_gui.pipeline.parameters import estimate_parameter, sky_regions
from astrotl_gui.pipeline.parameters_output import keep_estimates, write_estimates, write_fit_plot
from tests.pipeline.estimated import COUNT, STRANGE, make_project


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("masses")
    make_project(made)
    return made


@pytest.fixture(scope="module")
def project(folder: Path) -> Any:
    made = Project.open(folder / "masses.astrotl")
    yield made
    made.close()


def estimate(project: Project, known: KnownValues, **more: Any) -> Estimates:
    catalog = project.read_catalog()
    mosaic = Mosaic.open(project.spec)
    return estimate_parameter(
        mosaic, catalog, project.embeddings_folder, project.cutouts, project.encoder, known, **more
    )


@pytest.fixture(scope="module")
def known(folder: Path, project: Project) -> KnownValues:
    return read_known(folder / "masses.ecsv", "LogMass", project.read_catalog())


@pytest.fixture(scope="module")
def made(project: Project, known: KnownValues) -> Estimates:
    return estimate(project, known, method="ridge")


def test_known_values_find_their_sources(known: KnownValues, folder: Path) -> None:
    table = Table.read(folder / "masses.ecsv")
    given = np.isfinite(table["logmass"])
    assert (known.name, known.unit, known.rows) == ("logmass", "dex", COUNT)
    np.testing.assert_array_equal(np.sort(known.ids), np.flatnonzero(given) + 1)
    np.testing.assert_allclose(known.values, table["logmass"][known.ids - 1])


def test_values_are_estimated_and_their_errors_hold(made: Estimates, folder: Path) -> None:
    truth = np.asarray(Table.read(folder / "masses.ecsv")["logmass"])
    assert made.fit.count == int(np.isfinite(truth).sum())
    assert made.fit.rmse < 0.2 < truth[np.isfinite(truth)].std()
    assert made.fit.r2 > 0.85 and abs(made.fit.bias) < 0.04
    assert made.fit.held["68"] == pytest.approx(0.6827, abs=0.08)
    assert made.fit.held["95"] == pytest.approx(0.9545, abs=0.04)
    left_out = made.left_out[made.known]
    assert np.sqrt(np.mean((left_out - made.truth[made.known]) ** 2)) == pytest.approx(made.fit.rmse)
    assert (made.wide > made.sigma).all()


def test_what_is_unlike_the_known_is_said(made: Estimates) -> None:
    assert made.outside[-STRANGE:].all()
    assert made.outside[:-STRANGE].mean() < 0.05
    assert not made.outside[made.known].any()


def test_estimates_read_back(made: Estimates, tmp_path: Path) -> None:
    made.write(tmp_path)
    again = Estimates.read(tmp_path, "logmass")
    assert again is not None
    for name in ("ids", "value", "sigma", "wide", "outside", "truth", "left_out"):
        np.testing.assert_array_equal(getattr(again, name), getattr(made, name))
    assert (again.fit, again.columns, again.unit) == (made.fit, made.columns, "dex")
    assert [kept.name for kept in Estimates.all(tmp_path)] == ["logmass"]
    for name in ("log M*", "log M/"):  # what a file may not be called is no reason to take one for the other
        Estimates(**{**vars(made), "name": name}).write(tmp_path)
    assert {kept.name for kept in Estimates.all(tmp_path)} == {"logmass", "log M*", "log M/"}
    for path in (tmp_path / "parameters").glob("log *"):
        path.unlink()
    (tmp_path / "parameters" / "logmass.parquet").write_bytes(b"PAR1 cut short")
    assert Estimates.all(tmp_path) == []


def test_they_are_columns_to_filter_and_export_by(project: Project, made: Estimates, tmp_path: Path) -> None:
    catalog = keep_estimates(project, project.read_catalog(), made)
    assert np.array_equal(project.read_catalog().column("logmass"), catalog.column("logmass"))
    heavy = chosen(catalog, "logmass > 10.2, logmass_outside = 0")
    assert 0 < heavy.sum() < COUNT and not heavy[-STRANGE:].any()
    keep_estimates(project, catalog, made)  # again, in place of the first
    with pytest.raises(AstroTLError, match="taken"):
        keep_estimates(project, catalog, Estimates(**{**vars(made), "name": "mag_r"}))
    with pytest.raises(AstroTLError, match="logmass_err"):
        keep_estimates(project, catalog, Estimates(**{**vars(made), "name": "logmass_err"}))
    beside = catalog.with_columns(age_outside=np.zeros(len(catalog)))
    with pytest.raises(AstroTLError, match="age_outside"):
        keep_estimates(project, beside, Estimates(**{**vars(made), "name": "age"}))
    for ending in (".fits", ".ecsv", ".vot", ".parquet", ".csv"):
        write_estimates(tmp_path / f"out{ending}", catalog, made)
    table = Table.read(tmp_path / "out.ecsv")
    np.testing.assert_allclose(table["logmass"], made.value)
    assert str(table["logmass_err"].unit) == "dex"
    assert table.meta["learned_from"] == f"masses.ecsv, logmass, {made.fit.count} sources"
    write_fit_plot(tmp_path / "fit.svg", made, catalog)
    assert (tmp_path / "fit.svg").read_text().startswith("<?xml")


def test_the_columns_alone_or_the_image_alone_know_less(
    project: Project, known: KnownValues, made: Estimates
) -> None:
    alone = estimate(project, known, method="ridge", columns=())
    assert alone.columns == ()
    assert alone.fit.rmse > 1.5 * made.fit.rmse


def test_regions_are_whole_and_even() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.uniform(0, 3000, 1000), rng.uniform(0, 500, 1000)
    region = sky_regions(x, y, 25)
    counts = np.bincount(region)
    assert len(counts) == 25 and counts.min() >= 1000 // 40 and counts.max() <= 1000 // 16 + 1
    boxes = [(x[region == k].min(), x[region == k].max()) for k in range(25)]
    assert np.median([high - low for low, high in boxes]) < 1000
    np.testing.assert_array_equal(sky_regions(np.zeros(30), np.zeros(30), 5).max(), 4)


def test_cancelling_keeps_nothing(project: Project, known: KnownValues, folder: Path) -> None:
    class Stop(Progress):
        def __call__(self, done: float, total: float, text: str = "") -> None:
            if done >= 2:
                raise Cancelled

    with pytest.raises(Cancelled):
        estimate(project, known, method="ridge", progress=Stop())


@pytest.mark.parametrize(
    ("column", "says"),
    [("age", "has no age"), ("survey", "no single numbers")],
)
def test_a_column_that_cannot_be_is_named(folder: Path, project: Project, column: str, says: str) -> None:
    with pytest.raises(AstroTLError, match=says):
        read_known(folder / "masses.ecsv", column, project.read_catalog())


def test_bad_input_is_one_clear_line(project: Project, known: KnownValues, tmp_path: Path) -> None:
    few = KnownValues("m", "", known.ids[:20], known.values[:20], 20, "few.csv, m")
    with pytest.raises(AstroTLError, match="50 are the least"):
        estimate(project, few)
    with pytest.raises(AstroTLError, match="No such method"):
        estimate(project, known, method="oracle")
    with pytest.raises(AstroTLError, match="size is none of"):
        estimate(project, known, columns=("size",))
    (tmp_path / "far.csv").write_text("ra,dec,logmass\n1,2,10\n")
    with pytest.raises(AstroTLError, match="none of 1 rows"):
        read_known(tmp_path / "far.csv", "logmass", project.read_catalog())
    (tmp_path / "blind.csv").write_text("name,logmass\na,10\n")
    with pytest.raises(AstroTLError, match="No coordinates"):
        read_known(tmp_path / "blind.csv", "logmass", project.read_catalog())
