"""Many marks at once, drawn into a picture's memory: glyphs, ellipses, and density where they crowd."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from astrotl_gui.core.sky_index import Area, SkyIndex

Picture = NDArray[np.uint32]
"""(rows, columns) of premultiplied ARGB, upper row first."""
Floats = NDArray[np.float64] | NDArray[np.float32]

STRONGEST = 96
"""Opacity of the densest part of a crowd, of 255: the sky shines through."""
EXACT = 400_000
"""Up to so many positions are counted one by one; of more the cells of the index are taken as they are."""
_HALO = 0.78


def blank(width: int, height: int) -> Picture:
    return np.zeros((height, width), np.uint32)


def as_image(picture: Picture) -> QImage:
    """The picture as an image that shares its memory: keep the picture as long."""
    height, width = picture.shape
    return QImage(picture.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied)


def of_image(image: QImage) -> Picture:
    """A copy of a premultiplied image's pixels."""
    memory = np.frombuffer(image.constBits(), np.uint32)
    return memory.reshape(image.height(), image.bytesPerLine() // 4)[:, : image.width()].copy()


def stamp(picture: Picture, glyph: Picture, x: Floats, y: Floats) -> None:
    """Draw a glyph about each place [px of the picture]; dark halos never cover another's ink."""
    height, width = picture.shape
    rows, columns = glyph.shape
    left, top = (
        np.floor(x - columns / 2 + 0.5).astype(np.int64),
        np.floor(y - rows / 2 + 0.5).astype(np.int64),
    )
    fits = (left >= 0) & (top >= 0) & (left + columns <= width) & (top + rows <= height)
    corner = top[fits] * width + left[fits]
    flat = picture.reshape(-1)
    places = np.flatnonzero(glyph)
    inks = glyph.reshape(-1)[places]
    for at in np.argsort(_light(inks), kind="stable"):
        dy, dx = divmod(int(places[at]), columns)
        flat[corner + (dy * width + dx)] = inks[at]


def _light(inks: NDArray[np.uint32]) -> NDArray[np.uint32]:
    return (inks >> 16 & 0xFF) + (inks >> 8 & 0xFF) + (inks & 0xFF)


def ring_cost(a: Floats, width: float = 1.25) -> float:
    """How many pixels are looked at to draw ellipses of these semi-major axes [px]."""
    return float(_steps(a).sum()) * (2 * _band(width) + 1)


def rings(
    picture: Picture,
    x: Floats,
    y: Floats,
    a: Floats,
    b: Floats,
    angle: Floats,
    tone: int,
    width: float = 1.25,
) -> None:
    """Draw ellipses, smooth and with a dark halo: middles and semi-axes [px of the picture], a ≥ b, angle of a [rad,
    against the clock]."""
    shapes = np.stack([x, y, a, np.maximum(b, 0.75), angle]).astype(np.float32)
    steps = _steps(a)
    for count in np.unique(steps):
        _rings(picture, shapes[:, steps == count], int(count), tone, width)


def _steps(a: Floats) -> NDArray[np.int64]:
    """Into how many steps, of at most a pixel, the rim of an ellipse is cut: powers of √2, so that few occur."""
    rim = np.log2(np.maximum(2 * np.pi * a, 8.0))
    return np.ceil(2 ** (np.ceil(2 * rim) / 2)).astype(np.int64)


def _band(width: float) -> int:
    """How many pixels to look at on either side of a line with its halo."""
    return math.ceil(width / 2 + 1.2)


def _rings(picture: Picture, shapes: NDArray[np.float32], steps: int, tone: int, width: float) -> None:
    """Look at the pixels along the rim of each ellipse, (5, N) rows x, y, a, b, angle, and how far from it they are."""
    height, columns = picture.shape
    x, y, a, b, angle = shapes[:, :, None, None]
    turn = np.linspace(0, 2 * np.pi, steps, endpoint=False, dtype=np.float32)
    off = np.arange(-_band(width), _band(width) + 1, dtype=np.float32)[:, None]
    cos, sin = np.cos(angle), np.sin(angle)
    along, across = (a + off) * np.cos(turn), (b + off) * np.sin(turn)
    column = np.rint(x + along * cos - across * sin)
    row = np.rint(y - along * sin - across * cos)
    dx, dy = column - x, row - y
    u, v = (dx * (cos / a) - dy * (sin / a)) ** 2, (dx * (sin / b) + dy * (cos / b)) ** 2
    # Distance to the ellipse u + v = 1 to first order: |u + v − 1| over the length of its gradient.
    away = np.abs(u + v - 1) / (np.sqrt(u * (4 / a**2) + v * (4 / b**2)) + np.float32(1e-6))
    near = (away < width / 2 + 1.5) & (column >= 0) & (row >= 0) & (column < columns) & (row < height)
    away, place = away[near], row[near].astype(np.int64) * columns + column[near].astype(np.int64)
    ink = np.clip(width / 2 + 0.5 - away, 0, 1)
    alpha = ink + _HALO * np.clip(width / 2 + 1.5 - away, 0, 1) * (1 - ink)
    light = (ink * tone + 0.5).astype(np.uint32)
    values = (255 * alpha + 0.5).astype(np.uint32) << 24 | light * 0x10101
    flat = picture.reshape(-1)
    strong = ink > 0.5
    for mine in (~strong, strong):  # no halo over another's ink
        flat[place[mine]] = values[mine]


def counts(
    index: SkyIndex, area: Area, cell: float
) -> tuple[NDArray[np.float64], tuple[float, float], float]:
    """Positions a cell over an area: (lines, columns), the lower row first, the lower left corner [px], and the side
    of the cells, `cell` or more. Cells stand still on the mosaic, whatever the area."""
    if index.count(area) <= EXACT:
        x0, y0 = math.floor(area[0] / cell), math.floor(area[1] / cell)
        columns, lines = math.floor(area[2] / cell) - x0 + 1, math.floor(area[3] / cell) - y0 + 1
        at = index.within((x0 * cell, y0 * cell, (x0 + columns) * cell, (y0 + lines) * cell))
        column = np.minimum((index.x[at] / cell - x0).astype(np.int64), columns - 1)
        line = np.minimum((index.y[at] / cell - y0).astype(np.int64), lines - 1)
        found = np.bincount(line * columns + column, minlength=lines * columns).reshape(lines, columns)
        return found.astype(float), (x0 * cell, y0 * cell), cell
    level = min(max(round(math.log2(cell / index.side)), 0), len(index.levels) - 1)
    grid, side = index.levels[level], index.side * 2**level
    left, low = index.origin
    c0, c1 = (
        min(max(math.floor((v - left) / side) + d, 0), grid.shape[1]) for v, d in ((area[0], 0), (area[2], 1))
    )
    r0, r1 = (
        min(max(math.floor((v - low) / side) + d, 0), grid.shape[0]) for v, d in ((area[1], 0), (area[3], 1))
    )
    return grid[r0:r1, c0:c1].astype(float), (left + c0 * side, low + r0 * side), side


def shade(found: NDArray[np.float64], densest: float, tone: int) -> Picture:
    """Counts as a translucent grey, the upper row first: opacity grows as the square root, up to `densest` a cell."""
    share = np.sqrt(np.minimum(found[::-1] / max(densest, 3.0), 1.0))
    alpha = np.round(STRONGEST * share).astype(np.uint32)
    light = np.round(STRONGEST * share * (tone / 255)).astype(np.uint32)
    return np.ascontiguousarray(alpha << 24 | light << 16 | light << 8 | light)
