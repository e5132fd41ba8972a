"""The queue of what to label next, by the project's query strategy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from astrotl_gui.core.settings import QueueSettings
from astrotl_gui.pipeline.queue import Left, next_to_label

if TYPE_CHECKING:
    from .session import Session

NONE = np.empty(0, np.int64)


class LabelQueue(QObject):
    """What the session's target asks about next. `changed()`: another strategy was chosen."""

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session

    @property
    def settings(self) -> QueueSettings:
        project = self._session.project
        return project.queue if project is not None else QueueSettings()

    def choose(self, strategy: str) -> None:
        """Ask by another strategy, a key of STRATEGIES, from now on."""
        project = self._session.project
        if project is None or strategy == self.settings.strategy:
            return
        before, project.queue = project.queue, replace(self.settings, strategy=strategy)
        if self._session._attempt(project.save):
            self.changed.emit()
        else:
            project.queue = before

    def next(
        self, count: int, seen: Iterable[int] = (), seed: int = 0, own: bool = False
    ) -> NDArray[np.int64]:
        """Up to `count` ids to label next, none labelled or seen; a matter of milliseconds also of millions.

        `own`: labels of other vetters do not count, so that theirs come too.
        """
        session = self._session
        ranking = session.ranking()
        if ranking is None or not len(session.catalog) or (self._holds_back and session.inputs is None):
            return NONE  # what to hold back is not known yet
        return next_to_label(session.inputs, ranking, self._done(seen, own), count, self.settings, seed)

    def left(self, seen: Iterable[int] = ()) -> int:
        """How many are neither labelled nor seen."""
        ranking = self._session.ranking()
        if ranking is None or not len(self._session.catalog):
            return 0
        return len(Left(ranking, self._done(seen), self._session.inputs))

    @property
    def _holds_back(self) -> bool:
        """Whether likely artifacts are none of this list's."""
        return self._session.target == "outlier" and self._session.outliers.settings.hide_artifacts

    def _done(self, seen: Iterable[int], own: bool = False) -> NDArray[np.int64]:
        """Labelled, seen, or held back from the list of outliers."""
        session, vetter = self._session, self._session.settings.vetter
        labelled = (i for i, label in session.labels().items() if not own or label.vetter == vetter)
        done = [np.fromiter(labelled, np.int64), np.fromiter(seen, np.int64)]
        if self._holds_back:
            done.append(session.outliers.hidden())
        return np.concatenate(done)
