"""A project of thirty-six stars in six epochs, measured, with three flags; nothing is embedded."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from astrotl_gui.core.epoch_table import EpochTable, Reason
from astrotl_gui.core.epochs import read_series, write_series
from astrotl_gui.core.project import Project
from astrotl_gui.core.settings import CutoutSettings, DetectionSettings, EpochSettings
from astrotl_gui.pipeline.epochs.run import measure_series
from tests.pipeline.epochs.sky import Visits, make_visits

FLAGS = {9: (3,), 20: (1, 4)}
"""Source → flagged epochs; 20 is the surer one."""
EPOCHS = 6


@pytest.fixture(scope="module")
def visits(tmp_path_factory: pytest.TempPathFactory) -> Visits:
    return make_visits(tmp_path_factory.mktemp("visits"), epochs=EPOCHS)


@pytest.fixture(scope="module")
def table(visits: Visits) -> EpochTable:
    series = read_series(visits.files)
    measured = measure_series(visits.mosaic, series, visits.catalog, EpochSettings())
    shape, rng = measured.flux.shape, np.random.default_rng(3)
    reasons, score = np.zeros(shape, np.uint16), np.full(shape, 0.1, np.float32)
    distance = rng.uniform(1, 2, shape).astype(np.float32)
    for source, epochs in FLAGS.items():
        for epoch in epochs:
            reasons[source - 1, epoch] = Reason.LEARNED
            score[source - 1, epoch] = 0.6 + source / 100
            distance[source - 1, epoch] = 5
    return EpochTable(
        visits.catalog.ids, measured.facts, distance, np.full(shape[0], 3, np.float32), score, measured.flux,
        measured.error, reasons, np.zeros(shape, np.int8), series.band, measured.radius, 27.0,
    )  # fmt: skip


def bare_project(visits: Visits, folder: Path) -> Path:
    """The same stars before any epoch is loaded."""
    made = Project.create(
        folder / "stars.astrotl", visits.mosaic.spec, DetectionSettings(), CutoutSettings(size=9, context=18)
    )
    made.write_catalog(visits.catalog)
    made.close()
    return made.path


@pytest.fixture(scope="module")
def measured_once(visits: Visits, table: EpochTable, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = bare_project(visits, tmp_path_factory.mktemp("measured"))
    write_series(path / "epochs", read_series(visits.files))
    table.write(path / "epochs")
    return path


@pytest.fixture
def project(measured_once: Path, tmp_path: Path) -> Path:
    """A copy to label in."""
    return Path(shutil.copytree(measured_once, tmp_path / "stars.astrotl"))
