"""The sheet that loads epochs: dates of headers, typed and read; what stands in the way; measuring."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from astrotl_gui.core.epoch_table import EpochTable
from astrotl_gui.core.epochs import stored_series
from astrotl_gui.gui.epoch_dates import DATE, MJD, TOLD, WRONG
from astrotl_gui.gui.epoch_sheet import EpochSheet
from astrotl_gui.gui.main_window import MainWindow
from astrotl_gui.gui.message import Message
from tests.pipeline.epochs.sky import Visits

from .epoch_project import bare_project, visits
from .small_project import CTRL, K, press, start

__all__ = ["start", "visits"]

Start = Callable[..., MainWindow]


@pytest.fixture
def window(start: Start, visits: Visits, tmp_path: Path) -> MainWindow:
    return start(bare_project(visits, tmp_path))


@pytest.fixture
def twins(visits: Visits, tmp_path: Path) -> list[Path]:
    """Three epochs that say one date."""
    made = []
    for number in range(3):
        pixels, header = fits.getdata(visits.files[number], header=True)
        header["MJD-OBS"] = 59000.0
        made.append(tmp_path / f"night_{number}.fits")
        fits.writeto(made[-1], pixels, header)
    return made


def opened(qtbot: QtBot, window: MainWindow, files: list[Path]) -> EpochSheet:
    press(window, K.Key_5, CTRL)
    window.open_paths(files)
    sheet = window.sheet
    assert isinstance(sheet, EpochSheet)
    qtbot.waitUntil(lambda: sheet.proposal is not None, timeout=20_000)
    return sheet


def cells(sheet: EpochSheet, column: int) -> list[str]:
    return [sheet.table.item(row, column).text() for row in range(sheet.table.rowCount())]  # type: ignore[union-attr]


def test_one_date_for_all_is_said_and_dates_can_be_typed_or_read(
    qtbot: QtBot, window: MainWindow, twins: list[Path], tmp_path: Path
) -> None:
    sheet = opened(qtbot, window, twins)
    assert cells(sheet, WRONG)[0] == "Same date as night_1.fits and 1 more"
    assert sheet.says.text().startswith("3 images share a date") and not sheet.measure.isEnabled()
    sheet.table.item(0, DATE).setText("2020-06-03 12:00:00")  # type: ignore[union-attr]
    assert cells(sheet, MJD) == ["59000.000347", "59000.000347", "59003.500000"]  # in the order of time
    assert cells(sheet, TOLD) == ["MJD-OBS", "MJD-OBS", "you"] and not cells(sheet, WRONG)[2]
    dates = tmp_path / "dates.csv"
    dates.write_text("filename,mjd\nnight_1.fits,59001.5\n")
    sheet.take_dates(dates)
    assert sheet.says.text() == "3 epochs over 3.5 days." and sheet.measure.isEnabled()
    sheet.take_dates(twins[0])  # a picture has no dates
    assert sheet.says.property("tone") == "alert"
    sheet.table.selectRow(0)
    QTest.keyClick(sheet.table, K.Key_Delete)
    assert sheet.says.text() == "2 epochs: light curves, but no flags. These need 3."
    (tmp_path / "notes.fits").write_text("no image")
    before = list(sheet.files)
    with qtbot.waitSignal(window.session.messaged, timeout=20_000) as told:
        sheet.add_files([tmp_path / "notes.fits"])
    assert told.args[0].kind == "alert"  # said, and left out
    qtbot.waitUntil(lambda: sheet.files == before and sheet.says.text().startswith("2 epochs"))
    sheet.end()
    assert window.session.epochs.series is None


def test_two_epochs_are_measured_stopped_and_gone_on_with_and_opened_again(
    qtbot: QtBot,
    window: MainWindow,
    visits: Visits,
    start: Start,
) -> None:
    heard: list[Message] = []
    session = window.session
    session.messaged.connect(heard.append)
    sheet = opened(qtbot, window, visits.files[:2])
    with qtbot.waitSignal(session.epochs.changed, timeout=20_000):
        QTest.keyClick(sheet, K.Key_Return, CTRL)
    with qtbot.waitSignal(session.messaged, timeout=60_000) as told:
        next(job for job in session.jobs._threads if job.name == "Measuring epochs").cancel()
    assert told.args[0].title == "Measuring stopped"
    qtbot.waitUntil(lambda: not session.epochs.measuring)
    assert session.epochs.series is not None and session.epochs.table is None
    told.args[0].actions[0][1]()  # Continue
    qtbot.waitUntil(lambda: session.epochs.table is not None and not session.epochs.measuring, timeout=60_000)
    assert (
        window.sheet is None
        and heard[-1].title == "2 epochs measured"
        and heard[-1].detail.endswith("flags need 3 epochs.")
    )
    qtbot.waitUntil(lambda: "var_chi2" in session.catalog, timeout=20_000)
    page = window.epochs
    assert page.parts is not None and page.sentence.text() == "Source 1: none of 2 epochs is problematic"
    assert page.detail.text() == "Flags need three epochs." and not page.parts.charts.distance.isVisible()
    assert "Dates from MJD-OBS (UTC)." in page.parts.notes.says.text()
    assert session.project is not None
    folder, path = session.project.epochs_folder, session.project.path
    series, table = stored_series(folder), EpochTable.read(folder)
    assert series is not None and table is not None and table.names == series.names == ("visit_0", "visit_1")
    with qtbot.waitSignal(session.project_changed):
        session.close_project()
    assert session.epochs.table is None
    with qtbot.waitSignal(session.epochs.changed, timeout=20_000):
        session.open_project(path)
    qtbot.waitUntil(lambda: session.epochs.table is not None, timeout=20_000)
    again = session.epochs.table
    assert again is not None and np.array_equal(again.flux, table.flux)
    scales = [view.scale for view in session.epochs.opened.views]  # type: ignore[union-attr]
    assert scales == pytest.approx([10 ** (-0.4 * fact.offset) for fact in table.facts])
