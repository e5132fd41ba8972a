"""Tiles that cover the mosaic, each with a margin in which its sources can end."""

from __future__ import annotations

from astrotl_gui.core.mosaic import Box

MARGIN = 128
"""Every window reaches at least this far [px] beyond its tile."""
WIDEST_MARGIN = 1024
"""A source that reaches farther than this [px] out of its tile is measured on what is in view."""
SMALLEST_TILE = 128


def tiles(shape: tuple[int, int], size: int) -> list[Box]:
    """Half-open boxes of `size` px, row by row, that cover an image of `shape` without overlap."""
    ny, nx = shape
    size = max(size, SMALLEST_TILE)
    return [
        (x, y, min(x + size, nx), min(y + size, ny)) for y in range(0, ny, size) for x in range(0, nx, size)
    ]


def window(tile: Box, margin: int, shape: tuple[int, int]) -> Box:
    """A tile with its margin, within the image."""
    x0, y0, x1, y1 = tile
    return max(x0 - margin, 0), max(y0 - margin, 0), min(x1 + margin, shape[1]), min(y1 + margin, shape[0])
