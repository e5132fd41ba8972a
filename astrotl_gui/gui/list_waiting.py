"""What stands where a list would be while there is none, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astrotl_gui.core.labels import TARGET_NAMES
from astrotl_gui.core.progress import round_time

if TYPE_CHECKING:
    from .jobs import Job
    from .session import Session

START_OWN = "Label one Yes to start: select it on the mosaic and press A. S looks for similar ones."
DETECT = "Detect sources"

Waiting = tuple[str, str, str, str]
"""Icon, title, detail, and the text of the button, empty for none."""


def waiting(session: Session) -> Waiting:
    """Why the session's target has no list yet."""
    if not len(session.catalog):
        if active_job(session, "Detecting", "Measuring") is not None:
            return ("ph.crosshair", "No sources yet", "They are being measured now.", "")
        return ("ph.crosshair", "No sources yet", "Detect them, or take your own catalog.", DETECT)
    if session.target not in TARGET_NAMES and session.inputs is not None:
        return ("ph.sparkle", "No labels yet", START_OWN, "")
    job = active_job(session, "Embedding")
    left = ""
    if job is not None and job.left_seconds is not None:
        left = f", in about {round_time(job.left_seconds).removeprefix('about ')}"
    return ("ph.sparkle", "No ranking yet", f"Ranking starts when the sources are embedded{left}.", "")


def active_job(session: Session, *names: str) -> Job | None:
    """The first job of these names that runs or waits."""
    return next((job for job in session.jobs.active if job.name in names), None)
