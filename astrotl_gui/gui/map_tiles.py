"""Masks and noise maps of the visible part of a mosaic, read by a thread at the resolution of the screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.tiles import TILE, TileSource

from .jobs import Fetcher
from .viewport import Viewport

Array = NDArray[np.float32]

CAPACITY = 300  # tiles of 256 kB
FINE_LEVELS, COARSE_SAMPLES = 3, 2
"""A block of 2^k pixels is looked at whole up to level 3; beyond, 2 × 2 of its pixels."""
RANGE_SIDE = 512
"""The range of a noise map is taken from so many pixels a side."""


class MapKey(NamedTuple):
    """A tile of a "mask" or "noise" map; of kind "range" the depths of a whole noise map."""

    kind: str
    bands: tuple[str, ...]
    level: int = 0
    ix: int = 0
    iy: int = 0


class MapTiles(QObject):
    """Maps of one mosaic; `arrived()` is called whenever more can be drawn."""

    def __init__(
        self, source: TileSource, arrived: Callable[[], object], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.source = source
        self._fetcher = Fetcher(self._load, threads=1, capacity=CAPACITY, parent=self)
        self._fetcher.fetched.connect(lambda _: arrived())

    @property
    def idle(self) -> bool:
        return self._fetcher.idle

    def close(self) -> None:
        """Stop the thread."""
        self._fetcher.close()

    def range(self, band: str) -> tuple[float, float] | None:
        """Least and largest noise of a band's map (1st and 99th percentile) [image units]; None while unknown."""
        found = self._fetcher.get(MapKey("range", (band,)))
        return found if isinstance(found, tuple) else None

    def visible(
        self, kind: str, bands: Sequence[str], viewport: Viewport, ratio: float
    ) -> tuple[Array, tuple[int, int], int]:
        """(values, corner, step): a map's values in view, NaN where they are still to be read (they are asked for).

        Lowest row first, pixels `step` mosaic px wide; `corner` is the (x, y) index of the first.
        """
        level = viewport.level(ratio, self.source.levels)
        span = TILE << level
        ends = []
        for low, high, count in zip(viewport.box[:2], viewport.box[2:], self.source.grid(level), strict=True):
            first = min(max(int((low + 0.5) // span), 0), count - 1)
            ends.append((first, min(max(int((high + 0.5) // span) + 1, first + 1), count)))
        (ix0, ix1), (iy0, iy1) = ends
        keys = [MapKey(kind, tuple(bands), level, x, y) for y in range(iy0, iy1) for x in range(ix0, ix1)]
        ranges = [MapKey("range", (band,)) for band in bands if kind == "noise"]
        self._fetcher.want([*ranges, *keys])
        ny, nx = (-(-n >> level) for n in self.source.shape)
        width, height = min(ix1 * TILE, nx) - ix0 * TILE, min(iy1 * TILE, ny) - iy0 * TILE
        values = np.full((height, width), np.nan, np.float32)
        for key in keys:
            found = self._fetcher.get(key)
            if isinstance(found, np.ndarray):
                y, x = (key.iy - iy0) * TILE, (key.ix - ix0) * TILE
                values[y : y + found.shape[0], x : x + found.shape[1]] = found
        return values, (ix0 * TILE, iy0 * TILE), 1 << level

    # --- inside ------------------------------------------------------------------------------------------

    def _load(self, key: MapKey) -> Array | tuple[float, float]:
        mosaic, (ny, nx) = self.source.mosaic, self.source.shape
        if key.kind == "range":
            return _noise_range(mosaic, key.bands[0])
        span = TILE << key.level
        x0, y0 = key.ix * span, key.iy * span
        box = (x0, y0, min(x0 + span, nx), min(y0 + span, ny))
        if key.kind == "noise":
            noise = mosaic.noise(key.bands[0], box, 1 << key.level)
            assert noise is not None
            return np.where(np.isfinite(noise), noise, np.float32(np.inf))
        step = 1 if key.level <= FINE_LEVELS else (1 << key.level) // COARSE_SAMPLES
        bad = np.any([mosaic.bad(band, box, step) for band in key.bands], axis=0)
        return share(bad, (1 << key.level) // step)


def share(bad: NDArray[np.bool_], block: int) -> Array:
    """How much (0–1) of each block × block pixels is bad; blocks cut by the edge count what there is of them."""
    if block == 1:
        return bad.astype(np.float32)
    starts = [np.arange(0, n, block) for n in bad.shape]
    total = np.add.reduceat(np.add.reduceat(bad.astype(np.float32), starts[0], axis=0), starts[1], axis=1)
    heights, widths = (np.diff([*start, n]) for start, n in zip(starts, bad.shape, strict=True))
    return (total / np.outer(heights, widths)).astype(np.float32)


def _noise_range(mosaic: Mosaic, band: str) -> tuple[float, float]:
    ny, nx = mosaic.shape
    noise = mosaic.noise(band, (0, 0, nx, ny), max(1, -(-max(ny, nx) // RANGE_SIDE)))
    known = noise[np.isfinite(noise)] if noise is not None else np.empty(0)
    low, high = np.percentile(known, [1, 99]) if known.size else (1.0, 1.0)
    return float(low), float(high)
