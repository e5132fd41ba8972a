"""Which sources are marked one by one on the mosaic, and which one the mouse means."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QRectF, Signal, Slot

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.sky_index import Area
from astrotl_gui.gui.marks import Mark
from astrotl_gui.gui.overlays import CANDIDATES, MARKED
from astrotl_gui.gui.selection import Selection
from astrotl_gui.gui.session import Session
from astrotl_gui.gui.viewport import Viewport

REACH_PX = 12.0
"""A click selects the nearest source within this distance."""
LOOK_THROUGH = 4096


class MosaicMarks(QObject):
    """The first of the current list, at most a hundred, and what is selected. `changed` asks for a repaint."""

    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.marks: list[Mark] = []
        for signal in (session.catalog_changed, session.selection_changed, session.target_changed):
            signal.connect(self.refresh)
        session.ranking_changed.connect(self._ranked)
        session.labels_changed.connect(self.refresh)
        session.overlays.listed.connect(self.refresh)

    @Slot(str)
    def _ranked(self, target: str) -> None:
        if target == self._session.target:
            self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Mark the list as it now is."""
        session = self._session
        ranking = session.ranking()
        shown = min(session.overlays.top or MARKED, MARKED) if session.overlays.shows(CANDIDATES) else 0
        ids = ranking.ids[:shown].tolist() if ranking is not None else []
        # Of a large selection the current source alone: the others are drawn all at once, as an overlay.
        selection = session.selection[-1:] if len(session.selection) > MARKED else session.selection
        chosen = set(selection)
        ids += [i for i in selection if i not in set(ids)]
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
        """The source that a point of the view means: the nearest within 12 px, else the one at the nearest place of a
        catalog or region within 12 px, else the smallest mark around it."""
        x, y = viewport.to_image(sx, sy)
        reach = REACH_PX / viewport.scale
        found = self._near(x, y, reach)
        if found is not None:
            return found
        for file, row in self._session.overlays.near(x, y, reach):
            place = file.content.place(row) if file.content is not None else None
            if place is not None and (found := self._near(*place, reach)) is not None:
                return found
        around = [
            (mark.radius(viewport.scale), mark.id)
            for mark in self.marks
            if math.hypot(mark.x - x, mark.y - y) * viewport.scale <= mark.radius(viewport.scale)
        ]
        return min(around)[1] if around else None

    def _near(self, x: float, y: float, reach: float) -> int | None:
        """The source nearest to a place, within `reach` px."""
        catalog, index = self._session.catalog, self._session.overlays.index
        if not len(catalog):
            return None
        if index is not None:
            row = index.nearest(x, y, reach)
        else:  # still being sorted: look at all
            rows = np.flatnonzero(_within(catalog, (x - reach, y - reach, x + reach, y + reach)))
            away = np.hypot(catalog.x[rows] - x, catalog.y[rows] - y)
            row = int(rows[away.argmin()]) if away.min(initial=np.inf) <= reach else None
        return int(catalog.ids[row]) if row is not None else None

    def inside(self, viewport: Viewport, box: QRectF) -> Sequence[int]:
        """The sources in a box of the view, the best ranked last (it becomes the current one)."""
        catalog, index = self._session.catalog, self._session.overlays.index
        (x0, y1), (x1, y0) = (
            viewport.to_image(corner.x(), corner.y()) for corner in (box.topLeft(), box.bottomRight())
        )
        area = (x0, y0, x1, y1)
        rows = np.flatnonzero(_within(catalog, area)) if index is None else index.inside(area)
        ids = catalog.ids[rows]
        best = self._best_in(area) if len(ids) else None
        return Selection(ids if best is None else np.append(ids[ids != best], best))

    def _best_in(self, area: Area) -> int | None:
        """The best ranked source within a box [px]; the list is looked through from its top."""
        ranking, catalog = self._session.ranking(), self._session.catalog
        if ranking is None:
            return None
        for start in range(0, len(ranking), LOOK_THROUGH):
            ids = ranking.ids[start : start + LOOK_THROUGH]
            rows = catalog.rows_of(ids)
            found = np.flatnonzero(_within(catalog, area, rows) & (rows >= 0))
            if len(found):
                return int(ids[found[0]])
        return None


def _within(catalog: Catalog, area: Area, rows: NDArray[np.int64] | None = None) -> NDArray[np.bool_]:
    """Which sources, of all or of some rows, lie within a box [px], in single precision as the index has them."""
    x, y = (np.asarray(axis if rows is None else axis[rows], np.float32) for axis in (catalog.x, catalog.y))
    return (x >= area[0]) & (x <= area[2]) & (y >= area[1]) & (y <= area[3])
