"""Rank every source for a target: cold scores before any label, the ranker from the first label on."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.embeddings import Embeddings
from astrotl_gui.core.labels import TARGETS
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.ranking import Ranking
from astrotl_gui.ml.coldstart import COLD, Columns, whole
from astrotl_gui.ml.coldstart import rank as mid_rank
from astrotl_gui.ml.kernel import Kernel, normal_scores
from astrotl_gui.ml.outlier import outlier_scores
from astrotl_gui.ml.ranker import PRIOR, Ranker
from astrotl_gui.ml.space import Space

COLD_WEIGHT, COLD_LABELS = 0.5, 10
"""The prior mean runs from −1 (last in the cold list) to −1 + 0.5 · 10 / (10 + n) (first) after n labels: formulas
help while labels are few and are forgotten as they come."""
CACHED_BYTES = 256 * 2**20

F32 = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class RankInputs:
    """All that ranking needs and labels do not change; safe to share between threads.

    `ids` int64 (N,); `vectors` float32 (N, k), the ranking space; `alike` (N, m), that of similarity search, the
    same but for ULISSE, which compares raw embeddings; `cold`: target → (N,) in (0, 1), rank-mapped, larger first;
    `key` and `views` of the embeddings.
    """

    ids: NDArray[np.int64]
    vectors: F32
    alike: F32
    kernel: Kernel
    cold: Mapping[str, F32]
    key: str
    views: int
    rows: Mapping[int, int] = field(repr=False)
    _columns: dict[int, F32] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)


def prepare(catalog: Catalog, embeddings: Embeddings, *, progress: Progress = SILENT) -> RankInputs:
    """Return what `rank` and `similar` need: ranking space, kernel and cold scores of the embedded sources.

    Sources of the embeddings that the catalog no longer has are left out.
    """
    progress(0, 3, "Preparing the rankings")
    rows = catalog.rows_of(embeddings.ids)
    kept = rows >= 0
    ids, vectors = embeddings.ids[kept], embeddings.vectors[kept].astype(np.float32)
    values, names = embeddings.statistics[kept], embeddings.statistic_names
    space = Space.fit(vectors) if len(vectors) else None
    ranked = space.transform(vectors) if space else np.zeros((0, 1), np.float32)
    progress(1, 3, "Preparing the rankings")
    kernel = Kernel.fit(ranked, normal_scores(values))
    progress(2, 3, "Preparing the rankings")
    columns = {name: values[:, k] for k, name in enumerate(names)}
    columns |= {name: catalog.column(name)[rows[kept]] for name in _MEASURED if name in catalog}
    widths = [width for width in catalog.fwhm.values() if width > 0]
    known = Columns(len(ids), columns, float(np.median(widths)) if widths else float("nan"))
    # A cutout that runs off the mosaic is unlike the others for no reason of its own.
    odd = outlier_scores(vectors) * whole(known)
    raw = {target: COLD[target](known).score if target in COLD else odd for target in TARGETS}
    cold = {target: mid_rank(np.round(score, 9)).astype(np.float32) for target, score in raw.items()}
    progress(3, 3, "Preparing the rankings")
    making = embeddings.meta.get("making", {})
    return RankInputs(
        ids,
        ranked,
        vectors if making.get("recipe") == "ulisse" else ranked,
        kernel,
        cold,
        embeddings.key,
        making.get("views", 1),
        dict(zip(ids.tolist(), range(len(ids)), strict=True)),
    )


_MEASURED = ("snr", "a", "b", "r50", "flags", "masked_fraction")


def rank(
    inputs: RankInputs, target: str, labels: Mapping[int, int], *, progress: Progress = SILENT
) -> Ranking:
    """Return all sources, best first, for a target given labels (id → +1 or −1).

    Labels of sources without embedding are passed over. Without labels the cold score orders; with labels the
    ranker, whose prior mean the cold score is. Equal scores are ordered by id; the order of the labels
    does not matter.
    """
    progress(0, 1, "Ranking")
    known = sorted((source, value) for source, value in labels.items() if source in inputs.rows)
    cold = inputs.cold[target]
    if not known:
        return _ranking(inputs, target, cold, f"cold {target}")
    rows = np.array([inputs.rows[source] for source, _ in known])
    values = np.array([value for _, value in known])
    trust = COLD_WEIGHT * COLD_LABELS / (COLD_LABELS + len(known))
    ranker = Ranker(inputs.kernel, PRIOR + trust * cold)
    ranker.fit(rows, values, columns=_columns(inputs, rows))
    scores = ranker.predict_proba()[:, 1]
    progress(1, 1, "Ranking")
    model = f"gp {inputs.key} {int((values > 0).sum())}+ {int((values < 0).sum())}-"
    return _ranking(inputs, target, scores, model)


def _ranking(inputs: RankInputs, target: str, scores: NDArray[np.floating], model: str) -> Ranking:
    values = scores.astype(np.float32)
    order = np.lexsort((inputs.ids, -values))
    return Ranking(target, inputs.ids[order], values[order], model)


def _columns(inputs: RankInputs, rows: NDArray[np.int64]) -> F32:
    """Kernel columns (N, n) of labelled rows; each is computed once, whatever the target."""
    with inputs._lock:
        new = np.array([row for row in rows.tolist() if row not in inputs._columns], np.int64)
        if len(new):
            size = 4 * max(len(inputs.ids), 1)
            if (len(inputs._columns) + len(new)) * size > CACHED_BYTES:
                inputs._columns.clear()
                new = rows
            inputs._columns.update(zip(new.tolist(), inputs.kernel.columns(new).T.copy(), strict=True))
        return np.stack([inputs._columns[row] for row in rows.tolist()], axis=1)
