"""Values of a physical parameter that an astronomer's own table gives for some of the sources."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.matching import match_pixels, match_sky
from astrotl_gui.core.user_catalog import numbers, positions, read_tables

MATCH_ARCSEC, MATCH_PIXELS = 1.0, 3.0


@dataclass(frozen=True, eq=False)
class KnownValues:
    """`values` (n,) of the parameter `name` [`unit`] for sources `ids` (n,); `rows` of the table there were in all."""

    name: str
    unit: str
    ids: NDArray[np.int64]
    values: NDArray[np.float64]
    rows: int
    source: str


def read_known(path: Path, column: str, catalog: Catalog) -> KnownValues:
    """Read a numeric column of a table (CSV, ECSV, FITS, VOTable, Parquet), one row a source.

    A row belongs to the nearest source within 1″ (3 px without coordinates), a source takes the row nearest to it.
    Rows without a value are passed over. Raises AstroTLError for a file that cannot be read, a column that is missing
    or not numeric, and when no row has a source.
    """
    names: list[str] = []
    for table in read_tables(path):
        name = next((n for n in table.colnames if n.strip().lower() == column.strip().lower()), None)
        place = positions(table)
        names += table.colnames
        if name is None or place is None:
            continue
        if table[name].dtype.kind not in "iuf" or table[name].ndim != 1:
            raise AstroTLError("Not a column of numbers", f"{name} in {path.name} holds no single numbers.")
        values = numbers(table[name])
        ids, kept = _match(place, values, catalog)
        if not len(ids):
            raise AstroTLError(
                "No row belongs to a source", f"{path.name}: none of {len(table):,} rows lies on a source."
            )
        return KnownValues(name, str(table[name].unit or ""), ids, kept, len(table), f"{path.name}, {name}")
    shown = ", ".join(names[:12]) + (" …" if len(names) > 12 else "")
    if any(n.strip().lower() == column.strip().lower() for n in names):
        raise AstroTLError(
            "No coordinates in this table", f"{path.name} has {shown}; ra and dec are missing."
        )
    raise AstroTLError("No such column", f"{path.name} has no {column}; its columns are {shown or 'none'}.")


def _match(
    place: dict[str, np.ndarray], values: NDArray[np.float64], catalog: Catalog
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    usable = np.flatnonzero(np.isfinite(values))
    if catalog.has_sky and np.isfinite(place["ra"]).any():
        sky = place["ra"][usable], place["dec"][usable], catalog.ra, catalog.dec
        there, back = match_sky(*sky, MATCH_ARCSEC), match_sky(*sky[2:], *sky[:2], MATCH_ARCSEC)
    else:
        grid = place["x"][usable], place["y"][usable], catalog.x, catalog.y
        there, back = match_pixels(*grid, MATCH_PIXELS), match_pixels(*grid[2:], *grid[:2], MATCH_PIXELS)
    # Mutual nearest: two rows on one source, or two sources on one row, count once.
    source = np.flatnonzero(back >= 0)
    mutual = source[there[back[source]] == source]
    return catalog.ids[mutual].astype(np.int64), values[usable][back[mutual]]
