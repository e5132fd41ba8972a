"""One writer of embeddings at a time: two that append to one store would overwrite each other's shards."""

from __future__ import annotations

from collections.abc import Callable

from .jobs import Job


class StoreWriter:
    """Starts jobs that write beside the embeddings. A new one takes the place of the one before, once that has ended.

    `job` runs and its result is wanted; `doing` names what runs or waits to, "" for nothing. What was replaced or
    dropped is no longer `job`, though it may go on until it sees that it should stop.
    """

    def __init__(self) -> None:
        self.job: Job | None = None
        self.doing = ""
        self._busy: Job | None = None
        self._next: Callable[[], Job] | None = None

    def run(self, doing: str, start: Callable[[], Job]) -> None:
        """Cancel what runs, and call `start` as soon as it has ended."""
        self.drop()
        self.doing = doing
        if self._busy is None:
            self._start(start)
        else:
            self._next = start

    def drop(self) -> None:
        """Cancel what runs or waits; its result is no longer wanted."""
        job, self.job, self.doing, self._next = self.job, None, "", None
        if job is not None:
            job.cancel()

    def _start(self, start: Callable[[], Job]) -> None:
        job = self.job = self._busy = start()
        job.finished.connect(lambda: self._ended(job))

    def _ended(self, job: Job) -> None:
        if job is self.job:
            self.job, self.doing = None, ""
        following, self._busy, self._next = self._next, None, None
        if following is not None:
            self._start(following)
