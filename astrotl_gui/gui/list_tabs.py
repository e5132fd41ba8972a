"""The tabs over the list: one for each target, and the similarity search."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from astrotl_gui.core.labels import TARGET_NAMES

from . import theme

SIMILAR = ("similar", "Similar")
MARGIN = 13
GAP, TIGHT = 11.0, 6.0
"""Least room between two tabs, and where even the four do not fit otherwise."""
LEAST = 40.0
"""Width to which the name of the current list may be cut."""


class ListTabs(QWidget):
    """One focus stop; arrows move inside. The four and Similar always stand, the astronomer's own as far as they fit.

    `chosen(id)` fires when the user chooses a tab, also the current one; `asked(id, position)` for a right click.
    """

    chosen = Signal(str)
    asked = Signal(str, QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names = dict(TARGET_NAMES)
        self.value, self._hover = next(iter(self._names)), ""
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Lists")
        theme.set_font(self, 12, 600)

    def set_lists(self, names: Mapping[str, str]) -> None:
        """Show these lists (key → name), Similar behind them."""
        self._names = dict(names)
        self.set_value(self.value)

    def set_value(self, value: str) -> None:
        """Show a tab as the current one without firing `chosen`."""
        self.value = value
        self.setAccessibleDescription(self._names.get(value, SIMILAR[1]))
        self.update()

    def shown(self) -> list[tuple[str, str, QRectF]]:
        """(id, text as it is shown, where) of each tab; the boxes have the full height of the bar."""
        metrics = QFontMetricsF(self.font())
        room = self.width() - 2 * MARGIN
        fixed = {name: metrics.horizontalAdvance(text) for name, text in (*TARGET_NAMES.items(), SIMILAR)}
        left = room - sum(fixed.values()) - (len(fixed) - 1) * GAP
        widths = fixed | self._fitting(metrics, left)
        order = [name for name in (*self._names, SIMILAR[0]) if name in widths]
        spare = room - sum(widths[name] for name in order)
        gap, x, tabs = max(TIGHT, spare / (len(order) - 1)), float(MARGIN), []
        for name in order:
            text = metrics.elidedText(self._text(name), Qt.TextElideMode.ElideRight, widths[name] + 1)
            tabs.append((name, text, QRectF(x, 0, widths[name], self.height())))
            x += widths[name] + gap
        return tabs

    def _fitting(self, metrics: QFontMetricsF, room: float) -> dict[str, float]:
        """The own lists that fit into `room` and their widths: the current one first, then in their order."""
        own = [name for name in self._names if name not in TARGET_NAMES]
        widths: dict[str, float] = {}
        for name in sorted(own, key=lambda name: name != self.value):
            width = metrics.horizontalAdvance(self._text(name))
            if name == self.value:
                width = max(LEAST, min(width, room - GAP))
            if width + GAP <= room or name == self.value:
                widths[name] = width
                room -= width + GAP
        return widths

    def _text(self, name: str) -> str:
        return self._names.get(name, SIMILAR[1])

    def boxes(self) -> list[QRectF]:
        """Where each tab's text stands."""
        return [box for _, _, box in self.shown()]

    def sizeHint(self) -> QSize:
        return QSize(320, theme.scaled(36))

    def paintEvent(self, event: QPaintEvent) -> None:
        t, painter = theme.tokens(), QPainter(self)
        bottom = self.height() - 1
        theme.paint_line(painter, QPointF(0, bottom), QPointF(self.width(), bottom), t.line)
        painter.setFont(self.font())
        for name, text, box in self.shown():
            on = name == self.value
            painter.setPen(theme.color("text" if on or name == self._hover else "text2"))
            painter.drawText(box.adjusted(-4, 0, 4, 0), Qt.AlignmentFlag.AlignCenter, text)
            if on:
                line = QRectF(round(box.left()), bottom - 1, round(box.width()), 2)
                painter.fillRect(line, theme.color("selection"))

    def _at(self, position: QPointF) -> str:
        """The id of the tab there, empty between tabs."""
        reach = 5
        near = (name for name, _, box in self.shown() if box.adjusted(-reach, 0, reach, 0).contains(position))
        return next(near, "")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if (name := self._at(event.position())) and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(name)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if name := self._at(QPointF(event.pos())):
            self.asked.emit(name, event.globalPos())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover = self._at(event.position())
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hover = ""
        self.update()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            cut = {name for name, text, _ in self.shown() if text != self._text(name)}
            tip = self._text(self._hover) if self._hover in cut else ""
            QToolTip.showText(event.globalPos(), tip, self)
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        names = [*self._names, SIMILAR[0]]
        if step is None:
            return super().keyPressEvent(event)
        self.chosen.emit(names[(names.index(self.value) + step) % len(names)])
