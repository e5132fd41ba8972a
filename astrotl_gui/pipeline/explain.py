"""Why a source stands where it does in a list: examples, kernels, cold start and the quantities that tell most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.quantities import quantity
from astrotl_gui.ml.explain import against_typical, share_beyond, telling, terms
from astrotl_gui.ml.ranker import PRIOR, Ranker
from astrotl_gui.pipeline.rank import RankInputs, learned

LEAST_ODD = 0.25
"""A quantity is told of when at most this share of the sources lies as far out."""


@dataclass(frozen=True)
class Example:
    """A labelled source (`value` +1 or −1) and what it adds to the score, in all and by kernel."""

    id: int
    value: int
    term: float
    kernels: Mapping[str, float]


@dataclass(frozen=True)
class Telling:
    """A statistic in words; `side` "top" or "bottom", `share` of the sources at least as far out."""

    quantity: str
    side: str
    share: float


@dataclass(frozen=True)
class Explanation:
    """score = −1 + `cold` + Σ term over `examples` (largest first); +1 is a yes, −1 a no.

    Without labels `score` is the place in the cold list, 0 (last) to 1, and `cold` the same. `cold_rank` of `count` is
    the rank before any label (0 of 0 in a list that has no order then), `cold_parts` what put it there: by name, by
    how much more than for a typical source, largest first (outliers, and an order by prototypes, have none).
    `kernels`: Σ term by kernel.
    """

    source: int
    target: str
    score: float
    cold: float
    examples: tuple[Example, ...]
    kernels: Mapping[str, float]
    cold_rank: int
    count: int
    cold_parts: Mapping[str, float]
    telling: tuple[Telling, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for `--json`."""
        return {
            "source": self.source,
            "target": self.target,
            "score": self.score,
            "base": PRIOR if self.examples else 0.0,
            "cold": self.cold,
            "kernels": dict(self.kernels),
            "examples": [{**vars(example), "kernels": dict(example.kernels)} for example in self.examples],
            "cold_rank": self.cold_rank,
            "count": self.count,
            "cold_parts": dict(self.cold_parts),
            "telling": [vars(one) for one in self.telling],
        }


def explain(
    inputs: RankInputs, target: str, labels: Mapping[int, int], source: int, bands: Sequence[str] = ()
) -> Explanation:
    """Return why `source` stands where it does for `target` given labels (id → +1 or −1).

    The terms are those of the ranker itself. `bands` name the statistics. Raises AstroTLError for a source
    without embedding.
    """
    if source not in inputs.rows:
        raise AstroTLError(
            "This source has no embedding", "It is in no list before the sources are embedded."
        )
    row = inputs.rows[source]
    ranker = learned(inputs, target, labels)
    cold = inputs.cold_of(target)
    by_kernel = terms(inputs.kernel, ranker, row) if ranker is not None else {}
    examples = _examples(inputs, ranker, by_kernel)
    place = 0.0 if cold is None else float(cold[row])
    prior = float(ranker.prior[row]) - PRIOR if ranker is not None else place
    added = sum(example.term for example in examples)
    formula = {} if target in inputs.given else inputs.cold_parts.get(target, {})
    parts = against_typical(formula, row)
    return Explanation(
        source,
        target,
        PRIOR + prior + added if ranker is not None else place,
        prior,
        examples,
        {name: float(values.sum()) for name, values in by_kernel.items()},
        0 if cold is None else _rank(cold, row),
        0 if cold is None else len(cold),
        dict(sorted(parts.items(), key=lambda part: -abs(part[1]))),
        _telling(inputs, ranker, row, by_kernel, bands),
    )


def _rank(cold: NDArray[np.float32], row: int) -> int:
    """1-based; ties are ordered by id, as in the list."""
    return 1 + int(np.count_nonzero(cold > cold[row])) + int(np.count_nonzero(cold[:row] == cold[row]))


def _examples(inputs: RankInputs, ranker: Ranker | None, by_kernel: Mapping[str, Any]) -> tuple[Example, ...]:
    if ranker is None:
        return ()
    made = [
        Example(
            int(inputs.ids[row]),
            int(ranker.labels[k]),
            float(sum(values[k] for values in by_kernel.values())),
            {name: float(values[k]) for name, values in by_kernel.items()},
        )
        for k, row in enumerate(ranker.rows)
    ]
    return tuple(sorted(made, key=lambda example: (-abs(example.term), example.id)))


def _telling(
    inputs: RankInputs, ranker: Ranker | None, row: int, by_kernel: Mapping[str, Any], bands: Sequence[str]
) -> tuple[Telling, ...]:
    rows = ranker.rows if ranker is not None else np.zeros(0, np.int64)
    names, own = _scores(inputs, np.array([row]))
    _, theirs = _scores(inputs, rows)
    pulls = np.sum(list(by_kernel.values()), axis=0) if by_kernel else np.zeros(0)
    found = []
    for column in telling(own[0], theirs, pulls, most=len(names)):
        side, share = share_beyond(float(own[0, column]))
        if share <= LEAST_ODD:
            found.append(Telling(quantity(names[column], bands), side, share))
    return tuple(found[:3])


def _scores(inputs: RankInputs, rows: NDArray[np.int64]) -> tuple[list[str], NDArray[np.float32]]:
    """Names and normal scores (n, M) of the statistics in use."""
    kinds = inputs.placing.kinds
    used = [part for part in inputs.kernel.parts if part.name in kinds]
    names = [inputs.placing.names[column] for part in used for column in kinds[part.name]]
    tables = [part.values[rows].astype(np.float32) for part in used]
    return names, np.concatenate([np.zeros((len(rows), 0), np.float32), *tables], axis=1)
