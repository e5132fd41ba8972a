"""The project's mosaic and those beside it, in equal panes, or one over the other in turn."""

from __future__ import annotations

import math

from PySide6.QtCore import QRect, QSize, QTimer, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from astrotl_gui.gui import theme
from astrotl_gui.gui.companion_view import CompanionView
from astrotl_gui.gui.looks import BLINK_MS, Shown
from astrotl_gui.gui.mosaic_view import MosaicView
from astrotl_gui.gui.sky_layers import PointedLayer

LINE = 1
NEARLY, UNEVEN = 0.9, 0.25


class MosaicPanes(QWidget):
    """Lays out `view` and a `CompanionView` of each companion. `blinking_changed` tells of `blinking`."""

    blinking_changed = Signal()

    def __init__(self, view: MosaicView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = view
        self.companions = view.session.companions
        self.beside: list[CompanionView] = []
        self._pointed = PointedLayer()
        view.layers["pointed"] = self._pointed
        view.setParent(self)
        self.setSizePolicy(view.sizePolicy())
        self._timer = QTimer(self)
        self._timer.setInterval(BLINK_MS)
        self._timer.timeout.connect(self._blink)
        self._front = 0
        self.companions.changed.connect(self._take_companions)
        view.cursor_moved.connect(self._point)

    @property
    def blinking(self) -> bool:
        """Whether the mosaics are shown in turn, each over the whole of the room."""
        return self._timer.isActive()

    @property
    def panes(self) -> list[QWidget]:
        """The project's mosaic, then its companions."""
        return [self.view, *self.beside]

    @property
    def looked_at(self) -> Shown:
        """Whose look the keys change: of the mosaic in front while they blink, else of the one with the keyboard."""
        if self.blinking:
            front = self.panes[self._front]
            return front.shown if isinstance(front, CompanionView) else self.view.session
        pane = next((pane for pane in self.beside if pane.has_keyboard), None)
        return self.view.session if pane is None else pane.shown

    def toggle_blink(self) -> None:
        """Show the mosaics in turn in one place, or side by side again."""
        if self.blinking:
            self._timer.stop()
            self._front = 0
        elif self.beside:
            self._timer.start()
            self._front = len(self.panes) - 1
            self._blink()
        self._lay_out()
        self.blinking_changed.emit()

    # --- inside --------------------------------------------------------------------------------------

    @Slot()
    def _take_companions(self) -> None:
        """A pane for each companion, as they are now."""
        wanted = self.companions.open
        for pane in [pane for pane in self.beside if pane.shown not in wanted]:
            self.beside.remove(pane)
            pane.close_feed()
            pane.hide()
            pane.deleteLater()
        known = [pane.shown for pane in self.beside]
        for companion in wanted:
            if companion not in known:
                pane = CompanionView(companion, self.companions, self.view, self)
                pane.pointed_at.connect(self._point_at)
                self.beside.append(pane)
                pane.show()
        if not self.companions.locked:
            for pane in self.beside:
                pane.part_from()
        project = self.view.session.project
        self._pointed.name = project.name if self.beside and project is not None else ""
        self._pointed.place = None
        if self.blinking and not self.beside:
            self.toggle_blink()
        self._lay_out()

    def _lay_out(self) -> None:
        """Equal panes in rows, as near to square as the room allows, with lines between; blinking, all over all."""
        panes = self.panes
        if self.blinking:
            for pane in panes:
                pane.setGeometry(self.rect())
            panes[self._front].raise_()
        else:
            for pane, box in zip(panes, boxes(len(panes), self.width(), self.height()), strict=True):
                pane.setGeometry(box)
        for pane in panes:
            pane.update()
        self.update()

    @Slot()
    def _blink(self) -> None:
        self._front = (self._front + 1) % len(self.panes)
        self.panes[self._front].raise_()

    @Slot()
    def _point(self) -> None:
        """The mouse moved over the project's mosaic: mark the place in the others."""
        mosaic, at = self.view.session.mosaic, self.view.pointed
        if not self.beside:
            return
        self._pointed.place = None
        ra, dec = mosaic.sky(*at) if mosaic is not None and at is not None else (math.nan, math.nan)
        for pane in self.beside:
            pane.point(float(ra), float(dec))

    @Slot(float, float)
    def _point_at(self, ra: float, dec: float) -> None:
        """The mouse moved over a companion: mark the place in the others, and read it out of the first."""
        mosaic = self.view.session.mosaic
        if mosaic is None:
            return
        x, y = (float(value) for value in mosaic.pixel(ra, dec))
        self._pointed.place = (x, y) if math.isfinite(x) and math.isfinite(y) else None
        self.view.read_out_at(self._pointed.place)
        self.view.update()
        for pane in self.beside:
            pane.point(ra, dec)

    def sizeHint(self) -> QSize:
        return self.view.sizeHint()

    def minimumSizeHint(self) -> QSize:
        return self.view.minimumSizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._lay_out()

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), theme.color("line"))


def boxes(count: int, width: int, height: int) -> list[QRect]:
    """Equal rectangles for so many panes, a line apart: as many columns as leave their shorter sides nearly longest."""
    sides = {n: _shorter(n, count, width, height) for n in range(1, count + 1)}
    columns = max(n for n, side in sides.items() if side >= NEARLY * max(sides.values()))
    rows, found = math.ceil(count / columns), []
    for row in range(rows):
        inside = min(columns, count - row * columns)
        top, bottom = row * (height + LINE) // rows, (row + 1) * (height + LINE) // rows - LINE
        for column in range(inside):
            left = column * (width + LINE) // inside
            right = (column + 1) * (width + LINE) // inside - LINE
            found.append(QRect(left, top, right - left, bottom - top))
    return found


def _shorter(columns: int, count: int, width: int, height: int) -> float:
    """The shorter side of panes in so many columns, less where their last row is not full."""
    rows = math.ceil(count / columns)
    return min(width / columns, height / rows) * (1 - UNEVEN * (rows * columns - count) / count)
