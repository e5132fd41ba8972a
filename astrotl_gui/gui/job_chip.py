"""The chip in the status bar that says what runs: name, bar, time left, and the way to stop it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QElapsedTimer, QPoint, QRectF, Qt, QTimer
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from ..core.progress import round_time
from . import theme
from .controls import Bar, Button, Icon, IconButton, Label

if TYPE_CHECKING:
    from .jobs import Job, Jobs

DONE_SECONDS = 4
WORTH_SAYING_SECONDS = 1
SHOW_MS = 300
"""Jobs that end sooner do not show."""
COUNTED = {"Embedding": "sources"}
"""What a job's total counts, where that says something."""
BAR_WIDTH = 72


def fraction(job: Job) -> float:
    """How much of a job is done, 0–1."""
    return job.done / job.total if job.total else 0.0


def says(job: Job) -> str:
    """The chip's text for a running job."""
    if job.state == "waiting":
        return "Waiting"
    if not job.total:
        return job.text or "Starting"
    percent = f"{int(100 * fraction(job))} %"
    left = job.left_seconds
    return percent if left is None else f"{percent}, {round_time(left)} left"


@dataclass(frozen=True)
class Ended:
    """How the last job ended: a text, and for one that stopped the way on."""

    name: str
    detail: str
    stopped: bool = False
    way: tuple[str, Callable[[], object]] | None = None


class JobChip(QWidget):
    """Follows `jobs`: the slowest running job, "+2" for the others; a click lists them all."""

    def __init__(self, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self.ways: dict[str, tuple[str, Callable[[], object]]] = {}  # how to go on after a job stopped
        self._ended: Ended | None = None
        self._clocks: dict[Job, QElapsedTimer] = {}
        self._icon = Icon("ph.check-circle", 16)
        self.name = Label("", 12, 600)
        self.bar = Bar(width=BAR_WIDTH)
        self.text = Label("", 12, 400, "text2")
        self.way = Button("", flat=True, height=24)
        self.stop = IconButton("ph.x", "Stop", size=24)
        self.stop.clicked.connect(self._stop_or_dismiss)
        self.way.clicked.connect(self._go_on)
        self._fade = QTimer(self)
        self._fade.setSingleShot(True)
        self._fade.timeout.connect(self.dismiss)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 0, 4, 0)
        row.setSpacing(10)
        for part in (self._icon, self.name, self.bar, self.text, self.way, self.stop):
            row.addWidget(part)
        jobs.started.connect(self._follow)
        jobs.changed.connect(self.refresh)
        self.refresh()

    @property
    def shown(self) -> list[Job]:
        """The running jobs, but those that may be over in a moment."""
        return [
            job
            for job in self._jobs.active
            if job not in self._clocks or self._clocks[job].elapsed() >= SHOW_MS
        ]

    @property
    def slowest(self) -> Job | None:
        """The one of them that will take longest."""
        return max(self.shown, key=lambda job: job.left_seconds or 0.0, default=None)

    def stopped(self, name: str, detail: str, way: tuple[str, Callable[[], object]] | None = None) -> None:
        """Show that a job stopped; stays until dismissed or until the next job starts."""
        self._ended = Ended(f"{name} stopped", detail, True, way)
        self.refresh()

    def dismiss(self) -> None:
        """Forget how the last job ended."""
        self._ended = None
        self.refresh()

    def refresh(self) -> None:
        """Show the present state."""
        job = self.slowest
        self.setVisible(job is not None or self._ended is not None)
        for part in (self._icon, self.way):
            part.setVisible(False)
        if job is not None:
            self._show_running(job)
        elif self._ended is not None:
            self._show_ended(self._ended)
        self.update()

    def _show_running(self, job: Job) -> None:
        others = len(self.shown) - 1
        self.name.setText(job.name + (f" +{others}" if others else ""))
        self.bar.setVisible(True)
        self.bar.set_value(fraction(job))
        self.text.setText(says(job))
        self.stop.setVisible(True)
        self.stop.setAccessibleName(f"Stop: {job.name}")
        self.stop.setToolTip(f"Stop: {job.name}")
        self.setAccessibleName(f"{job.name}, {says(job)}")

    def _show_ended(self, ended: Ended) -> None:
        self._icon.name, self._icon.tone = (
            ("ph.warning", "alert") if ended.stopped else ("ph.check-circle", "text2")
        )
        self._icon.setVisible(True)
        self.bar.setVisible(False)
        self.name.setText(ended.name)
        self.text.setText(ended.detail)
        self.stop.setVisible(ended.stopped)
        self.stop.setToolTip("Close")
        self.setAccessibleName(f"{ended.name}. {ended.detail}")
        if ended.way is not None:
            self.way.setText(ended.way[0])
            self.way.setVisible(True)

    def _follow(self, job: Job) -> None:
        if job.quiet:
            return
        self._ended = None
        job.progressed.connect(self.refresh)
        clock = self._clocks[job] = QElapsedTimer()
        clock.start()
        job.succeeded.connect(lambda value: self._succeeded(job, clock.elapsed() / 1000))
        job.finished.connect(lambda: self._clocks.pop(job, None))
        job.failed.connect(lambda problem: self._failed(job, problem))
        QTimer.singleShot(SHOW_MS + 30, self, self.refresh)  # timers may fire 5 % early

    def _succeeded(self, job: Job, seconds: float) -> None:
        if seconds < WORTH_SAYING_SECONDS:
            return
        what = f"{job.total:,.0f} {COUNTED[job.name]} in" if job.name in COUNTED and job.total else "Done in"
        self._ended = Ended(job.name, f"{what} {round_time(seconds)}")
        self._fade.start(DONE_SECONDS * 1000)

    def _failed(self, job: Job, problem: Any) -> None:
        detail = getattr(problem, "title", "") or str(problem) or type(problem).__name__
        self.stopped(job.name, detail, self.ways.get(job.name))

    def _stop_or_dismiss(self) -> None:
        job = self.slowest
        if job is None:
            self.dismiss()
        else:
            job.cancel()

    def _go_on(self) -> None:
        way = self._ended.way if self._ended else None
        self.dismiss()
        if way is not None:
            way[1]()

    def menu(self) -> QMenu:
        """Every running job, each with the way to stop it."""
        menu = QMenu(self)
        for job in self._jobs.active:
            menu.addAction(f"Stop: {job.name}, {says(job)}", job.cancel)
        if menu.isEmpty():
            menu.addAction("Nothing is running").setEnabled(False)
        return menu

    def show_menu(self) -> None:
        """Open the list of jobs above the chip."""
        menu = self.menu()
        menu.popup(self.mapToGlobal(QPoint(0, -menu.sizeHint().height())))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.show_menu()

    def paintEvent(self, event: QPaintEvent) -> None:
        rect = QRectF(self.rect()).adjusted(0, 2, 0, -2)
        theme.paint_box(QPainter(self), rect, theme.tokens().control, radius=rect.height() / 2)
