"""Found against labels: the list's yield beside what labelling at random would give."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyqtgraph as pg
from PySide6.QtWidgets import QSizePolicy, QWidget

from astrotl_gui.core.yields import Yields

from . import theme
from .evaluation_chart import fill_between, new_plot, pen
from .train_card import Card

ROOM = 1.18
"""The chart goes on so much beyond the last label: room for the texts there."""
LEAST_LABELS, LEAST_FOUND = 10, 4
POINTS = 400
"""So many points of the band by chance are drawn at most."""


class FoundChart(Card):
    """The steps of what was found, by chance dashed in its 95 % band, and where another model began to rank."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Found against labels", parent)
        self.plot = new_plot("Found against labels", "Labels given", "", "pane")
        self.plot.setMinimumHeight(theme.scaled(280))
        self.plot.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.column.addWidget(self.plot, 1)
        self.steps: pg.PlotDataItem | None = None
        self.changes: list[tuple[int, str]] = []

    def show_yields(self, where: Yields, called: Callable[[str], str]) -> None:
        """Draw where a list stands; `called` names a model as it stands in labels, empty for no change worth a line."""
        self.plot.clear()
        last = max(where.labels, LEAST_LABELS)
        self._draw_chance(where, last)
        steps = np.arange(where.labels + 1)
        x, y = np.repeat(steps, 2)[1:], np.repeat(where.curve, 2)[:-1]
        self.steps = self.plot.plot(x, y, pen=pen("yes", 2), antialias=True)
        self.steps.setZValue(2)
        self.plot.plot(
            [where.labels], [where.found], pen=None, symbol="o", symbolSize=theme.scaled(7),
            symbolBrush=theme.color("yes"), symbolPen=None,
        ).setZValue(3)  # fmt: skip
        self._write(f" {where.found:,} found", "yes", where.labels, where.found, 600)
        top = max(where.found * 1.2, LEAST_FOUND)
        self._draw_changes(where, top, called)
        self.plot.setXRange(0, last * ROOM, padding=0)
        self.plot.setYRange(0, top, padding=0.02)
        chance = where.chance
        said = f", {chance.expected(where.labels):.2g} by chance" if chance is not None else ""
        self.plot.setAccessibleDescription(f"{where.found} found in {where.labels} labels{said}")

    def _draw_chance(self, where: Yields, last: int) -> None:
        if where.chance is None or not where.chance.rate:
            return
        x = np.unique(np.linspace(0, last, min(last + 1, POINTS)).astype(int))
        low, high = where.chance.band(x)
        fill_between(self.plot, x, low, high, "text3", 60)
        expected = where.chance.expected(x)
        self.plot.plot(x, expected, pen=pen("text2", 1.2, (4, 3)), antialias=True)
        text = " by chance" if where.chance.audited else " by chance, at least"
        self._write(text, "text2", last, float(expected[-1]), 400)

    def _draw_changes(self, where: Yields, top: float, called: Callable[[str], str]) -> None:
        self.changes, before = [], ""
        for number, model in where.models:
            name = called(model)
            if name and before and name != before:
                self.changes.append((number, name))
                line = pg.InfiniteLine(number, angle=90, pen=pen("border", 1, (4, 3)))
                self.plot.addItem(line)
                self._write(f" {name}", "text2", number, top, 400, above=False)
            before = name or before

    def _write(
        self, text: str, tone: str, x: float, y: float, weight: int, above: bool | None = None
    ) -> None:
        item = pg.TextItem(text, color=theme.color(tone), anchor=(0, 0.5 if above is None else 0))
        item.setFont(theme.font(12, weight))
        item.setPos(x, y)
        self.plot.addItem(item, ignoreBounds=True)
