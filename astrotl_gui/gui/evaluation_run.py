"""One evaluation in the background: the labels and embeddings are read, then the loop is played."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from astrotl_gui.core.progress import round_time

from .session_state import later

if TYPE_CHECKING:
    from astrotl_gui.pipeline.evaluation.protocols import Protocol

    from .jobs import Job
    from .session import Session


class EvaluationRun(QObject):
    """`progressed(text, share)` while it runs; then `succeeded(Evaluation)` or `failed(problem)`; always `ended`."""

    progressed = Signal(str, float)
    succeeded = Signal(object)
    failed = Signal(object)
    ended = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self._job: Job | None = None

    @property
    def running(self) -> bool:
        return self._job is not None

    def on_folder(self, folder: Path, protocol: Protocol) -> None:
        """Evaluate on labelled pictures."""
        read = later("evaluation.folder", "read_folder")
        self._start(
            "Reading pictures", read, self._then(protocol), folder, device=self.session.settings.device
        )

    def on_project(self, labels: Mapping[int, int], protocol: Protocol) -> None:
        """Evaluate on these labels (id → +1 or −1) of the open project and the list in view."""
        session, project = self.session, self.session.project
        assert project is not None
        self._start(
            "Reading labels",
            later("evaluation.project", "project_set"),
            self._then(protocol),
            project.name,
            project.embeddings_folder,
            session.catalog,
            session.mosaic,
            project.cutouts,
            project.encoder,
            labels,
            session.target,
        )

    def cancel(self) -> None:
        """Stop it; `ended` follows."""
        if self._job is not None:
            self._job.cancel()

    def abandon(self) -> None:
        """Stop it and hear no more of it, since the sheet is gone."""
        self.cancel()
        self._job = None

    def _then(self, protocol: Protocol) -> Callable[[Any], None]:
        """What follows the reading."""
        return lambda labelled: self._start(
            "Evaluating", later("evaluate", "evaluate"), self._finish, labelled, protocol
        )

    def _start(
        self, name: str, function: Callable[..., Any], then: Callable[[Any], None], *args: Any, **kwargs: Any
    ) -> None:
        job = self._job = self.session.jobs.run(name, function, *args, quiet=True, **kwargs)
        job.progressed.connect(lambda: self._report(job) if job is self._job else None)
        job.succeeded.connect(lambda value: self._go_on(job, then, value))
        job.failed.connect(lambda problem: self._fail(problem) if job is self._job else None)
        job.cancelled.connect(lambda: self._end() if job is self._job else None)
        self._report(job)

    def _go_on(self, job: Job, then: Callable[[Any], None], value: Any) -> None:
        if job is not self._job:
            return
        if job.stopping:  # it was over before it saw that it should stop
            self._end()
        else:
            then(value)

    def _report(self, job: Job) -> None:
        left = job.left_seconds
        time = f", {round_time(left)} left" if left and job.done < job.total else ""
        self.progressed.emit(f"{job.text or job.name}{time}", job.done / job.total if job.total else 0.0)

    def _finish(self, found: Any) -> None:
        self.succeeded.emit(found)
        self._end()

    def _fail(self, problem: Exception) -> None:
        self.failed.emit(problem)
        self._end()

    def _end(self) -> None:
        self._job = None
        self.ended.emit()
