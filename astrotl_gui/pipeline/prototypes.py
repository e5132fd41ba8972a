"""ULISSE's lists (Doorenbos et al. 2022): the sources nearest to each prototype, and the union of these lists.

A prototype is a known example of a target. Distances are Euclidean between embeddings as they are, without whitening,
as in the paper.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.embeddings import Embeddings
from astrotl_gui.core.matching import match_pixels, match_sky
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.settings import CutoutSettings, EncoderSettings
from astrotl_gui.core.user_catalog import read_positions
from astrotl_gui.pipeline.making import find_embeddings
from astrotl_gui.pipeline.rank import RankInputs

K = 16
"""Sources in the list of a prototype."""
MATCH_ARCSEC, MATCH_PIXELS = 1.5, 3.0
"""How far from a source a known one may lie, without coordinates in pixels."""
ROWS, CELLS = 8192, 2**24
"""Embeddings widened at once, and distances held at once."""

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class PrototypeLists:
    """`prototypes` (P,) ids; `nearest` (P, m) ids, most alike first, and their `distances` (P, m), m at most `k`.

    Of each of the N embedded `sources`: its `best` rank among all lists, taken to their end, the distance `closest`
    there, and how many of the lists of k name it, `counts`. A prototype is not in its own list.
    """

    prototypes: Ints
    k: int
    nearest: Ints
    distances: F32
    sources: Ints
    best: Ints
    closest: F32
    counts: Ints

    @property
    def union(self) -> Ints:
        """The rows of `sources` that the lists of k name: best rank first, ties by distance, then id."""
        listed = np.flatnonzero(self.counts)
        return listed[np.lexsort((self.sources[listed], self.closest[listed], self.best[listed]))]

    def cold(self, formula: F32 | None) -> F32:
        """The order (N,) of a list before labels, in (0, 1): the prototypes, then the union taken to its end.

        The `formula` of the target, where it has one, is one more list in this union.
        """
        count, best = len(self.sources), self.best
        if formula is not None:
            place = np.empty(count, np.int64)
            place[np.lexsort((self.sources, -formula))] = np.arange(1, count + 1)
            best = np.minimum(best, place)
        others = ~np.isin(self.sources, self.prototypes)
        order = np.lexsort((self.sources, self.closest, best, others))
        cold = np.empty(count, np.float32)
        cold[order] = 1 - (np.arange(count) + 0.5) / max(count, 1)
        return cold


def prototype_lists(
    embeddings: Embeddings, prototypes: Sequence[int], k: int = K, *, progress: Progress = SILENT
) -> PrototypeLists:
    """The exact list of each prototype (ids; those without embedding are passed over), equal distances by id."""
    ids, count = embeddings.ids, len(embeddings.ids)
    vectors = embeddings.vectors[:, embeddings.last]  # as in the paper
    by_id = np.argsort(ids, kind="stable")
    rows = by_id[np.isin(ids[by_id], np.asarray(prototypes, np.int64))]
    best, closest = np.full(count, count, np.int64), np.full(count, np.inf)
    counts, m = np.zeros(count, np.int64), min(k, max(count - 1, 0))
    nearest, distances = np.zeros((len(rows), m), np.int64), np.zeros((len(rows), m), np.float32)
    step = max(1, CELLS // max(count, 1))
    for start in range(0, len(rows), step):
        for number, apart in enumerate(_distances(vectors, rows[start : start + step]), start):
            progress(number, len(rows), "Comparing with prototypes")
            apart[rows[number]] = np.inf
            order = by_id[np.argsort(apart[by_id], kind="stable")][:-1]
            rank = np.full(count, count, np.int64)
            rank[order] = np.arange(1, count)
            nearer = (rank < best) | ((rank == best) & (apart < closest))
            best, closest = np.where(nearer, rank, best), np.where(nearer, apart, closest)
            nearest[number], distances[number] = ids[order[:m]], apart[order[:m]]
            counts[order[:m]] += 1
    progress(len(rows), len(rows), "Comparing with prototypes")
    return PrototypeLists(ids[rows], k, nearest, distances, ids, best, closest.astype(np.float32), counts)


def _distances(vectors: NDArray[np.float16], rows: Ints) -> F64:
    """(n, N) distances of `rows` to all; in double precision, so that twins are at distance 0."""
    examples = vectors[rows].astype(np.float64)
    norms = (examples**2).sum(axis=1)
    apart = np.empty((len(rows), len(vectors)))
    for start in range(0, len(vectors), ROWS):
        part = vectors[start : start + ROWS].astype(np.float64)
        square = norms[:, None] + (part**2).sum(axis=1)[None, :] - 2 * examples @ part.T
        apart[:, start : start + len(part)] = np.sqrt(np.maximum(np.round(square, 9), 0))
    return apart


def compare_prototypes(
    inputs: RankInputs,
    folder: Path,
    catalog: Catalog,
    mosaic: Mosaic,
    cutouts: CutoutSettings,
    encoder: EncoderSettings,
    prototypes: Mapping[str, Sequence[int]],
    k: int = K,
    *,
    progress: Progress = SILENT,
) -> tuple[RankInputs, dict[str, PrototypeLists]]:
    """The inputs with the cold order that prototypes (target → ids) give, and the lists of each target."""
    if not any(len(ids) for ids in prototypes.values()):
        return inputs.with_orders(given={}), {}
    embeddings = find_embeddings(folder, catalog, mosaic, cutouts, encoder)
    if embeddings is None:
        return inputs, {}
    lists = {
        target: prototype_lists(embeddings, ids, k, progress=progress)
        for target, ids in prototypes.items()
        if len(ids)
    }
    here = np.isin(embeddings.ids, inputs.ids)
    at = np.where(here, np.searchsorted(inputs.ids, embeddings.ids), -1)
    given = {}
    for target, found in lists.items():
        if not len(found.prototypes):
            continue
        formula = inputs.cold.get(target)
        whole = None if formula is None else np.where(at >= 0, formula[at], -1).astype(np.float32)
        given[target] = found.cold(whole)[np.argsort(at, kind="stable")[(at < 0).sum() :]]
    return inputs.with_orders(given=given), lists


def match_catalog(path: Path, catalog: Catalog, *, progress: Progress = SILENT) -> tuple[list[int], int]:
    """The sources that the positions of a catalog file lie on, and how many of its rows lie on none.

    A row belongs to the nearest source within 1.5″, without coordinates within 3 px. Raises AstroTLError when the file
    cannot be read or has no positions.
    """
    progress(0, 1, "Reading the catalog")
    columns = read_positions(path)
    if catalog.has_sky and np.isfinite(columns["ra"]).any():
        at = match_sky(columns["ra"], columns["dec"], catalog.ra, catalog.dec, MATCH_ARCSEC)
    else:
        at = match_pixels(columns["x"], columns["y"], catalog.x, catalog.y, MATCH_PIXELS)
    return sorted(set(catalog.ids[at[at >= 0]].tolist())), int((at < 0).sum())


@dataclass(frozen=True)
class Efficiency:
    """Of the sources that the lists of k name, the share known to be such objects, over the share in the whole sky.

    `lists` is the mean over prototypes, each judged without itself; `union` counts only sources that are no
    prototypes, and is NaN where every known one is.
    """

    lists: float
    union: float
    base: float
    union_base: float


def efficiency(found: PrototypeLists, known: Collection[int]) -> Efficiency:
    """How many of `known` (ids) the lists name."""
    is_known = np.isin(found.sources, np.fromiter(known, np.int64, len(known)))
    new = ~np.isin(found.sources, found.prototypes)
    count, rare = len(found.sources), int(is_known.sum())
    listed = found.union[new[found.union]]
    itself = np.isin(found.prototypes, found.sources[is_known]).mean() if len(found.prototypes) else 0.0
    hits = np.isin(found.nearest, found.sources[is_known])
    more = bool((is_known & new).any())
    return Efficiency(
        float(hits.mean()) if hits.size else float("nan"),
        float(is_known[listed].mean()) if more and len(listed) else float("nan"),
        float((rare - itself) / max(count - 1, 1)),
        float(is_known[new].mean()) if more else float("nan"),
    )
