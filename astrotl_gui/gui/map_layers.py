"""Layers that say how good the pixels are: what is masked, and how deep each part of the mosaic is."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen, QPixmap

from astrotl_gui.core.stretch import bands_shown

from .map_tiles import Array, MapTiles
from .sheet_image import draw_picture
from .sky_ink import write
from .sky_layers import Layer

if TYPE_CHECKING:
    from astrotl_gui.core.mosaic import Mosaic

    from .mosaic_view import MosaicView

HATCH_BEHIND, HATCH_LINE, HATCH_STEP = "#060606", "#4A4A4A", 7
"""As on a cutout that is partly masked."""
CAPTION_FROM_BOTTOM = 52
BRIGHTEST = np.float32(176)
"""Grey (0–255) of the deepest pixels, on which what is drawn on the sky still reads."""


class MapLayer(Layer):
    """Reads maps while it is shown."""

    shown = False

    def __init__(self) -> None:
        self.tiles: MapTiles | None = None

    def clear(self) -> None:
        if self.tiles is not None:
            self.tiles.close()
            self.tiles.deleteLater()
            self.tiles = None

    def _tiles(self, view: MosaicView) -> MapTiles:
        if self.tiles is None:
            assert view.canvas is not None
            self.tiles = MapTiles(view.canvas.source, view.update)
        return self.tiles


class MaskLayer(MapLayer):
    """A hatch where a band in view is masked or has no value: what is behind the sky shows through."""

    def paint(self, painter: QPainter, view: MosaicView, mosaic: Mosaic) -> None:
        viewport, ratio = view.viewport, view.devicePixelRatioF()
        shown = bands_shown(mosaic.spec, view.session.look)
        bands = sorted({band for channel in shown for band in channel})
        values, corner, step = self._tiles(view).visible("mask", bands, viewport, ratio)
        if not np.any(values > 0):
            return
        hatched = QImage(
            round(viewport.width * ratio),
            round(viewport.height * ratio),
            QImage.Format.Format_ARGB32_Premultiplied,
        )
        hatched.setDevicePixelRatio(ratio)
        hatched.fill(Qt.GlobalColor.transparent)
        over = QPainter(hatched)
        place = (corner[0] * step - 0.5, corner[1] * step - 0.5)
        draw_picture(over, alpha(values), place, step, viewport, ratio)
        over.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
        left, top = viewport.to_screen(0.0, 0.0)
        over.setBrushOrigin(QPointF(left % HATCH_STEP, top % HATCH_STEP))
        over.fillRect(QRectF(0, 0, viewport.width, viewport.height), QBrush(_hatch(ratio)))
        over.end()
        painter.drawImage(QPointF(0, 0), hatched)


class DepthLayer(MapLayer):
    """The noise map in place of the sky: bright where it is deepest, black where it is shallow or has no data."""

    def paint(self, painter: QPainter, view: MosaicView, mosaic: Mosaic) -> None:
        viewport, ratio = view.viewport, view.devicePixelRatioF()
        band = depth_band(view, mosaic)
        if band is None:
            return
        tiles = self._tiles(view)
        values, corner, step = tiles.visible("noise", [band], viewport, ratio)
        known = tiles.range(band)
        if known is None:
            return
        least, largest = known
        place = (corner[0] * step - 0.5, corner[1] * step - 0.5)
        draw_picture(painter, depth_picture(values, least), place, step, viewport, ratio)
        unit = mosaic.band(band).unit
        text = f"Noise of {band}: {least:.3g} (bright) to {largest:.3g}{' ' + unit if unit else ''}"
        where = QPointF(viewport.width / 2, viewport.height - CAPTION_FROM_BOTTOM)
        write(painter, where, text, align=Qt.AlignmentFlag.AlignHCenter)


def depth_band(view: MosaicView, mosaic: Mosaic) -> str | None:
    """The first band in view that has a noise map, else the first of the mosaic; None without any."""
    shown = bands_shown(mosaic.spec, view.session.look)
    names = [name for channel in shown for name in channel] + [band.name for band in mosaic.bands]
    return next((name for name in names if mosaic.band(name).has_noise), None)


def alpha(values: Array) -> QImage:
    """A picture (upper row first) that is opaque where values (lowest row first) are 1, NaN transparent."""
    opaque = (255 * np.nan_to_num(values[::-1])).astype(np.uint32)
    return _picture(opaque * np.uint32(0x01010101))


def depth_picture(values: Array, least: float) -> QImage:
    """Grey by how deep: least noise ÷ noise; black without data, transparent where it is not read yet (NaN)."""
    unread = np.isnan(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        grey = BRIGHTEST * np.clip(least / values, 0, 1)
    pixels = np.nan_to_num(grey).astype(np.uint32) * np.uint32(0x010101) | np.uint32(0xFF000000)
    return _picture(np.where(unread, np.uint32(0), pixels)[::-1])


def _picture(argb: np.ndarray) -> QImage:
    argb = np.ascontiguousarray(argb, np.uint32)
    height, width = argb.shape
    kind = QImage.Format.Format_ARGB32_Premultiplied
    return QImage(argb.data, width, height, 4 * width, kind).copy()


@lru_cache(maxsize=4)
def _hatch(ratio: float) -> QPixmap:
    """One period of the hatch: diagonal lines on black."""
    side = HATCH_STEP
    tile = QPixmap(round(side * ratio), round(side * ratio))
    tile.setDevicePixelRatio(ratio)
    tile.fill(QColor(HATCH_BEHIND))
    painter = QPainter(tile)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(HATCH_LINE), 1))
    for offset in (0, side, 2 * side):
        painter.drawLine(QPointF(offset, 0), QPointF(offset - side, side))
    painter.end()
    return tile
