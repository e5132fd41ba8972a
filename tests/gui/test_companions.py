"""Mosaics beside the project's own: locked by coordinates, blinking, remembered, refused in words."""

from __future__ import annotations

from collections.abc import Callable
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
from tests.gui.small_project import CTRL, LEFT, SHIFT, K, field, press, project, start, window

__all__ = ["field", "project", "start", "window"]

STARS = ((53.1, -27.8), (53.1 + 15 / 3600, -27.8 + 12 / 3600), (53.1 - 10 / 3600, -27.8 + 6 / 3600))


def image(path: Path, degrees: float = 0.0, sky: bool = True, ra: float = 53.1) -> Path:
    """Three stars of the small field on a grid of its own: coarser, and turned."""
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crval, wcs.wcs.crpix = ["RA---TAN", "DEC--TAN"], [ra, -27.8], [100, 90]
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    wcs.wcs.cd = np.diag([-0.4, 0.4]) @ np.array([[c, -s], [s, c]]) / 3600
    rows, columns = np.mgrid[:200, :180]
    pixels = np.random.default_rng(3).normal(0, 0.02, rows.shape)
    for x, y in zip(*wcs.all_world2pix(*zip(*STARS, strict=True), 0), strict=True):
        pixels += 5 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 3)
    fits.writeto(path, pixels.astype(np.float32), wcs.to_header() if sky else None)
    return path


def opened(window: MainWindow, qtbot: QtBot, path: Path) -> CompanionView:
    """A mosaic beside the project's, sharp."""
    count = len(window.session.companions.open)
    window.session.companions.add([path])
    qtbot.waitUntil(lambda: len(window.session.companions.open) == count + 1, timeout=10_000)
    pane = window.explore.mosaics.beside[-1]
    sharp(qtbot, pane)
    return pane


def sharp(qtbot: QtBot, pane: CompanionView) -> None:
    pane.repaint()
    qtbot.waitUntil(lambda: pane.canvas.sharp)
    pane.repaint()


def brightest(pane: CompanionView, around: QPointF, reach: int = 12) -> tuple[float, float]:
    """Where the light near a point of a view is centred."""
    shown = QImage(pane.size(), QImage.Format.Format_RGB32)
    pane.render(shown)
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
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    view = window.view
    pane = opened(window, qtbot, image(tmp_path / "turned.fits", 30))
    assert pane.size().width() == pytest.approx(view.width(), abs=1)
    assert pane.notes() == "Turned by 30° to match"
    mosaic = window.session.mosaic
    assert mosaic is not None
    view.zoom_by(1.6, QPointF(160, 140))
    view.drag(-20, 25)
    sharp(qtbot, pane)
    places = [QPointF(*view.viewport.to_screen(*(float(v) for v in mosaic.pixel(*star)))) for star in STARS]
    assert all(pane.rect().contains(at.toPoint()) for at in places)
    for at in places:
        assert brightest(pane, at) == pytest.approx((at.x(), at.y()), abs=1.0)


def test_either_mosaic_moves_both_until_they_are_unlocked(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    view, pane = window.view, opened(window, qtbot, image(tmp_path / "b.fits"))
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
    qtbot.mouseMove(pane, middle)
    place = window.explore.mosaics._pointed.place
    assert place == pytest.approx(view.viewport.to_image(*pane.placing.to_screen(*pane._cross)), abs=0.15)  # type: ignore[misc]
    assert window.status.read_out.text().startswith(f"x {place[0]:.1f}")  # type: ignore[index]
    qtbot.waitUntil(lambda: pane.values() != "" and "–" not in pane.values())
    view.setFocus()
    press(window, K.Key_Y, SHIFT)
    assert not window.session.companions.locked
    alone = pane.placing
    assert alone.viewport.x == pytest.approx(moved.placing.viewport.x, abs=1e-3)
    view.drag(-30, 0)
    assert pane.placing == alone
    pane.zoom_by(2)
    assert pane.placing.viewport.scale == pytest.approx(2 * alone.viewport.scale)
    assert pane.notes() == "Not locked"
    press(window, K.Key_Y, SHIFT)
    assert pane.match is not None


def test_mosaics_blink_in_one_place(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    panes, alone = window.explore.mosaics, window.view.size()
    press(window, K.Key_E, SHIFT)
    assert not panes.blinking
    pane = opened(window, qtbot, image(tmp_path / "b.fits"))
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
    qtbot.waitUntil(lambda: window.view.size() == alone)
    assert not panes.beside


def test_a_companion_has_its_own_look_and_comes_back_with_the_project(
    start: Callable[..., MainWindow], project: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    window = start(project)
    first, second = image(tmp_path / "b.fits"), image(tmp_path / "gone.fits")
    pane = opened(window, qtbot, first)
    opened(window, qtbot, second)
    look = window.session.look
    pane.bar.stretch.chosen.emit("log")
    assert pane.canvas.look.stretch == "log"
    assert window.session.look == look
    window.close()
    second.unlink()
    window = start(project)
    companions = window.session.companions
    qtbot.waitUntil(lambda: len(companions.open) == 1, timeout=10_000)
    assert companions.open[0].look.stretch == "log"
    assert [card.message.title for card in window.messages.cards] == ["Not opened again"]
    companions.close_all()
    window.session.store()
    assert [Path(e["paths"][0]).name for e in window.session.project.view["beside"]["mosaics"]] == [
        "gone.fits"
    ]  # type: ignore[union-attr]


def test_what_cannot_be_locked_or_read_is_said(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    companions, cards = window.session.companions, window.messages.cards
    pane = opened(window, qtbot, image(tmp_path / "plain.fits", sky=False))
    assert pane.notes() == "Not locked: has no coordinates"
    pane = opened(window, qtbot, image(tmp_path / "far.fits", ra=60.0))
    assert pane.notes() == "Not locked: shows another part of the sky"
    assert not pane.locked
    bad = tmp_path / "bad.fits"
    bad.write_bytes(b"no image")
    with qtbot.waitSignal(window.session.messaged):
        companions.add([bad])
    assert len(companions.open) == 2
    assert cards[-1].message.kind == "alert"
    opened(window, qtbot, image(tmp_path / "c.fits"))
    companions.add([tmp_path / "c.fits"])
    assert cards[-1].message.title == "Four mosaics at most"
    assert len({pane.geometry().size().width() for pane in window.explore.mosaics.panes}) <= 2
    QTest.keyClick(window, K.Key_W, CTRL)
    assert not window.explore.mosaics.beside
