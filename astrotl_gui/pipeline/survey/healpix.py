"""HEALPix pixels of positions, nested numbering: what a sky catalog is partitioned by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from astrotl_gui.core.errors import AstroTLError

ORDER = 29
"""The finest order; a pixel of it is 0.4 mas wide, and its number fits int64."""
COLUMN = "_healpix_29"
"""The column of pixel numbers of that order, as HATS names it."""
SHOWN = 3
"""So many bad rows are named in a message."""

Pixel = tuple[int, int]
"""(order, number): order 0 divides the sky into 12 pixels, each further one by 4."""


def pixels_of(ra: NDArray[np.float64], dec: NDArray[np.float64]) -> NDArray[np.int64]:
    """Pixel numbers of order 29 of positions [deg, ICRS]. Raises AstroTLError without cdshealpix."""
    try:
        from cdshealpix.nested import lonlat_to_healpix
    except ImportError as problem:
        raise AstroTLError(
            "Sky partitions need cdshealpix", "It is an extra: pip install 'astrotl[survey]'."
        ) from problem
    from astropy import units as u
    from astropy.coordinates import Latitude, Longitude

    numbers = lonlat_to_healpix(Longitude(ra, u.deg), Latitude(dec, u.deg), depth=ORDER)
    return np.asarray(numbers).astype(np.int64)


def range_of(pixel: Pixel) -> tuple[int, int]:
    """The half-open range of order-29 pixels that a pixel consists of."""
    order, number = pixel
    shift = 2 * (ORDER - order)
    return number << shift, (number + 1) << shift


def within_any(numbers: NDArray[np.int64], pixels: Sequence[Pixel]) -> NDArray[np.bool_]:
    """Which order-29 pixels lie in one of `pixels`."""
    inside = np.zeros(len(numbers), bool)
    for pixel in pixels:
        low, high = range_of(pixel)
        inside |= (numbers >= low) & (numbers < high)
    return inside


def overlap(first: Pixel, second: Pixel) -> bool:
    """Whether one of two pixels lies within the other."""
    (a, b), (c, d) = range_of(first), range_of(second)
    return a < d and c < b


def checked_positions(table: pa.Table, name: str, ra: str = "ra", dec: str = "dec") -> NDArray[np.float64]:
    """(2, N) float64 RA and Dec [deg] of a table.

    Raises AstroTLError, naming `name` and the first bad rows, where a column is missing or no number, a
    position is missing, RA lies outside 0…360 or Dec outside ±90.
    """
    missing = [column for column in (ra, dec) if column not in table.column_names]
    if missing:
        shown = ", ".join(table.column_names[:12]) or "none"
        raise AstroTLError(
            "No coordinates in this catalog",
            f"{name} has no column {' and no '.join(missing)} [deg]; its columns are {shown}.",
        )
    try:
        columns = [table[column].cast(pa.float64()) for column in (ra, dec)]
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as problem:
        raise AstroTLError(
            "Coordinates are no numbers", f"{ra} and {dec} of {name} must be degrees: {problem}."
        ) from problem
    places: NDArray[np.float64] = np.array([column.to_numpy() for column in columns], np.float64)
    _refuse(
        ~np.isfinite(places).all(0), table, "Positions are missing", f"{name}: no {ra} or {dec} in", places
    )
    right, up = places
    _refuse(
        (right < 0) | (right > 360), table, "RA is out of range", f"{name}: {ra} outside 0…360° in", places
    )
    _refuse(
        np.greater(np.abs(up), 90), table, "Dec is out of range", f"{name}: {dec} outside ±90° in", places
    )
    return places


def _refuse(bad: Any, table: pa.Table, title: str, line: str, places: NDArray[np.float64]) -> None:
    if not bad.any():
        return
    rows = np.flatnonzero(bad)
    ids: Any = table["id"] if "id" in table.column_names else None
    names = [
        f"{f'id {ids[int(row)]}' if ids is not None else f'row {row}'} ({places[0, row]:g}, {places[1, row]:g})"
        for row in rows[:SHOWN]
    ]
    more = f" and {len(rows) - SHOWN:,} more" if len(rows) > SHOWN else ""
    raise AstroTLError(title, f"{line} {', '.join(names)}{more}. Mend or leave out those rows.")
