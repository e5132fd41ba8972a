"""Positions on the mosaic, sorted into square cells: what lies in a box, what is nearest, how dense it is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from astrotl_gui.core.progress import SILENT, Progress

Area = tuple[float, float, float, float]
"""x0, y0, x1, y1 [px], both ends within."""
Rows = NDArray[np.int64]

A_CELL = 6
"""At least so many positions a cell holds on average, at most four times as many."""
MARGIN = 0.1
"""Positions farther beyond an edge than this share of the mosaic are left out."""
BRIGHT = 99.5
"""The percentile of the occupied cells that counts as the densest sky."""


@dataclass(frozen=True, eq=False)
class SkyIndex:
    """Positions by cell, cells row by row from the lowest; made by `SkyIndex.of`.

    `x`, `y` (N,) float32 [0-based px] and `rows` (N,) int32, the place of each in what it was made of, lie in the
    order of the cells, within a cell in the order of the rows. `starts` says where a cell begins. About 13 bytes
    a position.
    """

    x: NDArray[np.float32]
    y: NDArray[np.float32]
    rows: NDArray[np.int32]
    starts: NDArray[np.int32]
    shape: tuple[int, int]
    origin: tuple[float, float]
    side: float

    @classmethod
    def of(
        cls, x: ArrayLike, y: ArrayLike, shape: tuple[int, int], *, progress: Progress = SILENT
    ) -> SkyIndex:
        """The index of positions [0-based px] on a mosaic of `shape` (ny, nx); those that are not finite or lie far
        beyond its edges are left out. A sort by counting: O(N)."""
        ny, nx = shape
        xs, ys = np.asarray(x, np.float32), np.asarray(y, np.float32)
        progress(0, 4)
        left, low = -0.5 - MARGIN * nx, -0.5 - MARGIN * ny
        width, height = (1 + 2 * MARGIN) * nx, (1 + 2 * MARGIN) * ny
        # Comparisons with NaN are false, so what is not finite falls out too.
        kept = (xs >= left) & (xs <= left + width) & (ys >= low) & (ys <= low + height)
        rows = np.arange(len(xs), dtype=np.int32) if kept.all() else np.flatnonzero(kept).astype(np.int32)
        side = _side(nx * ny, len(rows))
        columns, lines = math.floor(width / side) + 1, math.floor(height / side) + 1
        column = ((xs[rows] - np.float32(left)) * np.float32(1 / side)).astype(np.int32)
        line = ((ys[rows] - np.float32(low)) * np.float32(1 / side)).astype(np.int32)
        cell = np.clip(line, 0, lines - 1) * np.int32(columns) + np.clip(column, 0, columns - 1)
        progress(1, 4)
        order = _by_count(cell)
        progress(3, 4)
        starts = np.zeros(lines * columns + 1, np.int32)
        np.cumsum(np.bincount(cell, minlength=lines * columns), out=starts[1:])
        rows = rows[order]
        made = cls(xs[rows], ys[rows], rows, starts, (lines, columns), (left, low), side)
        progress(4, 4)
        return made

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def nbytes(self) -> int:
        """Memory [bytes] of positions and cells."""
        return int(self.x.nbytes + self.y.nbytes + self.rows.nbytes + self.starts.nbytes)

    @cached_property
    def levels(self) -> tuple[NDArray[np.int32], ...]:
        """Positions a cell, (lines, columns), then of cells twice as wide each, up to a few."""
        counts = np.diff(self.starts).reshape(self.shape)
        found = [counts]
        while min(counts.shape) > 8:
            counts = np.pad(counts, ((0, counts.shape[0] % 2), (0, counts.shape[1] % 2)))
            lines, columns = counts.shape
            counts = counts.reshape(lines // 2, 2, columns // 2, 2).sum(axis=(1, 3), dtype=np.int32)
            found.append(counts)
        return tuple(found)

    @cached_property
    def densest(self) -> tuple[float, ...]:
        """Positions a px² in the densest cells of each level (the 99.5th percentile of those that hold any)."""
        peaks = []
        for level, counts in enumerate(self.levels):
            held = counts[counts > 0]
            peak = float(np.percentile(held, BRIGHT)) if len(held) else 1.0
            peaks.append(peak / (self.side * 2**level) ** 2)
        return tuple(peaks)

    def count(self, area: Area) -> int:
        """How many positions lie in the cells that touch a box: at least those within, at little cost."""
        first, last = self._runs(area)
        return int((last - first).sum())

    def touching(self, area: Area) -> NDArray[np.int64]:
        """Where the positions of the cells that touch a box lie in `x`, `y` and `rows`."""
        first, last = self._runs(area)
        lengths = last - first
        ends = np.cumsum(lengths)
        if not len(ends) or not ends[-1]:
            return np.zeros(0, np.int64)
        return np.arange(ends[-1]) + np.repeat(first - (ends - lengths), lengths)

    def within(self, area: Area) -> NDArray[np.int64]:
        """As `touching`, of those within the box alone."""
        at = self.touching(area)
        x0, y0, x1, y1 = area
        x, y = self.x[at], self.y[at]
        return at[(x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)]

    def inside(self, area: Area) -> Rows:
        """The rows within a box, in the order of the cells."""
        return self.rows[self.within(area)].astype(np.int64)

    def nearest(self, x: float, y: float, reach: float) -> int | None:
        """The row nearest to a place, at most `reach` px away, the first of equals; None without one."""
        at = self.touching((x - reach, y - reach, x + reach, y + reach))
        if not len(at):
            return None
        away = (self.x[at].astype(np.float64) - x) ** 2 + (self.y[at].astype(np.float64) - y) ** 2
        least = away.min()
        return int(self.rows[at[away == least]].min()) if least <= reach**2 else None

    def _runs(self, area: Area) -> tuple[Rows, Rows]:
        """Where the cells of a box begin and end, line by line."""
        (lines, columns), (left, low) = self.shape, self.origin
        x0, y0, x1, y1 = area
        if not (
            x1 >= left and y1 >= low and x0 <= left + columns * self.side and y0 <= low + lines * self.side
        ):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        c0, c1 = (min(max(math.floor((v - left) / self.side + d), 0), columns - 1) for v, d in _ends(x0, x1))
        r0, r1 = (min(max(math.floor((v - low) / self.side + d), 0), lines - 1) for v, d in _ends(y0, y1))
        first = np.arange(r0, r1 + 1, dtype=np.int64) * columns
        return self.starts[first + c0].astype(np.int64), self.starts[first + c1 + 1].astype(np.int64)


def _ends(low: float, high: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """Both ends of a box and how far beyond them to look, in cells: a position is kept in single precision."""
    return (low, -1e-3), (high, 1e-3)


def _side(area: float, count: int) -> float:
    """The side of a cell [px], a power of two, so that cells hold `A_CELL` positions or more on average."""
    wanted = math.sqrt(area * A_CELL / max(count, 1))
    return float(2.0 ** math.ceil(math.log2(max(wanted, 1.0))))


def _by_count(cell: NDArray[np.int32]) -> NDArray[np.int64] | NDArray[np.int32]:
    """The stable order of cell numbers: two passes over 16 bits each, which numpy sorts by counting."""
    if len(cell) < 100_000:
        return np.argsort(cell, kind="stable")
    order = np.argsort((cell & 0xFFFF).astype(np.uint16), kind="stable").astype(np.int32)
    high = (cell >> 16).astype(np.uint16)
    if not high.any():
        return order
    return order[np.argsort(high[order], kind="stable")]
