"""The main job without a display: the same window, driven by its own keys, on the demo sky.

Opens, detects, embeds, ranks, answers the top of each list from the truth table (which nothing that ranks ever
reads), searches, exports, and leaves pictures, tables and a one-page summary.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtTest import QTest

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.labels import TARGETS
from astrotl_gui.core.settings import AppSettings
from astrotl_gui.gui.demo_report import Found, known_sources, write_report
from astrotl_gui.gui.jobs import Fetcher, Job
from astrotl_gui.gui.session_state import later
from astrotl_gui.pipeline.demo import demo_field

ANSWERED = 10  # of each list
PATIENCE = 900.0  # seconds for the slowest step on a slow machine
SIZE = (1440, 900)
SETTLE_MS = 400  # the last pixels are painted after they are read


def run_demo(out: Path) -> dict[str, Any]:
    """Do the main job and return the summary; raises AstroTLError when a step fails.

    `out` gets screenshots, ranked tables, labels and the summary. What an earlier run left there is replaced.
    """
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from astrotl_gui.gui.app import make_window
    from astrotl_gui.gui.session import Session

    out.mkdir(parents=True, exist_ok=True)
    for old in ("project", "screenshots"):
        shutil.rmtree(out / old, ignore_errors=True)
    session = Session(AppSettings(vetter="demo", reduce_motion=True))
    window = make_window(session=session)
    window.resize(*SIZE)
    try:
        return _DemoRun(session, window, out).run()
    finally:
        window.close()


class _DemoRun:
    def __init__(self, session: Any, window: Any, out: Path) -> None:
        self.session, self.window, self.out = session, window, out
        self.seconds: dict[str, float] = {}
        self.problem: object = None
        self.pictures = 0
        (out / "screenshots").mkdir()
        session.messaged.connect(self._heard)

    def run(self) -> dict[str, Any]:
        self._open_and_rank()
        known = known_sources(demo_field().truth, self.session.catalog)
        cold = {target: self.session.ranking(target) for target in TARGETS}
        self._select(int(cold["lens"].ids[2]))
        self._picture("explore")
        found = {}
        for number, target in enumerate(TARGETS):
            labelled = self._answer(number, target, known[target].ids)
            found[target] = Found.measure(
                known[target], cold[target], self.session.ranking(target), labelled, ANSWERED
            )
            self._picture(f"labelled-{target}")
        self._undo_and_redo()
        self._search()
        self._small_window()
        self._export()
        self._reopen()
        return write_report(self.out, self.session, found, self.seconds)

    # -- steps -------------------------------------------------------------------------------------------------

    def _open_and_rank(self) -> None:
        path = self._timed(
            "create", lambda: self._job("Making the project", "demo", "demo_project", self.out / "project")
        )
        self._timed("open", lambda: self._finished(self.session.open_project(path)))
        self.session.detect()
        self._timed("detect", lambda: self._until(lambda: len(self.session.catalog), "detection"))
        self._picture("detecting-done")
        self._timed(
            "embed and rank", lambda: self._until(lambda: self._ranked() == len(TARGETS), "the lists")
        )

    def _answer(self, number: int, target: str, truth: set[int]) -> set[int]:
        """Label the top of one list with the keys a vetter presses; the ids labelled."""
        QTest.keyClick(self.window, Qt.Key(Qt.Key.Key_1 + number), Qt.KeyboardModifier.AltModifier)
        self._until(lambda: self.session.target == target, f"the {target} list")
        self._select(int(self.session.ranking(target).ids[0]))
        labelled: set[int] = set()
        slowest = 0.0
        for _ in range(ANSWERED):
            source = self.session.selected
            before = self.session.ranking(target)
            start = time.perf_counter()
            QTest.keyClick(self.window, Qt.Key.Key_A if source in truth else Qt.Key.Key_X)
            if self.session.label_of(source) is None:
                raise AstroTLError("The demo run stopped", f"Source {source} did not take its label.")
            self._until(partial(self._newer, target, before), "the new ranking")
            slowest = max(slowest, time.perf_counter() - start)
            labelled.add(source)
            self._breathe(1)
        self.seconds[f"slowest label to list, {target}"] = slowest
        return labelled

    def _newer(self, target: str, before: object) -> bool:
        return self.session.ranking(target) is not before

    def _select(self, source: int) -> None:
        """Select a source; the keys that act on it wake with the next turn of the event loop."""
        self.session.select(source)
        self._breathe(1)

    def _undo_and_redo(self) -> None:
        before = self.session.label_counts()
        QTest.keyClick(self.window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        undone = self.session.label_counts()
        self._breathe(1)
        QTest.keyClick(
            self.window,
            Qt.Key.Key_Z,
            Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier,
        )
        if undone == before or self.session.label_counts() != before:
            raise AstroTLError("The demo run stopped", "Undo and redo did not return to the same labels.")

    def _search(self) -> None:
        QTest.keyClick(self.window, Qt.Key.Key_1, Qt.KeyboardModifier.AltModifier)
        self._until(lambda: self.session.target == "lens", "the lens list")
        yes = [i for i, label in self.session.labels("lens").items() if label.value == "positive"]
        self._select(yes[0] if yes else int(self.session.ranking("lens").ids[0]))
        QTest.keyClick(self.window, Qt.Key.Key_S)
        self._timed("find similar", lambda: self._until(lambda: self._similar() is not None, "the search"))
        self._picture("similar")
        QTest.keyClick(self.window, Qt.Key.Key_Escape)

    def _small_window(self) -> None:
        self.window.resize(1280, 720)
        self._picture("explore-compact")
        self.window.resize(*SIZE)

    def _export(self) -> None:
        start = time.perf_counter()
        for target in TARGETS:
            self._finished(self.session.export(self.out / f"ranked-{target}.csv", [target]))
        for ending in ("ecsv", "fits", "vot", "reg"):
            self._finished(self.session.export(self.out / f"labels.{ending}", TARGETS, labelled_only=True))
        self.seconds["export"] = time.perf_counter() - start

    def _reopen(self) -> None:
        path = self.session.project.path
        before = [self.session.labels(target) for target in TARGETS]
        rankings = [self.session.ranking(target).ids.tolist() for target in TARGETS]
        self.session.close_project()
        self._finished(self.session.open_project(path))
        same = before == [self.session.labels(target) for target in TARGETS]
        if not same or rankings != [self.session.ranking(target).ids.tolist() for target in TARGETS]:
            raise AstroTLError("The demo run stopped", "The reopened project differs from the one closed.")

    # -- waiting -----------------------------------------------------------------------------------------------

    def _heard(self, message: Any) -> None:
        if message.kind == "alert":
            self.problem = message

    def _ranked(self) -> int:
        return sum(self.session.ranking(target) is not None for target in TARGETS)

    def _similar(self) -> Any:
        return self.session.similar and self.session.similar.result

    def _job(self, name: str, module: str, function: str, *args: Any) -> Any:
        return self._finished(self.session.jobs.run(name, later(module, function), *args))

    def _finished(self, job: Job) -> Any:
        values: list[Any] = []
        job.succeeded.connect(values.append)
        job.failed.connect(lambda problem: setattr(self, "problem", problem))
        self._until(lambda: job.state != "running", job.name)
        return values[0]

    def _timed(self, name: str, step: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        value = step()
        self.seconds[name] = time.perf_counter() - start
        return value

    def _until(self, ready: Callable[[], Any], what: str) -> None:
        """Run the event loop until `ready()`; AstroTLError when a step failed or takes for ever."""
        deadline = time.monotonic() + PATIENCE
        loop = QEventLoop()
        poll = QTimer()

        def look() -> None:
            if self.problem or ready() or time.monotonic() > deadline:
                loop.quit()

        poll.timeout.connect(look)
        if not ready():
            poll.start(5)
            loop.exec()
            poll.stop()
        if self.problem is not None:
            if isinstance(self.problem, BaseException):
                raise self.problem
            raise AstroTLError(self.problem.title, self.problem.detail)  # type: ignore[attr-defined]
        if not ready():
            raise AstroTLError("The demo run stopped", f"Waited {PATIENCE / 60:.0f} minutes for {what}.")

    @staticmethod
    def _breathe(milliseconds: int) -> None:
        """Give the event loop that long (QTest.qWait would keep worker threads from running)."""
        loop = QEventLoop()
        QTimer.singleShot(milliseconds, loop.quit)
        loop.exec()

    def _picture(self, name: str) -> None:
        """A screenshot once everything in view is drawn."""
        fetchers = self.window.findChildren(Fetcher)
        self._until(lambda: all(fetcher.idle for fetcher in fetchers), "the picture")
        self._breathe(SETTLE_MS)
        self.pictures += 1
        self.window.grab().save(str(self.out / "screenshots" / f"{self.pictures:02d}-{name}.png"))
