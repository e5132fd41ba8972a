"""Which sources are marked on the mosaic and which one the mouse means."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QObject, QRectF, Signal, Slot

from astrotl_gui.gui.marks import Mark
from astrotl_gui.gui.session import Session
from astrotl_gui.gui.viewport import Viewport

MARKED = 100
"""Only the first so many of the list are marked."""
REACH_PX = 12.0
"""A click selects the nearest source within this distance."""


class MosaicMarks(QObject):
    """The first hundred of the current list and what is selected. `changed` asks for a repaint."""

    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.marks: list[Mark] = []
        for signal in (session.catalog_changed, session.selection_changed, session.target_changed):
            signal.connect(self.refresh)
        session.ranking_changed.connect(self._ranked)
        session.labels_changed.connect(self.refresh)

    @Slot(str)
    def _ranked(self, target: str) -> None:
        if target == self._session.target:
            self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Mark the list as it now is."""
        session = self._session
        ranking = session.ranking()
        ids = [int(i) for i in ranking.ids[:MARKED]] if ranking is not None else []
        chosen = set(session.selection)
        ids += [i for i in session.selection if i not in set(ids)]
        sizes = self._sizes(ids)
        self.marks = []
        for source, (x, y, size) in zip(ids, sizes, strict=True):
            if not math.isfinite(x):
                continue
            label = session.label_of(source)
            rank = ranking.rank_of(source) if ranking is not None else None
            value = label.value if label is not None else ""
            self.marks.append(Mark(source, x, y, size, rank, value, source in chosen))
        self.changed.emit()

    def _sizes(self, ids: list[int]) -> list[tuple[float, float, float]]:
        """(x, y, semi-major axis) [px] of each id; NaN for one the catalog does not have."""
        catalog, mosaic = self._session.catalog, self._session.mosaic
        if mosaic is None or not ids:
            return [(math.nan, math.nan, math.nan)] * len(ids)
        rows = catalog.rows_of(ids)
        scale = mosaic.pixel_scale()
        axes = catalog.column("a") / scale if "a" in catalog else np.full(len(catalog), np.nan)
        return [
            (float(catalog.x[row]), float(catalog.y[row]), float(axes[row]))
            if row >= 0
            else (math.nan, math.nan, math.nan)
            for row in rows
        ]

    def place_of(self, source: int) -> tuple[float, float] | None:
        """Image position of a source."""
        catalog = self._session.catalog
        row = int(catalog.rows_of([source])[0])
        return (float(catalog.x[row]), float(catalog.y[row])) if row >= 0 else None

    def nearest(self, viewport: Viewport, sx: float, sy: float) -> int | None:
        """The source nearest to a point of the view within 12 px, else the smallest mark around it."""
        catalog = self._session.catalog
        if not len(catalog):
            return None
        x, y = viewport.to_image(sx, sy)
        distance = np.hypot(catalog.x - x, catalog.y - y) * viewport.scale
        best = int(np.argmin(distance))
        if distance[best] <= REACH_PX:
            return int(catalog.ids[best])
        around = [
            (mark.radius(viewport.scale), mark.id)
            for mark in self.marks
            if math.hypot(mark.x - x, mark.y - y) * viewport.scale <= mark.radius(viewport.scale)
        ]
        return min(around)[1] if around else None

    def inside(self, viewport: Viewport, box: QRectF) -> list[int]:
        """The sources in a box of the view, the best ranked last (it becomes the current one)."""
        catalog = self._session.catalog
        sx, sy = viewport.to_screen(catalog.x, catalog.y)
        within = (sx >= box.left()) & (sx <= box.right()) & (sy >= box.top()) & (sy <= box.bottom())
        found = [int(i) for i in catalog.ids[within]]
        ranking = self._session.ranking()
        if ranking is None:
            return found
        last = len(ranking) + 1
        return sorted(found, key=lambda source: -(ranking.rank_of(source) or last))
