"""The navigator: the whole mosaic small, what is in view framed, the zoom with its menu below; click or drag to go."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from astrotl_gui.gui import theme
from astrotl_gui.gui.sky_ink import HALO, INK, lines, stroke, write
from astrotl_gui.gui.viewport import Viewport

SIDE, SIDE_LOW = 128, 96
LOW_WINDOW = 800
"""Below this window height the navigator is smaller."""
ZOOM_ROOM = 26
CARET = 13
FRAME = "#8E8E8E"


class Overview(QWidget):
    """`wanted(x, y)` is the image position the user points at; `menu_wanted(where)` asks for the zooms, on screen."""

    wanted = Signal(float, float)
    menu_wanted = Signal(QPoint)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self._viewport: Viewport | None = None
        self._percent = ""
        self._side = SIDE
        self._on_zoom = self._dragged = False
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.setAccessibleName("Overview")

    def set_image(self, image: QImage | None) -> None:
        self._image = image
        self.update()

    def set_viewport(self, viewport: Viewport, ratio: float) -> None:
        """Frame what is in view; 100 % is one image pixel on one device pixel."""
        self._viewport = viewport
        self._percent = percent(viewport.scale * ratio)
        self.resize(self.sizeHint())
        self.update()

    def set_low(self, low: bool) -> None:
        """Take less room in a low window."""
        self._side = SIDE_LOW if low else SIDE
        self.resize(self.sizeHint())

    def sizeHint(self) -> QSize:
        box = self._box()
        return QSize(round(box.width()), round(box.height()) + ZOOM_ROOM)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._viewport is None:
            return
        painter = QPainter(self)
        box = self._box()
        painter.fillRect(box, QColor(theme.SKY.behind_sky))
        if self._image is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(box, self._image)
        thin = theme.hairline(painter)
        _frame(painter, box, thin, QColor(FRAME))
        shown = self._shown(box)
        if shown.width() < box.width() - 2 or shown.height() < box.height() - 2:
            _frame(painter, shown.adjusted(-1, -1, 1, 1) & box, 3 * thin, HALO)
            _frame(painter, shown, 2 * thin, QColor(INK))
        right, ink = box.right() - CARET - 1, INK if self._on_zoom else theme.SKY.text
        write(
            painter, QPointF(right, box.bottom() + 14), self._percent, ink, align=Qt.AlignmentFlag.AlignRight
        )
        x, y = box.right() - 5, box.bottom() + 15
        stroke(painter, lines((x - 3, y - 2, x, y + 1), (x, y + 1, x + 3, y - 2)), ink)

    def _box(self) -> QRectF:
        """Where the mosaic is drawn: as large as the side allows, in its own proportions."""
        ny, nx = self._viewport.shape if self._viewport is not None else (1, 1)
        scale = self._side / max(nx, ny)
        return QRectF(0, 0, max(nx * scale, 24), max(ny * scale, 24))

    def _shown(self, box: QRectF) -> QRectF:
        """The frame around what is in view, never too small to see."""
        assert self._viewport is not None
        ny, nx = self._viewport.shape
        x0, y0, x1, y1 = self._viewport.box
        sx, sy = box.width() / nx, box.height() / ny
        frame = QRectF((x0 + 0.5) * sx, (ny - 0.5 - y1) * sy, (x1 - x0) * sx, (y1 - y0) * sy) & box
        if frame.width() < 6 or frame.height() < 6:
            middle = frame.center()
            frame.setSize(frame.size().expandedTo(QSize(6, 6).toSizeF()))
            frame.moveCenter(middle)
        return frame & box

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._dragged = not self._over_zoom(event.position())
        if self._dragged:
            self._point(event)
        else:
            self.menu_wanted.emit(self.mapToGlobal(QPoint(0, self.height())))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton and self._dragged:
            self._point(event)
        self._light_zoom(self._over_zoom(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._light_zoom(False)

    def _over_zoom(self, position: QPointF) -> bool:
        return position.y() > self._box().bottom()

    def _light_zoom(self, on: bool) -> None:
        if on != self._on_zoom:
            self._on_zoom = on
            self.setToolTip("Zoom" if on else "")
            self.update()

    def _point(self, event: QMouseEvent) -> None:
        if self._viewport is None or event.buttons() != Qt.MouseButton.LeftButton:
            return
        box = self._box()
        ny, nx = self._viewport.shape
        x = event.position().x() / box.width() * nx - 0.5
        y = ny - 0.5 - event.position().y() / box.height() * ny
        self.wanted.emit(x, y)


def percent(scale: float) -> str:
    """A zoom in words: "180 %", "3.1 %"."""
    value = 100 * scale
    return f"{value:.0f} %" if value >= 9.95 else f"{value:.1f} %"


def _frame(painter: QPainter, rect: QRectF, width: float, colour: QColor) -> None:
    """A rectangle's border drawn inside it, on whole device pixels."""
    ratio = painter.device().devicePixelRatioF()
    left, top, right, bottom = (
        round(v * ratio) / ratio for v in (rect.left(), rect.top(), rect.right(), rect.bottom())
    )
    across, down = right - left, bottom - top
    painter.fillRect(QRectF(left, top, across, width), colour)
    painter.fillRect(QRectF(left, bottom - width, across, width), colour)
    painter.fillRect(QRectF(left, top + width, width, down - 2 * width), colour)
    painter.fillRect(QRectF(right - width, top + width, width, down - 2 * width), colour)
