"""Keys that mean something when they are let go: a blink held, Alt alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

if TYPE_CHECKING:
    from .actions import Action
    from .main_window import MainWindow

HOLD_MS = 300
"""A key held longer than this is a hold, not a tap."""


class HeldKeys:
    """Follows the window's keys: Alt alone opens its menu, a `held` action runs again when its key is let go."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._alt_alone = False
        self._held: tuple[Action, QElapsedTimer] | None = None

    def acted(self) -> None:
        """An action ran: an Alt that was part of its keys opens no menu."""
        self._alt_alone = False

    def hold(self, row: Action) -> None:
        """An action began that may end when its key is let go."""
        timer = QElapsedTimer()
        timer.start()
        self._held = (row, timer)

    def pressed(self, event: QKeyEvent) -> None:
        self._alt_alone = event.key() == Qt.Key.Key_Alt

    def released(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Alt and self._alt_alone:
            self._window.open_menu()
        self._alt_alone = False
        if self._held is None or event.isAutoRepeat():
            return
        row, timer = self._held
        if QKeySequence(event.key()) in [QKeySequence(keys) for keys in row.shortcuts]:
            self._held = None
            if timer.elapsed() > HOLD_MS:
                row.run(self._window)
