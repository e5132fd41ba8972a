"""What the mosaic says about the pixel under the cursor."""

from __future__ import annotations

import math
from dataclasses import dataclass

from astrotl_gui.gui.tile_feed import TileFeed


@dataclass(frozen=True)
class Readout:
    """Position in 0-based px and ICRS degrees (NaN without a WCS), value of each band [image units].

    A value is None while it is being read and NaN where there is none; `bad` where a mask or a missing value
    says that the pixel cannot be trusted, `flags` what the masks say is there, where they name their bits.
    """

    x: float
    y: float
    ra: float
    dec: float
    values: dict[str, float | None]
    bad: bool
    flags: tuple[str, ...] = ()


def read_out(feed: TileFeed, x: float, y: float) -> Readout | None:
    """The read-out at an image position from what has been read so far; None outside the mosaic."""
    ny, nx = feed.source.shape
    column, row = math.floor(x + 0.5), math.floor(y + 0.5)
    if not (0 <= column < nx and 0 <= row < ny):
        return None
    mosaic = feed.source.mosaic
    ra, dec = mosaic.sky(x, y)
    values = {band.name: feed.value(band.name, column, row) for band in mosaic.bands}
    return Readout(x, y, float(ra), float(dec), values, feed.bad(column, row), feed.flags(column, row))
