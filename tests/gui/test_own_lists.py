"""Lists of one's own, by key and mouse in the whole window, ranked by the real ranker."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from astrotl_gui.core.labels import TARGET_NAMES, TARGETS
from astrotl_gui.gui.export_sheet import ExportSheet
from astrotl_gui.gui.list_sheet import ListSheet
from astrotl_gui.gui.list_tabs import ListTabs
from astrotl_gui.gui.main_window import MainWindow
from astrotl_gui.gui.marks import shape

from .ranked import COUNT, ranked_window, settled
from .small_project import ALT, CTRL, LEFT, K, press


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    with ranked_window(qtbot, tmp_path) as made:
        yield made


def make_list(window: MainWindow, name: str) -> None:
    """As the user does: the plus, a name, Enter."""
    QTest.mouseClick(window.explore.list_pane.bar.new_button, LEFT)
    assert isinstance(window.sheet, ListSheet)
    QTest.keyClicks(window.sheet.field, name)
    QTest.keyClick(window.sheet.field, K.Key_Return)


def tab(tabs: ListTabs, name: str) -> QPoint:
    return next(box.center().toPoint() for key, _, box in tabs.shown() if key == name)


def test_a_new_list_says_how_to_start_and_one_yes_ranks_it(qtbot: QtBot, window: MainWindow) -> None:
    session, pane = window.session, window.explore.list_pane
    make_list(window, "Jellyfish")
    assert window.sheet is None
    assert session.target == "jellyfish"
    settled(qtbot, session)
    page = pane.pages.currentWidget()
    assert page.title.text() == "No labels yet"
    assert page.detail.text().startswith("Label one Yes to start")
    session.select(8)
    press(window, K.Key_A)
    settled(qtbot, session)
    assert pane.pages.currentWidget() is pane.gallery
    assert pane.model.id_at(0) == 8
    assert len(pane.model) == COUNT
    assert pane.gallery.describe(0) == f"Rank 1 of {COUNT}, Jellyfish, yes A"
    press(window, K.Key_Z, CTRL)
    settled(qtbot, session)
    assert pane.pages.currentWidget().title.text() == "No labels yet"


def test_the_selected_examples_can_be_the_first_yes(qtbot: QtBot, window: MainWindow) -> None:
    session = window.session
    session.select_many([8, 12, 16])
    QTest.mouseClick(window.explore.list_pane.bar.new_button, LEFT)
    sheet = window.sheet
    assert isinstance(sheet, ListSheet)
    assert sheet.start.isChecked()
    QTest.keyClicks(sheet.field, "Ring galaxy")
    assert sheet.says.text() == "It stands as ring_galaxy in exports and commands."
    QTest.mouseClick(sheet.make, LEFT)
    settled(qtbot, session)
    assert {i: label.value for i, label in session.labels("ring_galaxy").items()} == dict.fromkeys(
        (8, 12, 16), "positive"
    )
    ranking = session.ranking()
    assert ranking is not None
    assert set(ranking.ids[:3].tolist()) == {8, 12, 16}
    # Sources of the same cluster (id a multiple of 4) lead.
    assert sum(i % 4 == 0 for i in ranking.ids[:10].tolist()) >= 9


def test_a_name_that_is_taken_stays_on_the_sheet(window: MainWindow) -> None:
    make_list(window, "lens")
    assert isinstance(window.sheet, ListSheet)
    assert window.sheet.says.text().startswith("This name is taken.")
    QTest.keyClick(window.sheet.field, K.Key_Escape)
    assert window.sheet is None
    assert list(window.session.targets) == list(TARGETS)


def test_contaminant_keys_name_a_no_in_an_own_list(qtbot: QtBot, window: MainWindow) -> None:
    session = window.session
    make_list(window, "Jellyfish")
    for number, kind in enumerate(("ring", "spiral", "merger", "edge-on", "artifact", "star"), 1):
        session.select(number)
        press(window, K(K.Key_0 + number))
        label = session.label_of(number, "jellyfish")
        assert label is not None
        assert (label.value, label.grade, label.contaminant) == ("negative", "X", kind)
    settled(qtbot, session)
    artifacts, lenses = session.ranking("artifact"), session.ranking("lens")
    assert artifacts is not None
    assert lenses is not None
    assert artifacts.model.endswith(" 1+ 0-")  # "No: artifact" is a yes there
    assert lenses.model.endswith(" 0+ 1-")
    session.select(5)
    press(window, K.Key_U)
    settled(qtbot, session)
    assert session.ranking("artifact").model == "cold artifact"  # type: ignore[union-attr]


def test_removed_and_brought_back_with_its_labels(qtbot: QtBot, window: MainWindow) -> None:
    session = window.session
    make_list(window, "Jellyfish")
    session.select(8)
    press(window, K.Key_A)
    window.actions_by_id["list.remove"].trigger()
    assert list(session.targets) == list(TARGETS)
    assert session.target == "lens"
    assert not window.explore.list_pane.bar.all_button.isVisible()
    card = window.messages.cards[-1]
    assert "1 label is kept" in card.message.detail
    qtbot.mouseClick(card.buttons[0], LEFT)
    settled(qtbot, session)
    assert session.target == "jellyfish"
    assert session.label_of(8) is not None
    assert window.explore.list_pane.model.id_at(0) == 8


def test_rename_by_the_menu_of_a_tab(qtbot: QtBot, window: MainWindow) -> None:
    tabs = window.explore.list_pane.tabs
    make_list(window, "Jellyfish")
    window.session.set_target("lens")
    at = tab(tabs, "jellyfish")
    asked = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, tabs.mapToGlobal(at))
    QApplication.sendEvent(tabs, asked)
    menu = window.explore.list_pane.bar.menu
    assert window.session.target == "jellyfish"
    assert [entry.text() for entry in menu.actions()] == ["Rename list…", "Remove list"]
    menu.close()
    window.actions_by_id["list.rename"].trigger()
    QTest.keyClick(window.sheet.field, K.Key_A, CTRL)  # type: ignore[union-attr]
    QTest.keyClicks(window.sheet.field, "Ram pressure")  # type: ignore[union-attr]
    QTest.keyClick(window.sheet.field, K.Key_Return)  # type: ignore[union-attr]
    assert window.session.targets["jellyfish"] == "Ram pressure"
    assert any(text.startswith("Ram") for _, text, _ in tabs.shown())


def test_ten_lists_stay_within_reach(qtbot: QtBot, window: MainWindow) -> None:
    session, pane = window.session, window.explore.list_pane
    names = ("Jellyfish", "Ring galaxy", "Tidal tail", "Dwarf", "Low surface brightness", "Green pea")
    for name in names:
        make_list(window, name)
    keys = list(session.targets)
    shown = [key for key, _, _ in pane.tabs.shown()]
    assert {*TARGETS, "similar", "green_pea"} <= set(shown)
    boxes = pane.tabs.boxes()
    assert all(one.right() + 5 <= two.left() for one, two in pairwise(boxes))
    assert boxes[-1].right() <= pane.tabs.width()
    for number, target in enumerate(TARGETS, 1):  # these keys stay
        press(window, K(K.Key_0 + number), ALT)
        assert session.target == target
    for key in (*keys[4:], keys[0]):
        press(window, K.Key_PageDown, CTRL)
        assert session.target == key
        assert key in [name for name, _, _ in pane.tabs.shown()]
    press(window, K.Key_PageUp, CTRL)
    assert session.target == "green_pea"
    qtbot.mouseClick(pane.bar.all_button, LEFT)
    entries = {entry.text(): entry for entry in pane.bar.menu.actions()}
    assert entries["Green pea"].isChecked()
    entries["Low surface brightness"].trigger()
    pane.bar.menu.close()
    assert session.target == "low_surface_brightness"
    press(window, K.Key_K, CTRL)
    QTest.keyClicks(window.top.go_to, "tidal")
    QTest.keyClick(window.top.go_to, K.Key_Return)
    assert session.target == "tidal_tail"
    pane.tabs.setFocus()
    QTest.keyClick(pane.tabs, K.Key_Left)
    assert session.target == "ring_galaxy"


def test_lists_come_back_on_reopening(qtbot: QtBot, window: MainWindow) -> None:
    session = window.session
    session.select_many([4, 8])
    make_list(window, "Jellyfish")
    settled(qtbot, session)
    before = session.ranking()
    path = session.project.path  # type: ignore[union-attr]
    session.close_project()
    session.open_project(path)
    qtbot.waitUntil(lambda: session.project is not None and session.inputs is not None, timeout=20_000)
    settled(qtbot, session)
    assert session.target == "jellyfish"
    assert window.explore.list_pane.tabs.value == "jellyfish"
    after = session.ranking()
    assert before is not None
    assert after is not None
    assert after.ids.tolist() == before.ids.tolist()
    assert after.scores.tolist() == before.scores.tolist()


def test_the_export_offers_every_list(qtbot: QtBot, window: MainWindow) -> None:
    make_list(window, "Jellyfish")
    press(window, K.Key_E, CTRL)
    sheet = window.sheet
    assert isinstance(sheet, ExportSheet)
    assert sheet.lists.value == "jellyfish"
    assert sheet.targets == ["jellyfish"]
    assert "jellyfish" in sheet.path.name
    sheet.lists.setCurrentText("All lists")  # type: ignore[union-attr]
    assert sheet.targets == [*TARGET_NAMES, "jellyfish"]
    sheet.end()


def test_the_mark_of_own_lists_is_none_of_the_fours() -> None:
    own = shape("jellyfish", 0, 0, 20)
    assert own == shape("ring_galaxy", 0, 0, 20)
    assert all(own != shape(target, 0, 0, 20) for target in TARGETS)
    assert own.elementCount() == 7
