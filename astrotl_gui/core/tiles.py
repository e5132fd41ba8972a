"""Square pieces of a mosaic at any resolution, without reading the whole file.

Level k holds finite means of 2^k × 2^k blocks; its pixel i is centred at (i + 0.5)·2^k − 0.5. Low levels are
read from the file, high ones from the pyramid of means on disk (`pyramid.py`). Until that is built, levels 2
and 3 of a large mosaic are means of two rows of each block, and higher ones come from the overview.
Tiles keep the row order of the image: row 0 is the lowest y.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.first_look import first_look, spread_pixels
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.pyramid import Pyramid, block_mean, build_pyramid, open_pyramid, row_mean
from astrotl_gui.core.remote import is_remote
from astrotl_gui.core.stretch import Levels, measure_levels, picture_levels, take_sample

if TYPE_CHECKING:
    from astrotl_gui.core.mosaic import Mosaic

Array = NDArray[np.float32]
Box = tuple[int, int, int, int]

TILE = 256
DIRECT_LEVELS = 1
"""Up to this level tiles are exact from the start; higher ones of a large mosaic get better with `edition`."""
FILE_LEVELS = 3
"""Up to this level a tile is read from the file where there is no pyramid (at most 2,048² pixels)."""
WHOLE_PIXELS = 1 << 24
"""Mosaics up to this size are averaged whole for the overview; larger ones are sampled."""
SAMPLE_SIDE = 1024
MADE_BYTES = 96 * 2**20
"""Tiles kept of a band that is compressed: more than a screen of them."""
STRIP_PIXELS = 1 << 22
"""Pixels read at a time for means that are not in a pyramid."""
EDITION_SECONDS = 0.5
"""While a file is read that had no first look, what has come in is handed on this often."""


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
        self._bands = {band.name: _BandTiles() for band in mosaic.bands}
        if self.large:
            for band in mosaic.bands:
                self._open(band.name)

    def grid(self, level: int) -> tuple[int, int]:
        """Number of tiles (across, up) at a level."""
        span = TILE << level
        return -(-self.shape[1] // span), -(-self.shape[0] // span)

    def tile(self, band: str, level: int, ix: int, iy: int) -> Array:
        """The tile in column `ix`, row `iy` of a level: float32 up to (256, 256), cut at the mosaic's edge.

        Image units; NaN where no pixel of the block has a value. Raises AstroTLError when the file cannot be
        read.
        """
        pyramid = self._bands[band].pyramid
        if pyramid is not None and level in pyramid.levels:
            width, height = -(-self.shape[1] >> level), -(-self.shape[0] >> level)
            x, y = ix * TILE, iy * TILE
            return self._built(band, pyramid, level, (x, y, min(x + TILE, width), min(y + TILE, height)))
        span = TILE << level
        ny, nx = self.shape
        box = (ix * span, iy * span, min((ix + 1) * span, nx), min((iy + 1) * span, ny))
        if level > FILE_LEVELS:
            return self._from_overview(band, level, ix, iy)
        if level and self.mosaic.piece(band) != (1, 1):
            return self._decoded(band, level, ix, iy)
        if level > DIRECT_LEVELS and self.large:
            return self._thin(band, level, box)
        return block_mean(self.mosaic.read(band, box), level)

    def means(self, band: str, level: int, box: Box) -> Array:
        """Exact means of the pixels (x0, y0, x1, y1) of a level, which may lie outside (NaN): float32 (h, w).

        From the pyramid where there is one, else a part of the file at a time.
        """
        x0, y0, x1, y1 = box
        width, height = -(-self.shape[1] >> level), -(-self.shape[0] >> level)
        xa, ya, xb, yb = max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)
        result = np.full((y1 - y0, x1 - x0), np.nan, np.float32)
        pyramid = self._bands[band].pyramid
        if xa >= xb or ya >= yb:
            return result
        if pyramid is not None and level in pyramid.levels:
            inside = self._built(band, pyramid, level, (xa, ya, xb, yb))
            result[ya - y0 : yb - y0, xa - x0 : xb - x0] = inside
            return result
        rows = max(STRIP_PIXELS // (xb - xa) >> 2 * level, 1)
        left, right = xa << level, min(xb << level, self.shape[1])
        for y in range(ya, yb, rows):
            top = min(y + rows, yb)
            part = self.mosaic.read(band, (left, y << level, right, min(top << level, self.shape[0])))
            result[y - y0 : top - y0, xa - x0 : xb - x0] = block_mean(part, level)
        return result

    def overview(self, band: str, max_side: int = SAMPLE_SIDE) -> Array:
        """The whole band, at most `max_side` pixels long and wide: float32, pixels `overview_step` px apart.

        Block means, or every n-th pixel of every n-th row for a large mosaic without pyramid. Of a large one
        that is compressed in squares there are only a few squares at first, NaN elsewhere, until `build` has
        gone through it; `edition` counts up meanwhile.
        """
        step = self.overview_step(max_side)
        level = step.bit_length() - 1
        own = self._bands[band]
        with own.lock:
            if step not in own.overviews:
                width, height = -(-self.shape[1] >> level), -(-self.shape[0] >> level)
                if own.pyramid is not None and level in own.pyramid.levels:
                    own.overviews[step] = self._built(band, own.pyramid, level, (0, 0, width, height))
                elif self._sampled:
                    return self._sample(band, step)
                else:
                    ny, nx = self.shape
                    own.overviews[step] = block_mean(self.mosaic.read(band, (0, 0, nx, ny)), level)
            return own.overviews[step]

    def overview_step(self, max_side: int = SAMPLE_SIDE) -> int:
        """Reference pixels per overview pixel, a power of two."""
        return 1 << max(0, (-(-max(self.shape) // max_side) - 1).bit_length())

    def display_levels(self, band: str) -> Levels:
        """Levels from single pixels: means of blocks, as in the overview, would understate the noise.

        Those of pictures are known: from 0 to the spec's white, the noise being one of 256 steps.
        """
        own, white = self._bands[band], self.mosaic.spec.white
        with own.lock:
            sample = self._sample(band, self.overview_step())
            if white:
                return picture_levels(sample, white)
            if own.first_pixels is None:
                return measure_levels(sample)
            # Limits in colour want pixels at the same places in every band.
            return replace(measure_levels(own.first_pixels), sample=take_sample(sample))

    # --- the pyramid -------------------------------------------------------------------------------

    @property
    def large(self) -> bool:
        """Whether a pyramid is worth building."""
        return self.levels > FILE_LEVELS + 1 and self.cache_folder is not None

    def far(self, band: str) -> bool:
        """Whether a band is read over the network: no pass through all of it is made to show it."""
        return is_remote(self.mosaic.band(band).spec.image.path)

    def built(self, band: str) -> bool:
        """Whether high levels of this band are means of all pixels already."""
        return self._bands[band].pyramid is not None

    def edition(self, band: str) -> int:
        """Counts how often this band's tiles and overview were replaced by better ones; reads no file."""
        return self._bands[band].edition

    def build(self, band: str, progress: Progress = SILENT) -> None:
        """Write this band's pyramid into the cache folder, in one pass through the file, unless it is there.

        Where `overview` had but a few squares it fills meanwhile: each time `edition` counts up,
        `progress.partial` is given the band. Raises Cancelled from `progress`, and AstroTLError when the
        folder cannot be written, the disk is full or the file changes meanwhile.
        """
        if self.cache_folder is None or self.built(band):
            return
        own, step = self._bands[band], self.overview_step()
        told = time.monotonic()

        def seen(row: int, rows: Array) -> None:
            """Fill the overview of which there were only a few squares."""
            nonlocal told
            if own.first_pixels is None or own.sample is None or self.mosaic.resampled(band):
                return
            filled = own.sample.copy()  # others may be looking at the one before
            filled[row : row + len(rows)] = rows
            own.sample = filled
            if time.monotonic() - told > EDITION_SECONDS:
                told = time.monotonic()
                own.edition += 1
                progress.partial(band)

        build_pyramid(self.mosaic, band, self.levels, step, self.cache_folder, progress, seen)
        self._open(band)
        if self.built(band):
            own.renew()

    def _open(self, band: str) -> None:
        assert self.cache_folder is not None
        self._bands[band].pyramid = open_pyramid(self.mosaic, band, self.levels, self.cache_folder)

    def _built(self, band: str, pyramid: Pyramid, level: int, box: Box) -> Array:
        """Pixels of a level inside the mosaic from the pyramid, which may be on the band's own grid."""
        if not self.mosaic.resampled(band):
            return pyramid.read(level, box)
        return self.mosaic.read_level(band, lambda part: pyramid.read(level, part), level, box)

    # --- before there is one -----------------------------------------------------------------------

    @property
    def _sampled(self) -> bool:
        return self.shape[0] * self.shape[1] > WHOLE_PIXELS

    def _sample(self, band: str, step: int) -> Array:
        """Every step-th pixel of every step-th row, read once. The band's lock is held."""
        own, finest = self._bands[band], self.overview_step()
        if step < finest:
            return self._every(band, step)
        if own.sample is None:
            if self._sampled and self.mosaic.resampled(band):
                ny, nx = self.mosaic.band(band).shape
                pixels = (
                    own.pyramid.sample if own.pyramid else self.mosaic.band(band).read((0, 0, nx, ny), finest)
                )
                own.sample = self.mosaic.glance(band, pixels, finest)
                own.first_pixels = spread_pixels(self.mosaic, band)
            elif own.pyramid is not None:
                own.sample = own.pyramid.sample
            elif self._sampled and self.large and 1 < self.mosaic.piece(band)[1] < self.shape[1]:
                own.sample, own.first_pixels = first_look(self.mosaic, band, finest)
            else:
                own.sample = self._every(band, finest)
        return own.sample[:: step // finest, :: step // finest]

    def _every(self, band: str, step: int) -> Array:
        ny, nx = self.shape
        return self.mosaic.read(band, (0, 0, nx, ny), step)

    def _from_overview(self, band: str, level: int, ix: int, iy: int) -> Array:
        """A tile of a high level, averaged or repeated from the overview."""
        overview = self.overview(band)
        coarser = level - (self.overview_step().bit_length() - 1)
        if coarser >= 0:
            side = TILE << coarser
            return block_mean(overview[iy * side : (iy + 1) * side, ix * side : (ix + 1) * side], coarser)
        rows, columns = (
            np.arange(first * TILE, min((first + 1) * TILE, -(-n >> level))) >> -coarser
            for first, n in zip((iy, ix), self.shape, strict=True)
        )
        return overview[np.ix_(rows, columns)]

    def _decoded(self, band: str, level: int, ix: int, iy: int) -> Array:
        """A tile of a compressed band, from those made lately; a whole row of tiles where rows are compressed."""
        own, rows = self._bands[band], self.mosaic.piece(band)[1] >= self.shape[1]
        key = (level, iy, 0 if rows else ix)
        width, height = -(-self.shape[1] >> level), -(-self.shape[0] >> level)
        x, right = (0, width) if rows else (ix * TILE, min((ix + 1) * TILE, width))
        box = (x, iy * TILE, right, min((iy + 1) * TILE, height))
        # Both threads of a feed want tiles of the same row: one makes it, the other waits.
        with own.row_lock if rows else nullcontext():
            made = own.made(key)
            if made is None:
                made = self.means(band, level, box)
                own.keep(key, made)
        return made[:, ix * TILE - x : (ix + 1) * TILE - x].copy()

    def _thin(self, band: str, level: int, box: Box) -> Array:
        """Means of two rows of each block, as far from its middle to both sides: a quarter of the reading.

        Of a band on another grid it is two pixels in each direction: what costs there is each pixel made.
        """
        x0, y0, x1, y1 = box
        n = 1 << level
        right, top = x0 + n * -(-(x1 - x0) // n), y0 + n * -(-(y1 - y0) // n)
        if self.mosaic.resampled(band):
            return block_mean(self.mosaic.read(band, (x0 + n // 4, y0 + n // 4, right, top), n // 2), 1)
        rows = [y0 + n // 4, y0 + n - 1 - n // 4]
        return row_mean([self.mosaic.read(band, (x0, y, x1, top), (n, 1)) for y in rows], level)


class _BandTiles:
    """What is kept of one band: small pictures of the whole, and the pyramid once it is there."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.pyramid: Pyramid | None = None
        self.overviews: dict[int, Array] = {}
        self.sample: Array | None = None
        self.first_pixels: Array | None = None
        """Pixels that tell what the band is like, where the sample does not."""
        self.edition = 0
        self.row_lock = threading.Lock()
        self._made: OrderedDict[tuple[int, int, int], Array] = OrderedDict()

    def made(self, key: tuple[int, int, int]) -> Array | None:
        """A tile, or row of tiles, (level, iy, ix) of a compressed image that was made lately."""
        with self.lock:
            if key in self._made:
                self._made.move_to_end(key)
            return self._made.get(key)

    def keep(self, key: tuple[int, int, int], tile: Array) -> None:
        with self.lock:
            self._made[key] = tile
            while sum(kept.nbytes for kept in self._made.values()) > MADE_BYTES and len(self._made) > 1:
                self._made.popitem(last=False)

    def renew(self) -> None:
        """Forget what the pyramid does better, and say so by another edition."""
        with self.lock:
            self.overviews.clear()
            self._made.clear()
            self.edition += 1


def level_count(shape: tuple[int, int]) -> int:
    """Levels until the whole mosaic (ny, nx) fits one tile."""
    return max(0, (-(-max(shape) // TILE) - 1).bit_length()) + 1
