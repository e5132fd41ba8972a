"""How a long computation reports, and how it is cancelled: one callable for both."""

from __future__ import annotations

import time


class Cancelled(Exception):
    """Raised by `progress(...)` inside a computation whose user no longer wants it."""


class Progress:
    """The silent base: accepts every report, never cancels. Front ends override the two methods."""

    def __call__(self, done: float, total: float, text: str = "") -> None:
        """Report `done` of `total` (same unit); raises `Cancelled` when the user asked to stop."""

    def partial(self, value: object) -> None:
        """Stream a usable part of the result."""


SILENT = Progress()


class Pace:
    """Rate and time left from the reports of one computation.

    What was already done at the first report (a resumed job) does not count towards the rate.
    """

    def __init__(self) -> None:
        self._start: tuple[float, float] | None = None
        self.rate = 0.0
        self.left_seconds: float | None = None

    def update(self, done: float, total: float) -> None:
        now = time.monotonic()
        if self._start is None or done < self._start[1]:
            self._start = (now, done)
            return
        elapsed, work = now - self._start[0], done - self._start[1]
        if elapsed > 0.2 and work > 0:
            self.rate = work / elapsed
            self.left_seconds = max(total - done, 0) / self.rate


def round_time(seconds: float) -> str:
    """A duration as people say it: "4 s", "40 s", "about 2 min", "about 3 h"."""
    if seconds < 10:
        return f"{max(1, round(seconds))} s"
    if seconds < 90:
        return f"{round(seconds / 5) * 5} s"
    if seconds < 5400:
        return f"about {round(seconds / 60)} min"
    return f"about {round(seconds / 3600)} h"
