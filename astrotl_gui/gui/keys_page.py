"""The page of all keys, made from the table of actions."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from . import theme
from .actions import ACTIONS, PAGES, Action
from .controls import CAP_HEIGHT, Label, Line, cap_width, paint_cap
from .sheet import Sheet

WIDTH = 1208
ROW = 34
SIGNS = {
    "Left": "←", "Right": "→", "Up": "↑", "Down": "↓", "Backspace": "⌫", "Return": "Enter", "-": "−",
    "PgDown": "PgDn",
}  # fmt: skip
ARROWS = ("←", "→", "↑", "↓")


def cap(shortcut: str) -> str:
    """A shortcut as it stands on the keyboard: "Ctrl+Shift+Z" is "Ctrl Shift Z", or ⇧⌘Z on macOS."""
    if sys.platform == "darwin":
        return QKeySequence(shortcut).toString(QKeySequence.SequenceFormat.NativeText)
    head, tail = _parted(shortcut)
    return " ".join([*head, SIGNS.get(tail, tail)])


def _parted(shortcut: str) -> tuple[list[str], str]:
    """The held keys and the key itself; the key may be a plus."""
    *head, tail = shortcut[:-1].split("+")
    return head, tail + shortcut[-1]


@dataclass(frozen=True)
class KeyRow:
    """A line of the keys page: the caps, and what they do."""

    caps: tuple[str, ...]
    text: str


def rows(page: str, actions: Sequence[Action] = ACTIONS) -> list[KeyRow]:
    """The lines of a column; neighbouring actions with one text share a line."""
    merged: dict[str, list[Action]] = {}
    for action in actions:
        if action.page == page:
            merged.setdefault(action.shown, []).append(action)
    return [KeyRow(_caps(shared), text) for text, shared in merged.items()]


def _caps(shared: list[Action]) -> tuple[str, ...]:
    if len(shared) == 1:
        plain = [keys for keys in shared[0].shortcuts if not _parted(keys)[0]]
        return tuple(dict.fromkeys(cap(keys) for keys in plain[:2] or shared[0].shortcuts[:1]))
    first = [action.shortcuts[0] for action in shared]
    head, _ = _parted(first[0])
    signs = [SIGNS.get(_parted(keys)[1], _parted(keys)[1]) for keys in first]
    if not head:
        return tuple(cap(keys) for keys in first)
    if set(signs) <= set(ARROWS):
        return (f"{cap(first[0])[: -len(signs[0])]}{' '.join(sorted(signs, key=ARROWS.index))}",)
    return (f"{cap(first[0])} … {signs[-1]}",)


class Caps(QWidget):
    """Key caps side by side."""

    def __init__(self, caps: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.caps = tuple(caps)
        self.setAccessibleName(" or ".join(self.caps))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def _width(self, text: str) -> float:
        return theme.scaled(CAP_HEIGHT) + 2 if text == "⌫" else cap_width(text)

    def sizeHint(self) -> QSize:
        width = sum(self._width(text) + 5 for text in self.caps) - 5
        return QSize(round(width + 0.5), theme.scaled(ROW))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, left, height = QPainter(self), 0.0, theme.scaled(CAP_HEIGHT)
        for text in self.caps:
            box = QRectF(left, (self.height() - height) / 2, self._width(text), height)
            paint_cap(painter, box, "" if text == "⌫" else text)
            if text == "⌫":
                theme.paint_icon(painter, box, "ph.backspace", theme.color("text2"), 14)
            left += box.width() + 5


class KeysPage(Sheet):
    """Every key, in four columns."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(
            parent, "Keys", "Every label has a key for the left hand and one for the right.", WIDTH
        )
        columns = QHBoxLayout()
        columns.setSpacing(28)
        for page in PAGES:
            columns.addLayout(self._column(page, rows(page)), 1)
        self.body.addLayout(columns)
        self.body.addStretch(1)

    def _head(self, title: str, detail: str) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(16)
        baseline = Qt.AlignmentFlag.AlignVCenter
        row.addWidget(Label(title, 20, 600), 0, baseline)
        row.addWidget(Label(detail, 13, 400, "text2"), 0, baseline)
        row.addStretch(1)
        row.addWidget(self.close_button)
        return row

    def _column(self, title: str, lines: list[KeyRow]) -> QVBoxLayout:
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(1, 1)
        caps = [Caps(line.caps) for line in lines]
        widest = max((c.sizeHint().width() for c in caps), default=0)
        grid.setColumnMinimumWidth(0, max(theme.scaled(76), widest))
        for number, line in enumerate(lines):
            grid.addWidget(caps[number], number, 0)
            grid.addWidget(Label(line.text, 12, 400), number, 1)
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addWidget(Label(title, 13, 600))
        column.addSpacing(8)
        column.addWidget(Line())
        column.addSpacing(6)
        column.addLayout(grid)
        column.addStretch(1)
        return column

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.text() == "?":
            self.end()
        else:
            super().keyPressEvent(event)
