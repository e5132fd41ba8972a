"""Placing what is no source of the catalog, an occluded cutout say, where the kernel compares sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from astrotl_gui.core.statistics import kind_of
from astrotl_gui.ml.kernel import uniform_ranks
from astrotl_gui.ml.space import COMPONENTS, Space

SAMPLE = 20_000
"""Of more sources a seeded sample stands for all."""
EARLY_COMPONENTS = 48
"""Most components of a layer before the last; at most half of its numbers: as good as all of them, and less to read."""

F32 = NDArray[np.float32]
Floats = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Placing:
    """How embeddings and statistics become what the parts of the kernel compare.

    `blocks`: the columns of the embedding by layer, `spaces` the ranking space of each; `names` of the statistics,
    `kinds` their columns by kind, `reference` (n, M) those of the sources that ranks of new ones are read from.
    """

    blocks: Mapping[str, slice]
    spaces: Mapping[str, Space]
    names: tuple[str, ...]
    kinds: Mapping[str, list[int]]
    reference: F32

    @classmethod
    def fit(
        cls, vectors: Floats, blocks: Mapping[str, slice], statistics: F32, names: Sequence[str]
    ) -> Placing:
        """Take the embeddings (N, D) and statistics (N, M) of all sources."""
        count = len(vectors)
        last = list(blocks)[-1:]
        spaces = {
            name: Space.fit(vectors[:, part], COMPONENTS if name in last else _components(part))
            for name, part in blocks.items()
            if count
        }
        kinds: dict[str, list[int]] = {}
        for column, name in enumerate(names):
            kinds.setdefault(kind_of(name), []).append(column)
        if count > SAMPLE:
            statistics = statistics[np.sort(np.random.default_rng(0).choice(count, SAMPLE, replace=False))]
        return cls(blocks, spaces, tuple(names), kinds, np.asarray(statistics, np.float32))

    @classmethod
    def nothing(cls) -> Placing:
        """Of no source: what only ranks, and explains nothing, needs no more."""
        return cls.fit(np.zeros((0, 0), np.float32), {}, np.zeros((0, 0), np.float32), ())

    def layer(self, name: str, vectors: Floats) -> F32:
        """Map embeddings (m, D) to the ranking space of a layer."""
        return self.spaces[name].transform(vectors[:, self.blocks[name]])

    def values(self, vectors: Floats, statistics: F32) -> dict[str, F32]:
        """Map embeddings (m, D) and statistics (m, M) to what `Kernel.to` takes, by name of the part.

        A statistic gets the normal score of its rank among the sources: between two of them by linear
        interpolation, beyond the last the score of the last; NaN is the median. A source itself gets its own.
        """
        scores = np.zeros(statistics.shape, np.float32)
        for column in range(statistics.shape[1]):
            known = self.reference[:, column]
            known, new = known[np.isfinite(known)], np.isfinite(statistics[:, column])
            if len(known):
                found, first = np.unique(known, return_index=True)
                ranks = np.interp(statistics[new, column], found, uniform_ranks(known)[first])
                scores[new, column] = ndtri(ranks)
        made = {name: self.layer(name, vectors) for name in self.spaces}
        return made | {kind: scores[:, columns] for kind, columns in self.kinds.items()}


def _components(part: slice) -> int:
    return min(EARLY_COMPONENTS, max(1, (part.stop - part.start) // 2))
