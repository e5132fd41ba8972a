"""Files of arrays: NumPy, HDF5 and Zarr, read row by row and never whole."""

from __future__ import annotations

import zipfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from astrotl_gui.core.errors import AstroTLError

ENDINGS = (".npz", ".npy", ".h5", ".hdf5", ".hdf", ".zarr")


class ArrayFile(ABC):
    """The arrays of one file, by name: shapes and types, and their rows (along the first axis)."""

    shapes: Mapping[str, tuple[int, ...]]
    dtypes: Mapping[str, np.dtype[Any]]

    @abstractmethod
    def row(self, name: str, index: int) -> NDArray[Any]:
        """One row of an array; fastest in order."""

    @abstractmethod
    def whole(self, name: str) -> NDArray[Any]:
        """All of a short array."""


def open_arrays(path: Path) -> ArrayFile:
    """Open a file of arrays by its ending. Raises AstroTLError when it is missing, damaged or no such file."""
    if not path.exists():
        raise AstroTLError("File not found", f"{path} does not exist. Check the path.")
    kinds: dict[str, Callable[[Path], ArrayFile]] = {".npz": _Npz, ".npy": _Npy, ".zarr": _Zarr}
    try:
        return kinds.get(path.suffix.lower(), _Hdf5)(path)
    except AstroTLError:
        raise
    except Exception as problem:  # each library raises its own many kinds
        raise damaged(path, problem) from problem


def damaged(path: Path, problem: Exception) -> AstroTLError:
    """The message for a file that its library cannot read."""
    reason = (str(problem).strip().splitlines() or [type(problem).__name__])[0][:160].rstrip(".")
    return AstroTLError("This file cannot be read", f"{path}: {reason}. Save or copy it again.")


class _Npz(ArrayFile):
    """Members are unpacked as they are read, so that an array larger than the memory can be. No pickles."""

    def __init__(self, path: Path) -> None:
        self._archive = zipfile.ZipFile(path)
        self._members = {
            entry.filename.removesuffix(".npy"): entry
            for entry in self._archive.infolist()
            if entry.filename.endswith(".npy")
        }
        self.shapes, self.dtypes = {}, {}
        for name, entry in self._members.items():
            with self._archive.open(entry) as stream:
                shape, fortran, dtype = _header(stream)
                size = stream.tell() + int(np.prod(shape, dtype=object)) * dtype.itemsize
            if dtype.hasobject:  # would be unpickled, which runs code
                continue
            if size != entry.file_size or (fortran and len(shape) > 1):
                reason = "is cut short" if size != entry.file_size else "is in Fortran order"
                raise AstroTLError("This array cannot be read", f"{name} in {path} {reason}. Save it again.")
            self.shapes[name], self.dtypes[name] = shape, dtype
        self._reading: tuple[str, int, IO[bytes]] | None = None

    def row(self, name: str, index: int) -> NDArray[Any]:
        shape, dtype = self.shapes[name][1:], self.dtypes[name]
        size = int(np.prod(shape)) * dtype.itemsize
        stream = self._stream(name, index, size)
        self._reading = name, index + 1, stream
        return np.frombuffer(stream.read(size), dtype).reshape(shape)

    def whole(self, name: str) -> NDArray[Any]:
        with self._archive.open(self._members[name]) as stream:
            return npy.read_array(stream, allow_pickle=False)

    def _stream(self, name: str, index: int, size: int) -> IO[bytes]:
        """The stream of an array at one of its rows: the one left open, or a new one that skips what is before."""
        if self._reading is not None and self._reading[:2] == (name, index):
            return self._reading[2]
        stream = self._archive.open(self._members[name])
        _header(stream)
        stream.seek(index * size, 1)
        return stream


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = npy.read_magic(stream)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, fortran, dtype = read(stream)
    return shape, fortran, dtype


class _Sliced(ArrayFile):
    """Arrays that can be sliced where they lie on disk."""

    def __init__(self, path: Path, arrays: Mapping[str, Any]) -> None:
        self._path, self._arrays = path, arrays
        self.shapes = {name: tuple(array.shape) for name, array in arrays.items()}
        self.dtypes = {name: np.dtype(array.dtype) for name, array in arrays.items()}

    def row(self, name: str, index: int) -> NDArray[Any]:
        return np.asarray(self._arrays[name][index])

    def whole(self, name: str) -> NDArray[Any]:
        values = np.asarray(self._arrays[name][:])
        decode = values.dtype == object  # HDF5 keeps text as bytes
        return (
            np.array([v.decode() if isinstance(v, bytes) else str(v) for v in values]) if decode else values
        )


class _Npy(_Sliced):
    def __init__(self, path: Path) -> None:
        super().__init__(path, {path.stem: np.load(path, mmap_mode="r", allow_pickle=False)})


class _Hdf5(_Sliced):
    def __init__(self, path: Path) -> None:
        try:
            import h5py
        except ImportError:
            raise _missing("HDF5", path) from None
        arrays: dict[str, Any] = {}

        def collect(name: str, item: Any) -> None:
            if isinstance(item, h5py.Dataset) and item.shape:
                arrays[name] = item

        h5py.File(path, "r").visititems(collect)
        super().__init__(path, arrays)


class _Zarr(_Sliced):
    def __init__(self, path: Path) -> None:
        try:
            import zarr
        except ImportError:
            raise _missing("Zarr", path) from None
        found = zarr.open(str(path), mode="r")
        if isinstance(found, zarr.Array):
            super().__init__(path, {path.stem: found})
        else:
            members = found.members(max_depth=None)
            super().__init__(path, {name: item for name, item in members if isinstance(item, zarr.Array)})


def _missing(kind: str, path: Path) -> AstroTLError:
    return AstroTLError(
        f"{kind} is not installed", f'{path} needs a library more: pip install "astrotl[stamps]".'
    )
