"""Eight views in the background, where a project leaves their number open and time allowed only one at first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Slot

from astrotl_gui.gui.session_state import later

if TYPE_CHECKING:
    from astrotl_gui.gui.jobs import Job
    from astrotl_gui.gui.session import Session

IDLE_MS = 20_000
"""It begins when nothing was labelled or ranked for so long, and gives way to the next label."""
MOST = 50_000
"""More sources than this are not embedded eight times over unasked."""
TOP = 200
"""Sources at the top of each list that come first, after the labelled ones."""


class Refining(QObject):
    """Embeds the eight views of every source while nobody labels, then has the lists ranked by them.

    What is done is kept: a label, Cancel or closing the project costs at most one shard.
    """

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self._job: Job | None = None
        self._declined = False
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.setInterval(IDLE_MS)
        self._idle.timeout.connect(self._begin)
        session.project_changed.connect(self._forget)
        session.ranking_changed.connect(self._wait)
        session.labels_changed.connect(self._give_way)

    @property
    def wanted(self) -> bool:
        """Whether the lists rest on one view of each source and nobody decided so."""
        session = self.session
        undecided = session.project is not None and session.project.encoder.views == 0
        single = session.inputs is not None and session.inputs.views == 1
        return undecided and single and not self._declined and len(session.catalog) <= MOST

    @Slot()
    def _forget(self) -> None:
        self._idle.stop()
        self._job, self._declined = None, False

    @Slot(str)
    def _wait(self, _target: str) -> None:
        if self.wanted and self._job is None:
            self._idle.start()

    @Slot(list)
    def _give_way(self, _ids: list[int]) -> None:
        if self._job is not None:
            job, self._job = self._job, None
            job.cancel()
        self._wait("")

    @Slot()
    def _begin(self) -> None:
        session, project = self.session, self.session.project
        if not self.wanted or project is None or self._job is not None:
            return
        job = self._job = session.jobs.run(
            "Refining",
            later("embed", "embed"),
            session.mosaic,
            session.catalog,
            project.embeddings_folder,
            project.cutouts,
            replace(project.encoder, views=8),
            device=session.settings.device,
            first=self._first(),
        )
        job.succeeded.connect(lambda _: self._ended(job, True))
        job.cancelled.connect(lambda: self._ended(job, False))
        job.failed.connect(lambda _: self._ended(job, False))

    def _first(self) -> list[int]:
        """Labelled sources, then the top of every list."""
        ids: dict[int, None] = {}
        for target in self.session.targets:
            ids.update(dict.fromkeys(self.session.labels(target)))
        for target in self.session.targets:
            if (ranking := self.session.ranking(target)) is not None:
                ids.update(dict.fromkeys(ranking.ids[:TOP].tolist()))
        return list(ids)

    def _ended(self, job: Job, done: bool) -> None:
        if job is not self._job:  # it gave way, or its project was closed
            return
        self._job = None
        if done:
            self.session.load_inputs()
        else:
            self._declined = True  # the person stopped it, or it cannot be done here
