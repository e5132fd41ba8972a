"""The tabs over the list: one for each target, and the similarity search."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from astrotl_gui.core.labels import TARGET_NAMES

from . import theme

TABS = (*TARGET_NAMES.items(), ("similar", "Similar"))
MARGIN = 13


class ListTabs(QWidget):
    """One focus stop; arrows move inside. `chosen(id)` fires when the user chooses a tab, also the current one."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.value, self._hover = TABS[0][0], -1
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Lists")
        theme.set_font(self, 12, 600)

    def set_value(self, value: str) -> None:
        """Show a tab as the current one without firing `chosen`."""
        self.value = value
        self.setAccessibleDescription(dict(TABS).get(value, ""))
        self.update()

    def boxes(self) -> list[QRectF]:
        """Where each tab's text stands, the full height of the bar."""
        metrics = QFontMetricsF(self.font())
        widths = [metrics.horizontalAdvance(text) for _, text in TABS]
        gap = max(6.0, (self.width() - 2 * MARGIN - sum(widths)) / (len(TABS) - 1))
        left, boxes = float(MARGIN), []
        for width in widths:
            boxes.append(QRectF(left, 0, width, self.height()))
            left += width + gap
        return boxes

    def sizeHint(self) -> QSize:
        return QSize(320, theme.scaled(36))

    def paintEvent(self, event: QPaintEvent) -> None:
        t, painter = theme.tokens(), QPainter(self)
        bottom = self.height() - 1
        theme.paint_line(painter, QPointF(0, bottom), QPointF(self.width(), bottom), t.line)
        painter.setFont(self.font())
        for i, ((name, text), box) in enumerate(zip(TABS, self.boxes(), strict=True)):
            on = name == self.value
            painter.setPen(theme.color("text" if on or i == self._hover else "text2"))
            painter.drawText(box.adjusted(-4, 0, 4, 0), Qt.AlignmentFlag.AlignCenter, text)
            if on:
                line = QRectF(round(box.left()), bottom - 1, round(box.width()), 2)
                painter.fillRect(line, theme.color("selection"))

    def _at(self, position: QPointF) -> int:
        boxes = self.boxes()
        return next((i for i, box in enumerate(boxes) if box.adjusted(-8, 0, 8, 0).contains(position)), -1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self._at(event.position())
        if index >= 0:
            self.chosen.emit(TABS[index][0])

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover = self._at(event.position())
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hover = -1
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        names = [name for name, _ in TABS]
        if step is None:
            return super().keyPressEvent(event)
        self.chosen.emit(names[(names.index(self.value) + step) % len(names)])
