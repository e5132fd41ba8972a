"""What a project keeps of its epochs: opened again as it was left, one source in all of them, catalog columns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from astrotl_gui.core.epoch_table import EpochTable
from astrotl_gui.core.epochs import Series, read_series, write_series
from astrotl_gui.core.settings import CutoutSettings, EncoderSettings, EpochSettings
from astrotl_gui.pipeline.epochs.kept import judged_by_labels, reopened, visits
from astrotl_gui.pipeline.epochs.run import Judged, judge_series
from tests.pipeline.epochs.sky import Visits, make_visits

SETTINGS = EpochSettings()


@pytest.fixture(scope="module")
def sky(tmp_path_factory: pytest.TempPathFactory) -> Visits:
    return make_visits(tmp_path_factory.mktemp("visits"), epochs=2, shifts={1: (3, 0)}, dims={1: 0.5})


@pytest.fixture(scope="module")
def series(sky: Visits) -> Series:
    return read_series(sky.files)


@pytest.fixture(scope="module")
def judged(sky: Visits, series: Series, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    folder = tmp_path_factory.mktemp("none")  # two epochs: no network
    return judge_series(sky.mosaic, series, sky.catalog, folder, CutoutSettings(9, 18), EncoderSettings())


@pytest.fixture(scope="module")
def table(judged: Judged) -> EpochTable:
    """As it is measured; the zero points as stars would tie them (two such epochs are too few)."""
    made = judged.table
    first, second = made.facts
    return replace(made, facts=(first, replace(second, offset=2.5 * np.log10(0.5))))


def test_a_series_opens_with_the_shifts_and_scales_it_was_measured_with(
    sky: Visits, series: Series, table: EpochTable, tmp_path: Path
) -> None:
    assert reopened(sky.mosaic, tmp_path, SETTINGS) is None
    write_series(tmp_path, series)
    bare = reopened(sky.mosaic, tmp_path, SETTINGS)
    assert (
        bare is not None and bare.table is None and bare.opened is not None and bare.opened.views[1].dx == 0
    )
    table.write(tmp_path)
    kept = reopened(sky.mosaic, tmp_path, SETTINGS)
    assert kept is not None and kept.table is not None and kept.opened is not None and kept.problem is None
    assert kept.opened.views[1].dx == pytest.approx(3, abs=0.1)
    assert kept.opened.views[1].scale / kept.opened.views[0].scale == pytest.approx(2, rel=0.03)
    as_they_are = reopened(sky.mosaic, tmp_path, replace(SETTINGS, align=False))
    assert as_they_are is not None and as_they_are.opened is not None and as_they_are.opened.views[1].dx == 0


def test_a_source_stands_still_and_shines_alike_in_every_epoch(
    sky: Visits, series: Series, table: EpochTable, tmp_path: Path
) -> None:
    write_series(tmp_path, series)
    table.write(tmp_path)
    kept = reopened(sky.mosaic, tmp_path, SETTINGS)
    assert kept is not None and kept.opened is not None
    row = int(np.argmax(sky.catalog.column("snr")))
    found = visits(kept.opened, sky.catalog, row, 9.0)
    assert found.planes.shape == (2, 30, 30) and found.stack.shape == (30, 30) and found.side == 9.0
    peaks = [np.unravel_index(np.argmax(plane), plane.shape) for plane in (*found.planes, found.stack)]
    assert np.abs(np.array(peaks) - 14.5).max() <= 1.5
    assert found.planes[1].sum() / found.planes[0].sum() == pytest.approx(1, rel=0.1)
    assert np.median(found.planes) == pytest.approx(0, abs=2 * found.noise) and 2 < found.noise < 20


def test_images_that_are_gone_leave_what_was_measured(
    sky: Visits, series: Series, table: EpochTable, tmp_path: Path
) -> None:
    gone = replace(
        series.epochs[0].image, image=replace(series.epochs[0].image.image, path=tmp_path / "gone.fits")
    )
    write_series(tmp_path, replace(series, epochs=(replace(series.epochs[0], image=gone), series.epochs[1])))
    table.write(tmp_path)
    kept = reopened(sky.mosaic, tmp_path, SETTINGS)
    assert kept is not None and kept.table is not None and kept.opened is None and kept.problem is not None


def test_a_table_of_other_epochs_is_not_shown(
    sky: Visits, series: Series, table: EpochTable, tmp_path: Path
) -> None:
    write_series(tmp_path, replace(series, epochs=series.epochs[:1]))
    table.write(tmp_path)
    kept = reopened(sky.mosaic, tmp_path, SETTINGS)
    assert kept is not None and kept.table is None


def test_labels_and_variability_become_columns(sky: Visits, judged: Judged, table: EpochTable) -> None:
    labels = np.zeros(table.flux.shape, np.int8)
    labels[4, 1] = 1
    again, same, _ = judged_by_labels(judged, table, sky.catalog, SETTINGS, labels)
    assert again is not None and again.table is same
    none, found, catalog = judged_by_labels(None, table, sky.catalog, SETTINGS, labels)
    assert (
        none is None
        and np.array_equal(found.flagged, same.flagged)
        and found.flagged[4].tolist() == [False, True]
    )
    assert catalog.column("var_flagged").tolist() == [0] * 4 + [1] + [0] * 31
    assert catalog.same_sources(sky.catalog) and np.isnan(catalog.column("var_chi2")[4])  # one epoch is left
    assert catalog.column("var_chi2_all")[4] == pytest.approx(
        table.variability(cleaned=False).chi2[4], rel=1e-5
    )
    one = table.of(4)
    assert one.ids.tolist() == [5] and np.array_equal(one.flux[0], table.flux[4])
