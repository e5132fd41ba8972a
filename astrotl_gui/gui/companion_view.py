"""A mosaic beside the project's own: the same sky at the same scale, turned to match, or on its own."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QGuiApplication,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QMenu, QSizePolicy, QWidget

from astrotl_gui.gui import theme
from astrotl_gui.gui.companion_bar import CompanionBar
from astrotl_gui.gui.companions import Companion, Companions
from astrotl_gui.gui.message import problem_message
from astrotl_gui.gui.mosaic_canvas import MosaicCanvas
from astrotl_gui.gui.mosaic_mouse import MosaicMouse
from astrotl_gui.gui.mosaic_view import MosaicView
from astrotl_gui.gui.placing import Match, Placing, matched, paint_placed
from astrotl_gui.gui.sky_furniture import (
    paint_compass,
    paint_credit,
    paint_cross,
    paint_scale_bar,
    paint_words,
)
from astrotl_gui.gui.sky_grid import grid_lines, paint_grid
from astrotl_gui.gui.status_bar import number_text
from astrotl_gui.gui.tile_feed import TileFeed
from astrotl_gui.gui.viewport import Viewport

if TYPE_CHECKING:
    from astrotl_gui.core.mosaic import Mosaic

MARGIN = 10
FRAME = 2
TURNED_DEGREES = 1.0
"""Grids that differ by more than this in orientation are said to be turned."""


class CompanionView(QWidget):
    """One companion. `pointed_at(ra, dec)` [deg, NaN: nowhere] follows the mouse."""

    pointed_at = Signal(float, float)

    def __init__(
        self, companion: Companion, companions: Companions, first: MosaicView, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.shown = companion
        self._companions, self._first = companions, first
        self._own = Viewport(companion.tiles.shape)
        self._cross: tuple[float, float] | None = None
        self._match: tuple[Viewport, QSize, Match | None] | None = None
        feed = TileFeed(companion.tiles)
        self.canvas = MosaicCanvas(feed, companion.levels, companion.look, self)
        feed.setParent(self.canvas)
        self.mouse = MosaicMouse(self)
        self.bar = CompanionBar(companion, self)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(f"Mosaic {companion.name}")
        self._connect(feed)

    def _connect(self, feed: TileFeed) -> None:
        companion, first = self.shown, self._first
        feed.failed.connect(lambda problem: first.session.messaged.emit(problem_message(problem)))
        feed.arrived.connect(lambda key: self.update() if feed.hovers(key) else None)
        self.canvas.changed.connect(self.update)
        self.bar.close_button.clicked.connect(lambda: self._companions.close(companion))
        companion.look_changed.connect(lambda: self.canvas.set_look(companion.look))
        first.session.look_changed.connect(self.canvas.refresh)
        first.viewport_changed.connect(self.update)
        first.marks.changed.connect(self.update)
        first.measured.connect(self.update)
        first.shown_changed.connect(self.update)
        QApplication.instance().focusChanged.connect(self._focus_changed)  # type: ignore[union-attr]
        self.mouse.clicked.connect(self._clicked)
        self.mouse.menu_wanted.connect(self._show_menu)

    @property
    def has_keyboard(self) -> bool:
        """Whether keys change its look: a frame shows it."""
        focus = self.window().focusWidget()
        return focus is not None and (focus is self or self.isAncestorOf(focus))

    @Slot()
    def _focus_changed(self) -> None:
        self.update()

    def close_feed(self) -> None:
        """Stop reading."""
        self.canvas.feed.close()

    # --- where it looks ------------------------------------------------------------------------------

    @property
    def locked(self) -> bool:
        """Whether it shows the sky of the first mosaic."""
        return self._companions.locked and not self.shown.unlocked

    @property
    def match(self) -> Match | None:
        """How it follows the first mosaic; None while it is on its own."""
        mosaic = self._first.session.mosaic
        if not self.locked or mosaic is None:
            return None
        viewport, size = self._first.viewport, self.size()
        if self._match is None or self._match[:2] != (viewport, size):
            self._match = (viewport, size, matched(mosaic, self._as_first(), self.shown.mosaic))
        return self._match[2]

    def _as_first(self) -> Viewport:
        """The first mosaic's viewport in a view of this size; where that is the same, to a pixel, just it."""
        viewport = self._first.viewport
        same = max(abs(viewport.width - self.width()), abs(viewport.height - self.height())) <= 1
        return viewport if same else replace(viewport, width=self.width(), height=self.height())

    @property
    def placing(self) -> Placing:
        """How its pixels lie on screen."""
        return match.placing if (match := self.match) else Placing(self._own)

    def part_from(self) -> None:
        """Go on from what is in view, on its own."""
        mosaic = self._first.session.mosaic
        if self.shown.unlocked or mosaic is None:
            return
        match = matched(mosaic, self._as_first(), self.shown.mosaic)
        if match is not None:
            self._own = match.placing.viewport
        self.update()

    def drag(self, dx: float, dy: float) -> None:
        """Move the sky with the mouse, by logical px; what is locked moves together."""
        if self.locked:
            self._first.drag(dx, dy)
        else:
            self._show(self._own.panned(dx, dy))

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom about a point of the view, the middle by default."""
        if self.locked:
            self._first.zoom_by(factor, at and self._on_first(at))
        else:
            self._show(self._own.zoomed(factor, *((at.x(), at.y()) if at is not None else ())))

    def _show(self, viewport: Viewport) -> None:
        self._own = viewport
        self.update()

    def shows(self, name: str) -> bool:
        """Whether a layer of the first mosaic is drawn here."""
        return self.match is not None and self._first.shows(name)

    def measure(self, start: QPointF, end: QPointF) -> None:
        """Lay the first mosaic's ruler, which is drawn on all that are locked."""
        self._first.measure(self._on_first(start), self._on_first(end))

    # --- the mouse -----------------------------------------------------------------------------------

    def point(self, ra: float, dec: float) -> None:
        """Mark a place of the sky [deg]; NaN: none."""
        x, y = (float(value) for value in self.shown.mosaic.pixel(ra, dec))
        self._cross = (x, y) if math.isfinite(x) and math.isfinite(y) else None
        if self._cross is not None and self._inside(x, y):
            self.canvas.feed.hover(math.floor(x + 0.5), math.floor(y + 0.5))
        self.update()

    def _inside(self, x: float, y: float) -> bool:
        ny, nx = self.shown.mosaic.shape
        return -0.5 <= x < nx - 0.5 and -0.5 <= y < ny - 0.5

    def values(self) -> str:
        """The value of each band at the marked place, as far as read."""
        if self._cross is None or not self._inside(*self._cross):
            return ""
        column, row = (math.floor(value + 0.5) for value in self._cross)
        feed, levels = self.canvas.feed, self.shown.levels
        bands = [band.name for band in self.shown.mosaic.bands]
        read = {band: number_text(feed.value(band, column, row), levels[band].noise) for band in bands}
        return "  ".join(f"{band} {text}" for band, text in read.items())

    def _clicked(self, position: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        if self.locked:
            self._first.mouse.clicked.emit(self._on_first(position), modifiers)

    def _on_first(self, at: QPointF) -> QPointF:
        """The point of the first mosaic's view that shows the same sky; their middles do."""
        mine, other = self.rect(), self._first.rect()
        return at + QPointF(other.width() - mine.width(), other.height() - mine.height()) / 2

    def _show_menu(self, at: QPointF) -> None:
        menu = QMenu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        x, y = self.placing.to_image(at.x(), at.y())
        ra, dec = (float(value) for value in self.shown.mosaic.sky(x, y))
        from astrotl_gui.gui.place_verbs import sky_text

        clipboard = QGuiApplication.clipboard()
        if math.isfinite(ra):
            menu.addAction("Copy coordinates", lambda: clipboard.setText(sky_text(ra, dec)))
            menu.addAction("Copy coordinates in degrees", lambda: clipboard.setText(sky_text(ra, dec, True)))
        menu.addAction("Copy pixel position", lambda: clipboard.setText(f"{x:.2f} {y:.2f}"))
        menu.addSeparator()
        if not self.locked:
            menu.addAction("Whole mosaic", lambda: self._show(self._own.fitted()))
        menu.addAction(f"Close {self.shown.name}", lambda: self._companions.close(self.shown))
        menu.popup(self.mapToGlobal(at.toPoint()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.mouse.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.mouse.move(event)
        x, y = self.placing.to_image(event.position().x(), event.position().y())
        self.pointed_at.emit(*(float(value) for value in self.shown.mosaic.sky(x, y)))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.mouse.release(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.mouse.wheel(event)

    def leaveEvent(self, event: QEvent) -> None:
        self.pointed_at.emit(math.nan, math.nan)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QNativeGestureEvent) and self.mouse.gesture(event):
            return True
        return super().event(event)

    # --- painting ------------------------------------------------------------------------------------

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 160)

    def resizeEvent(self, event: QResizeEvent) -> None:
        whole = self._own.width < 2 or math.isclose(self._own.scale, self._own.fit_scale, rel_tol=1e-6)
        resized = self._own.resized(self.width(), self.height())
        self._own = resized.fitted() if whole else resized
        self.bar.move(self.width() - self.bar.width() - MARGIN, MARGIN)

    def notes(self) -> str:
        """How its grid lies against the first mosaic's, or why it goes its own way; "" when there is nothing to say."""
        match = self.match
        if match is None:
            return f"Not locked: {self.shown.unlocked}" if self.shown.unlocked else "Not locked"
        turned = abs(match.angle) > TURNED_DEGREES
        words = (f"turned by {abs(match.angle):.0f}°" if turned else "", "mirrored" if match.mirrored else "")
        said = " and ".join(filter(None, words))
        return f"{said[0].upper()}{said[1:]} to match" if said else ""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self.bar.move(self.width() - self.bar.width() - MARGIN, MARGIN)
        placing = self.placing
        paint_placed(painter, self.canvas, placing, QRectF(self.rect()), self.devicePixelRatioF())
        first = self._first
        self.paint_layers(painter, [name for name in first.layers if first.shows(name)])
        if self._cross is not None:
            paint_cross(painter, *placing.to_screen(*self._cross))
        if self.has_keyboard:
            painter.setPen(QPen(theme.color("selection"), FRAME))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(FRAME / 2, FRAME / 2, -FRAME / 2, -FRAME / 2))

    def _paint_first(self, painter: QPainter, mosaic: Mosaic, names: Collection[str]) -> None:
        """Draw what shows places of the sky on the first mosaic: they are at the same places here."""
        painter.save()
        painter.translate(-self._on_first(QPointF(0, 0)))
        for name, layer in self._first.layers.items():
            if name in names and layer.of_sky:
                layer.paint(painter, self._first, mosaic)
        painter.restore()

    def paint_layers(self, painter: QPainter, names: Collection[str]) -> None:
        """Draw what stands on the sky: on what is locked the first mosaic's own, for it is the same sky."""
        mosaic, viewport = self.shown.mosaic, self._own
        if self.match is not None and self._first.session.mosaic is not None:
            mosaic = self._first.session.mosaic
            viewport = self._as_first()
        if "grid" in names:
            shared = viewport is self._first.viewport  # panes of one size have one grid
            lines = self._first.grid.lines(mosaic, viewport) if shared else grid_lines(mosaic, viewport)
            paint_grid(painter, lines, viewport, self.shown.look.invert)
        if self.match is not None:
            self._paint_first(painter, mosaic, names)
        if "compass" in names:
            paint_compass(painter, mosaic, viewport)
        if "scale" in names:
            paint_scale_bar(painter, mosaic, viewport)
        if "credit" in names:
            paint_credit(painter, self.shown.mosaic.spec.credit, viewport)
        notes, values = self.notes(), self.values()
        paint_words(
            painter, viewport, self.shown.name, notes or values, values if notes else "", sky=mosaic.has_sky
        )
