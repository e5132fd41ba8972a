"""Which sources of a catalog are the rare objects of a truth table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.labels import TARGETS
from astrotl_gui.core.matching import match_sky

Floats = NDArray[np.float64]

MATCH = 1.5  # arcsec
COLUMNS = ["class", "masked", "ra", "dec", "length", "theta"]


@dataclass(frozen=True)
class Known:
    """Objects of one class in a truth table: how many, how many of them are sources, and the ids of all sources
    that are such objects or pieces of one."""

    count: int
    detected: int
    ids: set[int]


def known_sources(truth: Path, catalog: Catalog) -> dict[str, Known]:
    """Target → its objects, those aside that the mask knows.

    A source is the object nearest to it within 1.5″. A trail or a bad column may come as many sources: all whose
    centre lies within 1.5″ of its line.
    """
    table = {name: np.array(v) for name, v in pq.read_table(truth, columns=COLUMNS).to_pydict().items()}
    known = {}
    for target in TARGETS:
        mine = np.flatnonzero((table["class"] == target) & ~table["masked"])
        at = match_sky(table["ra"][mine], table["dec"][mine], catalog.ra, catalog.dec, MATCH)
        ids, detected = set(catalog.ids[at[at >= 0]].tolist()), at >= 0
        for k, row in enumerate(mine):
            if table["length"][row] > 2 * MATCH:
                pieces = catalog.ids[_on_line(table, int(row), catalog)]
                ids |= set(pieces.tolist())
                detected[k] |= bool(len(pieces))
        known[target] = Known(len(mine), int(detected.sum()), ids)
    return known


def _on_line(table: dict[str, NDArray], row: int, catalog: Catalog) -> NDArray[np.int64]:
    """Rows of the catalog along a line centred on an object, `length` arcsec long at position angle `theta`."""
    angle = np.radians(table["theta"][row])
    east = (catalog.ra - table["ra"][row]) * np.cos(np.radians(table["dec"][row])) * 3600
    north = (catalog.dec - table["dec"][row]) * 3600
    along: Floats = east * np.sin(angle) + north * np.cos(angle)
    across: Floats = east * np.cos(angle) - north * np.sin(angle)
    half = table["length"][row] / 2
    return np.flatnonzero((np.abs(across) < MATCH) & (np.abs(along) < half + MATCH))
