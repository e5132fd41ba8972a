"""The epoch in front: one large square of sky, with compass, scale bar, its date and its sign."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from astrotl_gui.core.cutout import side_in_pixels
from astrotl_gui.core.epoch_proposal import date_text
from astrotl_gui.core.epoch_table import EpochTable

from . import theme
from .epoch_pixels import LARGE, EpochPixels
from .epoch_signs import paint_sign, state_of
from .gallery_painter import paint_dashes, paint_pixels
from .sky_furniture import paint_compass, paint_scale_bar
from .sky_ink import text_size, write
from .viewport import Viewport

if TYPE_CHECKING:
    from .session import Session

SIGN, INSET = 26, 12


class EpochCutout(QWidget):
    """Shows one epoch of a source; nothing moves from one epoch to the next but the sky."""

    def __init__(self, session: Session, pixels: EpochPixels, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._pixels = session, pixels
        self._table: EpochTable | None = None
        self._row = self.shown = 0
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        pixels.ready.connect(self.update)

    def show_source(self, table: EpochTable, row: int, shown: int) -> None:
        """Show this epoch of the source in a row of the table."""
        self._table, self._row, self.shown = table, row, shown
        self.setAccessibleName(f"The source on {date_text(table.facts[shown].mjd)[:10]}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, square = QPainter(self), self.rect()
        if self._table is None:
            paint_dashes(painter, square)
            return
        paint_pixels(painter, square, self._pixels.picture(self.shown, LARGE))
        self._paint_furniture(painter)
        date = date_text(self._table.facts[self.shown].mjd)[:16]
        width, height = text_size(date, theme.font(13, 600))
        if width < square.width() / 2:  # else the scale bar is in the way
            at = QPointF(square.width() - INSET - width, square.height() - INSET - height / 2)
            write(painter, at, date, theme.SKY.text, 13, 600)
        box = QRectF(square.width() - INSET - SIGN, INSET, SIGN, SIGN)
        paint_sign(painter, box, state_of(self._table, self._row, self.shown))

    def _paint_furniture(self, painter: QPainter) -> None:
        mosaic, catalog = self._session.mosaic, self._session.catalog
        row = int(catalog.rows_of([self._table.ids[self._row]])[0]) if self._table is not None else -1
        if mosaic is None or row < 0 or not self._pixels.side:
            return
        x, y = float(catalog.x[row]), float(catalog.y[row])
        scale = self.width() / side_in_pixels(mosaic, x, y, self._pixels.side)
        viewport = Viewport(mosaic.shape, x, y, scale, self.width(), self.height())
        paint_compass(painter, mosaic, viewport)
        paint_scale_bar(painter, mosaic, viewport)
