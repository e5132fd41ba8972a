"""The histogram of what is shown, with a handle for black and one for white."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from astrotl_gui.gui import theme

WIDTH, HEIGHT = 132, 32
BOX_TOP, BOX_HEIGHT = 5, 22
EDGE = 5
"""Room [px] left and right of the axis, so that a handle at its end can be taken."""
BAR_STEP = 3
KNOB = 3.0
TAKE_PX = 9.0
SOFT = 4.0
"""The axis turns from linear to logarithmic at this many σ."""
LOWEST = -5.0


class Histogram(QWidget):
    """Black and white [σ above the sky] over the histogram of intensities.

    `moved(black, white)` while a handle is dragged; `reset()` on a double click.
    """

    moved = Signal(float, float)
    reset = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.black, self.white = 0.0, 100.0
        self._highest = 1000.0
        self._values: NDArray[np.float32] = np.empty(0, np.float32)
        self._bars: NDArray[np.float64] = np.empty(0)
        self._taken = ""
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Histogram")

    def set_values(self, intensities: NDArray[np.float32]) -> None:
        """Show the distribution of these intensities [σ above the sky, any shape]."""
        self._values = intensities[np.isfinite(intensities)]
        if self._values.size:
            self._highest = max(float(self._values.max()), 10.0)
        self._count()

    def set_levels(self, black: float, white: float) -> None:
        """Place the handles."""
        self.black, self.white = black, white
        self.setAccessibleDescription(f"Black {_sigma(black)}, white {_sigma(white)}")
        if self._taken == "":
            self._count()
        self.update()

    def _count(self) -> None:
        """Heights of the bars (0–1): logarithm of how many pixels each one holds."""
        count = max(int(self._span() // BAR_STEP), 1)
        edges = self._sigma_at(EDGE + np.linspace(0, self._span(), count + 1))
        found, _ = np.histogram(self._values, edges)
        self._bars = np.log1p(found) / max(float(np.log1p(found).max()), 1e-9)
        self.update()

    # --- the axis ----------------------------------------------------------------------------------------

    def _span(self) -> float:
        return self.width() - 2.0 * EDGE

    def _ends(self) -> tuple[float, float]:
        highest = max(self._highest, self.white, self.black + 1) if self._taken == "" else self._highest
        return math.asinh(min(LOWEST, self.black) / SOFT), math.asinh(1.15 * highest / SOFT)

    def _x_of(self, sigma: float) -> float:
        low, high = self._ends()
        share = (math.asinh(sigma / SOFT) - low) / (high - low)
        return EDGE + min(max(share, 0.0), 1.0) * self._span()

    def _sigma_at(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        low, high = self._ends()
        return SOFT * np.sinh(low + (x - EDGE) / self._span() * (high - low))

    # --- painting ----------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(WIDTH), theme.scaled(HEIGHT))

    def resizeEvent(self, event: QEvent) -> None:
        self._count()

    def paintEvent(self, event: QPaintEvent) -> None:
        t, painter = theme.tokens(), QPainter(self)
        box = QRectF(0, theme.scaled(BOX_TOP), self.width(), theme.scaled(BOX_HEIGHT))
        theme.paint_box(painter, box, t.window, radius=4)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        room = box.height() - 5
        for index, share in enumerate(self._bars):
            if share > 0:
                height = max(share * room, 1)
                bar = QRectF(EDGE + index * BAR_STEP, box.bottom() - 2 - height, BAR_STEP - 1, height)
                painter.fillRect(bar, QColor(t.text3))
        for which, sigma in (("black", self.black), ("white", self.white)):
            self._paint_handle(painter, box, self._x_of(sigma), self._taken == which)

    def _paint_handle(self, painter: QPainter, box: QRectF, x: float, taken: bool) -> None:
        t = theme.tokens()
        colour = QColor(t.selection if taken else t.text)
        ratio = self.devicePixelRatioF()
        wide = max(1, round(2 * ratio)) / ratio
        left = round((x - wide / 2) * ratio) / ratio
        painter.fillRect(QRectF(left, box.top() - 3, wide, box.height() + 5), colour)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawEllipse(QPointF(left + wide / 2, box.bottom() + 1), KNOB, KNOB)

    # --- mouse -------------------------------------------------------------------------------------------

    def handle_at(self, x: float) -> str:
        """ "black", "white" or "": the handle that a press at `x` takes."""
        away = {"black": abs(x - self._x_of(self.black)), "white": abs(x - self._x_of(self.white))}
        nearest = min(away, key=lambda which: away[which])
        if away["black"] == away["white"]:
            nearest = "white" if x >= self._x_of(self.black) else "black"
        return nearest if away[nearest] <= TAKE_PX else ""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._taken = self.handle_at(event.position().x())
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x = event.position().x()
        if not self._taken:
            self.setCursor(Qt.CursorShape.SizeHorCursor if self.handle_at(x) else Qt.CursorShape.ArrowCursor)
            return
        x = min(max(x, EDGE), EDGE + self._span())
        sigma = float(self._sigma_at(np.array([x]))[0])
        if self._taken == "black":
            self.black = min(sigma, self.white - 0.5)
        else:
            self.white = max(sigma, self.black + 0.5)
        text = f"{self._taken.capitalize()} {_sigma(self.black if self._taken == 'black' else self.white)}"
        QToolTip.showText(event.globalPosition().toPoint(), text, self)
        self.update()
        self.moved.emit(self.black, self.white)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._taken = ""
        self._count()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._taken = ""
        self.reset.emit()


def _sigma(value: float) -> str:
    """ "1.2 σ above the sky" with a real minus sign."""
    size = f"{abs(value):.1f}" if abs(value) < 10 else f"{abs(value):,.0f}"
    return f"{size} σ {'below' if value < 0 else 'above'} the sky"
