"""Mosaics beside the project's own: locked by coordinates, blinking, remembered, refused in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from PySide6.QtCore import QPoint, QPointF
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from astrotl_gui.gui.companion_view import CompanionView
from astrotl_gui.gui.main_window import MainWindow
from astrotl_gui.gui.message import Message
from astrotl_gui.gui.mosaic_panes import MosaicPanes
from astrotl_gui.gui.mosaic_view import MosaicView
from astrotl_gui.gui.session import Session
from tests.gui.small_mosaic import NX, NY, SCALE
from tests.gui.small_mosaic import STARS as PLACES
from tests.gui.small_project import CTRL, LEFT, SHIFT, K, field, press, project, start

__all__ = ["field", "project", "start"]


def wcs_of(scale: float, crpix: tuple[float, float], degrees: float = 0.0, ra: float = 150.0) -> WCS:
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crval, wcs.wcs.crpix = ["RA---TAN", "DEC--TAN"], [ra, 2.0], crpix
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    wcs.wcs.cd = np.diag([-scale, scale]) @ np.array([[c, -s], [s, c]]) / 3600
    return wcs


STARS = list(
    zip(*wcs_of(SCALE, (NX / 2, NY / 2)).all_pix2world(*zip(*PLACES[:3], strict=True), 0), strict=True)
)


def image(path: Path, degrees: float = 0.0, sky: bool = True, ra: float = 150.0) -> Path:
    """The stars of the small mosaic on another grid: coarser, and turned."""
    wcs = wcs_of(2 * SCALE, (200, 180), degrees, ra)
    rows, columns = np.mgrid[:400, :380]
    pixels = np.random.default_rng(3).normal(0, 0.02, rows.shape)
    for x, y in zip(*wcs.all_world2pix(*zip(*STARS, strict=True), 0), strict=True):
        pixels += 5 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 3)
    fits.writeto(path, pixels.astype(np.float32), wcs.to_header() if sky else None)
    return path


@pytest.fixture
def panes(qtbot: QtBot, view: MosaicView) -> Iterator[MosaicPanes]:
    """The small mosaic in panes that can take others."""
    made = MosaicPanes(view)
    qtbot.addWidget(made)
    made.resize(760, 600)
    made.show()
    yield made
    view.session.companions.close_all()


def opened(panes: MosaicPanes, qtbot: QtBot, path: Path) -> CompanionView:
    """A mosaic beside the project's, sharp."""
    count = len(panes.beside)
    panes.companions.add([path])
    qtbot.waitUntil(lambda: len(panes.beside) == count + 1, timeout=10_000)
    pane = panes.beside[-1]
    sharp(qtbot, pane)
    return pane


def sharp(qtbot: QtBot, pane: CompanionView) -> None:
    pane.repaint()
    qtbot.waitUntil(lambda: pane.canvas.sharp)
    pane.repaint()


def grabbed(pane: CompanionView) -> QImage:
    shown = QImage(pane.size(), QImage.Format.Format_RGB32)
    pane.render(shown)
    return shown


def brightest(pane: CompanionView, around: QPointF, reach: int = 12) -> tuple[float, float]:
    """Where the light near a point of a view is centred."""
    shown = grabbed(pane)
    left, top = round(around.x()) - reach, round(around.y()) - reach
    part = shown.copy(left, top, 2 * reach + 1, 2 * reach + 1)
    light = (
        np.frombuffer(part.constBits(), np.uint8)
        .reshape(part.height(), part.width(), 4)[..., 1]
        .astype(float)
    )
    light[light < 0.5 * light.max()] = 0
    rows, columns = np.mgrid[: part.height(), : part.width()]
    return left + (light * columns).sum() / light.sum() + 0.5, top + (light * rows).sum() / light.sum() + 0.5


def test_a_turned_mosaic_shows_the_same_sky_at_the_same_place(
    panes: MosaicPanes, qtbot: QtBot, tmp_path: Path
) -> None:
    view, mosaic = panes.view, panes.view.session.mosaic
    pane = opened(panes, qtbot, image(tmp_path / "turned.fits", 30))
    assert pane.width() == pytest.approx(view.width(), abs=1)
    assert pane.notes() == "Turned by 30° to match"
    assert mosaic is not None
    view.zoom_by(1.3, QPointF(200, 300))
    view.drag(-5, 6)
    sharp(qtbot, pane)
    places = [QPointF(*view.viewport.to_screen(*(float(v) for v in mosaic.pixel(*star)))) for star in STARS]
    seen = [at for at in places if pane.rect().adjusted(15, 15, -15, -15).contains(at.toPoint())]
    assert len(seen) >= 2
    assert panes.view.shows("marks")
    with_marks = grabbed(pane)
    view.toggle("marks")
    assert grabbed(pane) != with_marks, "the first mosaic's marks are on it too"
    for at in seen:
        assert brightest(pane, at) == pytest.approx((at.x(), at.y()), abs=1.0)


def test_either_mosaic_moves_both_until_they_are_unlocked(
    panes: MosaicPanes, qtbot: QtBot, tmp_path: Path
) -> None:
    view, pane = panes.view, opened(panes, qtbot, image(tmp_path / "b.fits"))
    view.zoom_by(4)
    before, match = view.viewport, pane.match
    assert match is not None
    middle = QPoint(pane.width() // 2, pane.height() // 2)
    qtbot.mousePress(pane, LEFT, pos=middle)
    qtbot.mouseMove(pane, middle + QPoint(20, 0))
    qtbot.mouseMove(pane, middle + QPoint(40, 0))
    qtbot.mouseRelease(pane, LEFT, pos=middle + QPoint(40, 0))
    assert view.viewport.x == pytest.approx(before.x - 40 / before.scale)
    moved = pane.match
    assert moved is not None
    assert moved.placing.viewport.x == pytest.approx(match.placing.viewport.x - 20 / before.scale, abs=1e-3)
    heard: list[object] = []
    view.read_out.connect(heard.append)
    qtbot.mouseMove(pane, middle)
    place = panes._pointed.place
    assert place == pytest.approx(view.viewport.to_image(*pane.placing.to_screen(*pane._cross)), abs=0.2)  # type: ignore[misc]
    assert (heard[-1].x, heard[-1].y) == place  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: pane.values() != "" and "–" not in pane.values())
    view.toggle("ruler")
    before = view.viewport
    qtbot.mousePress(pane, LEFT, pos=middle)
    qtbot.mouseMove(pane, middle + QPoint(0, -30))
    qtbot.mouseMove(pane, middle + QPoint(0, -60))
    qtbot.mouseRelease(pane, LEFT, pos=middle + QPoint(0, -60))
    assert view.viewport == before
    assert view.ruler._ends is not None
    assert view.ruler._ends[1][1] - view.ruler._ends[0][1] == pytest.approx(60 / before.scale)
    panes.companions.lock(False)
    alone = pane.placing
    assert alone.viewport.x == pytest.approx(moved.placing.viewport.x, abs=1e-3)
    view.drag(-30, 0)
    assert pane.placing == alone
    pane.zoom_by(2)
    assert pane.placing.viewport.scale == pytest.approx(2 * alone.viewport.scale)
    assert pane.notes() == "Not locked"


def test_what_cannot_be_locked_or_read_is_said(
    panes: MosaicPanes, session: Session, qtbot: QtBot, tmp_path: Path
) -> None:
    heard: list[Message] = []
    session.messaged.connect(heard.append)
    assert (
        opened(panes, qtbot, image(tmp_path / "plain.fits", sky=False)).notes()
        == "Not locked: has no coordinates"
    )
    pane = opened(panes, qtbot, image(tmp_path / "far.fits", ra=160.0))
    assert pane.notes() == "Not locked: shows another part of the sky"
    assert not pane.locked
    bad = tmp_path / "bad.fits"
    bad.write_bytes(b"no image")
    panes.companions.add([bad])
    qtbot.waitUntil(lambda: heard[-1].kind == "alert")
    assert len(panes.beside) == 2
    opened(panes, qtbot, image(tmp_path / "c.fits"))
    panes.companions.add([tmp_path / "c.fits"])
    assert heard[-1].title == "Four mosaics at most"
    assert len({pane.geometry().top() for pane in panes.panes}) == 2


def test_companions_come_back_with_the_project_and_blink(
    start: Callable[..., MainWindow], project: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    window = start(project)
    gone, look = image(tmp_path / "gone.fits"), window.session.look
    pane = opened(window.explore.mosaics, qtbot, project)
    assert (pane.shown.name, pane.shown.modes, pane.notes()) == ("Small field", ["colour", "i", "g"], "")
    opened(window.explore.mosaics, qtbot, gone)
    pane.bar.stretch.chosen.emit("log")
    assert pane.canvas.look.stretch == "log"
    assert window.session.look == look
    # Keys change the mosaic that was clicked last, by key too; or the one in front.
    pane.bar.stretch.chosen.emit("asinh")
    qtbot.mouseClick(pane, LEFT, pos=QPoint(150, 150))
    assert pane.has_keyboard
    for key in (K.Key_T, K.Key_W, K.Key_V, K.Key_BracketLeft):
        press(window, key)
    assert (pane.shown.look.stretch, pane.shown.look.mode, pane.shown.look.invert) == ("log", "i", True)
    assert pane.shown.look.softness < look.softness and window.session.look == look
    assert window.actions_by_id["look.invert"].isChecked()
    press(window, K.Key_V)
    press(window, K.Key_E)
    assert window.blinker.running and (pane.shown.look.mode, window.session.look) == ("g", look)
    qtbot.mouseClick(window.view, LEFT, pos=QPoint(150, 150))
    press(window, K.Key_E)  # stops what blinks, wherever the keyboard is by now
    assert not window.blinker.running and (pane.shown.look.mode, window.session.look) == ("i", look)
    press(window, K.Key_T)
    assert (window.session.look.stretch, pane.shown.look.stretch) == ("log", "log")
    press(window, K.Key_E, SHIFT)
    panes = window.explore.mosaics
    qtbot.waitUntil(lambda: panes.looked_at is pane.shown, timeout=3000)
    press(window, K.Key_T)
    assert (window.session.look.stretch, pane.shown.look.stretch) == ("log", "sqrt")
    qtbot.waitUntil(lambda: panes.looked_at is window.session, timeout=3000)
    press(window, K.Key_E, SHIFT)
    pane.bar.stretch.chosen.emit("log")
    window.close()
    gone.unlink()
    window = start(project)
    panes, companions = window.explore.mosaics, window.session.companions
    alone = panes.size()
    qtbot.waitUntil(lambda: len(panes.beside) == 1, timeout=10_000)
    pane = panes.beside[0]
    assert companions.open[0].look.stretch == "log"
    assert [card.message.title for card in window.messages.cards] == ["Not opened again"]
    press(window, K.Key_Escape)
    press(window, K.Key_Y, SHIFT)
    assert not companions.locked
    press(window, K.Key_Y, SHIFT)
    assert window.view.width() < alone.width()
    press(window, K.Key_E, SHIFT)
    assert panes.blinking
    assert window.view.size() == pane.size() == alone
    top = panes.childAt(300, 300)
    qtbot.waitUntil(lambda: panes.childAt(300, 300) is not top, timeout=3000)
    assert {top, panes.childAt(300, 300)} == {window.view, pane}
    press(window, K.Key_Escape)
    assert not panes.blinking
    assert window.view.width() < alone.width()
    qtbot.mouseClick(pane.bar.close_button, LEFT)
    assert not panes.beside
    assert window.view.size() == alone
    window.session.store()
    assert window.session.project is not None
    beside = window.session.project.view["beside"]["mosaics"]
    assert [Path(entry["paths"][0]).name for entry in beside] == ["gone.fits"]
    QTest.keyClick(window, K.Key_W, CTRL)
    assert window.page == "welcome"


def test_what_is_beside_and_over_a_mosaic_moves_with_its_project(
    start: Callable[..., MainWindow], project: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    home, moved = tmp_path / "one", tmp_path / "two"
    home.mkdir()
    project.rename(home / project.name)
    (home / "own.csv").write_text("name,x,y\nNGC 1,20,30\n")
    window = start(home / project.name)
    opened(window.explore.mosaics, qtbot, image(home / "b.fits"))
    window.session.overlays.add(home / "own.csv")
    qtbot.waitUntil(lambda: window.session.overlays.files[0].content is not None)
    window.close()
    home.rename(moved)
    window = start(moved / project.name)
    overlays, companions = window.session.overlays, window.session.companions
    qtbot.waitUntil(
        lambda: len(companions.open) == 1 and overlays.files[0].content is not None, timeout=10_000
    )
    assert (overlays.files[0].path, companions.open[0].paths) == (moved / "own.csv", [moved / "b.fits"])
    assert [card.message.title for card in window.messages.cards] == ["Not locked"]  # another part of the sky
