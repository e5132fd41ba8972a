"""Where ids stand in a list of millions, and what such a list is without a few of them, each found at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

SPARSE = 4
"""Ids up to so many times their number are looked up in a table; others by bisection."""

Ints = NDArray[np.int64]


class Places:
    """The place (from 0) of each of `ids` int64 (N,), no two alike. Takes a moment to make at 10⁷, none to ask."""

    def __init__(self, ids: NDArray[np.int64]) -> None:
        count = len(ids)
        low, high = (int(ids.min()), int(ids.max())) if count else (0, -1)
        self._low, self._table, self._sorted, self._order = low, None, ids[:0], ids[:0]
        if high - low < SPARSE * count + 1024:
            self._table = np.full(high - low + 1, -1, np.int32 if count < 1 << 31 else np.int64)
            self._table[ids - low] = np.arange(count, dtype=self._table.dtype)
        else:
            self._order = np.argsort(ids, kind="stable")
            self._sorted = ids[self._order]

    def of(self, ids: ArrayLike) -> Ints:
        """The place of each id, −1 for one that is not in the list."""
        wanted = np.asarray(ids, np.int64)
        if self._table is not None:
            at = wanted - self._low
            there = (at >= 0) & (at < len(self._table))
            if not len(self._table):
                return np.full(wanted.shape, -1, np.int64)
            return np.where(there, self._table[np.where(there, at, 0)], -1).astype(np.int64)
        at = np.minimum(np.searchsorted(self._sorted, wanted), len(self._sorted) - 1)
        return np.where(self._sorted[at] == wanted, self._order[at], -1)

    def of_one(self, wanted: int) -> int:
        """The place of one id: a list being scrolled asks so often that arrays of one would take most of a frame."""
        if self._table is None:
            return int(self.of([wanted])[0])
        at = wanted - self._low
        return int(self._table[at]) if 0 <= at < len(self._table) else -1


class Without:
    """The places 0 … `count` − 1 that are left once `taken` (places, in any order, repeats and −1 allowed) are gone.

    Nothing of length `count` is made.
    """

    def __init__(self, count: int, taken: Ints) -> None:
        self.taken: Ints = _sorted(count, taken[taken >= 0])
        self._count = count
        self._before = self.taken - np.arange(len(self.taken))  # how many are left before each that is gone

    def __len__(self) -> int:
        return self._count - len(self.taken)

    def at(self, left: ArrayLike) -> Ints:
        """The places of the n-th that are left, for n in `left` (from 0)."""
        wanted = np.asarray(left, np.int64)
        return wanted + np.searchsorted(self._before, wanted, side="right")

    def number_of(self, places: ArrayLike) -> Ints:
        """The inverse: the how-manieth of those left a place is, −1 for one that is gone or was not there."""
        wanted = np.asarray(places, np.int64)
        before = np.searchsorted(self.taken, wanted)
        found = np.minimum(before, max(len(self.taken) - 1, 0))
        gone = self.taken[found] == wanted if len(self.taken) else np.zeros(wanted.shape, bool)
        return np.where(gone | (wanted < 0), -1, wanted - before)


def _sorted(count: int, places: Ints) -> Ints:
    """In ascending order, once each; of many, by marking them."""
    if len(places) < count // 16:
        return np.unique(places)
    marked = np.zeros(count, bool)
    marked[places] = True
    return np.flatnonzero(marked)
