"""The first look at a mosaic that is compressed in squares: a few of them, all over it, within a blink."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from astrotl_gui.core.mosaic import Mosaic

Array = NDArray[np.float32]

PIXELS = 12_000_000
"""Pixels decoded at most; about 0.1 s."""
MOST, FEWEST = 144, 4
KEPT_PIXELS = 400_000
SQUARE, SQUARES = 32, 144


def first_look(mosaic: Mosaic, band: str, step: int) -> tuple[Array, Array]:
    """(every step-th pixel of every step-th row where it was read, NaN elsewhere; a plane of pixels, in no order).

    What is read are whole pieces (`Mosaic.piece`) on an even net, at most PIXELS of them together.
    """
    ny, nx = mosaic.shape
    height, width = mosaic.piece(band)
    sample = np.full((-(-ny // step), -(-nx // step)), np.nan, np.float32)
    pixels = []
    places = _net((-(-ny // height), -(-nx // width)), min(max(PIXELS // (height * width), FEWEST), MOST))
    for row, column in places:
        y0, x0 = row * height, column * width
        piece = mosaic.read(band, (x0, y0, min(x0 + width, nx), min(y0 + height, ny)))
        picked = piece[-y0 % step :: step, -x0 % step :: step]
        sample[-(-y0 // step) :, -(-x0 // step) :][: picked.shape[0], : picked.shape[1]] = picked
        pixels.append(piece.ravel()[:: max(piece.size * len(places) // KEPT_PIXELS, 1)])
    return sample, _as_plane(pixels)


def spread_pixels(mosaic: Mosaic, band: str) -> Array:
    """A plane of pixels, in no order, from small squares all over a mosaic: for a band whose pixels are made."""
    (ny, nx), side = mosaic.shape, SQUARE
    squares = []
    for row, column in _net((-(-ny // side), -(-nx // side)), SQUARES):
        box = (column * side, row * side, min((column + 1) * side, nx), min((row + 1) * side, ny))
        squares.append(mosaic.read(band, box).ravel())
    return _as_plane(squares)


def _as_plane(parts: list[Array]) -> Array:
    """Pixels in no order as a square, for those who thin a sample by rows and columns."""
    flat = np.concatenate(parts)
    side = int(np.sqrt(flat.size))
    return flat[: side * side].reshape(side, side)


def _net(shape: tuple[int, int], most: int) -> list[tuple[int, int]]:
    """Evenly spaced (row, column) in a grid of pieces, at most `most`."""
    side = int(np.sqrt(most))
    rows, columns = (
        np.unique(((np.arange(min(side, n)) + 0.5) * n / min(side, n)).astype(int)) for n in shape
    )
    return [(int(row), int(column)) for row in rows for column in columns]
