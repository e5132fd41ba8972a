"""The window's inside: top bar, the page in front, status bar; it scrolls when the window is too small."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from .controls import Line

LEAST_SIZE = (1180, 640)
"""Below this [px] the window scrolls."""


class _Pages(QStackedWidget):
    """Pages that take the room there is: what needs more scrolls within itself, so that the bars stay in view."""

    def hasHeightForWidth(self) -> bool:
        return False

    def minimumSizeHint(self) -> QSize:
        return QSize(0, 0)


class WindowFrame(QScrollArea):
    """Lays bars and pages out; `pages` shows one of them."""

    def __init__(self, top: QWidget, pages: Sequence[QWidget], status: QWidget) -> None:
        super().__init__()
        self._top, self._status = top, status
        self._top_line, self._status_line = Line(), Line()
        self.pages = _Pages()
        for page in pages:
            self.pages.addWidget(page)
        self._content = QWidget()
        self._content.setMinimumSize(*LEAST_SIZE)
        column = QVBoxLayout(self._content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part in (top, self._top_line, self.pages, self._status_line, status):
            column.addWidget(part, 1 if part is self.pages else 0)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidgetResizable(True)
        self.setWidget(self._content)

    def show_bars(self, top: bool, status: bool) -> None:
        """Show the bars, each with its line, or leave them out."""
        self._top.setVisible(top)
        self._top_line.setVisible(top)
        self._status.setVisible(status)
        self._status_line.setVisible(status)

    def shrink(self, on: bool) -> None:
        """Let the page be as small as the window, without scrolling."""
        self._content.setMinimumSize(*((0, 0) if on else LEAST_SIZE))
