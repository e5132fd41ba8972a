"""The sources and their columns: an immutable table, one row a source."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import ArrayLike

from astrotl_gui.core.columns import field, to_numpy
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.files import atomic_write
from astrotl_gui.core.matching import match_pixels, match_sky
from astrotl_gui.core.places import Places
from astrotl_gui.core.user_catalog import read_positions

if TYPE_CHECKING:
    from astropy.table import Table

__all__ = ["Catalog", "match_pixels", "match_sky", "read_user_catalog"]

_POSITION = ("id", "ra", "dec", "x", "y")


class Catalog:
    """Immutable wrapper of a pyarrow.Table with at least id (int64), ra, dec [deg, ICRS], x, y [0-based px].

    Columns come back as read-only arrays, made once. Units and descriptions are in the Arrow field metadata.
    """

    def __init__(self, table: pa.Table) -> None:
        missing = [name for name in _POSITION if name not in table.column_names]
        if missing:
            raise AstroTLError("This is no AstroTL catalog", f"Columns missing: {', '.join(missing)}.")
        self.table = table
        self._arrays: dict[str, np.ndarray] = {}
        self._places: Places | None = None

    @classmethod
    def from_columns(
        cls,
        columns: Mapping[str, ArrayLike],
        *,
        fwhm: Mapping[str, float] | None = None,
        units: Mapping[str, str] | None = None,
    ) -> Catalog:
        """A catalog from arrays of one length; `fwhm`: band → PSF width [arcsec]; `units` override the usual."""
        units = units or {}
        arrays = [_to_arrow(name, values) for name, values in columns.items()]
        fields = [
            field(name, array.type, units.get(name, "")) for name, array in zip(columns, arrays, strict=True)
        ]
        metadata = {"fwhm": json.dumps({band: float(width) for band, width in (fwhm or {}).items()})}
        return cls(pa.Table.from_arrays(arrays, schema=pa.schema(fields, metadata=metadata)))

    @classmethod
    def empty(cls, bands: Sequence[str] = ()) -> Catalog:
        """A catalog without sources but with every column, for these bands."""
        return cls.from_columns({name: np.empty(0) for name in column_names(bands)})

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def __contains__(self, name: str) -> bool:
        return name in self.table.column_names

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.table.column_names)

    @property
    def bands(self) -> tuple[str, ...]:
        """The bands with fluxes, in column order."""
        return tuple(name.removeprefix("flux_") for name in self.names if name.startswith("flux_"))

    @property
    def fwhm(self) -> dict[str, float]:
        """PSF width per band [arcsec], as measured at detection; empty when it was not."""
        return dict(json.loads((self.table.schema.metadata or {}).get(b"fwhm", b"{}")))

    def column(self, name: str) -> np.ndarray:
        """Read-only values of one column; KeyError when there is none."""
        if name not in self._arrays:
            self._arrays[name] = to_numpy(self.table.column(name))
        return self._arrays[name]

    @property
    def ids(self) -> np.ndarray:
        return self.column("id")

    @property
    def x(self) -> np.ndarray:
        return self.column("x")

    @property
    def y(self) -> np.ndarray:
        return self.column("y")

    @property
    def ra(self) -> np.ndarray:
        return self.column("ra")

    @property
    def dec(self) -> np.ndarray:
        return self.column("dec")

    @property
    def has_sky(self) -> bool:
        """Whether any source has sky coordinates."""
        return len(self) > 0 and bool(np.isfinite(self.ra[0]) or np.isfinite(self.ra).any())

    def rows_of(self, ids: ArrayLike) -> np.ndarray:
        """The row of each id, −1 for an id this catalog does not have."""
        return self._placed().of(np.atleast_1d(np.asarray(ids, dtype=np.int64)))

    def row_of(self, source: int) -> int:
        """The row of one id, −1 for an id this catalog does not have."""
        return self._placed().of_one(source)

    def _placed(self) -> Places:
        if self._places is None:
            self._places = Places(self.ids)
        return self._places

    def same_sources(self, other: Catalog) -> bool:
        """Whether both have the same sources in the same order; their columns may differ."""
        return self is other or (len(self) == len(other) and np.array_equal(self.ids, other.ids))

    def indexed(self) -> Catalog:
        """The same, with what finds sources by id made now: where it is read, and not when the window first asks."""
        if len(self):
            self.rows_of(self.ids[:1])
        return self

    def row(self, id: int) -> dict[str, Any]:
        """Every value of one source by column name; KeyError when there is no such id."""
        index = int(self.rows_of([id])[0])
        if index < 0:
            raise KeyError(id)
        return dict(self.table.slice(index, 1).to_pylist()[0])

    def take(self, rows: ArrayLike) -> Catalog:
        """The sources at these rows, in this order; a boolean mask selects."""
        index = np.asarray(rows)
        index = np.flatnonzero(index) if index.dtype == bool else index.astype(np.int64)
        return Catalog(self.table.take(pa.array(index)))

    def with_columns(self, **columns: ArrayLike) -> Catalog:
        """The same sources with columns added or replaced."""
        table = self.table
        for name, values in columns.items():
            array = _to_arrow(name, values)
            if name in table.column_names:
                table = table.set_column(table.column_names.index(name), field(name, array.type), array)
            else:
                table = table.append_column(field(name, array.type), array)
        return Catalog(table)

    @classmethod
    def read(cls, path: Path) -> Catalog:
        """Read a catalog that `write` wrote; raises AstroTLError when it is missing or damaged."""
        try:
            with pq.ParquetFile(path, memory_map=False) as file:
                return cls(file.read())
        except FileNotFoundError as problem:
            raise AstroTLError("The catalog is missing", f"{path}. Detect the sources again.") from problem
        except (pa.ArrowException, OSError) as problem:
            raise AstroTLError(
                "The catalog cannot be read", f"{path} is damaged. Labels are safe; detect the sources again."
            ) from problem

    def write(self, path: Path) -> None:
        """Write as Parquet, whole or not at all; raises AstroTLError when it cannot be written."""
        with atomic_write(path) as temporary:
            pq.write_table(self.table, temporary, compression="zstd")

    def to_astropy(self) -> Table:
        """An astropy Table with units and descriptions; the PSF widths are in its meta as "fwhm"."""
        from astropy.table import Column, Table

        table = Table(meta={"fwhm": self.fwhm})
        for entry in self.table.schema:
            values = self.column(entry.name)
            notes = {key.decode(): value.decode() for key, value in (entry.metadata or {}).items()}
            table[entry.name] = Column(
                values.astype(str) if values.dtype == object else values,
                unit=notes.get("unit"),
                description=notes.get("description"),
            )
        return table


def column_names(bands: Sequence[str]) -> tuple[str, ...]:
    """The columns of a detected catalog, in order."""
    measured = [f"{quantity}_{band}" for band in bands for quantity in ("flux", "fluxerr", "mag")]
    shape = ("a", "b", "r50", "theta", "snr", "npix", "flags", "masked_fraction")
    return (*_POSITION, *measured, *shape)


def read_user_catalog(path: Path) -> Catalog:
    """An astronomer's own catalog: id (1…N), ra, dec, x, y (NaN where not given) and user_id (text).

    CSV and other text tables, ECSV, FITS, VOTable and Parquet, told apart by content. Rows without a position
    are left out. Raises AstroTLError: missing or unreadable file, no coordinate columns, no rows.
    """
    return Catalog.from_columns(read_positions(path))


def _to_arrow(name: str, values: ArrayLike) -> pa.Array:
    array = np.asarray(values)
    if name in ("id", "npix", "flags"):
        array = array.astype(np.int64)
    elif name == "user_id" or array.dtype.kind in "OUS":
        return pa.array([str(value) for value in array], type=pa.string())
    elif array.dtype.kind == "f" and array.dtype.itemsize < 8 and name not in _POSITION:
        array = array.astype(np.float32)
    elif array.dtype.kind == "f" or name in _POSITION:
        array = array.astype(np.float64)
    return pa.array(np.ascontiguousarray(array))
