"""What outliers are measured against: distinct embeddings, a sample of them, and its principal components."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.ml.similarity import NearestNeighbours
from astrotl_gui.ml.space import unit

COMPONENTS = 32
REFERENCE = 4096
"""Most sources that any method is fitted on: time grows no faster than N, memory hardly."""
TRIM = 0.1
"""Share of the reference, the loneliest, left out of principal components and covariance."""
LONELY = 5
"""The trim goes by the distance to this neighbour."""
MOST_NEIGHBOURS = 10
BLOCK = 8192

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Distinct:
    """The M different ones among embeddings (N, D), in an order that depends on their content alone.

    Row n of the N is the one numbered `place[n]`; the one numbered m is row `first[m]`.
    """

    vectors: NDArray[np.floating]
    first: I64
    place: I64

    @classmethod
    def of(cls, vectors: NDArray[np.floating]) -> Distinct:
        digests = b"".join(
            hashlib.blake2b(row, digest_size=8).digest()
            for start in range(0, len(vectors), BLOCK)
            for row in vectors[start : start + BLOCK].astype(np.float32) + np.float32(0)  # −0 is 0
        )
        _, first, place = np.unique(np.frombuffer(digests, np.uint64), return_index=True, return_inverse=True)
        return cls(vectors, first, place)

    def __len__(self) -> int:
        return len(self.first)

    def units(self, rows: I64) -> F32:
        """The embeddings (n, D) of these numbers, of unit length; NaN counts as 0."""
        return unit(self.vectors[self.first[rows]])

    def blocks(self, rows: I64) -> Iterator[tuple[slice, F32]]:
        """(where in `rows`, unit vectors) a few thousand at a time."""
        for start in range(0, len(rows), BLOCK):
            part = slice(start, min(start + BLOCK, len(rows)))
            yield part, self.units(rows[part])


@dataclass(frozen=True, eq=False)
class Seen:
    """M distinct embeddings as the methods see them.

    `reference`: the numbers of those that methods are fitted on, `usual` the ones of them that are not lonely.
    `components` (M, k), float64, and `residual` (M,), the squared rest: by the principal components of the usual
    ones.
    """

    distinct: Distinct
    reference: I64
    usual: I64
    components: F64
    residual: F64

    @classmethod
    def of(cls, vectors: NDArray[np.floating]) -> Seen:
        """See embeddings (N, D)."""
        distinct = Distinct.of(vectors)
        everyone = np.arange(len(distinct))
        reference = everyone[:REFERENCE]
        if len(reference) < 3:
            return cls(distinct, reference, reference, np.zeros((len(distinct), 1)), np.zeros(len(distinct)))
        components, _ = _principal(distinct, reference, reference)
        distance = _neighbours(components, np.arange(len(reference)), LONELY)[:, -1]
        kept = distance <= np.quantile(distance, 1 - TRIM)
        # Outliers pull components towards themselves and then fit them.
        usual = reference[kept] if kept.sum() > 2 else reference
        return cls(distinct, reference, usual, *_principal(distinct, usual, everyone))

    def neighbours(self, k: int) -> F64:
        """Distances (M, min(k, R − 1)), k ≤ 10, to the nearest other reference sources, in order."""
        return self._nearest[:, :k]

    @cached_property
    def _nearest(self) -> F64:
        return _neighbours(self.components, self.reference, MOST_NEIGHBOURS)


def _principal(distinct: Distinct, fitted: I64, wanted: I64) -> tuple[F64, F64]:
    """Principal components (n, k) and squared residuals (n,) of the numbers `wanted`, fitted on `fitted`."""
    from sklearn.decomposition import PCA

    rows = distinct.units(fitted)
    k = max(1, min(COMPONENTS, len(rows) - 2, rows.shape[1]))
    solver = "arpack" if min(rows.shape) > 4 * COMPONENTS else "full"
    model = PCA(k, svd_solver=solver, random_state=0).fit(rows)
    components, residual = np.empty((len(wanted), k)), np.empty(len(wanted))
    for here, part in distinct.blocks(wanted):
        components[here] = model.transform(part)
        again = model.inverse_transform(components[here].astype(np.float32))
        residual[here] = ((part - again) ** 2).sum(axis=1)
    return components, residual


def _neighbours(components: F64, reference: I64, most: int) -> F64:
    """Distances (M, min(most, R − 1)) of each row to the nearest reference rows that are not itself, in order."""
    points = components.astype(np.float32)
    k = min(most, len(reference) - 1)
    _, distances = NearestNeighbours(points[reference]).search(points, k + 1)
    own = np.zeros(len(points), bool)
    own[reference] = True
    return np.where(own[:, None], distances[:, 1:], distances[:, :k]).astype(np.float64)
