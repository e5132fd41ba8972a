"""The histogram of what is shown, with handles for black, mid and white."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from astrotl_gui.core.stretch import Curve, Spread
from astrotl_gui.gui import theme

WIDTH, HEIGHT = 132, 32
ABOVE, BELOW = 5, 5
"""Room [px] over and under the box, for the ends of the handles."""
EDGE = 5
"""Room [px] left and right of the axis, so that a handle at its end can be taken."""
BAR_STEP = 3
KNOB = 3.0
TAKE_PX = 9.0
SOFT = 4.0
"""The axis turns from linear to logarithmic at this many σ."""
LOWEST = -5.0
HANDLES = ("mid", "black", "white")
"""The lowest first."""


class Histogram(QWidget):
    """Black, mid and white [σ above the sky] over the histogram of intensities; mid is what shows half bright.

    `moved(which, sigma)` while the handle "black", "mid" or "white" is dragged; `reset()` on a double click.
    """

    moved = Signal(str, float)
    reset = Signal()

    def __init__(self, height: int = HEIGHT, fill: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.black, self.mid, self.white = 0.0, 10.0, 100.0
        self._height = height
        self._spread: Spread | None = None
        self._bars: NDArray[np.float64] = np.empty(0)
        self._taken = ""
        self.setMouseTracking(True)
        policy = QSizePolicy.Policy
        self.setSizePolicy(policy.Expanding if fill else policy.Fixed, policy.Fixed)
        self.setAccessibleName("Histogram")

    def show_curve(self, curve: Curve, spread: Spread | None) -> None:
        """Place the handles at a curve's black, mid and white, over these intensities (None: no bars)."""
        self.black, self.mid, self.white = curve.black, curve.mid, curve.white
        told = f"Black {_sigma(self.black)}, mid {_sigma(self.mid)}, white {_sigma(self.white)}"
        self.setAccessibleDescription(told)
        self._spread = spread
        if self._taken == "":
            self._count()
        self.update()

    @property
    def _highest(self) -> float:
        return max(float(self._spread.sigma[-1]), 10.0) if self._spread is not None else 1000.0

    def _count(self) -> None:
        """Heights of the bars (0–1): logarithm of how many pixels each one holds."""
        count = max(int(self._span() // BAR_STEP), 1)
        edges = self._sigma_at(EDGE + np.linspace(0, self._span(), count + 1))
        sigma = self._spread.sigma if self._spread is not None else np.empty(0)
        found = np.log1p(np.diff(np.searchsorted(sigma, edges)))
        self._bars = found / max(float(found.max()), 1e-9)
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
        return QSize(theme.scaled(WIDTH), theme.scaled(self._height))

    def resizeEvent(self, event: QEvent) -> None:
        self._count()

    def paintEvent(self, event: QPaintEvent) -> None:
        t, painter = theme.tokens(), QPainter(self)
        box = QRectF(0, ABOVE, self.width(), self.height() - ABOVE - BELOW)
        theme.paint_box(painter, box, t.window, radius=4)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        room = box.height() - 5
        for index, share in enumerate(self._bars):
            if share > 0:
                height = max(share * room, 1)
                bar = QRectF(EDGE + index * BAR_STEP, box.bottom() - 2 - height, BAR_STEP - 1, height)
                painter.fillRect(bar, QColor(t.text3))
        for which in HANDLES:
            self._paint_handle(painter, box, self._x_of(getattr(self, which)), which)

    def _paint_handle(self, painter: QPainter, box: QRectF, x: float, which: str) -> None:
        """A bar with a knob; that of mid is thin, and its knob hollow."""
        t, mid = theme.tokens(), which == "mid"
        colour = QColor(t.selection if self._taken == which else t.text2 if mid else t.text)
        ratio = self.devicePixelRatioF()
        wide = max(1, round((1 if mid else 2) * ratio)) / ratio
        left = round((x - wide / 2) * ratio) / ratio
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.fillRect(QRectF(left, box.top() - 3, wide, box.height() + 5), colour)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour, 1.5) if mid else Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t.pane) if mid else colour)
        painter.drawEllipse(QPointF(left + wide / 2, box.bottom() + 1), KNOB, KNOB)

    # --- mouse -------------------------------------------------------------------------------------------

    def handle_at(self, x: float) -> str:
        """ "black", "mid", "white" or "": the handle that a press at `x` takes."""
        away = {which: abs(x - self._x_of(getattr(self, which))) for which in ("black", "white", "mid")}
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
            sigma = self.black = min(sigma, self.white - 0.5)
        elif self._taken == "white":
            sigma = self.white = max(sigma, self.black + 0.5)
        else:
            sigma = self.mid = min(max(sigma, self.black), self.white)
        text = f"{self._taken.capitalize()} {_sigma(sigma)}"
        QToolTip.showText(event.globalPosition().toPoint(), text, self)
        self.update()
        self.moved.emit(self._taken, sigma)

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
