"""What is drawn over the pixels of the mosaic, from the lowest layer up; each can be switched off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter

from astrotl_gui.gui.marks import paint_marks
from astrotl_gui.gui.ruler import Point, paint_ruler
from astrotl_gui.gui.sky_furniture import (
    BAR_ROOM,
    credit_box,
    paint_compass,
    paint_credit,
    paint_cross,
    paint_scale_bar,
    paint_words,
)
from astrotl_gui.gui.sky_grid import GridLine, grid_lines, paint_grid
from astrotl_gui.gui.viewport import Viewport

if TYPE_CHECKING:
    from astrotl_gui.core.mosaic import Mosaic
    from astrotl_gui.gui.mosaic_view import MosaicView


class Layer:
    """One thing drawn over the sky of a view, in logical px; `shown` switches it.

    `of_sky`: it shows places of the sky, and so is drawn on the mosaics beside as well while they are locked.
    """

    shown = True
    of_sky = False

    def paint(self, painter: QPainter, view: MosaicView, mosaic: Mosaic) -> None:
        raise NotImplementedError

    def clear(self) -> None:
        """Forget what belonged to the project or to the last use."""


class GridLayer(Layer):
    """Lines of equal right ascension and declination."""

    shown = False

    def __init__(self) -> None:
        self._lines: tuple[Viewport, list[GridLine]] | None = None

    def clear(self) -> None:
        self._lines = None

    def lines(self, mosaic: Mosaic, viewport: Viewport) -> list[GridLine]:
        """The lines of the project's mosaic for what is in view."""
        if self._lines is None or self._lines[0] != viewport:
            self._lines = (viewport, grid_lines(mosaic, viewport))
        return self._lines[1]

    def paint(self, painter: QPainter, view: MosaicView, mosaic: Mosaic) -> None:
        paint_grid(painter, self.lines(mosaic, view.viewport), view.viewport, view.session.look.invert)


class MarksLayer(Layer):
    """The first of the current list."""

    of_sky = True

    def paint(self, painter: QPainter, view: MosaicView, mosaic: Mosaic) -> None:
        paint_marks(painter, view.marks.marks, view.viewport, view.session.target, reserved(view, mosaic))


class RulerLayer(Layer):
    """A distance between two points; while it is on, the left button measures."""

    shown = False
    of_sky = True

    def __init__(self) -> None:
        self._ends: tuple[Point, Point] | None = None

    def clear(self) -> None:
        self._ends = None

    def lay(self, viewport: Viewport, start: QPointF, end: QPointF) -> None:
        """Lay the ruler between two points of the view."""
        self._ends = (viewport.to_image(start.x(), start.y()), viewport.to_image(end.x(), end.y()))

    def paint(self, painter: QPainter, view: MosaicView, mosaic: Mosaic) -> None:
        if self._ends is not None:
            paint_ruler(painter, mosaic, view.viewport, *self._ends)


class CompassLayer(Layer):
    """Where north and east are."""

    def paint(self, painter: QPainter, view: MosaicView, mosaic: Mosaic) -> None:
        paint_compass(painter, mosaic, view.viewport)


class ScaleLayer(Layer):
    """A bar of round angular length."""

    def paint(self, painter: QPainter, view: MosaicView, mosaic: Mosaic) -> None:
        paint_scale_bar(painter, mosaic, view.viewport)


class CreditLayer(Layer):
    """Whose data these are."""

    def paint(self, painter: QPainter, view: MosaicView, mosaic: Mosaic) -> None:
        paint_credit(painter, mosaic.spec.credit, view.viewport)


class PointedLayer(Layer):
    """The place that the mouse points at in another mosaic, and whose mosaic this is while there are several."""

    def __init__(self) -> None:
        self.place: Point | None = None
        self.name = ""

    def clear(self) -> None:
        self.place, self.name = None, ""

    def paint(self, painter: QPainter, view: MosaicView, mosaic: Mosaic) -> None:
        if self.place is not None:
            paint_cross(painter, *view.viewport.to_screen(*self.place))
        if self.name:
            paint_words(painter, view.viewport, self.name)


def reserved(view: MosaicView, mosaic: Mosaic) -> list[QRectF]:
    """Where ranks would run into the compass, the overview, the scale bar or the credit."""
    bar = QRectF(0, view.height() - 48, BAR_ROOM, 48)
    credit = credit_box(mosaic.spec.credit, view.viewport)
    return [QRectF(0, 0, 72, 72), QRectF(view.overview.geometry()), bar, credit]
