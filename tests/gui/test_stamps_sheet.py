"""Stamps by the window: what is dropped decides, the scale is asked for, and the project opens by itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from astrotl_gui.core.project import Project
from astrotl_gui.gui.main_window import MainWindow
from astrotl_gui.gui.notice import Notice
from astrotl_gui.gui.stamps_sheet import StampsSheet
from tests.gui.import_tools import image
from tests.gui.small_project import CTRL, LEFT, K, field, project, start
from tests.pipeline.stamps.stamp_files import fits_stamp, pictures, pixels

__all__ = ["field", "project", "start"]

Start = Callable[..., MainWindow]


def drop(widget: QWidget, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    spot, copy, none = QPointF(300, 200), Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(spot.toPoint(), copy, data, LEFT, none)
    QApplication.sendEvent(widget, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(widget, QDropEvent(spot, copy, data, LEFT, none))


def sheet_of(window: MainWindow, qtbot: QtBot) -> StampsSheet:
    sheet = window.sheet
    assert isinstance(sheet, StampsSheet)
    qtbot.waitUntil(lambda: sheet.facts.text() != "Reading stamps…", timeout=20_000)
    return sheet


def notices(sheet: StampsSheet) -> dict[str, str]:
    return {notice.title: notice.detail for notice in sheet.findChildren(Notice) if not notice.isHidden()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pictures(tmp_path / "Rings/images", pixels(12))
    lines = "\n".join(f"{k:03d}.png,R{k}" for k in range(12))
    (tmp_path / "ids.csv").write_text(f"file,name\n{lines}\n")
    return tmp_path / "Rings/images"


def test_a_dropped_folder_becomes_a_project(start: Start, qtbot: QtBot, folder: Path, tmp_path: Path) -> None:
    window = start()
    drop(window.welcome, folder, tmp_path / "ids.csv")
    sheet = sheet_of(window, qtbot)
    assert sheet.facts.text() == "12 stamps of 32 × 32 pixels in R, G, B"
    qtbot.waitUntil(lambda: "Pixel scale is not known" in notices(sheet))
    assert not sheet.main.isEnabled()
    assert sheet.project.path.stem == "Rings" and sheet.table_hint.text() == "ids.csv"
    qtbot.keyClicks(sheet.scale.field, "0.3")
    assert sheet.main.isEnabled()
    sheet.project.set_path(tmp_path / "Mine")
    qtbot.keyClick(sheet.scale.field, K.Key_Return, CTRL)
    qtbot.waitUntil(lambda: window.page == "explore", timeout=20_000)
    assert window.session.project is not None and window.session.project.path == tmp_path / "Mine.astrotl"
    assert window.session.look.stretch == "linear", "pictures are shown as they are"
    window.session.select(6)
    inspector = window.explore.shown_inspector
    assert inspector.place.text() == "005.png" and window.session.catalog.row(6)["user_id"] == "R5"
    assert not window.actions_by_id["find.copy"].isEnabled()


def test_what_the_stamps_tell_is_filled_in(start: Start, qtbot: QtBot, tmp_path: Path) -> None:
    for k in range(12):
        fits_stamp(tmp_path / f"set/o{k}.fits", np.full((24, 24), k, "f4"), ra=10.0 * k)
    window = start()
    drop(window, tmp_path / "set")
    sheet = sheet_of(window, qtbot)
    assert sheet.facts.text() == "12 stamps of 24 × 24 pixels in r"
    assert sheet.scale.value == pytest.approx(0.2) and sheet.main.isEnabled() and notices(sheet) == {}
    sheet.project.set_path(tmp_path / "F")
    qtbot.mouseClick(sheet.main, LEFT)
    qtbot.waitUntil(lambda: window.page == "explore", timeout=20_000)
    source = int(window.session.catalog.ids[window.session.catalog.column("stamp").tolist().index("o7.fits")])
    window.finder.open_with("")
    window.top.go_to.setFocus()
    qtbot.keyClicks(window.top.go_to, "70.0001 2.0")
    qtbot.keyClick(window.top.go_to, K.Key_Return)
    assert window.session.selected == source
    assert window.actions_by_id["find.copy"].isEnabled()


def test_a_folder_in_the_way_and_a_wrong_table_are_said(
    start: Start, qtbot: QtBot, folder: Path, tmp_path: Path
) -> None:
    window = start()
    window.open_paths([folder])
    sheet = sheet_of(window, qtbot)
    qtbot.keyClicks(sheet.scale.field, "0.3")
    (tmp_path / "taken.astrotl").mkdir()
    sheet.project.set_path(tmp_path / "taken")
    qtbot.mouseClick(sheet.main, LEFT)
    qtbot.waitUntil(lambda: "This project exists already" in notices(sheet))
    assert sheet.isVisible()
    (tmp_path / "other.csv").write_text("a,b\nx,y\n")
    sheet.take_table(tmp_path / "other.csv")
    qtbot.waitUntil(lambda: "No row belongs to a stamp" in notices(sheet), timeout=20_000)
    assert not sheet.main.isEnabled()
    qtbot.keyClick(sheet, K.Key_Escape)
    assert window.sheet is None and window.page == "welcome"


def test_everything_else_opens_as_before(start: Start, qtbot: QtBot, project: Path, tmp_path: Path) -> None:
    window = start()
    (tmp_path / "field").mkdir()
    for band in "gr":
        image(tmp_path / f"field/m83_{band}.fits", band)
    drop(window.welcome, tmp_path / "field")
    assert window.page == "import" and [p.name for p in window.importing.paths] == [
        "m83_g.fits",
        "m83_r.fits",
    ]
    window.importing.cancel()
    drop(window, project / "project.toml")
    qtbot.waitUntil(lambda: window.session.project is not None, timeout=20_000)
    assert Project.open(project).name == window.session.project.name  # type: ignore[union-attr]
    (tmp_path / "empty").mkdir()
    window.open_paths([tmp_path / "empty"])
    qtbot.waitUntil(lambda: bool(window.messages.cards), timeout=20_000)
    assert window.messages.cards[-1].message.title == "This is not a project"
