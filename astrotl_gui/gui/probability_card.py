"""Probabilities of a list, once an audit allows them: how often they were right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg

from astrotl_gui.core.audit_table import CERTIFIED

from . import theme
from .controls import Button, Label
from .evaluation_chart import new_plot, pen
from .train_card import Card

if TYPE_CHECKING:
    from .session import Session

HEIGHT = 170
ROOM = 0.08
"""Beyond 0 and 1, so that the axes name them."""


def draw_shares(
    plot: pg.PlotWidget,
    x: np.ndarray,
    share: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    names: Sequence[str] = (),
) -> None:
    """Shares with their intervals, as dots with bars; with `names` one below the other, beside their names."""
    above, below, ink = high - share, share - low, pen("text2", 1.2)
    if names:
        across, up = share, -np.arange(len(names), dtype=float)
        bars = pg.ErrorBarItem(x=across, y=up, right=above, left=below, pen=ink)
        plot.getAxis("left").setTicks([list(zip(up.tolist(), names, strict=True))])
        plot.setXRange(0, 1, padding=ROOM)
        plot.setYRange(float(up[-1]), 0, padding=0.1)
    else:
        across, up = x, share
        bars = pg.ErrorBarItem(x=across, y=up, top=above, bottom=below, pen=ink)
        plot.setYRange(0, 1, padding=ROOM)
    plot.addItem(bars)
    dots = {"pen": None, "symbol": "o", "symbolPen": None, "symbolBrush": theme.color("selection")}
    plot.plot(across, up, symbolSize=theme.scaled(6), **dots)


class ProbabilityCard(Card):
    """Hidden until an audit is certified; then a button, and after it the reliability diagram."""

    def __init__(self, session: Session) -> None:
        super().__init__("Probabilities")
        self._session = session
        self.says = Label("", tone="text2", wrap=True)
        self.plot = new_plot(
            "Share of yes against probability said", "Probability said", "Share of yes", "pane"
        )
        self.plot.setFixedHeight(HEIGHT)
        self.button = Button("Calibrate")
        for part in (self.says, self.plot, self.button):
            self.column.addWidget(part)
        self.button.clicked.connect(lambda: session.calibrate())

    def refresh(self) -> None:
        """Show what is known of the current list."""
        session = self._session
        known = session.calibrations.get(session.target)
        audited = any(one.audit.state == CERTIFIED for one in session.audits())
        self.setVisible(audited or known is not None)
        self.plot.setVisible(known is not None)
        self.button.setEnabled(session.inputs is not None)
        self.button.setText("Calibrate" if known is None else "Calibrate again")
        if known is None:
            self.says.setText(
                "The certified audit can turn scores into probabilities; it takes three yes in its sample."
            )
            return
        low, high = known.interval
        self.says.setText(
            f"Off by {known.error:.3f} on average ({low:.3f} to {high:.3f}), by {known.labels:,} labels "
            f"of the audit, {known.yes:,} yes. Bars: 95 %."
        )
        seen = known.reliability
        self.plot.clear()
        self.plot.plot([0, 1], [0, 1], pen=pen("text3", 1.2, (1, 3)))
        draw_shares(self.plot, seen.said, seen.seen, seen.low, seen.high)
        self.plot.setXRange(0, 1, padding=ROOM)
