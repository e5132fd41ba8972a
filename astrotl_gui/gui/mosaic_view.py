"""The mosaic: pixels, marks and what stands on the sky, in one widget that never reads a file itself."""

from __future__ import annotations

import math
from collections.abc import Collection

from PySide6.QtCore import QEasingCurve, QEvent, QPointF, QSize, Qt, QVariantAnimation, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from astrotl_gui.gui import theme
from astrotl_gui.gui.message import problem_message
from astrotl_gui.gui.mosaic_canvas import MosaicCanvas
from astrotl_gui.gui.mosaic_layers import MosaicLayers
from astrotl_gui.gui.mosaic_marks import MosaicMarks
from astrotl_gui.gui.mosaic_menu import show_menu
from astrotl_gui.gui.mosaic_mouse import MosaicMouse
from astrotl_gui.gui.mosaic_picking import pick, pick_box, pick_to_vet
from astrotl_gui.gui.overview import LOW_WINDOW, Overview
from astrotl_gui.gui.placing import Placing
from astrotl_gui.gui.readout import read_out
from astrotl_gui.gui.session import Session
from astrotl_gui.gui.sky_ink import INK
from astrotl_gui.gui.tile_feed import TileFeed
from astrotl_gui.gui.viewport import Viewport
from astrotl_gui.gui.zoom import zoom_menu

ZOOM_STEP = 1.25
PAN_SHARE = 0.2
RECENTRE_MS, PAN_MS = 160, 90
CUT_SCREENS = 3.0
"""Recentring glides up to this many views far, and cuts beyond."""
MARGIN = 14


class MosaicView(QWidget):
    """The open project's mosaic.

    `read_out(Readout | None)` follows the cursor; `vet_requested(id)` asks to grade a source;
    `viewport_changed` and `shown_changed` tell of what is in view, `cursor_moved` of `pointed`, `measured` of the
    ruler; `zoom_typed` asks for a zoom to be typed. `layers`, the lowest first, are drawn over the sky.
    """

    read_out = Signal(object)
    vet_requested = Signal(int)
    viewport_changed = Signal()
    shown_changed = Signal()
    zoom_typed = Signal()
    cursor_moved = Signal()
    measured = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.viewport = Viewport((1, 1))
        self.canvas: MosaicCanvas | None = None
        self.marks = MosaicMarks(session, self)
        self.mouse = MosaicMouse(self)
        self.overview = Overview(self)
        self.layers = MosaicLayers()
        self.ruler, self.grid = self.layers.ruler, self.layers.grid
        self._placed = False
        self._hover: QPointF | None = None
        self._glide = QVariantAnimation(self)
        self._glide.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._glide.valueChanged.connect(self._glided)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Mosaic")
        self._connect()
        self._take_project()

    def _connect(self) -> None:
        session = self.session
        session.project_changed.connect(self._take_project)
        session.look_changed.connect(self._take_look)
        session.selection_changed.connect(self._follow_selection)
        self.marks.changed.connect(self.update)
        session.overlays.changed.connect(self.update)
        self.overview.wanted.connect(self._jump)
        self.overview.menu_wanted.connect(lambda at: zoom_menu(self).popup(at))
        self.mouse.clicked.connect(lambda at, modifiers: pick(self, at, modifiers))
        self.mouse.double_clicked.connect(lambda at: pick_to_vet(self, at))
        self.mouse.box_drawn.connect(lambda box, modifiers: pick_box(self, box, modifiers))
        self.mouse.menu_wanted.connect(lambda at: show_menu(self, at))

    @property
    def shown(self) -> Session:
        """Whose look this is."""
        return self.session

    def close_feed(self) -> None:
        """Stop reading; the view is empty until another project is open."""
        for layer in self.layers.values():
            layer.clear()
        if self.canvas is not None:
            self.canvas.feed.close()
            self.canvas.deleteLater()
            self.canvas = None

    # --- where to look -----------------------------------------------------------------------------------

    def fit(self) -> None:
        """The whole mosaic."""
        self._show(self.viewport.fitted())

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom about a point of the view, the middle by default."""
        sx, sy = (at.x(), at.y()) if at is not None else (None, None)
        self._show(self.viewport.zoomed(factor, sx, sy))

    def zoom_in(self) -> None:
        self.zoom_by(ZOOM_STEP)

    def zoom_out(self) -> None:
        self.zoom_by(1 / ZOOM_STEP)

    def toggle_zoom(self) -> None:
        """From the whole mosaic to pixels 1:1 about the selected source or the middle; from elsewhere to the whole."""
        view = self.viewport
        native = 1 / self.devicePixelRatioF()
        if not math.isclose(view.scale, view.fit_scale, rel_tol=1e-6):
            self.fit()
            return
        target = self._selected_place() or (view.x, view.y)
        self._show(view.zoomed(native / view.scale).centred(*target))

    def pan(self, dx: float, dy: float) -> None:
        """Move what is looked at by steps right and up: a glide, which a held key keeps going."""
        step = PAN_SHARE * min(self.width(), self.height())
        self._glide_to(self.viewport.panned(-dx * step, dy * step), PAN_MS)

    def look_at(self, viewport: Viewport) -> None:
        """Show another part of the mosaic, or another zoom, at once."""
        self._show(viewport)

    @property
    def pointed(self) -> tuple[float, float] | None:
        """Image position under the mouse; None when it is elsewhere."""
        if self._hover is None:
            return None
        return self.viewport.to_image(self._hover.x(), self._hover.y())

    def drag(self, dx: float, dy: float) -> None:
        """Move the sky with the mouse, by logical px."""
        self._show(self.viewport.panned(dx, dy))

    def centre_on(self, x: float, y: float) -> None:
        """Bring an image position to the middle: a short glide, a cut when it is far."""
        self._glide_to(self.viewport.centred(x, y), RECENTRE_MS)

    def _glide_to(self, end: Viewport, milliseconds: int) -> None:
        view, duration = self.viewport, theme.duration(milliseconds)
        if view.screens_to(end.x, end.y) > CUT_SCREENS or not duration or not self.isVisible():
            self._show(end)
            return
        self._glide.stop()
        self._glide.setDuration(duration)
        self._glide.setStartValue(QPointF(view.x, view.y))
        self._glide.setEndValue(QPointF(end.x, end.y))
        self._glide.start()

    def _glided(self, place: QPointF) -> None:
        self._show(self.viewport.centred(place.x(), place.y()), gliding=True)

    def _jump(self, x: float, y: float) -> None:
        self._show(self.viewport.centred(x, y))

    def _show(self, viewport: Viewport, gliding: bool = False) -> None:
        if not gliding:
            self._glide.stop()
        if viewport == self.viewport:
            return
        self.viewport = viewport
        project = self.session.project
        if project is not None and self._placed:
            project.view["place"] = [viewport.x, viewport.y, viewport.scale]
        self._place_overview()
        self._emit_read_out()
        self.viewport_changed.emit()
        self.update()

    # --- what to show ------------------------------------------------------------------------------------

    def shows(self, name: str) -> bool:
        """Whether a layer is drawn."""
        return self.layers[name].shown

    def toggle(self, name: str) -> None:
        """Draw a layer, or leave it out; what was measured with the ruler goes with it."""
        self.layers.toggle(name)
        if self.session.project is not None:
            self.session.project.view["layers"] = self.layers.remembered()
        self.shown_changed.emit()
        self.update()

    def _show_remembered(self) -> None:
        """Draw the layers that the project was last looked at with."""
        project = self.session.project
        kept = project.view.get("layers") if project is not None else None
        if isinstance(kept, list):
            self.layers.restore(kept)
            self.shown_changed.emit()

    def measure(self, start: QPointF, end: QPointF) -> None:
        """Lay the ruler between two points of the view."""
        self.ruler.lay(self.viewport, start, end)
        self.measured.emit()
        self.update()

    # --- the session -------------------------------------------------------------------------------------

    @Slot()
    def _take_project(self) -> None:
        self.close_feed()
        self._placed = False
        self._show_remembered()
        tiles = self.session.tiles
        self.overview.setVisible(tiles is not None)
        self.overview.set_image(None)
        self.marks.refresh()
        if tiles is not None:
            feed = TileFeed(tiles)
            self.canvas = MosaicCanvas(feed, self.session.levels, self.session.look, self)
            feed.setParent(self.canvas)
            feed.failed.connect(lambda problem: self.session.messaged.emit(problem_message(problem)))
            feed.arrived.connect(self._pixels_arrived)
            self.canvas.changed.connect(self.update)
            self.canvas.overview_changed.connect(self._overview_changed)
            self.viewport = Viewport(tiles.shape, width=self.width(), height=self.height())
            self._place_first()
        self.update()

    def _place_first(self) -> None:
        """Where the project was last looked at, else the whole mosaic; once the view has a size."""
        if self.canvas is None or self.width() < 50 or self.height() < 50 or not self.isVisible():
            return
        view = self.viewport.resized(self.width(), self.height())
        project = self.session.project
        place = project.view.get("place") if project is not None else None
        if isinstance(place, list) and len(place) == 3 and all(math.isfinite(v) for v in place):
            x, y, scale = place
            view = view.zoomed(scale / view.scale).centred(x, y)
        else:
            view = view.fitted()
        self._placed = True
        self._show(view)

    @Slot()
    def _take_look(self) -> None:
        if self.canvas is not None:
            self.canvas.refresh()
            self.canvas.set_look(self.session.look)

    @Slot()
    def _follow_selection(self) -> None:
        """Recentre on a source selected elsewhere, unless it is well in view."""
        place = self._selected_place()
        if place is None or self.canvas is None or not self._placed:
            return
        sx, sy = self.viewport.to_screen(*place)
        margin_x, margin_y = 0.15 * self.width(), 0.15 * self.height()
        inside = margin_x < sx < self.width() - margin_x and margin_y < sy < self.height() - margin_y
        if not inside:
            self.centre_on(*place)

    def _selected_place(self) -> tuple[float, float] | None:
        selected = self.session.selected
        return self.marks.place_of(selected) if selected is not None else None

    @Slot()
    def _overview_changed(self) -> None:
        if self.canvas is not None:
            image = self.canvas.overview()
            if image is not None:
                self.overview.set_image(image)

    # --- mouse -------------------------------------------------------------------------------------------

    def source_at(self, position: QPointF) -> int | None:
        """The id of the source that a click there means."""
        return self.marks.nearest(self.viewport, position.x(), position.y())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.mouse.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.mouse.move(event)
        self._hover = event.position()
        self._emit_read_out()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.mouse.release(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.mouse.double_click(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.canvas is not None:
            self.mouse.wheel(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QNativeGestureEvent) and self.mouse.gesture(event):
            return True
        return super().event(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._hover = None
        self.read_out.emit(None)
        self.cursor_moved.emit()

    def _emit_read_out(self) -> None:
        if self._hover is None or self.canvas is None:
            return
        x, y = self.viewport.to_image(self._hover.x(), self._hover.y())
        value = read_out(self.canvas.feed, x, y)
        self.cursor_moved.emit()
        if value is not None:
            self.canvas.feed.hover(math.floor(x + 0.5), math.floor(y + 0.5))
        self.read_out.emit(value)

    def read_out_at(self, place: tuple[float, float] | None) -> None:
        """Read out a place that is pointed at in another view; None: nowhere."""
        inside = read_out(self.canvas.feed, *place) if self.canvas is not None and place is not None else None
        if inside is not None and self.canvas is not None:
            self.canvas.feed.hover(math.floor(inside.x + 0.5), math.floor(inside.y + 0.5))
        self.read_out.emit(inside)

    @Slot(object)
    def _pixels_arrived(self, key: object) -> None:
        if self.canvas is not None and self.canvas.feed.hovers(key):
            self._emit_read_out()

    # --- painting ----------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        return QSize(760, 760)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 200)

    def resizeEvent(self, event: QResizeEvent) -> None:
        whole = math.isclose(self.viewport.scale, self.viewport.fit_scale, rel_tol=1e-6)
        resized = self.viewport.resized(self.width(), self.height())
        if not self._placed:
            self.viewport = resized
            self._place_first()
        else:
            self._show(resized.fitted() if whole else resized)
        self._place_overview()

    def showEvent(self, event: QEvent) -> None:
        if not self._placed:
            self._place_first()

    def _place_overview(self) -> None:
        self.overview.set_low(self.window().height() < LOW_WINDOW)
        self.overview.set_viewport(self.viewport, self.devicePixelRatioF())
        self.overview.move(self.width() - self.overview.width() - MARGIN, MARGIN)

    @property
    def placing(self) -> Placing:
        """How the mosaic's pixels lie on screen."""
        return Placing(self.viewport)

    def paint_layers(self, painter: QPainter, names: Collection[str]) -> None:
        """Draw these layers, the lowest first."""
        mosaic = self.session.mosaic
        for name, layer in self.layers.items():
            if mosaic is not None and name in names:
                layer.paint(painter, self, mosaic)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        mosaic = self.session.mosaic
        if self.canvas is None or mosaic is None or not self._placed:
            painter.fillRect(self.rect(), QColor(theme.SKY.behind_sky))
            return
        eye = None if self._hover is None else self.viewport.to_image(self._hover.x(), self._hover.y())
        self.canvas.paint(painter, self.viewport, self.devicePixelRatioF(), eye)
        self.paint_layers(painter, [name for name, layer in self.layers.items() if layer.shown])
        if self.mouse.box is not None:
            theme.paint_box(painter, self.mouse.box, "#20FFFFFF", INK, radius=2)
