"""The look in Vet: stretch and black by slider or key, and the keys of what else can be seen."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QAction, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from astrotl_gui.core.stretch import GAMMA_RANGE, SOFT_STRETCHES, SOFTNESS_RANGE

from . import looks, theme
from .controls import Control, KeyCap, Label, cap_width, paint_cap

if TYPE_CHECKING:
    from .session import Session

BLACK_SHOWN = (-5.0, 20.0)
"""What the slider of the black level spans [σ]; keys go further."""
HANDLE = 12
HINTS = (
    ("look.band", "W", "Next band"),
    ("look.invert", "V", "Invert"),
    ("look.wide", "R", "Wide view"),
    ("look.fit", "Z", "Pixels 1:1"),
    ("look.blink", "E", "Blink"),
    ("find.why", "H", "Reveal rank"),
)


class Slider(QWidget):
    """A handle on a line, dragged or clicked to `moved(share)`; its keys are the window's."""

    def __init__(self, name: str, moved: Callable[[float], object]) -> None:
        super().__init__()
        self.share = 0.0
        self._moved = moved
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_share(self, share: float) -> None:
        """Put the handle at a share (0–1) of the line."""
        self.share = min(max(share, 0.0), 1.0)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, theme.scaled(28))

    def paintEvent(self, event: QPaintEvent) -> None:
        t, painter = theme.tokens(), QPainter(self)
        middle, reach = self.height() / 2, self.width() - HANDLE
        theme.paint_box(painter, QRectF(0, middle - 2, self.width(), 4), t.hover, radius=2)
        theme.paint_box(painter, QRectF(0, middle - 2, HANDLE / 2 + self.share * reach, 4), t.text3, radius=2)
        handle = QRectF(self.share * reach, middle - HANDLE / 2, HANDLE, HANDLE)
        theme.paint_box(painter, handle, t.main, radius=HANDLE / 2)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._moved(min(max((event.position().x() - HANDLE / 2) / (self.width() - HANDLE), 0.0), 1.0))

    mouseMoveEvent = mousePressEvent


class Hint(Control):
    """A key and what it does; a click does it too."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__()
        self.key = key
        self.setText(text)
        self.setAccessibleName(text)
        theme.set_font(self, 12, 500)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        width = QFontMetricsF(self.font()).horizontalAdvance(self.text()) + cap_width(self.key) + 10
        return QSize(round(width), theme.scaled(28))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, height = QPainter(self), theme.scaled(18)
        width = cap_width(self.key)
        paint_cap(painter, QRectF(0, (self.height() - height) / 2, width, height), self.key)
        painter.setFont(self.font())
        tone = "text" if self.hovered() else "text2"
        painter.setPen(theme.color(tone if self.isEnabled() else "border"))
        room = QRectF(width + 8, 0, self.width() - width - 8, self.height())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self.text())


class VetLook(QWidget):
    """Follows the session's look."""

    def __init__(
        self, session: Session, actions: Mapping[str, QAction], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.session = session
        self.stretch = Slider("Stretch", self._soften)
        self.black = Slider("Black", self._shift)
        self._values = {slider: Label("", 12, 500) for slider in (self.stretch, self.black)}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(Label("Look", 12, 600, "text2"))
        for name, slider, keys in (("Stretch", self.stretch, "[]"), ("Black", self.black, ",.")):
            column.addLayout(self._row(name, slider, keys))
        grid = QGridLayout()
        grid.setSpacing(0)
        grid.setHorizontalSpacing(8)
        for index, (name, key, text) in enumerate(HINTS):
            hint = Hint(key, text)
            if name in actions:
                hint.clicked.connect(actions[name].trigger)
            grid.addWidget(hint, index // 3, index % 3)
            grid.setColumnStretch(index % 3, 1)
        column.addSpacing(4)
        column.addLayout(grid)
        session.look_changed.connect(self.show_look)
        session.project_changed.connect(self.show_look)
        self.show_look()

    def _row(self, name: str, slider: Slider, keys: str) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(6)
        label, value = Label(name, 12, 500), self._values[slider]
        label.setFixedWidth(theme.scaled(78))
        value.setFixedWidth(theme.scaled(34))
        value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        for widget in (label, slider, value, *map(KeyCap, keys)):
            row.addWidget(widget)
        return row

    def show_look(self) -> None:
        name, (least, most) = self._shape()
        shape, black = getattr(self.session.look, name), looks.by_hand(self.session).black
        low, high = BLACK_SHOWN
        self.stretch.show_share(math.log(most / shape) / math.log(most / least))
        self.black.show_share((black - low) / (high - low))
        self._values[self.stretch].setText(f"{shape:.3g}")
        self._values[self.black].setText(f"{black:.1f}".replace("-", "−"))

    def _shape(self) -> tuple[str, tuple[float, float]]:
        """What bends the stretch that is shown, and its range."""
        soft = self.session.look.stretch in SOFT_STRETCHES
        return ("softness", SOFTNESS_RANGE) if soft else ("gamma", GAMMA_RANGE)

    def _soften(self, share: float) -> None:
        name, (least, most) = self._shape()
        self.session.set_look(self.session.look.with_(**{name: most * (least / most) ** share}))

    def _shift(self, share: float) -> None:
        low, high = BLACK_SHOWN
        self.session.set_look(looks.by_hand(self.session).with_(black=low + share * (high - low)))
