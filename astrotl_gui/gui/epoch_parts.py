"""The inside of the page of epochs: the one in front, charts, what is known of it, and the strip of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from . import theme
from .controls import scrolling
from .epoch_card import BAR, EpochCard, NotesCard, VariabilityCard, column_of
from .epoch_charts import EpochCharts
from .epoch_cutout import EpochCutout
from .epoch_pixels import EpochPixels
from .epoch_strip import EDGE, EpochStrip
from .looks import BLINK_MS

if TYPE_CHECKING:
    from .session import Session

CARD, GAP, AHEAD = 304, 16, 2
MOST_SHARE, LEAST_SIDE = 0.4, 220
"""The cutout takes at most this share of the width; at least so many px."""


class EpochParts(QWidget):
    """Shows the selected source. Blinking moves what is in front, not what is chosen."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.wide = False
        self.source: int | None = None
        self.pixels = EpochPixels(session, self)
        self.cutout = EpochCutout(session, self.pixels)
        self.charts = EpochCharts()
        self.card, self.varies, self.notes = EpochCard(), VariabilityCard(), NotesCard()
        self.strip = EpochStrip(self.pixels)
        self._blink = QTimer(self, interval=BLINK_MS)
        self._blink.timeout.connect(self._next)
        self._lay_out()
        epochs = session.epochs
        self.strip.chosen.connect(epochs.choose)
        self.charts.chosen.connect(epochs.choose)
        self.card.labelled.connect(epochs.label)

    def _lay_out(self) -> None:
        side = QWidget()
        body = QVBoxLayout(side)
        body.setContentsMargins(0, 0, 0, 0)
        body.addWidget(scrolling(column_of(self.card, self.varies, self.notes)))
        side.setFixedWidth(theme.scaled(CARD) + BAR)
        row = QHBoxLayout()
        row.setContentsMargins(EDGE, 0, 0, 0)
        row.setSpacing(GAP)
        left = QVBoxLayout()
        left.addWidget(self.cutout)
        left.addStretch(1)
        row.addLayout(left)
        row.addWidget(self.charts, 1)
        row.addWidget(side)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addLayout(row, 1)
        below = QHBoxLayout()
        below.setContentsMargins(0, 0, BAR, 0)
        below.addWidget(self.strip)
        column.addLayout(below)

    def panes(self) -> list[QWidget]:
        return [self.strip]

    # -- showing

    def refresh(self) -> None:
        """Show the selected source as it stands."""
        epochs, project = self._session.epochs, self._session.project
        row, table = epochs.row, epochs.table
        if row is None or table is None or project is None:
            return
        size = max(project.cutouts.context, project.cutouts.size) if self.wide else project.cutouts.size
        self.source = int(table.ids[row])
        self.pixels.want(epochs.opened, [self.source, *epochs.following(AHEAD)], size)
        one = table.of(row)
        cleaned = one.variability()
        self.charts.show_source(table, row, cleaned)
        self.varies.show_source(cleaned, one.variability(cleaned=False))
        self.notes.show_notes(table)
        self.show_chosen()

    def show_chosen(self) -> None:
        """Bring the chosen epoch to the front."""
        self._show(self._session.epochs.chosen)

    def _show(self, number: int) -> None:
        epochs = self._session.epochs
        row, table = epochs.row, epochs.table
        if row is None or table is None:
            return
        number = min(number, len(table.facts) - 1)
        self.cutout.show_source(table, row, number)
        self.strip.show_source(table, row, number)
        self.charts.show_chosen(number)
        self.card.show_epoch(table, row, number)

    # -- blinking

    @property
    def blinking(self) -> bool:
        return self._blink.isActive()

    def toggle_blink(self) -> None:
        """Show the epochs in turn, at most three a second; or stop, and show the chosen one again."""
        if self.blinking:
            self._blink.stop()
            self.show_chosen()
        elif self._session.epochs.table is not None and len(self._session.epochs.table.facts) > 1:
            self._blink.start()
            self._next()

    def stop_blinking(self) -> bool:
        """Whether it blinked."""
        if self.blinking:
            self.toggle_blink()
            return True
        return False

    def _next(self) -> None:
        table = self._session.epochs.table
        if table is not None:
            self._show((self.cutout.shown + 1) % len(table.facts))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        tall = self.height() - self.strip.sizeHint().height() - 12
        side = max(LEAST_SIDE, min(tall, round(MOST_SHARE * self.width())))
        self.cutout.setFixedSize(side, side)
