"""Rank every source for a target: cold scores before any label, the ranker from the first label on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from operator import index
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.embeddings import Embeddings
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.injected import Injected
from astrotl_gui.core.labels import TARGETS
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.ranking import BY_RANKER, Ranking, descending
from astrotl_gui.ml.cached_kernel import CachedKernel
from astrotl_gui.ml.coldstart import COLD, STAND_IN, Columns, with_examples
from astrotl_gui.ml.coldstart import rank as mid_rank
from astrotl_gui.ml.kernel import Kernel, normal_scores
from astrotl_gui.ml.learned_cold import learned_scores
from astrotl_gui.ml.outlier import COMBINED, cold_scores
from astrotl_gui.ml.placing import Placing
from astrotl_gui.ml.ranker import PRIOR, Ranker
from astrotl_gui.ml.similarity import NearestNeighbours

COLD_WEIGHT, COLD_LABELS = 0.5, 10
"""The prior mean runs from −1 (last in the cold list) to −1 + 0.5 · 10 / (10 + n) (first) after n labels: formulas
help while labels are few and are forgotten as they come."""
AT_ONCE = 150_000
"""Up to so many sources a label re-ranks all of them at once, by kernel columns that are kept; beyond, see `pool`."""

F32 = NDArray[np.float32]
Floats = NDArray[np.floating]


class Rows:
    """The row of each source id (ascending int64 ids): `id in rows`, `rows[id]`."""

    def __init__(self, ids: NDArray[np.int64]) -> None:
        self._ids = ids

    def __contains__(self, source: object) -> bool:
        try:
            return bool(self.found([index(source)])[1][0])  # type: ignore[arg-type]
        except TypeError:
            return False

    def __getitem__(self, source: int) -> int:
        found = self.of([source])
        if not len(found):
            raise KeyError(source)
        return int(found[0])

    def of(self, sources: Sequence[int]) -> NDArray[np.int64]:
        """The rows of those sources that there are, in their order."""
        rows, there = self.found(sources)
        return rows[there]

    def found(self, sources: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """For each of the sources its row, and whether there is one: the row of one that is not means nothing."""
        wanted = np.asarray(sources, np.int64)
        if not len(self._ids):
            return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), bool)
        rows = np.minimum(np.searchsorted(self._ids, wanted), len(self._ids) - 1)
        return rows, self._ids[rows] == wanted


@dataclass(frozen=True, eq=False)
class RankInputs:
    """All that ranking needs and labels do not change; safe to share between threads.

    `ids` int64 (N,), ascending; `vectors` (N, k), the ranking space of the last features; `alike` (N, m), that of
    similarity search, the same but for ULISSE, which compares raw embeddings; `cold`: target → (N,) in (0, 1),
    rank-mapped, larger first; `given`: the same where prototypes say otherwise; `key` and `views` of the embeddings.
    `outlier_method` ordered the cold outliers; `artifact_signs` (N,) are the artifacts' scores by their signs alone.
    To explain a rank by: `cold_parts`, target → name → (N,) (see `ml.coldstart.ColdScore`), and `placing`.
    """

    ids: NDArray[np.int64]
    vectors: Floats
    alike: Floats
    kernel: Kernel
    cold: Mapping[str, F32]
    key: str
    views: int
    outlier_method: str = COMBINED
    artifact_signs: F32 = field(default_factory=lambda: np.zeros(0, np.float32), repr=False)
    placing: Placing = field(default_factory=Placing.nothing, repr=False)
    cold_parts: Mapping[str, Mapping[str, NDArray[np.float16]]] = field(default_factory=dict, repr=False)
    given: Mapping[str, F32] = field(default_factory=dict, repr=False)
    seen: dict[str, CachedKernel] = field(default_factory=dict, repr=False)
    """By target, the top of the last pass over all sources (see `pool`)."""
    neighbours: dict[int, NDArray[np.int64]] = field(default_factory=dict, repr=False)
    """By row, the rows most like it, nearest first; of the examples of a pool."""

    @cached_property
    def rows(self) -> Rows:
        return Rows(self.ids)

    @property
    def at_once(self) -> bool:
        """Whether a label re-ranks all sources while the astronomer waits."""
        return len(self.ids) <= AT_ONCE

    @cached_property
    def index(self) -> NearestNeighbours:
        """Of `alike`; takes a minute for ten million sources."""
        return NearestNeighbours(self.alike)

    @property
    def indexed(self) -> bool:
        return "index" in self.__dict__

    @cached_property
    def similarities(self) -> Kernel | CachedKernel:
        return CachedKernel(self.kernel) if self.at_once else self.kernel

    def cold_of(self, target: str) -> F32 | None:
        """The order (N,) of a list before any label; None for a list of the astronomer's own without prototypes."""
        return self.given.get(target, self.cold.get(target))

    def with_orders(self, **orders: Any) -> RankInputs:
        """The same sources with other orders before labels (`cold`, `given` …); what was made on first use is kept."""
        new = replace(self, **orders)
        for name in ("rows", "index", "similarities"):
            if name in self.__dict__:
                new.__dict__[name] = self.__dict__[name]
        return new


def prepare(
    catalog: Catalog,
    embeddings: Embeddings,
    odd: tuple[str, NDArray[np.floating]] | None = None,
    injected: Mapping[str, Injected] | None = None,
    *,
    progress: Progress = SILENT,
) -> RankInputs:
    """Return what `rank` and `similar` need: ranking space, kernel and cold scores of the embedded sources.

    Sources of the embeddings that the catalog no longer has are left out. `odd`: another method's name and
    scores, one a row of the embeddings, for the cold outliers. `injected`: target → pairs from which its cold list
    learns.
    """
    progress(0, 3, "Preparing the rankings")
    rows = catalog.rows_of(embeddings.ids)
    kept = np.argsort(embeddings.ids, kind="stable")
    kept = kept[rows[kept] >= 0]
    ids, vectors, values = embeddings.ids, embeddings.vectors, embeddings.statistics
    if not np.array_equal(kept, np.arange(len(ids))):  # copies may be of gigabytes
        ids, vectors, values, rows = ids[kept], vectors[kept], values[kept], rows[kept]
    blocks = embeddings.blocks
    _check(vectors)
    placing = Placing.fit(vectors, blocks, values, embeddings.statistic_names)
    layers = {name: _ranking_space(placing, name, vectors) for name in blocks}
    progress(1, 3, "Preparing the rankings")
    kernel = Kernel.fit(layers, _by_kind(placing, values), len(ids))
    progress(2, 3, "Preparing the rankings")
    known = measured_columns(catalog, rows, values, embeddings.statistic_names)
    last, part = list(blocks)[-1], embeddings.last
    if odd is None:
        method, scores = COMBINED, np.mean(list(cold_scores(vectors[:, part], known).values()), axis=0)
    else:
        method, scores = odd[0], np.asarray(odd[1], np.float64)[kept]
    apart = learned_scores(injected or {}, placing, layers[last], values)
    weights = {target: 1.0 if pairs.drawn else STAND_IN for target, pairs in (injected or {}).items()}
    formulas = {target: formula(known) for target, formula in COLD.items()}
    signs = formulas["artifact"].score
    formulas |= {
        target: with_examples(target, formulas[target], known, learned, weights[target])
        for target, learned in apart.items()
    }
    raw = {target: formulas[target].score if target in formulas else scores for target in TARGETS}
    cold = {target: mid_rank(np.round(score, 9)).astype(np.float32) for target, score in raw.items()}
    progress(3, 3, "Preparing the rankings")
    making = embeddings.meta.get("making", {})
    return RankInputs(
        ids,
        layers[last],
        vectors[:, part].astype(np.float32) if making.get("recipe") == "ulisse" else layers[last],
        kernel,
        cold,
        embeddings.key,
        making.get("views", 1),
        method,
        signs.astype(np.float32),
        placing,
        {target: _small(formula.parts) for target, formula in formulas.items()},
    )


def measured_columns(
    catalog: Catalog, rows: NDArray[np.int64], statistics: F32, names: Sequence[str]
) -> Columns:
    """What cold scores are made of: statistics (n, M) of sources, and what the catalog measured in these rows."""
    columns = {name: statistics[:, k] for k, name in enumerate(names)}
    columns |= {name: catalog.column(name)[rows] for name in _MEASURED if name in catalog}
    widths = [width for width in catalog.fwhm.values() if width > 0]
    return Columns(len(rows), columns, float(np.median(widths)) if widths else float("nan"))


def _small(parts: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float16]]:
    """They are only shown, and there may be millions."""
    return {name: values.astype(np.float16) for name, values in parts.items()}


def _check(vectors: Floats) -> None:
    """AstroTLError for vectors that are not numbers."""
    for start in range(0, len(vectors), 65_536):
        if not np.isfinite(vectors[start : start + 65_536]).all():
            raise AstroTLError(
                "Some embeddings are not numbers", "Embed the sources again, in float32 on the cpu."
            )


def _ranking_space(placing: Placing, layer: str, vectors: Floats) -> Floats:
    """Half precision where there are many: distances change by less than a thousandth."""
    if not len(vectors):
        return np.zeros((0, 1), np.float32)
    ranked = placing.layer(layer, vectors)
    return ranked if len(vectors) <= AT_ONCE else ranked.astype(np.float16)


def _by_kind(placing: Placing, values: F32) -> dict[str, Floats]:
    """Normal scores of the statistics, by kind."""
    tables = {kind: normal_scores(values[:, columns]) for kind, columns in placing.kinds.items()}
    return {kind: t if len(t) <= AT_ONCE else t.astype(np.float16) for kind, t in tables.items()}


_MEASURED = ("snr", "a", "b", "r50", "flags", "masked_fraction", "deepcr")


def rank(
    inputs: RankInputs, target: str, labels: Mapping[int, int], *, progress: Progress = SILENT
) -> Ranking:
    """Return all sources, best first, for a target given labels (id → +1 or −1).

    Labels of sources without embedding are passed over. Without labels the cold score orders; with labels the
    ranker, whose prior mean the cold score is. A list without cold score is empty before the first label, and all
    sources have the same prior after it. Equal scores are ordered by id; the order of the labels
    does not matter.
    """
    progress(0, 1, "Ranking")
    ranker = learned(inputs, target, labels)
    if ranker is None:
        scores = inputs.cold_of(target)
    else:
        scores = ranker.probability(ranker.decision_function(progress=progress)).astype(np.float32)
    if scores is None:
        inputs.seen.pop(target, None)
        return Ranking(target, np.empty(0, np.int64), np.empty(0, np.float32), "")
    order = descending(scores)
    if not inputs.at_once:
        inputs.seen[target] = _top(inputs, order, ranker)
    progress(1, 1, "Ranking")
    return Ranking(target, inputs.ids[order], scores[order], model_name(inputs, target, ranker))


SEEN = 20_000
"""How many sources at the top of a pass over all are looked at again after each label."""


def _top(inputs: RankInputs, order: NDArray[np.int64], ranker: Ranker | None) -> CachedKernel:
    """The top of a pass over all sources, with what the next label will ask of it."""
    top = CachedKernel(inputs.kernel, np.sort(order[:SEEN]))
    if ranker is not None:
        top.columns(ranker.rows)
    return top


def learned(inputs: RankInputs, target: str, labels: Mapping[int, int]) -> Ranker | None:
    """The ranker that the labels (id → +1 or −1) make, or None without any of a source that is embedded."""
    sources = sorted(labels)
    rows, there = inputs.rows.found(sources)
    if not there.any():
        return None
    rows, values = rows[there], np.array([labels[source] for source in sources])[there]
    cold = inputs.cold_of(target)
    place = np.full(len(inputs.ids), NO_PLACE, np.float32) if cold is None else cold
    return Ranker(inputs.similarities, prior_mean(place, len(rows))).fit(rows, values)


NO_PLACE = 0.5
"""The place of every source in a cold list that there is not."""


def prior_mean(place: F32, labels: int) -> F32:
    """The ranker's prior mean of sources by their place (N,) in the cold list, after so many labels."""
    trust = COLD_WEIGHT * COLD_LABELS / (COLD_LABELS + labels)
    return np.asarray(np.float32(PRIOR) + np.float32(trust) * place, np.float32)


def model_name(inputs: RankInputs, target: str, ranker: Ranker | None) -> str:
    """What made a ranking, as it is stored with labels and exports."""
    if ranker is None:
        if target in inputs.given:
            return f"prototypes {target}"
        by = f" by {inputs.outlier_method}" if target == "outlier" else ""
        return f"cold {target}{by}"
    yes = int((ranker.labels > 0).sum())
    return f"{BY_RANKER} {inputs.key} {yes}+ {len(ranker.labels) - yes}-"
