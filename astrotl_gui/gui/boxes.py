"""Options drawn by their widget itself, one of them chosen: one focus stop, by mouse and by arrows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget


class Boxes(QWidget):
    """A subclass says which options there are (`names`), where (`boxes`), and paints them; `hover` is under the mouse.

    `chosen(name)` when the user chooses another.
    """

    chosen = Signal(str)
    steps: Mapping[Qt.Key, int] = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
    """By how many options each key moves on."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.hover = -1
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    @property
    def value(self) -> str:
        """The chosen option."""
        raise NotImplementedError

    def set_value(self, value: str) -> None:
        """Choose an option without firing `chosen`."""
        raise NotImplementedError

    def names(self) -> Sequence[str]:
        raise NotImplementedError

    def boxes(self) -> list[QRectF]:
        raise NotImplementedError

    def _at(self, position: QPointF) -> int:
        return next((i for i, box in enumerate(self.boxes()) if box.contains(position)), -1)

    def _choose(self, index: int) -> None:
        names = self.names()
        if 0 <= index < len(names) and names[index] != self.value:
            self.set_value(names[index])
            self.chosen.emit(self.value)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._choose(self._at(event.position()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.hover = self._at(event.position())
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self.hover = -1
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = self.steps.get(Qt.Key(event.key()))
        if step is None:
            return super().keyPressEvent(event)
        names = self.names()
        self._choose(names.index(self.value) + step if self.value in names else 0)
