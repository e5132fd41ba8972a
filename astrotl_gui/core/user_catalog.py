"""Positions from an astronomer's own catalog, whatever its format and column names."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from astrotl_gui.core.errors import AstroTLError

if TYPE_CHECKING:
    from astropy.table import Table

_SKY = (
    ("ra", "dec"),
    ("ra_icrs", "de_icrs"),
    ("ra_icrs", "dec_icrs"),
    ("raj2000", "dej2000"),
    ("_raj2000", "_dej2000"),
    ("raj2000", "decj2000"),
    ("alpha_j2000", "delta_j2000"),
    ("alphawin_j2000", "deltawin_j2000"),
    ("alpha_sky", "delta_sky"),
    ("ra_deg", "dec_deg"),
    ("radeg", "dedeg"),
    ("radeg", "decdeg"),
    ("ramean", "decmean"),
    ("ra_j2000", "dec_j2000"),
    ("right_ascension", "declination"),
    ("rightascension", "declination"),
    ("alpha", "delta"),
    ("s_ra", "s_dec"),
)
# The last number is what turns the convention into 0-based pixels.
_PIXELS = (
    ("x", "y", 0.0),
    ("xcentroid", "ycentroid", 0.0),
    ("x_image", "y_image", -1.0),
    ("xwin_image", "ywin_image", -1.0),
)
_IDS = (
    "user_id",
    "id",
    "ids",
    "source_id",
    "objid",
    "object_id",
    "objectid",
    "objno",
    "number",
    "name",
    "designation",
)
_RIGHT_ASCENSION = re.compile(r"^\s*\d{1,2}[\s:h]")


def read_positions(path: Path) -> dict[str, np.ndarray]:
    """Columns id (1…N), ra, dec [deg], x, y [0-based px] and user_id of a catalog file.

    What a row lacks is NaN; of one that has both, x, y may be those of another image. Raises AstroTLError as
    `astrotl_gui.core.catalog.read_user_catalog` says.
    """
    path = Path(path)
    columns: list[str] = []
    for table in read_tables(path):
        found = positions(table)
        if found is not None:
            return _finish(found, path)
        columns += table.colnames
    shown = ", ".join(columns[:12]) + (" …" if len(columns) > 12 else "")
    raise AstroTLError(
        "No coordinates in this catalog",
        f"{path.name} has the columns {shown or 'none'}. Name two of them ra and dec [deg], or x and y [px].",
    )


def read_tables(path: Path) -> Iterator[Table]:
    """The tables of a file (a FITS file may hold several), told by its first bytes rather than its name.

    Raises AstroTLError when it is missing, empty or cannot be read.
    """
    if not path.is_file():
        raise AstroTLError("This catalog is missing", f"{path} does not exist or is not a file.")
    with open(path, "rb") as handle:
        head = handle.read(4096)
    if not head.strip():
        raise AstroTLError("This catalog is empty", f"{path} holds no data.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield from _read(path, head)
    except AstroTLError:
        raise
    except Exception as problem:  # the readers raise whatever their parser raises
        reason = (
            str(problem).strip().splitlines()[0][:160] if str(problem).strip() else type(problem).__name__
        )
        raise AstroTLError(
            "This catalog cannot be read",
            f"{path.name}: {reason}. CSV, ECSV, FITS, VOTable and Parquet are understood.",
        ) from problem


def _read(path: Path, head: bytes) -> Iterator[Table]:
    from astropy.io import fits
    from astropy.table import Table

    if head.startswith(b"SIMPLE  ="):
        with fits.open(path) as hdus:
            for index, hdu in enumerate(hdus):
                if isinstance(hdu, (fits.BinTableHDU, fits.TableHDU)) and not isinstance(
                    hdu, fits.CompImageHDU
                ):
                    yield Table.read(hdus, hdu=index)
    elif head.startswith(b"PAR1"):
        import pyarrow.parquet as pq

        frame = pq.read_table(path)
        flat = [name for name in frame.column_names if not _is_nested(frame.schema.field(name).type)]
        yield Table({name: _plain(frame.column(name).to_numpy()) for name in flat})
    elif b"<VOTABLE" in head:
        yield Table.read(path, format="votable", use_names_over_ids=True)
    elif head.startswith(b"# %ECSV"):
        yield Table.read(path, format="ascii.ecsv")
    else:
        yield _read_text(path, head)


def _is_nested(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_nested(kind))


def _plain(values: np.ndarray) -> np.ndarray:
    return values.astype(str) if values.dtype == object else values


def _read_text(path: Path, head: bytes) -> Table:
    """CSV and its cousins: the delimiter is the commonest one of the first line that is no comment."""
    from astropy.table import Table

    if b"\0" in head:
        raise AstroTLError(
            "This catalog cannot be read", f"{path.name} is binary, but neither FITS, VOTable nor Parquet."
        )
    lines = head.decode("utf-8-sig", errors="replace").splitlines()
    first = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    delimiter = max(",;\t|", key=first.count)
    if first.count(delimiter) == 0:
        return Table.read(path, format="ascii", fast_reader=False)
    return Table.read(path, format="ascii.csv", delimiter=delimiter, comment="#", encoding="utf-8-sig")


def positions(table: Table) -> dict[str, np.ndarray] | None:
    """Columns ra, dec [deg], x, y [0-based px] and user_id of a table; None when it has no positions."""
    names: dict[str, str] = {}
    for name in table.colnames:
        names.setdefault(name.strip().lower(), name)
    pair = _pair_by_name(names) or _pair_by_ucd(table)
    pixels = next((row for row in _PIXELS if row[0] in names and row[1] in names), None)
    if pair is None and pixels is None:
        return None
    columns = {axis: np.full(len(table), np.nan) for axis in ("ra", "dec", "x", "y")}
    if pair is not None:
        columns["ra"] = _degrees(table[pair[0]], hours=True)
        columns["dec"] = _degrees(table[pair[1]], hours=False)
    if pixels is not None:
        columns["x"], columns["y"] = (numbers(table[names[name]]) + pixels[2] for name in pixels[:2])
    columns["user_id"] = user_ids(table)
    return columns


def known_columns(names: Iterable[str]) -> tuple[tuple[str, str] | None, str | None]:
    """Which of some columns are RA and Dec, and which the identifier, by their names alone."""
    there = {name.strip().lower(): name for name in reversed(list(names))}
    return _pair_by_name(there), next((there[key] for key in _IDS if key in there), None)


def position_columns(table: Table) -> set[str]:
    """The columns of a table that say where a row is, and which: no measurements."""
    pair, name = known_columns(table.colnames)
    axes = {axis for row in _PIXELS for axis in row[:2]}
    found = {*(pair or ()), *(_pair_by_ucd(table) or ()), *([name] if name else [])}
    return found | {column for column in table.colnames if column.strip().lower() in axes}


def _pair_by_name(names: dict[str, str]) -> tuple[str, str] | None:
    return next(((names[a], names[b]) for a, b in _SKY if a in names and b in names), None)


def _pair_by_ucd(table: Table) -> tuple[str, str] | None:
    """VOTable columns may be named anyhow: their UCDs say which are the coordinates."""

    def find(axis: str) -> str | None:
        for name in table.colnames:
            ucd = str(table[name].meta.get("ucd", "")).lower().replace("_", ".")
            if ucd.startswith(f"pos.eq.{axis}"):
                return str(name)
        return None

    ra, dec = find("ra"), find("dec")
    return (ra, dec) if ra and dec else None


def numbers(column: Any) -> np.ndarray:
    values: np.ndarray = np.ma.filled(np.ma.asarray(column, dtype=float), np.nan)
    return np.asarray(values, dtype=float)


def _degrees(column: Any, *, hours: bool) -> np.ndarray:
    """Degrees from numbers (in the column's unit, degrees without one) or from sexagesimal text."""
    from astropy import units as u
    from astropy.coordinates import Angle

    if np.asarray(column).dtype.kind not in "USO":
        values = numbers(column)
        unit = getattr(column, "unit", None)
        if unit is not None and u.Unit(unit, parse_strict="silent").is_equivalent(u.deg):
            values = values * u.Unit(unit).to(u.deg)
        return values
    text = [str(value).strip() for value in np.ma.filled(np.ma.asarray(column), "")]
    try:
        return np.array([float(value) if value else np.nan for value in text])
    except ValueError:
        pass

    def one(value: str) -> float:
        unit = u.hourangle if hours and _RIGHT_ASCENSION.match(value) and "d" not in value else u.deg
        try:
            return float(Angle(value, unit=unit).to_value(u.deg))
        except ValueError:
            return float("nan")  # a row without a usable position

    return np.array([one(value) for value in text])


def id_column(table: Table) -> str | None:
    """The column that holds the identifiers of a table."""
    return known_columns(table.colnames)[1]


def user_ids(table: Table) -> np.ndarray:
    """The identifiers of a table as text; the numbers of its rows where it has none."""
    name = id_column(table)
    if name is None:
        return np.array([str(row) for row in range(1, len(table) + 1)], dtype=object)
    return as_text(table[name])


def as_text(column: Any) -> np.ndarray:
    """The values of a column as text, stripped."""
    values: np.ndarray = np.ma.filled(np.ma.asarray(column).astype(object), "")
    return np.array([v.decode() if isinstance(v, bytes) else str(v).strip() for v in values], dtype=object)


def _finish(columns: dict[str, np.ndarray], path: Path) -> dict[str, np.ndarray]:
    on_sky = np.isfinite(columns["ra"]) & np.isfinite(columns["dec"]) & (np.abs(columns["dec"]) <= 90)
    kept = np.flatnonzero(on_sky | (np.isfinite(columns["x"]) & np.isfinite(columns["y"])))
    if not len(kept):
        raise AstroTLError("This catalog has no sources", f"No row of {path.name} has a usable position.")
    columns = {name: values[kept] for name, values in columns.items()}
    columns["ra"] = columns["ra"] % 360
    return {"id": np.arange(1, len(kept) + 1), **columns}
