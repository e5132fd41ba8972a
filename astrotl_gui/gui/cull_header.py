"""Over the page of Cull: the lists, what to do, by what strategy the queue asks, and which page it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QWidget

from astrotl_gui.core.settings import STRATEGIES

from . import theme
from .controls import Control, IconButton, Label
from .label_queue import LabelQueue
from .list_bar import ListBar

if TYPE_CHECKING:
    from .session import Session

LISTS_WIDTH = 330
HINT = "Click the ones to keep. The rest stay unlabelled."
CARET = 14


class StrategyButton(Control):
    """The strategy in use with a caret; its menu changes it."""

    def __init__(self, queue: LabelQueue, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._queue = queue
        theme.set_font(self, 12, 500)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setToolTip("What the next page asks about")
        self.menu = QMenu(self)
        group = QActionGroup(self)
        self.entries: dict[str, QAction] = {}
        for strategy, text in STRATEGIES.items():
            entry = self.entries[strategy] = self.menu.addAction(text)
            entry.setCheckable(True)
            entry.setActionGroup(group)
            entry.triggered.connect(lambda checked, strategy=strategy: queue.choose(strategy))
        self.clicked.connect(self._open)
        queue.changed.connect(self.show_strategy)
        self.show_strategy()

    def show_strategy(self) -> None:
        """Show what the project has chosen."""
        strategy = self._queue.settings.strategy
        strategy = strategy if strategy in STRATEGIES else "top"
        self.entries[strategy].setChecked(True)
        self.setText(STRATEGIES[strategy])
        self.setAccessibleName(f"Next: {STRATEGIES[strategy]}")
        self.updateGeometry()
        self.update()

    def _open(self) -> None:
        width = self.menu.sizeHint().width()
        self.menu.popup(self.mapToGlobal(QPoint(self.width() - width, self.height() + 2)))

    def sizeHint(self) -> QSize:
        text = QFontMetricsF(self.font()).horizontalAdvance(self.text())
        return QSize(round(text + theme.scaled(CARET) + 20), theme.scaled(28))

    def paintEvent(self, event: QPaintEvent) -> None:
        t, painter, rect = theme.tokens(), QPainter(self), QRectF(self.rect())
        if self.hovered() or self.isDown():
            theme.paint_box(painter, rect, t.hover)
        painter.setFont(self.font())
        painter.setPen(theme.color("text" if self.hovered() else "text2"))
        painter.drawText(rect.adjusted(8, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self.text())
        caret = QRectF(rect.right() - theme.scaled(CARET) - 5, 0, theme.scaled(CARET), rect.height())
        theme.paint_icon(painter, caret, "ph.caret-down", t.text2, 12)


class CullHeader(QWidget):
    """36 px. `turned(by)`: one page on (+1) or back (−1)."""

    turned = Signal(int)

    def __init__(
        self, session: Session, actions: Mapping[str, QAction], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setProperty("surface", "pane")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.lists = ListBar(session, actions)
        self.lists.setFixedWidth(theme.scaled(LISTS_WIDTH))
        self.hint = Label(HINT, 12, 500, "text2")
        self.hint.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.hint.setMinimumWidth(0)
        self.strategy = StrategyButton(session.queue)
        self.back = IconButton("ph.caret-left", "Page before")
        self.page = Label("", 12, 600)
        self.page.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.on = IconButton("ph.caret-right", "Next page")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 8, 0)
        row.setSpacing(4)
        row.addWidget(self.lists)
        row.addSpacing(12)
        row.addWidget(self.hint, 1)
        row.addWidget(self.strategy)
        row.addSpacing(12)
        for part in (self.back, self.page, self.on):
            row.addWidget(part)
        self.back.clicked.connect(lambda: self.turned.emit(-1))
        self.on.clicked.connect(lambda: self.turned.emit(1))
        self.setFixedHeight(theme.scaled(36))

    def show_page(self, number: int, count: int, ended: bool) -> None:
        """Say which page of how many is in view, from 1; nothing without any."""
        self.page.setText(
            f"Page {number:,} of {count:,}" if count and not ended else "All seen" if ended else ""
        )
        widest = f"Page {count:,} of {count:,}".translate(str.maketrans("123456789", "000000000"))
        self.page.setMinimumWidth(round(QFontMetricsF(self.page.font()).horizontalAdvance(widest)) + 8)
        self.back.setEnabled(number > 1 or ended)
        self.on.setEnabled(bool(count) and not ended)

    def paintEvent(self, event: QPaintEvent) -> None:
        bottom = self.height() - 1
        line = QPointF(0, bottom), QPointF(self.width(), bottom)
        theme.paint_line(QPainter(self), *line, theme.tokens().line)
