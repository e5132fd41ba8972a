"""How complete a list is for objects drawn into the project's own galaxies: a small chart a quantity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyqtgraph as pg
from PySide6.QtWidgets import QHBoxLayout

from astrotl_gui.core.targets import nouns
from astrotl_gui.pipeline.recovery import QUANTITIES, TOP

from .controls import Button, Label
from .evaluation_chart import new_plot
from .probability_card import draw_shares
from .train_card import Card

if TYPE_CHECKING:
    from .jobs import Job
    from .session import Session

HEIGHT = 180


class CompletenessCard(Card):
    """For lists whose objects can be drawn; hidden for the others. `plots` by quantity."""

    def __init__(self, session: Session) -> None:
        super().__init__("Completeness")
        self._session = session
        self._job: Job | None = None
        self.says = Label("", tone="text2", wrap=True)
        self.button = Button("Measure")
        self.head.addWidget(self.button)
        self.plots: dict[str, pg.PlotWidget] = {}
        self._charts = QHBoxLayout()
        self._charts.setSpacing(8)
        self.column.addWidget(self.says)
        self.column.addLayout(self._charts)
        self.button.clicked.connect(self._measure)

    def refresh(self) -> None:
        """Show what is known of the current list."""
        session = self._session
        known = session.recoveries.get(session.target)
        self.setVisible(session.target in QUANTITIES)
        self._forget_plots()
        self.button.setText("Measure again" if known is not None else "Measure")
        self.button.setEnabled(session.inputs is not None and self._job is None)
        things = nouns(session.targets, session.target)
        if known is None:
            where = "over your own sources" if session.target == "artifact" else "into your own galaxies"
            self.says.setText(
                f"Draws {things} {where} and tells how many of them reach the top {TOP} of the list. "
                "The first time it takes a while."
            )
            return
        whole = known.whole()
        self.says.setText(
            f"{int(whole.found[0])} of {len(known.ranks)} injected {things} are in the top {TOP} of {known.sources:,}: "
            f"{whole.share[0]:.0%} ({whole.least[0]:.0%} to {whole.most[0]:.0%}). Bars: 95 %.".replace("%", " %")
            .replace("  %", " %")
        )  # fmt: skip
        for quantity, title in QUANTITIES[session.target].items():
            told = known.by(quantity)
            below = "Share found" if told.kinds else title[:1].upper() + title[1:]
            plot = new_plot(f"Share in the top {TOP} against {title}", below, "", "pane")
            plot.setFixedHeight(HEIGHT)
            draw_shares(plot, (told.low + told.high) / 2, told.share, told.least, told.most, told.kinds)
            self._charts.addWidget(plot)
            self.plots[quantity] = plot

    def _measure(self) -> None:
        job = self._session.recover()
        if job is not None:
            self._job = job
            job.finished.connect(self._ended)
            self.refresh()

    def _ended(self) -> None:
        self._job = None
        self.refresh()

    def _forget_plots(self) -> None:
        for plot in self.plots.values():
            self._charts.removeWidget(plot)
            plot.hide()
            plot.deleteLater()
        self.plots = {}
