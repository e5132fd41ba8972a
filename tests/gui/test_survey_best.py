"""From a survey's folder to its best in the window: rank by labels, make the project, open it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from astropy.table import Table
from pytestqt.qtbot import QtBot

from astrotl_gui.gui import project_verbs
from astrotl_gui.gui.ask import Ask
from astrotl_gui.gui.main_window import MainWindow
from astrotl_gui.gui.survey_best import BestSheet
from astrotl_gui.gui.survey_sheet import SurveySheet
from astrotl_gui.pipeline.making import find_embeddings
from astrotl_gui.pipeline.survey.folder import Survey
from astrotl_gui.pipeline.survey.gathering import rank_and_open
from tests.gui.small_project import start  # noqa: F401
from tests.pipeline.survey.conftest import laid_out, plain  # noqa: F401

LABELS = {3: 1, 17: 1, 40: -1, 22: -1, 58: 1}


def test_a_survey_opens_as_its_sheet_and_its_best_as_a_project(
    start: Callable[..., MainWindow],  # noqa: F811
    plain: Survey,  # noqa: F811
    tmp_path: Path,
    qtbot: QtBot,
) -> None:
    window = start()
    window.open_paths([plain.path])
    sheet = window.sheet
    assert isinstance(sheet, SurveySheet) and not sheet.best.isEnabled()
    qtbot.waitUntil(lambda: sheet.best.isEnabled())
    sheet.best.click()
    best = window.sheet
    assert isinstance(best, BestSheet) and not best.main.isEnabled()  # without labels it says what it needs
    best.take_table(_table(tmp_path / "labels.csv"))
    best.target.setText("lens")
    best.top.set_value(20)
    best.project.suggest(tmp_path, "sky best")
    best.main.click()
    assert window.sheet is None
    qtbot.waitUntil(lambda: window.page == "explore", timeout=30_000)
    project = window.session.project
    assert project is not None and project.path == tmp_path / "sky best.astrotl"
    assert len(window.session.catalog) == 20
    carried = project.labels.training("lens")
    assert carried and carried == {k: v for k, v in LABELS.items() if k in set(window.session.catalog.ids)}
    mosaic = window.session.mosaic
    assert mosaic is not None and mosaic.spec.stamp_side
    places = project.embeddings_folder, window.session.catalog, mosaic
    assert find_embeddings(*places, project.cutouts, project.encoder) is not None  # nothing is left to embed
    # Ranked once more by the labels of the project that is open.
    project_verbs.show_survey(window, plain.path)
    again = window.sheet
    assert isinstance(again, SurveySheet)
    qtbot.waitUntil(lambda: again.best.isEnabled())
    again.best.click()
    second = window.sheet
    assert isinstance(second, BestSheet) and second.main.isEnabled()
    assert second.labels.text() == f"{len(carried)} of the open project" and second.target.text()
    second.project.set_path(project.path)
    second.main.click()
    assert window.sheet is second  # the folder is in the way, which is said on the sheet
    second.end()


def test_a_list_of_ones_own_with_notes_ranks_a_survey(
    start: Callable[..., MainWindow],  # noqa: F811
    plain: Survey,  # noqa: F811
    tmp_path: Path,
    qtbot: QtBot,
) -> None:
    labels = list(LABELS.items())
    first = rank_and_open(plain.path, _table(tmp_path / "first.csv"), "lens", 60, tmp_path / "all").path
    window = start(first)
    qtbot.waitUntil(lambda: window.session.project is not None and len(window.session.catalog) == 60)
    session = window.session
    session.add_target("Jelly fish")
    key = session.target
    for source, sign in labels:
        session.label_as([source], "positive" if sign > 0 else "negative", key)
    session.set_note("tail to the left", labels[0][0])
    best = BestSheet(session, window, plain.path)
    window.open_sheet(best)
    assert best.target.text() == "Jelly fish"
    best.top.set_value(10)
    best.project.suggest(tmp_path, "jelly best")
    best.main.click()
    qtbot.waitUntil(
        lambda: session.project is not None and session.project.path.stem == "jelly best", timeout=30_000
    )
    assert session.project is not None
    listed = set(session.catalog.ids.tolist())
    wanted = {source: sign for source, sign in labels if source in listed}
    assert wanted and session.project.labels.training(key) == wanted
    assert key in session.project.target_names


def _table(file: Path) -> Path:
    Table({"id": list(LABELS), "label": [int(value > 0) for value in LABELS.values()]}).write(file)
    return file


def test_an_address_begins_a_project(start: Callable[..., MainWindow], qtbot: QtBot) -> None:  # noqa: F811
    window = start()
    project_verbs.open_address(window)
    ask = window.sheet
    assert isinstance(ask, Ask)
    ask.field.setText("http://127.0.0.1:9/deep_r.fits")
    ask.verb.click()
    assert window.page == "import" and window.sheet is None
