"""The kernel of the ranker: a sum over what an encoder sees at several depths, and statistics by kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from astrotl_gui.core.progress import SILENT, Progress

EMBEDDING_WEIGHT = 0.5
"""The share of the embedding; statistics have the rest. On labelled skies any share from 0.4 to 0.7 does as well."""
LAST_WEIGHT = 0.3
"""The share of the last of several layers in that of the embedding; the earlier ones have the rest in equal parts."""
PAIRS = 20_000
"""Random pairs from which the length scales are taken."""

CHUNK = 8192
"""Sources at a time in a pass over all of them."""

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Selection = slice | NDArray[np.int64]
Floats = NDArray[np.floating]


def normal_scores(values: NDArray[np.floating]) -> F32:
    """Map each column (N, M) to normal scores of its ranks; ties share a rank and NaN becomes 0 (the median)."""
    table = np.asarray(values, np.float32)
    out = np.zeros(table.shape, np.float32)
    for column in range(table.shape[1]):
        good = np.isfinite(table[:, column])
        out[good, column] = ndtri(uniform_ranks(table[good, column]))
    return out


def uniform_ranks(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Map finite values (N,) to mid-ranks in (0, 1): (rank − 1/2) / N, ties averaged."""
    found, place, count = np.unique(values, return_inverse=True, return_counts=True)
    if not len(found):
        return np.zeros(0)
    last = np.cumsum(count)
    return (((last - count) + last) / 2 / len(values))[place]


@dataclass(frozen=True, eq=False)
class Part:
    """One kernel of the sum: weight · exp(−d(a, b) / scale) over the rows of `values` (N, k), float32 or float16.

    d is half the squared distance where `squared` (1 − a·b of unit vectors), else the distance itself.
    """

    name: str
    values: Floats
    weight: float
    scale: float
    squared: bool

    @cached_property
    def _type(self) -> type[np.floating]:
        """Rounding errors of squared distances near 0 would show in their square roots."""
        return np.float32 if self.squared else np.float64

    @cached_property
    def _lengths(self) -> Floats:
        """Squared length of each row (N,)."""
        parts = [self._squares(self.values[k : k + CHUNK]) for k in range(0, len(self.values), CHUNK)]
        return np.concatenate(parts or [np.zeros(0, self._type)])

    def _squares(self, vectors: Floats) -> Floats:
        exact = np.asarray(vectors, self._type)
        return np.asarray(np.einsum("nk,nk->n", exact, exact))

    def between(self, these: Selection, rows: NDArray[np.int64]) -> F32:
        """Return the weighted kernel (m, n) between two selections of sources."""
        a, b = self.values[these].astype(self._type), self.values[rows].astype(self._type)
        return self._weighted(a @ b.T, self._lengths[these][:, None], self._lengths[rows])

    def column(self, row: int) -> F32:
        """Return the weighted kernel (N,) between all sources and one, the same however many are asked for."""
        products = np.asarray(self.values, self._type) @ self.values[row].astype(self._type)
        return self._weighted(products, self._lengths, self._lengths[row])

    def to(self, vectors: Floats, rows: NDArray[np.int64]) -> F32:
        """Return the weighted kernel (m, n) between vectors (m, k) that need not be of a source, and sources."""
        products = np.asarray(vectors, self._type) @ self.values[rows].astype(self._type).T
        return self._weighted(products, self._squares(vectors)[:, None], self._lengths[rows])

    def _weighted(self, products: Floats, ours: Floats, theirs: Floats) -> F32:
        products *= -2
        products += ours
        products += theirs
        out = np.maximum(products, 0, out=products)
        if self.squared:
            out *= -0.5 / self.scale
        else:
            out = np.sqrt(out, out=out).astype(np.float32)
            out *= -1 / self.scale
        np.exp(out, out=out)
        out *= self.weight
        return np.asarray(out, np.float32)


@dataclass(frozen=True, eq=False)
class Kernel:
    """K(a, b) = Σ weight_p · exp(−d_p(a, b) / scale_p) over N sources; the weights sum to 1, so K(a, a) = 1.

    A layer of the embedding compares unit vectors by 1 − a·b, a kind of statistics (colours, say) normal scores by
    their distance: a heavier tail than a Gaussian's, so that one odd number does not hide all others. `scale` is
    the median of d over random pairs. Parts in which all sources are alike are left out.
    """

    parts: tuple[Part, ...]
    count: int

    @classmethod
    def fit(cls, layers: Mapping[str, Floats], kinds: Mapping[str, Floats], count: int) -> Kernel:
        """Weigh layers (unit vectors (N, k) by name, the last one last) and kinds of statistics (N, M)."""
        parts = [
            *_measured(layers, _layer_shares(len(layers)), EMBEDDING_WEIGHT, count, squared=True),
            *_measured(kinds, [1.0] * len(kinds), 1 - EMBEDDING_WEIGHT, count, squared=False),
        ]
        total = sum(part.weight for part in parts)
        return cls(tuple(replace(part, weight=part.weight / total) for part in parts), count)

    def between(self, these: Selection, rows: NDArray[np.int64]) -> F32:
        """Return K (m, n) between two selections of sources."""
        return _sum((part.between(these, rows) for part in self.parts), self.count, these, len(rows))

    def column(self, row: int) -> F32:
        """Return K (N,) between all sources and one."""
        return sum((part.column(row) for part in self.parts), np.zeros(self.count, np.float32))

    def terms(self, row: int, rows: NDArray[np.int64]) -> dict[str, F32]:
        """Return the weighted kernels (n,) between one source and others, by name of the part; their sum is K."""
        return {part.name: part.between(np.array([row]), rows)[0] for part in self.parts}

    def to(self, values: Mapping[str, Floats], rows: NDArray[np.int64]) -> F32:
        """Return K (m, n) between m things that need not be sources and sources.

        `values`: by name of the part what is compared, (m, k); see `ml.placing`.
        """
        terms = (part.to(values[part.name], rows) for part in self.parts)
        return sum(terms, np.zeros((1, len(rows)), np.float32))

    def weighted(
        self,
        rows: NDArray[np.int64],
        weights: F64,
        at: NDArray[np.int64] | None = None,
        progress: Progress = SILENT,
    ) -> F64:
        """Return Σ_i weight_i K(x, row_i) for the sources `at`, all by default: a pass in which memory stays flat."""
        count = self.count if at is None else len(at)
        out = np.empty(count)
        for start in range(0, count, CHUNK):
            progress(start, count, "Ranking")
            these = slice(start, start + CHUNK) if at is None else at[start : start + CHUNK]
            out[start : start + CHUNK] = self.between(these, rows) @ weights.astype(np.float32)
        return out


def _sum(terms: Iterable[F32], count: int, these: Selection, n: int) -> F32:
    m = len(range(count)[these]) if isinstance(these, slice) else len(these)
    out = np.zeros((m, n), np.float32)
    for term in terms:
        out += term
    return out


def _layer_shares(count: int) -> list[float]:
    if count < 2:
        return [1.0] * count
    return [(1 - LAST_WEIGHT) / (count - 1)] * (count - 1) + [LAST_WEIGHT]


def _measured(
    tables: Mapping[str, Floats], shares: Sequence[float], weight: float, count: int, squared: bool
) -> list[Part]:
    """The parts in which sources differ, sharing `weight` in proportion to their shares."""
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, max(count, 1), (2, PAIRS if count > 1 else 0))
    a, b = a[a != b], b[a != b]
    found = []
    for (name, values), share in zip(tables.items(), shares, strict=True):
        square = ((np.asarray(values[a], np.float32) - np.asarray(values[b], np.float32)) ** 2).sum(axis=1)
        distance = square / 2 if squared else np.sqrt(square)
        # Where most sources are copies of each other, the median of all pairs says nothing.
        if (distance > 0).any():
            found.append(Part(name, values, share, float(np.median(distance[distance > 0])), squared))
    total = sum(part.weight for part in found)
    return [replace(part, weight=weight * part.weight / total) for part in found]
