"""What is laid over the sky besides the grid: candidates, labels, detections, catalogs and region files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.image_paths import found, kept
from astrotl_gui.core.sky_index import SkyIndex
from astrotl_gui.gui.message import Message
from astrotl_gui.gui.session_state import later
from astrotl_gui.pipeline.overlay_files import index_sources

if TYPE_CHECKING:
    from astrotl_gui.gui.session_state import SessionState
    from astrotl_gui.pipeline.overlay_files import OverlayFile

TOPS = (20, 100, 1000, 0)
"""How many of the list are marked; 0: all of it."""
MARKED = 100
"""The first so many carry their rank and follow the size of their source; those behind are one small shape."""
AT_ONCE = 50_000
"""So many positions are sorted while one waits (5 ms); more in the background."""
CANDIDATES, LABELS, DETECTIONS, SELECTED = "candidates", "labels", "detections", "selected"
GLYPHS = ("cross", "plus", "corners", "sides")
"""What marks the positions of a catalog; the next catalog has the next shape."""


@dataclass(eq=False)
class UserOverlay:
    """A catalog or region file over the sky; `content` is None while it is read."""

    path: Path
    glyph: str
    shown: bool = True
    content: OverlayFile | None = None

    @property
    def name(self) -> str:
        return self.path.name


@dataclass(frozen=True, eq=False)
class Points:
    """Rows of the catalog and the index of their positions; `index.rows` counts within `rows`."""

    rows: NDArray[np.int64]
    index: SkyIndex


class Overlays(QObject):
    """The overlays of the open project. `changed()` asks for a repaint, `listed()` tells that one came, went or was
    switched. What is shown is remembered with the project."""

    changed = Signal()
    listed = Signal()

    def __init__(self, session: SessionState) -> None:
        super().__init__(session)
        self.session = session
        self.files: list[UserOverlay] = []
        self.edition = 0
        self._index: tuple[Catalog, SkyIndex | None] | None = None
        self._points: dict[str, Points] = {}
        self._fresh: set[str] = set()
        self._take_project()
        session.project_changed.connect(self._take_project)
        session.catalog_changed.connect(self._take_catalog)
        session.target_changed.connect(lambda: self._forget(CANDIDATES, LABELS))
        session.labels_changed.connect(lambda _: self._forget(CANDIDATES, LABELS))
        session.ranking_changed.connect(self._ranked)
        session.selection_changed.connect(self._selected)

    # -- what is shown

    @property
    def _kept(self) -> dict[str, Any]:
        project = self.session.project
        return dict(project.view.get("overlays", {})) if project is not None else {}

    def _keep(self, **changes: object) -> None:
        project = self.session.project
        if project is not None:
            files = []
            for file in self.files:
                near, absolute = kept(file.path, project.path)
                files.append({"path": near, "absolute": absolute, "shown": file.shown})
            project.view["overlays"] = self._kept | changes | {"files": files}
        self._say(listed=True)

    def _say(self, listed: bool = False) -> None:
        self.edition += 1
        if listed:
            self.listed.emit()
        self.changed.emit()

    def shows(self, kind: str) -> bool:
        """Whether candidates, labels or detections are drawn; at first the candidates alone."""
        return bool(self._kept.get(kind, kind == CANDIDATES))

    def show(self, kind: str, shown: bool) -> None:
        self._fresh -= {CANDIDATES, LABELS}  # neither draws what the other does
        self._keep(**{kind: shown})

    @property
    def top(self) -> int:
        """How many of the list are marked, 0 for all."""
        top = self._kept.get("top", MARKED)
        return top if top in TOPS else MARKED

    def set_top(self, top: int) -> None:
        self._fresh -= {CANDIDATES, LABELS}
        self._keep(top=top)

    def show_file(self, file: UserOverlay, shown: bool) -> None:
        file.shown = shown
        self._keep()

    # -- catalogs and regions

    def add(self, path: Path) -> None:
        """Lay a catalog or DS9 regions over the sky; it is read in the background, a known one anew."""
        if self.session.mosaic is None:
            return
        path = Path(path).absolute()
        file = next((file for file in self.files if file.path == path), None)
        if file is None:
            file = UserOverlay(path, GLYPHS[len(self.files) % len(GLYPHS)])
            self.files.append(file)
        file.shown = True
        self._keep()
        self._read(file)

    def _read(self, file: UserOverlay) -> None:
        def take(content: OverlayFile) -> None:
            if file in self.files:
                file.content = content
                self._say(listed=True)
                self._tell(content)

        job = self.session._run(
            f"Reading {file.name}",
            later("overlay_files", "read_overlay"),
            file.path,
            self.session.mosaic,
            then=take,
        )
        job.failed.connect(lambda _: self._drop(file))
        job.cancelled.connect(lambda: self._drop(file))

    def _tell(self, content: OverlayFile) -> None:
        """Say what one would look for in vain."""
        if not content.here:
            self.session.messaged.emit(
                Message(
                    "Nothing on this mosaic", f"All of {content.path.name} lies beyond its edges.", "warn"
                )
            )
        elif content.note:
            self.session.messaged.emit(Message(f"About {content.path.name}", content.note, "warn"))

    def _drop(self, file: UserOverlay) -> None:
        if file in self.files:
            self.files.remove(file)
            self._keep()

    def remove(self, file: UserOverlay) -> None:
        """Take a file off the sky; it stays on disk, and the message puts it back."""
        place = self.files.index(file)
        self._drop(file)

        def put_back() -> None:
            if file not in self.files:
                self.files.insert(place, file)
                self._keep()

        self.session.messaged.emit(
            Message(
                f"{file.name} is off the sky", "The file is where it was.", actions=(("Put back", put_back),)
            )
        )

    def near(self, x: float, y: float, reach: float) -> list[tuple[UserOverlay, int]]:
        """The row of each shown file nearest to a place, within `reach` px."""
        found = []
        for file in self.files:
            if file.shown and file.content is not None:
                row = file.content.index.nearest(x, y, reach)
                if row is not None:
                    found.append((file, row))
        return found

    # -- positions

    @property
    def index(self) -> SkyIndex | None:
        """The positions of all sources; None while very many of them are being sorted."""
        catalog = self.session.catalog
        if self._index is None or self._index[0] is not catalog:
            self._index = (catalog, None)
            self._sort(None, partial(self._take_index, catalog))
        return self._index[1]

    def _take_index(self, catalog: Catalog, found: Points) -> None:
        self._index = (catalog, found.index)
        self._say(listed=True)

    def _sort(self, ids: NDArray[np.int64] | None, then: Callable[[Points], None]) -> None:
        """Index sources of the catalog (all by default), at once where they are few."""
        catalog, mosaic = self.session.catalog, self.session.mosaic
        if mosaic is None:
            return

        def take(found: tuple[NDArray[np.int64], SkyIndex]) -> None:
            if self.session.catalog.same_sources(catalog):
                then(Points(*found))

        if len(catalog if ids is None else ids) <= AT_ONCE:
            take(index_sources(catalog, ids, mosaic.shape))
            return
        work = later("overlay_files", "index_sources")
        self.session._run("Sorting positions", work, catalog, ids, mosaic.shape, then=take, quiet=True)

    def points(self, kind: str) -> Points | None:
        """Labelled sources, candidates behind the first hundred that are marked, or a selection of more than can be
        marked one by one; None without any, and while they are being sorted."""
        if kind == CANDIDATES and self._all_listed and self.index is not None:
            return Points(np.arange(len(self.session.catalog)), self.index)
        if kind not in self._fresh:
            self._fresh.add(kind)
            ids = self._ids(kind)
            if len(ids):
                self._sort(ids, partial(self._take_points, kind))
            else:
                self._points.pop(kind, None)
        return self._points.get(kind)

    @property
    def _all_listed(self) -> bool:
        """Whether the marked candidates are all sources, and so many that they are not sorted apart."""
        ranking, count = self.session.ranking(), len(self.session.catalog)
        return not self.top and ranking is not None and len(ranking) == count > AT_ONCE

    def _take_points(self, kind: str, found: Points) -> None:
        if kind in self._fresh:
            self._points[kind] = found
            self._say()

    def _ids(self, kind: str) -> NDArray[np.int64]:
        session, ranking = self.session, self.session.ranking()
        listed = ranking.ids if ranking is not None and self.shows(CANDIDATES) else np.zeros(0, np.int64)
        labelled = np.array(list(session.labels()), np.int64)
        if kind == LABELS:
            first = listed[: min(self.top or MARKED, MARKED)]
            return labelled[~np.isin(labelled, first)]
        if kind == SELECTED:
            many = len(session.selection) > MARKED
            return np.asarray(session.selection if many else [], np.int64)
        behind = listed[MARKED : self.top or None]
        return behind[~np.isin(behind, labelled)] if self.shows(LABELS) else behind

    def count(self, kind: str) -> int:
        """How many there are to draw of a kind."""
        if kind == DETECTIONS:
            return len(self.session.catalog)
        if kind == LABELS:
            return len(self.session.labels())
        ranking = self.session.ranking()
        return min(len(ranking), self.top or len(ranking)) if ranking is not None else 0

    # -- the session

    @Slot()
    def _take_project(self) -> None:
        self._index = None
        self.files = []
        project = self.session.project
        for number, entry in enumerate(self._kept.get("files", []) if project is not None else []):
            assert project is not None
            path = found(entry["path"], entry.get("absolute", ""), project.path)
            shown = bool(entry.get("shown", True))
            self.files.append(UserOverlay(path, GLYPHS[number % len(GLYPHS)], shown))
        for file in list(self.files):
            self._read(file)
        self._take_catalog()

    @Slot()
    def _take_catalog(self) -> None:
        self._points.clear()
        self._fresh.clear()
        if len(self.session.catalog):
            _ = self.index  # begin to sort
        self._say(listed=True)

    @Slot(str)
    def _ranked(self, target: str) -> None:
        if target == self.session.target:
            self._forget(CANDIDATES, LABELS)

    def _forget(self, *kinds: str) -> None:
        self._fresh.difference_update(kinds)
        self._say(listed=True)

    @Slot()
    def _selected(self) -> None:
        """Few are marked one by one and need nothing here."""
        if SELECTED in self._points or len(self.session.selection) > MARKED:
            self._fresh.discard(SELECTED)
            self._say()
