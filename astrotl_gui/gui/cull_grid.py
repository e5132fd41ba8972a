"""A page of whole rows: as many cutouts as fill the room at about the wanted size, none cut off."""

from __future__ import annotations

from itertools import product
from math import exp, floor, log

from .gallery_layout import LEAST_SIZE, GridLayout

GAP, MARGIN = 6, 15
STRAY = 6.0
"""How much a size other than the wanted one counts against room left empty."""


def page_grid(count: int, width: int, height: int, wanted: int) -> GridLayout:
    """The layout of a page in `width` × `height` px whose cutouts are about `wanted` px wide.

    Of the numbers of columns and rows near the wanted size, those that leave least room empty; what is left of it is
    at both sides and below.
    """
    columns, rows, side = _best(width, height, wanted)
    block = columns * (side + GAP) - GAP
    left, top = max(0, (width - block) // 2), min(MARGIN, max(0, (height - rows * (side + GAP) + GAP) // 2))
    return GridLayout(count, columns, side, GAP, left, top, caption=GAP)


def page_size(width: int, height: int, wanted: int) -> int:
    """How many cutouts such a page has."""
    columns, rows, _ = _best(width, height, wanted)
    return columns * rows


def _best(width: int, height: int, wanted: int) -> tuple[int, int, int]:
    """(columns, rows, side)."""
    room = max(width - 2 * MARGIN, LEAST_SIZE), max(height - 2 * MARGIN, LEAST_SIZE)
    near = [
        range(max(1, floor(r / (1.2 * wanted + GAP))), max(2, floor(r / (wanted / 1.2)) + 2)) for r in room
    ]
    return max(((c, r, _side(room, c, r)) for c, r in product(*near)), key=lambda s: _worth(room, wanted, s))


def _side(room: tuple[int, int], columns: int, rows: int) -> int:
    fitting = ((length - (n - 1) * GAP) // n for length, n in zip(room, (columns, rows), strict=True))
    return max(1, min(fitting))


def _worth(room: tuple[int, int], wanted: int, shape: tuple[int, int, int]) -> float:
    columns, rows, side = shape
    filled = columns * rows * (side + GAP) ** 2 / (room[0] * room[1])
    return filled * exp(-STRAY * log(side / wanted) ** 2)
