"""A survey is watched: its state is shown, and shown anew as partitions arrive."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from astrotl_gui.gui import survey_sheet
from astrotl_gui.gui.main_window import MainWindow
from astrotl_gui.gui.survey_sheet import SurveySheet
from tests.gui.small_project import K, press, start  # noqa: F401
from tests.pipeline.survey import folders
from tests.pipeline.survey.folders import finish, survey_folder


@pytest.fixture
def sheet(
    start: Callable[..., MainWindow],  # noqa: F811
    tmp_path: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> SurveySheet:
    monkeypatch.setattr(folders, "NOW", time.time())
    monkeypatch.setattr(survey_sheet, "EVERY_MS", 50)
    window = start()
    sheet = SurveySheet(window.session, window, survey_folder(tmp_path))
    window.open_sheet(sheet)
    qtbot.waitUntil(lambda: sheet.state is not None)
    return sheet


def test_it_shows_what_lies_there_and_what_comes(sheet: SurveySheet, qtbot: QtBot, tmp_path: Path) -> None:
    assert sheet.says.text() == "Deep field: 40 % done"
    assert sheet.numbers["Failed"].text() == "2" and sheet.bar.value == 0.4
    assert sheet.pace.text() == "2.0 a minute, about 29 min left."
    reason = sheet._failures.itemAtPosition(0, 0).widget().text()
    assert reason == "tile_7.fits: File is cut short."
    assert sheet._failures.itemAtPosition(0, 1).widget().text() == "2 ×"
    folder = tmp_path / "Deep field.survey"
    for number in range(40, 100):
        finish(folder, number, time.time())
    qtbot.waitUntil(lambda: sheet.says.text() == "Deep field is done")
    assert sheet._failures.itemAtPosition(0, 0) is None and sheet.numbers["Done"].text() == "100"


def test_a_survey_that_stands_still_says_what_to_do_and_escape_ends_it(
    sheet: SurveySheet, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = time.time() + 3600
    monkeypatch.setattr(survey_sheet, "time", lambda: later)
    qtbot.waitUntil(lambda: "Nothing was finished for about" in sheet.pace.text())
    assert "run the same command again" in sheet.pace.text()
    with qtbot.waitSignal(sheet.closed):
        press(sheet.window(), K.Key_Escape)
    assert not sheet.timer.isActive() and QApplication.activeWindow() is not None
