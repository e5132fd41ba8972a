"""What a table says of the stamps: whose id each has, where it lies, how large its pixels are, and the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from astropy.table import Table
from numpy.typing import NDArray

from astrotl_gui.core.catalog import column_names
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.user_catalog import as_text, id_column, numbers, positions, read_tables
from astrotl_gui.pipeline.stamps.collection import Stamps, some

SCALES = ("pixel_scale", "pixscale", "pixelscale", "pixel_size", "arcsec_per_pixel")


@dataclass(frozen=True, eq=False)
class Described:
    """Per stamp: `user_id`, `ra`, `dec` [deg], `scale` [arcsec/px] (NaN unknown), and the table's other columns."""

    user_id: NDArray[Any]
    ra: NDArray[np.float64]
    dec: NDArray[np.float64]
    scale: NDArray[np.float64]
    columns: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def describe(stamps: Stamps, ids: Path | None) -> Described:
    """What `ids`, or what came with the stamps, says of each of them; what the stamps' own headers say fills gaps.

    Raises AstroTLError when the table cannot be read, no row belongs to a stamp, or two belong to one.
    """
    if ids is not None:
        table, name = next(iter(read_tables(ids))), ids.name
        rows, key = _matched(stamps, table, name)
    elif stamps.table is not None:
        table, name = stamps.table, "the file"
        rows, key = np.arange(len(stamps)), id_column(stamps.table) or ""
    else:
        return Described(short_names(stamps.names), stamps.ra, stamps.dec, stamps.scale)
    return _joined(stamps, table, rows, key, name)


def _matched(stamps: Stamps, table: Table, file: str) -> tuple[NDArray[np.int64], str]:
    """The row of each stamp (−1: none) and the column that names the stamps.

    It is the column in which most values are names of stamps, with or without folder and ending. Stamps of an array
    have no names: their table has as many rows, in their order.
    """
    if stamps.numbered:
        if len(table) != len(stamps):
            raise AstroTLError(
                "Not a row for each stamp", f"{file} has {len(table):,} rows for {len(stamps):,} stamps."
            )
        return np.arange(len(stamps)), id_column(table) or ""
    known = _known(stamps.names)
    counts = {
        name: sum(_stamp(text, known) >= 0 for text in as_text(table[name]))
        for name in table.colnames
        if table[name].ndim == 1 and table[name].dtype.kind in "SUOi"
    }
    key = max(counts, key=lambda name: counts[name], default="")
    if not counts.get(key):
        raise AstroTLError(
            "No row belongs to a stamp",
            f"No column of {file} ({', '.join(table.colnames[:12])}) names stamps, such as {stamps.names[0]}.",
        )
    rows = np.full(len(stamps), -1, np.int64)
    for row, text in enumerate(as_text(table[key])):
        number = _stamp(text, known)
        if number >= 0 and rows[number] >= 0:
            raise AstroTLError(
                "Two rows for one stamp",
                f"{file} has {text} twice, in rows {rows[number] + 1} and {row + 1}.",
            )
        if number >= 0:
            rows[number] = row
    return rows, key


def _forms(name: str) -> list[str]:
    """What a table may call a stamp: "a/007.png", "a/007", "007.png", "007", "7"; the surest first."""
    path = PurePosixPath(name)
    bare = path.with_suffix("") if path.suffix else path
    number = str(int(bare.name)) if bare.name.isdecimal() else bare.name
    return [name, str(bare), path.name, bare.name, number]


def _known(names: Sequence[str]) -> dict[str, int]:
    """The stamp of each form; −1 for one that several stamps share."""
    known: dict[str, int] = {}
    for forms in zip(*map(_forms, names), strict=True):
        ranked: dict[str, int] = {}
        for number, form in enumerate(forms):
            ranked[form] = -1 if form in ranked else number
        known = ranked | known
    return known


def _stamp(text: str, known: Mapping[str, int]) -> int:
    if not text:
        return -1
    return next((known[form] for form in _forms(text.replace("\\", "/")) if form in known), -1)


def _joined(stamps: Stamps, table: Table, rows: NDArray[np.int64], key: str, file: str) -> Described:
    has = rows >= 0
    names = short_names(stamps.names)
    chosen = id_column(table) or key
    user_id = as_text(table[chosen])[rows] if chosen else names
    user_id = np.where(has & (user_id != ""), user_id, names).astype(object)
    found = positions(table)
    places = {}
    for axis in ("ra", "dec"):
        own = getattr(stamps, axis)
        given = found[axis][rows] if found is not None else own
        places[axis] = np.where(has & np.isfinite(given), given, own)
    scale = stamps.scale
    column = next((name for name in table.colnames if name.strip().lower() in SCALES), None)
    if column is not None:
        given = numbers(table[column])[rows]
        scale = np.where(has & (given > 0), given, scale)
    return Described(
        user_id,
        places["ra"] % 360,
        places["dec"],
        scale,
        _others(table, rows, {chosen.lower(), "ra", "dec"}, stamps),
        (*_unmatched(stamps, table, rows, key, file), *_repeated(user_id)),
    )


def _others(table: Table, rows: NDArray[np.int64], used: set[str], stamps: Stamps) -> dict[str, NDArray[Any]]:
    """The other columns by row; one that is called like a column of ours gets "user_" before its name."""
    bands = [channel.name for channel in stamps.channels]
    ours = {name.lower() for name in (*column_names(bands), "user_id", "stamp")}
    columns = {}
    for name in table.colnames:
        column = table[name]
        if name.lower() in used or column.ndim != 1 or column.dtype.kind not in "biufSUO":
            continue
        if column.dtype.kind in "SUO":
            values = np.where(rows >= 0, as_text(column)[rows], "")
        elif column.dtype.kind in "bi" and (rows >= 0).all() and not np.ma.is_masked(column):
            values = np.asarray(column)[rows]
        else:
            values = np.where(rows >= 0, numbers(column)[rows], np.nan)
        columns[f"user_{name}" if name.lower() in ours else name] = values
    return columns


def _unmatched(stamps: Stamps, table: Table, rows: NDArray[np.int64], key: str, file: str) -> Sequence[str]:
    notes = []
    without = [stamps.names[k] for k in np.flatnonzero(rows < 0)]
    if without:
        notes.append(f"{_count(len(without), 'stamp')} without a row in {file}: {some(without)}.")
    over = np.setdiff1d(np.arange(len(table)), rows)
    if len(over):
        texts = list(as_text(table[key])[over])
        notes.append(f"{_count(len(over), 'row')} of {file} without a stamp: {some(texts)}.")
    return notes


def _repeated(ids: NDArray[Any]) -> Sequence[str]:
    values, counts = np.unique(ids.astype(str), return_counts=True)
    twice = list(values[counts > 1])
    return [f"{_count(len(twice), 'id')} given to more than one stamp: {some(twice)}."] if twice else []


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def short_names(names: Sequence[str]) -> NDArray[Any]:
    """Names without folder and ending where that still tells them apart, else without ending."""
    bare = [_forms(name)[1] for name in names]
    short = [_forms(name)[3] for name in names]
    return np.array(short if len(set(short)) == len(short) else bare, dtype=object)
