"""Putting a list in order: at once, or in a job where millions have to be filtered or sorted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.ranking import Ranking

from .list_order import NONE, ListFilter, ListOrder, Sources, arrange, whole

if TYPE_CHECKING:
    from .jobs import Job, Jobs

AT_ONCE = 200_000
"""Lists up to this length are filtered and sorted within a frame."""
HEAD = 20_000
"""Of longer ones so many of the top are shown at once."""


@dataclass(frozen=True, eq=False)
class Asked:
    """What a list is to show: see `arrange`."""

    ranking: Ranking
    sources: Sources
    filter: ListFilter
    sort: str = "rank"
    band: str = ""
    labelled: tuple[int, ...] = ()
    artifacts: tuple[int, ...] = ()
    held_back: NDArray[np.int64] = field(default_factory=lambda: NONE)

    @property
    def as_ranked(self) -> bool:
        """Whether it is the ranking as it is, so that nothing has to be done."""
        return not self.filter.active and self.sort == "rank" and not len(self.held_back)

    def order(self, count: int | None = None) -> ListOrder:
        """All of it, or what the first `count` of the ranking come to; `total` is that of all either way."""
        ids, scores = self.ranking.ids[:count], self.ranking.scores[:count]
        if self.as_ranked and count is None:
            return whole(ids, scores, self.ranking.places)
        made = arrange(
            ids,
            scores,
            self.sources,
            self.filter,
            self.sort,
            self.band,
            self.labelled,
            self.artifacts,
            self.held_back,
        )
        return ListOrder(made.ids, made.ranks, made.scores, len(self.ranking), made.lookup)


class Ordering:
    """The newest order that a list asked for; an older one that is still being made is forgotten."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._job: Job | None = None

    @property
    def waits(self) -> bool:
        """Whether an order is being made."""
        return self._job is not None

    def run(self, asked: Asked, show: Callable[[ListOrder], object]) -> bool:
        """Hand the order to `show`: now, and True, where that is a matter of a frame; else once it is made."""
        self.forget()
        if asked.as_ranked or len(asked.ranking) <= AT_ONCE:
            show(asked.order())
            return True
        job = self._job = self._jobs.run("Ordering the list", lambda progress: asked.order(), quiet=True)
        job.succeeded.connect(lambda order: show(order) if job is self._job else None)
        job.finished.connect(lambda: self._ended(job))
        return False

    def forget(self) -> None:
        self._job = None

    def _ended(self, job: Job) -> None:
        if job is self._job:
            self._job = None
