"""Frames of the mosaic view while it moves: nothing blank, torn or out of place after the first coarse fill.

The mosaic's values encode the position and are shown as they are (white 255), so that a grabbed frame tells for
every pixel whether it shows its own place. Tiles are let through one by one by a gate.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from numpy.typing import NDArray
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from astrotl_gui.core.bands import BandSpec, MosaicSpec
from astrotl_gui.core.fits import Plane
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.project import Project
from astrotl_gui.core.settings import CutoutSettings, DetectionSettings
from astrotl_gui.core.stretch import Levels, Look
from astrotl_gui.core.tiles import TILE, TileSource
from astrotl_gui.gui.mosaic_view import MosaicView
from astrotl_gui.gui.session import Session
from astrotl_gui.gui.sheet_image import Sheet, draw_picture
from astrotl_gui.gui.tile_feed import PLANE_BYTES, TileFeed
from astrotl_gui.gui.viewport import Viewport
from tests.gui.small_mosaic import sharp

SIDE = 2100
"""Just large enough for a pyramid."""
PLAIN = Look(mode="r", stretch="linear", black=0.0, white=255.0)
TOLERANCE = 6.0
"""Coarse pixels stand for 4 to 8 px, over which the pattern changes by up to 4; colours are whole numbers."""
Image = NDArray[np.float64]


def pattern(x: Image, y: Image) -> Image:
    """Value at an image position, 7 … 247: different a tile further in any direction."""
    return 127 + 60 * np.sin(2 * np.pi * x / 1130) + 60 * np.cos(2 * np.pi * (y + 0.3 * x) / 1490)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pattern")
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float64)
    values = pattern(x, y).astype(np.float32)
    paths = {"r": folder / "r.fits", "i": folder / "i.fits"}
    fits.PrimaryHDU(values).writeto(paths["r"])
    fits.PrimaryHDU(255 - values).writeto(paths["i"])
    return paths


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Semaphore]:
    """Tiles are read as it is released."""
    gate, original = threading.Semaphore(0), TileSource.tile

    def slow_tile(self: TileSource, *key: object) -> np.ndarray:
        gate.acquire(timeout=20)
        return original(self, *key)  # type: ignore[arg-type]

    monkeypatch.setattr(TileSource, "tile", slow_tile)
    yield gate
    gate.release(100_000)


@pytest.fixture
def view(
    qtbot: QtBot, gate: threading.Semaphore, files: dict[str, Path], tmp_path: Path
) -> Iterator[MosaicView]:
    """The mosaic with nothing but its pixels, after the first coarse fill; no tile is read yet."""
    spec = MosaicSpec("pattern", tuple(BandSpec(n, Plane(p, 0)) for n, p in files.items()), pixel_scale=0.2)
    session = Session()
    session.project = Project.create(
        tmp_path / "it.astrotl", spec, DetectionSettings(), CutoutSettings(4, 12)
    )
    session.mosaic = Mosaic.open(spec)
    session.tiles = TileSource(session.mosaic, tmp_path / "tiles")
    session.levels = dict.fromkeys("ri", Levels(0.0, 1.0, 255.0, 1.0))
    session.look = PLAIN
    made = MosaicView(session)
    qtbot.addWidget(made)
    for layer in made.layers.values():
        layer.shown = False
    made.resize(500, 400)
    made.show()
    made.overview.hide()
    qtbot.waitUntil(lambda: made.canvas is not None and made.canvas.overview() is not None)
    yield made
    gate.release(100_000)
    made.close_feed()
    session.jobs.close()
    session.project.close()


def wrong(view: MosaicView, inverted: bool = False) -> float:
    """Share of a grabbed frame's pixels that do not show what lies there."""
    image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    shown = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)[..., 0]
    rows, columns = np.mgrid[: image.height(), : image.width()]
    x, y = view.viewport.to_image(columns + 0.5, rows + 0.5)
    inside = (np.minimum(x, y) > 8) & (np.maximum(x, y) < SIDE - 9)
    expected = 255 - pattern(x, y) if inverted else pattern(x, y)
    return float((np.abs(shown - expected) > TOLERANCE)[inside].mean())


def move(view: MosaicView, number: int) -> None:
    """Round in circles, in and out."""
    if number % 3 == 2:
        inward = (number // 18) % 2 == 0
        view.zoom_by(1.27 if inward else 1 / 1.27, QPointF(200, 160))
    else:
        view.drag(110 * np.cos(number / 3), 90 * np.sin(number / 3))


def test_no_frame_is_blank_or_torn_while_panning_and_zooming(
    view: MosaicView, gate: threading.Semaphore
) -> None:
    for number in range(42):
        move(view, number)
        assert wrong(view) == 0, f"frame {number}"
        gate.release(1 + number % 3)
        QApplication.processEvents()
        assert wrong(view) == 0, f"frame {number}, after tiles came"


def test_a_new_look_leaves_no_frame_in_two_looks(view: MosaicView, gate: threading.Semaphore) -> None:
    look = PLAIN
    for number in range(24):
        move(view, number)
        gate.release(3)
        if number % 4 == 3:
            look = look.with_(invert=not look.invert)
            view.session.set_look(look)
        assert wrong(view, look.invert) == 0
        QApplication.processEvents()
        assert wrong(view, look.invert) == 0


def test_drafts_are_in_place(view: MosaicView, gate: threading.Semaphore, qtbot: QtBot) -> None:
    gate.release(1000)
    view.zoom_by(1 / view.viewport.scale)
    sharp(qtbot, view)
    assert view.canvas is not None
    for seconds in (0.01, 1.0):  # half and a quarter of the resolution
        view.canvas._tile_seconds = seconds
        view.session.set_look(view.session.look.with_(invert=not view.session.look.invert))
        assert not view.canvas.sharp
        assert wrong(view, view.session.look.invert) == 0


def test_another_band_comes_at_once_or_not_yet(
    view: MosaicView, gate: threading.Semaphore, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the new band is read: the old one stays whole until there is; no frame shows both, or none."""
    view.zoom_by(3)
    view.repaint()
    canvas, late = view.canvas, threading.Event()
    assert canvas is not None
    original = TileSource.overview

    def slow_overview(self: TileSource, band: str, *args: int) -> np.ndarray:
        if band == "i":
            late.wait(20)
        return original(self, band, *args)

    canvas.feed._fetcher.drop()
    monkeypatch.setattr(TileSource, "overview", slow_overview)
    view.session.set_look(PLAIN.with_(mode="i"))
    for number in range(6):
        move(view, number)
        gate.release(1)
        QApplication.processEvents()
        assert wrong(view) == 0, "still the first band"
    late.set()
    qtbot.waitUntil(lambda: not canvas._waits)
    for number in range(6, 12):
        assert wrong(view, inverted=True) == 0
        move(view, number)
        gate.release(2)
        QApplication.processEvents()


def test_finer_zoom_levels_take_over_without_a_flash(
    view: MosaicView, gate: threading.Semaphore, qtbot: QtBot
) -> None:
    canvas, tiles = view.canvas, view.session.tiles
    assert canvas is not None
    assert tiles is not None
    view.zoom_by(0.3)
    gate.release(1000)
    sharp(qtbot, view)
    while gate.acquire(blocking=False):
        pass
    tiles.build("r")
    canvas.refresh()
    for number in range(12):
        assert wrong(view) == 0
        gate.release(1)
        QApplication.processEvents()
        if number % 3 == 2:
            view.drag(30, 20)
    gate.release(1000)
    sharp(qtbot, view)
    assert wrong(view) == 0


# --- what is read, and how much of it is kept ------------------------------------------------------------


def test_what_is_near_the_cursor_is_read_first(view: MosaicView, monkeypatch: pytest.MonkeyPatch) -> None:
    canvas = view.canvas
    assert canvas is not None
    wanted: list[list[tuple[str, int, int]]] = []
    monkeypatch.setattr(
        canvas.feed,
        "want",
        lambda keys, ahead=(): wanted.append([(k.band, k.ix, k.iy) for k in keys if k.kind == "tile"]),
    )
    view._hover = QPointF(90, 320)
    view.zoom_by(1.0 / view.viewport.scale)
    view.repaint()
    x, y = view.viewport.to_image(90, 320)
    band, ix, iy = wanted[-1][0]
    assert (band, ix, iy) == ("r", int(x) // TILE, int(y) // TILE)
    distances = [np.hypot(ix + 0.5 - x / TILE, iy + 0.5 - y / TILE) for _, ix, iy in wanted[-1]]
    assert distances == sorted(distances)


def test_memory_is_bounded_by_bytes_and_what_is_on_screen_stays(
    view: MosaicView, gate: threading.Semaphore, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    bound = 30 * 4 * TILE * TILE
    monkeypatch.setattr("astrotl_gui.gui.tile_feed.PLANE_BYTES", bound)
    gate.release(100_000)
    canvas = view.canvas
    assert canvas is not None
    fetcher = canvas.feed._fetcher
    for number in range(40):
        move(view, number)
        view.repaint()
        QApplication.processEvents()
    sharp(qtbot, view)
    qtbot.waitUntil(lambda: fetcher.idle)
    QApplication.processEvents()
    assert fetcher._held == sum(value.nbytes for value in fetcher._values.values())
    assert fetcher._held <= max(bound, fetcher.capacity)
    sheet = canvas._sheet
    assert sheet is not None
    assert all(canvas._planes(tile) is not None for tile in sheet.tiles()), (
        "else a new look would wait for files"
    )
    assert isinstance(canvas.feed, TileFeed)
    assert PLANE_BYTES <= 200 * 2**20


# --- fractional pixels -----------------------------------------------------------------------------------


@pytest.mark.parametrize("ratio", [1.0, 1.25, 1.5, 2.0])
@pytest.mark.parametrize("scale", [0.31, 0.8, 1.0, 1.7])
def test_tiles_meet_without_seams_at_any_pixel_ratio(ratio: float, scale: float) -> None:
    """A uniform sky stays uniform across tiles, and an edge between two tiles stands where it belongs."""
    size, shape, middle = 400, (4 * TILE, 4 * TILE), 2 * TILE - 0.5
    viewport = Viewport(shape, middle, middle, scale, size, size)
    level = viewport.level(ratio, 3)
    last = 4 >> level
    sheet = Sheet((level, 0, 0, last, last), shape)
    for _, ix, iy in sheet.tiles():
        dark = (ix * TILE + np.arange(TILE) + 0.5) * (1 << level) - 0.5 > middle
        shades = np.where(dark, 90, 200).astype(np.uint8)
        tile = np.broadcast_to(shades[None, :, None], (TILE, TILE, 4)).copy()
        tile[..., 3] = 255
        sheet.put((level, ix, iy), tile)
    shown, x, y = drawn(lambda painter: sheet.draw(painter, viewport, ratio), viewport, ratio)
    whole = (np.minimum(x, y) > 2 / scale) & (np.maximum(x, y) < 4 * TILE - 1 - 2 / scale)
    soft = (1 << level) + 1 / (scale * ratio)
    assert set(np.unique(shown[whole & (x < middle - soft)])) == {200}
    assert set(np.unique(shown[whole & (x > middle + soft)])) == {90}


@pytest.mark.parametrize("step", [1, 4])
@pytest.mark.parametrize(("ratio", "scale"), [(1.0, 0.83), (1.25, 1.7), (1.5, 0.83), (1.5, 3.1)])
def test_pictures_of_every_level_lie_on_their_place(ratio: float, scale: float, step: int) -> None:
    """To a tenth of a device pixel, or of the picture's pixel where that is larger."""
    viewport = Viewport((1024, 1024), 500.3, 512.7, scale, 400, 400)
    cells = np.zeros((1024 // step, 1024 // step, 4), np.uint8)
    cells[..., 3] = 255
    cells[-512 // step : -504 // step, 500 // step : 508 // step, :3] = 255  # rows 504 … 511 from the lowest
    picture = QImage(
        cells.data, cells.shape[1], cells.shape[0], 4 * cells.shape[1], QImage.Format.Format_RGB32
    )
    shown, x, y = drawn(
        lambda painter: draw_picture(painter, picture, (-0.5, -0.5), step, viewport, ratio), viewport, ratio
    )
    near = 0.1 * max(1 / (scale * ratio), step)
    assert (shown * x).sum() / shown.sum() == pytest.approx(503.5, abs=near)
    assert (shown * y).sum() / shown.sum() == pytest.approx(507.5, abs=near)


def drawn(
    draw: Callable[[QPainter], None], viewport: Viewport, ratio: float
) -> tuple[NDArray[np.uint8], Image, Image]:
    """What is drawn on a screen of this pixel ratio, and the image position of each device pixel."""
    image = QImage(round(viewport.width * ratio), round(viewport.height * ratio), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(0)
    painter = QPainter(image)
    draw(painter)
    painter.end()
    shown = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1, 4)[..., 0].copy()
    rows, columns = np.mgrid[: image.height(), : image.width()]
    x, y = viewport.to_image((columns + 0.5) / ratio, (rows + 0.5) / ratio)
    return shown, x, y
