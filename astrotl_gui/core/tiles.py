"""Square pieces of a mosaic at any resolution, without reading the whole file.

Level k holds finite means of 2^k × 2^k blocks; its pixel i is centred at (i + 0.5)·2^k − 0.5. Low levels are
read from the file, high ones from the pyramid of means on disk (`pyramid.py`), and until that is built from
the overview. Tiles keep the row order of the image: row 0 is the lowest y.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.pyramid import Pyramid, block_mean, build_pyramid, open_pyramid
from astrotl_gui.core.stretch import Levels, measure_levels, picture_levels

if TYPE_CHECKING:
    from astrotl_gui.core.mosaic import Mosaic

Array = NDArray[np.float32]

TILE = 256
DIRECT_LEVELS = 3
"""Up to this level a tile is averaged from the file itself (at most 2,048² pixels)."""
WHOLE_PIXELS = 1 << 24
"""Mosaics up to this size are averaged whole for the overview; larger ones are sampled."""
SAMPLE_SIDE = 1024


class TileSource:
    """Tiles of every band of a mosaic on its reference grid; safe to use from several threads.

    `cache_folder` holds the pyramids of large mosaics; None keeps none. Those found there are opened at once.
    """

    size = TILE

    def __init__(self, mosaic: Mosaic, cache_folder: Path | None = None) -> None:
        self.mosaic = mosaic
        self.cache_folder = cache_folder
        self.shape = mosaic.shape
        self.levels = level_count(mosaic.shape)
        """Number of levels; at the last one the whole mosaic fits one tile."""
        self._overviews: dict[tuple[str, int], Array] = {}
        self._pyramids: dict[str, Pyramid] = {}
        self._editions: dict[str, int] = {}
        self._lock = threading.Lock()
        if self.large:
            for band in mosaic.bands:
                self._pyramid(band.name)

    def grid(self, level: int) -> tuple[int, int]:
        """Number of tiles (across, up) at a level."""
        span = TILE << level
        return -(-self.shape[1] // span), -(-self.shape[0] // span)

    def tile(self, band: str, level: int, ix: int, iy: int) -> Array:
        """The tile in column `ix`, row `iy` of a level: float32 up to (256, 256), cut at the mosaic's edge.

        Image units; NaN where no pixel of the block has a value. Raises AstroTLError when the file cannot be
        read.
        """
        if level > DIRECT_LEVELS:
            means = self._level(band, level)
            return np.array(means[iy * TILE : (iy + 1) * TILE, ix * TILE : (ix + 1) * TILE])
        span = TILE << level
        ny, nx = self.shape
        box = (ix * span, iy * span, min((ix + 1) * span, nx), min((iy + 1) * span, ny))
        pyramid = self._pyramid(band) if level else None
        if pyramid is not None and level in pyramid:
            return np.array(pyramid[level][iy * TILE : (iy + 1) * TILE, ix * TILE : (ix + 1) * TILE])
        return block_mean(self.mosaic.read(band, box), level)

    def overview(self, band: str, max_side: int = SAMPLE_SIDE) -> Array:
        """The whole band, at most `max_side` pixels long and wide: float32, pixels `overview_step` px apart.

        Block means, or every n-th pixel of every n-th row for a large mosaic without pyramid.
        """
        step = self.overview_step(max_side)
        key = (band, step)
        with self._lock:
            if key not in self._overviews:
                self._overviews[key] = self._read_overview(band, step)
            return self._overviews[key]

    def overview_step(self, max_side: int = SAMPLE_SIDE) -> int:
        """Reference pixels per overview pixel, a power of two."""
        return 1 << max(0, (-(-max(self.shape) // max_side) - 1).bit_length())

    def display_levels(self, band: str) -> Levels:
        """Levels from single pixels: means of blocks, as in the overview, would understate the noise.

        Those of pictures are known: from 0 to the spec's white, the noise being one of 256 steps.
        """
        ny, nx = self.shape
        pixels = self.mosaic.read(band, (0, 0, nx, ny), self.overview_step())
        white = self.mosaic.spec.white
        return picture_levels(pixels, white) if white else measure_levels(pixels)

    # --- the pyramid -------------------------------------------------------------------------------

    @property
    def large(self) -> bool:
        """Whether a pyramid is worth building."""
        return self.levels > DIRECT_LEVELS + 1 and self.cache_folder is not None

    def built(self, band: str) -> bool:
        """Whether high levels of this band are means of all pixels already."""
        return self._pyramid(band) is not None

    def edition(self, band: str) -> int:
        """Counts how often this band's tiles and overview were replaced by better ones; reads no file."""
        return self._editions.get(band, 0)

    def build(self, band: str, progress: Progress = SILENT) -> None:
        """Write this band's pyramid into the cache folder, in one pass through the file, unless it is there.

        Raises Cancelled from `progress`, and AstroTLError when the folder cannot be written.
        """
        if self.cache_folder is None or self.built(band):
            return
        build_pyramid(self.mosaic, band, self.levels, self.cache_folder, progress)
        if self.built(band):
            with self._lock:
                self._overviews = {key: value for key, value in self._overviews.items() if key[0] != band}
                self._editions[band] = self.edition(band) + 1

    def _pyramid(self, band: str) -> Pyramid | None:
        if band not in self._pyramids and self.cache_folder is not None:
            found = open_pyramid(self.mosaic, band, self.levels, self.cache_folder)
            if found is not None:
                self._pyramids[band] = found
        return self._pyramids.get(band)

    def _level(self, band: str, level: int) -> Array:
        """A whole high level: of the pyramid, else averaged or repeated from the overview."""
        pyramid = self._pyramid(band)
        if pyramid is not None:
            return pyramid[level]
        overview, step = self.overview(band), self.overview_step()
        coarser = level - (step.bit_length() - 1)
        if coarser >= 0:
            return block_mean(overview, coarser)
        repeated = overview.repeat(1 << -coarser, axis=0).repeat(1 << -coarser, axis=1)
        return repeated[: -(-self.shape[0] >> level), : -(-self.shape[1] >> level)]

    def _read_overview(self, band: str, step: int) -> Array:
        ny, nx = self.shape
        level = step.bit_length() - 1
        pyramid = self._pyramid(band)
        if pyramid is not None and level in pyramid:
            return np.array(pyramid[level])
        if ny * nx <= WHOLE_PIXELS:
            return block_mean(self.mosaic.read(band, (0, 0, nx, ny)), level)
        return self.mosaic.read(band, (0, 0, nx, ny), step)


def level_count(shape: tuple[int, int]) -> int:
    """Levels until the whole mosaic (ny, nx) fits one tile."""
    return max(0, (-(-max(shape) // TILE) - 1).bit_length()) + 1
