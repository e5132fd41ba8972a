"""The page of epochs: what is shown of a source, by keys and by mouse; labels, undo, columns, export."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from astrotl_gui.core.epoch_table import EpochTable
from astrotl_gui.core.epochs import label_target
from astrotl_gui.core.project import Project
from astrotl_gui.core.ranking import Ranking
from astrotl_gui.gui.epoch_export import EpochExport
from astrotl_gui.gui.epoch_parts import EpochParts
from astrotl_gui.gui.epoch_pixels import STACK
from astrotl_gui.gui.epoch_signs import FLAGGED, PROBLEMATIC, said, state_of
from astrotl_gui.gui.list_order import ListFilter
from astrotl_gui.gui.main_window import MainWindow
from tests.pipeline.epochs.sky import Visits

from .epoch_project import bare_project, measured_once, project, table, visits
from .small_project import ALT, CTRL, LEFT, K, press, start

__all__ = ["measured_once", "project", "start", "table", "visits"]

Start = Callable[..., MainWindow]


@pytest.fixture
def window(qtbot: QtBot, start: Start, project: Path) -> MainWindow:
    made = start(project)
    qtbot.waitUntil(lambda: made.session.epochs.table is not None, timeout=20_000)
    press(made, K.Key_5, CTRL)
    qtbot.waitUntil(lambda: made.epochs.parts is not None)
    return made


def parts(window: MainWindow) -> EpochParts:
    assert window.epochs.parts is not None
    return window.epochs.parts


def found(window: MainWindow) -> EpochTable:
    assert window.session.epochs.table is not None
    return window.session.epochs.table


def test_it_begins_with_the_surest_source_and_keys_step_on(qtbot: QtBot, window: MainWindow) -> None:
    assert window.page == "epochs" and window.top.views.value == "epochs"
    assert window.session.selected == 20 and window.session.epochs.chosen == 1
    assert window.epochs.sentence.text() == "Source 20: 2 of 6 epochs are problematic"
    assert window.epochs.detail.text().startswith("3 flags in 2 sources.")
    card, table = parts(window).card, found(window)
    assert card.says.text() == "Flagged: looks like an artifact" and card.title.text() == "Epoch 2 of 6"
    assert card.facts.values["Distance (of the stack)"] == "5 (3)"
    assert parts(window).strip.accessibleDescription().startswith("Epoch 2 of 6, visit_1. Flagged")
    qtbot.waitUntil(lambda: not parts(window).pixels.waiting, timeout=20_000)
    pictures = [parts(window).pixels.picture(k) for k in (STACK, *range(len(table.facts)))]
    assert all(picture is not None and picture.image is not None for picture in pictures)
    brush = parts(window).charts.flux.points.data["brush"]
    assert [b.color().name() == brush[0].color().name() for b in brush] == [
        True,
        False,
        True,
        True,
        False,
        True,
    ]
    epochs = window.session.epochs
    for key, chosen in (
        (K.Key_Right, 2),
        (K.Key_F, 3),
        (K.Key_Left, 2),
        (K.Key_End, 5),
        (K.Key_Right, 5),
        (K.Key_Home, 0),
    ):
        press(window, key)
        assert epochs.chosen == chosen
    press(window, K.Key_Down)
    assert (window.session.selected, epochs.chosen) == (9, 3)
    press(window, K.Key_Down)
    assert window.session.selected == 9  # the last
    press(window, K.Key_Up)
    assert window.session.selected == 20
    QTest.mouseClick(window.epochs.which, LEFT, pos=window.epochs.which.boxes()[1].center().toPoint())
    press(window, K.Key_Down)
    assert window.session.selected == 21 and not found(window).flagged[20].any()
    assert window.epochs.sentence.text() == "Source 21: none of 6 epochs is problematic"
    window.show_page("explore")
    QTest.mouseClick(window.epochs.which, LEFT)
    window.session.epochs.show_all(False)
    press(window, K.Key_Down, ALT)
    assert window.page == "epochs" and window.session.selected == 20


def test_labels_are_one_key_and_one_undo_and_columns_follow(qtbot: QtBot, window: MainWindow) -> None:
    epochs, session = window.session.epochs, window.session
    qtbot.waitUntil(
        lambda: "var_chi2" in session.catalog, timeout=20_000
    )  # the flags are there from the start
    before = session.catalog.column("var_flagged").copy()
    assert before[19] == 2 and session.catalog.column("var_chi2_all")[19] > 0
    press(window, K.Key_A)  # the flag is rejected; the next flagged epoch comes
    assert epochs.chosen == 4 and not found(window).flagged[19, 1]
    assert session.labels(label_target("visit_1"))[20].value == "negative"
    press(window, K.Key_L)  # accepted, by the right hand
    assert state_of(found(window), 19, 4) == PROBLEMATIC
    assert said(found(window), 19, 4) == "You called it problematic: looks like an artifact"
    press(window, K.Key_Right)
    press(window, K.Key_X)  # nothing flagged this one
    assert found(window).flagged[19].tolist() == [False] * 4 + [True, True]
    assert parts(window).varies.values["Epochs"] == ("4", "6")
    assert (
        session.labels("lens") == {}
        and window.epochs.detail.text() == "3 flags in 2 sources. 1 without your label."
    )
    qtbot.waitUntil(lambda: session.catalog.column("var_flagged")[19] == 2 and not epochs._learn.isActive())
    press(window, K.Key_Z, CTRL)
    assert epochs.chosen == 5 and not found(window).flagged[19, 5]
    press(window, K.Key_Z, CTRL)
    press(window, K.Key_Z, CTRL)
    assert epochs.chosen == 1 and state_of(found(window), 19, 1) == FLAGGED
    for key in (K.Key_C, K.Key_1):  # an epoch is good or not, nothing else
        press(window, key)
    assert not found(window).labels.any()


def test_a_click_chooses_e_blinks_and_r_widens(qtbot: QtBot, window: MainWindow) -> None:
    strip, charts = parts(window).strip, parts(window).charts
    QTest.mouseClick(strip.viewport(), LEFT, pos=strip.cell(2).center())
    assert window.session.epochs.chosen == 2
    QTest.mouseClick(strip.viewport(), LEFT, pos=strip.cell(STACK).center())
    assert window.session.epochs.chosen == 2
    box, (mjd, values) = charts.flux.plot.getViewBox(), charts.flux._at
    at = box.mapViewToScene(charts.flux.points.mapToParent(charts.flux.points.points()[4].pos()))
    place = charts.flux.plot.mapFromScene(at)
    QTest.mouseClick(charts.flux.plot.viewport(), LEFT, pos=QPoint(round(place.x()), round(place.y())))
    assert window.session.epochs.chosen == 4
    assert charts.distance.ring.getData()[0].tolist() == [mjd[4]] and np.isfinite(values).all()
    shown: list[int] = []
    window.session.epochs.choose(1)
    press(window, K.Key_E)
    assert parts(window).blinking and parts(window)._blink.interval() >= 334  # at most three a second
    qtbot.waitUntil(lambda: (shown.append(parts(window).cutout.shown), len(set(shown)) >= 3)[1], timeout=5000)
    assert window.session.epochs.chosen == 1 and not window.blinker.running
    press(window, K.Key_Escape)
    assert not parts(window).blinking and parts(window).cutout.shown == 1
    press(window, K.Key_R)
    assert parts(window).wide and parts(window).pixels.side == 18
    press(window, K.Key_R)


def test_what_was_found_is_exported(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    for what, ending, rows in ((0, ".ecsv", 36 * 6 - 3), (1, ".fits", 36 * 6), (2, ".vot", 36)):
        press(window, K.Key_E, CTRL)
        sheet = window.sheet
        assert isinstance(sheet, EpochExport)
        QTest.mouseClick(sheet.what, LEFT, pos=sheet.what.boxes()[what].center().toPoint())
        sheet.set_path(tmp_path / f"curves{ending}")
        with qtbot.waitSignal(window.session.messaged, timeout=20_000):
            QTest.keyClick(sheet, K.Key_Return, CTRL)
        made = Table.read(tmp_path / f"curves{ending}")
        assert len(made) == rows
        if what < 2:
            assert set(np.unique(np.array(made["flagged"]))) == ({False} if what == 0 else {False, True})


def test_lists_sort_and_filter_by_variability(qtbot: QtBot, start: Start, project: Path) -> None:
    made = Project.open(project)
    made.write_ranking(
        Ranking("agn", made.read_catalog().ids, np.linspace(1, 0, 36, dtype=np.float32), "cold")
    )
    made.close()
    window = start(project)
    qtbot.waitUntil(lambda: "var_chi2" in window.session.catalog, timeout=20_000)
    press(window, K.Key_2, ALT)
    pane = window.explore.list_pane
    pane.set_sort("variability")
    first = [pane.model.id_at(row) for row in range(3)]
    assert set(first) == {34, 35, 36}  # the sines
    assert pane.gallery.values is not None and pane.gallery.values(0).startswith("χ² ")
    pane.set_filter(ListFilter(varies=5.0))
    assert {pane.model.id_at(row) for row in range(len(pane.model))} == {34, 35, 36}
    assert pane.filter.text() == "varies with χ² above 5, without flagged epochs"
    before = window.session.catalog
    other = before.with_columns(other=np.full(36, np.nan))
    window.session.take_columns(before.with_columns(var_chi2=np.zeros(36), estimate=np.ones(36)), before)
    window.session.take_columns(other, before)  # made of the columns before: takes nothing away
    names = window.session.catalog.names
    assert {"estimate", "other"} <= set(names) and not window.session.catalog.column("var_chi2").any()
    assert len(pane.model) == 0  # the filter follows the columns
    window.session.take_columns(
        before.take(np.arange(3)).with_columns(lost=np.ones(3)), before.take(np.arange(3))
    )
    assert "lost" not in window.session.catalog
    pane._open_filter()
    assert pane.popover.varying.isVisible() and pane.popover.varies.value == 5
    pane.popover.close()


def test_without_epochs_it_says_how_to_begin(
    qtbot: QtBot, start: Start, visits: Visits, tmp_path: Path
) -> None:
    window = start(bare_project(visits, tmp_path))
    assert "epochs" not in window.top.views.names()
    press(window, K.Key_5, CTRL)
    assert "epochs" in window.top.views.names()
    assert window.epochs._emptied is not None
    begin = window.epochs._emptied.button
    qtbot.waitUntil(begin.isVisible)
    QTest.mouseClick(begin, LEFT)
    assert window.sheet is not None and window.sheet.accessibleName() == "Load epochs"
    window.sheet.end()
    window.show_page("explore")
    assert "epochs" not in window.top.views.names()
