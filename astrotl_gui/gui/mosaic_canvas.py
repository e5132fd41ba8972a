"""The pixels of the mosaic view: coarse at once, sharp soon after, rendered anew within a frame.

Three layers: the overview, the sheet of the zoom before (while the new one fills), and the sheet: all visible
tiles of one level, rendered side by side into one picture, so that scaling it leaves no seams.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from time import perf_counter

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QRectF, QTimer, Signal, Slot
from PySide6.QtGui import QColor, QImage, QPainter

from astrotl_gui.core.stretch import Levels, Look, bands_shown, render_bands
from astrotl_gui.core.tiles import DIRECT_LEVELS, TILE, TileSource
from astrotl_gui.gui import theme
from astrotl_gui.gui.sheet_image import Place, Sheet, draw_picture, picture
from astrotl_gui.gui.smooth_tiles import SmoothTiles
from astrotl_gui.gui.tile_feed import TILE_BYTES, Key, TileFeed
from astrotl_gui.gui.viewport import Viewport

Array = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Tile = tuple[int, int, int]
"""(level, ix, iy)"""

FRAME_SECONDS = 0.026
"""Rendering a new look takes at most about this, so that it shows within 40 ms; what takes longer is drafted first."""
SLICE_SECONDS = 0.006
"""Rendering in the background returns to the window this often."""
REPAINT_MS = 20
"""Tiles that arrive one by one are shown together, this often."""
SHARPEN_MS = 60
"""A draft is replaced when the look has not changed for this long."""
PLAIN_SECONDS, SMOOTH_SECONDS = 0.001, 0.006
"""What rendering a tile is taken to cost, without and with smoothing, until it was measured."""
RENDERED_BYTES = 48 * 2**20
"""Rendered tiles are kept up to this size, for going back; those on screen are kept anyway."""
OVERVIEW_SIDE = 512


class MosaicCanvas(QObject):
    """Paints one mosaic. `changed` asks for a repaint, `overview_changed` tells of a new small picture."""

    changed = Signal()
    overview_changed = Signal()

    def __init__(self, feed: TileFeed, levels: dict[str, Levels], look: Look, parent: QObject) -> None:
        super().__init__(parent)
        self.feed = feed
        self._smooth = SmoothTiles(feed)
        self._levels = levels
        self._look = look
        self._names = bands_shown(feed.source.mosaic.spec, look)
        self._rendered: OrderedDict[Tile, Pixels] = OrderedDict()
        self._sheet: Sheet | None = None
        self._under: Sheet | None = None
        self._spare: Sheet | None = None
        """Done with; the next sheet takes its memory."""
        self._overview: QImage | None = None
        self._overview_step = 1
        self._overview_old = False
        """Whether `_overview` shows what was, for want of what is."""
        self._waits = False
        """Whether the picture is still that of other bands."""
        self._shown_edition = self._edition()
        self._tile_seconds = PLAIN_SECONDS
        self._told = 0.0
        self._rendering = QTimer(self, singleShot=True, interval=0)
        self._rendering.timeout.connect(self._render_slice)
        feed.arrived.connect(self._arrived)
        feed.want([feed.overview_key(band) for band in self._bands()])

    @property
    def source(self) -> TileSource:
        return self.feed.source

    @property
    def look(self) -> Look:
        return self._look

    @property
    def sharp(self) -> bool:
        """Whether everything in view is rendered at full resolution."""
        return self._sheet is not None and self._sheet.complete

    def set_look(self, look: Look, levels: dict[str, Levels] | None = None) -> None:
        """Show the mosaic in another look: at once where the pixels are there."""
        if look == self._look and levels is None:
            return
        self._levels = levels if levels is not None else self._levels
        if look.smooth != self._look.smooth:
            self._tile_seconds = SMOOTH_SECONDS if look.smooth else PLAIN_SECONDS
        self._look = look
        self._names = bands_shown(self.source.mosaic.spec, look)
        self._rendered.clear()
        self._overview_old = True
        if self._unread():
            # What was shown before stays whole until there is something of these bands.
            self._waits = True
            self._under, self._sheet = self._sheet or self._under, None
            self._want()
        else:
            self._waits, self._under = False, None
            if self._sheet is not None:
                self._relevel(self._sheet)
                self._want()
        self.overview_changed.emit()
        self.changed.emit()

    def refresh(self) -> None:
        """Read again what was approximate, where pyramids have been built since."""
        editions = self._edition()
        if editions != self._shown_edition:
            self._shown_edition = editions
            self._overview_old = True
            self._rendered = OrderedDict(
                (tile, pixels) for tile, pixels in self._rendered.items() if tile[0] <= DIRECT_LEVELS
            )
            if self._sheet is not None and self._sheet.level > DIRECT_LEVELS:
                self._sheet.expire()
            self._want()
            self._rendering.start(0)

    def overview(self) -> QImage | None:
        """The whole mosaic as a small picture, upper row first; None while it is first read."""
        if self._overview is None or self._overview_old:
            planes = self._overviews(OVERVIEW_SIDE)
            if planes is not None:
                whole = self.feed.overview(self._bands()[0])
                assert whole is not None
                self._overview = picture(self._render(planes))
                self._overview_step = self.source.overview_step() * _stride(whole, OVERVIEW_SIDE)
                self._overview_old = False
        return self._overview

    def paint(
        self, painter: QPainter, viewport: Viewport, ratio: float, eye: tuple[float, float] | None = None
    ) -> None:
        """Draw what is visible; pixels that are still to be read are asked for, nearest the eye first.

        `eye` is the image position that is looked at, the middle of the view by default.
        """
        painter.fillRect(QRectF(0, 0, viewport.width, viewport.height), QColor(theme.SKY.behind_sky))
        sheet = self._sheet_for(viewport, ratio, eye or (viewport.x, viewport.y))
        if not sheet.complete:
            if self._under is None or not self._under.covers(viewport):
                self._paint_overview(painter, viewport, ratio)
            if self._under is not None:
                # It stands in for a frame or two, while zooming for many: coarsely it takes a third of the time.
                self._under.draw(painter, viewport, ratio, finely=False)
        sheet.draw(painter, viewport, ratio)

    # --- which tiles ---------------------------------------------------------------------------------

    def _unread(self) -> bool:
        """Whether nothing was read yet of the bands to show."""
        return self._complete({band: self.feed.overview(band) for band in self._bands()}) is None

    def _bands(self) -> list[str]:
        return list(dict.fromkeys(name for names in self._names for name in names))

    def _edition(self) -> list[int]:
        return [self.source.edition(band.name) for band in self.source.mosaic.bands]

    def _overviews(self, side: int) -> dict[str, Array] | None:
        """Every n-th pixel of the overviews of the bands in view, at most `side` long."""
        planes = self._complete({band: self.feed.overview(band) for band in self._bands()})
        if planes is None:
            return None
        return {
            band: np.ascontiguousarray(plane[:: _stride(plane, side), :: _stride(plane, side)])
            for band, plane in planes.items()
        }

    def _complete(self, planes: dict[str, Array | None]) -> dict[str, Array] | None:
        """The planes, if none is missing and all bands have display levels."""
        found = {band: plane for band, plane in planes.items() if plane is not None and band in self._levels}
        return found if len(found) == len(planes) else None

    def _sheet_for(self, viewport: Viewport, ratio: float, eye: tuple[float, float]) -> Sheet:
        level = viewport.level(ratio, self.source.levels)
        across, up = self.source.grid(level)
        span = TILE << level
        x0, y0, x1, y1 = viewport.box
        ix0, iy0 = (min(max(int((v + 0.5) // span), 0), n - 1) for v, n in ((x0, across), (y0, up)))
        ix1, iy1 = (min(max(int((v + 0.5) // span) + 1, 1), n) for v, n in ((x1, across), (y1, up)))
        place = (level, ix0, iy0, max(ix1, ix0 + 1), max(iy1, iy0 + 1))
        tile = ((eye[0] + 0.5) / span - 0.5, (eye[1] + 0.5) / span - 0.5)
        if self._sheet is None or self._sheet.place != place:
            self._lay(place, tile)
        elif self._sheet.missing and math.dist(tile, self._sheet.eye) > 1:
            self._sheet.eye = tile
            self._want()
        assert self._sheet is not None
        return self._sheet

    def _lay(self, place: Place, eye: tuple[float, float]) -> None:
        """Begin a sheet: with what is rendered already, and as much more as fits a frame."""
        done = self._sheet
        if self._sheet is not None and (self._sheet.complete or self._under is None):
            done, self._under = self._under, self._sheet
        self._sheet = sheet = Sheet(place, self.source.shape, eye, done or self._spare)
        self._spare = None
        for tile in list(sheet.missing):
            if tile in self._rendered:
                sheet.put(tile, self._rendered[tile])
        self._want()
        self._render_slice()

    def _want(self) -> None:
        """Ask for pixels: overviews and what is visible; ahead, a ring around it and the other bands."""
        bands = self._bands()
        keys = [self.feed.overview_key(band) for band in bands]
        sheet = self._sheet
        if sheet is None:
            self.feed.want(keys)
            return
        others = [band.name for band in self.source.mosaic.bands if band.name not in bands]
        visible = sheet.tiles()
        keys += [self.feed.tile_key(band, *tile) for tile in visible for band in bands]
        ahead = [self.feed.overview_key(band) for band in others]
        ring = [self.feed.tile_key(band, *tile) for tile in sheet.ring(self.source) for band in bands]
        if self._look.smooth:
            keys += ring  # what is visible is smoothed with what lies beside it
        else:
            ahead += ring
        ahead += [self.feed.tile_key(band, *tile) for band in others for tile in visible]
        self.feed.want(keys, ahead)

    @Slot(object)
    def _arrived(self, key: Key) -> None:
        if key.band not in self._bands():
            return
        if key.kind == "overview":
            self._overview_old = True
            if self._waits and not self._unread():
                self._waits, self._under = False, None
            self._rendering.start(0)
            self.overview_changed.emit()
            self.changed.emit()
        elif self._sheet is not None and self._awaited((key.level, key.ix, key.iy), self._sheet):
            since = 1000 * (perf_counter() - self._told)
            self._rendering.start(max(0, round(REPAINT_MS - since)))

    def _awaited(self, tile: Tile, sheet: Sheet) -> bool:
        """Whether a tile is missing, or (where smoothing looks at it) one beside it may be."""
        return tile in sheet.missing or bool(self._look.smooth and sheet.missing)

    # --- rendering -----------------------------------------------------------------------------------

    def _render(self, planes: dict[str, Array]) -> Pixels:
        return render_bands(planes, self._levels, self.source.mosaic.spec, self._look)

    def _planes(self, tile: Tile, thin: int = 1) -> dict[str, Array] | None:
        """Every `thin`-th pixel of a tile's bands, smoothed; None while one, or what smoothing needs, is not there."""
        sigma = self._look.smooth
        return self._complete({band: self._smooth.tile(band, tile, sigma, thin) for band in self._bands()})

    def _relevel(self, sheet: Sheet) -> None:
        """Render every visible tile anew within a frame, as a draft where that would take too long."""
        self._rendering.stop()
        sheet.clear()
        work = len(sheet.missing) * self._tile_seconds
        stride = 1 if work <= FRAME_SECONDS else 2 if work <= 4 * FRAME_SECONDS else 4
        if stride == 1:
            self._render_slice(2 * FRAME_SECONDS)
            return
        for tile in sheet.tiles():
            planes = self._planes(tile, stride)
            if planes is not None:
                sheet.draft(tile, self._render(planes), stride)
        self._rendering.start(SHARPEN_MS)

    @Slot()
    def _render_slice(self, seconds: float = SLICE_SECONDS) -> None:
        """Render visible tiles whose pixels are there, nearest the middle first, for about `seconds`."""
        sheet = self._sheet
        if sheet is None or self._waits:
            return
        start = perf_counter()
        done = 0
        for tile in sheet.waiting():
            planes = self._planes(tile)
            if planes is None:
                continue
            if perf_counter() - start > seconds:
                self._rendering.start(0)
                break
            self._rendered[tile] = pixels = self._render(planes)
            sheet.put(tile, pixels)
            done += 1
        if done:
            self._tile_seconds += 0.3 * ((perf_counter() - start) / done - self._tile_seconds)
            most = max(RENDERED_BYTES // TILE_BYTES, len(sheet.tiles()))
            while len(self._rendered) > most:
                self._rendered.popitem(last=False)
            if sheet.complete:
                self._spare, self._under = self._under or self._spare, None
            self._told = perf_counter()
            self.changed.emit()

    def _paint_overview(self, painter: QPainter, viewport: Viewport, ratio: float) -> None:
        image = self.overview()
        if image is not None:
            draw_picture(painter, image, (-0.5, -0.5), self._overview_step, viewport, ratio)


def _stride(plane: Array, side: int) -> int:
    return -(-max(plane.shape) // side)
