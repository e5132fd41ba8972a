"""The view as a picture of any size: the sky anew and sharp, what stands on it as lines and letters."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, QPointF, QRect, QRectF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QImage, QPainter, QPicture

from astrotl_gui.gui.companion_view import CompanionView
from astrotl_gui.gui.mosaic_canvas import MosaicCanvas
from astrotl_gui.gui.mosaic_view import MosaicView
from astrotl_gui.gui.placing import Placing, paint_placed
from astrotl_gui.gui.tile_feed import TileFeed

BLOCK = 1024
"""The sky is painted in squares of this many pixels, so that no view is too large for the cache of tiles."""


@dataclass(frozen=True)
class Piece:
    """A part of the picture: where one mosaic goes [logical px], and how it lies there."""

    pane: MosaicView | CompanionView
    box: QRect
    placing: Placing


def pieces_of(panes: list[MosaicView | CompanionView]) -> list[Piece]:
    """The panes as they stand beside each other now."""
    left = min(pane.geometry().left() for pane in panes)
    top = min(pane.geometry().top() for pane in panes)
    return [Piece(pane, pane.geometry().translated(-left, -top), pane.placing) for pane in panes]


def furniture(pieces: list[Piece], names: Collection[str]) -> QPicture:
    """What stands on the sky of each piece, recorded as it is now."""
    picture = QPicture()
    painter = QPainter(picture)
    for piece in pieces:
        painter.save()
        painter.translate(piece.box.topLeft())
        painter.setClipRect(QRectF(0, 0, piece.box.width(), piece.box.height()))
        piece.pane.paint_layers(painter, names)
        painter.restore()
    painter.end()
    return picture


class SkyPicture(QObject):
    """Paints the sky of some pieces at `ratio` pixels a logical px while the window goes on.

    `progressed(done, total)` counts blocks; ends in `painted(QImage)` or `failed(exception)`.
    """

    progressed = Signal(int, int)
    painted = Signal(QImage)
    failed = Signal(object)

    def __init__(self, pieces: list[Piece], ratio: float, parent: QObject) -> None:
        super().__init__(parent)
        self._ratio = ratio
        size = pieces[0].box
        for piece in pieces:
            size = size.united(piece.box)
        self._image = QImage(
            round(size.width() * ratio), round(size.height() * ratio), QImage.Format.Format_RGB32
        )
        self._image.fill(Qt.GlobalColor.black)
        self._image.setDevicePixelRatio(ratio)
        self._canvases = [self._canvas(piece) for piece in pieces]
        self._blocks = [
            (piece, canvas, block)
            for piece, canvas in zip(pieces, self._canvases, strict=True)
            for block in _blocks(piece.box, BLOCK / ratio)
        ]
        self._done = 0
        QTimer.singleShot(0, self, self._go_on)

    def stop(self) -> None:
        """Paint no further and stop reading."""
        for canvas in self._canvases:
            canvas.feed.close()
        self._canvases = []
        self.deleteLater()

    # --- inside --------------------------------------------------------------------------------------

    def _canvas(self, piece: Piece) -> MosaicCanvas:
        shown = piece.pane.shown
        assert shown.tiles is not None
        feed = TileFeed(shown.tiles)
        canvas = MosaicCanvas(feed, shown.levels, shown.look, self)
        feed.setParent(canvas)
        feed.failed.connect(self.failed)
        canvas.changed.connect(partial(self._rendered, canvas), Qt.ConnectionType.QueuedConnection)
        return canvas

    def _rendered(self, canvas: MosaicCanvas) -> None:
        if (
            self._canvases
            and self._done < len(self._blocks)
            and self._blocks[self._done][1] is canvas
            and canvas.sharp
        ):
            self._go_on()

    @Slot()
    def _go_on(self) -> None:
        """Paint the next block; as long as it is not sharp, wait for its tiles."""
        if not self._canvases or self._done >= len(self._blocks):
            return
        piece, canvas, block = self._blocks[self._done]
        painter = QPainter(self._image)
        painter.translate(piece.box.topLeft())
        paint_placed(painter, canvas, piece.placing, block, self._ratio)
        painter.end()
        if not canvas.sharp:
            return
        self._done += 1
        self.progressed.emit(self._done, len(self._blocks))
        if self._done == len(self._blocks):
            self.painted.emit(self._image)
        else:
            QTimer.singleShot(0, self, self._go_on)


def _blocks(box: QRect, side: float) -> list[QRectF]:
    """A box cut into squares, in its own coordinates."""
    across, down = math.ceil(box.width() / side), math.ceil(box.height() / side)
    whole = QRectF(QPointF(0, 0), box.size())
    return [QRectF(i * side, j * side, side, side) & whole for j in range(down) for i in range(across)]
