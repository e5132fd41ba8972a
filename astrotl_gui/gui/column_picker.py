"""A button that says which of several columns are chosen, and a menu in which they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QMenu, QSizePolicy, QWidget

from . import theme
from .controls import Button

CARET = 18


class _StayingMenu(QMenu):
    """Several are chosen without opening it anew; Esc or a click elsewhere closes it."""

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        action = self.actionAt(event.position().toPoint())
        if action is not None and action.isCheckable():
            action.trigger()
        else:
            super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        action = self.activeAction()
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter) and action is not None:
            action.trigger()
        else:
            super().keyPressEvent(event)


class ColumnPicker(Button):
    """`value`: the chosen columns in the order they are offered; `changed()` when the user chooses. `nothing` is
    what the button says without any."""

    changed = Signal()

    def __init__(self, name: str, nothing: str, parent: QWidget | None = None) -> None:
        super().__init__(nothing, parent=parent)
        self._name, self._nothing = name, nothing
        self.menu = _StayingMenu(self)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.clicked.connect(self.open)
        self._say()

    @property
    def value(self) -> tuple[str, ...]:
        return tuple(action.data() for action in self.menu.actions() if action.isChecked())

    def offer(self, columns: Mapping[str, str], chosen: Sequence[str] = ()) -> None:
        """Offer columns: their name, and the text in the menu."""
        self.menu.clear()
        for name, text in columns.items():
            action = self.menu.addAction(text)
            action.setData(name)
            action.setCheckable(True)
            action.setChecked(name in chosen)
            action.toggled.connect(lambda _: self._say())
            action.triggered.connect(lambda _: self.changed.emit())
        self._say()

    def open(self) -> None:
        """Open the menu below the button."""
        self.menu.popup(self.mapToGlobal(QPoint(0, self.height() + 2)))
        if self.menu.actions():
            self.menu.setActiveAction(self.menu.actions()[0])

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width() + CARET, super().sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """As a choice is drawn: it is one, of several."""
        painter, rect, on = QPainter(self), QRectF(self.rect()), self.isEnabled()
        self._paint_box(painter)
        painter.setFont(self.font())
        painter.setPen(theme.color("text" if on else "border"))
        room = QRectF(12, 0, rect.width() - 12 - CARET, rect.height())
        text = self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, round(room.width() + 1)
        )
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)
        caret = QRectF(rect.width() - 26, 0, 16, rect.height())
        theme.paint_icon(painter, caret, "ph.caret-down", theme.color("text2" if on else "border"), 12)

    def _say(self) -> None:
        texts = [action.text().split("  ")[0] for action in self.menu.actions() if action.isChecked()]
        shown = ", ".join(texts[:3]) + (f" and {len(texts) - 3} more" if len(texts) > 3 else "")
        self.setText(shown or self._nothing)
        self.setAccessibleName(f"{self._name}: {self.text()}")
        self.setEnabled(bool(self.menu.actions()))
        self.updateGeometry()
        self.update()
