"""Tile-compressed images (fpack): what is touched is decoded, what was decoded lately is kept.

FITS calls the pieces that are compressed one by one tiles; here they are pieces, for tiles are what is shown.
"""

from __future__ import annotations

import itertools
import threading
import weakref
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.remote import RemoteFile, RemoteStream, is_remote

Pixels = NDArray[Any]
Piece = tuple[int, int, int]
"""(number of the image, row and column of pieces)"""

CACHE_BYTES = 128 * 2**20
"""Decoded pieces of all images together take at most this, or one piece that is larger by itself."""
STREAMED_BYTES = 8 * 2**20
"""A larger box that fills the pieces it touches is somebody's pass through the image: nothing of it is kept."""

# astropy decodes without Python's lock, but HCOMPRESS keeps its place in the stream in a global variable: two
# threads at once get each other's pixels (astropy 8.0.2).
_HCOMPRESS = threading.Lock()


class DecodedPieces:
    """The pieces decoded last, of all images, up to a number of bytes. Safe to use from several threads."""

    def __init__(self) -> None:
        self._pieces: OrderedDict[Piece, Pixels] = OrderedDict()
        self._bytes = 0
        # Reentrant: an image may be collected, and so dropped, in the middle of a put by the same thread.
        self._lock = threading.RLock()

    def get(self, key: Piece) -> Pixels | None:
        with self._lock:
            found = self._pieces.get(key)
            if found is not None:
                self._pieces.move_to_end(key)
            return found

    def put(self, key: Piece, pixels: Pixels) -> None:
        with self._lock:
            if key in self._pieces:
                return
            self._pieces[key] = pixels
            self._bytes += pixels.nbytes
            while self._bytes > CACHE_BYTES and len(self._pieces) > 1:
                self._bytes -= self._pieces.popitem(last=False)[1].nbytes

    def drop(self, image: int) -> None:
        """Forget an image that was closed."""
        with self._lock:
            for key in [key for key in self._pieces if key[0] == image]:
                self._bytes -= self._pieces.pop(key).nbytes


DECODED = DecodedPieces()
_numbers = itertools.count()


class CompressedPixels:
    """The stored numbers of a tile-compressed image; several threads decode side by side, but for HCOMPRESS.

    `piece` is the (height, width) of what is decoded at once.
    """

    def __init__(self, path: Path, hdu: int, index: tuple[int, ...]) -> None:
        self.path = path
        self._number = next(_numbers)
        self._index = index
        self._hdu_number = hdu
        self._remote = RemoteFile(path) if is_remote(path) else None
        self._idle: list[fits.HDUList] = []
        self._idle_lock = threading.Lock()
        weakref.finalize(self, _close, self._idle, self._number)
        with self._opened() as image:
            self._ny, self._nx = image.shape[-2:]
            height, width = (max(int(n), 1) for n in image.tile_shape[-2:])
            slow = str(image.compression_type).startswith("HCOMPRESS")
        self.piece = min(height, self._ny), min(width, self._nx)
        self._turn = _HCOMPRESS if slow else nullcontext()

    def box(self, x0: int, y0: int, x1: int, y1: int) -> Pixels:
        """The pixels of a box inside the image."""
        touched = self._pieces(x0, y0, x1, y1)
        if self._streams(x0, y0, x1, y1, len(touched)):
            return self._decode(x0, y0, x1, y1)
        found = {piece: DECODED.get((self._number, *piece)) for piece in touched}
        for part in _boxes([piece for piece, pixels in found.items() if pixels is None]):
            found.update(self._decode_pieces(*part))
        result: Pixels | None = None
        height, width = self.piece
        for (row, column), pixels in found.items():
            assert pixels is not None
            low, left = row * height, column * width
            ya, yb = max(y0, low), min(y1, low + height)
            xa, xb = max(x0, left), min(x1, left + width)
            if result is None:
                result = np.empty((y1 - y0, x1 - x0), pixels.dtype)
            result[ya - y0 : yb - y0, xa - x0 : xb - x0] = pixels[ya - low : yb - low, xa - left : xb - left]
        assert result is not None
        return result

    def sample(self, x0: int, y0: int, x1: int, y1: int, step: tuple[int, int]) -> Pixels:
        """Every n-th row and column of a box; of pieces that hold no such row nothing is decoded."""
        height = self.piece[0]
        parts = []
        for low in range(y0 - y0 % height, y1, height):
            first = y0 + -(-max(low - y0, 0) // step[0]) * step[0]
            high = min(low + height, y1)
            if first < high:
                parts.append(self.box(x0, first, x1, high)[:: step[0], :: step[1]].copy())
        return np.concatenate(parts)

    # --- inside ------------------------------------------------------------------------------------

    def _pieces(self, x0: int, y0: int, x1: int, y1: int) -> list[tuple[int, int]]:
        height, width = self.piece
        rows = range(y0 // height, -(-y1 // height))
        columns = range(x0 // width, -(-x1 // width))
        return [(row, column) for row in rows for column in columns]

    def _streams(self, x0: int, y0: int, x1: int, y1: int, pieces: int) -> bool:
        pixels = (x1 - x0) * (y1 - y0)
        return 4 * pixels > STREAMED_BYTES and 2 * pixels >= pieces * self.piece[0] * self.piece[1]

    def _decode_pieces(
        self, row0: int, column0: int, row1: int, column1: int
    ) -> Iterator[tuple[tuple[int, int], Pixels]]:
        """Decode a rectangle of pieces at once and keep them."""
        height, width = self.piece
        y0, x0 = row0 * height, column0 * width
        block = self._decode(x0, y0, min(column1 * width, self._nx), min(row1 * height, self._ny))
        for row in range(row0, row1):
            for column in range(column0, column1):
                low, left = row * height - y0, column * width - x0
                # A copy: a view would keep the whole block in memory.
                pixels = block[low : low + height, left : left + width].copy()
                DECODED.put((self._number, row, column), pixels)
                yield (row, column), pixels

    def _decode(self, x0: int, y0: int, x1: int, y1: int) -> Pixels:
        with self._turn, self._opened() as image:
            return np.asarray(image.section[(*self._index, slice(y0, y1), slice(x0, x1))])

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        """The HDU, from a file that no other thread uses meanwhile: astropy's seek and read are two steps.

        AstroTLError for whatever is raised while it is read.
        """
        with self._idle_lock:
            file = self._idle.pop() if self._idle else None
        try:
            if file is None:
                source = self.path if self._remote is None else RemoteStream(self._remote)
                file = fits.open(source, do_not_scale_image_data=True)
            yield file[self._hdu_number]
        except (AstroTLError, MemoryError):  # of whoever reads through this, as a lost connection
            raise
        except Exception as problem:  # astropy's decoders raise what they like
            raise AstroTLError(
                "File is damaged",
                f"The compressed image in {self.path} cannot be read ({problem}). Download it again.",
            ) from problem
        finally:
            if file is not None:
                with self._idle_lock:
                    self._idle.append(file)


def _close(files: list[fits.HDUList], number: int) -> None:
    for file in files:
        file.close()
    DECODED.drop(number)


def _boxes(pieces: list[tuple[int, int]]) -> list[tuple[int, int, int, int]]:
    """Rectangles (row0, column0, row1, column1) that hold just these pieces, given row by row."""
    boxes: list[tuple[int, int, int, int]] = []
    for row, group in itertools.groupby(pieces, key=lambda piece: piece[0]):
        columns = [column for _, column in group]
        for run in np.split(columns, np.flatnonzero(np.diff(columns) != 1) + 1):
            left, right = int(run[0]), int(run[-1]) + 1
            if boxes and boxes[-1][1:] == (left, row, right):
                boxes[-1] = (boxes[-1][0], left, row + 1, right)
            else:
                boxes.append((row, left, row + 1, right))
    return boxes
