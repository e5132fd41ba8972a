"""Packed files (.gz, .bz2, .xz): unpacked once into the cache folder, read from there."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
import os
import zlib
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import IO, Any

from platformdirs import user_cache_path

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.files import atomic_write
from astrotl_gui.core.progress import SILENT, Progress

CACHE_BYTES = 20 * 2**30
"""The unpacked copies together take at most this; the least recently used go first."""
CHUNK = 1 << 20
SIGNATURES = ((b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"), (b"\xfd7zXZ\x00", "xz"))


def packing(start: bytes) -> str:
    """Name the packing from the first bytes of a file: "gzip", "bzip2", "xz" or "" (none)."""
    return next((name for signature, name in SIGNATURES if start.startswith(signature)), "")


def unpack_all(paths: Iterable[Path], *, progress: Progress = SILENT) -> None:
    """Unpack what is packed of some files and has no copy yet: ahead of reading them, so that it is seen and can be
    stopped. What cannot be read is left to whoever reads it; raises AstroTLError as `unpacked`."""
    kinds = {path: _packing_of(path) for path in dict.fromkeys(map(Path, paths))}
    waiting = {path: kind for path, kind in kinds.items() if kind and not _copy_of(path).is_file()}
    sizes = {path: path.stat().st_size for path in waiting}
    total, done = sum(sizes.values()), 0
    for path, kind in waiting.items():
        unpacked(path, kind, partial(_tell, progress, done, total, path.name))
        done += sizes[path]


def _tell(progress: Progress, before: int, total: int, name: str, read: int) -> None:
    progress(before + read, total, f"Unpacking {name}")


def _packing_of(path: Path) -> str:
    try:
        with open(path, "rb") as handle:
            return packing(handle.read(8))
    except OSError:
        return ""


def unpacked(path: Path, kind: str, tell: Callable[[int], None] = lambda read: None) -> Path:
    """Return an unpacked copy of `path`, made on the first call and kept in the cache folder.

    The copy is keyed on path, size and time, so a changed file is unpacked again. `tell` hears how many bytes of
    the packed file were read; what it raises ends the unpacking. Raises AstroTLError when the packed file is
    truncated or damaged (the sizes are named), or when the copy cannot be written.
    """
    copy = _copy_of(path)
    if copy.is_file():
        os.utime(copy)
        return copy
    with atomic_write(copy) as temporary:
        _unpack(path, kind, temporary, tell)
    _evict(copy)
    return copy


def _copy_of(path: Path) -> Path:
    """Where the unpacked copy of a file is kept."""
    status = path.stat()
    key = f"{path.resolve()}\0{status.st_size}\0{status.st_mtime_ns}"
    name = f"{hashlib.sha256(key.encode()).hexdigest()[:20]}.fits"
    return user_cache_path("astrotl", appauthor=False) / "unpacked" / name


def _unpack(path: Path, kind: str, target: Path, tell: Callable[[int], None]) -> None:
    openers: dict[str, Callable[..., Any]] = {"gzip": gzip.open, "bzip2": bz2.open, "xz": lzma.open}
    with open(path, "rb") as packed, openers[kind](packed, "rb") as source, open(target, "wb") as sink:
        while block := _next_block(source, path, sink):
            sink.write(block)
            tell(packed.tell())


def _next_block(source: IO[bytes], path: Path, sink: IO[bytes]) -> bytes:
    try:
        return source.read(CHUNK)
    except EOFError as problem:
        raise AstroTLError(
            "File is cut short",
            f"{path} ends after {path.stat().st_size:,} bytes, in the middle of its compressed data "
            f"({sink.tell():,} bytes could be unpacked). Copy or download it again.",
        ) from problem
    except (OSError, zlib.error, lzma.LZMAError) as problem:
        raise AstroTLError(
            "File is damaged",
            f"{path} cannot be unpacked after {sink.tell():,} bytes ({problem}). Copy or download it again.",
        ) from problem


def _evict(keep: Path) -> None:
    """Delete the least recently used copies beyond CACHE_BYTES; open ones stay readable on POSIX."""
    copies = sorted(keep.parent.glob("*.fits"), key=lambda copy: copy.stat().st_mtime, reverse=True)
    total = 0
    for copy in copies:
        total += copy.stat().st_size
        if total > CACHE_BYTES and copy != keep:
            copy.unlink(missing_ok=True)
