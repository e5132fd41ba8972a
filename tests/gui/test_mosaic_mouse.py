"""The mouse on the mosaic: select, measure, set the look, the menu."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from astrotl_gui.gui.mosaic_menu import build_menu
from astrotl_gui.gui.mosaic_view import MosaicView
from astrotl_gui.gui.session import Session
from tests.gui.small_mosaic import STARS, screen


def test_a_click_selects_the_nearest_source_within_reach(
    view: MosaicView, session: Session, qtbot: QtBot
) -> None:
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=screen(view, 1) + QPoint(6, -5))
    assert session.selection == [1]
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(200, 500))
    assert session.selection == [1], "a click on empty sky changes nothing"
    control = Qt.KeyboardModifier.ControlModifier
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, control, screen(view, 2))
    assert session.selection == [1, 2]


def test_a_double_click_asks_to_vet(view: MosaicView, qtbot: QtBot) -> None:
    with qtbot.waitSignal(view.vet_requested) as asked:
        qtbot.mouseDClick(view, Qt.MouseButton.LeftButton, pos=screen(view, 2))
    assert asked.args == [2]


def test_alt_click_finds_similar(view: MosaicView, session: Session, qtbot: QtBot) -> None:
    said: list[object] = []
    session.messaged.connect(said.append)
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.AltModifier, screen(view, 1))
    assert [message.title for message in said] == ["Not ready to compare"], "nothing is embedded here"
    assert session.selection == []


def test_shift_drag_selects_a_box(view: MosaicView, session: Session, qtbot: QtBot) -> None:
    start, end = screen(view, 3) + QPoint(-30, -30), screen(view, 4) + QPoint(30, 30)
    shift = Qt.KeyboardModifier.ShiftModifier
    place = view.viewport
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, shift, start)
    qtbot.mouseMove(view, (start + end) / 2)
    qtbot.mouseMove(view, end)
    assert view.mouse.box == QRectF(start, end)
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, shift, end)
    assert sorted(session.selection) == [3, 4]
    assert session.selected == 4, "the best ranked is the current one"
    assert view.mouse.box is None
    assert view.viewport == place


def test_right_drag_sets_black_and_stretch(view: MosaicView, session: Session, qtbot: QtBot) -> None:
    before = session.look
    qtbot.mousePress(view, Qt.MouseButton.RightButton, pos=QPoint(300, 300))
    qtbot.mouseMove(view, QPoint(340, 300))
    assert session.look.black > before.black
    assert session.look.softness == before.softness
    qtbot.mouseMove(view, QPoint(340, 260))
    assert session.look.softness < before.softness, "up lifts the faint parts"
    qtbot.mouseRelease(view, Qt.MouseButton.RightButton, pos=QPoint(340, 260))


def test_the_menu_offers_the_source_and_the_place(view: MosaicView, session: Session) -> None:
    menu = build_menu(view, QPointF(screen(view, 2)))
    texts = {action.text(): action for action in menu.actions()}
    assert {"Select this source", "Find similar", "Centre here", "Whole mosaic"} <= set(texts)
    texts["Copy coordinates in degrees"].trigger()
    ra, dec = (float(part) for part in QApplication.clipboard().text().split())
    assert session.mosaic is not None
    x, y = session.mosaic.pixel(ra, dec)
    assert (float(x), float(y)) == pytest.approx(STARS[1], abs=1)
    texts["Select this source"].trigger()
    assert session.selected == 2
