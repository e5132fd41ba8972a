"""The mosaic view in a window: pixels, zoom, mouse, marks, bar, read-out; no file is read on the main thread."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import numpy as np
import pyarrow as pa
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from astrotl_gui.core.bands import BandSpec, MosaicSpec
from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.fits import Plane
from astrotl_gui.core.labels import TARGETS
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.project import Project
from astrotl_gui.core.ranking import Ranking
from astrotl_gui.core.settings import CutoutSettings, DetectionSettings
from astrotl_gui.core.stretch import Look
from astrotl_gui.core.tiles import TileSource
from astrotl_gui.gui.marks import Mark, crowded, placed
from astrotl_gui.gui.mosaic_bar import MosaicBar
from astrotl_gui.gui.mosaic_menu import build_menu
from astrotl_gui.gui.mosaic_view import MosaicView
from astrotl_gui.gui.ruler import ruler_text, separation
from astrotl_gui.gui.session import Session
from astrotl_gui.gui.sky_furniture import bar_length
from astrotl_gui.gui.sky_grid import dec_text, grid_lines, ra_text
from astrotl_gui.gui.viewport import Viewport

NX, NY, SCALE = 700, 500, 0.2
STARS = ((100.0, 400.0), (350.0, 250.0), (600.0, 60.0), (620.0, 60.0))


def write_band(path: Path, seed: int, brightness: float, sky: bool = True) -> Path:
    rng = np.random.default_rng(seed)
    pixels = rng.normal(5, 1, (NY, NX))
    y, x = np.mgrid[:NY, :NX]
    for number, (sx, sy) in enumerate(STARS):
        pixels += brightness * (1 + number) * np.exp(-((x - sx) ** 2 + (y - sy) ** 2) / 18)
    pixels[0, 0] = np.nan
    header = fits.Header()
    if sky:
        wcs = WCS(naxis=2)
        wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
        wcs.wcs.crval, wcs.wcs.crpix = [150.0, 2.0], [NX / 2, NY / 2]
        wcs.wcs.cdelt = [-SCALE / 3600, SCALE / 3600]
        header = wcs.to_header()
    fits.PrimaryHDU(pixels.astype(np.float32), header).writeto(path)
    return path


def make_session(folder: Path, sky: bool = True) -> Session:
    """A session with three bands, four sources, and a ranking of each target."""
    bands = tuple(
        BandSpec(name, Plane(write_band(folder / f"{name}.fits", seed, 60.0 * (seed + 1), sky), 0))
        for seed, name in enumerate("gri")
    )
    spec = MosaicSpec("sky", bands, "r", ("i", "r", "g"), 0.0 if sky else SCALE)
    session = Session()
    session.project = Project.create(folder / "sky.astrotl", spec, DetectionSettings(), CutoutSettings(4, 12))
    session.mosaic = Mosaic.open(spec)
    session.tiles = TileSource(session.mosaic)
    session.levels = {name: session.tiles.display_levels(name) for name in "gri"}
    x, y = (np.array(values) for values in zip(*STARS, strict=True))
    ra, dec = session.mosaic.sky(x, y)
    table = {"id": np.arange(1, 5), "ra": ra, "dec": dec, "x": x, "y": y, "a": np.full(4, 0.6)}
    session.catalog = Catalog(pa.table(table))
    ids, scores = np.array([2, 1, 4, 3]), np.linspace(1, 0.1, 4, dtype=np.float32)
    session._rankings = {target: Ranking(target, ids, scores, "test") for target in TARGETS}
    return session


@pytest.fixture
def session(qapp: QApplication, tmp_path: Path) -> Iterator[Session]:
    made = make_session(tmp_path)
    yield made
    made.jobs.close()
    if made.project is not None:
        made.project.close()


@pytest.fixture
def view(qtbot: QtBot, session: Session) -> Iterator[MosaicView]:
    made = MosaicView(session)
    qtbot.addWidget(made)
    made.resize(760, 600)
    made.show()
    sharp(qtbot, made)
    yield made
    made.close_feed()


def sharp(qtbot: QtBot, view: MosaicView) -> None:
    """Wait until everything in view is at full resolution."""
    view.repaint()
    qtbot.waitUntil(lambda: view.canvas is not None and view.canvas.sharp, timeout=5000)
    view.repaint()


def grabbed(view: MosaicView) -> QImage:
    image = QImage(view.size(), QImage.Format.Format_RGB32)
    view.render(image)
    return image


def screen(view: MosaicView, source: int) -> QPoint:
    x, y = STARS[source - 1]
    sx, sy = view.viewport.to_screen(x, y)
    return QPointF(sx, sy).toPoint()


def brightness(image: QImage, at: QPoint) -> int:
    return QColor(image.pixel(at)).lightness()


# --- pixels ----------------------------------------------------------------------------------------------


def test_the_whole_mosaic_is_shown_with_y_up(view: MosaicView) -> None:
    view.toggle_marks()
    image = grabbed(view)
    for source in (1, 2, 3):
        assert brightness(image, screen(view, source)) > 150
    mirrored = QPointF(*view.viewport.to_screen(100.0, NY - 1 - 400.0)).toPoint()
    assert brightness(image, mirrored) < 60
    assert screen(view, 1).y() < screen(view, 3).y()


def test_one_image_pixel_is_one_device_pixel(view: MosaicView, qtbot: QtBot) -> None:
    """At 1:1 the picture is the rendered tile, pixel by pixel."""
    view.toggle_marks()
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
    view.toggle_marks()
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
    view.marks_shown = False
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
    view.toggle_grid()
    sharp(qtbot, view)
    assert readers == {"Fetcher"}
    view.close_feed()


def test_a_new_look_shows_within_a_frame(view: MosaicView, session: Session, qtbot: QtBot) -> None:
    grabbed(view)
    times = []
    for step in range(6):
        start = perf_counter()
        session.set_look(session.look.with_(black=0.2 * step, stretch="asinh"))
        image = grabbed(view)
        times.append(perf_counter() - start)
    assert sorted(times)[2] < 0.05
    dark = brightness(image, QPoint(300, 500))
    session.set_look(session.look.with_(invert=True))
    sharp(qtbot, view)
    assert brightness(grabbed(view), QPoint(300, 500)) > 200 > dark


def test_slow_relevels_are_drafted_and_then_sharpened(
    view: MosaicView, session: Session, qtbot: QtBot
) -> None:
    view.toggle_marks()
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


# --- where to look ---------------------------------------------------------------------------------------


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


# --- the mouse -------------------------------------------------------------------------------------------


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


# --- marks -----------------------------------------------------------------------------------------------


def test_marks_follow_list_label_and_selection(view: MosaicView, session: Session) -> None:
    assert [(mark.id, mark.rank) for mark in view.marks.marks] == [(2, 1), (1, 2), (4, 3), (3, 4)]
    plain = grabbed(view)
    session.select(2)
    assert next(mark for mark in view.marks.marks if mark.id == 2).selected
    radius = next(mark for mark in view.marks.marks if mark.id == 2).radius(view.viewport.scale)
    tick = screen(view, 2) - QPoint(0, round(radius + 11))
    assert brightness(grabbed(view), tick) > 150 > brightness(plain, tick)
    session.label("negative", "X", advance=False)
    assert {mark.id: mark.value for mark in view.marks.marks}[2] == "negative"
    view.toggle_marks()
    assert brightness(grabbed(view), tick) < 100


def test_only_the_first_hundred_and_what_is_selected_are_marked(session: Session, view: MosaicView) -> None:
    count = 300
    rng = np.random.default_rng(0)
    ids = np.arange(1, count + 1)
    x, y = rng.uniform(0, NX, count), rng.uniform(0, NY, count)
    table = {"id": ids, "x": x, "y": y, "ra": 150 + x / 1e5, "dec": y / 1e5}
    session.catalog = Catalog(pa.table(table))
    scores = np.linspace(1, 0, count, dtype=np.float32)
    session._rankings["lens"] = Ranking("lens", ids, scores, "test")
    session.select(250)
    assert len(view.marks.marks) == 101
    assert {mark.id for mark in view.marks.marks} == {*range(1, 101), 250}


def test_crowded_marks_are_recognised() -> None:
    viewport = Viewport((1000, 1000), 500, 500, 1, 800, 800)
    dense = [Mark(i, 400 + 10 * (i % 10), 400 + 10 * (i // 10), 2, i + 1) for i in range(100)]
    sparse = [Mark(i, 150 + 70 * (i % 10), 150 + 70 * (i // 10), 2, i + 1) for i in range(100)]
    assert crowded(placed(dense, viewport))
    assert not crowded(placed(sparse, viewport))


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_has_its_own_mark(view: MosaicView, session: Session, target: str) -> None:
    plain = grabbed(view)
    session.set_target(target)
    assert (grabbed(view) == plain) is (target == "lens")


# --- read-out, grid, ruler, scale bar --------------------------------------------------------------------


def test_the_read_out_names_the_pixel(view: MosaicView, session: Session, qtbot: QtBot) -> None:
    heard: list[object] = []
    view.read_out.connect(heard.append)
    qtbot.mouseMove(view, screen(view, 2))
    qtbot.waitUntil(lambda: bool(heard) and None not in heard[-1].values.values())
    last = heard[-1]
    assert (last.x, last.y) == pytest.approx(STARS[1], abs=1)
    assert (last.ra, last.dec) == pytest.approx((150.0, 2.0), abs=1e-3)
    assert session.mosaic is not None
    x, y = round(last.x), round(last.y)
    assert last.values["r"] == pytest.approx(float(session.mosaic.read("r", (x, y, x + 1, y + 1))[0, 0]))
    assert not last.bad
    corner = QPointF(*view.viewport.to_screen(0.0, 0.0)).toPoint()
    qtbot.mouseMove(view, corner)
    qtbot.waitUntil(lambda: heard[-1] is not None and heard[-1].bad)
    assert math.isnan(heard[-1].values["g"])


def test_grid_lines_lie_on_round_coordinates(view: MosaicView, session: Session) -> None:
    assert session.mosaic is not None
    lines = grid_lines(session.mosaic, view.viewport)
    assert 3 <= sum(line.vertical for line in lines) <= 9
    assert 3 <= sum(not line.vertical for line in lines) <= 9
    for line in lines:
        points = line.points[np.isfinite(line.points).all(axis=1)]
        ra, dec = session.mosaic.sky(*view.viewport.to_image(points[:, 0], points[:, 1]))
        values = ra if line.vertical else dec
        assert np.ptp(values) < 1e-7
        text = ra_text(values[0], 1e-3) if line.vertical else dec_text(values[0], 1e-3)
        assert text.startswith(line.text[:6])
    view.toggle_grid()
    assert grabbed(view).size() == view.size()


def test_the_grid_survives_the_pole_and_the_meridian(tmp_path: Path) -> None:
    for ra, dec in ((0.0, 0.0), (10.0, 89.99), (200.0, -90.0)):
        wcs = WCS(naxis=2)
        wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
        wcs.wcs.crval, wcs.wcs.crpix = [ra, dec], [50, 50]
        wcs.wcs.cdelt = [-1 / 360, 1 / 360]
        path = tmp_path / f"{dec}.fits"
        fits.PrimaryHDU(np.random.default_rng(0).normal(size=(100, 100)), wcs.to_header()).writeto(path)
        mosaic = Mosaic.open(MosaicSpec("sky", (BandSpec("r", Plane(path, 0)),)))
        lines = grid_lines(mosaic, Viewport((100, 100), 50, 50, 8, 800, 800))
        assert 4 < len(lines) < 60
        assert any(np.isfinite(line.points).all() for line in lines)


def test_ra_and_dec_texts_are_as_fine_as_their_step() -> None:
    assert ra_text(215.5377, 15.0) == "14h"
    assert ra_text(213.0, 0.25) == "14h 12m"
    assert ra_text(359.99999999, 1 / 240) == "00h 00m 00s"
    assert dec_text(-0.5, 1 / 60) == "−00° 30′"
    assert dec_text(52.78, 1 / 36000) == "+52° 46′ 48.0″"


def test_the_ruler_measures_on_the_sphere(view: MosaicView, session: Session, qtbot: QtBot) -> None:
    mosaic = session.mosaic
    assert mosaic is not None
    distance, angle = separation(mosaic, (350, 250), (350, 300))
    assert (distance, (angle + 1) % 360) == pytest.approx((50 * SCALE, 1), abs=1e-3)
    assert ruler_text(mosaic, (350, 250), (350, 300)) == "10.0″, PA 0°"
    distance, angle = separation(mosaic, (350, 250), (300, 250))
    assert (distance, angle) == pytest.approx((50 * SCALE, 90), abs=0.01)
    assert ruler_text(mosaic, (350, 250), (300, 250)) == "10.0″, PA 90°"
    view.toggle_ruler()
    place = view.viewport
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(200, 300))
    qtbot.mouseMove(view, QPoint(260, 300))
    qtbot.mouseMove(view, QPoint(300, 330))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(300, 330))
    assert view.viewport == place, "the ruler does not pan"
    assert brightness(grabbed(view), QPoint(250, 315)) > 150


@pytest.mark.parametrize("arcsec_per_px", 10.0 ** np.linspace(-4, 3, 29))
def test_the_scale_bar_has_a_round_length(arcsec_per_px: float) -> None:
    arcsec, text = bar_length(arcsec_per_px)
    assert 75 <= arcsec / arcsec_per_px <= 200.001
    assert float(text[:-1]) > 0
    assert text[-1] in "″′°"


def test_a_mosaic_without_wcs_has_everything_but_directions(qtbot: QtBot, tmp_path: Path) -> None:
    session = make_session(tmp_path, sky=False)
    view = MosaicView(session)
    qtbot.addWidget(view)
    view.resize(600, 500)
    view.show()
    view.toggle_grid()
    sharp(qtbot, view)
    assert session.mosaic is not None
    assert ruler_text(session.mosaic, (0, 0), (30, 40)) == "10.0″, 50.0 px"
    texts = {action.text() for action in build_menu(view, QPointF(100, 100)).actions()}
    assert "Copy coordinates" not in texts
    grabbed(view)
    view.close_feed()
    session.project.close()  # type: ignore[union-attr]


# --- the bar ---------------------------------------------------------------------------------------------


@pytest.fixture
def bar(qtbot: QtBot, session: Session, view: MosaicView) -> MosaicBar:
    made = MosaicBar(session, view)
    qtbot.addWidget(made)
    made.resize(760, 36)
    made.show()
    made._take_values()
    return made


def test_the_bar_shows_and_sets_the_band(bar: MosaicBar, session: Session, qtbot: QtBot) -> None:
    assert bar.bands.value == "colour"
    second = bar.bands.boxes()[1].center().toPoint()
    qtbot.mouseClick(bar.bands, Qt.MouseButton.LeftButton, pos=second)
    assert session.look.mode == "i", "the reddest band comes first, as in red, green, blue"
    session.set_look(session.look.with_(mode="g"))
    assert bar.bands.value == "g"


def test_the_bar_switches_what_is_drawn(
    bar: MosaicBar, view: MosaicView, session: Session, qtbot: QtBot
) -> None:
    left = Qt.MouseButton.LeftButton
    for button, shown in ((bar.marks, "marks_shown"), (bar.grid, "grid_shown"), (bar.ruler, "ruler_shown")):
        before = getattr(view, shown)
        qtbot.mouseClick(button, left)
        assert getattr(view, shown) is button.isChecked() is not before
    qtbot.mouseClick(bar.invert, left)
    assert session.look.invert
    with qtbot.waitSignal(bar.only_sky_wanted):
        qtbot.mouseClick(bar.only_sky, left)


def test_the_stretch_menu(bar: MosaicBar, session: Session) -> None:
    menu = bar.stretch.menu()
    assert [action.isChecked() for action in menu.actions()] == [True, False, False, False, False]
    menu.actions()[1].trigger()
    assert session.look.stretch == "log"
    assert bar.stretch.text() == "Log"


def test_histogram_handles_drag_and_reset(bar: MosaicBar, session: Session, qtbot: QtBot) -> None:
    histogram = bar.histogram
    middle = histogram.height() // 2
    assert histogram._bars.max() == pytest.approx(1)
    for which, moves in (("black", 12), ("white", -14)):
        x = round(histogram._x_of(getattr(histogram, which)))
        assert histogram.handle_at(x) == which
        before = getattr(histogram, which)
        qtbot.mousePress(histogram, Qt.MouseButton.LeftButton, pos=QPoint(x, middle))
        qtbot.mouseMove(histogram, QPoint(x + moves, middle))
        qtbot.mouseRelease(histogram, Qt.MouseButton.LeftButton, pos=QPoint(x + moves, middle))
        assert (getattr(session.look, which) - before) * moves > 0
    assert session.look.white is not None
    assert session.look.white > session.look.black
    qtbot.mouseDClick(histogram, Qt.MouseButton.LeftButton, pos=QPoint(30, middle))
    assert (session.look.black, session.look.white) == (Look().black, None)


def test_a_narrow_bar_puts_the_bands_in_a_menu(bar: MosaicBar, qtbot: QtBot) -> None:
    assert bar.bands.isVisible()
    assert not bar.band_menu.isVisible()
    bar.resize(420, 36)
    assert not bar.bands.isVisible()
    assert bar.band_menu.isVisible()
    for child in (bar.band_menu, bar.stretch, bar.only_sky):
        assert bar.rect().contains(child.geometry())


# --- closing ---------------------------------------------------------------------------------------------


def test_closing_the_project_stops_its_threads(view: MosaicView, session: Session) -> None:
    before = threading.active_count()
    session.close_project()
    assert view.canvas is None
    assert threading.active_count() < before
    assert brightness(grabbed(view), QPoint(300, 300)) < 20
