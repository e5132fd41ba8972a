"""Embeddings on disk: float16 shards and a meta.toml, written so that any interruption can be resumed."""

from __future__ import annotations

import hashlib
import json
import tomllib
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w
from numpy.typing import NDArray

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.files import atomic_write

SHARD = 512
"""Sources a shard; what an interruption can cost at most."""
SAME_PLACE = 0.01
"""A source that moved less than this [px] keeps its embedding."""


@dataclass(frozen=True, eq=False)
class Embeddings:
    """One embedding a source: ids int64 (N,), vectors float16 (N, D), statistics float32 (N, M).

    `key` names what made them, `meta` says it in full. Rows follow the catalog they were made for.
    """

    ids: NDArray[np.int64]
    vectors: NDArray[np.float16]
    statistics: NDArray[np.float32]
    statistic_names: tuple[str, ...]
    key: str
    meta: dict[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def blocks(self) -> dict[str, slice]:
        """Which columns of the vectors come from which layer (and zoom), those of the last features last."""
        widths = self.meta.get("blocks") or [self.vectors.shape[1]]
        made = self.meta.get("making", {})
        layers, zooms = str(made.get("layers", "last")).split(","), made.get("zooms", [1.0])
        names = [layer if zoom == 1 else f"{layer} × {zoom:g}" for zoom in zooms for layer in layers]
        edges = np.concatenate([[0], np.cumsum(widths)]).tolist()
        found = {name: slice(a, b) for name, a, b in zip(names, edges, edges[1:], strict=False)}
        return dict(sorted(found.items(), key=lambda item: item[0].startswith("last")))

    @property
    def last(self) -> slice:
        """The columns of the last features."""
        return list(self.blocks.values())[-1]


Stored = dict[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Shard:
    """Rows of a store: ids, positions [reference px] (n, 2), vectors, statistics."""

    ids: NDArray[np.int64]
    positions: NDArray[np.float64]
    vectors: NDArray[np.float16]
    statistics: NDArray[np.float32]


def content_key(description: dict[str, Any]) -> str:
    """Return 12 hex digits that name a description made of TOML values."""
    text = json.dumps(description, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


class EmbeddingStore:
    """The shards of one key in `folder/key`. Only whole shards are ever visible."""

    def __init__(self, folder: Path, key: str) -> None:
        self.folder = folder / key
        self.key = key

    @classmethod
    def all(cls, folder: Path) -> list[EmbeddingStore]:
        """Every store with a readable meta.toml, the one last written to first."""
        stores = [cls(folder, path.parent.name) for path in folder.glob("*/meta.toml")]
        stores = [store for store in stores if store.meta()]
        return sorted(stores, key=lambda store: (store._written(), store.key), reverse=True)

    def _written(self) -> int:
        return max(path.stat().st_mtime_ns for path in [self.folder / "meta.toml", *self.shards()])

    def meta(self) -> dict[str, Any]:
        """The stored description; empty when there is none or it cannot be read."""
        try:
            return tomllib.loads((self.folder / "meta.toml").read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError):
            return {}

    def write_meta(self, meta: dict[str, Any]) -> None:
        """Write meta.toml; AstroTLError when the folder cannot be written."""
        with atomic_write(self.folder / "meta.toml") as temporary:
            temporary.write_text(tomli_w.dumps(meta), encoding="utf-8")

    def append(self, shard: Shard) -> None:
        """Add a shard on disk, whole or not at all; AstroTLError when the folder cannot be written."""
        numbers = [int(path.stem.removeprefix("shard-")) for path in self.shards()]
        path = self.folder / f"shard-{max(numbers, default=-1) + 1:06d}.npz"
        with atomic_write(path) as temporary, open(temporary, "wb") as handle:
            np.savez(
                handle,
                ids=shard.ids.astype(np.int64),
                positions=shard.positions.astype(np.float64),
                vectors=shard.vectors.astype(np.float16),
                statistics=shard.statistics.astype(np.float32),
            )

    def missing(self, catalog: Catalog) -> NDArray[np.int64]:
        """Rows of the catalog, in its order, that have no embedding at their present position."""
        return np.flatnonzero(self._match(catalog, self._read("ids", "positions"))[0] < 0)

    def load(self, catalog: Catalog) -> Embeddings | None:
        """The embeddings of every source of the catalog, in its order; None while some are missing."""
        stored = self._read("ids", "positions", "vectors", "statistics")
        place, whole = self._match(catalog, stored)
        if not whole:
            return None
        meta = self.meta()
        names = tuple(meta.get("statistics", ()))
        vectors, values = stored.get("vectors", np.zeros((0, 0))), stored.get("statistics", np.zeros((0, 0)))
        return Embeddings(
            catalog.ids.astype(np.int64),
            vectors[place].astype(np.float16, copy=False),
            values[place].astype(np.float32, copy=False),
            names,
            self.key,
            meta,
        )

    def _match(self, catalog: Catalog, stored: Stored) -> tuple[NDArray[np.int64], bool]:
        """For each source the last stored row with its id at its position, −1 for none; and if all have one."""
        if not stored or not len(stored["ids"]):
            return np.full(len(catalog), -1, np.int64), len(catalog) == 0
        ids, positions = stored["ids"], stored["positions"]
        order = np.argsort(ids, kind="stable")
        place = np.searchsorted(ids[order], catalog.ids, side="right") - 1
        place = order[np.maximum(place, 0)]
        here = np.stack([catalog.x, catalog.y], axis=1)
        close = np.abs(positions[place] - here).max(axis=1, initial=0) < SAME_PLACE
        found = (ids[place] == catalog.ids) & close
        return np.where(found, place, -1), bool(found.all())

    def _read(self, *names: str) -> Stored:
        """These arrays of every whole shard, joined; empty without any."""
        shards = [shard for path in self.shards() if (shard := read_shard(path, names)) is not None]
        return {name: np.concatenate([shard[name] for shard in shards]) for name in names} if shards else {}

    def shards(self) -> list[Path]:
        """The files of the shards, in the order in which they were written."""
        return sorted(self.folder.glob("shard-*.npz"))


def read_shard(path: Path, names: Sequence[str]) -> Stored | None:
    """A damaged shard (a full disk, a bad copy) counts as absent: its sources are embedded again.

    The archive's checksums (CRC-32 of every array) tell, so all of them are read, whichever are wanted.
    """
    try:
        with np.load(path, allow_pickle=False) as data:
            stored = {name: data[name] for name in ("ids", "positions", "vectors", "statistics")}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return None
    return {name: stored[name] for name in names}
