"""Brings pixels to the mosaic view: tiles, overviews, masks are read by worker threads, never by the window."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot

from astrotl_gui.core.tiles import DIRECT_LEVELS, TILE, TileSource
from astrotl_gui.gui.jobs import Fetcher

Array = NDArray[np.float32]

THREADS = 2
TILE_BYTES = 4 * TILE * TILE
PLANE_BYTES = 128 * 2**20
"""What was read is kept up to this size, for any number of bands; more only where the screen shows more."""
ROOM = 1.2
"""What may be kept at least, in units of what is on screen."""


class Key(NamedTuple):
    """What to read: a "tile", an "overview", "bad" (where in a level 0 tile some band is masked), "bits" of a mask."""

    kind: str
    band: str = ""
    level: int = 0
    ix: int = 0
    iy: int = 0
    edition: int = 0
    """Counts up when the pyramid has replaced what was read before."""


class TileFeed(QObject):
    """Pixels of one mosaic by key. `arrived(key)` tells of each one that was read."""

    arrived = Signal(object)
    failed = Signal(object)
    """The first AstroTLError met while reading."""

    def __init__(self, source: TileSource, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.source = source
        mosaic = source.mosaic
        self._masked = [b.name for b in mosaic.bands if b.has_noise or b.spec.mask is not None]
        self._flagged = [b.name for b in mosaic.bands if b.bit_names]
        self._hovered: list[Key] = []
        self._wanted: Sequence[Key] = ()
        self._ahead: Sequence[Key] = ()
        self._said = False
        self._fetcher = Fetcher(self._load, THREADS, PLANE_BYTES, self, _size)
        self._fetcher.fetched.connect(self._arrived)

    def close(self) -> None:
        """Stop the threads."""
        self._fetcher.close()

    def tile_key(self, band: str, level: int, ix: int, iy: int) -> Key:
        edition = self.source.edition(band) if level > DIRECT_LEVELS else 0
        return Key("tile", band, level, ix, iy, edition)

    def overview_key(self, band: str) -> Key:
        return Key("overview", band, edition=self.source.edition(band))

    def get(self, key: Key) -> Any:
        """The pixels, or None while they are not there (or cannot be read)."""
        value = self._fetcher.get(key)
        return None if isinstance(value, Exception) else value

    def tile(self, band: str, level: int, ix: int, iy: int) -> Array | None:
        return self.get(self.tile_key(band, level, ix, iy))

    def overview(self, band: str) -> Array | None:
        return self.get(self.overview_key(band))

    def want(self, keys: Sequence[Key], ahead: Sequence[Key] = ()) -> None:
        """Read these, in this order, instead of what was wanted before; what is hovered comes first.

        Keys of `ahead`, which may be needed next, are read as far as they can be kept.
        """
        self._wanted, self._ahead = keys, ahead
        needed = [*self._hovered, *keys]
        held = sum(map(self._bytes, needed))
        self._fetcher.capacity = capacity = max(PLANE_BYTES, int(ROOM * held))
        together = accumulate(map(self._bytes, ahead), initial=held)
        next(together)
        needed += [key for key, total in zip(ahead, together, strict=True) if total <= capacity]
        self._fetcher.want(needed)

    # --- single pixels -------------------------------------------------------------------------------

    def hover(self, x: int, y: int) -> None:
        """Make sure that the values at a pixel are read, before anything else."""
        ix, iy = x // TILE, y // TILE
        keys = [self.tile_key(band.name, 0, ix, iy) for band in self.source.mosaic.bands]
        if self._masked:
            keys.append(Key("bad", "", 0, ix, iy))
        keys += [Key("bits", band, 0, ix, iy) for band in self._flagged]
        if keys != self._hovered:
            self._hovered = keys
            self.want(self._wanted, self._ahead)

    def hovers(self, key: object) -> bool:
        """Whether a key holds the pixel that was last hovered."""
        return key in self._hovered

    def value(self, band: str, x: int, y: int) -> float | None:
        """The band's value at a pixel in image units; None while it is being read."""
        tile = self.tile(band, 0, x // TILE, y // TILE)
        return None if tile is None else float(tile[y % TILE, x % TILE])

    def bad(self, x: int, y: int) -> bool:
        """Whether any band is masked or without a value there, as far as known."""
        mask = self.get(Key("bad", "", 0, x // TILE, y // TILE)) if self._masked else None
        if mask is not None and mask[y % TILE, x % TILE]:
            return True
        values = [self.value(band.name, x, y) for band in self.source.mosaic.bands]
        return any(value is not None and np.isnan(value) for value in values)

    def flags(self, x: int, y: int) -> tuple[str, ...]:
        """What the masks say is wrong with a pixel, as far as known, where their headers name their bits."""
        found: dict[str, None] = {}
        for band in self._flagged:
            bits = self.get(Key("bits", band, 0, x // TILE, y // TILE))
            value = 0 if bits is None else int(bits[y % TILE, x % TILE])
            names = self.source.mosaic.band(band).bit_names
            found |= {name: None for bit, name in names.items() if value >> bit & 1}
        return tuple(found)

    # --- inside --------------------------------------------------------------------------------------

    def _bytes(self, key: Key) -> int:
        """What a value takes at most."""
        if key.kind == "overview":
            step = self.source.overview_step()
            return 4 * math.prod(-(-n // step) for n in self.source.shape)
        return TILE_BYTES

    def _load(self, key: Key) -> Array | NDArray[np.bool_] | NDArray[np.integer[Any]]:
        if key.kind == "overview":
            return self.source.overview(key.band)
        if key.kind == "tile":
            return self.source.tile(key.band, key.level, key.ix, key.iy)
        x0, y0 = key.ix * TILE, key.iy * TILE
        ny, nx = self.source.shape
        box = (x0, y0, min(x0 + TILE, nx), min(y0 + TILE, ny))
        if key.kind == "bits":
            return self.source.mosaic.bits(key.band, box)
        return np.any([self.source.mosaic.bad(band, box) for band in self._masked], axis=0)

    @Slot(object)
    def _arrived(self, key: Key) -> None:
        problem = self._fetcher.get(key)
        if isinstance(problem, Exception) and not self._said:
            self._said = True
            self.failed.emit(problem)
        self.arrived.emit(key)


def _size(value: Array | NDArray[np.bool_] | Exception) -> int:
    return value.nbytes if isinstance(value, np.ndarray) else 0
