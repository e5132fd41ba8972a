"""Smoothing for display: a Gaussian that stops at pixels without data and leaves no seam between tiles."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]

REACH = 4.0
"""The Gaussian is cut off so many σ from its middle."""
LEAST = 0.2
"""A σ [px] below this changes nothing that could be seen."""


def smoothed(plane: Plane, sigma: float) -> Plane:
    """A (h, w) plane smoothed by a Gaussian of `sigma` px.

    Pixels without data stay without and count for nothing in their neighbours. The sum of the others is kept, at the
    edges too (reflected).
    """
    if sigma < LEAST:
        return plane
    from scipy.ndimage import gaussian_filter

    good = np.isfinite(plane)
    if good.all():
        return gaussian_filter(plane, sigma, mode="reflect", truncate=REACH)
    weight = gaussian_filter(good.astype(np.float32), sigma, mode="reflect", truncate=REACH)
    total = gaussian_filter(np.where(good, plane, np.float32(0)), sigma, mode="reflect", truncate=REACH)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(good, total / weight, np.float32(np.nan))


def smoothed_tile(
    tile: Callable[[int, int], Plane | None],
    grid: tuple[int, int],
    place: tuple[int, int],
    sigma: float,
    thin: int = 1,
) -> Plane | None:
    """Tile `place` (ix, iy) of a `grid` (across, up) smoothed by `sigma` of its px, as if the mosaic were one plane.

    `tile(ix, iy)` gives a tile, lowest row first, or None while it is not there: then so is the result. With `thin`
    only every thin-th pixel is smoothed and given, to be quick.
    """
    ix, iy = place
    if sigma < LEAST * thin:
        middle = tile(ix, iy)
        return None if middle is None else np.ascontiguousarray(middle[::thin, ::thin])
    reach = -(-int(np.ceil(REACH * sigma)) // thin) * thin
    rows = []
    for y in range(max(iy - 1, 0), min(iy + 2, grid[1])):
        row = []
        for x in range(max(ix - 1, 0), min(ix + 2, grid[0])):
            found = tile(x, y)
            if found is None:
                return None
            row.append(found[_part(y - iy, reach), _part(x - ix, reach)])
        rows.append(row)
    before_y, before_x = (reach if at else 0 for at in (iy, ix))
    whole = np.block(rows)[::thin, ::thin]
    middle = tile(ix, iy)
    assert middle is not None
    height, width = (-(-n // thin) for n in middle.shape)
    top, left = before_y // thin, before_x // thin
    return np.ascontiguousarray(smoothed(whole, sigma / thin)[top : top + height, left : left + width])


def _part(side: int, reach: int) -> slice:
    """The pixels of a neighbour (−1 before, +1 after) or of the tile itself (0) that are looked at."""
    return slice(-reach, None) if side < 0 else slice(0, reach) if side > 0 else slice(None)
