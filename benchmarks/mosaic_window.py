"""The mosaic view in a process of its own: `python -m benchmarks.mosaic_window CASE PROJECT` prints what it measured.

The window is 1200 × 900 and empty when the clock starts. A frame lasts from the moment its mouse move was due
(60 a second, by the clock) until it is painted, so that whatever else keeps the main thread counts too.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QEventLoop, QPointF, Qt, QTimer
from PySide6.QtGui import QPaintEvent

import astrotl_gui.pipeline.opening  # noqa: F401 - the clock starts after imports
from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.settings import AppSettings
from astrotl_gui.core.stretch import STRETCHES
from astrotl_gui.gui import theme
from astrotl_gui.gui.app import application
from astrotl_gui.gui.mosaic_view import MosaicView
from astrotl_gui.gui.session import Session
from benchmarks.memory import Watch

WIDTH, HEIGHT = 1200, 900
FRAME_MS = 1000 / 60
BEAT_MS = 2
FRAMES = 240
LOOKS = 24
EMBEDDING_SECONDS = 40.0
Result = dict[str, Any]


class TimedView(MosaicView):
    """Knows when a whole picture was first painted, and when a sharp one."""

    def __init__(self, session: Session) -> None:
        self.painted: dict[str, float] = {}
        super().__init__(session)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        canvas = self.canvas
        if canvas is None:
            return
        for name, there in (("whole", canvas.overview() is not None), ("sharp", canvas.sharp)):
            if there and name not in self.painted:
                self.painted[name] = time.perf_counter()


class Heart:
    """Beats on the main thread; the longest time between two beats is the longest it was kept busy."""

    def __init__(self) -> None:
        self.longest, self._last = 0.0, time.perf_counter()
        self._timer = QTimer(timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start(BEAT_MS)

    def _beat(self) -> None:
        now = time.perf_counter()
        self.longest, self._last = max(self.longest, 1000 * (now - self._last)), now


def until(ready: Callable[[], object], seconds: float = 300.0) -> None:
    """Run the event loop until `ready()`, asked every 2 ms."""
    deadline, loop, poll = time.perf_counter() + seconds, QEventLoop(), QTimer()
    poll.timeout.connect(lambda: loop.quit() if ready() or time.perf_counter() > deadline else None)
    poll.start(2)
    loop.exec()
    if not ready():
        raise SystemExit("the window did not get there in time")


def rest(seconds: float) -> None:
    end = time.perf_counter() + seconds
    until(lambda: time.perf_counter() > end)


def empty_view() -> tuple[Session, TimedView]:
    """A running window without a mosaic."""
    theme.apply(application(), "dark", 100, False)
    session = Session(AppSettings(vetter="bench"))
    view = TimedView(session)
    view.resize(WIDTH, HEIGHT)
    view.show()
    until(view.isVisible)
    rest(0.5)
    return session, view


def opened(session: Session, view: TimedView, project: Path) -> Result:
    """From the call to pictures [s]."""
    heart, start = Heart(), time.perf_counter()
    session.open_project(project)
    until(lambda: "sharp" in view.painted)
    result = {name: at - start for name, at in view.painted.items()}
    return result | {"gap": heart.longest}


# --- frames ----------------------------------------------------------------------------------------------


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


def place(view: MosaicView, scale: float) -> None:
    """The middle of the mosaic at `scale` screen pixels an image pixel, sharp."""
    view.fit()
    view.zoom_by(scale / view.viewport.scale)
    until(lambda: view.canvas is not None and view.canvas.sharp)
    rest(0.3)


def spread(taken: list[float]) -> Result:
    return {f"p{p}": float(np.percentile(taken, p)) for p in (50, 95, 99)} | {
        "n": len(taken),
        "max": max(taken),
    }


def relevel(session: Session, view: MosaicView) -> list[float]:
    """Milliseconds from a new look to its paint."""
    taken = []
    for number in range(LOOKS):
        look = session.look.with_(
            stretch=STRETCHES[number % len(STRETCHES)], black=0.1 * number, softness=3.0 + number
        )
        start = time.perf_counter()
        session.set_look(look)
        view.repaint()
        taken.append(1000 * (time.perf_counter() - start))
        rest(0.15)
    return taken


# --- cases -----------------------------------------------------------------------------------------------


def first(project: Path) -> Result:
    """Opened, and the zoom levels built: times and memory."""
    session, view = empty_view()
    watch = Watch()
    result = opened(session, view, project)
    result["memory_first"] = watch.growth
    until(lambda: not session.jobs.active)
    rest(0.5)
    return result | {"built": time.perf_counter() - view.painted["whole"], "memory": watch.stop()}


def moving(project: Path) -> Result:
    """Looks, panning and zooming on an open mosaic whose zoom levels are there, and what memory it came to."""
    session, view = empty_view()
    watch = Watch()
    opened(session, view, project)
    until(lambda: not session.jobs.active)
    result: Result = {}
    for name, scale in (
        ("whole", view.viewport.fit_scale),
        ("quarter", 0.25),
        ("pixels", 1.0),
        ("near", 1.3),
    ):
        place(view, scale)
        result[f"relevel {name}"] = spread(relevel(session, view))
    for name, scale in (("pixels", 1.0), ("third", 0.33), ("coarse", 0.1)):
        place(view, scale)
        result[f"pan {name}"] = spread(frames(view, pan(view), lambda n: n < FRAMES))
    view.fit()
    rest(0.3)
    result["zoom"] = spread(frames(view, zoom(view), lambda n: n < FRAMES))
    return result | {"memory": watch.stop()}


def busy(project: Path, embedded: Path) -> Result:
    """Panning and zooming while zoom levels are built and another project's sources are embedded."""
    from astrotl_gui.core.mosaic import Mosaic
    from astrotl_gui.core.project import Project
    from astrotl_gui.pipeline.embed import embed

    other = Project.open(embedded)
    mosaic, catalog = Mosaic.open(other.spec), other.read_catalog()
    session, view = empty_view()
    job = session.jobs.run(
        "Embedding", _embed_on, embed, mosaic, catalog, project.with_suffix(".store"), other
    )
    until(lambda: job.done > 0 or job.state == "failed")
    rest(0.5)
    opened(session, view, project)
    names = [one.name for one in session.jobs.active]
    start, done = time.perf_counter(), job.done
    taken = frames(view, travel(view), lambda n: n < 2 * FRAMES or len(session.jobs.active) > 1)
    seconds = time.perf_counter() - start
    rate = (job.done - done) / seconds
    job.cancel()
    until(lambda: not session.jobs.active)
    return spread(taken) | {"jobs": names, "embedded": rate, "seconds": seconds, "state": job.state}


def _embed_on(embed: Any, mosaic: Any, catalog: Catalog, folder: Path, other: Any, *, progress: Any) -> None:
    """Embed, again and again, until it is cancelled."""
    for number in range(1000):
        embed(mosaic, catalog, folder / str(number), other.cutouts, other.encoder, progress=progress)


CASES: dict[str, Callable[..., Result]] = {"first": first, "moving": moving, "busy": busy}


def main() -> None:
    case, *paths = sys.argv[1:]
    result = CASES[case](*map(Path, paths))
    print("RESULT", json.dumps(result), flush=True)
    # The window and its threads need no farewell.
    sys.stdout.flush()
    import os

    os._exit(0)


if __name__ == "__main__":
    main()
