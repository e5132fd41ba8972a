"""Message cards at the bottom right: what happened, what is safe, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPropertyAnimation, QRectF, Qt, QTimer
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QGraphicsOpacityEffect, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from . import theme
from .controls import Button, Icon, Label

if TYPE_CHECKING:
    from .message import Message

WIDTH, MARGIN, GAP, SHOWN = 432, 16, 8, 3
NOTE_SECONDS = 6
FADE_MS = 120
ICONS = {
    "note": ("ph.check-circle", "text2"),
    "warn": ("ph.warning", "unsure"),
    "alert": ("ph.warning-circle", "alert"),
}


class MessageCard(QWidget):
    """One message, with up to two verbs; its context menu copies the details."""

    def __init__(self, message: Message, cards: Messages) -> None:
        super().__init__(cards.parentWidget())
        self.message, self._cards = message, cards
        self.setAccessibleName(f"{message.title}. {message.detail}")
        self.setFixedWidth(theme.scaled(WIDTH))
        self._build()
        self.adjustSize()

    def _build(self) -> None:
        icon, tone = ICONS.get(self.message.kind, ICONS["note"])
        texts = QVBoxLayout()
        texts.setSpacing(4)
        texts.addWidget(Label(self.message.title, 13, 600, wrap=True))
        if self.message.detail:
            texts.addWidget(Label(self.message.detail, 12, 400, "text2", wrap=True))
        texts.addSpacing(10)
        texts.addLayout(self._verbs())
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 14, 16, 14)
        row.setSpacing(12)
        row.addWidget(Icon(icon, 18, tone), 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(texts, 1)

    def _verbs(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(16)
        verbs = [*self.message.actions[:2]]
        if len(verbs) < 2:
            verbs.append(("Close", lambda: None))
        self.buttons = []
        for number, (text, run) in enumerate(verbs):
            button = Button(text, flat=number > 0 or not self.message.actions)
            button.clicked.connect(lambda checked=False, run=run: self._do(run))
            self.buttons.append(button)
            row.addWidget(button)
        row.addStretch(1)
        return row

    def _do(self, run: object) -> None:
        self._cards.close_card(self)
        if callable(run):
            run()

    def copy_details(self) -> None:
        """Put the title and the line on the clipboard."""
        QGuiApplication.clipboard().setText(f"{self.message.title}\n{self.message.detail}".strip())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.addAction("Copy details", self.copy_details)
        menu.addAction("Close", lambda: self._cards.close_card(self))
        menu.exec(event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._cards.close_card(self)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.tokens()
        theme.paint_box(QPainter(self), QRectF(self.rect()), t.control, t.hover, radius=theme.RADIUS_CARD)


class Messages(QObject):
    """The cards over a window: newest lowest, `SHOWN` at most; notes leave by themselves."""

    def __init__(self, window: QWidget, bottom: int = 28) -> None:
        super().__init__(window)
        self._window, self._bottom = window, bottom
        self.cards: list[MessageCard] = []
        window.installEventFilter(self)

    def parentWidget(self) -> QWidget:
        """The window that the cards lie on."""
        return self._window

    def show(self, message: Message) -> None:
        """Show a message; the same one again does not pile up."""
        for card in [c for c in self.cards if c.message.title == message.title]:
            self.close_card(card, fade=False)
        for card in self.cards[: max(0, len(self.cards) - SHOWN + 1)]:
            self.close_card(card, fade=False)
        card = MessageCard(message, self)
        self.cards.append(card)
        self._place()
        card.show()
        card.raise_()
        _fade(card, 0, 1)
        if message.kind == "note" and not message.actions:
            QTimer.singleShot(NOTE_SECONDS * 1000, card, lambda: self.close_card(card))

    def close_card(self, card: MessageCard, fade: bool = True) -> None:
        """Take a card away."""
        if card not in self.cards:
            return
        self.cards.remove(card)
        if fade and theme.duration(FADE_MS):
            _fade(card, 1, 0).finished.connect(card.deleteLater)
        else:
            card.hide()
            card.deleteLater()
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _place(self) -> None:
        bottom = self._window.height() - theme.scaled(self._bottom) - MARGIN
        for card in reversed(self.cards):
            card.resize(card.width(), card.heightForWidth(card.width()))
            bottom -= card.height()
            card.move(self._window.width() - card.width() - MARGIN, bottom)
            bottom -= GAP


def _fade(card: QWidget, start: float, end: float) -> QPropertyAnimation:
    effect = QGraphicsOpacityEffect(card)
    card.setGraphicsEffect(effect)
    animation = QPropertyAnimation(effect, b"opacity", card)
    animation.setDuration(theme.duration(FADE_MS))
    animation.setStartValue(start)
    animation.setEndValue(end)
    if end == 1:  # the effect draws through a pixmap; without it text stays sharp
        animation.finished.connect(lambda: card.setGraphicsEffect(None))  # type: ignore[arg-type]
    animation.start()
    return animation
