"""Every key from every pane, the go-to field, the menu."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from astrotl_gui.core.labels import TARGETS
from astrotl_gui.gui.keys_page import KeysPage
from astrotl_gui.gui.main_window import MainWindow
from tests.gui.small_project import (
    ALT,
    CTRL,
    LEFT,
    SHIFT,
    SIZE,
    SOURCES,
    K,
    field,
    press,
    project,
    start,
    window,
)

__all__ = ["field", "project", "start", "window"]


def test_label_keys_of_both_hands(window: MainWindow) -> None:
    session = window.session
    for key, value, grade in ((K.Key_A, "positive", "A"), (K.Key_P, "positive", "A"), (K.Key_O, "positive", "B"),
                              (K.Key_I, "unsure", "C"), (K.Key_L, "negative", "X")):  # fmt: skip
        session.select(7)
        press(window, key)
        label = session.label_of(7)
        assert label is not None
        assert (label.value, label.grade) == (value, grade)
    session.select(7)
    press(window, K.Key_4)
    assert session.label_of(7).contaminant == "edge-on"  # type: ignore[union-attr]
    session.select(7)
    press(window, K.Key_Backspace)
    assert session.label_of(7) is None
    press(window, K.Key_Z, CTRL)
    assert session.label_of(7) is not None
    press(window, K.Key_Z, CTRL | SHIFT)
    assert session.label_of(7) is None


def test_single_keys_work_from_every_pane(window: MainWindow) -> None:
    session = window.session
    for pane in (window.view, window.explore.list_pane.gallery, window.top.menu_button):
        session.select(3)
        pane.setFocus()
        assert window.focusWidget() is pane
        press(window, K.Key_X)
        assert session.label_of(3) is not None, pane
        session.select(3)
        press(window, K.Key_U)
        assert session.label_of(3) is None


def test_single_keys_rest_while_typing(window: MainWindow) -> None:
    window.session.select(3)
    press(window, K.Key_K, CTRL)
    field = window.top.go_to
    assert field.hasFocus()
    QTest.keyClicks(field, "axb 1u?")
    QTest.keyClick(field, K.Key_Backspace)
    QTest.keyClick(field, K.Key_Home)
    assert field.text() == "axb 1u"
    assert window.session.label_of(3) is None
    assert window.session.selected == 3
    assert window.sheet is None
    press(window, K.Key_Escape)
    assert field.text() == ""
    assert not field.hasFocus()


def test_space_presses_the_button_that_has_the_focus(window: MainWindow) -> None:
    press(window, K.Key_Home)
    before = window.session.selected
    window.top.help_button.setFocus()
    press(window, K.Key_Space)
    assert isinstance(window.sheet, KeysPage)
    assert window.session.selected == before


def test_moving_through_the_list(window: MainWindow) -> None:
    session, ids = window.session, window.session.ranking().ids  # type: ignore[union-attr]
    for key, place in ((K.Key_Home, 0), (K.Key_F, 1), (K.Key_Right, 2), (K.Key_D, 1), (K.Key_Left, 0),
                       (K.Key_End, SOURCES - 1), (K.Key_Home, 0)):  # fmt: skip
        press(window, key)
        assert session.selected == ids[place], key
    press(window, K.Key_Right, SHIFT)
    assert set(session.selection) == {int(ids[0]), int(ids[1])}
    press(window, K.Key_A, CTRL)
    assert len(session.selection) == SOURCES


def test_lists_by_alt_and_number(window: MainWindow) -> None:
    for key, target in zip((K.Key_2, K.Key_3, K.Key_4, K.Key_1), (*TARGETS[1:], TARGETS[0]), strict=True):
        press(window, key, ALT)
        assert window.session.target == target
    press(window, K.Key_5, ALT)
    assert window.page == "similar"
    press(window, K.Key_Escape)
    assert window.page == "explore"


def test_looks_by_key(window: MainWindow) -> None:
    session = window.session
    press(window, K.Key_W)
    assert session.look.mode == "i"
    press(window, K.Key_Q)
    assert session.look.mode == "colour"
    before = session.look
    press(window, K.Key_T)
    assert session.look.stretch != before.stretch
    press(window, K.Key_BracketLeft)
    assert session.look.softness < before.softness
    press(window, K.Key_Period)
    assert session.look.black == before.black + 0.5
    press(window, K.Key_V)
    assert session.look.invert
    press(window, K.Key_T, SHIFT)
    panel = window.explore.bar.panel
    assert panel.isVisible() and panel.stretch.hasFocus()
    panel.levels["black"].sigma.field.setFocus()
    QTest.keyClick(panel.levels["black"].sigma.field, K.Key_Escape)
    assert not panel.isVisible()
    press(window, K.Key_V, SHIFT)
    assert session.look.colormap == "viridis"
    press(window, K.Key_G, SHIFT)
    assert session.look.smooth > 0
    press(window, K.Key_M, SHIFT)
    assert window.view.shows("mask")
    for key, name in ((K.Key_M, "marks"), (K.Key_G, "grid"), (K.Key_Y, "ruler")):
        shown = window.view.shows(name)
        press(window, key)
        assert window.view.shows(name) is not shown


def test_blink_by_tap_and_by_hold(window: MainWindow, qtbot: QtBot) -> None:
    press(window, K.Key_E)
    assert window.blinker.running
    press(window, K.Key_E)
    assert not window.blinker.running
    assert window.session.look.mode == "colour"
    QTest.keyPress(window.view, K.Key_E)
    qtbot.waitUntil(lambda: window.session.look.mode == "g")
    QTest.keyRelease(window.view, K.Key_E)
    assert not window.blinker.running
    assert window.session.look.mode == "colour"


def test_only_the_sky(window: MainWindow, qtbot: QtBot) -> None:
    press(window, K.Key_B, CTRL)
    qtbot.waitUntil(lambda: window.view.size() == window.size())
    window.resize(700, 500)
    qtbot.waitUntil(lambda: window.view.size() == window.size())
    press(window, K.Key_Escape)
    qtbot.waitUntil(lambda: window.explore.list_pane.isVisible() and window.top.isVisible())


def test_keys_page_opens_and_closes_and_takes_the_keys(window: MainWindow) -> None:
    window.session.select(3)
    press(window, K.Key_Question)
    assert isinstance(window.sheet, KeysPage)
    QTest.keyClick(window.focusWidget(), K.Key_A)
    assert window.session.label_of(3) is None
    QTest.keyClick(window.focusWidget(), K.Key_Escape)
    assert window.sheet is None
    press(window, K.Key_A)
    assert window.session.label_of(3) is not None


def test_palette_goes_to_a_rank_an_id_and_a_place(window: MainWindow, qtbot: QtBot) -> None:
    session, field = window.session, window.top.go_to
    press(window, K.Key_J)
    QTest.keyClicks(field, "5")
    assert field.text() == "rank 5"
    QTest.keyClick(field, K.Key_Return)
    assert session.selected == session.ranking().ids[4]  # type: ignore[union-attr]
    press(window, K.Key_Slash)
    QTest.keyClicks(field, "id 9")
    QTest.keyClick(field, K.Key_Return)
    assert session.selected == 9
    middle = np.hypot(session.catalog.x - SIZE / 2, session.catalog.y - SIZE / 2).argmin()
    row = session.catalog.row(int(session.catalog.ids[middle]))
    press(window, K.Key_K, CTRL)
    QTest.keyClicks(field, f"{row['ra']:.6f} {row['dec']:.6f}")
    window.view.zoom_in(), window.view.zoom_in(), window.view.zoom_in()
    QTest.keyClick(field, K.Key_Return)
    qtbot.waitUntil(lambda: bool(np.isclose(window.view.viewport.x, row["x"], atol=0.5)), timeout=2000)


@pytest.mark.parametrize(
    ("typed", "title"),
    [("rank 4000", "No such rank"), ("id 99", "No such source"), ("10.5 20.5", "Outside this mosaic")],
)
def test_palette_says_when_there_is_no_such_place(window: MainWindow, typed: str, title: str) -> None:
    press(window, K.Key_K, CTRL)
    QTest.keyClicks(window.top.go_to, typed)
    QTest.keyClick(window.top.go_to, K.Key_Return)
    assert [card.message.title for card in window.messages.cards] == [title]


def test_palette_does_actions(window: MainWindow) -> None:
    press(window, K.Key_K, CTRL)
    QTest.keyClicks(window.top.go_to, "agn")
    QTest.keyClick(window.top.go_to, K.Key_Return)
    assert window.session.target == "agn"
    assert not window.finder.isVisible()


def test_the_menu_offers_every_action_and_alt_opens_it(window: MainWindow, qtbot: QtBot) -> None:
    submenus = {action.text(): action.menu() for action in window.menu.actions()}
    listed = [action.objectName() for menu in submenus.values() for action in menu.actions()]  # type: ignore[union-attr]
    assert sorted(listed) == sorted(window.actions_by_id)
    QTest.keyClick(window.view, K.Key_Alt)
    qtbot.waitUntil(window.menu.isVisible)
    window.menu.close()
    QTest.keyPress(window.view, K.Key_Alt)
    QTest.keyClick(window.view, K.Key_2, ALT)
    QTest.keyRelease(window.view, K.Key_Alt)
    assert not window.menu.isVisible()
    assert window.session.target == "agn"


def test_f6_goes_round_the_panes_with_a_ring(window: MainWindow, qtbot: QtBot) -> None:
    window.resize(1440, 900)
    window.session.select(2)
    window.view.setFocus()
    panes = window.explore.panes()
    for pane in (*panes[1:], panes[0]):
        press(window, K.Key_F6)
        focused = window.focusWidget()
        assert pane is focused or pane.isAncestorOf(focused)
        assert window._ring.isVisible()
    QTest.mouseClick(window.view, LEFT, pos=QPoint(5, 200))
    window.explore.list_pane.gallery.setFocus(Qt.FocusReason.MouseFocusReason)
    assert not window._ring.isVisible()
