"""What the cards of the Train view share: a box with a title, and rows of a name and a value."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from .controls import Label


class Card(QWidget):
    """A box with a title; its parts go into `column`, and what stands right of the title into `head`."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "card")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.title = Label(title, 13, 600)
        self.head = QHBoxLayout()
        self.head.addWidget(self.title)
        self.head.addStretch(1)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(16, 14, 16, 14)
        self.column.setSpacing(8)
        self.column.addLayout(self.head)


class Rows(QWidget):
    """Names at the left, values at the right."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(0, 1)

    def set_rows(self, values: dict[str, str]) -> None:
        """Show these names and values instead."""
        if values == self.values:
            return
        clear(self._grid)
        self.values = dict(values)
        for number, (name, value) in enumerate(values.items()):
            self._grid.addWidget(Label(name, tone="text2"), number, 0)
            told = Label(value, weight=600)
            told.setAlignment(Qt.AlignmentFlag.AlignRight)
            self._grid.addWidget(told, number, 1)


def clear(layout: QGridLayout | QVBoxLayout) -> None:
    """Take every widget out of a layout."""
    while (item := layout.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.deleteLater()
