"""Mosaics that are looked at beside the project's own: opened, locked to its sky, remembered with the project."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from astrotl_gui.core.image_paths import found, kept
from astrotl_gui.core.stretch import Look
from astrotl_gui.gui.looks import modes
from astrotl_gui.gui.message import Message
from astrotl_gui.gui.session_state import later

if TYPE_CHECKING:
    from astrotl_gui.core.mosaic import Mosaic
    from astrotl_gui.gui.session import Session
    from astrotl_gui.pipeline.opening import ShownMosaic

MOST = 3
"""So many can stand beside the project's own mosaic."""
NET = 17


class Companion(QObject):
    """One mosaic beside the project's: what shows it, and its own look. `unlocked` says why it cannot be locked."""

    look_changed = Signal()

    def __init__(self, paths: Sequence[Path], shown: ShownMosaic, unlocked: str, parent: QObject) -> None:
        super().__init__(parent)
        self.paths = list(paths)
        self.mosaic, self.tiles, self.levels = shown.mosaic, shown.tiles, shown.levels
        self.unlocked = unlocked
        self.look = Look(mode=self.modes[0])

    @property
    def name(self) -> str:
        spec = self.mosaic.spec
        one = self.paths[0].stem if len(self.paths) == 1 and not self.paths[0].is_dir() else ""
        return one or spec.name or self.paths[0].name

    @property
    def modes(self) -> list[str]:
        """What can be shown: colour, where there is more than one band, then each band from red to blue."""
        return modes(self)

    def set_look(self, look: Look) -> None:
        if look != self.look:
            self.look = look
            self.look_changed.emit()

    def to_dict(self, home: Path) -> dict[str, Any]:
        """What a project in the folder `home` remembers of it, as TOML can hold it."""
        return _entry(self.paths, self.look, home)


class Companions(QObject):
    """The companions of the open project. `changed` tells that one came or went, or of another `locked`."""

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.open: list[Companion] = []
        self.locked = True
        self._absent: list[dict[str, Any]] = []  # remembered, though not there now
        self._coming: list[dict[str, Any]] = []  # still being opened
        session.project_changed.connect(self._take_project)

    def add(self, paths: Sequence[Path], look: Look | None = None) -> None:
        """Open FITS images, or a project folder, beside the project's mosaic."""
        session = self._session
        if session.project is None or not paths:
            return
        if len(self.open) >= MOST:
            session.messaged.emit(Message("Four mosaics at most", "Close one of them first.", "warn"))
            return

        def take(shown: ShownMosaic) -> None:
            self._take(list(paths), shown, look)

        name = paths[0].stem if paths[0].suffix else paths[0].name
        job = session.run(f"Opening {name}", later("opening", "open_beside"), list(paths), then=take)
        entry = _entry(paths, look or Look(), session.project.path)
        self._coming.append(entry)
        job.finished.connect(lambda: self._coming.remove(entry) if entry in self._coming else None)

    def close(self, companion: Companion) -> None:
        """Look at it no longer."""
        if companion in self.open:
            self.open.remove(companion)
            self.changed.emit()
            companion.deleteLater()

    def close_all(self) -> None:
        for companion in list(self.open):
            self.close(companion)

    def lock(self, locked: bool) -> None:
        """Let all show the same sky, or each its own."""
        if locked != self.locked:
            self.locked = locked
            self.changed.emit()

    def remember(self) -> None:
        """Keep in the project's view what is open beside it."""
        project = self._session.project
        if project is None:
            return
        kept = [companion.to_dict(project.path) for companion in self.open] + self._coming + self._absent
        project.view.pop("beside", None)
        if kept:
            project.view["beside"] = {"locked": self.locked, "mosaics": kept}

    # --- inside --------------------------------------------------------------------------------------

    @Slot()
    def _take_project(self) -> None:
        """Open again what was open beside this project; what is gone is left out, and said."""
        self.close_all()
        self._absent, self._coming = [], []
        project = self._session.project
        beside = project.view.get("beside") if project is not None else None
        if project is None or not isinstance(beside, dict):
            self.locked = True
            return
        self.locked = bool(beside.get("locked", True))
        for entry in list(beside.get("mosaics", []))[:MOST]:
            paths = _found(entry, project.path)
            if paths and all(path.exists() for path in paths):
                self.add(paths, Look.from_dict(entry.get("look", {})))
            else:
                self._absent.append(entry)
        if self._absent:
            names = ", ".join(Path(entry["paths"][0]).name for entry in self._absent if entry.get("paths"))
            detail = f"{names} was open beside this mosaic and is not there now."
            self._session.messaged.emit(Message("Not opened again", detail, "warn"))

    def _take(self, paths: list[Path], shown: ShownMosaic, look: Look | None) -> None:
        first = self._session.mosaic
        if first is None or len(self.open) >= MOST:
            return
        companion = Companion(paths, shown, why_unlocked(first, shown.mosaic), self)
        if look is not None and look.mode in companion.modes:
            companion.look = look
        self.open.append(companion)
        if companion.unlocked:
            detail = f"{companion.name} {companion.unlocked}, so it moves on its own."
            self._session.messaged.emit(Message("Not locked", detail, "warn"))
        self._session.prepare(shown.tiles)
        self.changed.emit()


def _entry(paths: Sequence[Path], look: Look, home: Path) -> dict[str, Any]:
    both = [kept(path, home) for path in paths]
    return {"paths": [near for near, _ in both], "absolute": [far for _, far in both], "look": look.to_dict()}


def _found(entry: dict[str, Any], home: Path) -> list[Path]:
    """The files of an entry where they are now."""
    near = entry.get("paths", [])
    return [found(*both, home) for both in zip(near, entry.get("absolute", near), strict=False)]


def why_unlocked(first: Mosaic, other: Mosaic) -> str:
    """Why two mosaics cannot be locked by their coordinates, as the end of a sentence about `other`; "" if they can."""
    if not other.has_sky:
        return "has no coordinates"
    if not first.has_sky:
        return "cannot follow a mosaic without coordinates"
    return "" if _meet(first, other) or _meet(other, first) else "shows another part of the sky"


def _meet(first: Mosaic, other: Mosaic) -> bool:
    """Whether any of a net of points of `other` falls inside `first`."""
    ny, nx = other.shape
    x, y = np.meshgrid(np.linspace(0, nx - 1, NET), np.linspace(0, ny - 1, NET))
    x, y = first.pixel(*other.sky(x, y))
    ny, nx = first.shape
    return bool(np.any((x > -0.5) & (x < nx - 0.5) & (y > -0.5) & (y < ny - 0.5)))
