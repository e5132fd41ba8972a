"""The shell on a small project: pages, panes, overlays, and what it must not import."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from astrotl_gui.core.project import Project
from astrotl_gui.core.settings import AppSettings
from astrotl_gui.gui import theme
from astrotl_gui.gui.explore_page import layout_for
from astrotl_gui.gui.main_window import MainWindow
from astrotl_gui.gui.message import Message
from astrotl_gui.gui.settings_page import SettingsPage
from tests.gui.small_project import (
    ALT,
    CTRL,
    LEFT,
    SHIFT,
    K,
    field,
    press,
    project,
    start,
    window,
)

__all__ = ["field", "project", "start", "window"]


def test_starting_loads_no_model_library() -> None:
    heavy = "{'torch', 'timm', 'faiss', 'sklearn', 'sep', 'numba', 'pyqtgraph'}"
    code = f"import sys, astrotl_gui.gui.main_window, astrotl_gui.gui.app; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_without_a_project_the_welcome_page_is_alone(start: Callable[..., MainWindow], qtbot: QtBot) -> None:
    window = start()
    assert window.page == "welcome"
    assert window.top.isHidden()
    assert window.status.isHidden()
    qtbot.waitUntil(lambda: not window.actions_by_id["label.certain"].isEnabled())
    press(window, K.Key_A)
    assert window.messages.cards == []


def test_a_project_is_shown_with_its_name_and_bands(window: MainWindow) -> None:
    assert window.top.project.text() == "Small field"
    assert window.windowTitle() == "Small field – AstroTL"
    assert window.top.vetter.text() == "MK"
    assert not window.status.isHidden()
    assert window.session.catalog.names[:2] == ("id", "ra")


@pytest.mark.parametrize(
    ("width", "name", "side", "inspector"),
    [(1180, "compact", 372, None), (1280, "compact", 372, None), (1359, "compact", 372, None),
     (1360, "normal", 384, 280), (1499, "normal", 384, 280), (1500, "wide", 500, 312),
     (2100, "huge", 760, 360), (3840, "huge", 760, 360)],
)  # fmt: skip
def test_panes_suit_the_width(width: int, name: str, side: int, inspector: int | None) -> None:
    panes = layout_for(width)
    assert (panes.name, panes.list, panes.inspector) == (name, side, inspector)


@pytest.mark.parametrize("size", [(1280, 720), (1440, 900), (1720, 1000), (2560, 1440)])
def test_the_mosaic_has_at_least_its_share(window: MainWindow, qtbot: QtBot, size: tuple[int, int]) -> None:
    window.resize(*size)
    panes = layout_for(size[0])
    explore = window.explore
    qtbot.waitUntil(lambda: explore.width() == size[0])
    qtbot.waitUntil(lambda: explore.list_pane.width() == panes.list - 1)
    assert explore.view.width() >= 0.45 * size[0]
    assert explore.folded.isVisible() == (panes.inspector is None)
    assert explore.inspector.isVisible() == (panes.inspector is not None)
    if panes.inspector:
        assert explore.inspector.width() == panes.inspector - 1
    assert window.status.geometry().bottom() == window.height() - 1
    assert explore.mapTo(window, QPoint(0, 0)).y() == 44


def test_larger_text_folds_the_inspector_sooner(window: MainWindow, qtbot: QtBot) -> None:
    window.resize(1440, 900)
    qtbot.waitUntil(lambda: window.explore.inspector.isVisible())
    window.session.set_settings(AppSettings(text_size=150))
    qtbot.waitUntil(lambda: window.explore.folded.isVisible())
    assert not window.explore.inspector.isVisible()


def test_dragged_panes_are_remembered(start: Callable[..., MainWindow], project: Path, qtbot: QtBot) -> None:
    first = start(project)
    first.resize(1440, 900)
    grip = first.explore._splitter.handle(1)
    QTest.mousePress(grip, LEFT, pos=QPoint(2, 300))
    QTest.mouseMove(grip, QPoint(-58, 300))
    QTest.mouseRelease(grip, LEFT, pos=QPoint(-58, 300))
    width = first.explore.list_pane.width()
    assert width > 420
    first.close()
    again = start(project)
    again.resize(1440, 900)
    qtbot.waitUntil(lambda: again.explore.list_pane.width() == width)


def test_settings_take_effect_at_once_and_are_kept(window: MainWindow) -> None:
    press(window, K.Key_Comma, CTRL)
    page = window.sheet
    assert isinstance(page, SettingsPage)
    QTest.keyClick(page.theme, K.Key_Down)
    assert theme.tokens() is theme.LIGHT
    page.vetter.setFocus()
    page.vetter.selectAll()
    QTest.keyClicks(page.vetter, "Ann Lee")
    QTest.keyClick(page.vetter, K.Key_Return)
    assert window.top.vetter.text() == "AL"
    assert AppSettings.load() == window.session.settings
    assert (window.session.settings.theme, window.session.settings.vetter) == ("light", "Ann Lee")


def test_messages_of_the_session_show_as_cards(window: MainWindow) -> None:
    window.session.messaged.emit(Message("Exported 41 lenses", "lenses.ecsv"))
    assert window.messages.cards[0].message.title == "Exported 41 lenses"
    press(window, K.Key_Escape)
    assert window.messages.cards == []


def test_an_unforeseen_failure_shows_and_the_window_lives(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    from astrotl_gui.gui.app import show_problems

    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    show_problems(window)
    sys.excepthook(ValueError, ValueError("odd"), None)
    assert window.messages.cards[0].message.title == "This did not work"
    assert window.isVisible()


def test_copy_coordinates(window: MainWindow) -> None:
    window.session.select(1)
    row = window.session.catalog.row(1)
    press(window, K.Key_C, CTRL | SHIFT)
    ra, dec = QGuiApplication.clipboard().text().split()
    assert (float(ra), float(dec)) == pytest.approx((row["ra"], row["dec"]), abs=1e-6)
    press(window, K.Key_C, CTRL)
    assert QGuiApplication.clipboard().text().startswith("03:32")


def test_closing_leaves_the_project_as_it_was(start: Callable[..., MainWindow], project: Path) -> None:
    first = start(project)
    press(first, K.Key_2, ALT)
    first.session.select(11)
    press(first, K.Key_V)
    first.close()
    again = start(project)
    assert (again.session.target, again.session.selected, again.session.look.invert) == ("agn", 11, True)


def test_renaming_keeps_the_folder(window: MainWindow, project: Path, qtbot: QtBot) -> None:
    window.actions_by_id["project.rename"].trigger()
    sheet = window.sheet
    QTest.keyClicks(sheet.field, "Deep field")  # type: ignore[union-attr]
    QTest.keyClick(sheet.field, K.Key_Return)  # type: ignore[union-attr]
    assert window.top.project.text() == "Deep field"
    assert window.sheet is None
    assert Project.open(project).name == "Deep field"


def test_closing_the_project_returns_to_the_first_page(window: MainWindow) -> None:
    press(window, K.Key_W, CTRL)
    assert window.page == "welcome"
    assert window.top.isHidden()


def test_every_control_has_a_name(window: MainWindow) -> None:
    unnamed = [
        part
        for part in window.findChildren(QWidget)
        if part.focusPolicy() & Qt.FocusPolicy.TabFocus and part.isVisible() and not part.accessibleName()
    ]
    assert unnamed == []


def test_a_closed_sheet_leaves_other_pages_alone(window: MainWindow, qtbot: QtBot) -> None:
    window.show_keys()
    for _ in range(3):
        QTest.keyClick(QApplication.focusWidget(), K.Key_Tab)
    gone = window.sheet
    gone.end()  # type: ignore[union-attr]
    qtbot.waitUntil(lambda: not isValid(gone))
    assert all(isValid(entry) for entry in window.explore.list_pane.sort_menu.entries.values())
    assert all(isValid(action) for action in window.actions_by_id.values())
