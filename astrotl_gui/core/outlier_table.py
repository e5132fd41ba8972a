"""How odd every source is by every method, and how many of the methods agree; kept beside the embeddings."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.files import atomic_write

FILE = "outliers.npz"
TOP = 0.01
"""Share of the sources that is a method's top."""
LEAST_TOP = 10


@dataclass(frozen=True, eq=False)
class OutlierTable:
    """Scores float32 (N, M), larger = odder, of sources `ids` (N,) int64 by `methods` (M names).

    `content` names what was scored: embeddings and measurements.
    """

    ids: NDArray[np.int64]
    methods: tuple[str, ...]
    scores: NDArray[np.float32]
    content: str

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def ranks(self) -> NDArray[np.int64]:
        """Ranks (N, M) by each method, 1 the oddest; equal scores by id."""
        out = np.empty(self.scores.shape, np.int64)
        for column, scores in enumerate(self.scores.T):
            out[np.lexsort((self.ids, -scores)), column] = np.arange(1, len(self) + 1)
        return out

    @property
    def top(self) -> int:
        """How many sources make a method's top: 1 %, ten at least, a tenth of a small catalog at most."""
        return max(1, min(max(LEAST_TOP, round(TOP * len(self))), len(self) // 10))

    @property
    def agreement(self) -> NDArray[np.int64]:
        """For how many methods each source (N,) is in the top."""
        return np.count_nonzero(self.ranks <= self.top, axis=1)

    def row_of(self, source: int) -> int | None:
        """The row of a source, None for one that was not scored."""
        return self._rows.get(source)

    @cached_property
    def _rows(self) -> dict[int, int]:
        return dict(zip(self.ids.tolist(), range(len(self)), strict=True))

    def with_method(self, method: str, scores: NDArray[np.floating]) -> OutlierTable:
        """The table with one more method, or with new scores of one it has."""
        kept = [k for k, name in enumerate(self.methods) if name != method]
        names = (*(self.methods[k] for k in kept), method)
        columns = np.column_stack([self.scores[:, kept], np.asarray(scores, np.float32)])
        return OutlierTable(self.ids, names, columns, self.content)

    def write(self, folder: Path) -> None:
        """Keep it in `folder`, whole or not at all; AstroTLError when that cannot be written."""
        with atomic_write(folder / FILE) as temporary, open(temporary, "wb") as handle:
            np.savez(
                handle, ids=self.ids, methods=np.array(self.methods), scores=self.scores, content=self.content
            )

    @classmethod
    def read(cls, folder: Path, content: str) -> OutlierTable | None:
        """What `folder` keeps of the same content; None when there is none or it cannot be read."""
        try:
            with np.load(folder / FILE, allow_pickle=False) as data:
                table = cls(
                    data["ids"], tuple(data["methods"].tolist()), data["scores"], str(data["content"])
                )
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None
        return table if table.content == content else None
