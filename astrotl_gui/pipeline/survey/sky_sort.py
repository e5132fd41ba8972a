"""Sorting any number of rows by their place on the sky in bounded memory: sorted runs on disk, then merged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.files import cannot_write
from astrotl_gui.pipeline.survey.healpix import COLUMN, ORDER, Pixel, checked_positions, pixels_of, range_of

RUN_ROWS = 500_000
"""Rows that are held and sorted at once."""
GROUP_ROWS = 50_000
"""Rows of a row group: the least that is read back of a run."""
COUNT_ORDER = 9
"""Rows are counted in pixels of 0.11°; none is divided further."""


@dataclass
class SkyRuns:
    """Rows given table by table, kept as sorted Parquet files in `folder`."""

    folder: Path
    name: str
    schema: pa.Schema | None = None
    rows: int = 0
    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(12 * 4**COUNT_ORDER, np.int64))
    _held: list[pa.Table] = field(default_factory=list)
    _held_rows: int = 0
    _files: list[Path] = field(default_factory=list)

    def add(self, table: pa.Table) -> None:
        """Take rows with ra and dec [deg]. Raises AstroTLError for bad positions and other columns."""
        table = table.drop_columns([COLUMN]) if COLUMN in table.column_names else table
        numbers = pixels_of(*checked_positions(table, self.name))
        np.add.at(self.counts, numbers >> (2 * (ORDER - COUNT_ORDER)), 1)
        table = self._alike(table.append_column(COLUMN, pa.array(numbers, pa.int64())))
        self.rows += len(table)
        # Taken in pieces, so that one huge table does not make one huge run.
        for start in range(0, len(table), RUN_ROWS):
            piece = table.slice(start, RUN_ROWS)
            self._held.append(piece)
            self._held_rows += len(piece)
            if self._held_rows >= RUN_ROWS:
                self._spill()

    def finish(self) -> None:
        if self._held:
            self._spill()

    def pixel(self, pixel: Pixel) -> pa.Table:
        """The rows of one pixel, by place."""
        assert self.schema is not None
        low, high = range_of(pixel)
        parts = [part for file in self._files for part in _between(file, low, high)]
        table = pa.concat_tables(parts) if parts else self.schema.empty_table()
        return _sorted(table)

    def _alike(self, table: pa.Table) -> pa.Table:
        if self.schema is None:
            self.schema = table.schema.remove_metadata()
            return table.cast(self.schema)
        if set(table.column_names) != set(self.schema.names):
            other = set(table.column_names) ^ set(self.schema.names)
            raise AstroTLError(
                "Parts have different columns",
                f"{self.name}: {', '.join(sorted(other))} is not in all parts.",
            )
        try:
            return table.select(self.schema.names).cast(self.schema)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as problem:
            raise AstroTLError("Parts have different columns", f"{self.name}: {problem}.") from problem

    def _spill(self) -> None:
        table = _sorted(pa.concat_tables(self._held))
        file = self.folder / f"{len(self._files):06}.parquet"
        try:
            pq.write_table(table, file, row_group_size=GROUP_ROWS)
        except OSError as problem:
            raise cannot_write(file, problem) from problem
        self._files.append(file)
        self._held, self._held_rows = [], 0


def divided(counts: NDArray[np.int64], most: int) -> list[Pixel]:
    """The coarsest pixels that hold at most `most` rows each, in order of place; empty ones left out.

    `counts` is the number of rows in every pixel of one order, which is as fine as pixels become.
    """
    levels = [counts]
    while len(levels[-1]) > 12:
        levels.append(levels[-1].reshape(-1, 4).sum(1))
    levels.reverse()
    return [pixel for number in range(12) for pixel in _divided(levels, 0, number, most)]


def _divided(levels: Sequence[NDArray[np.int64]], order: int, number: int, most: int) -> Iterator[Pixel]:
    rows = levels[order][number]
    if rows and (rows <= most or order == len(levels) - 1):
        yield order, number
    elif rows:
        for child in range(4 * number, 4 * number + 4):
            yield from _divided(levels, order + 1, child, most)


def _sorted(table: pa.Table) -> pa.Table:
    keys = [(COLUMN, "ascending")] + ([("id", "ascending")] if "id" in table.column_names else [])
    return table.sort_by(keys)


def _between(file: Path, low: int, high: int) -> Iterator[pa.Table]:
    """The rows of a sorted run in a range of order-29 pixels, reading only the row groups that touch it."""
    with pq.ParquetFile(file) as run:
        leaf = next(
            k for k in range(run.metadata.num_columns) if run.metadata.schema.column(k).path == COLUMN
        )
        for group in range(run.num_row_groups):
            statistics = run.metadata.row_group(group).column(leaf).statistics
            if statistics.max < low or statistics.min >= high:
                continue
            table = run.read_row_group(group)
            start, stop = np.searchsorted(table[COLUMN].to_numpy(), [low, high])
            if stop > start:
                yield table.slice(start, stop - start)
