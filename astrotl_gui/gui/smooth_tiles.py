"""Tiles as the look smooths them; the latest are kept, so that another stretch smooths nothing anew."""

from __future__ import annotations

from collections import OrderedDict
from functools import partial

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.stretch import smoothed_tile

from .tile_feed import Key, TileFeed

Array = NDArray[np.float32]

CAPACITY = 120
"""Planes of 256 kB: a large screen in three bands."""


class SmoothTiles:
    """The tiles of a feed, smoothed by a Gaussian of `sigma` mosaic px."""

    def __init__(self, feed: TileFeed) -> None:
        self._feed = feed
        self._kept: OrderedDict[tuple[Key, float], Array] = OrderedDict()

    def tile(self, band: str, tile: tuple[int, int, int], sigma: float, thin: int = 1) -> Array | None:
        """Every `thin`-th pixel of a tile (level, ix, iy); None while it, or what smoothing needs, is not there."""
        level, ix, iy = tile
        key = (self._feed.tile_key(band, level, ix, iy), sigma)
        if key in self._kept:
            self._kept.move_to_end(key)
            return np.ascontiguousarray(self._kept[key][::thin, ::thin])
        source, beside = self._feed.source, partial(self._feed.tile, band, level)
        made = smoothed_tile(beside, source.grid(level), (ix, iy), sigma / (1 << level), thin)
        if made is not None and sigma and thin == 1:
            self._kept[key] = made
            while len(self._kept) > CAPACITY:
                self._kept.popitem(last=False)
        return made
