"""The mosaic view in a window: pixels, places, closing; no file is read on the main thread."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.tiles import TileSource
from astrotl_gui.gui.mosaic_view import MosaicView
from astrotl_gui.gui.session import Session
from tests.gui.small_mosaic import NX, NY, STARS, brightness, grabbed, screen, sharp


def test_the_whole_mosaic_is_shown_with_y_up(view: MosaicView) -> None:
    view.toggle("marks")
    image = grabbed(view)
    for source in (1, 2, 3):
        assert brightness(image, screen(view, source)) > 150
    mirrored = QPointF(*view.viewport.to_screen(100.0, NY - 1 - 400.0)).toPoint()
    assert brightness(image, mirrored) < 60
    assert screen(view, 1).y() < screen(view, 3).y()


def test_one_image_pixel_is_one_device_pixel(view: MosaicView, qtbot: QtBot) -> None:
    """At 1:1 the picture is the rendered tile, pixel by pixel."""
    view.toggle("marks")
    view.fit()
    view.toggle_zoom()
    assert view.viewport.scale * view.devicePixelRatioF() == pytest.approx(1)
    sharp(qtbot, view)
    image = grabbed(view)
    from astrotl_gui.core.stretch import render_bands

    session = view.session
    assert session.mosaic is not None
    planes = {name: session.mosaic.read(name, (300, 200, 400, 300)) for name in "gri"}
    expected = render_bands(planes, session.levels, session.mosaic.spec, session.look)
    left, top = view.viewport.to_screen(299.5, 299.5)
    part = image.copy(round(left), round(top), 100, 100)
    shown = np.frombuffer(part.constBits(), np.uint8).reshape(100, 100, 4)
    np.testing.assert_array_equal(shown[..., :3], expected[::-1, :, :3])


@pytest.mark.parametrize("factor", [0.4, 0.77, 1.0, 2.3, 9.0, 40.0])
def test_sources_stay_under_their_positions_at_every_zoom(
    view: MosaicView, qtbot: QtBot, factor: float
) -> None:
    view.toggle("marks")
    view.zoom_by(factor / view.viewport.scale)
    view.centre_on(*STARS[1])
    qtbot.waitUntil(lambda: abs(view.viewport.x - view.viewport.centred(*STARS[1]).x) < 1e-6)
    sharp(qtbot, view)
    at = screen(view, 2)
    reach = max(2, round(3 * factor))
    area = grabbed(view).copy(at.x() - 3 * reach, at.y() - 3 * reach, 6 * reach + 1, 6 * reach + 1)
    pixels = np.frombuffer(area.constBits(), np.uint8).reshape(area.height(), area.width(), 4)
    light = pixels[..., :3].sum(axis=2).astype(float)
    light[light < 0.5 * light.max()] = 0
    y, x = np.mgrid[: area.height(), : area.width()]
    middle = 3 * reach
    # A source's light is centred on its mark to within half an image pixel and a screen pixel.
    assert (light * x).sum() / light.sum() == pytest.approx(middle, abs=1 + factor / 2)
    assert (light * y).sum() / light.sum() == pytest.approx(middle, abs=1 + factor / 2)


def test_coarse_pixels_come_before_sharp_ones(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    original = TileSource.tile

    def slow_tile(self: TileSource, *key: object) -> np.ndarray:
        gate.wait(10)
        return original(self, *key)

    monkeypatch.setattr(TileSource, "tile", slow_tile)
    view = MosaicView(session)
    qtbot.addWidget(view)
    view.resize(760, 600)
    view.layers["marks"].shown = False
    view.show()
    qtbot.waitUntil(lambda: view.canvas is not None and view.canvas.overview() is not None)
    assert brightness(grabbed(view), screen(view, 2)) > 150
    assert view.canvas is not None
    assert not view.canvas.sharp
    gate.set()
    sharp(qtbot, view)
    view.close_feed()


def test_no_file_is_read_by_the_main_thread(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers: set[str] = set()
    original = Mosaic.read

    def watched(self: Mosaic, *args: object, **kwargs: object) -> np.ndarray:
        readers.add(threading.current_thread().name)
        return original(self, *args, **kwargs)

    monkeypatch.setattr(Mosaic, "read", watched)
    view = MosaicView(session)
    qtbot.addWidget(view)
    view.resize(760, 600)
    view.show()
    sharp(qtbot, view)
    qtbot.mouseMove(view, QPoint(200, 200))
    view.zoom_by(3)
    session.set_look(session.look.with_(mode="g"))
    view.toggle("grid")
    sharp(qtbot, view)
    assert readers == {"Fetcher"}
    view.close_feed()


def test_a_new_look_shows_at_once(view: MosaicView, session: Session, qtbot: QtBot) -> None:
    image = grabbed(view)
    dark = brightness(image, QPoint(300, 500))
    session.set_look(session.look.with_(invert=True))
    sharp(qtbot, view)
    assert brightness(grabbed(view), QPoint(300, 500)) > 200 > dark


def test_slow_relevels_are_drafted_and_then_sharpened(
    view: MosaicView, session: Session, qtbot: QtBot
) -> None:
    view.toggle("marks")
    assert view.canvas is not None
    view.canvas._tile_seconds = 1.0
    session.set_look(session.look.with_(black=1.0))
    assert not view.canvas.sharp
    assert brightness(grabbed(view), screen(view, 2)) > 150
    sharp(qtbot, view)


def test_an_unreadable_file_is_said_once(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: TileSource, *key: object) -> np.ndarray:
        raise AstroTLError("This image stops early", "g.fits")

    monkeypatch.setattr(TileSource, "tile", broken)
    said: list[object] = []
    session.messaged.connect(said.append)
    view = MosaicView(session)
    qtbot.addWidget(view)
    view.resize(400, 300)
    view.show()
    qtbot.waitUntil(lambda: view.canvas is not None and len(said) > 0)
    qtbot.waitUntil(lambda: view.canvas is not None and view.canvas.overview() is not None)
    grabbed(view)
    assert [message.title for message in said] == ["This image stops early"]
    view.close_feed()


def test_the_wheel_zooms_about_the_cursor(view: MosaicView) -> None:
    at = QPointF(500, 200)
    before = view.viewport.to_image(at.x(), at.y())
    scale = view.viewport.scale
    turn = QWheelEvent(
        at, view.mapToGlobal(at), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    for _ in range(4):
        QApplication.sendEvent(view, turn)
    assert view.viewport.scale == pytest.approx(scale * 1.25**4)
    assert view.viewport.to_image(at.x(), at.y()) == pytest.approx(before)


def test_dragging_moves_the_sky_with_the_cursor(view: MosaicView, qtbot: QtBot) -> None:
    view.zoom_by(3)
    before = view.viewport.to_image(300, 300)
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(300, 300))
    qtbot.mouseMove(view, QPoint(330, 310))
    qtbot.mouseMove(view, QPoint(360, 320))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(360, 320))
    assert view.viewport.to_image(360, 320) == pytest.approx(before)
    assert view.session.selected is None, "a drag selects nothing"


def test_zoom_stops_at_both_ends_and_edges_keep_a_margin(view: MosaicView) -> None:
    for _ in range(60):
        view.zoom_in()
    assert view.viewport.scale == 64
    view.drag(1e7, 1e7)
    x, _ = view.viewport.to_image(0, 0)
    assert x < -0.5
    assert view.viewport.to_image(view.width() * 0.2, 0)[0] > -0.5
    for _ in range(80):
        view.zoom_out()
    assert view.viewport.scale == pytest.approx(0.25 * view.viewport.fit_scale)
    view.fit()
    assert view.viewport.box[0] <= -0.5
    assert view.viewport.box[2] >= NX - 0.5


def test_the_place_is_kept_with_the_project(view: MosaicView, session: Session, qtbot: QtBot) -> None:
    view.zoom_by(4)
    view.drag(-100, 60)
    kept = view.viewport
    again = MosaicView(session)
    qtbot.addWidget(again)
    again.resize(view.size())
    again.show()
    assert again.viewport.x == pytest.approx(kept.x)
    assert again.viewport.y == pytest.approx(kept.y)
    assert again.viewport.scale == pytest.approx(kept.scale)
    again.close_feed()


def test_resizing_keeps_the_whole_mosaic_whole(view: MosaicView) -> None:
    view.resize(500, 500)
    assert view.viewport.scale == pytest.approx(view.viewport.fit_scale)
    view.zoom_by(2)
    scale = view.viewport.scale
    view.resize(700, 400)
    assert view.viewport.scale == scale


def test_the_overview_shows_and_sets_the_place(view: MosaicView, qtbot: QtBot) -> None:
    view.zoom_by(5)
    view.overview.repaint()
    qtbot.mouseClick(view.overview, Qt.MouseButton.LeftButton, pos=QPoint(view.overview.width() - 20, 20))
    assert view.viewport.x > NX / 2
    assert view.viewport.y > NY / 2


def test_closing_the_project_stops_its_threads(view: MosaicView, session: Session) -> None:
    before = threading.active_count()
    session.close_project()
    assert view.canvas is None
    assert threading.active_count() < before
    assert brightness(grabbed(view), QPoint(300, 300)) < 20
