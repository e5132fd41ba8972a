"""The export sheet writes what it says, where it says, and closes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.identify import identify
from astrotl_gui.core.labels import Label
from astrotl_gui.core.project import Project
from astrotl_gui.core.ranking import Ranking
from astrotl_gui.core.settings import CutoutSettings, DetectionSettings
from astrotl_gui.gui.export_sheet import FORMATS, ExportSheet
from astrotl_gui.gui.message import Message
from astrotl_gui.gui.session import Session

GIVEN = (
    (3, "lens", "positive", "A"),
    (5, "lens", "negative", "X"),
    (7, "lens", "positive", "B"),
    (7, "agn", "unsure", "C"),
)


@pytest.fixture
def session(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """An open project of ten sources, ranked backwards for lenses, with four labels."""
    monkeypatch.setattr(Session, "embed", lambda session: None)  # the ranks are here already
    sky = np.random.default_rng(1).normal(size=(60, 60)).astype(np.float32)
    fits.PrimaryHDU(sky).writeto(tmp_path / "m83_r.fits")
    session = Session()
    spec = identify([tmp_path / "m83_r.fits"]).spec(pixel_scale=0.2)
    project = Project.create(tmp_path / "M83.astrotl", spec, DetectionSettings(), CutoutSettings())
    n = np.arange(10)
    nowhere = np.full(10, np.nan)
    project.write_catalog(
        Catalog.from_columns({"id": n + 1, "ra": nowhere, "dec": nowhere, "x": 5.0 * n, "y": 3.0 * n})
    )
    project.write_ranking(Ranking("lens", n[::-1] + 1, np.linspace(1, 0, 10, dtype=np.float32), "GP"))
    vetter = session.settings.vetter
    project.labels.add([Label(i, t, v, g, vetter=vetter) for i, t, v, g in GIVEN])
    project.close()
    session.open_project(project.path)
    qtbot.waitUntil(lambda: session.project is not None, timeout=20_000)
    yield session
    session.close_project()
    session.jobs.close()


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1280, 720)
    window.show()
    qtbot.waitExposed(window)
    return window


@pytest.fixture
def sheet(session: Session, window: QWidget) -> ExportSheet:
    sheet = ExportSheet(session, window)
    sheet.open()
    return sheet


def choose(qtbot: QtBot, segments: QWidget, place: int) -> None:
    box = segments.boxes()[place]  # type: ignore[attr-defined]
    qtbot.mouseClick(segments, Qt.MouseButton.LeftButton, pos=box.center().toPoint())


def written(qtbot: QtBot, session: Session, sheet: ExportSheet) -> Message:
    with qtbot.waitSignal(session.messaged, timeout=20_000) as said, qtbot.waitSignal(sheet.closed):
        qtbot.mouseClick(sheet.write, Qt.MouseButton.LeftButton)
    return said.args[0]


def test_begins_with_the_yes_of_the_list_in_view(sheet: ExportSheet) -> None:
    assert (sheet.lists.value, sheet.what.value, sheet.format.value) == ("lens", "yes", ".ecsv")
    assert sheet.write.text() == "Export 2 sources"
    assert sheet.path.name == "m83_r lens yes.ecsv"


def test_exports_lenses(qtbot: QtBot, session: Session, sheet: ExportSheet, tmp_path: Path) -> None:
    sheet.set_path(tmp_path / "lenses.ecsv")
    message = written(qtbot, session, sheet)
    assert message.title == "Exported 2 lenses"
    assert "lenses.ecsv" in message.detail
    assert [text for text, _ in message.actions] == ["Show file"]
    table = Table.read(tmp_path / "lenses.ecsv")
    assert table["id"].tolist() == [7, 3]  # in rank order
    assert table["grade_lens"].tolist() == ["B", "A"]
    assert table["rank_lens"].tolist() == [4, 8]
    assert "label_agn" not in table.colnames


def test_all_lists_and_labelled(qtbot: QtBot, session: Session, sheet: ExportSheet, tmp_path: Path) -> None:
    choose(qtbot, sheet.lists, 4)
    choose(qtbot, sheet.what, 1)
    assert sheet.write.text() == "Export 3 sources"
    assert sheet.path.name == "m83_r labels.ecsv"
    sheet.set_path(tmp_path / "all.csv")
    assert sheet.format.value == ".csv"
    assert written(qtbot, session, sheet).title == "Exported 3 sources"
    table = Table.read(tmp_path / "all.csv")
    assert sorted(table["id"]) == [3, 5, 7]
    assert {"rank_agn", "comment_outlier"} <= set(table.colnames)


def test_all_sources_by_key(qtbot: QtBot, session: Session, sheet: ExportSheet, tmp_path: Path) -> None:
    choose(qtbot, sheet.what, 2)
    sheet.set_path(tmp_path / "everything.fits")
    with qtbot.waitSignal(session.messaged, timeout=20_000):
        qtbot.keyClick(sheet, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert Table.read(tmp_path / "everything.fits")["id"].tolist() == list(range(10, 0, -1))


def test_nothing_to_export_is_not_offered(qtbot: QtBot, sheet: ExportSheet) -> None:
    choose(qtbot, sheet.lists, 3)
    assert sheet.what.value == "yes"
    assert not sheet.write.isEnabled()
    qtbot.keyClick(sheet, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert sheet.isVisible()
    choose(qtbot, sheet.what, 2)
    assert sheet.write.isEnabled()


@pytest.mark.parametrize("ending", FORMATS)
def test_format_and_ending_go_together(sheet: ExportSheet, tmp_path: Path, ending: str) -> None:
    sheet.format.set_value(ending)
    sheet.format.chosen.emit(ending)
    assert sheet.path.suffix == ending
    assert sheet.hint.text() == FORMATS[ending][1]
    sheet.set_path(tmp_path / "z = 0.6 lenses")
    assert sheet.path.name == f"z = 0.6 lenses{ending}"


def test_says_when_a_file_is_replaced(sheet: ExportSheet, tmp_path: Path) -> None:
    (tmp_path / "lenses.csv").write_text("earlier")
    sheet.set_path(tmp_path / "lenses.csv")
    assert sheet.replaces.text() == "Replaces the file of this name."
    sheet.set_path(tmp_path / "others.csv")
    assert sheet.replaces.text() == ""


def test_a_place_that_cannot_be_written_is_said(
    qtbot: QtBot, session: Session, sheet: ExportSheet, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    sheet.set_path(tmp_path / "file" / "lenses.csv")
    message = written(qtbot, session, sheet)
    assert message.kind == "alert"
    assert "lenses.csv" in message.detail


def test_change_asks_for_a_file(qtbot: QtBot, sheet: ExportSheet, tmp_path: Path) -> None:
    qtbot.mouseClick(sheet.change, Qt.MouseButton.LeftButton)
    (dialog,) = sheet.findChildren(QFileDialog)
    assert dialog.isVisible()
    dialog.fileSelected.emit(str(tmp_path / "mine.vot"))
    assert sheet.path == tmp_path / "mine.vot"
    assert sheet.format.value == ".vot"
    dialog.reject()


def test_escape_and_a_click_beside_close(qtbot: QtBot, session: Session, window: QWidget) -> None:
    for close in (
        lambda sheet: qtbot.keyClick(sheet, Qt.Key.Key_Escape),
        lambda sheet: qtbot.mouseClick(sheet, Qt.MouseButton.LeftButton, pos=QPoint(5, 5)),
        lambda sheet: qtbot.mouseClick(sheet.cancel, Qt.MouseButton.LeftButton),
    ):
        sheet = ExportSheet(session, window)
        sheet.open()
        with qtbot.waitSignal(sheet.closed):
            close(sheet)


def test_tab_stays_in_the_sheet(qtbot: QtBot, window: QWidget, sheet: ExportSheet) -> None:
    seen = []
    for _ in range(12):
        qtbot.keyClick(QApplication.focusWidget() or sheet, Qt.Key.Key_Tab)
        seen.append(QApplication.focusWidget())
    assert all(widget is not None and sheet.isAncestorOf(widget) for widget in seen)
    assert {sheet.lists, sheet.what, sheet.format, sheet.change, sheet.cancel, sheet.write} <= set(seen)


def test_keeps_within_a_small_window(session: Session, window: QWidget) -> None:
    window.resize(560, 300)
    sheet = ExportSheet(session, window)
    sheet.open()
    assert window.rect().contains(sheet.card.geometry())
    window.resize(1440, 900)
    assert sheet.card.geometry().center().x() == pytest.approx(720, abs=2)
