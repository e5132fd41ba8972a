"""Vectors of chosen rows of an embedding store, a few shards in memory at a time."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from astrotl_gui.core.embeddings import EmbeddingStore, read_shard

KEPT = 8
"""Shards in memory."""

F32 = NDArray[np.float32]


class EmbeddingReader:
    """Finds the last stored row of each id. Reading in the order in which rows were written is the fastest."""

    def __init__(self, store: EmbeddingStore) -> None:
        self._paths: list[Path] = []
        self._shards: OrderedDict[int, F32] = OrderedDict()
        ids, places = [], []
        for path in store.shards():
            stored = read_shard(path, ("ids",))
            if stored is not None:
                ids.append(stored["ids"])
                number = np.full(len(stored["ids"]), len(self._paths), np.int64)
                places.append(np.stack([number, np.arange(len(number))], axis=1))
                self._paths.append(path)
        every = np.concatenate(ids) if ids else np.zeros(0, np.int64)
        order = np.argsort(every, kind="stable")
        self._ids = every[order]
        self._places = (np.concatenate(places) if places else np.zeros((0, 2), np.int64))[order]

    def vectors(self, ids: ArrayLike) -> F32:
        """Vectors float32 (n, D); rows of NaN for ids that are not stored. (n, 0) for an empty store."""
        wanted = np.asarray(ids, np.int64).ravel()
        if not len(self._ids):
            return np.zeros((len(wanted), 0), np.float32)
        place = np.maximum(np.searchsorted(self._ids, wanted, side="right") - 1, 0)
        known = self._ids[place] == wanted
        where = self._places[place]
        found = np.full((len(wanted), self._shard(0).shape[1]), np.nan, np.float32)
        for number in np.unique(where[known, 0]).tolist():
            rows = known & (where[:, 0] == number)
            found[rows] = self._shard(number)[where[rows, 1]]
        return found

    def _shard(self, number: int) -> F32:
        if number not in self._shards:
            stored = read_shard(self._paths[number], ("vectors",))
            assert stored is not None  # it was read before
            self._shards[number] = stored["vectors"].astype(np.float32)
            if len(self._shards) > KEPT:
                self._shards.popitem(last=False)
        self._shards.move_to_end(number)
        return self._shards[number]
