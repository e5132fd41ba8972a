"""Read-out, grid, ruler, scale bar."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from pytestqt.qtbot import QtBot

from astrotl_gui.core.bands import BandSpec, MosaicSpec
from astrotl_gui.core.fits import Plane
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.tiles import TileSource
from astrotl_gui.gui.mosaic_menu import build_menu
from astrotl_gui.gui.mosaic_view import MosaicView
from astrotl_gui.gui.readout import read_out
from astrotl_gui.gui.ruler import ruler_text, separation
from astrotl_gui.gui.session import Session
from astrotl_gui.gui.sky_furniture import bar_length
from astrotl_gui.gui.sky_grid import GridLine, dec_text, grid_lines, line_names, ra_text
from astrotl_gui.gui.tile_feed import TileFeed
from astrotl_gui.gui.viewport import Viewport
from tests.gui.small_mosaic import SCALE, STARS, brightness, grabbed, make_session, screen, sharp


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


def test_masks_that_name_their_bits_say_what_is_wrong(qtbot: QtBot, tmp_path: Path) -> None:
    bits = np.zeros((300, 300), np.int16)
    bits[280, 290], bits[7, 5] = 0b1001, 0b1000
    fits.writeto(tmp_path / "r.fits", np.ones((300, 300), np.float32))
    fits.writeto(tmp_path / "m.fits", bits, fits.Header({"MP_BAD": 0, "HIERARCH MP_NOT_DEBLENDED": 3}))
    band = BandSpec("r", Plane(tmp_path / "r.fits", 0), mask=Plane(tmp_path / "m.fits", 0), mask_bits=1)
    feed = TileFeed(TileSource(Mosaic.open(MosaicSpec("sky", (band,), pixel_scale=1.0))))
    for place, bad, flags in (((290, 280), True, ("bad", "not deblended")), ((5, 7), False, ("not deblended",)),
                              ((6, 7), False, ())):  # fmt: skip
        feed.hover(*place)
        keys = list(feed._hovered)
        qtbot.waitUntil(lambda keys=keys: all(feed.get(key) is not None for key in keys))
        found = read_out(feed, *place)
        assert found is not None
        assert (found.bad, found.flags) == (bad, flags)
    feed.close()


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
    view.toggle("grid")
    assert grabbed(view).size() == view.size()


def test_lines_of_a_turned_grid_are_named_at_any_edge(qtbot: QtBot) -> None:
    view = Viewport((900, 900), 450, 450, 1, 700, 600)
    for turn in np.radians((0, 45, 80)):
        along = np.array([np.cos(turn), np.sin(turn)])
        across = np.array([-along[1], along[0]])
        lines = [
            GridLine(
                np.array([350, 300]) + np.linspace(-900, 900, 49)[:, None] * way + offset * aside,
                f"{k} {offset}",
                k,
            )
            for k, way, aside in ((True, across, along), (False, along, across))
            for offset in (-200, -100, 0, 100, 200)
        ]
        names = line_names(lines, view)
        assert len(names) >= 8, "nearly every line has its name"
        for box, text in names:
            assert QRectF(0, 0, 700, 600).contains(box), text
            assert not any(box.intersects(other) for other, _ in names if other != box)


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
    view.toggle("ruler")
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
    view.toggle("grid")
    sharp(qtbot, view)
    assert session.mosaic is not None
    assert ruler_text(session.mosaic, (0, 0), (30, 40)) == "10.0″, 50.0 px"
    texts = {action.text() for action in build_menu(view, QPointF(100, 100)).actions()}
    assert "Copy coordinates" not in texts
    grabbed(view)
    view.close_feed()
    session.project.close()  # type: ignore[union-attr]
