"""Mouse and touchpad on the mosaic: pan, zoom, select, box, ruler, black and stretch by right-drag."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QInputDevice, QMouseEvent, QNativeGestureEvent, QWheelEvent

from astrotl_gui.gui import looks

if TYPE_CHECKING:
    from astrotl_gui.gui.companion_view import CompanionView
    from astrotl_gui.gui.mosaic_view import MosaicView

STILL_PX = 4.0
"""A press that moves less than this is a click."""
WHEEL_FACTOR = 1.25
SIGMA_PER_PX = 0.04
SOFTNESS_PER_PX = 0.012


class MosaicMouse(QObject):
    """Turns mouse events of a view into its verbs. `box` is the selection box being drawn [logical px]."""

    clicked = Signal(QPointF, object)
    """A click with the left button: where, and the keyboard modifiers."""
    double_clicked = Signal(QPointF)
    menu_wanted = Signal(QPointF)
    box_drawn = Signal(QRectF, object)
    """A box drawn with Shift held: where, and the keyboard modifiers."""

    def __init__(self, view: MosaicView | CompanionView) -> None:
        super().__init__(view)
        self._view = view
        self._button = Qt.MouseButton.NoButton
        self._start = self._last = QPointF()
        self._modifiers = Qt.KeyboardModifier.NoModifier
        self._moved = False
        self.box: QRectF | None = None

    def press(self, event: QMouseEvent) -> None:
        if self._button == Qt.MouseButton.NoButton:
            self._button = event.button()
            self._start = self._last = event.position()
            self._modifiers = event.modifiers()
            self._moved = False

    def move(self, event: QMouseEvent) -> None:
        if self._button == Qt.MouseButton.NoButton:
            return
        position = event.position()
        away = position - self._start
        if not self._moved and math.hypot(away.x(), away.y()) < STILL_PX:
            return
        self._moved = True
        step = position - self._last
        self._last = position
        if self._button == Qt.MouseButton.RightButton:
            self._shift_look(step)
        elif self._button == Qt.MouseButton.MiddleButton:
            self._view.drag(step.x(), step.y())
        elif self._modifiers & Qt.KeyboardModifier.ShiftModifier:
            self.box = QRectF(self._start, position).normalized()
            self._view.update()
        elif self._view.shows("ruler"):
            self._view.measure(self._start, position)
        else:
            self._view.drag(step.x(), step.y())
            self._view.setCursor(Qt.CursorShape.ClosedHandCursor)

    def release(self, event: QMouseEvent) -> None:
        if event.button() != self._button:
            return
        self._button, moved = Qt.MouseButton.NoButton, self._moved
        self._view.unsetCursor()
        if self.box is not None:
            drawn, self.box = self.box, None
            self._view.update()
            self.box_drawn.emit(drawn, self._modifiers)
        elif not moved and event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(self._start, self._modifiers)
        elif not moved and event.button() == Qt.MouseButton.RightButton:
            self.menu_wanted.emit(self._start)

    def double_click(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.double_clicked.emit(event.position())

    def cancel(self) -> None:
        """Give up the drag that is going on."""
        self._button, self.box = Qt.MouseButton.NoButton, None
        self._view.unsetCursor()
        self._view.update()

    def wheel(self, event: QWheelEvent) -> None:
        """A wheel zooms about the cursor; two fingers pan, with Ctrl they zoom too."""
        pixels, turn = event.pixelDelta(), event.angleDelta()
        fingers = event.device().type() == QInputDevice.DeviceType.TouchPad and not pixels.isNull()
        if fingers and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._view.drag(pixels.x(), pixels.y())
        else:
            # Alt turns the wheel sideways on some systems.
            notches = (turn.y() or turn.x()) / 120
            self._view.zoom_by(WHEEL_FACTOR**notches, event.position())
        event.accept()

    def gesture(self, event: QNativeGestureEvent) -> bool:
        """A pinch zooms about the fingers; whether the event was one."""
        if event.gestureType() != Qt.NativeGestureType.ZoomNativeGesture:
            return False
        self._view.zoom_by(max(1 + event.value(), 0.1), event.position())
        return True

    def _shift_look(self, step: QPointF) -> None:
        """Right-drag: ↔ black, ↕ stretch; up lifts the faint parts."""
        shown = self._view.shown
        look = looks.by_hand(shown)
        look = look.with_(black=look.black + step.x() * SIGMA_PER_PX)
        shown.set_look(looks.hardened(look, math.exp(step.y() * SOFTNESS_PER_PX)))
