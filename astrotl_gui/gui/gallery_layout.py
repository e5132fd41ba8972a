"""Where each cutout of a gallery lies: plain geometry, the same for ten cutouts and ten million."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRect

WIDTHS = ((760, 6), (500, 4))
"""Panes at least this wide have so many columns; narrower ones three."""
LEAST_SIZE = 56
"""Smallest side [px] of a cutout."""


@dataclass(frozen=True)
class GridLayout:
    """Squares in rows below `top`, from `left`; each row has `caption` px for the text under the squares.

    With a `split`, the squares from that index on begin a new row below a divider of `divider` px.
    """

    count: int
    columns: int
    size: int
    gap: int = 12
    left: int = 12
    top: int = 4
    caption: int = 30
    split: int = 0
    divider: int = 0

    @property
    def pitch(self) -> int:
        """From the top of a row to the top of the next [px]."""
        return self.size + self.caption

    @property
    def rows_before(self) -> int:
        """Rows above the divider."""
        return -(-self.split // self.columns)

    @property
    def rows(self) -> int:
        return self.rows_before + -(-(self.count - self.split) // self.columns)

    @property
    def height(self) -> int:
        return self.top + self.rows * self.pitch + self._shift(self.rows_before)

    def place(self, index: int) -> tuple[int, int]:
        """(row, column) of a square."""
        if index < self.split:
            return divmod(index, self.columns)
        row, column = divmod(index - self.split, self.columns)
        return row + self.rows_before, column

    def index(self, row: int, column: int) -> int:
        """The square in a row and column; past the end of a short row its last; −1 outside."""
        if not 0 <= row < self.rows:
            return -1
        if row < self.rows_before:
            return min(row * self.columns + column, self.split - 1)
        return min(self.split + (row - self.rows_before) * self.columns + column, self.count - 1)

    def rect(self, index: int, scrolled: int = 0) -> QRect:
        """A square, in content px; in px of a view scrolled so far, which a list of any length has room in."""
        row, column = self.place(index)
        top = self._row_top(row) - scrolled
        return QRect(self.left + column * (self.size + self.gap), top, self.size, self.size)

    def row_top(self, index: int) -> int:
        """Where the row of a square begins, in content px."""
        return self._row_top(self.place(index)[0])

    def divider_rect(self, scrolled: int = 0) -> QRect:
        """The divider, as wide as a row; empty without one. Px as those of `rect`."""
        if not self.divider or not 0 < self.split < self.count:
            return QRect()
        top = self.top + self.rows_before * self.pitch - scrolled
        across = self.columns * (self.size + self.gap) - self.gap
        return QRect(self.left, top, across, self.divider)

    def at(self, x: float, y: float) -> int:
        """The square whose picture or caption is at (x, y), content px; −1 between squares."""
        column, across = divmod(int(x) - self.left, self.size + self.gap)
        row = self._row_at(int(y))
        if not 0 <= column < self.columns or across >= self.size or not 0 <= row < self.rows:
            return -1
        below = int(y) - self._row_top(row)
        index = self.index(row, column)
        return index if 0 <= below < self.pitch and self.place(index) == (row, column) else -1

    def visible(self, top: int, bottom: int) -> range:
        """The squares that touch the content between two heights."""
        first = max(self._row_at(top), 0)
        last = min(self._row_at(bottom), self.rows - 1)
        if not self.count or last < first:
            return range(0)
        return range(max(self.index(first, 0), 0), self.index(last, self.columns - 1) + 1)

    def moved(self, index: int, rows: int) -> int:
        """The square so many rows below, in the same column; the first or last row at the ends."""
        row, column = self.place(index)
        return self.index(min(max(row + rows, 0), self.rows - 1), column)

    def _shift(self, row: int) -> int:
        return self.divider if 0 < self.rows_before <= row and self.split < self.count else 0

    def _row_top(self, row: int) -> int:
        return self.top + row * self.pitch + self._shift(row)

    def _row_at(self, y: int) -> int:
        row = (y - self.top) // self.pitch
        if self._shift(row):
            row = max((y - self.top - self.divider) // self.pitch, self.rows_before - 1)
        return row


def fit(
    count: int,
    width: int,
    zoom: int = 0,
    *,
    columns: int = 0,
    left: int = 12,
    gap: int = 12,
    caption: int = 30,
    top: int = 4,
    split: int = 0,
    divider: int = 0,
) -> GridLayout:
    """The layout of `count` cutouts in a view `width` px wide.

    Without `columns` their number follows the width (design: 3, 4, 6); `zoom` takes that many away.
    """
    most = max(1, (width - 2 * left + gap) // (LEAST_SIZE + gap))
    wanted = columns or columns_for(width)
    chosen = min(max(wanted - zoom, 1), most)
    size = max((width - left - min(left, 10) - (chosen - 1) * gap) // chosen, 1)
    return GridLayout(count, chosen, size, gap, left, top, caption, split, divider)


def columns_for(width: int) -> int:
    """Columns of a list this wide, its scroll bar (up to 16 px) not counted."""
    return next((columns for least, columns in WIDTHS if width + 16 >= least), 3)
