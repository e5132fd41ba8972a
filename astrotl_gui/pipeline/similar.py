"""Find the sources most like some examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.ml.similarity import NearestNeighbours
from astrotl_gui.pipeline.rank import RankInputs


@dataclass(frozen=True, eq=False)
class SimilarList:
    """`ids` int64 (k,), nearest first; `distances` float32 (k,), Euclidean, in [0, 2] but for ULISSE's.

    `nearest_less`: smallest distance between a "less like" and a "more like" example; None without the
    former. What lies beyond it is no closer than something unwanted.
    """

    ids: NDArray[np.int64]
    distances: NDArray[np.float32]
    nearest_less: float | None


def similar(
    inputs: RankInputs,
    more: Sequence[int],
    less: Sequence[int] = (),
    k: int = 200,
    *,
    progress: Progress = SILENT,
) -> SimilarList:
    """Return the k sources nearest to any example in `more` (ids); equal distances by id.

    The examples themselves are left out, and so are sources nearer to an example in `less` than to every one
    in `more`; an example in both counts as more. Raises AstroTLError when no example has an embedding.
    """
    progress(0, 1, "Finding similar")
    wanted = _rows(inputs, more)
    unwanted = np.setdiff1d(_rows(inputs, less), wanted)
    if not len(wanted):
        raise AstroTLError(
            "This source has no embedding", "It was not embedded yet. Embed the sources, then search again."
        )
    # As many again as may be dropped; doubled until enough remain.
    reach = k + len(wanted) + len(unwanted)
    while True:
        rows, distances = _nearest(inputs.index, inputs.alike[wanted], reach)
        keep = ~np.isin(rows, np.concatenate([wanted, unwanted]))
        if len(unwanted):
            keep &= distances <= _smallest(inputs.alike[rows], inputs.alike[unwanted])
        if keep.sum() >= k or reach >= len(inputs.ids):
            break
        reach *= 2
    rows, distances = rows[keep], distances[keep]
    order = np.lexsort((inputs.ids[rows], distances))[:k]
    bound = None
    if len(unwanted):
        bound = float(_smallest(inputs.alike[unwanted], inputs.alike[wanted]).min())
    progress(1, 1, "Finding similar")
    return SimilarList(inputs.ids[rows[order]], distances[order].astype(np.float32), bound)


def _rows(inputs: RankInputs, ids: Sequence[int]) -> NDArray[np.int64]:
    found = dict.fromkeys(inputs.rows.of(list(map(int, ids))).tolist())
    return np.array(list(found), np.int64)


def _nearest(
    index: NearestNeighbours, queries: NDArray[np.float32], reach: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Every row among the `reach` nearest of any query, with its smallest distance, in that order."""
    found = index.search(queries, reach)
    rows, distances = found[0].ravel(), found[1].ravel()
    rows, distances = rows[rows >= 0], distances[rows >= 0]
    order = np.lexsort((rows, distances))
    rows, distances = rows[order], distances[order]
    first = np.sort(np.unique(rows, return_index=True)[1])
    # Beyond the shortest list a nearer row may be missing from it, so the merged list ends at `reach`.
    return rows[first][:reach], distances[first][:reach]


def _smallest(vectors: NDArray[np.float32], examples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Distance (n,) of each vector to the nearest example."""
    vectors, examples = np.asarray(vectors, np.float32), np.asarray(examples, np.float32)
    square = (vectors**2).sum(axis=1)[:, None] + (examples**2).sum(axis=1)[None, :] - 2 * vectors @ examples.T
    return np.sqrt(np.maximum(square.min(axis=1), 0))
