"""Who labelled what: a row a vetter."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout

from astrotl_gui.core.targets import noun
from astrotl_gui.core.yields import Counts, Yields

from .controls import Label, Line
from .train_card import Card, clear


class LabelCounts(Card):
    """`rows` are the texts of the table, its header first."""

    def __init__(self) -> None:
        super().__init__("Labels")
        self.rows: list[tuple[str, ...]] = []
        self._grid = QGridLayout()
        self._grid.setVerticalSpacing(6)
        self.column.addLayout(self._grid)

    def show_yields(self, where: Yields, names: Mapping[str, str]) -> None:
        head = (
            "Vetter",
            "Certain, probable",
            "Possible",
            _no(names, where.target),
            "Total",
            "Agrees with itself",
        )
        rows = [head, *(_row(one.vetter or "No name", one) for one in where.vetters)]
        if len(where.vetters) != 1:
            rows.append(_row("All", where.everyone))
        if rows == self.rows:
            return
        self.rows = rows
        clear(self._grid)
        for number, row in enumerate(rows):
            place = number if number == 0 else number + 1
            strong = number == len(rows) - 1 and row[0] == "All"
            for column, text in enumerate(row):
                told = Label(text, weight=600 if strong else 400, tone="text" if number else "text2")
                side = Qt.AlignmentFlag.AlignLeft if column == 0 else Qt.AlignmentFlag.AlignRight
                told.setAlignment(side)
                self._grid.addWidget(told, place, column)
                self._grid.setColumnStretch(column, 1)
        self._grid.addWidget(Line(), 1, 0, 1, len(head))


def _row(name: str, counts: Counts) -> tuple[str, ...]:
    numbers = (counts.yes, counts.unsure, counts.no, counts.total)
    again = f"{counts.again:,} of {counts.repeats:,}" if counts.repeats else "–"
    return name, *(f"{number:,}" for number in numbers), again


def _no(names: Mapping[str, str], target: str) -> str:
    thing = noun(names, target)
    article = "an" if thing[:1].lower() in "aeiou" else "a"
    return f"Not {article} {thing}"
