"""A session of Vet by keys alone: from the key of a label to the next candidate on the screen, at rest and at work.

The demo sky, 1440 × 900. Every candidate is looked at for PAUSE_MS, less than anyone needs. The picture counts once
the large cutout itself is painted, not the small one that stands in for it. Then the same while sources are embedded,
and while the network is tuned on 200 labels that the simulator's truth gave: begun again, with what was labelled
since, as often as it ends before LABELS.
"""

from __future__ import annotations

import os
import shutil
import statistics
import time
from typing import Any

import numpy as np

from astrotl_gui.core.resources import resource
from astrotl_gui.pipeline.known import known_sources
from benchmarks.field import FOLDER, detected_project
from benchmarks.report import Row
from benchmarks.window import _until

LABELS, PAUSE_MS, TARGET_MS = 300, 400, 100.0
TAUGHT = 60, 140
"""Yes and no that the network is tuned on."""
KEYS = "AXXXBXXCX5"


def run(full: bool = False) -> list[Row]:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    project = FOLDER / "vetting.astrotl"
    shutil.rmtree(project, ignore_errors=True)
    shutil.copytree(detected_project(), project)

    from astrotl_gui.core.settings import AppSettings
    from astrotl_gui.gui.app import make_window
    from astrotl_gui.gui.session import Session

    session = Session(AppSettings(vetter="bench"))
    window = make_window([project], session)
    window.resize(1440, 900)
    _until(lambda: session.ranking("outlier") is not None)
    _until(lambda: not session.jobs.active)
    rows = _session(session, window, "at rest")
    shutil.rmtree(project / "embeddings", ignore_errors=True)
    session.embed()
    rows += _session(session, window, "while sources are embedded", lambda: session.writing == "Embedding")
    _until(lambda: not session.jobs.active)
    _teach(session)
    rows += _session(session, window, "while a network is tuned", lambda: _tunes(session))
    window.close()
    return rows


def _tunes(session: Any) -> bool:
    """Begin to tune again where it has ended."""
    if session.writing != "Fine-tuning":
        _until(lambda: not session.writing)
        session.fine_tune("artifact")
        _until(lambda: session.writing == "Fine-tuning")
    return True


def _teach(session: Any) -> None:
    """Label artifacts as a vetter who is never wrong would."""
    truth = known_sources(resource("demo-sky/simulated_truth.parquet"), session.catalog)
    wanted = sorted(truth["artifact"].ids)
    random = np.random.default_rng(1)
    for value, ids, count in (
        ("positive", wanted, TAUGHT[0]),
        ("negative", np.setdiff1d(session.catalog.ids, wanted), TAUGHT[1]),
    ):
        session.label_as(random.choice(ids, count, replace=False).tolist(), value, "artifact")
    _until(lambda: not session.jobs._threads)


def _session(session: Any, window: Any, when: str, goes_on: Any = None) -> list[Row]:
    """Label LABELS candidates, or as many as there are while `goes_on`."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    window.show_page("explore")
    session.begin_vetting()
    window.show_page("vet")
    cutout, painted = window.vet.cutout, _Painted(window.vet.cutout)
    times: list[float] = []
    while len(times) < LABELS and (goes_on is None or goes_on()):
        if session.vetting.current is None:
            QTest.keyClick(window.focusWidget() or window, Qt.Key.Key_Return)
        pause = time.perf_counter() + PAUSE_MS / 1000
        _until(lambda p=pause: time.perf_counter() > p)
        following = session.vetting.ids[session.vetting.place + 1 : session.vetting.place + 2]
        key, start = KEYS[len(times) % len(KEYS)], time.perf_counter()
        QTest.keyClick(window.focusWidget() or window, getattr(Qt.Key, f"Key_{key}"))
        if following:
            _until(lambda: cutout.source == painted.source and painted.sharp)
            times.append(1000 * (painted.at - start))
    n = f"{len(session.catalog):,} sources, {len(times)} labels"
    if len(times) < 20:
        return [Row(f"too few labels {when}", float(len(times)), "labels", n=n)]
    p95 = statistics.quantiles(times, n=20)[-1]
    return [
        Row(f"label to next candidate {when}, median", statistics.median(times), "ms", n=n),
        Row(f"label to next candidate {when}, p95", p95, "ms", target=TARGET_MS, n=n),
        Row(f"label to next candidate {when}, slowest", max(times), "ms", n=n),
    ]


class _Painted:
    """When the large cutout was last painted, of which source, and whether by its own pixels."""

    def __init__(self, cutout: Any) -> None:
        self.source, self.sharp, self.at = None, False, 0.0
        paint = cutout.paintEvent

        def timed(event: Any) -> None:
            paint(event)
            stamp = cutout.stamp(cutout.source) if cutout.source is not None else None
            sharp = stamp is not None and cutout.thumbnails.picture(stamp) is not None
            if cutout.source != self.source or sharp != self.sharp:
                self.source, self.sharp, self.at = cutout.source, sharp, time.perf_counter()

        cutout.paintEvent = timed
