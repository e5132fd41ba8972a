"""The first page: clicks, drops and recent projects do what they say."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QObject, QPointF, Qt, QUrl, Signal
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QPixmap
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from astrotl_gui.gui.recent_card import RecentCard, day_text, facts_text
from astrotl_gui.gui.welcome import WelcomePage


class Verbs(QObject):
    """The session as the page knows it: three verbs and the recent projects."""

    opened = Signal(object)
    demo = Signal()

    def __init__(self, projects: list[dict[str, Any]]) -> None:
        super().__init__()
        self.projects = projects

    def recent(self) -> list[dict[str, Any]]:
        return self.projects

    def open_project(self, path: Path) -> None:
        self.opened.emit(path)

    def open_demo(self) -> None:
        self.demo.emit()


def project(path: Path, **facts: object) -> dict[str, Any]:
    when = datetime.now().astimezone().isoformat()
    return {"path": path, "name": path.stem, "sources": 2014, "labels": 212, "when": when} | facts


@pytest.fixture
def verbs(tmp_path: Path) -> Verbs:
    folders = [tmp_path / f"{name}.astrotl" for name in ("W3", "XDF", "A2744", "M31")]
    for folder in folders:
        folder.mkdir()
    return Verbs([project(folder) for folder in folders])


@pytest.fixture
def page(qtbot: QtBot, verbs: Verbs) -> WelcomePage:
    page = WelcomePage(verbs)  # type: ignore[arg-type]
    qtbot.addWidget(page)
    page.resize(1280, 720)
    page.show()
    qtbot.waitExposed(page)
    return page


def drop(page: WelcomePage, paths: list[Path]) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    spot, copy = QPointF(300, 200), Qt.DropAction.CopyAction
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(spot.toPoint(), copy, data, left, none)
    QApplication.sendEvent(page, enter)
    assert enter.isAccepted()
    assert page.zone.armed
    QApplication.sendEvent(page, QDropEvent(spot, copy, data, left, none))
    assert not page.zone.armed


def test_dropped_images_go_out_together(page: WelcomePage, qtbot: QtBot, tmp_path: Path) -> None:
    paths = [tmp_path / "m31_g.fits", tmp_path / "m31_r.fits.fz"]
    with qtbot.waitSignal(page.images_chosen) as sent:
        drop(page, paths)
    assert sent.args == [paths]


def test_dropped_project_opens(page: WelcomePage, verbs: Verbs, qtbot: QtBot) -> None:
    folder = Path(verbs.projects[0]["path"])
    with qtbot.waitSignal(verbs.opened) as sent, qtbot.assertNotEmitted(page.images_chosen):
        drop(page, [folder])
    assert sent.args == [folder]


def test_dropped_project_file_opens_its_project(page: WelcomePage, verbs: Verbs, qtbot: QtBot) -> None:
    folder = Path(verbs.projects[0]["path"])
    with qtbot.waitSignal(verbs.opened) as sent:
        drop(page, [folder / "project.toml"])
    assert sent.args == [folder]


def test_dropped_folder_gives_its_images(page: WelcomePage, qtbot: QtBot, tmp_path: Path) -> None:
    folder = tmp_path / "field"
    folder.mkdir()
    for name in ("b.FITS", "a.fits.bz2", "notes.txt"):
        (folder / name).touch()
    with qtbot.waitSignal(page.images_chosen) as sent:
        drop(page, [folder])
    assert [path.name for path in sent.args[0]] == ["a.fits.bz2", "b.FITS"]


def test_recent_projects_open_by_click_and_key(page: WelcomePage, verbs: Verbs, qtbot: QtBot) -> None:
    assert [card.name for card in page.cards] == ["W3", "XDF", "A2744", "M31"]
    with qtbot.waitSignal(verbs.opened) as sent:
        qtbot.mouseClick(page.cards[1], Qt.MouseButton.LeftButton)
    assert sent.args[0].stem == "XDF"
    with qtbot.waitSignal(verbs.opened) as sent:
        qtbot.keyClick(page.cards[3], Qt.Key.Key_Return)
    assert sent.args[0].stem == "M31"


def test_recent_projects_are_read_again_when_shown(page: WelcomePage, verbs: Verbs) -> None:
    page.hide()
    verbs.projects = verbs.projects[:1]
    page.show()
    assert len(page.cards) == 1
    page.hide()
    verbs.projects = []
    page.show()
    assert not page.cards
    assert not page._recent.isVisible()


def test_buttons(page: WelcomePage, verbs: Verbs, qtbot: QtBot) -> None:
    with qtbot.waitSignal(verbs.demo):
        qtbot.mouseClick(page.zone.demo, Qt.MouseButton.LeftButton)
    for button, title in ((page.zone.images, "Open images"), (page.zone.project, "Open project")):
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        dialog = next(d for d in page.findChildren(QFileDialog) if d.windowTitle() == title)
        assert dialog.isVisible()
        dialog.reject()
        qtbot.waitUntil(lambda: not page.findChildren(QFileDialog))


def test_chosen_files_go_out(page: WelcomePage, qtbot: QtBot, tmp_path: Path) -> None:
    page.choose_images()
    (dialog,) = page.findChildren(QFileDialog)
    with qtbot.waitSignal(page.images_chosen) as sent:
        dialog.filesSelected.emit([str(tmp_path / "a.fits")])
    assert sent.args == [[tmp_path / "a.fits"]]
    dialog.reject()
    qtbot.waitUntil(lambda: not page.findChildren(QFileDialog))


def test_every_control_has_a_name_and_is_large_enough(page: WelcomePage) -> None:
    for control in (page.zone.images, page.zone.project, page.zone.demo, *page.cards):
        assert control.accessibleName()
        assert min(control.width(), control.height()) >= 28


def test_picture_of_a_project(qtbot: QtBot, tmp_path: Path) -> None:
    picture = QPixmap(90, 60)
    picture.fill(QColor("#3060C0"))
    picture.save(str(tmp_path / "thumbnail.png"))
    card = RecentCard(project(tmp_path))
    qtbot.addWidget(card)
    card.resize(336, 76)
    assert card.grab().toImage().pixelColor(38, 38).name() == "#3060c0"


def test_facts_leave_out_what_is_none() -> None:
    today = date(2026, 11, 23)
    when = datetime(2026, 11, 18, 12).astimezone()
    assert facts_text({"sources": 1, "labels": 0, "when": when}, today) == "1 source, 18 Nov"
    assert facts_text({"sources": 2014, "labels": 1, "when": when.timestamp()}, today) == (
        "2,014 sources, 1 label, 18 Nov"
    )
    assert facts_text({}, today) == ""


def test_days_as_one_speaks_of_them() -> None:
    today = date(2026, 1, 2)
    shown = [day_text(today - timedelta(days), today) for days in (0, 1, 2)]
    assert shown == ["today", "yesterday", "31 Dec 2025"]
