"""The epochs of the open project: loaded, measured and judged in the background, labelled, exported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QTimer

from astrotl_gui.core.epoch_table import EpochTable
from astrotl_gui.core.epochs import FEWEST, Series, label_target, write_series
from astrotl_gui.core.labels import Labels
from astrotl_gui.gui.epoch_order import number, problematic_first
from astrotl_gui.gui.epoch_state import EpochState
from astrotl_gui.gui.file_dialogs import written_message
from astrotl_gui.gui.message import Message
from astrotl_gui.gui.session_state import later
from astrotl_gui.gui.store_writer import StoreWriter

if TYPE_CHECKING:
    from astrotl_gui.core.catalog import Catalog
    from astrotl_gui.gui.jobs import Job
    from astrotl_gui.gui.session import Session
    from astrotl_gui.pipeline.epochs.kept import Kept
    from astrotl_gui.pipeline.epochs.run import Judged

MEASURING = "Measuring epochs"
LEARN_MS = 1500
"""So long after the last label of an epoch the flags learn from it."""


class Epochs(EpochState):
    """Loads, measures, labels and exports. Labels are those of any list: positive says that an epoch of the source is
    problematic, negative that it is good."""

    def __init__(self, session: Session) -> None:
        self._learn = QTimer(singleShot=True)
        self._writer = StoreWriter()
        super().__init__(session)
        self._learn.setParent(self)
        self._learn.timeout.connect(lambda: self.learn())
        session.project_changed.connect(self._take_project)
        session.catalog_changed.connect(self._sources_changed)
        session.labels_changed.connect(self._labelled)
        session.settings_changed.connect(lambda: self._labelled([]))

    def _reset(self) -> None:
        super()._reset()
        self._judged: Judged | None = None
        self._learning: Job | None = None
        self._given: dict[tuple[int, int], int] = {}
        self._learn.stop()
        self._writer.drop()

    @property
    def measuring(self) -> bool:
        """Whether the epochs are being measured, or are about to be."""
        return bool(self._writer.doing)

    @property
    def learns(self) -> bool:
        """Whether labels can improve the flags at once: only of what was measured in this session."""
        return self._judged is not None and not self.stale

    # -- loading and measuring

    def take(self, series: Series) -> None:
        """Make these the epochs of the project, and measure them. Epochs measured before stay measured."""
        project = self._session.project
        if project is None or not self._session._attempt(write_series, project.epochs_folder, series):
            return
        project.epochs = replace(project.epochs, band=series.band)
        self._session._attempt(project.save)
        self.series, self.table, self.opened, self._judged = series, None, None, None
        self.chosen = 0
        self.changed.emit()
        self.measure()

    def measure(self) -> None:
        """Measure and judge every source in every epoch; what was embedded before is taken up again."""
        session, series = self._session, self.series
        project = session.project
        if project is None or series is None:
            return
        if not len(session.catalog):
            session.messaged.emit(Message("No sources yet", "Detect them, then measure the epochs."))
            return
        catalog, vetter, device = session.catalog, session.settings.vetter, session.settings.device
        run = partial(later("epochs.run", "judge_series"), vetter=vetter, device=device)

        def start() -> Job:
            job = session.run(
                MEASURING, run, session.mosaic, series, catalog, project.epochs_folder, project.cutouts,
                project.encoder, project.epochs, Labels(project.labels.events()),
                then=lambda judged: self._adopt(judged) if job is self._writer.job else None,
            )  # fmt: skip
            job.partial.connect(lambda table: self._show(table) if job is self._writer.job else None)
            job.cancelled.connect(lambda: self._stopped() if job is self._writer.job else None)
            job.finished.connect(self.changed)
            return job

        self._writer.run(MEASURING, start)
        self.changed.emit()

    def _stopped(self) -> None:
        again = ("Continue", self.measure)
        kept = "What was embedded so far is kept."
        self._session.messaged.emit(Message("Measuring stopped", kept, actions=(again,)))

    def _show(self, table: EpochTable) -> None:
        """Light curves are there before the network has looked."""
        if self.table is None:
            self._take_table(table)
            self.changed.emit()

    def _adopt(self, judged: Judged) -> None:
        self._judged, self.opened = judged, judged.measured.opened
        self._take_table(judged.table)
        self._keep()
        self.changed.emit()
        self._learn.start(0)  # once this job has ended
        sources, flags, _ = self.problematic()
        flagged = f"{number(flags, 'flag')} in {number(sources, 'source')}."
        detail = flagged if judged.looked else f"Light curves only: flags need {FEWEST} epochs."
        self._session.messaged.emit(Message(f"{number(len(judged.table.facts), 'epoch')} measured", detail))

    def _take_table(self, table: EpochTable) -> None:
        self.table = self._with_labels(table)
        self._order = problematic_first(self.table)
        self._choose_first()

    def _keep(self) -> None:
        project, table = self._session.project, self.table
        if project is not None and table is not None:
            self._session._attempt(table.write, project.epochs_folder)

    # -- labels

    def label(self, value: str) -> bool:
        """Call the chosen epoch of the selected source problematic ("positive"), good ("negative") or nothing
        ("clear"); it is on disk when this returns. Whether it was written. The next flagged epoch is then chosen."""
        row, source, table = self.row, self._session.selected, self.table
        if row is None or source is None or table is None:
            self._session.messaged.emit(Message("No epoch is chosen", "Choose a source that was measured."))
            return False
        chosen = self.chosen
        self._session.label_as([source], value, label_target(table.names[chosen]))
        if value != "clear":
            left = np.flatnonzero(self.table.flagged[row] & (self.table.labels[row] == 0))  # type: ignore[union-attr]
            if len(left):
                after = left[left > chosen]
                self.choose(int(after[0] if len(after) else left[0]))
        return True

    def _with_labels(self, table: EpochTable) -> EpochTable:
        """The table by the labels of now."""
        self._given = self._signs(table)
        labels = np.zeros(table.flux.shape, np.int8)
        for place, sign in self._given.items():
            labels[place] = sign
        return table.with_labels(labels)

    def _signs(self, table: EpochTable) -> dict[tuple[int, int], int]:
        """What sources in epochs are called, by row and column: +1 problematic, −1 good."""
        signs = {"positive": 1, "negative": -1}
        return {
            (row, column): signs[label.value]
            for column, name in enumerate(table.names)
            for source, label in self._session.labels(label_target(name)).items()
            if label.value in signs and (row := table.row_of(source)) is not None
        }

    def _labelled(self, sources: Sequence[int]) -> None:
        if self.table is None:
            return
        before, after = self._given, self._signs(self.table)
        if after == before:
            return
        self.table = self._with_labels(self.table)
        other = sorted(place for place in before | after if before.get(place) != after.get(place))
        here = [column for row, column in other if row == self.row]
        if here:
            self.choose(here[0])
        self.flags_changed.emit()
        self._learn.start(LEARN_MS)

    def learn(self, asked: bool = False) -> None:
        """Let the labels improve the flags, and bring the variability columns up to date. While that goes on, the
        next waits. It shows as a job where it was `asked` for."""
        project, table = self._session.project, self.table
        if project is None or table is None or self.measuring or self.stale:
            return
        if self._learning is not None:
            self._learn.start(LEARN_MS)
            return
        catalog = self._session.catalog
        self._learning = self._session._run(
            "Judging epochs", later("epochs.kept", "judged_by_labels"), self._judged, table, catalog,
            project.epochs, table.labels, then=lambda found: self._learned(found, catalog), quiet=not asked,
        )  # fmt: skip
        self._learning.finished.connect(self._learning_ended)

    def _learning_ended(self) -> None:
        if self.sender() is self._learning:
            self._learning = None

    def _learned(self, found: tuple[Judged | None, EpochTable, Catalog], before: Catalog) -> None:
        judged, table, catalog = found
        if self.measuring or self.table is None or self.table.names != table.names:
            return
        self._judged = judged
        self.table = self._with_labels(table)
        seen = set(self._order.tolist())
        new = [source for source in problematic_first(self.table).tolist() if source not in seen]
        self._order = np.array([*self._order.tolist(), *new], np.int64)
        self._keep()
        self._session.take_columns(catalog, before)
        self.flags_changed.emit()

    # -- files

    def export(self, path: Path, what: str) -> None:
        """Write a table of what was found; `what` is a key of `pipeline.epochs.output.TABLES`."""
        project, table = self._session.project, self.table
        if project is None or table is None:
            return

        provenance: Mapping[str, str] = {"mosaic": project.name}
        self._session.run(
            "Exporting", later("epochs.output", "write_epochs"), path, table, self._session.catalog, provenance, what,
            then=lambda files: self._session.messaged.emit(written_message("Exported", files[0])),
        )  # fmt: skip

    # -- following the session

    def _take_project(self) -> None:
        self._reset()
        session, project = self._session, self._session.project
        self.changed.emit()
        if project is not None and (project.epochs_folder / "series.toml").is_file():
            session._run(
                "Opening epochs", later("epochs.kept", "reopened"), session.mosaic, project.epochs_folder,
                project.epochs, then=self._take_kept, quiet=True,
            )  # fmt: skip

    def _take_kept(self, kept: Kept | None) -> None:
        if kept is None or self.series is not None:
            return
        self.series, self.opened = kept.series, kept.opened
        if kept.table is not None:
            self._take_table(kept.table)
            if "var_chi2" not in self._session.catalog:
                self._learn.start(0)
        if kept.problem is not None:
            detail = f"{kept.problem.detail} What was measured is kept."
            self._session.messaged.emit(Message(kept.problem.title, detail, "warn"))
        self.changed.emit()

    def _sources_changed(self) -> None:
        self._writer.drop()
        if self.stale:
            self._judged = None
        elif self.table is not None:
            self._learn.start(LEARN_MS)  # the columns went with the catalog before
        self.changed.emit()
