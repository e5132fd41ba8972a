"""Pictures of one source in every epoch: read by a thread, coloured by the look of now, one stretch for all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from astrotl_gui.core.stretch import Levels, render
from astrotl_gui.core.stretch.levels import take_sample

from .cutout_picture import UNREADABLE, Picture, alpha_of, enlarged, image_of
from .jobs import Fetcher

if TYPE_CHECKING:
    from astrotl_gui.core.catalog import Catalog
    from astrotl_gui.pipeline.epochs.kept import Visits
    from astrotl_gui.pipeline.epochs.opening import OpenSeries

    from .session import Session

KEPT_BYTES = 96_000_000
STACK = -1
"""Stands for the stack where numbers stand for epochs."""
WHITE_SIGMA = 60.0
SMALL, LARGE = 0, 384
"""Sides [px] of pictures: as they are read, and enlarged for the one in front."""


@dataclass(frozen=True)
class Asked:
    """A source (by its row in the catalog) and how much of the sky around it [arcsec]."""

    row: int
    size: float


class EpochPixels(QObject):
    """Shows the source of `want`. `ready`: its pictures came, or are others now."""

    ready = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._opened: OpenSeries | None = None
        self._catalog: Catalog | None = None
        self._asked: Asked | None = None
        self._pictures: dict[tuple[int, int], Picture] = {}
        self.fetcher = Fetcher(self._read, 1, KEPT_BYTES, self, lambda found: getattr(found, "nbytes", 1))
        self.fetcher.fetched.connect(lambda key: self.ready.emit() if key == self._asked else None)
        session.look_changed.connect(self._recolour)
        session.project_changed.connect(self._forget)
        self.destroyed.connect(self.fetcher.close)

    def want(self, opened: OpenSeries | None, sources: list[int], size: float) -> None:
        """Show the first of these sources, read the others ahead; each `size` arcsec wide."""
        catalog = self._session.catalog
        if opened is not self._opened or self._catalog is None or not catalog.same_sources(self._catalog):
            self.fetcher.drop()
            self._opened, self._asked = opened, None
        self._catalog = catalog
        rows = [int(row) for row in catalog.rows_of(sources)] if sources else []
        asked = [Asked(row, size) for row in rows if row >= 0]
        first = asked[0] if asked and opened is not None else None
        if first != self._asked:
            self._asked = first
            self._pictures.clear()
        self.fetcher.want(asked if opened is not None else [])

    @property
    def side(self) -> float:
        """How much of the sky is shown [arcsec]."""
        return self._asked.size if self._asked is not None else 0.0

    @property
    def waiting(self) -> bool:
        """Whether the pixels are still being read."""
        return self._asked is not None and self.fetcher.get(self._asked) is None

    def picture(self, number: int, side: int = SMALL) -> Picture | None:
        """The source in an epoch, or in the STACK; None while it is read, without image where it cannot be."""
        found = self.fetcher.get(self._asked) if self._asked is not None else None
        if found is None:
            return None
        if isinstance(found, Exception):
            return UNREADABLE
        if (number, side) not in self._pictures:
            self._pictures[number, side] = self._made(found, number, side)
        return self._pictures[number, side]

    def _made(self, found: Visits, number: int, side: int) -> Picture:
        plane = found.stack if number == STACK else found.planes[number]
        if not np.isfinite(plane).any():
            return UNREADABLE
        if side > plane.shape[-1]:
            plane = enlarged(plane[None], side)[0]
        masked = np.isnan(plane)
        pixels = render([plane], [_levels(found)], replace(self._session.look, mode=""))
        return Picture(image_of(pixels), alpha_of(masked) if masked.any() else None)

    def _read(self, key: Asked) -> Visits:
        read = import_module("astrotl_gui.pipeline.epochs.kept").visits
        made: Visits = read(self._opened, self._catalog, key.row, key.size)
        return made

    def _forget(self) -> None:
        self.want(None, [], 0.0)

    def _recolour(self) -> None:
        self._pictures.clear()
        self.ready.emit()


def _levels(found: Visits) -> Levels:
    """One stretch for all epochs, so that what changes is the source."""
    bright = np.nanpercentile(found.planes, 99.5) if np.isfinite(found.planes).any() else 1.0
    white = max(2 * float(bright), WHITE_SIGMA * found.noise)
    return Levels(0.0, found.noise, white, 1.0, take_sample(found.stack))
