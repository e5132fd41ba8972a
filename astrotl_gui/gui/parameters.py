"""The estimated parameters of the open project: estimated in the background, kept, exported."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from astrotl_gui.core.estimates import Estimates
from astrotl_gui.core.progress import round_time
from astrotl_gui.gui.file_dialogs import written_message
from astrotl_gui.gui.jobs import Job
from astrotl_gui.gui.message import Message, problem_message
from astrotl_gui.gui.session_state import later

if TYPE_CHECKING:
    from astrotl_gui.core.catalog import Catalog
    from astrotl_gui.gui.session import Session
    from astrotl_gui.pipeline.estimating import Estimated


class Parameters(QObject):
    """`made`: what was read of what the project keeps for the sources it has now. `watched`: a sheet shows what
    comes of it, no message need do so."""

    changed = Signal()
    """Something was estimated, an estimation begins or ends, or another project was opened."""
    progressed = Signal(str, float)
    failed = Signal(object)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.made: list[Estimates] = []
        self.watched = False
        self._job: Job | None = None
        session.project_changed.connect(self._take_project)
        session.catalog_changed.connect(self._forget)

    @property
    def running(self) -> bool:
        return self._job is not None

    def _take_project(self) -> None:
        self.cancel()
        self._forget()

    def _forget(self) -> None:
        """What there is is read when somebody asks for it."""
        self.made = []
        self.read() if self.watched else self.changed.emit()

    def read(self) -> None:
        """Read what the project keeps; estimates went with the sources if these were found anew."""
        session, project = self._session, self._session.project
        kept = Estimates.all(project.path) if project is not None else []
        self.made = [made for made in kept if made.name in session.catalog]
        self.changed.emit()

    def estimate(
        self, table: Path, columns: Sequence[str], method: str = "combined", beside: Sequence[str] = ()
    ) -> None:
        """Estimate columns of `table` for every source; one estimation at a time."""
        session, project = self._session, self._session.project
        if project is None or self.running:
            return
        before = session.catalog
        job = self._job = session.jobs.run(
            "Estimating parameters", later("estimating", "estimate_parameters"), session.mosaic, before,
            project.path, project.embeddings_folder, project.cutouts, project.encoder, table, tuple(columns),
            method, tuple(beside),
        )  # fmt: skip
        job.progressed.connect(lambda: self._report(job))
        job.succeeded.connect(lambda found: self._take(found, before) if session.project is project else None)
        job.failed.connect(self._fail)
        job.finished.connect(self._end)
        self.changed.emit()
        self._report(job)

    def cancel(self) -> None:
        """Stop; what was kept before stays."""
        if self._job is not None:
            self._job.cancel()

    def _report(self, job: Job) -> None:
        left = job.left_seconds
        time = f", {round_time(left)} left" if left and job.done < job.total else ""
        self.progressed.emit(
            f"{job.text or 'Reading values'}{time}", job.done / job.total if job.total else 0
        )

    def _take(self, found: Estimated, before: Catalog) -> None:
        session, project = self._session, self._session.project
        if project is None or not session.catalog.same_sources(before):
            session.messaged.emit(
                Message("Not kept", "Sources were found anew while parameters were estimated.", "warn")
            )
            return
        for made in found.made:
            if not session._attempt(made.write, project.path):
                return
        session.take_columns(found.catalog, before)
        new = {made.name for made in found.made}
        self.made = [*(made for made in self.made if made.name not in new), *found.made]
        if not self.watched:
            names = ", ".join(made.name for made in found.made)
            session.messaged.emit(Message(f"Estimated {names}", f"For {len(found.made[0]):,} sources."))

    def _fail(self, problem: Exception) -> None:
        if self.watched:
            self.failed.emit(problem)
        else:
            self._session.messaged.emit(problem_message(problem))

    def _end(self) -> None:
        self._job = None
        self.changed.emit()

    def export(self, path: Path, made: Estimates) -> None:
        """Write a table of one parameter, a row a source; the ending names the format."""
        session, write = self._session, later("parameters_output", "write_estimates")
        session.run(
            "Exporting", write, path, session.catalog, made,
            then=lambda _: session.messaged.emit(written_message("Exported", path)),
        )  # fmt: skip
