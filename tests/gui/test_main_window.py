"""The shell on a small project: pages, panes, keys, overlays, and what it must not import."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from astrotl_gui.core.bands import BandSpec, MosaicSpec
from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.fits import Plane
from astrotl_gui.core.labels import TARGETS
from astrotl_gui.core.project import Project
from astrotl_gui.core.ranking import Ranking
from astrotl_gui.core.settings import AppSettings, CutoutSettings, DetectionSettings
from astrotl_gui.gui import theme
from astrotl_gui.gui.app import make_window
from astrotl_gui.gui.explore_page import layout_for
from astrotl_gui.gui.keys_page import KeysPage
from astrotl_gui.gui.main_window import MainWindow
from astrotl_gui.gui.message import Message
from astrotl_gui.gui.session import Session
from astrotl_gui.gui.settings_page import SettingsPage

SIZE, SOURCES = 300, 40
CTRL, ALT, SHIFT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ShiftModifier,
)
LEFT = Qt.MouseButton.LeftButton
K = Qt.Key


class ShellSession(Session):
    """A session that neither embeds nor ranks: these tests are about the window."""

    def _load_inputs(self) -> None:
        pass

    def rank_again(self, targets: object = TARGETS) -> None:
        pass


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> tuple[MosaicSpec, Catalog]:
    """Two bands of a few round sources, and their catalog."""
    folder, rng = tmp_path_factory.mktemp("field"), np.random.default_rng(5)
    x, y = rng.uniform(10, SIZE - 10, (2, SOURCES))
    rows, columns = np.mgrid[:SIZE, :SIZE]
    sky = sum(np.exp(-((columns - a) ** 2 + (rows - b) ** 2) / 8) for a, b in zip(x, y, strict=True))
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crval, wcs.wcs.crpix = ["RA---TAN", "DEC--TAN"], [53.1, -27.8], [150, 150]
    wcs.wcs.cdelt = [-0.2 / 3600, 0.2 / 3600]
    bands = []
    for name, wavelength in (("g", 480.0), ("i", 760.0)):
        pixels = (sky + rng.normal(0, 0.02, sky.shape)).astype(np.float32)
        fits.writeto(folder / f"{name}.fits", pixels, wcs.to_header())
        bands.append(BandSpec(name, Plane(folder / f"{name}.fits", 0), wavelength=wavelength))
    ra, dec = wcs.pixel_to_world_values(x, y)
    ids = np.arange(1, SOURCES + 1)
    columns_of = {
        "id": ids,
        "ra": ra,
        "dec": dec,
        "x": x,
        "y": y,
        "a": np.ones(SOURCES),
        "b": np.ones(SOURCES),
    }
    return MosaicSpec("Small field", tuple(bands)), Catalog.from_columns(columns_of)


@pytest.fixture
def project(tmp_path: Path, field: tuple[MosaicSpec, Catalog]) -> Path:
    made = Project.create(
        tmp_path / "small.astrotl", field[0], DetectionSettings(), CutoutSettings(size=4.0, context=12.0)
    )
    made.write_catalog(field[1])
    scores = np.linspace(1, 0, SOURCES, dtype=np.float32)
    for number, target in enumerate(TARGETS):
        made.write_ranking(Ranking(target, np.roll(field[1].ids, number), scores, "cold"))
    made.close()
    return made.path


@pytest.fixture
def start(qtbot: QtBot) -> Iterator[Callable[..., MainWindow]]:
    windows = []

    def make(*paths: Path, settings: AppSettings | None = None) -> MainWindow:
        window = make_window(paths, ShellSession(settings or AppSettings(vetter="Mara Klein")))
        windows.append(window)
        window.resize(1440, 900)
        qtbot.waitUntil(window.isActiveWindow)
        if paths:
            qtbot.waitUntil(lambda: window.page == "explore", timeout=20_000)
        return window

    yield make
    for window in windows:
        window.close()
        window.deleteLater()
    theme.apply(QApplication.instance())  # type: ignore[arg-type]


@pytest.fixture
def window(start: Callable[..., MainWindow], project: Path) -> MainWindow:
    return start(project)


def press(
    window: MainWindow, key: Qt.Key, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    """A key as the user presses it: to whatever has the focus."""
    QTest.keyClick(window.focusWidget() or window, key, held)


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
    for key, name in ((K.Key_M, "marks_shown"), (K.Key_G, "grid_shown"), (K.Key_Y, "ruler_shown")):
        shown = getattr(window.view, name)
        press(window, key)
        assert getattr(window.view, name) is not shown


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


def test_copy_coordinates(window: MainWindow) -> None:
    window.session.select(1)
    row = window.session.catalog.row(1)
    press(window, K.Key_C, CTRL | SHIFT)
    ra, dec = QGuiApplication.clipboard().text().split()
    assert (float(ra), float(dec)) == pytest.approx((row["ra"], row["dec"]), abs=1e-6)
    press(window, K.Key_C, CTRL)
    assert QGuiApplication.clipboard().text().startswith("03 32")


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
