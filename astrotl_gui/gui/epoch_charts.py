"""A source against date: its flux with errors, and how far each epoch is from its nearest other one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPen
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from astrotl_gui.core.epoch_table import EpochTable
from astrotl_gui.core.variability import Variability

from . import theme
from .controls import Label
from .evaluation_chart import fill_between, new_plot, pen
from .facts import flux_text
from .train_card import Card

POINT, CHOSEN = 9, 17
AXIS, LEAST = 64, 56


class EpochChart(Card):
    """Points against date: full ones count, flagged ones are hollow, the one in front has a ring.

    `chosen(number)`: a click on a point.
    """

    chosen = Signal(int)

    def __init__(self, title: str, unit: str, bottom: str = "", parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        self.plot = new_plot(title, bottom, unit, "pane")
        self.plot.setMinimumHeight(LEAST)
        self.plot.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.plot.getAxis("left").setWidth(theme.scaled(AXIS))
        self.points = pg.ScatterPlotItem()
        self.ring = pg.ScatterPlotItem(
            symbol="o", size=theme.scaled(CHOSEN), brush=None, pen=pen("selection", 2)
        )
        self.points.sigClicked.connect(self._clicked)
        self.says = Label("", 12, 400, "text2")
        self.head.addWidget(self.says)
        self.column.addWidget(self.plot, 1)
        self._at: tuple[np.ndarray, np.ndarray] = (np.empty(0), np.empty(0))

    def draw(
        self, mjd: np.ndarray, values: np.ndarray, flagged: np.ndarray, errors: np.ndarray | None
    ) -> None:
        """Draw values against date; NaN are left out."""
        self.plot.clear()
        self.says.setText("")
        known = np.flatnonzero(np.isfinite(values))
        self._at = (mjd, values)
        if errors is not None:
            drawn = known[np.isfinite(errors[known])]
            bars = pg.ErrorBarItem(
                x=mjd[drawn], y=values[drawn], height=2 * errors[drawn], pen=pen("text3", 1.2), beam=0
            )
            self.plot.addItem(bars)
        full, hollow = theme.color("text"), theme.color("pane")
        self.points.setData(
            x=mjd[known], y=values[known], data=known.tolist(), symbol="o", size=theme.scaled(POINT),
            pen=[pen("no" if flagged[k] else "text", 1.6) for k in known],
            brush=[hollow if flagged[k] else full for k in known],
        )  # fmt: skip
        self.points.setZValue(3)
        self.ring.setZValue(4)
        self.plot.addItem(self.points)
        self.plot.addItem(self.ring)
        self._frame(mjd, values[known], None if errors is None else errors[known])

    def _frame(self, mjd: np.ndarray, values: np.ndarray, errors: np.ndarray | None) -> None:
        self.plot.getAxis("left").setStyle(showValues=bool(len(values)))
        if not len(values):
            self.says.setText("Not measured in any epoch")
            values = np.zeros(1)
            errors = None
        span = float(np.ptp(mjd)) or 1.0
        self.plot.setXRange(mjd.min() - 0.04 * span, mjd.max() + 0.04 * span, padding=0)
        spread = np.nan_to_num(errors) if errors is not None else np.zeros(len(values))
        low, high = float((values - spread).min()), float((values + spread).max())
        room = 0.08 * ((high - low) or abs(high) or 1.0)
        self.plot.setYRange(low - room, high + room, padding=0)

    def show_chosen(self, number: int) -> None:
        """Ring the point of this epoch."""
        mjd, values = self._at
        there = number < len(values) and np.isfinite(values[number])
        self.ring.setData(x=[mjd[number]] if there else [], y=[values[number]] if there else [])

    def level(self, value: float, text: str, pens: QPen) -> None:
        """A horizontal line, and at the right of the title what it is."""
        self.plot.addItem(pg.InfiniteLine(value, angle=0, pen=pens), ignoreBounds=True)
        self.says.setText(text)

    def _clicked(self, item: Any, points: Any, event: Any) -> None:
        if len(points):
            self.chosen.emit(int(points[0].data()))


class EpochCharts(QWidget):
    """Flux over distance, on one time axis."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.flux = EpochChart("Flux", "")
        self.distance = EpochChart("Distance to the nearest other epoch", "", "MJD (UTC)")
        self.distance.plot.setXLink(self.flux.plot)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self.flux, 1)
        column.addWidget(self.distance, 1)
        for chart in (self.flux, self.distance):
            chart.chosen.connect(self.chosen)
            chart.plot.setCursor(Qt.CursorShape.ArrowCursor)

    def show_source(self, table: EpochTable, row: int, found: Variability) -> None:
        """Draw the source in a row of the table; `found`: how it varies without flagged epochs."""
        mjd, flagged = table.mjd, table.flagged[row]
        self.flux.draw(mjd, table.flux[row], flagged, table.error[row])
        mean, error = float(found.mean[0]), float(found.mean_error[0])
        if np.isfinite(mean):
            x = np.array(self.flux.plot.getViewBox().viewRange()[0])
            fill_between(self.flux.plot, x, np.full(2, mean - error), np.full(2, mean + error), "text3", 60)
            self.flux.level(mean, f"— mean without flagged, {flux_text(mean, error)}", pen("text3", 1.2))
        known = bool(np.isfinite(table.distance[row]).any())
        self.distance.setVisible(known)
        self.flux.plot.getAxis("bottom").setLabel("" if known else "MJD (UTC)")
        if known:
            self._draw_distance(table, row, mjd, flagged)
        words = f"{int(flagged.sum())} of {len(mjd)} epochs are flagged"
        for chart in (self.flux, self.distance):
            chart.plot.setAccessibleDescription(words)

    def _draw_distance(self, table: EpochTable, row: int, mjd: np.ndarray, flagged: np.ndarray) -> None:
        distance, threshold = table.distance[row].astype(float), float(table.threshold[row])
        self.distance.draw(mjd, distance, flagged, None)
        if np.isfinite(threshold):
            top = max(float(np.nanmax(distance)), threshold)
            low = min(float(np.nanmin(distance)), threshold)
            room = 0.12 * ((top - low) or 1.0)
            self.distance.plot.setYRange(low - room, top + room, padding=0)
            self.distance.level(threshold, f"- - the stack’s, {threshold:.3g}", pen("text2", 1.2, (4, 3)))

    def show_chosen(self, number: int) -> None:
        """Ring this epoch in both."""
        self.flux.show_chosen(number)
        self.distance.show_chosen(number)
