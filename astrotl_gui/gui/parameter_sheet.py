"""The sheet that estimates physical parameters: from which table, which columns, by what; and how well it went."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from astrotl_gui.core.estimates import Estimates, estimated

from . import theme
from .column_picker import ColumnPicker
from .controls import Bar, Button, EmptyState, Label
from .evaluation_sheet import working_page
from .export_sheet import FORMATS
from .fields import Choice, Field
from .file_dialogs import CATALOGS, choose_file, choose_new, documents
from .import_form import free_name
from .message import problem_message
from .notice import Notice, replace_notices
from .parameter_charts import ParameterCharts
from .parameter_fit import FitWords, how, sentence, source_text
from .session_state import later
from .sheet import Sheet

if TYPE_CHECKING:
    from astrotl_gui.pipeline.estimating import Offered

    from .session import Session

WIDTH, LEAST_HEIGHT, WORDS_WIDTH = 1040, 380, 210
PHOTOMETRY = "photometry"
PLACE = {"id", "ra", "dec", "x", "y"}
"""Where a source is says nothing of another field: what is checked by left-out sky must not learn from it."""
METHODS = {
    "combined": "Gaussian process and trees",
    "gp": "Gaussian process",
    "ridge": "Bayesian ridge",
    "neighbours": "Nearest neighbours",
}
TABLES = (".ecsv", ".fits", ".vot", ".csv", ".parquet")
NO_VALUES = (
    "Choose a table with positions and a column of values for some of the sources, such as masses or redshifts.\n"
    "Fifty are the least to learn from. CSV, ECSV, FITS, VOTable and Parquet are read."
)


class ParameterSheet(Sheet):
    """Shows what is kept, estimates more. Closing leaves an estimation running; opening anew shows it."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent, "Estimate parameters", "Masses, rates, redshifts, from images", width=WIDTH)
        self.session, self.parameters = session, session.parameters
        self.offered: Offered | None = None
        self._reading = False
        self._place, self._stepped = 0, -1  # in the order of errors
        self.file = Field("No table chosen", height=32)
        self.choose = Button("Choose a file…")
        self.columns = ColumnPicker("Parameters", "No column chosen")
        self.beside = ColumnPicker("Beside the image", "Nothing")
        self.method = Choice(list(METHODS.items()), height=32)
        self.notices = QVBoxLayout()
        self.empty = EmptyState(
            "ph.table", "Which values are known?", NO_VALUES, "Choose a file…", self.ask_file
        )
        self.working, self.bar = Label("", 12, 500), Bar()
        self.which = Choice(height=32)
        self.sentence, self.how = Label("", 15, 600, wrap=True), Label("", 12, 400, "text2", wrap=True)
        self.charts, self.words = ParameterCharts(), FitWords()
        self.says = Label("", 12, 500, "text2")
        self.worst, self.look = Button("Next largest error"), Button("Look at it")
        self.export = Button("Export…", height=36)
        self.run = Button("Estimate", main=True, height=36)
        self._build()
        self._connect()
        self._offer_beside()
        self.parameters.read()

    # -- what is estimated

    def ask_file(self) -> None:
        """Ask for the table with known values."""
        choose_file(self, "Known values", CATALOGS, self.take_file)

    def take_file(self, path: Path) -> None:
        """Read which columns a table offers."""
        replace_notices(self.notices, [])
        self._reading = True
        job = self.session.jobs.run(
            "Reading columns", later("estimating", "offered_columns"), path, quiet=True
        )
        job.succeeded.connect(self._take_offered)
        job.failed.connect(self._fail)
        job.finished.connect(self._read)

    def _read(self) -> None:
        self._reading = False
        self._refresh()

    def _take_offered(self, offered: Offered) -> None:
        self.offered = offered
        self.file.setText(offered.path.name)
        self.file.setToolTip(str(offered.path))
        texts = {name: f"{name}  ({count:,} of {offered.rows:,})" for name, count in offered.columns.items()}
        self.columns.offer(texts, list(texts) if len(texts) == 1 else ())
        self._refresh()
        if len(texts) > 1:
            self.columns.setFocus()

    def estimate(self) -> None:
        """Estimate what is chosen; while that goes on the button cancels."""
        if self.parameters.running:
            self.parameters.cancel()
        elif self.run.isEnabled() and self.offered is not None:
            replace_notices(self.notices, [])
            chosen = self.columns.value
            self.parameters.estimate(self.offered.path, chosen, self.method.value, self.beside.value)
            self.which.setProperty("asked", chosen[0])

    def _fail(self, problem: Exception) -> None:
        message, session = problem_message(problem), self.session
        embed = (("Embed sources", session.embed),) if session.inputs is None and not session.writing else ()
        replace_notices(self.notices, [Notice("alert", message.title, message.detail, embed)])
        self._refresh()

    def _report(self, text: str, share: float) -> None:
        self.working.setText(text)
        self.bar.set_value(share)

    # -- what was estimated

    @property
    def shown(self) -> Estimates | None:
        """The parameter in view."""
        return next((made for made in self.parameters.made if made.name == self.which.value), None)

    def _show_made(self) -> None:
        self.which.set_options([made.name for made in self.parameters.made])
        if not self.parameters.running and (asked := self.which.property("asked")):
            self.which.set_value(asked)
            self.which.setProperty("asked", None)
        self._show_one()

    def _show_one(self) -> None:
        made = self.shown
        if made is not None:
            self.sentence.setText(sentence(made))
            self.how.setText(how(made))
            self.words.show_estimates(made)
            self.charts.show_estimates(made, self.session.catalog)
        self._selected()
        self._refresh()

    def _selected(self) -> None:
        made, source = self.shown, self.session.selected
        there = made is not None and self.charts.ring(source)
        self.look.setEnabled(there)
        told = source_text(made, source) if there and made is not None and source is not None else ""
        self.says.setText(told or "Click a point to select its source.")

    def step_worst(self) -> None:
        """Select the source whose left-out estimate is farthest off, in its own error; again: the next."""
        made = self.shown
        if made is None:
            return
        known = np.flatnonzero(made.known)
        off = np.abs(made.left_out[known] - made.truth[known]) / np.maximum(made.sigma[known], 1e-12)
        order = made.ids[known[np.argsort(-off)]]
        self._place = self._place + 1 if self.session.selected == self._stepped else 0
        self._stepped = int(order[self._place % len(order)])
        self.session.select(self._stepped)

    def ask_export(self) -> None:
        """Ask where the table of the parameter in view goes."""
        made, project = self.shown, self.session.project
        if made is not None and project is not None:
            name = documents() / f"{free_name(f'{project.name} {made.name}')}.ecsv"
            kinds = [f"{FORMATS[ending][0]} (*{ending})" for ending in TABLES]
            choose_new(self, "Export estimates", name, kinds, self.write)

    def write(self, path: Path) -> None:
        """Write it; without an ending as ECSV."""
        if (made := self.shown) is not None:
            self.parameters.export(path if path.suffix else path.with_suffix(".ecsv"), made)

    # -- layout

    def _build(self) -> None:
        self.file.setReadOnly(True)
        for name, control in (
            ("Known values", self.file),
            ("Learned by", self.method),
            ("Parameter", self.which),
        ):
            control.setAccessibleName(name)
        file, learned = _line(self.file, self.choose), _line(self.columns, None)
        by = _line(self.beside, Label("Learned by", 12, 500, "text2"), self.method, None)
        self.add_row("Known values", file)
        self.add_row("Parameters", learned)
        self.add_row("Beside image", by)
        self.pages = QStackedWidget()
        for page in (self.empty, working_page(self.working, self.bar), self._results()):
            self.pages.addWidget(page)
        self.pages.setMinimumHeight(theme.scaled(LEAST_HEIGHT))
        self.body.addLayout(self.notices)
        self.body.addWidget(self.pages, 1)
        self.add_verb(self.export)
        self.add_verb(self.run)

    def _results(self) -> QWidget:
        page, words = QWidget(), QVBoxLayout()
        words.setSpacing(12)
        words.addWidget(self.which)
        words.addWidget(self.words)
        words.addStretch(1)
        side = QWidget()
        side.setFixedWidth(theme.scaled(WORDS_WIDTH))
        side.setLayout(words)
        words.setContentsMargins(0, 0, 0, 0)
        row = QHBoxLayout()
        row.setSpacing(24)
        row.addWidget(self.charts, 1)
        row.addWidget(side)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.sentence)
        column.addWidget(self.how)
        column.addSpacing(6)
        column.addLayout(row, 1)
        column.addWidget(_line(self.says, None, self.worst, self.look))
        return page

    def _connect(self) -> None:
        self.choose.clicked.connect(self.ask_file)
        self.columns.changed.connect(self._refresh)
        self.beside.changed.connect(self._refresh)
        self.which.chosen.connect(lambda _: self._show_one())
        self.charts.chosen.connect(self.session.select)
        self.worst.clicked.connect(self.step_worst)
        self.look.clicked.connect(self.end)
        self.export.clicked.connect(self.ask_export)
        self.run.clicked.connect(self.estimate)
        self.parameters.progressed.connect(self._report)
        self.parameters.changed.connect(self._show_made)
        self.parameters.failed.connect(self._fail)
        self.session.selection_changed.connect(self._selected)
        self.parameters.watched = True
        self.closed.connect(self._leave)
        self.run_by_keys(self.estimate)

    def _leave(self) -> None:
        self.parameters.watched = False

    def _offer_beside(self) -> None:
        catalog = self.session.catalog
        own = estimated(catalog.names)
        made = {*own, *(f"{name}_err" for name in own), *(f"{name}_outside" for name in own)}
        columns = {PHOTOMETRY: "Photometry"}
        columns |= {
            name: name
            for name in catalog.names
            if name not in made and name not in PLACE and catalog.column(name).dtype.kind in "iuf"
        }
        self.beside.offer(columns, (PHOTOMETRY,))

    def _refresh(self) -> None:
        running, chosen = self.parameters.running, self.columns.value
        self.run.setText("Cancel" if running else f"Estimate {chosen[0]}" if len(chosen) == 1 else "Estimate")
        self.run.setAccessibleName(self.run.text())
        self.run.setEnabled(running or (bool(chosen) and not self._reading))
        self.export.setEnabled(self.shown is not None and not running)
        for control in (self.choose, self.method):
            control.setEnabled(not running)
        for picker in (self.columns, self.beside):
            picker.setEnabled(not running and bool(picker.menu.actions()))
        self.which.setVisible(len(self.parameters.made) > 1)
        if self.offered is not None and not running:
            self.empty.title.setText("Ready" if chosen else "Which parameter?")
            self.empty.detail.setText(
                "Press Estimate." if chosen else "Choose columns of the table under Parameters."
            )
            self.empty.button.hide()
        self.pages.setCurrentIndex(1 if running else 2 if self.shown is not None else 0)
        if self.isVisible():
            self._cover()


def _line(*parts: QWidget | None) -> QWidget:
    """Controls in a line; None is free room."""
    line = QWidget()
    row = QHBoxLayout(line)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    for part in parts:
        row.addStretch(1) if part is None else row.addWidget(part)
    return line
