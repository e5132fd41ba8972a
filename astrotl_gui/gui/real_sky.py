"""The end of the demo: once its lists are there, a real field is fetched and offered, if it can be had."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from ..core.labels import TARGETS
from ..pipeline.real_fields import FIELDS
from .message import Message
from .session_state import later

if TYPE_CHECKING:
    from .main_window import MainWindow

OFFERED = "abell370"


def offer_real_sky(window: MainWindow) -> None:
    """Offer Abell 370 once every list is ranked, to who has not opened it yet.

    Without network nothing is said: nobody asked for it.
    """
    if not FIELDS[OFFERED].project().exists():
        _Offer(window)


class _Offer(QObject):
    """Waits for the lists, then for the download; lives as long as the window."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._session = window, window.session
        self._session.ranking_changed.connect(self._ranked)

    def _ranked(self) -> None:
        if any(self._session.ranking(target) is None for target in TARGETS):
            return
        self._session.ranking_changed.disconnect(self._ranked)
        field = FIELDS[OFFERED]
        job = self._session.jobs.run(
            f"Downloading {field.title}", later("field_files", "field_files"), field, quiet=True
        )
        job.succeeded.connect(self._offer)

    def _offer(self) -> None:
        field = FIELDS[OFFERED]
        open_it = (f"Open {field.title}", lambda: self._session.open_field(field.name))
        self._session.messaged.emit(
            Message(
                "Real sky too",
                f"{field.title}, a cluster of galaxies with a giant arc, is on this computer now.",
                actions=(open_it, ("Not now", lambda: None)),
            )
        )
