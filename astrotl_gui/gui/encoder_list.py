"""The encoders on this computer as a list; arrows move, one stop for the keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from . import theme

if TYPE_CHECKING:
    from ..ml.encoders import Card

ROW, PADDING, GAP = 52, 12, 2
IN_USE = "this project"


def size_text(size: int) -> str:
    """A file's size as people say it: "19 MB", "1.2 GB"."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(1, round(size / 1e6)):,} MB"


class EncoderList(QWidget):
    """One row an encoder: its name, and below it licence, size, input and length of the embedding.

    `selected(name)` fires when another row is chosen; Del, with `removing`, and Enter, with `wanted`.
    """

    selected = Signal(str)
    wanted = Signal()
    removing = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cards: list[Card] = []
        self.current, self.in_use = "", ""
        self._hover = -1
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Encoders on this computer")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_cards(self, cards: Sequence[Card], in_use: str) -> None:
        """Show these encoders; the one called `in_use` is the project's. The chosen row stays where it is there."""
        self.cards, self.in_use = list(cards), in_use
        if self.current not in (card.name for card in cards):
            self.current = in_use if in_use in (card.name for card in cards) else cards[0].name
        self.updateGeometry()
        self.select(self.current)

    def select(self, name: str) -> None:
        """Choose a row by its encoder's name."""
        self.current = name
        self.setAccessibleDescription(" ".join((name, *self.second_line(self.card))))
        self.selected.emit(name)
        self.update()

    @property
    def card(self) -> Card:
        """The chosen encoder's."""
        return next(card for card in self.cards if card.name == self.current)

    @staticmethod
    def second_line(card: Card) -> tuple[str, ...]:
        licence = card.licence or "no licence stated"
        return licence, size_text(card.size), f"{card.input} px", f"{card.dimensions:,} numbers"

    def rows(self) -> list[QRectF]:
        """Where each row is drawn."""
        tall = theme.scaled(ROW)
        return [QRectF(0, i * (tall + GAP), self.width(), tall) for i in range(len(self.cards))]

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(320), len(self.cards) * (theme.scaled(ROW) + GAP))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        for number, (card, row) in enumerate(zip(self.cards, self.rows(), strict=True)):
            self._paint_row(painter, card, row, number == self._hover)

    def _paint_row(self, painter: QPainter, card: Card, row: QRectF, hovered: bool) -> None:
        t = theme.tokens()
        if card.name == self.current:
            theme.paint_box(painter, row, t.control, t.border)
        elif hovered:
            theme.paint_box(painter, row, t.control)
        inside, half = row.adjusted(PADDING, 6, -PADDING, -6), row.height() / 2 - 6
        top, bottom = inside.adjusted(0, 0, 0, -half), inside.adjusted(0, half, 0, 0)
        if card.name == self.in_use:
            tag = QRectF(top)
            painter.setFont(theme.font(12, 400))
            tag.setLeft(top.right() - painter.fontMetrics().horizontalAdvance(IN_USE))
            painter.setPen(theme.color("text2"))
            painter.drawText(tag, Qt.AlignmentFlag.AlignVCenter, IN_USE)
            icon = QRectF(tag.left() - theme.scaled(20), tag.top(), theme.scaled(16), tag.height())
            theme.paint_icon(painter, icon, "ph.check", t.text2, 14)
            top.setRight(icon.left() - 4)
        self._write(painter, top, card.name, 13, 600, "text")
        self._write(painter, bottom, " · ".join(self.second_line(card)), 12, 400, "text2")

    @staticmethod
    def _write(painter: QPainter, box: QRectF, text: str, px: float, weight: int, tone: str) -> None:
        painter.setFont(theme.font(px, weight))
        painter.setPen(theme.color(tone))
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(box.width()))
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, shown)

    def _at(self, position: QPointF) -> int:
        return next((i for i, row in enumerate(self.rows()) if row.contains(position)), -1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if (row := self._at(event.position())) >= 0:
            self.select(self.cards[row].name)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover = self._at(event.position())
        self.update()

    def leaveEvent(self, event: object) -> None:
        self._hover = -1
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, last = Qt.Key, len(self.cards) - 1
        here = [card.name for card in self.cards].index(self.current)
        to = {key.Key_Up: here - 1, key.Key_Down: here + 1, key.Key_Home: 0, key.Key_End: last}
        if event.key() in to:
            self.select(self.cards[min(max(to[key(event.key())], 0), last)].name)
        elif event.key() == key.Key_Delete:
            self.removing.emit()
        elif event.key() in (key.Key_Return, key.Key_Enter):
            self.wanted.emit()
        else:
            super().keyPressEvent(event)
