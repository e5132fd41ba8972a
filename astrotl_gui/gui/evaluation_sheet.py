"""The sheet that proves the ranking: the loop is played on known labels, beside chance and other methods."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from astrotl_gui.pipeline.evaluation.protocols import FIVE, ONE, PROTOCOLS

from . import theme
from .controls import Bar, Button, EmptyState, Label, Segmented
from .evaluation_chart import EvaluationChart
from .evaluation_run import EvaluationRun
from .evaluation_table import SHOWN, EvaluationTable, last_rows
from .file_dialogs import choose_folder, choose_new, documents
from .message import Message, problem_message
from .notice import Notice, replace_notices
from .session_state import later
from .sheet import Sheet

if TYPE_CHECKING:
    from astrotl_gui.pipeline.evaluate import Evaluation
    from astrotl_gui.pipeline.evaluation.protocols import Protocol

    from .session import Session

WIDTH, LEAST_HEIGHT, ROW_HEIGHT = 980, 360, 32
PROJECT, FOLDER = "project", "folder"
STARTS = {FIVE.name: "5 Yes and 45 No known", ONE.name: "One Yes known"}
KINDS = ["PNG picture (*.png)", "SVG picture (*.svg)", "Log (*.csv)", "Everything (*.json)"]
EXPLAINED = (
    "From each of {starts} starts, the ranking asks for {batch} labels at a time and is given the true ones; "
    "other methods do the same on the same embeddings."
)
NO_LABELS = (
    "Press A for yes, X for no: one of each is enough to play, about 20 and 100 tell more.\n"
    "Or choose a folder of labelled pictures, with images and truth.csv."
)


class EvaluationSheet(Sheet):
    """Takes the open project's labels of the list in view, or a folder's; plays, shows, saves."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent, "Evaluate the ranking", "How soon it finds what you are after", width=WIDTH)
        self.session = session
        self.folder: Path | None = None
        self.found: Evaluation | None = None
        self.playing = EvaluationRun(session, self)
        self.source = Segmented([(PROJECT, ""), (FOLDER, "")], height=ROW_HEIGHT)
        self.choose = Button("Choose a folder…", height=ROW_HEIGHT)
        self.protocol = Segmented(list(STARTS.items()), height=ROW_HEIGHT)
        self.says = Label("", 12, 400, "text2", wrap=True)
        self.notices = QVBoxLayout()
        self.empty = EmptyState(
            "ph.chart-line-up", "No labels yet", NO_LABELS, "Choose a folder…", self.ask_folder
        )
        self.working, self.bar = Label("", 12, 500), Bar()
        self.sentence = Label("", 15, 600, wrap=True)
        self.chart, self.table = EvaluationChart(), EvaluationTable()
        self.save, self.run = Button("Save…", height=36), Button("Evaluate", main=True, height=36)
        self._build()
        self._connect()
        if self._lacks(FIVE):
            self.protocol.set_value(ONE.name)
        self._refresh()

    # --- what is evaluated -------------------------------------------------------------------------

    def counts(self) -> tuple[int, int]:
        """(Yes, No) of the project's list in view."""
        values = list(self._labels().values())
        return values.count(1), values.count(-1)

    def _labels(self) -> dict[int, int]:
        project = self.session.project
        return project.labels.training(self.session.target, self.session.settings.vetter) if project else {}

    def take_folder(self, folder: Path) -> None:
        """Evaluate on a folder with images and truth.csv."""
        self.folder = folder
        self.source.set_value(FOLDER)
        self._refresh()

    def ask_folder(self) -> None:
        """Ask which folder."""
        choose_folder(self, "Labelled pictures", self.take_folder)

    # --- playing -----------------------------------------------------------------------------------

    def evaluate(self) -> None:
        """Play on what is chosen; while it runs the button cancels."""
        if self.playing.running:
            self.playing.cancel()
        elif self.run.isEnabled():
            replace_notices(self.notices, [])
            protocol = PROTOCOLS[self.protocol.value]
            if self.source.value == FOLDER and self.folder is not None:
                self.playing.on_folder(self.folder, protocol)
            else:
                self.playing.on_project(self._labels(), protocol)
            self._refresh()

    def _report(self, text: str, share: float) -> None:
        self.working.setText(text)
        self.bar.set_value(share)

    def _fail(self, problem: Exception) -> None:
        message = problem_message(problem)
        replace_notices(self.notices, [Notice("alert", message.title, message.detail)])

    def _show(self, found: Evaluation) -> None:
        self.found = found
        self.chart.show_evaluation(found)
        self.table.show_evaluation(found)
        for name in self.chart.curves:
            self.chart.set_shown(name, name in SHOWN)
        self.sentence.setText(sentence(found))

    # --- saving ------------------------------------------------------------------------------------

    def ask_file(self) -> None:
        """Ask where the plot, the log or everything goes."""
        if self.found is not None:
            choose_new(self, "Save", documents() / f"{self.found.name} evaluation.png", KINDS, self.write)

    def write(self, path: Path) -> None:
        """Save what is shown; the ending says as what."""
        job = self.session.jobs.run(
            "Saving", later("evaluation.saving", "save"), path, self.found, quiet=True
        )
        job.succeeded.connect(lambda _: self.session.messaged.emit(Message("Evaluation saved", str(path))))
        job.failed.connect(lambda problem: self.session.messaged.emit(problem_message(problem)))

    # --- layout ------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.source.setAccessibleName("Labels")
        self.protocol.setAccessibleName("Start")
        row = QHBoxLayout()
        row.setSpacing(12)
        for text, control in (("Labels", self.source), ("Start", self.protocol)):
            row.addWidget(Label(text, 12, 500, "text2"))
            row.addWidget(control)
            row.addSpacing(16)
        row.insertWidget(2, self.choose)
        row.addStretch(1)
        self.pages = QStackedWidget()
        for page in (self.empty, working_page(self.working, self.bar), self._results()):
            self.pages.addWidget(page)
        self.pages.setMinimumHeight(theme.scaled(LEAST_HEIGHT))
        self.body.addLayout(row)
        self.body.addWidget(self.says)
        self.body.addLayout(self.notices)
        self.body.addWidget(self.pages, 1)
        self.add_verb(self.save)
        self.add_verb(self.run)

    def _results(self) -> QWidget:
        page = QWidget()
        row = QHBoxLayout()
        row.setSpacing(24)
        row.addWidget(self.chart, 1)
        row.addWidget(self.table)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(12)
        column.addWidget(self.sentence)
        column.addLayout(row, 1)
        return page

    def _connect(self) -> None:
        self.source.chosen.connect(self._source_chosen)
        self.choose.clicked.connect(self.ask_folder)
        self.protocol.chosen.connect(self._refresh)
        self.run.clicked.connect(self.evaluate)
        self.save.clicked.connect(self.ask_file)
        self.table.shown.connect(self.chart.set_shown)
        self.playing.progressed.connect(self._report)
        self.playing.succeeded.connect(self._show)
        self.playing.failed.connect(self._fail)
        self.playing.ended.connect(self._refresh)
        self.closed.connect(self.playing.abandon)
        self.run_by_keys(self.evaluate)

    def _source_chosen(self) -> None:
        if self.source.value == FOLDER and self.folder is None:
            self.ask_folder()
        self._refresh()

    def _refresh(self) -> None:
        running, folder = self.playing.running, self.source.value == FOLDER
        yes, no = self.counts()
        mine = f"{self.session.targets[self.session.target]}, {yes} Yes, {no} No"
        self.source.set_options(
            [
                (PROJECT, mine if self.session.project else "No project open"),
                (FOLDER, self.folder.name if self.folder else "A folder"),
            ]
        )
        protocol = PROTOCOLS[self.protocol.value]
        lacks = self._lacks(protocol)
        self.says.setText(lacks or EXPLAINED.format(starts=protocol.seeds, batch=protocol.batch))
        self.run.setText("Cancel" if running else "Evaluate")
        self.run.setAccessibleName(self.run.text())
        self.run.setEnabled(running or not lacks)
        self.save.setEnabled(self.found is not None and not running)
        for control in (self.source, self.protocol, self.choose):
            control.setEnabled(not running)
        self.choose.setVisible(folder)
        self._show_empty(nothing=not folder and not (yes and no))
        self.pages.setCurrentIndex(1 if running else 2 if self.found is not None else 0)
        if self.isVisible():
            self._cover()

    def _show_empty(self, nothing: bool) -> None:
        self.empty.title.setText("No labels yet" if nothing else "Ready")
        self.empty.detail.setText(NO_LABELS if nothing else "Press Evaluate.")
        self.empty.button.setVisible(nothing)

    def _lacks(self, protocol: Protocol) -> str:
        """What is missing for a start; "" for nothing."""
        if self.source.value == FOLDER:
            return "" if self.folder else "Choose a folder with images and truth.csv."
        yes, no = self.counts()
        need = max(protocol.negatives, 1)
        if yes >= protocol.positives and no >= need:
            return ""
        return f"This start needs {protocol.positives} Yes and {need} No; there are {yes} and {no}."


def working_page(label: Label, bar: Bar) -> QWidget:
    """What goes on, and how far it is, in the middle of a page."""
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(theme.scaled(160), 0, theme.scaled(160), 0)
    column.setSpacing(10)
    column.addStretch(1)
    column.addWidget(label, 0, Qt.AlignmentFlag.AlignHCenter)
    column.addWidget(bar)
    column.addStretch(1)
    return page


def sentence(found: Evaluation) -> str:
    """ "After 110 labels AstroTL had found 36 of 51; by chance 25." """
    row = next(row for row in last_rows(found) if row["method"] == "ours")
    labels = row["n_labels"]
    chance = found.positives * found.chance.recall[found.chance.labels == labels][0]
    ours = f"After {labels:,} labels AstroTL had found {row['found']:.0f} of {found.positives:,}"
    return f"{ours}; by chance {chance:.0f}."
