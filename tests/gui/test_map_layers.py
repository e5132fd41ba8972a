"""What is masked and how deep the mosaic is, drawn over the sky."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from astrotl_gui.core.bands import MosaicSpec
from astrotl_gui.core.fits import Plane
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.tiles import TileSource
from astrotl_gui.gui.map_layers import DepthLayer, MaskLayer, alpha, depth_band, depth_picture
from astrotl_gui.gui.map_tiles import MapKey, share
from astrotl_gui.gui.mosaic_view import MosaicView
from astrotl_gui.gui.session import Session
from tests.gui.small_mosaic import NX, NY, grabbed, make_session, sharp


@pytest.fixture
def masked(qapp: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[MosaicView]:
    """A view of r, of which the left quarter is masked and the right half three times as noisy."""
    session: Session = make_session(tmp_path)
    mask, noise = np.zeros((NY, NX), np.uint8), np.ones((NY, NX), np.float32)
    mask[:, : NX // 4] = 1
    noise[:, NX // 2 :] = 3
    for name, pixels in (("mask", mask), ("noise", noise)):
        fits.writeto(tmp_path / f"{name}.fits", pixels)
    spec: MosaicSpec = session.mosaic.spec
    bands = tuple(
        replace(b, mask=Plane(tmp_path / "mask.fits", 0), rms=Plane(tmp_path / "noise.fits", 0))
        if b.name == "r"
        else b
        for b in spec.bands
    )
    session.mosaic = Mosaic.open(replace(spec, bands=bands))
    session.tiles = TileSource(session.mosaic)
    session.look = session.look.with_(mode="r")
    view = MosaicView(session)
    qtbot.addWidget(view)
    view.resize(760, 600)
    view.show()
    view.toggle("marks")
    sharp(qtbot, view)
    yield view
    view.close_feed()
    session.jobs.close()
    session.project.close()


def settled(qtbot: QtBot, view: MosaicView, layer: MaskLayer | DepthLayer) -> None:
    view.repaint()
    qtbot.waitUntil(lambda: layer.tiles is not None and layer.tiles.idle)
    QApplication.processEvents()
    view.repaint()


def colours(view: MosaicView, x: float) -> set[str]:
    """The colours of a patch of the view about image column x."""
    image, (sx, sy) = grabbed(view), view.viewport.to_screen(x, 330.0)
    return {QColor(image.pixel(round(sx) + i, round(sy) + j)).name() for i in range(9) for j in range(9)}


def test_masked_pixels_are_hatched(masked: MosaicView, qtbot: QtBot) -> None:
    layer = masked.layers["mask"]
    assert isinstance(layer, MaskLayer)
    before = colours(masked, 60), colours(masked, 450)
    masked.toggle("mask")
    settled(qtbot, masked, layer)
    assert colours(masked, 60) != before[0]
    assert "#060606" in colours(masked, 60), "the dark behind the sky shows between the lines"
    assert colours(masked, 450) == before[1]
    assert layer.tiles is not None
    for level in (3, 5):
        found = layer.tiles._load(MapKey("mask", ("r",), level))
        assert isinstance(found, np.ndarray)
        assert found.shape == (-(-NY >> level), -(-NX >> level))
        assert found[3, 1] == 1
        assert found[3, -3] == 0
    masked.session.set_look(masked.session.look.with_(mode="g"))
    settled(qtbot, masked, layer)
    sharp(qtbot, masked)
    shown = colours(masked, 60)
    masked.toggle("mask")
    assert colours(masked, 60) == shown, "g has no mask"
    assert layer.tiles is None, "its thread ends when it is not shown"


def test_depth_is_bright_where_the_noise_is_low(masked: MosaicView, qtbot: QtBot) -> None:
    layer = masked.layers["depth"]
    assert isinstance(layer, DepthLayer)
    masked.toggle("depth")
    settled(qtbot, masked, layer)
    deep, shallow = ({QColor(c).lightness() for c in colours(masked, x)} for x in (250, 450))
    assert deep == {176}
    assert shallow <= {58, 59}
    masked.session.set_look(masked.session.look.with_(mode="g"))
    assert depth_band(masked, masked.session.mosaic) == "r", "g has no noise map"


def test_blocks_of_a_mask_are_shares() -> None:
    bad = np.zeros((5, 6), bool)
    bad[:2, :2] = True
    bad[4, 5] = True
    assert share(bad, 1).tolist() == bad.astype(float).tolist()
    assert share(bad, 2) == pytest.approx(np.array([[1, 0, 0], [0, 0, 0], [0, 0, 0.5]]))
    assert share(bad, 4)[0, 0] == pytest.approx(0.25)


def test_pictures_of_maps() -> None:
    values = np.array([[1, 2], [np.inf, np.nan]], np.float32)
    picture = depth_picture(values, 1.0)
    assert [QColor(picture.pixel(x, 1)).lightness() for x in (0, 1)] == [176, 88]
    assert QColor(picture.pixel(0, 0)).lightness() == 0
    assert picture.pixelColor(0, 0).alpha() == 255
    assert picture.pixelColor(1, 0).alpha() == 0
    assert alpha(np.array([[0.5, np.nan]], np.float32)).pixelColor(0, 0).alpha() == 127
