"""How well a parameter is estimated: left-out estimates against the given values, errors against magnitude."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.estimates import Estimates, brightness

from . import theme
from .evaluation_chart import new_plot, pen

MOST_DOTS = 4000
"""More are not told apart; a seeded sample is drawn."""
DOT, SMALL_DOT, RING, AXIS, LEAST = 6, 4, 16, 52, 230
INNER = (0.2, 99.8)
"""Percentiles: the axes reach half their distance beyond them, not to each wild value."""


class ParameterCharts(QWidget):
    """`chosen(id)`: a click on a point. Both charts ring the same source."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(20)
        self.fit = new_plot(
            "Estimate against given value", "Given", "Estimated, its part of the sky left out", "pane"
        )
        self.error = new_plot("Error against magnitude", "", "Estimated − given", "pane")
        self._dots, self._rings = [], []
        for plot in (self.fit, self.error):
            plot.setMinimumSize(theme.scaled(260), theme.scaled(LEAST))
            plot.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
            plot.getAxis("left").setWidth(theme.scaled(AXIS))
            dots = pg.ScatterPlotItem()
            dots.sigClicked.connect(self._clicked)
            ring = pg.ScatterPlotItem(
                symbol="o", size=theme.scaled(RING), brush=None, pen=pen("selection", 2)
            )
            ring.setZValue(4)
            self._dots.append(dots)
            self._rings.append(ring)
            row.addWidget(plot, 1)
        self._ids: NDArray[np.int64] = np.empty(0, np.int64)
        self._at: list[tuple[np.ndarray, np.ndarray]] = []

    def show_estimates(self, made: Estimates, catalog: Catalog) -> None:
        """Draw one parameter of the sources of a catalog."""
        known = np.flatnonzero(made.known)
        truth, value = made.truth[known], made.left_out[known]
        self._ids = made.ids[known]
        bright, name = brightness(catalog, self._ids)
        self._at = [(truth, value), (bright, value - truth)]
        unit = f" [{made.unit}]" if made.unit else ""
        self.fit.setLabel("bottom", f"{made.name} given{unit}")
        self.error.setLabel("bottom", name)
        self._draw(self.fit, 0)
        self._draw(self.error, 1)
        low, high = _span(np.concatenate([truth, value]))
        self.fit.setRange(xRange=(low, high), yRange=(low, high), padding=0)
        self.fit.addItem(_line((low, low), (high, high)))
        self.error.setXRange(*_span(bright), padding=0)
        self.error.setYRange(*_span(value - truth), padding=0)
        self.error.addItem(pg.InfiniteLine(0, angle=0, pen=pen("text2", 1.2, (4, 3))), ignoreBounds=True)

    def ring(self, source: int | None) -> bool:
        """Ring a source; whether it is one of the known."""
        found = np.flatnonzero(self._ids == source) if source is not None else np.empty(0, np.int64)
        for (x, y), ring in zip(self._at, self._rings, strict=True):
            shown = found[np.isfinite(x[found])]
            ring.setData(x=x[shown], y=y[shown])
        return len(found) > 0

    def _draw(self, plot: pg.PlotWidget, number: int) -> None:
        x, y = self._at[number]
        some = np.random.default_rng(0).permutation(len(x))[:MOST_DOTS]
        some = some[np.isfinite(x[some])]
        colour = theme.color("text")
        many = len(some) > 500
        colour.setAlpha(70 if many else 180)
        plot.clear()
        self._dots[number].setData(
            x=x[some],
            y=y[some],
            data=self._ids[some].tolist(),
            size=theme.scaled(SMALL_DOT if many else DOT),
            pen=None,
            brush=colour,
        )
        plot.addItem(self._dots[number])
        plot.addItem(self._rings[number])

    def _clicked(self, item: Any, points: Any, event: Any) -> None:
        if not len(points):
            return
        width, height = item.getViewBox().viewPixelSize()
        off = [
            np.hypot(
                (point.pos().x() - event.pos().x()) / width, (point.pos().y() - event.pos().y()) / height
            )
            for point in points
        ]
        self.chosen.emit(int(points[int(np.argmin(off))].data()))  # of those that overlap the nearest


def _line(start: tuple[float, float], end: tuple[float, float]) -> pg.PlotDataItem:
    return pg.PlotDataItem([start[0], end[0]], [start[1], end[1]], pen=pen("text2", 1.2, (4, 3)))


def _span(values: np.ndarray) -> tuple[float, float]:
    values = values[np.isfinite(values)]
    if not len(values):
        return 0.0, 1.0
    inner = np.percentile(values, INNER)
    far = 0.5 * float(np.ptp(inner))
    low, high = max(values.min(), inner[0] - far), min(values.max(), inner[1] + far)
    room = 0.04 * ((high - low) or abs(high) or 1.0)
    return float(low - room), float(high + room)
