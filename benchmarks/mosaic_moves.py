"""A hand on the mosaic, 60 times a second, and how long each frame takes.

A frame lasts from the moment its move was due, by the clock, until it is painted, so that whatever else keeps the main
thread counts too.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QEventLoop, QPointF, Qt, QTimer

from astrotl_gui.gui.mosaic_view import MosaicView

FRAME_MS = 1000 / 60


def frames(view: MosaicView, moves: Callable[[int], None], while_: Callable[[int], bool]) -> list[float]:
    """Milliseconds from when each move was due to its paint, as long as `while_(number)`."""
    taken: list[float] = []
    loop, timer = QEventLoop(), QTimer(timerType=Qt.TimerType.PreciseTimer, singleShot=True)
    due = time.perf_counter()

    def frame() -> None:
        nonlocal due
        moves(len(taken))
        view.repaint()
        now = time.perf_counter()
        taken.append(1000 * (now - due))
        if not while_(len(taken)):
            loop.quit()
            return
        # A mouse moves on while a frame is late: moves that were missed are one move.
        due = max(due + FRAME_MS / 1000, now)
        timer.start(max(0, math.floor(1000 * (due - now))))

    def wait() -> None:
        # The timer counts whole milliseconds: the rest is waited for here.
        while time.perf_counter() < due:
            time.sleep(0)
        frame()

    timer.timeout.connect(wait)
    timer.start(0)
    loop.exec()
    return taken


def pan(view: MosaicView) -> Callable[[int], None]:
    """A hand that moves the sky in a wide circle, faster and slower."""

    def move(number: int) -> None:
        angle = number / 25
        speed = 14 + 10 * math.sin(number / 40)
        view.drag(speed * math.cos(angle), speed * math.sin(angle) + 3)

    return move


def zoom(view: MosaicView) -> Callable[[int], None]:
    """In to pixels and out to the whole, about a point off the middle."""

    def move(number: int) -> None:
        inward = (number // 60) % 2 == 0
        view.zoom_by(1.08 if inward else 1 / 1.08, QPointF(500, 320))

    return move


def travel(view: MosaicView) -> Callable[[int], None]:
    """What one does on a mosaic: pan at several zooms, zoom between."""
    panning, zooming = pan(view), zoom(view)

    def move(number: int) -> None:
        (zooming if number % 120 < 60 else panning)(number)

    return move


def spread(taken: list[float]) -> dict[str, float]:
    return {f"p{p}": float(np.percentile(taken, p)) for p in (50, 95, 99)} | {
        "n": len(taken),
        "max": max(taken),
    }
