"""What the last labels gave, and how many of the top of the list were kept: a number and a little bar for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from astrotl_gui.core.targets import nouns
from astrotl_gui.core.yields import TOP, Yields

from . import theme
from .controls import Label
from .train_card import Card


class LittleBars(QWidget):
    """A bar for each of some labels, high and blue where it was a yes."""

    def __init__(self) -> None:
        super().__init__()
        self.values: Sequence[bool] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_values(self, values: Sequence[bool]) -> None:
        self.values = values
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, theme.scaled(28))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, count = QPainter(self), len(self.values)
        pitch = min(self.width() / max(count, 1), theme.scaled(10))
        left, width = self.width() - pitch * count, max(1.0, pitch * 0.8)
        for number, yes in enumerate(self.values):
            high = self.height() if yes else theme.scaled(3)
            box = QRectF(left + number * pitch, self.height() - high, width, high)
            painter.fillRect(box, theme.color("yes" if yes else "border"))


class YieldCard(Card):
    """One of the three."""

    def __init__(self, title: str) -> None:
        super().__init__(title)
        self.number, self.unit, self.bars = Label("", 26, 600), Label("", tone="text2"), LittleBars()
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.number)
        row.addWidget(self.unit)
        row.addWidget(self.bars, 1, Qt.AlignmentFlag.AlignVCenter)
        self.column.addLayout(row)

    def set_values(self, number: int, unit: str, bars: Sequence[bool]) -> None:
        self.number.setText(f"{number:,}")
        self.unit.setText(unit)
        self.bars.set_values(bars)
        self.bars.setAccessibleName(f"{number} {unit}")


class YieldCards(QWidget):
    """The three side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.last = {count: YieldCard(f"Last {count} labels") for count in (10, 50)}
        self.top = YieldCard(f"Top {TOP} of the list")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        for card in (*self.last.values(), self.top):
            row.addWidget(card, 1)

    def show_yields(self, where: Yields, names: Mapping[str, str]) -> None:
        for count, card in self.last.items():
            given = where.last(count)
            card.title.setText(f"Last {count} labels" if len(given) == count or not given else "All labels")
            card.set_values(sum(given), nouns(names, where.target, sum(given)), given)
        kept = [value == "positive" for value in where.top]
        self.top.set_values(where.top_kept, f"of {len(kept)} kept", kept)
