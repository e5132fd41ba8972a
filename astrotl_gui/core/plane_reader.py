"""Reading a region of one image plane without reading the file."""

from __future__ import annotations

import os
import threading
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from astrotl_gui.core.errors import AstroTLError

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
            result[stored == self.blank] = np.nan
        if stored.dtype.kind == "f":
            result[np.isinf(result)] = np.nan
        return result

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


class _Stored(Protocol):
    """The stored numbers of a plane, in file order, not yet scaled."""

    def box(self, x0: int, y0: int, x1: int, y1: int) -> NDArray[Any]: ...

    def rows(self, step: int) -> NDArray[Any]: ...


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

    def read(self, x0: int, y0: int, x1: int, y1: int) -> NDArray[np.float32]:
        """Return float32 (y1 − y0, x1 − x0) in image units; NaN outside the image and at BLANK pixels."""
        inside, target = self._clip(x0, y0, x1, y1)
        if inside == (x0, y0, x1, y1):
            return self._scaling.physical(self._stored.box(*inside))
        result = np.full((max(y1 - y0, 0), max(x1 - x0, 0)), np.nan, np.float32)
        if target is not None:
            result[target] = self._scaling.physical(self._stored.box(*inside))
        return result

    def read_bits(self, x0: int, y0: int, x1: int, y1: int) -> NDArray[np.int64]:
        """Return mask values, int64 (y1 − y0, x1 − x0); every bit set (−1) outside and at BLANK or NaN."""
        inside, target = self._clip(x0, y0, x1, y1)
        result = np.full((max(y1 - y0, 0), max(x1 - x0, 0)), OUTSIDE_BITS, np.int64)
        if target is not None:
            result[target] = self._scaling.bits(self._stored.box(*inside))
        return result

    def rows(self, step: int) -> NDArray[np.float32]:
        """Return every `step`-th row, float32 (ceil(ny / step), nx), reading only those rows if it can."""
        return self._scaling.physical(self._stored.rows(max(int(step), 1)))

    def _clip(
        self, x0: int, y0: int, x1: int, y1: int
    ) -> tuple[tuple[int, int, int, int], tuple[slice, slice] | None]:
        ny, nx = self.shape
        inside = (max(x0, 0), max(y0, 0), min(x1, nx), min(y1, ny))
        if inside[0] >= inside[2] or inside[1] >= inside[3]:
            return inside, None
        return inside, (slice(inside[1] - y0, inside[3] - y0), slice(inside[0] - x0, inside[2] - x0))


class RawPixels:
    """Uncompressed pixels, read with `pread`: a memory map with a stride would read the whole file."""

    def __init__(self, path: Path, offset: int, dtype: np.dtype[Any], shape: tuple[int, int]) -> None:
        self.path = path
        self.dtype = dtype
        self._offset = offset
        self._ny, self._nx = shape
        self._handle = open(path, "rb", buffering=0)  # noqa: SIM115 - closed with the reader
        self._lock = threading.Lock()
        weakref.finalize(self, self._handle.close)

    def box(self, x0: int, y0: int, x1: int, y1: int) -> NDArray[Any]:
        width, height = x1 - x0, y1 - y0
        # One long read is cheaper than many short ones unless it fetches more than twice the pixels.
        if 2 * width >= self._nx:
            block = self._pread(y0 * self._nx, height * self._nx)
            return block.reshape(height, self._nx)[:, x0:x1]
        result = np.empty((height, width), self.dtype)
        for row in range(height):
            result[row] = self._pread((y0 + row) * self._nx + x0, width)
        return result

    def rows(self, step: int) -> NDArray[Any]:
        if step == 1:
            return self.box(0, 0, self._nx, self._ny)
        wanted = range(0, self._ny, step)
        result = np.empty((len(wanted), self._nx), self.dtype)
        for row, y in enumerate(wanted):
            result[row] = self._pread(y * self._nx, self._nx)
        return result

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
        try:
            if hasattr(os, "pread"):
                return os.pread(self._handle.fileno(), size, start)
            with self._lock:
                self._handle.seek(start)
                return self._handle.read(size) or b""
        except OSError as problem:
            raise AstroTLError("File cannot be read", f"{self.path}: {problem.strerror}.") from problem


class CompressedPixels:
    """A tile-compressed image (fpack); only the tiles touched are decompressed, one thread at a time."""

    def __init__(self, path: Path, hdu: int, index: tuple[int, ...]) -> None:
        self.path = path
        self._index = index
        self._file = fits.open(path, do_not_scale_image_data=True)
        self._hdu: Any = self._file[hdu]
        self._ny, self._nx = self._hdu.shape[-2:]
        self._lock = threading.Lock()
        weakref.finalize(self, self._file.close)

    def box(self, x0: int, y0: int, x1: int, y1: int) -> NDArray[Any]:
        try:
            with self._lock:
                return np.asarray(self._hdu.section[(*self._index, slice(y0, y1), slice(x0, x1))])
        except (OSError, ValueError, RuntimeError) as problem:
            raise AstroTLError(
                "File is damaged",
                f"The compressed image in {self.path} cannot be read ({problem}). Download it again.",
            ) from problem

    def rows(self, step: int) -> NDArray[Any]:
        # A compressed tile is decoded whole: take all wanted rows of a row of tiles at once.
        height = max(int(self._hdu.tile_shape[-2]), 1)
        parts = []
        for low in range(0, self._ny, height):
            first = -(-low // step) * step
            high = min(low + height, self._ny)
            if first < high:
                parts.append(self.box(0, low, self._nx, high)[first - low :: step])
        return np.concatenate(parts)
