"""A ranked list: sources of one target in the order in which they deserve a look."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, eq=False)
class Ranking:
    """`ids` (N,) int64, best first, with `scores` (N,) float32 in [0, 1] in that order.

    Scores order candidates; they are not probabilities. `model` names what made them.
    """

    target: str
    ids: np.ndarray
    scores: np.ndarray
    model: str
    _rows: dict[int, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_rows", dict(zip(self.ids.tolist(), range(len(self.ids)), strict=True)))

    def __len__(self) -> int:
        return len(self.ids)

    def rank_of(self, source_id: int) -> int | None:
        """1-based rank, or None for a source that is not in the list."""
        row = self._rows.get(source_id)
        return None if row is None else row + 1

    def score_of(self, source_id: int) -> float | None:
        row = self._rows.get(source_id)
        return None if row is None else float(self.scores[row])
