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
        return pen("selection", 2.4)
    if method == CHANCE:
        return pen("text3", 1.4, (1, 3))
    return pen(TONES[number // len(DASHES) % len(TONES)], 1.4, DASHES[number % len(DASHES)])


def pen(tone: str, width: float, dashes: tuple[int, ...] = ()) -> QPen:
    """A pen in the colour of a token, as wide on every scale; `dashes` in widths of the pen."""
    made = QPen(theme.color(tone), width)
    made.setCosmetic(True)
    if dashes:
        made.setDashPattern([float(length) for length in dashes])
    return made


def new_plot(name: str, bottom: str, left: str, surface: str = "window") -> pg.PlotWidget:
    """An empty chart that stands still, on a surface of this token, with these texts along its axes."""
    t = theme.tokens()
    plot = pg.PlotWidget(background=getattr(t, surface))
    plot.setAccessibleName(name)
    plot.setMenuEnabled(False)
    plot.hideButtons()
    plot.setMouseEnabled(x=False, y=False)
    plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    plot.showGrid(x=True, y=True, alpha=0.15)
    for side, text in (("bottom", bottom), ("left", left)):
        axis = plot.getAxis(side)
        axis.setPen(t.line)
        axis.setTextPen(t.text2)
        axis.setTickFont(theme.font(11))
        if text:
            axis.setLabel(text, **{"color": t.text2, "font-size": f"{theme.scaled(12)}px"})
        axis.enableAutoSIPrefix(False)
    return plot


def fill_between(
    plot: pg.PlotWidget, x: np.ndarray, low: np.ndarray, high: np.ndarray, tone: str, alpha: int
) -> pg.FillBetweenItem:
    """Fill a band of a chart with a token's colour; `alpha` 0–255."""
    colour = theme.color(tone)
    colour.setAlpha(alpha)
    edges = [pg.PlotCurveItem(x.astype(float), edge, pen=QPen(Qt.PenStyle.NoPen)) for edge in (low, high)]
    for edge in edges:
        plot.addItem(edge)
    band = pg.FillBetweenItem(*edges, brush=colour)
    plot.addItem(band)
    return band


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
        self.plot = new_plot("Share found against labels", "Labels", "Share found")
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
                low, high = curve.recall - curve.scatter, curve.recall + curve.scatter
                fill_between(self.plot, curve.labels, low, high, "selection", 36)
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
