"""The sheet that makes images the epochs of the project: which files, which dates, which band, and a stack."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from astrotl_gui.core.epoch_dates import WAYS, table_dates
from astrotl_gui.core.epoch_proposal import Proposal, ProposedEpoch, propose_epochs, summary
from astrotl_gui.core.epochs import Series, read_series
from astrotl_gui.core.errors import AstroTLError

from . import theme
from .controls import Button, Label
from .dropped import dropped_paths, images_of
from .epoch_dates import EpochDates
from .epoch_order import number
from .fields import Choice, Field
from .file_dialogs import CATALOGS, FITS, choose_file, choose_files
from .sheet import Sheet

if TYPE_CHECKING:
    from .session import Session

WIDTH = 980
HEADER_WAYS = {name for name, *_ in WAYS}


class EpochSheet(Sheet):
    """Begins with `paths`, else with the images of the epochs that the project has."""

    def __init__(self, session: Session, parent: QWidget, paths: Sequence[Path] | None = None) -> None:
        super().__init__(parent, "Load epochs", "Images of this field, one for each date", width=WIDTH)
        self.session = session
        self.files: list[Path] = []
        self.given: dict[Path, float] = {}
        self.left_out: set[Path] = set()
        self.stack: Path | None = None
        self.proposal: Proposal | None = None
        self._ended = False
        self.table = EpochDates()
        self.says = Label("", 12, 500, "text2", wrap=True)
        self.add, self.drop = Button("Add images…", "ph.plus"), Button("Leave out", key="Del")
        self.dates = Button("Dates from a file…", "ph.table")
        self.dates.setToolTip("A table with a column filename and a column mjd, jd or date (ISO, UTC)")
        self.bands = Choice(height=32)
        self.stack_field = Field("Made from the epochs", height=32)
        self.stack_field.setReadOnly(True)
        self.stack_change, self.stack_none = Button("Choose…"), Button("Make one")
        self.cancel, self.measure = (
            Button("Cancel", height=36),
            Button("Measure epochs", main=True, height=36),
        )
        self._build()
        self._connect()
        self._begin(paths)

    def _build(self) -> None:
        verbs = QHBoxLayout()
        verbs.setSpacing(8)
        for control in (self.add, self.drop, self.dates):
            verbs.addWidget(control)
        verbs.addStretch(1)
        self._band_name = Label("Band", 12, 500, "text2")
        verbs.addWidget(self._band_name)
        verbs.addWidget(self.bands)
        stack = QHBoxLayout()
        stack.setSpacing(8)
        stack.addWidget(Label("Stack", 12, 500, "text2"))
        stack.addWidget(self.stack_field, 1)
        stack.addWidget(self.stack_change)
        stack.addWidget(self.stack_none)
        self.body.addLayout(verbs)
        self.body.addWidget(self.table, 1)
        self.body.addWidget(self.says)
        self.body.addLayout(stack)
        self.bands.setAccessibleName("Band")
        self.stack_field.setAccessibleName("Stack")
        self.measure.setMinimumWidth(theme.scaled(180))
        self.add_verb(self.cancel)
        self.add_verb(self.measure)
        self.setAcceptDrops(True)

    def _connect(self) -> None:
        self.add.clicked.connect(lambda: choose_files(self, "Images of other dates", FITS, self.add_files))
        self.drop.clicked.connect(lambda: self.leave_out(self.table.selected_paths()))
        self.dates.clicked.connect(
            lambda: choose_file(self, "Dates of the images", CATALOGS, self.take_dates)
        )
        self.stack_change.clicked.connect(lambda: choose_file(self, "Stack", FITS, self.take_stack))
        self.stack_none.clicked.connect(lambda: self.take_stack(None))
        self.table.dated.connect(self.date)
        self.table.left_out.connect(self.leave_out)
        self.table.itemSelectionChanged.connect(self._show_verbs)
        self.bands.chosen.connect(lambda _: self._show())
        self.cancel.clicked.connect(self.end)
        self.measure.clicked.connect(self.run)
        self.run_by_keys(self.run)

    def _begin(self, paths: Sequence[Path] | None) -> None:
        series = self.session.epochs.series
        if series is not None:  # further images join those there are
            self._take_series(series)
        self._show()
        if paths or self.files:
            self.add_files(list(paths or ()))

    def _take_series(self, series: Series) -> None:
        for epoch in series.epochs:
            planes = (
                epoch.image.image,
                epoch.image.rms,
                epoch.image.weight,
                epoch.image.mask,
                epoch.image.psf,
            )
            self.files += [
                plane.path for plane in planes if plane is not None and plane.path not in self.files
            ]
            if epoch.dated_by not in HEADER_WAYS:
                self.given[epoch.image.image.path] = epoch.mjd
        if series.stack is not None:
            self.stack = series.stack.image.path

    def end(self) -> None:
        self._ended = True
        super().end()

    # -- verbs

    def add_files(self, paths: list[Path]) -> None:
        """Look at these files too; what cannot be read is said, and left out."""
        before = list(self.files)
        self.files += [path for path in paths if path not in self.files]
        self.left_out -= set(paths)
        wanted = [path for path in self.files if self.stack is None or path.resolve() != self.stack.resolve()]

        def take(proposal: Proposal) -> None:
            self.proposal = proposal
            self._show()

        self.says.setText("Reading headers…")
        job = self.session.run("Reading headers", propose_epochs, wanted, then=take)
        job.failed.connect(lambda _: self._give_back(before))

    def _give_back(self, files: list[Path]) -> None:
        self.files = files
        self._show()

    def leave_out(self, paths: list[Path]) -> None:
        """These images are no epochs."""
        self.left_out |= set(paths)
        self._show()

    def date(self, path: Path, mjd: float) -> None:
        """Give an image a date [MJD]; with NaN it has what its header says again."""
        if math.isfinite(mjd):
            self.given[path] = mjd
        else:
            self.given.pop(path, None)
        self._show()

    def take_dates(self, path: Path) -> None:
        """Read dates from a table."""
        images = [epoch.path for epoch in self.epochs()]
        try:
            dates = table_dates(path, images)
        except AstroTLError as problem:
            self._say(f"{problem.title}. {problem.detail}", False)
            return
        self.given |= {image: mjd for image, mjd in zip(images, dates, strict=True) if math.isfinite(mjd)}
        self._show()

    def take_stack(self, path: Path | None) -> None:
        """Compare with this image, or with one that is made."""
        self.stack = path
        if path is not None:
            self.left_out.add(path)
        self._show()

    def run(self) -> None:
        """Make them the project's epochs, and measure them in the background."""
        if not self.measure.isEnabled():
            return
        files = [path for path in self.files if path not in self.left_out]
        dates = {epoch.path: epoch.mjd for epoch in self.epochs() if epoch.told_by == "you"}
        known = self.session.epochs.series

        def read(progress: Any) -> Series:
            return read_series(
                files, dates=dates, band=self._band, stack=self.stack, known=known, progress=progress
            )

        def take(series: Series) -> None:
            self.session.epochs.take(series)
            self.end()

        self.measure.setEnabled(False)
        job = self.session.run("Reading epochs", read, then=take)
        job.failed.connect(lambda _: self._show())

    # -- showing

    @property
    def _band(self) -> str:
        return self.bands.value

    def epochs(self) -> tuple[ProposedEpoch, ...]:
        """The images as they stand, in the order of time."""
        if self.proposal is None:
            return ()
        return self.proposal.epochs(self._band, self.given, frozenset(self.left_out))

    def _show(self) -> None:
        if self._ended:
            return
        bands = list(self.proposal.bands) if self.proposal is not None else []
        self.bands.set_options([(band, band) for band in bands])
        for control in (self._band_name, self.bands):
            control.setVisible(len(bands) > 1)
        epochs = self.epochs()
        self.table.show_epochs(epochs)
        self.stack_field.setText(self.stack.name if self.stack is not None else "")
        self.stack_none.setVisible(self.stack is not None)
        text, can = summary(epochs)
        self._say(text if self.files else "Add FITS images, or drop them here.", can or not self.files)
        self.measure.setText(f"Measure {number(len(epochs), 'epoch')}" if epochs else "Measure epochs")
        self.measure.setAccessibleName(self.measure.text())
        self.measure.setEnabled(can)
        self._show_verbs()

    def _say(self, text: str, fine: bool) -> None:
        self.says.setText(text)
        self.says.setProperty("tone", "text2" if fine else "alert")
        self.says.style().polish(self.says)

    def _show_verbs(self) -> None:
        self.drop.setEnabled(bool(self.table.selected_paths()))
        self.dates.setEnabled(bool(self.table.epochs))

    # -- drops

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if images_of(dropped_paths(event.mimeData())):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.add_files(images_of(dropped_paths(event.mimeData())))
