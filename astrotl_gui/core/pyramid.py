"""Means of a band at halving resolutions, kept in the user's cache folder between sessions."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from astrotl_gui.core.files import cannot_write
from astrotl_gui.core.progress import Progress

if TYPE_CHECKING:
    from astrotl_gui.core.mosaic import Mosaic

Array = NDArray[np.float32]
Pyramid = dict[int, Array]
"""Level → means of 2^level × 2^level blocks, memory-mapped."""

FIRST_LEVEL = 2
"""Finer levels are as quick to average from the file."""
CACHE_BYTES = 8 * 2**30
"""All pyramids together take at most this; the least recently used go first."""
STRIPE_ROWS = 256


def block_mean(plane: Array, level: int) -> Array:
    """Mean of the finite pixels of each 2^level × 2^level block, NaN where there are none.

    Blocks at the upper and right edge may be cut: float32 (h, w) gives ⌈h / 2^level⌉ × ⌈w / 2^level⌉.
    """
    total, count = _start(plane)
    for _ in range(level):
        total, count = _halve(total, count)
    return _mean(total, count)


def _start(plane: Array) -> tuple[Array, Array | int]:
    """Sums and numbers of finite pixels; one number stands for all while nothing is missing."""
    finite = np.isfinite(plane)
    if finite.all():
        return plane, 1
    return np.where(finite, plane, np.float32(0)), finite.astype(np.float32)


def _halve(total: Array, count: Array | int) -> tuple[Array, Array | int]:
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
        found = {level: np.load(_file(place, level), mmap_mode="r") for level in range(FIRST_LEVEL, levels)}
        os.utime(place)
    except (OSError, ValueError):
        return None
    return found


def build_pyramid(mosaic: Mosaic, band: str, levels: int, folder: Path, progress: Progress) -> None:
    """Write all levels of a band's pyramid in one pass of stripes; it appears whole or not at all.

    Raises Cancelled from `progress`; AstroTLError when `folder` cannot be written.
    """
    place = folder / _key(mosaic, band)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=".part-", dir=folder))
        try:
            _write(mosaic, band, levels, part, progress)
            if not place.exists():  # another window may have been quicker
                os.replace(part, place)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    except OSError as problem:
        raise cannot_write(place, problem) from problem
    _evict(folder, place)


def _write(mosaic: Mosaic, band: str, levels: int, part: Path, progress: Progress) -> None:
    ny, nx = mosaic.shape
    out = {
        level: open_memmap(_file(part, level), "w+", np.float32, (-(-ny >> level), -(-nx >> level)))
        for level in range(FIRST_LEVEL, levels)
    }
    height = max(STRIPE_ROWS, 1 << (levels - 1))
    for y in range(0, ny, height):
        progress(y, ny, band)
        total, count = _start(mosaic.read(band, (0, y, nx, min(y + height, ny))))
        for level in range(1, levels):
            total, count = _halve(total, count)
            if level in out:
                row = y >> level
                out[level][row : row + total.shape[0]] = _mean(total, count)
    for means in out.values():
        means.flush()
    progress(ny, ny, band)


def _file(place: Path, level: int) -> Path:
    return place / f"level-{level}.npy"


def _key(mosaic: Mosaic, band: str) -> str:
    """Names what the pyramid was made from: the band's image, and the grid it was read on."""
    digest = hashlib.sha256()
    for image in (mosaic.band(band).spec.image, mosaic.reference.spec.image):
        status = image.path.stat()
        digest.update(f"{image.path.resolve()}\0{image}\0{status.st_size}\0{status.st_mtime_ns}\0".encode())
    return digest.hexdigest()[:24]


def _evict(folder: Path, keep: Path) -> None:
    """Delete the least recently used pyramids beyond CACHE_BYTES."""
    places = [place for place in folder.iterdir() if place.is_dir() and not place.name.startswith(".")]
    total = 0
    for place in sorted(places, key=lambda place: place.stat().st_mtime, reverse=True):
        total += sum(file.stat().st_size for file in place.glob("*.npy"))
        if total > CACHE_BYTES and place != keep:
            shutil.rmtree(place, ignore_errors=True)
