"""What is known of the epoch in front, the keys that judge it, and how much the source varies."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from astrotl_gui.core.epoch_proposal import date_text
from astrotl_gui.core.epoch_table import EpochTable
from astrotl_gui.core.variability import LAG_NAMES, Variability

from .controls import Button, Label
from .epoch_signs import paint_sign, said, state_of
from .facts import flux_text, raised
from .train_card import Card, Rows, clear

NOT_KNOWN = "–"
BAR = 14
"""Room [px] right of the cards, which a scroll bar takes."""


class _Sign(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.state = ""
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(18, 18)

    def paintEvent(self, event: QPaintEvent) -> None:
        paint_sign(QPainter(self), QRectF(self.rect()), self.state)


class EpochCard(Card):
    """`labelled(value)`: "positive" (problematic), "negative" (good) or "clear"."""

    labelled = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self.sign, self.says = _Sign(), Label("", 12, 500, wrap=True)
        self.file = Label("", 12, 400, "text2", wrap=True)
        self.facts = Rows()
        self.good = Button("Good", "ph.check-circle", "A", icon_tone="yes")
        self.bad = Button("Problematic", "ph.x-square", "X", icon_tone="no")
        self.clear = Button("Clear", key="U", height=28)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.sign, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self.says, 1)
        verbs = QHBoxLayout()
        verbs.setSpacing(8)
        verbs.addWidget(self.good, 1)
        verbs.addWidget(self.bad, 1)
        self.head.addWidget(self.clear)
        self.column.addWidget(self.file)
        self.column.addLayout(line)
        self.column.addWidget(self.facts)
        self.column.addSpacing(4)
        self.column.addLayout(verbs)
        for button, value in ((self.good, "negative"), (self.bad, "positive"), (self.clear, "clear")):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(lambda _=False, value=value: self.labelled.emit(value))
        self.good.setToolTip("This epoch can be used, whatever flags it")
        self.bad.setToolTip("This epoch is not to be used for this source")
        self.clear.setToolTip("Take your label back")

    def show_epoch(self, table: EpochTable, row: int, number: int) -> None:
        """Show the source of a row in this epoch."""
        fact = table.facts[number]
        self.title.setText(f"Epoch {number + 1} of {len(table.facts)}")
        self.file.setText(fact.name)
        self.file.setToolTip(fact.name)
        self.sign.state = state_of(table, row, number)
        self.sign.setVisible(bool(self.sign.state))
        self.sign.update()
        self.says.setText(said(table, row, number))
        self.clear.setVisible(bool(table.labels[row, number]))
        self.facts.set_rows(_facts(table, row, number))


def _facts(table: EpochTable, row: int, number: int) -> dict[str, str]:
    """What was measured of a source in an epoch, and of the epoch, in words."""
    fact = table.facts[number]
    flux, error = float(table.flux[row, number]), float(table.error[row, number])
    distance, threshold = float(table.distance[row, number]), float(table.threshold[row])
    score = float(table.score[row, number])
    rows = {
        "Date (UTC)": date_text(fact.mjd)[:16],
        "MJD": f"{fact.mjd:.5f}",
        "Flux": flux_text(flux, error) if np.isfinite(flux) else NOT_KNOWN,
    }
    if np.isfinite(distance):
        rows["Distance (of the stack)"] = f"{distance:.3g} ({threshold:.3g})"
    if np.isfinite(score):
        rows["Looks like an artifact"] = f"{100 * score:.0f} %"
    rows["Seeing"] = f"{fact.fwhm:.2f}″" if np.isfinite(fact.fwhm) else NOT_KNOWN
    rows["Shift left by the WCS"] = f"{fact.shift:.2f} px"
    rows["Zero point, tied by"] = f"{round(fact.offset, 3) + 0.0:+.3f} mag".replace("-", "−")
    return rows


class VariabilityCard(Card):
    """The numbers of a source without flagged epochs, and with all."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Variability", parent)
        self.grid = QGridLayout()
        self.grid.setVerticalSpacing(6)
        self.grid.setHorizontalSpacing(10)
        self.grid.setColumnStretch(0, 1)
        self.values: dict[str, tuple[str, str]] = {}
        self.column.addLayout(self.grid)

    def show_source(self, without: Variability, with_all: Variability) -> None:
        """Show how one source varies."""
        cleaned, everything = _numbers(without), _numbers(with_all)
        values = {name: (cleaned[name], everything[name]) for name in cleaned}
        if values == self.values:
            return
        self.values = values
        clear(self.grid)
        for column, text in ((1, "without flagged"), (2, "all")):
            self._put(0, column, text, "text3", 400)
        for line, (name, pair) in enumerate(values.items(), 1):
            self.grid.addWidget(Label(name, tone="text2"), line, 0)
            for column, text in enumerate(pair, 1):
                self._put(line, column, text, "text" if column == 1 else "text2", 600 if column == 1 else 400)

    def _put(self, line: int, column: int, text: str, tone: str, weight: int) -> None:
        told = Label(text, 11 if line == 0 else 12, weight, tone)
        told.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.grid.addWidget(told, line, column)


class NotesCard(Card):
    """What was assumed of the epochs, and what is off."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("About these epochs", parent)
        self.says = Label("", 12, 400, "text2", wrap=True)
        self.column.addWidget(self.says)

    def show_notes(self, table: EpochTable) -> None:
        """Show a table’s notes, the aperture first."""
        aperture = f"Aperture of radius {table.aperture:.2f}″." if table.aperture else ""
        self.says.setText("\n".join(filter(None, (aperture, *table.notes))))


def _numbers(found: Variability) -> dict[str, str]:
    long = float(found.structure[0, len(LAG_NAMES) - 1])
    return {
        "Epochs": f"{int(found.count[0])}",
        "χ² per degree": _figure(float(found.chi2[0])),
        "Excess variance": _figure(float(found.excess[0])),
        "± 1σ": _figure(float(found.excess_error[0])),
        "Von Neumann ratio": _figure(float(found.von_neumann[0])),
        "Structure function": _figure(long),
    }


def _figure(value: float) -> str:
    """Three figures, two of small numbers: there is little room."""
    if not np.isfinite(value):
        return NOT_KNOWN
    if value and abs(value) < 0.001:
        power = math.floor(math.log10(abs(value)))
        text = f"{value / 10**power:.1f} × 10{raised(power)}"
    else:
        text = f"{value:.2g}" if abs(value) < 0.01 else f"{value:.3g}"
    return text.replace("-", "−")


def column_of(*widgets: QWidget) -> QVBoxLayout:
    """Cards below one another."""
    column = QVBoxLayout()
    column.setContentsMargins(0, 0, BAR, 0)
    column.setSpacing(12)
    for widget in widgets:
        column.addWidget(widget)
    column.addStretch(1)
    return column
