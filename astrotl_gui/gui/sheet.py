"""A card over the page, for a few choices that belong together; Esc or a click beside it closes it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QShortcut,
)
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from . import theme
from .controls import Button, IconButton, Label

DIM = QColor(0, 0, 0, 150)
MARGIN = 24
LABEL_WIDTH = 92


class _Card(QWidget):
    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.tokens()
        theme.paint_box(QPainter(self), QRectF(self.rect()), t.pane, t.border, radius=theme.RADIUS_CARD)


class Sheet(QWidget):
    """Covers `parent`; subclasses fill `body` and add buttons to `verbs`. `closed` fires however it ends."""

    closed = Signal()

    def __init__(self, parent: QWidget, title: str, detail: str = "", width: int = 560) -> None:
        super().__init__(parent)
        self._below, self._width = parent, width
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(title)
        self.card = _Card(self)
        self.close_button = IconButton("ph.x", "Close")
        self.close_button.clicked.connect(self.end)
        self.body = QVBoxLayout()
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(12)
        self.verbs = QHBoxLayout()
        self.verbs.setSpacing(8)
        self.verbs.addStretch(1)
        column = QVBoxLayout(self.card)
        column.setContentsMargins(MARGIN, 18, MARGIN, MARGIN)
        column.setSpacing(0)
        column.addLayout(self._head(title, detail))
        column.addSpacing(16)
        column.addWidget(self._scroll(), 1)
        column.addSpacing(20)
        column.addLayout(self.verbs)
        parent.installEventFilter(self)

    def open(self) -> None:
        """Show over the whole parent and take the keys."""
        self._cover()
        self.show()
        self.raise_()
        self.setFocus()

    def end(self) -> None:
        """Close for good."""
        if self.isVisible():
            self.hide()
            self.closed.emit()
            self.deleteLater()

    def add_verb(self, button: Button) -> None:
        """A button in the bottom row; the last one is the main one."""
        self.verbs.addWidget(button)

    def add_row(self, name: str, control: QWidget, below: Label | None = None) -> None:
        """A control with its name at the left, and what is to say of it below."""
        label = Label(name, 12, 500, "text2")
        label.setFixedSize(theme.scaled(LABEL_WIDTH), theme.scaled(32))
        column = QVBoxLayout()
        column.setSpacing(4)
        column.addWidget(control)
        if below is not None:
            column.addWidget(below)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(label, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(column, 1)
        self.body.addLayout(row)

    def add_file_row(self, field: QWidget, change: Button, below: Label) -> None:
        """The row of the file to write: where it is, and the button that asks for another."""
        file = QWidget()
        row = QHBoxLayout(file)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(field, 1)
        row.addWidget(change)
        self.add_row("File", file, below)

    def run_by_keys(self, run: Callable[[], object]) -> None:
        """Do the sheet's main verb by Ctrl+Return as well, wherever in it the keys are."""
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(run)

    def _head(self, title: str, detail: str) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(14)
        row.addWidget(Label(title, 15, 600))
        if detail:
            row.addWidget(Label(detail, 12, 400, "text2"), 0, Qt.AlignmentFlag.AlignVCenter)
        row.addStretch(1)
        row.addWidget(self.close_button)
        return row

    def _scroll(self) -> QScrollArea:
        self._content = QWidget()
        self._content.setLayout(self.body)
        self._area = QScrollArea()
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setWidgetResizable(True)
        self._area.setWidget(self._content)
        return self._area

    def _cover(self) -> None:
        parent, content = self._below, self._content
        self.setGeometry(parent.rect())
        around = self.card.sizeHint().height() - self._area.sizeHint().height()
        width = min(theme.scaled(self._width), parent.width() - 2 * MARGIN)
        content.adjustSize()
        inside = width - 2 * MARGIN
        tall = self.body.heightForWidth(inside) if self.body.hasHeightForWidth() else -1
        wanted = around + max(tall, content.sizeHint().height()) + 2
        height = min(wanted, parent.height() - 2 * MARGIN)
        self.card.setGeometry((parent.width() - width) // 2, (parent.height() - height) // 2, width, height)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._below and event.type() == QEvent.Type.Resize and self.isVisible():
            self._cover()
        return False

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest and self.isVisible():
            self._cover()
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            own = [shortcut.key() for shortcut in self.findChildren(QShortcut)]
            if QKeySequence(event.keyCombination()) not in own:
                event.accept()  # the page below must not act on keys meant for the sheet
        return super().event(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab stays within the sheet."""
        stops = self._stops()
        if stops:
            focus = QApplication.focusWidget()
            place = stops.index(focus) if focus in stops else (-1 if forward else 0)
            stop = stops[(place + (1 if forward else -1)) % len(stops)]
            stop.setFocus(Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason)
        return True

    def _stops(self) -> list[QWidget]:
        """What takes the focus, in the order of creation.

        Not by nextInFocusChain: PySide makes what it returns a child of the widget it was called on, and then
        forgets all of them, menus and other pages too, when the sheet is deleted.
        """
        takes = Qt.FocusPolicy.TabFocus
        return [
            widget
            for widget in self.findChildren(QWidget)
            if widget.focusPolicy() & takes == takes and widget.isVisible() and widget.isEnabled()
        ]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self.card.geometry().contains(event.position().toPoint()):
            self.end()

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), DIM)
