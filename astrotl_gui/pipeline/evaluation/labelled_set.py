"""A labelled set: objects with embeddings of which it is known whether they are wanted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.embeddings import Embeddings


@dataclass(frozen=True, eq=False)
class LabelledSet:
    """N objects in file order. `positive` (N,): which are wanted.

    `catalog` and `embeddings` have the same N rows in the same order, ids ascending. `target`: the one whose
    cold formula may be used; "" for none, since what is wanted in a folder of pictures may be anything.
    `settings`: where it came from and how it was embedded, as plain values. `paths`: its pictures, of a folder.
    """

    name: str
    positive: NDArray[np.bool_]
    catalog: Catalog
    embeddings: Embeddings
    target: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    paths: tuple[Path, ...] = ()

    def __len__(self) -> int:
        return len(self.positive)


def rows_catalog(count: int) -> Catalog:
    """A catalog of `count` objects that have no place: ids 0, 1, …, x the row."""
    nowhere, row = np.full(count, np.nan), np.arange(count)
    return Catalog.from_columns(
        {"id": row, "ra": nowhere, "dec": nowhere, "x": row.astype(float), "y": np.zeros(count)}
    )
