"""The table beside the chart: a line a method, with a switch that shows its curve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from .controls import Label
from .evaluation_chart import CHANCE, OURS, PenSample, curve_pen
from .fields import Switch

if TYPE_CHECKING:
    from astrotl_gui.pipeline.evaluate import Evaluation

SHOWN = (OURS, "statistics", "logistic", "ulisse")
"""The curves shown at first; all of a dozen tell little."""
TITLES = {
    OURS: "AstroTL",
    CHANCE: "Random order",
    "colour": "Colour alone",
    "size": "Size alone",
    "brightness": "Brightness alone",
    "statistics": "Statistics, no network",
    "ulisse": "ULISSE",
    "logistic": "Logistic regression",
    "logistic-layers": "Logistic regression, all layers",
    "isolation-forest": "Isolation forest",
    "protege": "Protege",
}
TIPS = {
    "found": "Of what you are after, how many had been found: the mean over all starts ± its scatter",
    "ahead": "How many more AstroTL found from the same starts ± the standard error of that mean",
}


class EvaluationTable(QWidget):
    """`shown(method, on)` fires when the user switches a curve."""

    shown = Signal(str, bool)

    def __init__(self) -> None:
        super().__init__()
        self.grid = QGridLayout(self)
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.grid.setHorizontalSpacing(12)
        self.grid.setVerticalSpacing(2)
        self.grid.setColumnStretch(2, 1)
        self.switches: dict[str, Switch] = {}

    def show_evaluation(self, found: Evaluation) -> None:
        """The state at the last mark that was reached."""
        self._clear()
        rows = last_rows(found)
        self._heads()
        for line, row in enumerate(rows, 1):
            self._line(line, row, found.positives, list(found.curves).index(row["method"]))
        self.grid.setRowStretch(len(rows) + 1, 1)

    def _clear(self) -> None:
        self.switches = {}
        while (item := self.grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()

    def _heads(self) -> None:
        for column, (text, tip) in enumerate(
            (("Found", TIPS["found"]), ("AstroTL ahead by", TIPS["ahead"])), 3
        ):
            head = Label(text, 11, 500, "text3")
            head.setToolTip(tip)
            self.grid.addWidget(head, 0, column, Qt.AlignmentFlag.AlignRight)

    def _line(self, line: int, row: dict[str, Any], positives: int, number: int) -> None:
        name = row["method"]
        title = TITLES.get(name, name)
        if name != CHANCE:
            switch = self.switches[name] = Switch(f"Show {title}", name in SHOWN)
            switch.toggled.connect(lambda on: self.shown.emit(name, on))
            self.grid.addWidget(switch, line, 0)
        self.grid.addWidget(PenSample(curve_pen(name, number)), line, 1)
        weight = 600 if name == OURS else 400
        self.grid.addWidget(Label(title, 12, weight), line, 2)
        found = Label(spread(row["found"], row["found_sd"]), 12, weight)
        self.grid.addWidget(found, line, 3, Qt.AlignmentFlag.AlignRight)
        if name != OURS and row["behind"] is not None:
            error = None if row["behind_se"] is None else positives * row["behind_se"]
            ahead = Label(spread(positives * row["behind"], error, signed=True), 12, 400, "text2")
            self.grid.addWidget(ahead, line, 4, Qt.AlignmentFlag.AlignRight)


def last_rows(found: Evaluation) -> list[dict[str, Any]]:
    """The summary at the last mark that was reached, most found first; that of the last share without any."""
    reached = [row for row in found.summary if row["found"] is not None]
    marks = [row for row in reached if row["share"] is None] or reached
    last = max(row["n_labels"] for row in marks)
    return sorted((row for row in marks if row["n_labels"] == last), key=lambda row: -row["found"])


def spread(mean: float, error: float | None, signed: bool = False) -> str:
    """ "36.0 ± 3.2", with a sign where it is a difference."""
    text = f"{mean:+.1f}" if signed else f"{mean:.1f}"
    return text.replace("-", "−") + (f" ± {error:.1f}" if error is not None else "")
