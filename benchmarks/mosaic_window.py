"""The mosaic view in a process of its own: `python -m benchmarks.mosaic_window CASE PROJECT` prints what it measured.

The window is 1200 × 900 and empty when the clock starts.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QEventLoop, Qt, QTimer
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
from benchmarks.mosaic_moves import frames, pan, spread, travel, zoom

WIDTH, HEIGHT = 1200, 900
BEAT_MS = 2
FRAMES = 240
LOOKS = 24
Result = dict[str, Any]


class TimedView(MosaicView):
    """Knows when something was first painted, when the whole, and when all of it sharp."""

    def __init__(self, session: Session) -> None:
        self.painted: dict[str, float] = {}
        super().__init__(session)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        canvas, now = self.canvas, time.perf_counter()
        if canvas is None:
            return
        if canvas.overview() is not None:
            self.painted.setdefault("first", now)
        if canvas.sharp:
            self.painted.setdefault("sharp", now)
        if "whole" not in self.painted:
            planes = [canvas.feed.overview(band) for band in self.session.levels]
            if all(plane is not None and np.isfinite(plane).all() for plane in planes):
                self.painted["whole"] = now


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


def opened(session: Session, view: TimedView, project: Path) -> None:
    """Open a project and wait until all that is in view is sharp."""
    session.open_project(project)
    until(lambda: {"first", "sharp"} <= set(view.painted))


def place(view: MosaicView, scale: float) -> None:
    """The middle of the mosaic at `scale` screen pixels an image pixel, sharp."""
    view.fit()
    view.zoom_by(scale / view.viewport.scale)
    until(lambda: view.canvas is not None and view.canvas.sharp)
    rest(0.3)


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
    """Opened, and the zoom levels built: times, memory, the longest the main thread was busy."""
    session, view = empty_view()
    watch, heart, start = Watch(), Heart(), time.perf_counter()
    opened(session, view, project)
    held = watch.growth
    until(lambda: not session.jobs.active)
    built = time.perf_counter() - start
    until(lambda: "whole" in view.painted)
    rest(0.5)
    times = {name: at - start for name, at in view.painted.items()}
    return times | {"gap": heart.longest, "memory_first": held, "built": built, "memory": watch.stop()}


def moving(project: Path) -> Result:
    """Looks, panning and zooming on an open mosaic whose zoom levels are there, and what memory it came to."""
    session, view = empty_view()
    watch = Watch()
    opened(session, view, project)
    until(lambda: not session.jobs.active)
    result: Result = {}
    for name, scale in (("whole", view.viewport.fit_scale), ("pixels", 1.0)):
        place(view, scale)
        result[f"relevel {name}"] = spread(relevel(session, view))
    for name, scale in (("pixels", 1.0), ("third", 0.33)):
        place(view, scale)
        result[f"pan {name}"] = spread(frames(view, pan(view), lambda n: n < FRAMES))
        place(view, scale)
        result[f"pan {name} again"] = spread(frames(view, pan(view), lambda n: n < FRAMES))
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
    os._exit(0)  # threads may be in the middle of something


if __name__ == "__main__":
    main()
