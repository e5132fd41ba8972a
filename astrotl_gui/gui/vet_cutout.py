"""The candidate in view: one large square of sky, sharp at any zoom, with compass and scale bar."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from astrotl_gui.core.cutout import side_in_pixels

from .gallery_painter import badge_rect, paint_badge, paint_dashes, paint_pixels
from .inspector_parts import paint_frame
from .sky_furniture import paint_compass, paint_scale_bar
from .thumbnails import BUCKETS, Picture, Stamp, Thumbnails
from .viewport import LARGEST_PIXEL, Viewport

if TYPE_CHECKING:
    from .session import Session

STEP = 1.25
"""A step of zooming."""
STAND_IN_SIDE = 128
"""Side [px] of the small pictures, of which one stands in for a large one that is being read."""


class VetCutout(QWidget):
    """Shows a source of the session in its look: fitted, at any zoom, at pixels 1:1, or with more sky around it.

    `painted(source)`: its pixels are on the screen. `small` are pictures of the same cutout that stand in while the
    large one is read. Zoom is kept from one candidate to the next; the wide view is not.
    """

    painted = Signal(int)

    def __init__(self, session: Session, small: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.thumbnails = Thumbnails(session, self)
        self._small = small
        self.source: int | None = None
        self.ahead: list[int] = []
        self.zoomed: float | None = 1.0  # fitted ÷ shown side; None: pixels 1:1
        self.wide = False
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.thumbnails.ready.connect(self._arrived)
        self.thumbnails.emptied.connect(self.refresh)

    def show_source(self, source: int | None, ahead: list[int]) -> None:
        """Show a source, and have those of `ahead` read and rendered before they are wanted."""
        other = source != self.source
        self.wide = self.wide and not other
        self.source, self.ahead = source, ahead
        self.refresh()
        if other and self.isVisible():
            self.repaint()  # now, before whatever else a label sets going

    def refresh(self) -> None:
        """Ask for what is shown now, then for what comes next."""
        if self.isVisible():
            self.thumbnails.want(self._wanted())
        self.setAccessibleName("The candidate, wide view" if self.wide else "The candidate")
        self.update()

    def toggle_wide(self) -> None:
        self.wide = not self.wide
        self.refresh()

    def toggle_fit(self) -> None:
        """The whole cutout, or one pixel of the mosaic on one of the screen."""
        self.wide = False
        self.zoomed = 1.0 if self.zoomed is None else None
        self.refresh()

    def zoom(self, steps: float) -> None:
        """Nearer (positive) or farther, about the candidate."""
        least = self._fitted() / max(self._context(), self._fitted())
        most = max(1.0, LARGEST_PIXEL * self._side_pixels() / max(1, self.width()))
        here = self.zoomed if self.zoomed is not None else self._side_pixels() / self._device_side()
        self.wide, self.zoomed = False, min(max(here * STEP**steps, min(least, here)), most)
        self.refresh()

    def stamp(self, source: int, mode: str = "") -> Stamp | None:
        """What to read for a source as it is shown now."""
        side = self._device_side()
        if self.wide:
            return self.thumbnails.stamp(source, side, mode, self._context())
        if self.zoomed is not None:
            return self.thumbnails.stamp(source, side, mode, self._fitted() / self.zoomed)
        made = self.thumbnails.stamp(source, side, mode)
        return None if made is None else self._whole_pixels(made)

    def _whole_pixels(self, stamp: Stamp) -> Stamp:
        """The stamp moved by less than a pixel and as large as its square, so that no pixel is resampled."""
        mosaic, side = self.session.mosaic, min(self._device_side(), BUCKETS[-1])
        assert mosaic is not None
        shift = 0.5 if side % 2 == 0 else 0.0
        x, y = round(stamp.x - shift) + shift, round(stamp.y - shift) + shift
        size = side * float(mosaic.pixel_scale(x, y))
        return replace(stamp, x=x, y=y, size=size, npix=side)

    # -- sizes

    def _device_side(self) -> int:
        return max(1, round(self.width() * self.devicePixelRatioF()))

    def _fitted(self) -> float:
        """Side of the project's cutouts [arcsec]."""
        return self.session.project.cutouts.size if self.session.project is not None else 1.0

    def _context(self) -> float:
        return self.session.project.cutouts.context if self.session.project is not None else 1.0

    def _side_pixels(self) -> float:
        """Side of the fitted cutout [reference px]."""
        mosaic, place = self.session.mosaic, self._place()
        return side_in_pixels(mosaic, *place, self._fitted()) if mosaic is not None else 1.0

    def _place(self) -> tuple[float, float]:
        made = self.thumbnails.stamp(self.source, 48) if self.source is not None else None
        return (made.x, made.y) if made is not None else (0.0, 0.0)

    # -- pixels

    def _wanted(self) -> list[Stamp | None]:
        return [self.stamp(i) for i in ([self.source] if self.source is not None else []) + self.ahead]

    def _arrived(self, key: object) -> None:
        for stamp in self._wanted()[1:]:
            if stamp is not None and (picture := self.thumbnails.picture(stamp)) is not None:
                self._draw_ahead(picture)
        self.update()

    def _draw_ahead(self, picture: Picture) -> None:
        """Let the painter make of a picture what it will need, before it is wanted."""
        ratio = self.devicePixelRatioF()
        if picture.image is not None and (self.width(), ratio) not in picture.drawn:
            scratch = QPixmap(1, 1)
            scratch.setDevicePixelRatio(ratio)
            painter = QPainter(scratch)
            paint_pixels(painter, self.rect(), picture)
            painter.end()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, square = QPainter(self), self.rect()
        stamp = self.stamp(self.source) if self.source is not None else None
        if stamp is None:
            paint_dashes(painter, square)
            return
        picture = self.thumbnails.picture(stamp)
        stands_in = self._stand_in() if picture is None else None
        coarse = self.thumbnails.coarse(stamp) if picture is None and stands_in is None else None
        paint_pixels(painter, square, picture or stands_in, coarse)
        shown = picture or stands_in
        if shown is None:
            return
        self.painted.emit(stamp.source)
        if shown.image is not None:
            self._paint_furniture(painter, square, stamp)

    def _stand_in(self) -> Picture | None:
        """The small picture of the same cutout, where that is what is shown."""
        if self.wide or self.zoomed != 1.0 or self.source is None:
            return None
        small = self._small.stamp(self.source, STAND_IN_SIDE)
        return self._small.picture(small) if small is not None else None

    def _paint_furniture(self, painter: QPainter, square: QRect, stamp: Stamp) -> None:
        mosaic = self.session.mosaic
        assert mosaic is not None
        scale = square.width() / side_in_pixels(mosaic, stamp.x, stamp.y, stamp.size)
        viewport = Viewport(mosaic.shape, stamp.x, stamp.y, scale, square.width(), square.height())
        paint_compass(painter, mosaic, viewport)
        paint_scale_bar(painter, mosaic, viewport)
        if stamp.size > self._fitted():
            paint_frame(painter, square, self._fitted() / stamp.size)
        label = self.session.own_label(stamp.source)
        if label is not None:
            paint_badge(painter, badge_rect(square), label)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.zoom((event.angleDelta().y() or event.angleDelta().x()) / 120)
        event.accept()
