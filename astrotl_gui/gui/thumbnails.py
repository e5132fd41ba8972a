"""Pictures of the session's sources in its look, as one list, page or panel asks for them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from astrotl_gui.core.stretch import COLOUR, bands_shown

from .cutout_picture import BUCKETS, Picture, Stamp
from .cutout_source import CutoutSource

if TYPE_CHECKING:
    from .session import Session

__all__ = ["BUCKETS", "Picture", "Stamp", "Thumbnails", "position"]


class Thumbnails(QObject):
    """What one view wants of the session's `CutoutSource`. `ready(key)` fires when more can be shown."""

    ready = Signal(object)
    emptied = Signal()
    """Every picture changed: the look or the mosaic did."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.source = CutoutSource.of(session)
        self.source.ready.connect(self.ready)
        self.source.emptied.connect(self.emptied)
        self._shown: tuple[object, str, tuple[str, ...], str] | None = None

    @property
    def idle(self) -> bool:
        """Whether nothing is being read or waits to be."""
        return self.source.idle

    def stamp(self, source: int, side: int, mode: str = "", size: float = 0.0) -> Stamp | None:
        """What to read for a source drawn `side` device px wide; None when it has no place in the mosaic.

        `mode` is "" for the session's look, else "colour" or a band; `size` [arcsec] is the project's
        cutout size unless given.
        """
        session = self._session
        place = position(session, source)
        if self.source.mosaic is None or session.project is None or place is None:
            return None
        bands, chosen = self._bands(mode or session.look.mode)
        return Stamp(source, *place, size or session.project.cutouts.size, _bucket(side), chosen, bands)

    def _bands(self, mode: str) -> tuple[tuple[str, ...], str]:
        """The bands behind a mode, and what it comes to in this mosaic."""
        mosaic = self.source.mosaic
        assert mosaic is not None
        if self._shown is None or self._shown[:2] != (mosaic, mode):
            shown = bands_shown(mosaic.spec, replace(self._session.look, mode=mode))
            bands = tuple(sorted({band for channel in shown for band in channel}))
            self._shown = mosaic, mode, bands, shown[0][0] if len(shown) == 1 else COLOUR
        return self._shown[2:]

    def picture(self, stamp: Stamp) -> Picture | None:
        """The rendered cutout, or None until its pixels have been read; until it has the look of now the look before
        stands in."""
        return self.source.picture(stamp)

    def current(self, stamp: Stamp) -> bool:
        """Whether the cutout is there in the look of now."""
        return self.source.current(stamp)

    def coarse(self, stamp: Stamp) -> QImage | None:
        """What stands in for the cutout, at once; None without an overview."""
        return self.source.coarse(stamp)

    def want(self, stamps: Iterable[Stamp | None], by: str = "", ahead: Iterable[Stamp | None] = ()) -> None:
        """Read these, in this order, then those of `ahead`, and forget what else `by` was waiting for.

        Those who name themselves show few cutouts at fixed places; theirs are read before the list's ("").
        """
        self.source.want(id(self), _there(stamps), by, _there(ahead))


def position(session: Session, source: int) -> tuple[float, float] | None:
    """Where a source is [0-based reference px], or None when the catalogue has no such source."""
    row = session.catalog.row_of(source) if len(session.catalog) else -1
    if row < 0:
        return None
    x, y = float(session.catalog.x[row]), float(session.catalog.y[row])
    return (x, y) if math.isfinite(x) and math.isfinite(y) else None


def _bucket(side: int) -> int:
    return next((b for b in BUCKETS if b >= side), BUCKETS[-1])


def _there(stamps: Iterable[Stamp | None]) -> list[Stamp]:
    return [stamp for stamp in stamps if stamp is not None]
