"""FITS images written piece by piece: a field is never in memory as a whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from astrotl_gui.pipeline.simulation.canvas import Box

BITPIX = {np.dtype(np.float32): -32, np.dtype(np.uint8): 8}
BLOCK = 2880


class PlaneFile:
    """One image of `shape` (ny, nx) in a FITS file of its own; boxes of pixels can be written from any process."""

    def __init__(self, path: Path, shape: tuple[int, int], dtype: type[np.float32] | type[np.uint8]) -> None:
        self.path, self.shape, self.dtype = path, shape, np.dtype(dtype)

    def create(self, header: fits.Header) -> None:
        """Write the header and make room for the pixels."""
        whole = fits.Header()
        whole["SIMPLE"], whole["BITPIX"], whole["NAXIS"] = True, BITPIX[self.dtype], 2
        whole["NAXIS1"], whole["NAXIS2"] = self.shape[1], self.shape[0]
        whole.extend(header, unique=True)
        text = whole.tostring().encode("ascii")
        size = self.shape[0] * self.shape[1] * self.dtype.itemsize
        with self.path.open("wb") as handle:
            handle.write(text)
            handle.truncate(len(text) + -(-size // BLOCK) * BLOCK)

    def write(self, box: Box, values: NDArray[np.generic]) -> None:
        """Put `values` (h, w) at a box (x0, y0, x1, y1) [px]."""
        x0, y0, _, y1 = box
        stored = np.ascontiguousarray(values, self.dtype.newbyteorder(">"))
        with self.path.open("r+b") as handle:
            start = self._header_size(handle.name)
            for row in range(y1 - y0):
                handle.seek(start + ((y0 + row) * self.shape[1] + x0) * self.dtype.itemsize)
                handle.write(stored[row].tobytes())

    @staticmethod
    def _header_size(name: str) -> int:
        with fits.open(name) as opened:
            return int(opened[0].fileinfo()["datLoc"])
