"""Which part of a band can be used, and what is wrong with the rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.mosaic import Band, Box
from astrotl_gui.pipeline.band_model import BandModel
from astrotl_gui.pipeline.tiling import tiles

TILE = 1024
FINEST = 1024
"""The map of usable pixels has at most about this many cells on a side."""


@dataclass(frozen=True)
class Footprint:
    """Shares of a band's pixels that are NaN, masked (or without noise) and saturated, and a map of the good.

    `usable` is every `step`-th pixel, bool (rows, columns).
    """

    missing: float
    masked: float
    saturated: float
    usable: NDArray[np.bool_]
    step: int

    @property
    def good(self) -> float:
        """Share of pixels that can be used."""
        return 1 - self.missing - self.masked

    def scatter(self, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """(count, 2) random positions x, y [px] on usable pixels."""
        rows, columns = np.nonzero(self.usable)
        chosen = rng.integers(0, len(rows), count)
        cells = np.column_stack([columns[chosen], rows[chosen]])
        return self.step * (cells + rng.uniform(0, 1, (count, 2))) - 0.5


def footprint(band: Band, model: BandModel) -> Footprint:
    """Look at every pixel of a band, tile by tile."""
    ny, nx = band.shape
    step = -(-max(ny, nx) // FINEST)
    usable = np.zeros((-(-ny // step), -(-nx // step)), bool)
    totals = np.zeros(3)
    for box in tiles(band.shape, TILE // step * step):
        totals += _look(band, model, box, step, usable)
    missing, masked, saturated = (totals / (ny * nx)).tolist()
    return Footprint(missing, masked, saturated, usable, step)


def _look(
    band: Band, model: BandModel, box: Box, step: int, usable: NDArray[np.bool_]
) -> tuple[int, int, int]:
    x0, y0, *_ = box
    missing, bad = ~np.isfinite(band.read(box)), band.bad(box)
    good = ~(missing | bad)[::step, ::step]
    usable[y0 // step : y0 // step + good.shape[0], x0 // step : x0 // step + good.shape[1]] = good
    saturated = model.saturated(box) & ~missing
    return int(missing.sum()), int((bad & ~missing).sum()), int(saturated.sum())
