"""The window while it works: time to the first frame, stalls of the main thread, a label to the new order."""

from __future__ import annotations

import os
import shutil
import statistics
import time
from typing import Any

from benchmarks.field import FOLDER, detected_project
from benchmarks.report import Row

BEAT_MS = 5
STALL_MS = 50.0
LABELS = 20


def run(full: bool = False) -> list[Row]:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    project = FOLDER / "heartbeat.astrotl"
    shutil.rmtree(project, ignore_errors=True)
    shutil.copytree(detected_project(), project)
    shutil.rmtree(project / "embeddings", ignore_errors=True)

    from astrotl_gui.core.settings import AppSettings
    from astrotl_gui.gui.app import make_window
    from astrotl_gui.gui.session import Session

    heart = _Heart()
    began = time.perf_counter()
    session = Session(AppSettings(vetter="bench"))
    window = make_window([project], session)
    _until(lambda: window.isVisible() and session.project is not None and window.view.isVisible())
    window.grab()
    first = time.perf_counter() - began
    heart.start()
    _until(lambda: all(session.ranking(target) for target in ("lens", "agn", "artifact", "outlier")))
    end = time.perf_counter() + 1
    _until(lambda: time.perf_counter() > end)
    heart.stop()
    rows = [Row("window visible on the demo project", first, "s", target=2.0)]
    rows += _stalls(heart)
    rows += _labels(session, window)
    window.close()
    return rows


class _Heart:
    """Beats on the main thread every 5 ms; a late beat is a stall."""

    def __init__(self) -> None:
        from PySide6.QtCore import Qt, QTimer

        self.late: list[tuple[float, float, str]] = []
        self._timer = QTimer(timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)

    def start(self) -> None:
        self.began = self._last = time.perf_counter()
        self._timer.start(BEAT_MS)

    def stop(self) -> None:
        self._timer.stop()
        self.seconds = time.perf_counter() - self.began

    def _beat(self) -> None:
        import sys

        now = time.perf_counter()
        gap = 1000 * (now - self._last) - BEAT_MS
        if gap > STALL_MS:
            loading = "torch" in sys.modules and "torchvision" not in sys.modules
            self.late.append((now - self.began, gap, "while torch loads" if loading else ""))
        self._last = now


def _stalls(heart: _Heart) -> list[Row]:
    rows = [
        Row(f"stall at {at:.1f} s {why}".strip(), gap, "ms", target=2000.0 if why else STALL_MS)
        for at, gap, why in heart.late
    ]
    worst = max((gap for _, gap, why in heart.late if not why), default=0.0)
    seconds = f"{heart.seconds:.0f} s of embedding and ranking"
    return [*rows, Row("worst stall outside torch's load", worst, "ms", target=STALL_MS, n=seconds)]


def _labels(session: Any, window: Any) -> list[Row]:
    """Key press to re-ordered list, beside a plain fit of scikit-learn's logistic regression on the same vectors."""
    import numpy as np
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest
    from sklearn.linear_model import LogisticRegression

    session.select(int(session.ranking("lens").ids[0]))
    moment = time.perf_counter() + 0.2
    _until(lambda: time.perf_counter() > moment)
    times = []
    for number in range(LABELS):
        before, start = session.ranking("lens"), time.perf_counter()
        QTest.keyClick(window, Qt.Key.Key_A if number % 2 else Qt.Key.Key_X)
        _until(lambda b=before: session.ranking("lens") is not b)
        window.explore.list_pane.gallery.viewport().grab()
        times.append(1000 * (time.perf_counter() - start))
        pause = time.perf_counter() + 0.3
        _until(lambda p=pause: time.perf_counter() > p)
    vectors = session.inputs.vectors
    signs = np.arange(LABELS) % 2
    start = time.perf_counter()
    LogisticRegression().fit(vectors[:LABELS], signs).decision_function(vectors).argsort()
    rival = 1000 * (time.perf_counter() - start)
    n = f"{len(session.catalog):,} sources, {LABELS} labels"
    median, worst = statistics.median(times), max(times)
    return [
        Row("label to re-ordered list, median", median, "ms", "logistic regression alone", rival, 100.0, n=n),
        Row("label to re-ordered list, slowest", worst, "ms", target=100.0, n=n),
    ]


def _until(ready: Any, seconds: float = 500.0) -> None:
    """Run the event loop until `ready()`, asked every 2 ms."""
    from PySide6.QtCore import QEventLoop, QTimer

    deadline = time.perf_counter() + seconds
    loop, poll = QEventLoop(), QTimer()

    def look() -> None:
        if ready() or time.perf_counter() > deadline:
            loop.quit()

    poll.timeout.connect(look)
    poll.start(2)
    loop.exec()
    if not ready():
        raise SystemExit("the window did not get there in time")
