"""Finding sources by what the astronomer's own catalog calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

if TYPE_CHECKING:
    from astrotl_gui.core.catalog import Catalog

COLUMNS = ("user_id", "name", "designation", "stamp")
"""What may hold names."""
INSIDE_ROWS = 2_000_000
"""In catalogs of up to so many rows, text is also found inside names; in larger ones only where they begin."""


def sources_named(catalog: Catalog, text: str, most: int = 5) -> list[tuple[int, str]]:
    """(id, name) of sources whose name is `text`, begins with it, or has it inside, in this order; case is ignored."""
    text = text.strip()
    found: dict[int, str] = {}
    columns = [name for name in COLUMNS if name in catalog]
    if not text or not columns:
        return []
    for whole in (True, False):
        for name in columns:
            for row in _rows(catalog, name, text, whole)[: most + len(found)]:
                found.setdefault(int(catalog.ids[row]), str(catalog.table.column(name)[int(row)]))
    return list(found.items())[:most]


def _rows(catalog: Catalog, column: str, text: str, whole: bool) -> np.ndarray:
    """Rows whose name begins with the text, whole names first; or, not `whole`, that have it anywhere."""
    names = catalog.table.column(column)
    if not whole:
        if len(catalog) > INSIDE_ROWS:
            return np.empty(0, np.int64)
        return np.flatnonzero(pc.match_substring(names, text, ignore_case=True).fill_null(False))
    begins = np.flatnonzero(pc.starts_with(names, text, ignore_case=True).fill_null(False))
    lengths = pc.utf8_length(names.take(begins)).to_numpy()
    return begins[np.argsort(lengths, kind="stable")]
