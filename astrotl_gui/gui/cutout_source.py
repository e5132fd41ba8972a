"""Where every list, page and panel of a session gets its cutouts: read and coloured by threads, kept within one bound.

Planes and pictures are kept apart: another look colours what is there anew and reads nothing. Planes have the
mosaic's own pixels, so that cutouts of every size share them.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QImage

from astrotl_gui.core.remote import ConnectionLost
from astrotl_gui.core.stretch import Look, render_bands

from .cutout_picture import (
    UNREADABLE,
    Picture,
    Planes,
    Stamp,
    coarse_planes,
    image_of,
    pixels_read,
    read_planes,
    render,
)
from .jobs import Fetcher

if TYPE_CHECKING:
    from astrotl_gui.core.mosaic import Mosaic

    from .session import Session

PLANE_BYTES, PICTURE_BYTES, COARSE_BYTES = 96_000_000, 160_000_000, 2_000_000
"""How much memory all cutouts of the window may take, whoever shows them."""
THREADS = 4
"""They wait for the disk most of the time, where four reads at once take as long as one."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(Generic[K, V]):
    """Values by key within a bound of bytes, the least recently used go first; safe to share between threads."""

    def __init__(self, most: int, size: Callable[[V], int]) -> None:
        self.most, self.nbytes = most, 0
        self._size = size
        self._values: OrderedDict[K, V] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, key: K) -> bool:
        return key in self._values

    def get(self, key: K) -> V | None:
        with self._lock:
            value = self._values.get(key)
            if value is not None:
                self._values.move_to_end(key)
            return value

    def put(self, key: K, value: V) -> None:
        with self._lock:
            old = self._values.pop(key, None)
            self.nbytes += self._size(value) - (self._size(old) if old is not None else 0)
            self._values[key] = value
            while self.nbytes > self.most and len(self._values) > 1:
                self.nbytes -= self._size(self._values.popitem(last=False)[1])

    def clear(self) -> None:
        with self._lock:
            self._values.clear()
            self.nbytes = 0


@dataclass(frozen=True)
class Shot:
    """A cutout in a look: what a thread is asked for."""

    stamp: Stamp
    look: Look = field(hash=False)


class CutoutSource(QObject):
    """Pictures of places in the session's mosaic, for all who show some. `ready(key)`: more can be shown.

    Threads read while a mosaic is open; they end when it is closed.
    """

    ready = Signal(object)
    emptied = Signal()
    """Every picture changed: the look or the mosaic did."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.planes: Kept[Stamp, Planes] = Kept(PLANE_BYTES, lambda planes: planes.nbytes)
        self.pictures: Kept[Shot, Picture] = Kept(PICTURE_BYTES, lambda picture: picture.nbytes)
        self._coarse: Kept[Shot, QImage] = Kept(COARSE_BYTES, lambda image: image.sizeInBytes() + 200)
        self._latest: Kept[Stamp, Shot] = Kept(20_000, lambda shot: 1)
        self._sizes: Kept[Stamp, Shot] = Kept(20_000, lambda shot: 1)  # of any size, by the stamp at size 0
        self._overviews: dict[str, Planes] = {}
        self._wanted: dict[tuple[int, str], tuple[tuple[Shot, ...], tuple[Shot, ...]]] = {}
        self.mosaic: Mosaic | None = None
        self._fetcher: Fetcher | None = None
        session.project_changed.connect(self._take_mosaic)
        session.look_changed.connect(self.emptied)
        self._take_mosaic()

    @classmethod
    def of(cls, session: Session) -> CutoutSource:
        """The one of a session."""
        found = session.findChild(cls)
        return found if found is not None else cls(session)

    @property
    def idle(self) -> bool:
        """Whether nothing is being read or coloured, or waits to be."""
        return self._fetcher is None or self._fetcher.idle

    # -- what there is

    def picture(self, stamp: Stamp) -> Picture | None:
        """The cutout in the look of now, else in the look it had before, else None."""
        found = self.pictures.get(self._shot(stamp))
        if found is None and (before := self._latest.get(stamp)) is not None:
            found = self.pictures.get(before)
        return found

    def current(self, stamp: Stamp) -> bool:
        """Whether the cutout is there in the look of now."""
        return self._shot(stamp) in self.pictures

    def coarse(self, stamp: Stamp) -> QImage | None:
        """What stands in until the cutout is read: one of another size, else a few pixels of the overview."""
        other = self._sizes.get(_any_size(stamp))
        if (
            other is not None
            and (picture := self.pictures.get(other)) is not None
            and picture.image is not None
        ):
            return picture.image
        if self.mosaic is None or any(band not in self._overviews for band in stamp.bands):
            return None
        shot = self._shot(stamp)
        found = self._coarse.get(shot)
        if found is None:
            planes = coarse_planes(self.mosaic, stamp, self._overviews)
            found = image_of(render_bands(planes, self._session.levels, self.mosaic.spec, shot.look))
            self._coarse.put(shot, found)
        return found

    def _shot(self, stamp: Stamp) -> Shot:
        look = self._session.look
        return Shot(stamp, look if look.mode == stamp.mode else replace(look, mode=stamp.mode))

    # -- what is wanted

    def want(self, who: int, stamps: Iterable[Stamp], by: str = "", ahead: Iterable[Stamp] = ()) -> None:
        """Read these, in this order, then those of `ahead`, and forget what else `by` of `who` was waiting for."""
        wanted = tuple(map(self._shot, stamps)), tuple(map(self._shot, ahead))
        if self._fetcher is None or wanted == self._wanted.get((who, by)):
            return
        self._wanted.pop((who, by), None)
        self._wanted[who, by] = wanted
        self._ask(self._fetcher)

    def _ask(self, fetcher: Fetcher) -> None:
        groups = [(by, *wanted) for (_, by), wanted in reversed(self._wanted.items())]  # the latest first
        named = _in_turn(shots for by, shots, _ in groups if by)
        lists = _in_turn(shots for by, shots, _ in groups if not by)
        shots = dict.fromkeys([*named, *lists, *_in_turn(ahead for *_, ahead in groups)])
        missing: list[Hashable] = [shot for shot in self._fitting(shots) if self.pictures.get(shot) is None]
        bands = {band for shot in shots for band in shot.stamp.bands if band not in self._overviews}
        # One thread reads overviews one by one, so that the others go on with cutouts.
        fetcher.want([*([tuple(sorted(bands))] if bands else []), *missing])

    def _fitting(self, shots: Iterable[Shot]) -> Iterator[Shot]:
        """As many as there is room for at once: what is read must not push out what is wanted before it."""
        room = self.pictures.most
        for shot in shots:
            room -= 9 * shot.stamp.npix**2  # as `Picture.nbytes`
            if room < 0:
                return
            yield shot

    # -- in the threads

    def _load(self, key: Shot | tuple[str, ...]) -> Any:
        mosaic, tiles = self.mosaic, self._session.tiles
        if mosaic is None or tiles is None:
            raise LookupError("the mosaic was closed")
        if isinstance(key, tuple):
            return {band: tiles.overview(band) for band in key}
        read = replace(key.stamp, npix=pixels_read(mosaic, key.stamp), mode="")
        planes = self.planes.get(read)
        if planes is None:
            planes = read_planes(mosaic, key.stamp)
            self.planes.put(read, planes)
        return render(key.stamp, planes, self._session.levels, mosaic, key.look)

    # -- coming and going

    @Slot(object)
    def _fetched(self, key: Any) -> None:
        assert self._fetcher is not None
        value = self._fetcher.get(key)
        if isinstance(value, ConnectionLost):
            return  # the fetcher asks again
        if isinstance(key, Shot):
            self.pictures.put(key, value if isinstance(value, Picture) else UNREADABLE)
            self._latest.put(key.stamp, key)
            self._sizes.put(_any_size(key.stamp), key)
        elif isinstance(value, dict):
            self._overviews |= value
        else:
            return  # a mosaic whose overview cannot be read has no coarse pictures
        self.ready.emit(key)

    @Slot()
    def _take_mosaic(self) -> None:
        if self._session.mosaic is self.mosaic:
            return
        if self._fetcher is not None:
            self._fetcher.close()
            self._fetcher.deleteLater()
            self._fetcher = None
        self.mosaic, self._wanted, self._overviews = self._session.mosaic, {}, {}
        for kept in (self.planes, self.pictures, self._coarse, self._latest, self._sizes):
            kept.clear()
        if self.mosaic is not None:
            # What arrives goes into `pictures` at once: the fetcher need not hold it too.
            self._fetcher = Fetcher(self._load, threads=THREADS, capacity=1, parent=self)
            self._fetcher.fetched.connect(self._fetched)
        self.emptied.emit()


def _any_size(stamp: Stamp) -> Stamp:
    return replace(stamp, npix=0)


def _in_turn(groups: Iterable[tuple[Shot, ...]]) -> Iterator[Shot]:
    """One of each group, then the next of each, and so on."""
    for row in zip_longest(*groups):
        yield from (shot for shot in row if shot is not None)
