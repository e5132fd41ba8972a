"""A ranked list: sources of one target in the order in which they deserve a look."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.places import Places

BY_RANKER = "gp"
"""How the `model` of a ranking begins that the ranker made, and not an order before any label."""


@dataclass(frozen=True, eq=False)
class Ranking:
    """`ids` (N,) int64, best first, with `scores` (N,) float32 in [0, 1] in that order.

    Scores order candidates; they are not probabilities. `model` names what made them. `rest`: how many sources
    more the next full pass will add; 0 for a list of all.
    """

    target: str
    ids: NDArray[np.int64]
    scores: NDArray[np.float32]
    model: str
    rest: int = 0

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def learned(self) -> bool:
        """Whether labels made it: only then are scores above 1/2 a yes."""
        return self.model.startswith(f"{BY_RANKER} ")

    @cached_property
    def places(self) -> Places:
        """Where each source stands; `indexed` makes it ahead."""
        return Places(self.ids)

    def indexed(self) -> Ranking:
        """The same, with what lookups need made now: in the job that ranks, and not when the window first asks."""
        _ = self.places
        return self

    def rank_of(self, source_id: int) -> int | None:
        """1-based rank, or None for a source that is not in the list."""
        return int(self.places.of(source_id)) + 1 or None

    def score_of(self, source_id: int) -> float | None:
        rank = self.rank_of(source_id)
        return None if rank is None else float(self.scores[rank - 1])


def made_by(model: str) -> str:
    """A model's name without its labels: "gp KEY 3+ 5-" and "gp KEY 4+ 5-" are one model, "gp KEY"."""
    return re.sub(r" \d+\+ \d+-$", "", model)


def descending(scores: NDArray[np.float32]) -> NDArray[np.int64]:
    """The order of scores (N,), largest first, ties by place: argsort by one sort of 64-bit integers.

    Several times the speed of a stable argsort at a million scores. N must be below 2³²; NaN is refused.
    """
    values = np.ascontiguousarray(scores, np.float32) + np.float32(0)  # −0 becomes 0
    if np.isnan(values).any():
        raise ValueError("scores that are not numbers cannot be ordered")
    bits = values.view(np.uint32)
    # The bits of IEEE floats order as integers do, once negative ones are turned round.
    rising = np.where(bits >> 31 != 0, ~bits, bits | np.uint32(1 << 31))
    keys = (~rising).astype(np.uint64) << np.uint64(32) | np.arange(len(values), dtype=np.uint64)
    keys.sort()
    return (keys & np.uint64(0xFFFFFFFF)).astype(np.int64)


TOPS = 200
"""So many of the top of each list are embedded right after the labelled sources."""


def order_of(training: Mapping[str, Mapping[int, int]], rankings: Mapping[str, Ranking]) -> list[int]:
    """Which sources a new version embeds first: labelled ones, then the top of every list."""
    tops = [ranking.ids[:TOPS].tolist() for ranking in rankings.values()]
    labelled = [source for labels in training.values() for source in labels]
    return list(dict.fromkeys([*sorted(labelled), *(source for top in tops for source in top)]))
