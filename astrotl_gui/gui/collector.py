"""Garbage collection on the main thread only."""

from __future__ import annotations

import atexit
import gc
import sys

from PySide6.QtCore import QObject, QTimer

EVERY_MS = 2000
MANY_MODULES = 50


class Collector(QObject):
    """Collects from a timer: a collection on a worker thread could destroy a QObject there, and crash.

    Looking through all that torch loads takes 0.2 s, so after many modules were imported what exists is set
    aside for good (`gc.freeze`), and a collection sees only what came since.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        atexit.register(_end)
        self._modules = 0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.collect)
        self._timer.start(EVERY_MS)

    def collect(self) -> None:
        """Free what is unreachable."""
        if len(sys.modules) > self._modules + MANY_MODULES:
            self._modules = len(sys.modules)
            gc.freeze()
        gc.collect()


def _end() -> None:
    """Let the interpreter free everything as usual when it ends; libraries complain of leaks otherwise."""
    gc.unfreeze()
    gc.enable()
