"""In which order sources with problematic epochs are looked at. And how they are counted in words. No widgets here."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.epoch_table import EpochTable


def problematic_first(table: EpochTable) -> NDArray[np.int64]:
    """Ids of sources with a flagged epoch: those first of which one is the surest by its learned score, those last of
    which nothing is left (at the edge of the images)."""
    flagged = table.flagged
    rows = np.flatnonzero(flagged.any(axis=1))
    scores = np.where(flagged, np.nan_to_num(table.score, nan=0.0), -1.0)[rows].max(axis=1)
    nothing = flagged[rows].all(axis=1)
    return np.asarray(table.ids[rows[np.lexsort((-scores, nothing))]], np.int64)


def number(count: int, noun: str) -> str:
    """A count as it is said: "1 epoch", "2,014 epochs", "no epochs"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}" if count else f"no {noun}s"
