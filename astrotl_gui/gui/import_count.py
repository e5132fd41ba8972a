"""How many sources a detection limit finds, counted in the background while one chooses."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import Progress, round_time
from astrotl_gui.core.settings import DetectionSettings

from .mosaic_part import central_part

if TYPE_CHECKING:
    from .jobs import Job
    from .session import Session

WHOLE_PIXELS, PART_PIXELS = 4_200_000, 2_000_000
"""Mosaics up to the first size are counted whole; of larger ones, a central part of the second."""
START_SECONDS, MEGAPIXEL_SECONDS, EMBEDDED_A_SECOND = 8.0, 0.8, 80.0
"""Loading the encoder; detecting and measuring one band; cutouts embedded by one core."""


@dataclass(frozen=True)
class Found:
    """Number of sources; `exact` when every pixel was searched."""

    count: int
    exact: bool


def count_sources(mosaic: Mosaic, settings: DetectionSettings, *, progress: Progress) -> Found:
    """Detect in the whole mosaic, or in its central part and scale by area."""
    from astrotl_gui.pipeline.detect import detect

    small = mosaic.shape[0] * mosaic.shape[1] <= WHOLE_PIXELS
    part, share = (mosaic, 1.0) if small else central_part(mosaic, PART_PIXELS)
    found = len(detect(part, settings, progress=progress))
    return Found(found, True) if share == 1 else Found(round(found / share), False)


def found_text(found: Found) -> str:
    """ "1,184 found" only where it is true, else "about 1,200"."""
    if found.exact:
        return f"{found.count:,} found"
    digits = len(str(found.count)) - 2
    return f"about {round(found.count, -max(digits, 0)):,}"


def estimate_text(mosaic: Mosaic | None, sources: int | None) -> str:
    """How long detecting, measuring, embedding and ranking will take here."""
    look = "You can look around while it works."
    if mosaic is None:
        return ""
    if sources is None:
        return look
    detecting = mosaic.shape[0] * mosaic.shape[1] / 1e6 * len(mosaic.bands) * MEGAPIXEL_SECONDS
    seconds = START_SECONDS + detecting + sources / (EMBEDDED_A_SECOND * (os.cpu_count() or 1))
    time = round_time(seconds).removeprefix("about ")
    return f"About {time} on this computer. {look}"


class SourceCount(QObject):
    """The count for the limit chosen now; a new limit cancels the count before."""

    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.text = ""
        self.found: int | None = None
        self.taken = False  # whether the number is that of a catalog
        self._job: Job | None = None

    def start(self, mosaic: Mosaic, settings: DetectionSettings) -> None:
        """Count at another limit; until then the number is unknown."""
        self.stop()
        self.text = "counting…"
        job = self._job = self.session.jobs.run(
            "Counting sources", count_sources, mosaic, settings, quiet=True
        )
        job.succeeded.connect(lambda found: self._finish(job, found))
        job.failed.connect(lambda problem: self._finish(job, None))
        self.changed.emit()

    def use(self, count: int) -> None:
        """The number is known: that of a catalog."""
        self.stop()
        self.found, self.taken = count, True
        self.changed.emit()

    def stop(self) -> None:
        """Cancel a running count and forget the number."""
        if self._job is not None:
            self._job.cancel()
            self._job = None
        self.text, self.found, self.taken = "", None, False
        self.changed.emit()

    def _finish(self, job: Job, found: Found | None) -> None:
        if job is self._job:
            self._job = None
            self.text = found_text(found) if found else ""
            self.found = found.count if found else None
            self.changed.emit()
