"""A window driven by its own keys, step by step: what the runs on the demo sky and on real fields share."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtTest import QTest

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.labels import TARGETS
from astrotl_gui.core.ranking import Ranking
from astrotl_gui.core.settings import AppSettings, DetectionSettings
from astrotl_gui.gui.jobs import Fetcher, Job
from astrotl_gui.gui.session_state import later

if TYPE_CHECKING:
    from astrotl_gui.gui.main_window import MainWindow
    from astrotl_gui.gui.message import Message

PATIENCE = 900.0  # seconds for the slowest step on a slow machine
SIZE = (1440, 900)
SETTLE_MS = 400  # the last pixels are painted after they are read

Key, Modifier = Qt.Key, Qt.KeyboardModifier


@contextmanager
def window_run(out: Path) -> Iterator[WindowRun]:
    """A run in a new window; what an earlier run left in `out` is replaced."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from astrotl_gui.gui.app import make_window
    from astrotl_gui.gui.session import Session

    out.mkdir(parents=True, exist_ok=True)
    for old in ("project", "screenshots"):
        shutil.rmtree(out / old, ignore_errors=True)
    (out / "screenshots").mkdir()
    session = Session(AppSettings(vetter="demo", reduce_motion=True))
    window = make_window(session=session)
    window.resize(*SIZE)
    try:
        yield WindowRun(window, out)
    finally:
        window.close()


class WindowRun:
    """Steps of a run; `seconds` says what each took. A step that fails raises AstroTLError."""

    def __init__(self, window: MainWindow, out: Path) -> None:
        self.session, self.window, self.out = window.session, window, out
        self.seconds: dict[str, float] = {}
        self._problem: Message | BaseException | None = None
        self._pictures = 0
        self.session.messaged.connect(self._heard)

    # -- steps -------------------------------------------------------------------------------------------------

    def open_and_rank(self, path: Path, of: str = "", detection: DetectionSettings | None = None) -> None:
        """Open a project without sources, then detect, embed and rank; `of` names it beside the seconds."""
        session, more = self.session, f", {of}" if of else ""
        self.timed(f"open{more}", lambda: self.finished(session.open_project(path)))
        session.detect(detection)
        self.timed(f"detect{more}", lambda: self.until(lambda: len(session.catalog), "detection"))
        self.picture("detecting-done" if not of else f"{of}-detecting-done")
        self.timed(
            f"embed and rank{more}", lambda: self.until(lambda: self._ranked() == len(TARGETS), "the lists")
        )

    def ranking(self, target: str) -> Ranking:
        """The list of a target, which is there since `open_and_rank`."""
        ranking = self.session.ranking(target)
        assert ranking is not None
        return ranking

    def choose_list(self, target: str) -> None:
        """Show a target's list by its key."""
        QTest.keyClick(self.window, Qt.Key(Key.Key_1 + TARGETS.index(target)), Modifier.AltModifier)
        self.until(lambda: self.session.target == target, f"the {target} list")

    def answer(self, target: str, key_of: Callable[[int], Qt.Key], count: int) -> set[int]:
        """Label the top of one list with the keys a vetter presses; the ids labelled."""
        self.choose_list(target)
        ranking = self.ranking(target)
        self.select(int(ranking.ids[0]))
        labelled: set[int] = set()
        slowest = 0.0
        for _ in range(min(count, len(ranking))):
            source = self.session.selected
            assert source is not None
            start = time.perf_counter()
            self.press_label(target, source, key_of(source))
            slowest = max(slowest, time.perf_counter() - start)
            labelled.add(source)
            self.breathe(1)
        self.seconds[f"slowest label to list, {target}"] = slowest
        return labelled

    def press_label(self, target: str, source: int, key: Qt.Key) -> None:
        """Label the selected source and wait for the ranking that follows."""
        before = self.session.ranking(target)
        QTest.keyClick(self.window, key)
        if self.session.label_of(source) is None:
            raise AstroTLError("The run stopped", f"Source {source} did not take its label.")
        self.until(partial(self._newer, target, before), "the new ranking")

    def finish(self) -> None:
        """What follows the labels in every run: undo, search, a small window, export, and the project reopened."""
        self.undo_and_redo()
        self.search()
        self.small_window()
        self.timed("export", self.export_all)
        self.reopen()

    def undo_and_redo(self) -> None:
        before = self.session.label_counts()
        QTest.keyClick(self.window, Key.Key_Z, Modifier.ControlModifier)
        undone = self.session.label_counts()
        self.breathe(1)
        QTest.keyClick(self.window, Key.Key_Z, Modifier.ControlModifier | Modifier.ShiftModifier)
        if undone == before or self.session.label_counts() != before:
            raise AstroTLError("The run stopped", "Undo and redo did not return to the same labels.")

    def search(self) -> None:
        """Find what looks like the first yes of the lens list, or like its first source."""
        self.choose_list("lens")
        yes = [i for i, label in self.session.labels("lens").items() if label.value == "positive"]
        self.select(yes[0] if yes else int(self.ranking("lens").ids[0]))
        QTest.keyClick(self.window, Key.Key_S)
        self.timed("find similar", lambda: self.until(lambda: self._similar() is not None, "the search"))
        self.picture("similar")
        QTest.keyClick(self.window, Key.Key_Escape)

    def small_window(self) -> None:
        self.window.resize(1280, 720)
        self.picture("explore-compact")
        self.window.resize(*SIZE)

    def export_all(self) -> None:
        """Write the list of each target, and what is labelled in every format."""
        self.export_ranked()
        for ending in ("ecsv", "fits", "vot", "reg"):
            self.export(self.out / f"labels.{ending}", TARGETS, labelled_only=True)

    def export_ranked(self, targets: Sequence[str] = TARGETS, suffix: str = "") -> None:
        """Write `ranked-TARGET[-suffix].csv` for each target."""
        for target in targets:
            self.export(self.out / f"ranked-{target}{suffix}.csv", [target])

    def export(self, path: Path, targets: Sequence[str], labelled_only: bool = False) -> None:
        job = self.session.export(path, targets, labelled_only)
        assert job is not None
        self.finished(job)

    def reopen(self) -> None:
        """Close the project and open it again: its labels and lists are the same."""
        project = self.session.project
        assert project is not None
        before = self._state()
        self.session.close_project()
        self.finished(self.session.open_project(project.path))
        if self._state() != before:
            raise AstroTLError("The run stopped", "The reopened project differs from the one closed.")

    def look_at(self, source: int, x: float, y: float) -> None:
        """Select a source and bring a place of the mosaic [0-based px] to the middle, at twice its pixels."""
        view = self.window.view
        self.select(source)
        view.fit()
        view.zoom_by(2 / view.viewport.scale)
        view.centre_on(x, y)

    def _state(self) -> list[object]:
        labels = [self.session.labels(target) for target in TARGETS]
        return [labels, [self.ranking(target).ids.tolist() for target in TARGETS]]

    def _newer(self, target: str, before: object) -> bool:
        return self.session.ranking(target) is not before

    def _ranked(self) -> int:
        return sum(self.session.ranking(target) is not None for target in TARGETS)

    def _similar(self) -> Any:
        return self.session.similar and self.session.similar.result

    # -- waiting -----------------------------------------------------------------------------------------------

    def job(self, name: str, module: str, function: str, *args: Any, silence: float = PATIENCE) -> Any:
        """Run a pipeline function as a job; its value."""
        return self.finished(self.session.jobs.run(name, later(module, function), *args), silence)

    def finished(self, job: Job, silence: float = PATIENCE) -> Any:
        """Wait for a job; its value. One that has done nothing after `silence` seconds is given up."""
        values: list[Any] = []
        begun = time.monotonic()
        job.succeeded.connect(values.append)
        job.failed.connect(lambda problem: setattr(self, "_problem", problem))

        def silent() -> bool:
            return job.done == 0 and time.monotonic() - begun > silence

        self.until(lambda: job.state != "running" or silent(), job.name)
        if not values:
            job.cancel()
            raise AstroTLError("No answer", f"{job.name}: nothing came within {silence:.0f} s.")
        return values[0]

    def timed(self, name: str, step: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        value = step()
        self.seconds[name] = time.perf_counter() - start
        return value

    def until(self, ready: Callable[[], Any], what: str) -> None:
        """Run the event loop until `ready()`; AstroTLError when a step failed or takes for ever."""
        deadline = time.monotonic() + PATIENCE
        loop = QEventLoop()
        poll = QTimer()

        def look() -> None:
            if self._problem or ready() or time.monotonic() > deadline:
                loop.quit()

        poll.timeout.connect(look)
        if not ready():
            poll.start(5)
            loop.exec()
            poll.stop()
        problem, self._problem = self._problem, None
        if isinstance(problem, BaseException):
            raise problem
        if problem is not None:
            raise AstroTLError(problem.title, problem.detail)
        if not ready():
            raise AstroTLError("The run stopped", f"Waited {PATIENCE / 60:.0f} minutes for {what}.")

    def select(self, source: int) -> None:
        """Select a source; the keys that act on it wake with the next turn of the event loop."""
        self.session.select(source)
        self.breathe(1)

    @staticmethod
    def breathe(milliseconds: int) -> None:
        """Give the event loop that long (QTest.qWait would keep worker threads from running)."""
        loop = QEventLoop()
        QTimer.singleShot(milliseconds, loop.quit)
        loop.exec()

    def picture(self, name: str) -> None:
        """A screenshot once everything in view is drawn."""
        fetchers = self.window.findChildren(Fetcher)
        self.until(lambda: all(fetcher.idle for fetcher in fetchers), "the picture")
        self.breathe(SETTLE_MS)
        self._pictures += 1
        self.window.grab().save(str(self.out / "screenshots" / f"{self._pictures:02d}-{name}.png"))

    def _heard(self, message: Message) -> None:
        if message.kind == "alert":
            self._problem = message
