"""A user's catalog of any size, table by table: Parquet (a file or a folder), FITS, CSV and ECSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from astrotl_gui.core.errors import AstroTLError

ROWS = 100_000
"""Rows of a table at most."""
KINDS = "A HATS catalog, a folder of Parquet files, or one Parquet, FITS, CSV or ECSV file can be read."


def catalog_tables(path: Path, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
    """The rows of a file or of a folder of Parquet files, in tables of at most ROWS rows.

    The kind is told by the first bytes. Raises AstroTLError for what is none of them, cut or without `columns`.
    """
    if path.is_dir():
        files = sorted(file for file in path.rglob("*.parq*") if not file.name.startswith(("_", ".")))
        if not files:
            raise AstroTLError("This is no catalog", f"{path} holds no Parquet file. {KINDS}")
        for file in files:
            yield from parquet_tables(file, columns)
        return
    with open(path, "rb") as handle:
        start = handle.read(4096)
    if not start.strip():
        raise AstroTLError("This catalog is empty", f"{path} holds no data.")
    if start.startswith(b"PAR1"):
        yield from parquet_tables(path, columns)
    elif start.startswith(b"SIMPLE  ="):
        yield from _fits_tables(path, columns)
    elif b"\0" in start or b"<VOTABLE" in start:
        raise AstroTLError("This is no catalog", f"{path.name} is none that can be read in parts. {KINDS}")
    else:
        yield from _text_tables(path, start, columns)


def parquet_tables(file: Path, columns: Sequence[str] | None) -> Iterator[pa.Table]:
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(file) as parquet:
            _check_columns(file, parquet.schema_arrow.names, columns)
            for batch in parquet.iter_batches(ROWS, columns=None if columns is None else list(columns)):
                yield pa.Table.from_batches([batch])
    except (pa.ArrowException, OSError) as problem:
        raise AstroTLError("This catalog cannot be read", f"{file}: {problem}.") from problem


def _fits_tables(path: Path, columns: Sequence[str] | None) -> Iterator[pa.Table]:
    from astropy.io import fits

    try:
        with fits.open(path, memmap=True) as hdus:
            table = next((hdu for hdu in hdus if isinstance(hdu, fits.BinTableHDU)), None)
            if table is None or isinstance(table, fits.CompImageHDU):
                raise AstroTLError("This is no catalog", f"{path.name} holds images, but no table. {KINDS}")
            names = [
                column.name
                for column in table.columns
                if column.format[-1] not in "PQ" and (columns is None or column.name in columns)
            ]
            _check_columns(path, [column.name for column in table.columns], columns)
            for start in range(0, len(table.data), ROWS):
                rows = table.data[start : start + ROWS]
                yield pa.table({name: _arrow(rows[name]) for name in names})
    except (OSError, ValueError, TypeError) as problem:
        raise AstroTLError("This catalog cannot be read", f"{path}: {problem}.") from problem


def _arrow(values: Any) -> pa.Array:
    """One column of a FITS table, in this machine's byte order; vectors become lists."""
    array = np.asarray(values)
    if array.dtype.kind in "SU":
        return pa.array(np.char.strip(array.astype(str)))
    array = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("=")))
    if array.ndim == 1:
        return pa.array(array)
    return pa.FixedSizeListArray.from_arrays(pa.array(array.ravel()), int(np.prod(array.shape[1:])))


def _text_tables(path: Path, start: bytes, columns: Sequence[str] | None) -> Iterator[pa.Table]:
    """CSV and ECSV: comments above the line of names are passed over."""
    from pyarrow import csv

    skip, names = _heading(path)
    ecsv = start.startswith(b"# %ECSV")
    marks = " ,;\t|" if ecsv else ",;\t|"
    delimiter = max(marks, key=names.count)
    if names.count(delimiter) == 0:
        raise AstroTLError("This is no catalog", f"{path.name} has no columns in a row. {KINDS}")
    said = [name.strip().strip('"') for name in names.rstrip("\r\n").split(delimiter)]
    _check_columns(path, said, columns)
    # Whole numbers in the first rows may be followed by fractions: coordinates are always read as such.
    kinds = {name: pa.float64() for name in said if name.lower() in ("ra", "dec")}
    try:
        with csv.open_csv(
            path,
            read_options=csv.ReadOptions(skip_rows=skip + 1, column_names=said, block_size=4 << 20),
            parse_options=csv.ParseOptions(delimiter=delimiter),
            convert_options=csv.ConvertOptions(
                include_columns=list(columns or ()), column_types=kinds, strings_can_be_null=True
            ),
        ) as reader:
            for batch in reader:
                for first in range(0, len(batch), ROWS):
                    yield pa.Table.from_batches([batch.slice(first, ROWS)])
    except (pa.ArrowException, OSError) as problem:
        line = str(problem).splitlines()[0]
        raise AstroTLError("This catalog cannot be read", f"{path}: {line}.") from problem


def _heading(path: Path) -> tuple[int, str]:
    """(lines above it, the line of the names)."""
    with open(path, encoding="utf-8-sig", errors="replace") as handle:
        for number, line in enumerate(handle):
            if line.strip() and not line.startswith("#"):
                return number, line
    raise AstroTLError("This catalog is empty", f"{path} holds only comments.")


def _check_columns(path: Path, there: Sequence[str], wanted: Sequence[str] | None) -> None:
    missing = [name for name in wanted or () if name not in there]
    if missing:
        shown = ", ".join(there[:12]) + (" …" if len(there) > 12 else "")
        raise AstroTLError(
            "No such column", f"{path.name} has no {', '.join(missing)}; its columns are {shown}."
        )
