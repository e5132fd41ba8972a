"""The chart of an evaluation: share found against labels, ours strong, the others by tone and dashes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from . import theme

if TYPE_CHECKING:
    from astrotl_gui.pipeline.evaluate import Evaluation

OURS, CHANCE = "ours", "random"
DASHES = ((), (6, 3), (2, 2), (8, 3, 2, 3))
TONES = ("text", "text2", "border")


def curve_pen(method: str, number: int) -> QPen:
    """How the curve of a method is drawn; `number` tells the others apart."""
    if method == OURS:
        return _pen("selection", 2.4)
    if method == CHANCE:
        return _pen("text3", 1.4, (1, 3))
    return _pen(TONES[number // len(DASHES) % len(TONES)], 1.4, DASHES[number % len(DASHES)])


def _pen(tone: str, width: float, dashes: tuple[int, ...] = ()) -> QPen:
    pen = QPen(theme.color(tone), width)
    pen.setCosmetic(True)  # as wide on every scale
    if dashes:
        pen.setDashPattern([float(length) for length in dashes])
    return pen


class PenSample(QWidget):
    """A short piece of a curve, for the table beside the chart."""

    def __init__(self, pen: QPen) -> None:
        super().__init__()
        self.pen = pen
        self.setFixedSize(theme.scaled(36), theme.scaled(20))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, box = QPainter(self), QRectF(self.rect())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self.pen)
        middle = box.center().y()
        painter.drawLine(QPointF(box.left() + 2, middle), QPointF(box.right() - 2, middle))


class EvaluationChart(QWidget):
    """Curves of an evaluation, each shown or hidden; the line of chance is always there."""

    def __init__(self) -> None:
        super().__init__()
        t = theme.tokens()
        self.plot = pg.PlotWidget(background=t.window)
        self.plot.setAccessibleName("Share found against labels")
        self.plot.setMenuEnabled(False)
        self.plot.hideButtons()
        self.plot.setMouseEnabled(x=False, y=False)
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.plot.showGrid(x=True, y=True, alpha=0.15)
        for side, text in (("bottom", "Labels"), ("left", "Share found")):
            axis = self.plot.getAxis(side)
            axis.setPen(t.line)
            axis.setTextPen(t.text2)
            axis.setTickFont(theme.font(11))
            axis.setLabel(text, **{"color": t.text2, "font-size": f"{theme.scaled(12)}px"})
            axis.enableAutoSIPrefix(False)
        self.plot.setYRange(0, 1, padding=0.02)
        self.curves: dict[str, pg.PlotDataItem] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.plot)
        self.setMinimumSize(theme.scaled(380), theme.scaled(300))

    def show_evaluation(self, found: Evaluation) -> None:
        """Draw every method's mean recall; a band of ± one sd around ours."""
        self.plot.clear()
        self.curves = {}
        chance = found.chance
        self.plot.plot(chance.labels, chance.recall, pen=curve_pen(CHANCE, 0), antialias=True)
        for number, (name, curve) in enumerate(found.curves.items()):
            if name == CHANCE:
                continue
            if name == OURS:
                self._band(curve.labels, curve.recall, curve.scatter)
            self.curves[name] = self.plot.plot(
                curve.labels, curve.recall, pen=curve_pen(name, number), antialias=True
            )
            self.curves[name].setZValue(2 if name == OURS else 1)
        first, last = int(chance.labels[0]), int(chance.labels[-1])
        self.plot.setXRange(first, max(last, first + 1), padding=0.02)

    def set_shown(self, method: str, shown: bool) -> None:
        """Show or hide the curve of a method."""
        if method in self.curves:
            self.curves[method].setVisible(shown)

    def _band(self, labels: np.ndarray, recall: np.ndarray, scatter: np.ndarray) -> None:
        colour = theme.color("selection")
        colour.setAlpha(36)
        none = QPen(Qt.PenStyle.NoPen)
        edges = [
            pg.PlotCurveItem(labels.astype(float), recall + sign * scatter, pen=none) for sign in (-1, 1)
        ]
        for edge in edges:
            self.plot.addItem(edge)
        self.plot.addItem(pg.FillBetweenItem(*edges, brush=colour))
