"""The first page: clicks, drops and recent projects do what they say."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QObject, QPoint, QPointF, QRect, Qt, QUrl, Signal
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QEnterEvent, QPixmap
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from astrotl_gui.gui.recent_card import RecentCard, day_text, facts_text
from astrotl_gui.gui.welcome import WelcomePage


class Verbs(QObject):
    """The session as the page knows it: its verbs and the recent projects."""

    opened = Signal(object)
    demo = Signal()
    field = Signal(str)

    def __init__(self, projects: list[dict[str, Any]]) -> None:
        super().__init__()
        self.projects = projects

    def recent(self) -> list[dict[str, Any]]:
        return self.projects

    def open_project(self, path: Path) -> None:
        self.opened.emit(path)

    def open_demo(self) -> None:
        self.demo.emit()

    def open_field(self, name: str) -> None:
        self.field.emit(name)


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
    with qtbot.waitSignal(page.paths_chosen) as sent:
        drop(page, paths)
    assert sent.args == [paths]


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


def test_real_fields_open_by_click_and_key(page: WelcomePage, verbs: Verbs, qtbot: QtBot) -> None:
    assert [card.field.name for card in page.fields] == ["abell370", "abell671", "ztf", "ugc12517"]
    with qtbot.waitSignal(verbs.field) as sent:
        qtbot.mouseClick(page.fields[0], Qt.MouseButton.LeftButton)
    assert sent.args == ["abell370"]
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Space):
        with qtbot.waitSignal(verbs.field) as sent:
            qtbot.keyClick(page.fields[2], key)
        assert sent.args == ["ztf"]


def test_tab_comes_by_every_card_in_reading_order(page: WelcomePage, qtbot: QtBot) -> None:
    page.activateWindow()
    page.zone.demo.setFocus()
    for card in (*page.cards, *page.fields):
        qtbot.keyClick(page.focusWidget(), Qt.Key.Key_Tab)
        assert page.focusWidget() is card


def test_a_field_says_what_it_costs_until_it_is_here(
    page: WelcomePage, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [card.cost for card in page.fields] == ["11 MB", "9 MB", "31 MB", "2 MB"]
    assert page.fields[0].accessibleName() == "Abell 370, CFHT, one band, 11 MB"
    page.hide()
    for file, member in zip(page.fields[3].field.files, page.fields[3].field.members, strict=True):
        file.parent.mkdir(parents=True, exist_ok=True)
        with open(file, "wb") as handle:
            handle.truncate(member.size)
    page.show()
    assert [card.cost for card in page.fields] == ["11 MB", "9 MB", "31 MB", "On this computer"]
    assert page.fields[3].accessibleName() == "UGC 12517, Hubble, one band, On this computer"


def test_a_field_shows_its_sky_and_lights_up_under_the_mouse(page: WelcomePage, qtbot: QtBot) -> None:
    card = page.fields[3]
    sky = card.grab(QRect(0, 0, card.width(), 132)).toImage()
    assert max(sky.pixelColor(x, 40).lightness() for x in range(0, sky.width(), 3)) > 200, "the galaxy"
    edge = QPoint(card.width() // 2, 0)
    before = card.grab().toImage().pixelColor(edge)
    QApplication.sendEvent(
        card, QEnterEvent(QPointF(9, 9), QPointF(9, 9), QPointF(card.mapToGlobal(QPoint(9, 9))))
    )
    card.setAttribute(Qt.WidgetAttribute.WA_UnderMouse)
    assert card.grab().toImage().pixelColor(edge) != before


@pytest.mark.parametrize("height", [720, 900])
def test_the_whole_of_the_real_sky_is_in_view_on_the_first_day(
    page: WelcomePage, verbs: Verbs, qtbot: QtBot, height: int
) -> None:
    verbs.projects = []
    page.hide()
    page.resize(1280, height)
    page.show()

    def in_view() -> bool:
        boxes = [QRect(card.mapTo(page, QPoint(0, 0)), card.size()) for card in page.fields]
        return all(page.rect().contains(box) for box in boxes)

    qtbot.waitUntil(in_view)


def test_chosen_files_go_out(page: WelcomePage, qtbot: QtBot, tmp_path: Path) -> None:
    page.choose_images()
    (dialog,) = page.findChildren(QFileDialog)
    with qtbot.waitSignal(page.paths_chosen) as sent:
        dialog.filesSelected.emit([str(tmp_path / "a.fits")])
    assert sent.args == [[tmp_path / "a.fits"]]
    dialog.reject()
    qtbot.waitUntil(lambda: not page.findChildren(QFileDialog))


def test_every_control_has_a_name_and_is_large_enough(page: WelcomePage, qtbot: QtBot) -> None:
    controls = (page.zone.images, page.zone.project, page.zone.demo, *page.cards, *page.fields)
    assert all(control.accessibleName() for control in controls)
    # What does not fit is laid out anew, and scrolled, with the next turn of the event loop.
    qtbot.waitUntil(lambda: all(min(c.width(), c.height()) >= 28 for c in controls))


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
