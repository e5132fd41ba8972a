"""Reading a region of one image plane without reading the file."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.remote import RemoteFile, is_remote

Step = int | tuple[int, int]
"""Every n-th pixel: one number for both axes, or (rows, columns)."""
ANNOUNCED_ROWS = 256
OUTSIDE_BITS = -1
"""Mask value outside the image and at BLANK pixels: every bit set."""


@dataclass(frozen=True)
class Scaling:
    """Stored value → physical value: `stored × scale + zero`; `blank` marks missing integers."""

    scale: float = 1.0
    zero: float = 0.0
    blank: int | None = None

    @classmethod
    def of(cls, header: fits.Header) -> Scaling:
        """Read BSCALE, BZERO and, for integers, BLANK (ZBLANK when compressed)."""
        blank = header.get("BLANK", header.get("ZBLANK")) if int(header["BITPIX"]) > 0 else None
        return cls(
            float(header.get("BSCALE", 1.0)),
            float(header.get("BZERO", 0.0)),
            int(blank) if isinstance(blank, int) else None,
        )

    def physical(self, stored: NDArray[Any]) -> NDArray[np.float32]:
        """Native float32; BLANK, infinite and overflowing values are NaN."""
        # float32 holds 16-bit integers exactly; wider ones are scaled in double precision.
        wide = np.float32 if stored.dtype.kind == "f" or stored.dtype.itemsize <= 2 else np.float64
        values: NDArray[Any] = stored.astype(np.float64 if stored.dtype.itemsize == 8 else wide)
        if self.scale != 1.0 or self.zero != 0.0:
            values = values * self.scale + self.zero
        with np.errstate(over="ignore"):
            result = values.astype(np.float32, copy=False)
        if self.blank is not None:
            np.copyto(result, np.float32(np.nan), where=stored == self.blank)
        if stored.dtype.kind == "f" and not all_finite(result):
            np.copyto(result, np.float32(np.nan), where=np.isinf(result))
        return result

    def flagged(self, stored: NDArray[Any], bits: int) -> NDArray[np.bool_]:
        """Where a mask has one of `bits` set (0: any), BLANK and NaN included; integers at their own width."""
        size = 8 * stored.dtype.itemsize
        whole = stored.dtype.kind in "iu" and self.scale == 1.0 and 0 <= bits < 1 << size
        if not whole or self.zero not in (0, 1 << (size - 1)):
            values = self.bits(stored)
            return np.asarray((values & bits if bits else values) != 0)
        # A zero point of half the range, for unsigned integers, is the highest bit turned over.
        unsigned = stored.view(np.dtype(f"{stored.dtype.byteorder}u{size // 8}"))
        if self.zero:
            unsigned = unsigned ^ unsigned.dtype.type(1 << (size - 1))
        flagged = np.asarray((unsigned & unsigned.dtype.type(bits) if bits else unsigned) != 0)
        return flagged if self.blank is None else flagged | (stored == self.blank)

    def bits(self, stored: NDArray[Any]) -> NDArray[np.int64]:
        """Native int64 mask values; BLANK and NaN become OUTSIDE_BITS."""
        if stored.dtype.kind == "f" or self.scale != 1.0 or self.zero != int(self.zero):
            values = stored.astype(np.float64) * self.scale + self.zero
            missing = ~np.isfinite(values)
            # Fractions count as set, so that a resampled 0-to-1 mask keeps its rims.
            result = np.ceil(np.abs(np.where(missing, 0.0, values))).astype(np.int64)
        else:
            missing = np.zeros(stored.shape, bool)
            result = stored.astype(np.int64) + int(self.zero)
        if self.blank is not None:
            missing |= stored == self.blank
        result[missing] = OUTSIDE_BITS
        return result


def all_finite(values: NDArray[np.float32]) -> bool:
    """Whether a sum shows every value to be finite: quick, and at worst False for huge values."""
    with np.errstate(all="ignore"):
        return bool(np.isfinite(values.sum()))


class _Stored(Protocol):
    """The stored numbers of a plane, in file order, not yet scaled. Boxes lie inside the image."""

    @property
    def piece(self) -> tuple[int, int]:
        """(height, width) of what is decoded at once; (1, 1) where pixels can be read one by one."""

    def box(self, x0: int, y0: int, x1: int, y1: int) -> NDArray[Any]: ...

    def sample(self, x0: int, y0: int, x1: int, y1: int, step: tuple[int, int]) -> NDArray[Any]:
        """Every n-th row and column of a box, from its lower left pixel on."""


class PlaneReader:
    """One image plane of a FITS file; safe to read from several threads at once.

    `header` is the header of its HDU, `shape` is (ny, nx).
    Boxes are half-open 0-based pixel ranges (x0, y0, x1, y1) and may reach beyond the image.
    """

    def __init__(self, path: Path, header: fits.Header, shape: tuple[int, int], stored: _Stored) -> None:
        self.path = path
        self.header = header
        self.shape = shape
        self._stored = stored
        self._scaling = Scaling.of(header)

    @property
    def piece(self) -> tuple[int, int]:
        """(height, width) of what is decoded at once; (1, 1) where pixels can be read one by one."""
        return self._stored.piece

    def read(self, x0: int, y0: int, x1: int, y1: int, step: Step = 1) -> NDArray[np.float32]:
        """Float32 (y1 − y0, x1 − x0) in image units; NaN outside the image and at BLANK pixels.

        With `step` (one for both axes, or (rows, columns)) every n-th pixel of the box, and only rows with
        such pixels are read.
        """
        return self._place((x0, y0, x1, y1), step, self._scaling.physical, np.float32(np.nan))

    def read_bits(self, x0: int, y0: int, x1: int, y1: int) -> NDArray[np.int64]:
        """Return mask values, int64 (y1 − y0, x1 − x0); every bit set (−1) outside and at BLANK or NaN."""
        return self._place((x0, y0, x1, y1), 1, self._scaling.bits, np.int64(OUTSIDE_BITS))

    def flagged(self, x0: int, y0: int, x1: int, y1: int, bits: int = 0, step: Step = 1) -> NDArray[np.bool_]:
        """Where a mask has one of `bits` set (0: any): bool; True outside and at BLANK or NaN."""
        return self._place(
            (x0, y0, x1, y1), step, lambda stored: self._scaling.flagged(stored, bits), np.True_
        )

    def rows(self, step: int) -> NDArray[np.float32]:
        """Return every `step`-th row, float32 (ceil(ny / step), nx), reading only those rows if it can."""
        return self.read(0, 0, self.shape[1], self.shape[0], (max(int(step), 1), 1))

    def _place(
        self,
        box: tuple[int, int, int, int],
        step: Step,
        made: Callable[[NDArray[Any]], NDArray[Any]],
        outside: Any,
    ) -> NDArray[Any]:
        """What `made` makes of the stored pixels of a box, `outside` where there are none."""
        x0, y0, x1, y1 = box
        dy, dx = step if isinstance(step, tuple) else (step, step)
        ny, nx = self.shape
        rows, columns = len(range(y0, y1, dy)), len(range(x0, x1, dx))
        # The first pixels of the box, and how many of them, that lie inside the image.
        row, column = (-(-max(-low, 0) // gap) for low, gap in ((y0, dy), (x0, dx)))
        left, bottom, right, top = x0 + column * dx, y0 + row * dy, min(x1, nx), min(y1, ny)
        if left >= right or bottom >= top:
            return np.full((rows, columns), outside)
        inside = (left, bottom, right, top)
        stored = self._stored.box(*inside) if dy == dx == 1 else self._stored.sample(*inside, (dy, dx))
        values = made(stored)
        if values.shape == (rows, columns):
            return values
        result = np.full((rows, columns), outside)
        result[row : row + values.shape[0], column : column + values.shape[1]] = values
        return result


class RawPixels:
    """Uncompressed pixels, read with `pread`: a memory map with a stride would read the whole file."""

    def __init__(self, path: Path, offset: int, dtype: np.dtype[Any], shape: tuple[int, int]) -> None:
        self.path = path
        self.dtype = dtype
        self._offset = offset
        self._ny, self._nx = shape
        self.piece = 1, 1
        self._lock = threading.Lock()
        self._remote = RemoteFile(path) if is_remote(path) else None
        if self._remote is None:
            self._handle = open(path, "rb", buffering=0)  # noqa: SIM115 - closed with the reader
            weakref.finalize(self, self._handle.close)

    def box(self, x0: int, y0: int, x1: int, y1: int) -> NDArray[Any]:
        width, height = x1 - x0, y1 - y0
        # One long read is cheaper than many short ones unless it fetches more than twice the pixels.
        if 2 * width >= self._nx:
            block = self._pread(y0 * self._nx, height * self._nx)
            return block.reshape(height, self._nx)[:, x0:x1]
        return self.sample(x0, y0, x1, y1, (1, 1))

    def sample(self, x0: int, y0: int, x1: int, y1: int, step: tuple[int, int]) -> NDArray[Any]:
        dy, dx = step
        wanted = range(y0, y1, dy)
        # What comes over the network is announced a part at a time: the cache of it is small.
        together = len(wanted) if self._remote is None else ANNOUNCED_ROWS
        result = np.empty((len(wanted), len(range(x0, x1, dx))), self.dtype)
        for row, y in enumerate(wanted):
            if row % together == 0:
                self._announce(wanted[row : row + together], x0, x1 - x0)
            result[row] = self._pread(y * self._nx + x0, x1 - x0)[::dx]
        return result

    def _announce(self, rows: range, x0: int, width: int) -> None:
        """Let the disk fetch pieces of rows side by side, and nothing between them."""
        size = self.dtype.itemsize
        starts = (self._offset + (y * self._nx + x0) * size for y in rows)
        if self._remote is not None:
            self._remote.announce((start, width * size) for start in starts)
        elif hasattr(os, "posix_fadvise"):
            for start in starts:
                os.posix_fadvise(self._handle.fileno(), start, width * size, os.POSIX_FADV_WILLNEED)

    def _pread(self, first: int, count: int) -> NDArray[Any]:
        size = count * self.dtype.itemsize
        start = self._offset + first * self.dtype.itemsize
        parts: list[bytes] = []
        while size > 0:
            # A single read returns at most 2 GiB.
            part = self._read_at(min(size, 1 << 30), start)
            if not part:
                raise AstroTLError(
                    "File changed while reading", f"{self.path} has become shorter. Open it again."
                )
            parts.append(part)
            size -= len(part)
            start += len(part)
        return np.frombuffer(parts[0] if len(parts) == 1 else b"".join(parts), self.dtype)

    def _read_at(self, size: int, start: int) -> bytes:
        if self._remote is not None:
            return self._remote.read_at(start, size)
        try:
            if hasattr(os, "pread"):
                return os.pread(self._handle.fileno(), size, start)
            with self._lock:
                self._handle.seek(start)
                return self._handle.read(size) or b""
        except OSError as problem:
            raise AstroTLError("File cannot be read", f"{self.path}: {problem.strerror}.") from problem
