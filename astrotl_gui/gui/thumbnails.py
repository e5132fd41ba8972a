"""Pictures of cutouts: planes read by a worker thread, pictures rendered from them when the look is known.

Planes and pictures are kept apart, so that another stretch renders anew without reading anything.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtGui import QImage, QPixmap

from astrotl_gui.core.cutout import cutout, side_in_pixels
from astrotl_gui.core.stretch import COLOUR, Look, bands_shown, render_bands, smoothed

from .jobs import Fetcher

if TYPE_CHECKING:
    from astrotl_gui.core.mosaic import Mosaic

    from .session import Session

BUCKETS = (48, 64, 96, 128, 160, 192, 256, 320, 384, 512, 640, 768, 896, 1024, 1280)
"""Sides [px] in which cutouts are read, so that a small change of the window reads nothing anew."""
PLANE_BYTES = 160e6
"""How much memory the planes of one source of pictures may take."""
RENDER_SECONDS = 0.015
"""How long rendering may hold up the window at a time."""
COARSE = 14
"""Side [px] of the picture shown while the real one is on its way."""


@dataclass(frozen=True)
class Stamp:
    """One cutout to show: `size` arcsec about reference px (x, y), `npix` on a side, of these bands."""

    source: int
    x: float
    y: float
    size: float
    npix: int
    mode: str
    bands: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Picture:
    """A rendered cutout, y up; `image` is None where there are no pixels at all.

    `masked` has alpha where pixels are masked or outside the mosaic; None where all are good.
    """

    image: QImage | None
    masked: QImage | None = None
    drawn: dict[tuple[int, float], QPixmap] = field(default_factory=dict)
    """As last drawn: (side [logical px], device px per logical px) → what the painter made of it."""


UNREADABLE = Picture(None)


class Thumbnails(QObject):
    """Pictures of the session's sources in its look. `ready(key)` fires when more can be shown.

    A thread reads while a mosaic is open; it ends when the mosaic is closed.
    """

    ready = Signal(object)
    emptied = Signal()
    """Every picture changed: the look, the mosaic or the catalogue did."""

    def __init__(self, session: Session, npix: int = 128, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._pictures: OrderedDict[tuple[Stamp, Look], Picture] = OrderedDict()
        self._latest: OrderedDict[Stamp, Picture] = OrderedDict()  # in whatever look it was rendered last
        self._spent = 0.0
        self._turn = QTimer(self, singleShot=True, interval=0)
        self._turn.timeout.connect(self._next_turn)
        self._wanted: dict[str, tuple[Stamp, ...]] = {}
        self._mosaic: Mosaic | None = None
        self._fetcher: Fetcher | None = None
        self._capacity = int(PLANE_BYTES / (3 * 4 * npix * npix))
        session.project_changed.connect(self._take_mosaic)
        session.look_changed.connect(self.emptied)
        self._take_mosaic()

    @property
    def idle(self) -> bool:
        """Whether nothing is being read or waits to be."""
        return self._fetcher is None or self._fetcher.idle

    def stamp(self, source: int, side: int, mode: str = "", size: float = 0.0) -> Stamp | None:
        """What to read for a source drawn `side` device px wide; None when it has no place in the mosaic.

        `mode` is "" for the session's look, else "colour" or a band; `size` [arcsec] is the project's
        cutout size unless given.
        """
        session, mosaic = self._session, self._mosaic
        place = position(session, source)
        if mosaic is None or session.project is None or place is None:
            return None
        look = session.look if not mode else replace(session.look, mode=mode)
        shown = bands_shown(mosaic.spec, look)
        bands = tuple(sorted({band for channel in shown for band in channel}))
        chosen = shown[0][0] if len(shown) == 1 else COLOUR
        size = size or session.project.cutouts.size
        return Stamp(source, *place, size, _bucket(side), chosen, bands)

    def picture(self, stamp: Stamp) -> Picture | None:
        """The rendered cutout, or None until its pixels have been read.

        Rendering takes only so long at a time; until the next turn the picture in the look before stands in.
        """
        look = replace(self._session.look, mode=stamp.mode)
        key = (stamp, look)
        if (found := self._pictures.get(key)) is not None:
            self._pictures.move_to_end(key)
            return found
        planes = self._fetcher.get(stamp) if self._fetcher is not None else None
        if planes is None:
            return None
        if self._spent > RENDER_SECONDS:
            self._turn.start()
            return self._latest.get(stamp)
        began = time.perf_counter()
        made = self._pictures[key] = self._latest[stamp] = self._render(stamp, planes, look)
        for kept in (self._pictures, self._latest):
            while len(kept) > self._capacity:
                kept.popitem(last=False)
        self._spent += time.perf_counter() - began
        self._turn.start()
        return made

    def _next_turn(self) -> None:
        """Go on with rendering after the window has had its turn."""
        late, self._spent = self._spent > RENDER_SECONDS, 0.0
        if late:
            self.ready.emit(None)

    def coarse(self, stamp: Stamp) -> QImage | None:
        """A few pixels of the overview where the cutout will be, at once; None without an overview."""
        if self._mosaic is None or self._fetcher is None:
            return None
        overviews = [self._fetcher.get(band) for band in stamp.bands]
        if not all(isinstance(overview, np.ndarray) for overview in overviews):
            return None
        side = side_in_pixels(self._mosaic, stamp.x, stamp.y, stamp.size)
        picked = (_pick(overview, self._mosaic.shape, stamp.x, stamp.y, side) for overview in overviews)
        planes = dict(zip(stamp.bands, picked, strict=True))
        look = replace(self._session.look, mode=stamp.mode)
        return _image(render_bands(planes, self._session.levels, self._mosaic.spec, look))

    def want(self, stamps: Iterable[Stamp | None], by: str = "") -> None:
        """Read these, in this order, and forget what else `by` was waiting for.

        Those who name themselves show few cutouts at fixed places; theirs are read before the list's ("").
        """
        wanted = tuple(stamp for stamp in stamps if stamp is not None)
        if wanted == self._wanted.get(by) or self._fetcher is None:
            return
        self._wanted[by] = wanted
        ordered = [stamp for _, group in sorted(self._wanted.items(), reverse=True) for stamp in group]
        overviews = ordered[0].bands if ordered else ()
        self._fetcher.want([*overviews, *ordered])

    def _load(self, stamp: Stamp | str) -> NDArray[np.float32]:
        """What the worker thread reads: the planes of a cutout, or a whole band's overview."""
        mosaic, tiles = self._mosaic, self._session.tiles
        if mosaic is None or tiles is None:
            raise LookupError("the mosaic was closed")
        if isinstance(stamp, str):
            return tiles.overview(stamp)
        native = max(16, round(side_in_pixels(mosaic, stamp.x, stamp.y, stamp.size)))
        if native >= stamp.npix:
            return cutout(mosaic, stamp.x, stamp.y, stamp.size, stamp.npix, stamp.bands)
        planes = cutout(mosaic, stamp.x, stamp.y, stamp.size, native, stamp.bands)
        return _enlarged(planes, stamp.npix)

    def _render(self, stamp: Stamp, planes: Any, look: Look) -> Picture:
        if isinstance(planes, Exception) or not np.isfinite(planes).any():
            return UNREADABLE
        assert self._mosaic is not None
        step = side_in_pixels(self._mosaic, stamp.x, stamp.y, stamp.size) / stamp.npix
        shown = [smoothed(plane, look.smooth / step) for plane in planes]
        named = dict(zip(stamp.bands, shown, strict=True))
        pixels = render_bands(named, self._session.levels, self._mosaic.spec, look)
        masked = np.isnan(planes).all(axis=0)
        return Picture(_image(pixels), _alpha(masked) if masked.any() else None)

    @Slot()
    def _take_mosaic(self) -> None:
        if self._session.mosaic is self._mosaic:
            return
        if self._fetcher is not None:
            self._fetcher.close()
            self._fetcher.deleteLater()
            self._fetcher = None
        self._mosaic, self._wanted = self._session.mosaic, {}
        self._pictures.clear()
        self._latest.clear()
        if self._mosaic is not None:
            self._fetcher = Fetcher(self._load, threads=1, capacity=self._capacity, parent=self)
            self._fetcher.fetched.connect(self._fetched)
        self.emptied.emit()

    @Slot(object)
    def _fetched(self, key: object) -> None:
        self.ready.emit(key)


def position(session: Session, source: int) -> tuple[float, float] | None:
    """Where a source is [0-based reference px], or None when the catalogue has no such source."""
    row = int(session.catalog.rows_of(np.array([source]))[0]) if len(session.catalog) else -1
    if row < 0:
        return None
    x, y = float(session.catalog.x[row]), float(session.catalog.y[row])
    return (x, y) if np.isfinite(x) and np.isfinite(y) else None


def _bucket(side: int) -> int:
    return next((b for b in BUCKETS if b >= side), BUCKETS[-1])


def _enlarged(planes: NDArray[np.float32], npix: int) -> NDArray[np.float32]:
    """Planes enlarged to npix on a side by cubic splines; pixels without data stay whole blocks of NaN."""
    from scipy import ndimage

    n = planes.shape[-1]
    grid = (np.arange(npix) + 0.5) * n / npix - 0.5
    nearest = np.clip(np.rint(grid), 0, n - 1).astype(int)
    made = np.empty((len(planes), npix, npix), np.float32)
    for plane, out in zip(planes, made, strict=True):
        good = np.isfinite(plane)
        filled = plane if good.all() else np.where(good, plane, np.median(plane[good]) if good.any() else 0)
        rows = ndimage.map_coordinates(
            filled, np.meshgrid(grid, grid, indexing="ij"), order=3, mode="nearest"
        )
        out[:] = np.where(good[np.ix_(nearest, nearest)], rows, np.nan)
    return made


def _pick(
    overview: NDArray[np.float32], shape: tuple[int, int], x: float, y: float, side: float
) -> NDArray[np.float32]:
    """COARSE × COARSE pixels of an overview over a square of `side` reference px about (x, y)."""
    offsets = (np.arange(COARSE) - (COARSE - 1) / 2) * side / COARSE
    columns = np.floor((x + offsets + 0.5) * overview.shape[1] / shape[1]).astype(int)
    rows = np.floor((y + offsets + 0.5) * overview.shape[0] / shape[0]).astype(int)
    inside = ((rows >= 0) & (rows < overview.shape[0]))[:, None] & (
        (columns >= 0) & (columns < overview.shape[1])
    )
    values = overview[np.clip(rows, 0, overview.shape[0] - 1)][:, np.clip(columns, 0, overview.shape[1] - 1)]
    return np.where(inside, values, np.float32(np.nan))


def _image(bgra: NDArray[np.uint8]) -> QImage:
    """BGRA rows, lowest y first, as an image with y up."""
    flipped = np.ascontiguousarray(bgra[::-1])
    height, width = flipped.shape[:2]
    return QImage(flipped.data, width, height, 4 * width, QImage.Format.Format_RGB32).copy()


def _alpha(masked: NDArray[np.bool_]) -> QImage:
    flipped = np.ascontiguousarray(np.where(masked[::-1], 255, 0).astype(np.uint8))
    height, width = flipped.shape
    return QImage(flipped.data, width, height, width, QImage.Format.Format_Alpha8).copy()
