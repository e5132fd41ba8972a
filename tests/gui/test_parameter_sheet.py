"""The sheet of parameters: from a table to estimates that are kept, drawn, clicked, exported; what it says it lacks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table
from PySide6.QtCore import QPointF
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from astrotl_gui.core.estimates import Estimates
from astrotl_gui.core.project import Project
from astrotl_gui.core.ranking import Ranking
from astrotl_gui.gui.main_window import MainWindow
from astrotl_gui.gui.notice import Notice
from astrotl_gui.gui.parameter_sheet import ParameterSheet
from tests.pipeline.estimated import COUNT, make_project

from .small_project import CTRL, LEFT, SHIFT, K, press, start

__all__ = ["start"]

Start = Callable[..., MainWindow]


@pytest.fixture
def window(start: Start, tmp_path: Path) -> MainWindow:
    path = make_project(tmp_path)
    project = Project.open(path)
    ids = np.arange(1, COUNT + 1)
    project.write_ranking(Ranking("lens", ids, np.linspace(1, 0, COUNT, dtype=np.float32), "cold"))
    project.close()
    return start(path)


def opened(window: MainWindow) -> ParameterSheet:
    press(window, K.Key_M, CTRL | SHIFT)
    sheet = window.sheet
    assert isinstance(sheet, ParameterSheet)
    return sheet


def with_table(qtbot: QtBot, window: MainWindow, table: Path) -> ParameterSheet:
    sheet = opened(window)
    sheet.method.set_value("ridge")
    sheet.take_file(table)
    qtbot.waitUntil(lambda: sheet.offered is not None and not sheet._reading, timeout=20_000)
    return sheet


def told(sheet: ParameterSheet) -> list[str]:
    return [f"{notice.title}: {notice.detail}" for notice in sheet.findChildren(Notice) if notice.isVisible()]


def test_a_table_becomes_estimates_that_are_kept_drawn_and_exported(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    session = window.session
    sheet = with_table(qtbot, window, tmp_path / "masses.ecsv")
    assert sheet.columns.value == ("logmass",) and sheet.run.text() == "Estimate logmass"
    assert (
        sheet.columns.menu.actions()[0].text() == "logmass  (193 of 300)"
    )  # positions and text are not offered
    texts = [action.text() for action in sheet.beside.menu.actions()]
    assert texts == ["Photometry", "flux_r", "r50", "snr", "mag_r"]
    assert sheet.beside.value == ("photometry",) and not sheet.export.isEnabled()
    with qtbot.waitSignal(session.columns_changed, timeout=30_000):
        QTest.keyClick(sheet, K.Key_Return, CTRL)
        assert sheet.run.text() == "Cancel" and sheet.pages.currentIndex() == 1
    qtbot.waitUntil(lambda: not session.parameters.running)
    assert session.project is not None
    kept = Estimates.read(session.project.path, "logmass")
    assert kept is not None and kept.method == "ridge" and "mag_r" in kept.columns
    np.testing.assert_allclose(session.catalog.column("logmass"), kept.value)
    np.testing.assert_allclose(session.project.read_catalog().column("logmass_err"), kept.sigma)
    assert sheet.pages.currentIndex() == 2
    assert sheet.sentence.text().startswith("logmass of 300 sources, learned from 193 of them; ")
    assert sheet.words.values["RMSE"].text() == f"{kept.fit.rmse:.3g} dex"
    assert sheet.words.values["68 % intervals hold"].text() == f"{100 * kept.fit.held['68']:.1f} %"
    x, y = sheet.charts._dots[0].getData()
    known = kept.known
    np.testing.assert_allclose(np.sort(x), np.sort(kept.truth[known]))
    np.testing.assert_allclose(np.sort(y), np.sort(kept.left_out[known]))

    source = int(kept.ids[np.nanargmax(kept.truth)])  # stands alone
    click(qtbot, sheet, kept.truth[source - 1], kept.left_out[source - 1])
    assert session.selected == source and sheet.says.text().startswith(f"Source {source}: given ")
    assert sheet.charts._rings[0].getData()[0] == pytest.approx([kept.truth[source - 1]])
    qtbot.mouseClick(sheet.worst, LEFT)
    off = np.abs(kept.left_out - kept.truth) / kept.sigma
    order = kept.ids[np.argsort(-np.nan_to_num(off))]
    assert session.selected == int(order[0])
    qtbot.mouseClick(sheet.worst, LEFT)
    assert session.selected == int(order[1])

    with qtbot.waitSignal(session.messaged, timeout=20_000) as said:
        qtbot.mouseClick(sheet.export, LEFT)
        dialog = sheet.findChild(QFileDialog)
        assert dialog is not None and len(dialog.nameFilters()) == 5
        dialog.fileSelected.emit(str(tmp_path / "out.vot"))
        dialog.reject()
    assert said.args[0].title == "Exported"
    assert "logmass_wide" in Table.read(tmp_path / "out.vot").colnames
    qtbot.mouseClick(sheet.look, LEFT)
    assert window.sheet is None and session.selected is not None
    window.activateWindow()  # the file dialog took it
    qtbot.waitUntil(window.isActiveWindow)
    assert opened(window).which.value == "logmass"


def click(qtbot: QtBot, sheet: ParameterSheet, x: float, y: float) -> None:
    plot = sheet.charts.fit
    QApplication.processEvents()  # the plot lays itself out when it is shown
    at = plot.mapFromScene(plot.getViewBox().mapViewToScene(QPointF(float(x), float(y))))
    qtbot.mouseClick(plot.viewport(), LEFT, pos=at)


def test_what_is_missing_is_said_with_how_to_mend_it(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    session = window.session
    sheet = opened(window)
    assert sheet.pages.currentIndex() == 0 and sheet.empty.title.text() == "Which values are known?"
    assert not sheet.run.isEnabled() and not sheet.columns.isEnabled()
    (tmp_path / "bare.csv").write_text("name,logmass\na,10\n")
    sheet.take_file(tmp_path / "bare.csv")
    qtbot.waitUntil(lambda: bool(told(sheet)), timeout=20_000)
    assert told(sheet)[0].startswith("No coordinates in this table: Name two columns of bare.csv")
    table = Table.read(tmp_path / "masses.ecsv")
    table["r50"] = table["logmass"]
    table[:60].write(tmp_path / "few.ecsv")
    sheet.end()
    sheet = with_table(qtbot, window, tmp_path / "few.ecsv")
    assert sheet.columns.value == () and sheet.empty.title.text() == "Which parameter?"
    assert not sheet.run.isEnabled()
    for action, words in zip(
        sheet.columns.menu.actions(), ("Too few known values: 40 of 40", "This name is taken: "), strict=True
    ):
        action.trigger()
        qtbot.mouseClick(sheet.run, LEFT)
        qtbot.waitUntil(lambda: not session.parameters.running, timeout=20_000)
        assert told(sheet)[0].startswith(words)
        action.trigger()
    assert "logmass" not in session.catalog and session.parameters.made == []


def test_an_estimation_is_stopped_and_outlives_its_sheet(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    session = window.session
    sheet = with_table(qtbot, window, tmp_path / "masses.ecsv")
    qtbot.mouseClick(sheet.run, LEFT)
    qtbot.mouseClick(sheet.run, LEFT)
    qtbot.waitUntil(lambda: not session.parameters.running, timeout=20_000)
    if not session.parameters.made:  # it may have been over before it saw that it should stop
        assert "logmass" not in session.catalog and sheet.pages.currentIndex() == 0
    qtbot.mouseClick(sheet.run, LEFT)
    sheet.end()
    qtbot.waitUntil(lambda: "logmass" in session.catalog, timeout=30_000)
    assert opened(window).shown is not None
    window.sheet.end()  # type: ignore[union-attr]
    lists_take_it(qtbot, window)


def lists_take_it(qtbot: QtBot, window: MainWindow) -> None:
    """The list is sorted and filtered by what was estimated, and its captions say it."""
    pane, catalog = window.explore.list_pane, window.session.catalog
    value, ids = catalog.column("logmass"), catalog.ids
    pane._open_sort()
    pane.sort_menu.entries["falling:logmass"].trigger()
    assert pane.model.ids.tolist() == ids[np.argsort(-value, kind="stable")].tolist()
    assert pane.gallery.values is not None
    shown, strange = pane.gallery.values(0), pane.gallery.values(pane.model.row_of(COUNT))
    assert shown.startswith(f"{value.max():.2f} ± ") and strange.endswith(" ?")
    pane.sort_menu.entries["rising:logmass"].trigger()
    assert pane.model.id_at(0) == ids[np.argmin(value)]
    pane.sort_menu.close()
    pane._open_filter()
    popover = pane.popover
    assert popover.bounds.isVisible() and popover.estimate.value == "logmass"
    QTest.keyClicks(popover.least.field, "9.5")
    assert set(pane.model.ids.tolist()) == set(ids[value >= 9.5].tolist())
    QTest.keyClicks(popover.most.field, "10")
    qtbot.waitUntil(lambda: len(pane.model) == int(((value >= 9.5) & (value <= 10)).sum()))
    assert pane.filter.text() == "logmass from 9.5 to 10"
    before = window.session.catalog
    window.session.take_columns(before.with_columns(logmass=np.full(COUNT, 9.9)), before)
    assert len(pane.model) == COUNT  # the filter follows the column
    qtbot.mouseClick(popover.clear, LEFT)
    assert not pane.filter.active
    popover.close()
