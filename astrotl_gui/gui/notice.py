"""A card inside a page that says what was found, or what went wrong and how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

from . import theme
from .controls import Button, Icon, Label

ICONS = {"alert": "ph.warning-circle", "warn": "ph.warning", "note": "ph.info"}
TONES = {"alert": "alert", "warn": "unsure", "note": "text2"}
Verb = tuple[str, Callable[[], object]]


class Notice(QWidget):
    """Title, line and verbs; `kind` is "alert", "warn" or "note"."""

    def __init__(
        self,
        kind: str,
        title: str,
        detail: str = "",
        verbs: Sequence[Verb] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.kind, self.title, self.detail = kind, title, detail
        self.setAccessibleName(f"{title}. {detail}")
        self.buttons = [_button(text, run) for text, run in verbs]
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addWidget(Label(title, 12, 600, wrap=True))
        if detail:
            texts.addWidget(Label(detail, 12, 400, "text2", wrap=True))
        if self.buttons:
            row = QHBoxLayout()
            row.setContentsMargins(0, 8, 0, 0)
            row.setSpacing(16)
            for button in self.buttons:
                row.addWidget(button)
            row.addStretch(1)
            texts.addLayout(row)
        card = QHBoxLayout(self)
        card.setContentsMargins(16, 11, 16, 10)
        card.setSpacing(12)
        card.addWidget(Icon(ICONS[kind], 16, TONES[kind]), 0, Qt.AlignmentFlag.AlignTop)
        card.addLayout(texts, 1)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, rect = QPainter(self), QRectF(self.rect())
        theme.paint_box(painter, rect, theme.tokens().pane, radius=theme.RADIUS_CARD)
        painter.fillRect(QRectF(0, 0, theme.RADIUS_CARD, rect.height()), theme.color("pane"))
        painter.fillRect(QRectF(0, 0, 3, rect.height()), theme.color(TONES[self.kind]))


def replace_notices(layout: QBoxLayout, notices: Sequence[Notice]) -> None:
    """Show these cards in place of those that stand in the layout."""
    while (item := layout.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.deleteLater()
    for notice in notices:
        layout.addWidget(notice)
        notice.show()  # at once, so that what holds them can grow with them


def _button(text: str, run: Callable[[], object]) -> Button:
    button = Button(text, height=28)
    button.clicked.connect(lambda: run())
    return button
