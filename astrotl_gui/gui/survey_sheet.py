"""How far a survey is: partitions done and failed, rate, time left, and what failed for which reason."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from time import time
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from ..core.progress import round_time
from .controls import Bar, Button, Label, Line
from .file_dialogs import shown_path
from .session_state import later
from .sheet import Sheet

if TYPE_CHECKING:
    from ..pipeline.survey.watch import Failure, SurveyState
    from .jobs import Job
    from .session import Session

EVERY_MS = 5000
STILL_SECONDS = 600.0
"""Without a partition finished for so long, it is asked whether anybody still works on it."""
SHOWN = 8
"""Reasons that are listed; of each the places are counted."""


class SurveySheet(Sheet):
    """Watches a survey folder, whoever runs the survey and wherever: it reads only what lies there."""

    best_wanted = Signal(object)
    """The folder, when the best of it are to be ranked and opened."""

    def __init__(self, session: Session, parent: QWidget, folder: Path) -> None:
        super().__init__(parent, "Survey", shown_path(folder), width=640)
        self._session, self._folder = session, folder
        self._job: Job | None = None
        self.state: SurveyState | None = None
        self.bar = Bar(thickness=6)
        self.says = Label("Reading the survey…", 13, 600)
        self.pace = Label("", 12, 400, "text2", wrap=True)
        self.numbers = {name: Label("–", 20, 600) for name in ("Done", "Failed", "Waiting", "Of")}
        self._failures = QGridLayout()
        self._failures.setHorizontalSpacing(16)
        self._failures.setVerticalSpacing(8)
        self._failures.setColumnStretch(0, 1)
        self.best = Button("Rank and open the best…", main=True, height=36)
        self.best.setEnabled(False)
        self.best.clicked.connect(self.open_best)
        self._build()
        self.timer = QTimer(self, interval=EVERY_MS)
        self.timer.timeout.connect(self.look)
        self.timer.start()
        self.closed.connect(self.timer.stop)
        self.look()

    @Slot()
    def look(self) -> None:
        """Read the folder again, unless it is being read."""
        if self._job is not None:
            return
        read = later("survey.watch", "survey_state")
        job = self._session.jobs.run("Reading the survey", read, self._folder, time(), quiet=True)
        self._job = job
        job.succeeded.connect(self._take)
        job.failed.connect(self._refuse)
        job.finished.connect(self._done)
        self.closed.connect(job.cancel)

    # --- inside ------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.body.addWidget(self.says)
        self.body.addWidget(self.bar)
        row = QHBoxLayout()
        row.setSpacing(32)
        for name, number in self.numbers.items():
            column = QVBoxLayout()
            column.setSpacing(2)
            column.addWidget(number)
            column.addWidget(Label("Partitions" if name == "Of" else name, 12, 400, "text2"))
            row.addLayout(column)
        row.addStretch(1)
        self.body.addLayout(row)
        self.body.addWidget(self.pace)
        self.line, self.heading = Line(), Label("What failed", 12, 600)
        for widget in (self.line, self.heading):
            widget.hide()
            self.body.addWidget(widget)
        self.body.addLayout(self._failures)
        close = Button("Close", height=36)
        close.clicked.connect(self.end)
        self.add_verb(close)
        self.add_verb(self.best)

    @Slot()
    def open_best(self) -> None:
        """Go on to which labels rank it, and how many of its best make a project."""
        self.end()
        self.best_wanted.emit(self._folder)

    def _done(self) -> None:
        self._job = None

    def _refuse(self, problem: Exception) -> None:
        self.says.setText(str(getattr(problem, "title", problem)))
        self.pace.setText(str(getattr(problem, "detail", "")))

    def _take(self, state: SurveyState) -> None:
        if self.state == state:
            return
        self.state = state
        self.best.setEnabled(state.done > 0)
        self.says.setText(_says(state))
        self.bar.set_value(state.done / state.partitions if state.partitions else 0)
        counts = {"Done": state.done, "Failed": state.failed, "Waiting": state.waiting}
        for name, number in (counts | {"Of": state.partitions}).items():
            self.numbers[name].setText(f"{number:,}")
        self.pace.setText(_pace(state))
        self._show_failures(state.failures)
        # The card grows with what failed once the new lines are laid out.
        QTimer.singleShot(0, self._fit)

    def _fit(self) -> None:
        if self.isVisible():
            self.body.activate()
            self._cover()

    def _show_failures(self, failures: tuple[Failure, ...]) -> None:
        while (item := self._failures.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.line.setVisible(bool(failures))
        self.heading.setVisible(bool(failures))
        reasons = Counter((failure.reason, failure.where) for failure in failures)
        for row, ((reason, where), count) in enumerate(reasons.most_common(SHOWN)):
            text = Label(f"{where}: {reason}" if where else reason, 12, 400, "alert", wrap=True)
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            many = Label(f"{count:,} ×" if count > 1 else "", 12, 400, "text2")
            self._failures.addWidget(text, row, 0)
            self._failures.addWidget(many, row, 1, Qt.AlignmentFlag.AlignTop)
        if len(reasons) > SHOWN:
            rest = f"and {len(reasons) - SHOWN:,} more reasons, in {shown_path(self._folder / 'failures')}"
            self._failures.addWidget(Label(rest, 12, 400, "text2", wrap=True), SHOWN, 0)


def _says(state: SurveyState) -> str:
    if not state.partitions:
        return f"{state.name}: its work is being divided"
    if state.done == state.partitions:
        return f"{state.name} is done"
    if not state.waiting:
        return f"{state.name} is done, but for what failed"
    return f"{state.name}: {100 * state.done / state.partitions:.0f} % done"


def _pace(state: SurveyState) -> str:
    """Rate and time left in words; what to do where nothing goes on."""
    if state.failed and not state.waiting:
        return "Run the same command again: only what failed is tried once more."
    if not state.waiting:
        return ""
    if not state.done:
        return "Nothing is finished yet."
    if state.idle > max(STILL_SECONDS, 3 / state.rate if state.rate else 0):
        return (
            f"Nothing was finished for {round_time(state.idle)}. If nobody works on it, run the same command again: "
            "only what is missing is done."
        )
    if state.left_seconds is None:
        return "The time left is known after a few partitions."
    rate, unit = (60 * state.rate, "a minute") if state.rate >= 1 / 60 else (3600 * state.rate, "an hour")
    pace = f"{rate:,.0f}" if rate >= 10 else f"{rate:,.1f}"
    return f"{pace} {unit}, {round_time(state.left_seconds)} left."
