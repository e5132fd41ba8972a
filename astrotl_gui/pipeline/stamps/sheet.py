"""The sheet: stamps side by side in one FITS image a band, which the rest of AstroTL takes for a mosaic."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.fits import BLOCK
from astrotl_gui.core.mosaic import Mosaic

SOURCES = "sources.parquet"
"""Beside the images: a source for each stamp, as it was when the sheet was made."""
GAP = 4
"""Pixels without a value between cells: resampling and drawing reach over fewer."""
RUN_BYTES = 1 << 26
"""So much of a row of cells is in memory at a time."""
_BITPIX = {"int16": 16, "int32": 32, "float32": -32}


@dataclass(frozen=True)
class Grid:
    """`count` square cells of `side` px in rows as long as the sheet is high; the first is at the top left."""

    count: int
    side: int

    @property
    def columns(self) -> int:
        return math.ceil(math.sqrt(self.count))

    @property
    def rows(self) -> int:
        return -(-self.count // self.columns)

    @property
    def pitch(self) -> int:
        return self.side + GAP

    @property
    def shape(self) -> tuple[int, int]:
        """(ny, nx) of the sheet [px]."""
        return self.rows * self.pitch + GAP, self.columns * self.pitch + GAP

    def corner(self, cell: int) -> tuple[int, int]:
        """(x, y) [0-based px] of the lowest, leftmost pixel of a cell."""
        row, column = divmod(cell, self.columns)
        return GAP + column * self.pitch, GAP + (self.rows - 1 - row) * self.pitch

    def centres(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(x, y) [0-based px] of the middle of every cell."""
        row, column = np.divmod(np.arange(self.count), self.columns)
        half = (self.side - 1) / 2
        x = GAP + column * self.pitch + half
        y = GAP + (self.rows - 1 - row) * self.pitch + half
        return x.astype(np.float64), y.astype(np.float64)

    def runs(self, bytes_a_pixel: int) -> Iterator[range]:
        """The cells, in pieces of rows that fit `RUN_BYTES`."""
        most = max(1, RUN_BYTES // (self.pitch**2 * bytes_a_pixel))
        for start in range(0, self.count, self.columns):
            end = min(start + self.columns, self.count)
            for first in range(start, end, most):
                yield range(first, min(first + most, end))


def blank(dtype: np.dtype[Any]) -> Any:
    """What marks a pixel without a value."""
    return np.nan if dtype.kind == "f" else np.iinfo(dtype).min


class SheetWriter:
    """Writes the images of a sheet into a folder, run by run of cells. Use as a context.

    Raises AstroTLError at once when the disk has no room for all of it.
    """

    def __init__(self, folder: Path, grid: Grid, bands: Sequence[str], dtype: np.dtype[Any]) -> None:
        self.grid, self.dtype = grid, dtype
        self._row = grid.shape[1] * dtype.itemsize
        size = BLOCK + -(-grid.shape[0] * self._row // BLOCK) * BLOCK
        _check_room(folder, size * len(bands))
        folder.mkdir()
        self._open = ExitStack()
        self._files: list[IO[bytes]] = []
        for number, band in enumerate(bands):
            file = self._open.enter_context((folder / file_name(number)).open("wb"))
            file.write(self._header(band))
            file.truncate(size)
            self._files.append(file)
        self._fill_gaps()

    def __enter__(self) -> SheetWriter:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        with self._open:
            for file in self._files if kind is None else ():
                file.flush()
                os.fsync(file.fileno())

    def write(self, cells: range, stamps: NDArray[Any]) -> None:
        """Stamps (N, bands, side, side) into neighbouring cells of one row."""
        side, pitch = self.grid.side, self.grid.pitch
        x, y = self.grid.corner(cells[0])
        line = np.full(
            (stamps.shape[1], side, len(cells), pitch), blank(self.dtype), self.dtype.newbyteorder(">")
        )
        line[..., :side] = np.moveaxis(stamps, 0, 2)
        for file, band in zip(self._files, line, strict=True):
            for row in range(side):
                self._put(file, x, y + row, band[row].tobytes())

    def _fill_gaps(self) -> None:
        """No value between the cells, around them, and in the last row, which may not be full."""
        (ny, nx), pitch = self.grid.shape, self.grid.pitch
        line = np.full(nx, blank(self.dtype), self.dtype.newbyteorder(">"))
        for file in self._files:
            for y in range(ny):
                whole = y % pitch < GAP or y < pitch
                self._put(file, 0, y, line[: nx if whole else GAP].tobytes())

    def _put(self, file: IO[bytes], x: int, y: int, values: bytes) -> None:
        file.seek(BLOCK + y * self._row + x * self.dtype.itemsize)
        file.write(values)

    def _header(self, band: str) -> bytes:
        ny, nx = self.grid.shape
        header = fits.Header()
        header["SIMPLE"] = True
        header["BITPIX"] = _BITPIX[self.dtype.name]
        header["NAXIS"], header["NAXIS1"], header["NAXIS2"] = 2, nx, ny
        if self.dtype.kind == "i":
            header["BLANK"] = (int(blank(self.dtype)), "no value")
        header["FILTER"] = band
        header["CELL"] = (self.grid.side, "[px] side of a stamp's cell")
        header["GAP"] = (GAP, "[px] between cells and around them")
        return header.tostring().encode("ascii")


def sheet_sources(mosaic: Mosaic) -> Catalog:
    """The sources of a mosaic that is a sheet. Raises AstroTLError when their file is missing or damaged."""
    return Catalog.read(mosaic.reference.spec.image.path.parent / SOURCES)


def file_name(number: int) -> str:
    """The file of a band of the sheet: the band's own name may be no file name."""
    return f"band{number + 1}.fits"


def _check_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder.parent).free
    if needed > free:
        raise AstroTLError(
            "The disk is full",
            f"The stamps take {needed / 1e9:,.1f} GB side by side, {folder.parent.parent} has {free / 1e9:,.1f} GB. "
            "Choose another folder or fewer stamps.",
        )
