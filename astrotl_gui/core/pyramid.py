"""Means of a band at halving resolutions, kept in the user's cache folder between sessions.

Beside the levels lies `sample.npy`, every n-th pixel of every n-th row: what a band is like is told by single
pixels, and a mosaic opened again need not be read for it. Both together take at most a tenth of the pixels as
float32 (1/16 + 1/64 + … = 1/12, and the sample).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.files import ABANDONED_SECONDS, cannot_write, draft_folder
from astrotl_gui.core.plane_reader import all_finite
from astrotl_gui.core.progress import Progress
from astrotl_gui.core.remote import is_remote, open_bytes

if TYPE_CHECKING:
    from astrotl_gui.core.mosaic import Mosaic

Array = NDArray[np.float32]
Box = tuple[int, int, int, int]
Sums = tuple[Array, Array | int]
"""Sums of finite pixels and their numbers; one number stands for all while nothing is missing."""
Seen = Callable[[int, Array], None]
"""Told the first row and the rows of the sample while the file is read."""

FIRST_LEVEL = 2
"""Finer levels are as quick to average from the file."""
CACHE_BYTES = 8 * 2**30
"""All pyramids together take at most this; the least recently used go first."""
BLOCK_PIXELS = 1 << 22
"""Pixels read at a time; bounds the memory, whatever the size of the mosaic."""
PROBES, PROBE_BYTES = 8, 4096
SAMPLE = "sample.npy"


class Pyramid:
    """An open pyramid: `levels` maps a level to its means, `sample` is the grid of single pixels; on disk."""

    def __init__(self, place: Path, levels: int) -> None:
        self.levels: dict[int, Array] = {
            level: np.load(_file(place, level), mmap_mode="r") for level in range(FIRST_LEVEL, levels)
        }
        self.sample: Array = np.load(place / SAMPLE)

    def read(self, level: int, box: Box) -> Array:
        """Pixels (x0, y0, x1, y1) of a level, NaN outside: float32 (h, w), a copy."""
        means, (x0, y0, x1, y1) = self.levels[level], box
        inside = means[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)]
        if inside.shape == (y1 - y0, x1 - x0):
            return np.array(inside)
        result = np.full((y1 - y0, x1 - x0), np.nan, np.float32)
        row, column = max(-y0, 0), max(-x0, 0)
        result[row : row + inside.shape[0], column : column + inside.shape[1]] = inside
        return result


def block_mean(plane: Array, level: int) -> Array:
    """Mean of the finite pixels of each 2^level × 2^level block, NaN where there are none.

    Blocks at the upper and right edge may be cut: float32 (h, w) gives ⌈h / 2^level⌉ × ⌈w / 2^level⌉.
    """
    total, count = _start(plane)
    for _ in range(level):
        total, count = _halve(total, count)
    return _mean(total, count)


def row_mean(planes: list[Array], level: int) -> Array:
    """Mean of the finite pixels of 2^level columns of a row of each plane, NaN where there are none."""
    totals, counts = [], []
    for plane in planes:
        total, count = _start(
            np.pad(plane, ((0, 0), (0, -plane.shape[1] % (1 << level))), constant_values=np.nan)
        )
        for _ in range(level):
            total = total[:, 0::2] + total[:, 1::2]
            count = 2 * count if isinstance(count, int) else count[:, 0::2] + count[:, 1::2]
        totals.append(total)
        counts.append(count)
    return _mean(sum(totals[1:], totals[0]), sum(counts[1:], counts[0]))


def _start(plane: Array) -> Sums:
    if all_finite(plane):
        return plane, 1
    finite = np.isfinite(plane)
    return np.where(finite, plane, np.float32(0)), finite.astype(np.float32)


def _halve(total: Array, count: Array | int) -> Sums:
    if isinstance(count, int):
        if total.shape[0] % 2 == 0 and total.shape[1] % 2 == 0:
            return _add(total), 4 * count
        count = np.full(total.shape, count, np.float32)
    edges = [(0, n % 2) for n in total.shape]
    return _add(np.pad(total, edges)), _add(np.pad(count, edges))


def _add(values: Array) -> Array:
    rows = values[0::2] + values[1::2]
    return np.asarray(rows[:, 0::2] + rows[:, 1::2])


def _mean(total: Array, count: Array | int) -> Array:
    if isinstance(count, int):
        return total if count == 1 else total / np.float32(count)
    with np.errstate(divide="ignore", invalid="ignore"):
        return total / count


def open_pyramid(mosaic: Mosaic, band: str, levels: int, folder: Path) -> Pyramid | None:
    """The pyramid of a band where it is complete, else None. Marks it as used."""
    place = folder / _key(mosaic, band)
    try:
        found = Pyramid(place, levels)
        os.utime(place)
    except (OSError, ValueError):
        return None
    return found


def build_pyramid(
    mosaic: Mosaic,
    band: str,
    levels: int,
    step: int,
    folder: Path,
    progress: Progress,
    seen: Seen = lambda row, rows: None,
) -> None:
    """Write all levels of a band's pyramid, and its sample, in one pass; it appears whole or not at all.

    They are on the reference grid, or on the band's own where that is another: levels are resampled as
    quickly as pixels, and there are fewer. `step` is that of the sample. Raises Cancelled from `progress`;
    AstroTLError when `folder` cannot be written, the disk is full, or the image changes meanwhile.
    """
    place = folder / (key := _key(mosaic, band))
    draft = draft_folder(place)
    (ny, nx), _, _ = _grid(mosaic, band)
    try:
        needed = 4 * ny * nx // 10
        if shutil.disk_usage(draft).free < needed:
            raise AstroTLError(
                "The disk is full",
                f"Zoom levels of {band} need {needed / 1e9:.1f} GB in {folder}. Free some space; until then "
                "far zooms show single pixels.",
            )
        _write(mosaic, band, levels, step, draft, progress, seen)
        if _key(mosaic, band) != key:
            path = mosaic.band(band).spec.image.path
            raise AstroTLError("File changed while reading", f"{path} was written to. Open it again.")
        if open_pyramid(mosaic, band, levels, folder) is None:  # another window may have been quicker
            shutil.rmtree(place, ignore_errors=True)
            os.replace(draft, place)
    except OSError as problem:
        raise cannot_write(place, problem) from problem
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    _evict(folder, place)


def _write(
    mosaic: Mosaic, band: str, levels: int, step: int, draft: Path, progress: Progress, seen: Seen
) -> None:
    (ny, nx), piece, read = _grid(mosaic, band)
    height, width = _block(piece, (ny, nx), levels)
    stripe_level = height.bit_length() - 1
    sample = np.empty((-(-ny // step), -(-nx // step)), np.float32)
    shapes = {level: (-(-ny >> level), -(-nx >> level)) for level in range(FIRST_LEVEL, levels)}
    files = {level: _Rows(_file(draft, level), shape) for level, shape in shapes.items()}
    try:
        carry = _Carry(files, stripe_level, levels - 1)
        for y in range(0, ny, height):
            first = -(-y // step)
            blocks: list[dict[int, Sums]] = []
            for x in range(0, nx, width):
                progress(y + height * x / nx, ny, band)
                plane = read((x, y, min(x + width, nx), min(y + height, ny)))
                picked = plane[first * step - y :: step, -x % step :: step]
                column = -(-x // step)
                sample[first : first + len(picked), column : column + picked.shape[1]] = picked
                blocks.append(_sums(plane, stripe_level))
            seen(first, sample[first : -(-min(y + height, ny) // step)])
            for level in range(FIRST_LEVEL, stripe_level):
                files[level].write(np.hstack([_mean(*block[level]) for block in blocks]))
            carry.push(stripe_level, _together(np.hstack, [block[stripe_level] for block in blocks]))
        carry.finish()
    finally:
        for file in files.values():
            file.close()
    np.save(draft / SAMPLE, sample)
    progress(ny, ny, band)


def _grid(mosaic: Mosaic, band: str) -> tuple[tuple[int, int], tuple[int, int], Callable[[Box], Array]]:
    """Shape, piece and pixels of the grid that a band's pyramid is on."""
    if mosaic.resampled(band):
        own = mosaic.band(band)
        return own.shape, own.piece, own.read
    return mosaic.shape, mosaic.piece(band), lambda box: mosaic.read(band, box)


def _block(piece: tuple[int, int], shape: tuple[int, int], levels: int) -> tuple[int, int]:
    """(height, width) of what is read at a time: whole rows, large squares where squares are decoded.

    The height is a power of two, and so is the width unless it is that of the mosaic.
    """
    most = 1 << (levels - 1)
    if piece[1] == 1 or piece[1] >= shape[1]:
        rows = max(BLOCK_PIXELS // shape[1], 1 << FIRST_LEVEL)
        return min(1 << (rows.bit_length() - 1), most), shape[1]
    side = min(1 << (BLOCK_PIXELS.bit_length() // 2), most)
    return side, side


def _sums(plane: Array, top: int) -> dict[int, Sums]:
    """Sums of blocks at the levels that are kept, up to `top`."""
    sums = _start(plane)
    kept = {}
    for level in range(1, top + 1):
        sums = _halve(*sums)
        if level >= FIRST_LEVEL:
            kept[level] = sums
    return kept


class _Carry:
    """Adds up rows of sums, two at a time, to levels that are coarser than a stripe."""

    def __init__(self, files: dict[int, _Rows], first: int, last: int) -> None:
        self._files = files
        self._first = first
        self._last = last
        self._waiting: dict[int, Sums] = {}

    def push(self, level: int, row: Sums) -> None:
        """Take one row of a level."""
        self._files[level].write(_mean(*row))
        if level == self._last:
            return
        lower = self._waiting.pop(level, None)
        if lower is None:
            self._waiting[level] = row
        else:
            self.push(level + 1, _halve(*_together(np.vstack, [lower, row])))

    def finish(self) -> None:
        """Pass on the rows that are left without a partner."""
        for level in range(self._first, self._last):
            if level in self._waiting:
                self.push(level + 1, _halve(*self._waiting.pop(level)))


def _together(stack: Callable[[list[Array]], Array], parts: list[Sums]) -> Sums:
    """Sums side by side or on each other, with one number for all where it is the same."""
    total = stack([total for total, _ in parts])
    numbers = [count for _, count in parts if isinstance(count, int)]
    if len(numbers) == len(parts) and len(set(numbers)) == 1:
        return total, numbers[0]
    return total, stack([np.full(total.shape, count, np.float32) for total, count in parts])


class _Rows:
    """A .npy file written row by row: a memory map would kill the program when the disk is full."""

    def __init__(self, path: Path, shape: tuple[int, int]) -> None:
        self._file: IO[bytes] = open(path, "wb")  # noqa: SIM115 - closed by `close`
        npy.write_array_header_1_0(self._file, {"descr": "<f4", "fortran_order": False, "shape": shape})

    def write(self, rows: Array) -> None:
        self._file.write(np.ascontiguousarray(rows, "<f4").data)

    def close(self) -> None:
        """Have everything on the disk: a pyramid of zeros after a power cut would be believed."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()


def _file(place: Path, level: int) -> Path:
    return place / f"level-{level}.npy"


def _key(mosaic: Mosaic, band: str) -> str:
    """Names what the pyramid was made from: the band's image, and the grid it was read on.

    A few bytes of the file are part of it, for a file may be written again within a tick of its clock.
    """
    digest = hashlib.sha256(f"{FIRST_LEVEL}\0{SAMPLE}\0".encode())
    for image in (mosaic.band(band).spec.image, mosaic.reference.spec.image):
        with open_bytes(image.path) as file:
            if is_remote(image.path):
                size = file.seek(0, os.SEEK_END)
                digest.update(f"{image}\0{size}\0".encode())
            else:
                status = os.fstat(file.fileno())
                size = status.st_size
                digest.update(f"{image.path.resolve()}\0{image}\0{size}\0{status.st_mtime_ns}\0".encode())
            for probe in range(PROBES):
                file.seek(max(size - PROBE_BYTES, 0) * probe // (PROBES - 1))
                digest.update(file.read(PROBE_BYTES))
    return digest.hexdigest()[:24]


def _evict(folder: Path, keep: Path) -> None:
    """Delete the least recently used pyramids beyond CACHE_BYTES, and drafts of processes that were killed."""
    for draft in folder.glob(".*.part"):
        if time.time() - draft.stat().st_mtime > ABANDONED_SECONDS:
            shutil.rmtree(draft, ignore_errors=True)
    places = [place for place in folder.iterdir() if place.is_dir() and not place.name.startswith(".")]
    total = 0
    for place in sorted(places, key=lambda place: place.stat().st_mtime, reverse=True):
        total += sum(file.stat().st_size for file in place.glob("*.npy"))
        if total > CACHE_BYTES and place != keep:
            shutil.rmtree(place, ignore_errors=True)
