"""The outlier list's own choices: which method starts it, whether it hides likely artifacts, how the methods agree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot

from astrotl_gui.core.outlier_table import OutlierTable
from astrotl_gui.core.settings import OutlierSettings
from astrotl_gui.gui.jobs import Job
from astrotl_gui.gui.session_state import later
from astrotl_gui.pipeline.artifact_filter import likely_artifacts

if TYPE_CHECKING:
    from astrotl_gui.core.ranking import Ranking
    from astrotl_gui.gui.session_lists import SessionLists
    from astrotl_gui.pipeline.rank import RankInputs

    _Asked = tuple[RankInputs, Ranking | None, dict[int, int]]

PICTURES = "pictures"
"""The method that looks at the cutouts again: minutes for a large catalog, so only when asked for."""
OUTLIER = "outlier"


class OutlierMethods(QObject):
    """Compares the methods in the background once the outlier list is in view; `changed()` when that is done and
    when a choice was made.

    `table` is None until then.
    """

    changed = Signal()

    def __init__(self, session: SessionLists) -> None:
        super().__init__(session)
        self.session = session
        self.table: OutlierTable | None = None
        self._key = ""
        self._job: Job | None = None
        self._declined = False
        self._hidden: tuple[_Asked, NDArray[np.int64]] | None = None  # of millions no matter of a moment
        for signal in (session.project_changed, session.catalog_changed):
            signal.connect(self._forget)
        session.target_changed.connect(self._compare)
        session.ranking_changed.connect(self._ranked)

    @property
    def settings(self) -> OutlierSettings:
        project = self.session.project
        return project.outliers if project is not None else OutlierSettings()

    def hidden(self) -> NDArray[np.int64]:
        """Ids of the likely artifacts, sorted, whether or not they are hidden now."""
        session = self.session
        if session.inputs is None or session.project is None:
            return np.zeros(0, np.int64)
        labels = session.project.labels.training("artifact", session.settings.vetter)
        asked = session.inputs, session.ranking("artifact"), labels
        if self._hidden is None or not _same(self._hidden[0], asked):
            self._hidden = asked, likely_artifacts(*asked)
        return self._hidden[1]

    def hide_artifacts(self, hide: bool) -> None:
        self._choose(replace(self.settings, hide_artifacts=hide))

    def choose(self, method: str) -> None:
        """Let a method (a key of OUTLIER_METHODS) order the list before any label."""
        self._declined = False
        if method == PICTURES and (self.table is None or PICTURES not in self.table.methods):
            self._start("picture_outliers", "compare_pictures", lambda: self.choose(PICTURES))
            return
        self._choose(replace(self.settings, method=method))
        self._compare()
        self._apply()

    def _choose(self, settings: OutlierSettings) -> None:
        project = self.session.project
        if project is None or settings == project.outliers:
            return
        project.outliers = settings
        self.session._attempt(project.save)
        self.changed.emit()

    @Slot()
    def _forget(self) -> None:
        self._stop()
        self.table, self._key, self._declined, self._hidden = None, "", False, None
        self.changed.emit()

    @Slot(str)
    def _ranked(self, target: str) -> None:
        if target == OUTLIER:
            self._compare()

    @Slot()
    def _compare(self) -> None:
        """Begin, where the list is in view and its embeddings were not compared yet."""
        session = self.session
        if session.target != OUTLIER or self._job is not None or self._declined or session.inputs is None:
            return
        if self._key != session.inputs.key:
            self._start("outliers", "compare_outliers")

    def _start(self, module: str, function: str, then: Callable[[], object] = lambda: None) -> None:
        session, project = self.session, self.session.project
        if session.inputs is None or project is None:
            return
        self._stop()
        key = session.inputs.key

        def adopt(table: OutlierTable) -> None:
            self.table, self._key = table, key
            self._apply()
            self.changed.emit()
            then()

        job = self._job = session._run(
            "Comparing outlier methods",
            later(module, function),
            session.mosaic,
            session.catalog,
            project.embeddings_folder,
            project.cutouts,
            project.encoder,
            then=adopt,
        )
        job.finished.connect(lambda: self._ended(job))

    def _apply(self) -> None:
        """Order the list by the method chosen, where the table has it."""
        session = self.session
        if (
            session.inputs is None
            or self.table is None
            or session.inputs.outlier_method == self.settings.method
        ):
            return
        with_method = import_module("astrotl_gui.pipeline.outliers").with_method
        inputs = with_method(session.inputs, self.table, self.settings.method)
        if inputs is not None:
            session.inputs = inputs
            session.rank_again([OUTLIER])

    def _ended(self, job: Job) -> None:
        if job is self._job:
            self._job = None
            self._declined = job.state != "succeeded"

    def _stop(self) -> None:
        if self._job is not None:
            job, self._job = self._job, None
            job.cancel()


def _same(one: _Asked, other: _Asked) -> bool:
    return one[0] is other[0] and one[1] is other[1] and one[2] == other[2]
